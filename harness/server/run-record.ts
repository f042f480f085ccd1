import { open, stat } from 'node:fs/promises';
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/** Stages of a step, s on the clock of the run. */
export interface StageSeconds {
  readonly deviceForward: number;
  readonly deviceEncode: number;
  readonly uplink: number;
  /** From arrival on, the wait for a batch included. */
  readonly server: number;
  readonly downlink: number;
  readonly deviceDecode: number;
  readonly deviceBackward: number;
  readonly deviceUpdate: number;
}

/**
 * Server stages of a step as measured, s; without share and speed factor. Where one batch serves all devices, each is
 * told the part of its computing that goes by its examples and blocks.
 */
export interface ServerSeconds {
  readonly decode: number;
  readonly compute: number;
  readonly update: number;
  readonly encode: number;
}

export interface StepRecord {
  readonly kind: 'step';
  readonly round: number;
  readonly step: number;
  readonly device: number;
  readonly loss: number;
  readonly seconds: StageSeconds;
  readonly measuredServerSeconds: ServerSeconds;
  /** Frames whole. */
  readonly uplinkBytes: number;
  readonly downlinkBytes: number;
}

export interface RoundRecord {
  readonly kind: 'round';
  readonly round: number;
  /** Mean over devices (by their examples) and steps. */
  readonly loss: number;
  /** From sending the adapters out to the end of the next average. */
  readonly roundSeconds: number;
  /** The same round as it ran here. */
  readonly wallSeconds: number;
  readonly aggregationSeconds: number;
  /** By device: the adapters' way down and up, s; 0 for one that did not take part. */
  readonly adapterSeconds: readonly number[];
  /** Devices that are in the average. */
  readonly devices: readonly number[];
  readonly uplinkBytes: number;
  readonly downlinkBytes: number;
}

/** Accuracy on held-out examples after a round. */
export interface EvaluationRecord {
  readonly kind: 'evaluation';
  readonly round: number;
  readonly accuracy: number;
  readonly loss: number;
  /** Of a model that names words: exp(loss). */
  readonly perplexity?: number;
  /** Images or tokens that were judged. */
  readonly targets: number;
}

/** A device was left behind in a round, or came (back). */
export interface FaultRecord {
  readonly kind: 'fault' | 'joined';
  readonly round: number;
  readonly device: number;
  readonly name: string;
  readonly reason: string;
}

/** Begins the record of a run: which it is, and all that is set in it. */
export interface RunHeader {
  readonly kind: 'run';
  readonly run: string;
  /** See `Checkpoint`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Rounds done before; above 0 for a run that was gone on with in another file. */
  readonly round: number;
  readonly created: string;
}

export type RunRecord = RunHeader | StepRecord | RoundRecord | EvaluationRecord | FaultRecord;

/** Takes the records of a run as they come. */
export type RunRecorder = (record: RunRecord) => void;

/** The run that a record is of; undefined for an absent or empty file. Throws `RunRecordError` on anything else. */
export async function recordedRun(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return undefined;
  try {
    for await (const line of file.readLines({ encoding: 'utf8' })) {
      const header = JSON.parse(line) as Partial<RunHeader> | null;
      if (header?.kind === 'run' && typeof header.run === 'string') return header.run;
      break;
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  } finally {
    await file.close();
  }
  const isEmpty = (await stat(path)).size === 0;
  if (isEmpty) return undefined;
  throw new RunRecordError('it is no record of a run');
}

/** A file that is not the record it should be. */
export class RunRecordError extends Error {
  override readonly name = 'RunRecordError';
  readonly code = 'run-record';
}

/** A run record in a file. */
export interface RecordFile {
  readonly record: RunRecorder;
  /** Length so far, byte. */
  readonly bytes: number;
  close(): void;
}

/**
 * Writes each record as a line of JSON, whole. `keepBytes` of what the file holds stay: a training that goes on from a
 * checkpoint writes the rounds after it anew. Default all.
 */
export function jsonLinesRecorder(path: string, keepBytes = Infinity): RecordFile {
  const file = openSync(path, 'a');
  let bytes = Math.min(keepBytes, fstatSync(file).size);
  ftruncateSync(file, bytes);
  return {
    record: (record) => {
      bytes += writeSync(file, `${JSON.stringify(record)}\n`);
    },
    get bytes() {
      return bytes;
    },
    close: () => closeSync(file),
  };
}
