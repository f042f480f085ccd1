import { closeSync, openSync, writeSync } from 'node:fs';

/** Stages of a step, s on the event clock. */
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

/** Server stages of a step as measured, s; without share and speed factor. */
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
  /** Mean over devices (by their images) and steps. */
  readonly loss: number;
  /** From its start to the arrival of the last average, event clock. */
  readonly roundSeconds: number;
  /** The same round as it ran here. */
  readonly wallSeconds: number;
  readonly aggregationSeconds: number;
  /** By device: upload and download of adapters, s. */
  readonly adapterSeconds: readonly number[];
  readonly uplinkBytes: number;
  readonly downlinkBytes: number;
}

export type RunRecord = StepRecord | RoundRecord;

/** Takes the records of a run as they come. */
export type RunRecorder = (record: RunRecord) => void;

/** Appends each record as a line of JSON; a line is written whole. */
export function jsonLinesRecorder(path: string): { readonly record: RunRecorder; close(): void } {
  const file = openSync(path, 'a');
  return {
    record: (record) => {
      writeSync(file, `${JSON.stringify(record)}\n`);
    },
    close: () => closeSync(file),
  };
}
