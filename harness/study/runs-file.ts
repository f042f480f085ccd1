import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { FineTuneResult, Traffic } from './fine-tune.js';
import { runId, type RunSettings } from './settings.js';

/** A finished run. */
export interface FinishedRun {
  readonly run: RunSettings;
  readonly result: FineTuneResult;
  readonly seconds: number;
  readonly finished: string;
  readonly machine: string;
}

type Cell = string | number;

/** Columns of runs.csv, in their order. */
const columns: Readonly<Record<string, (done: FinishedRun) => Cell>> = {
  id: ({ run }) => runId(run),
  cut: ({ run }) => run.cut,
  kept_up: ({ run }) => (run.point === 'uncompressed' ? 1 : run.point.up.keptFraction),
  bits_up: ({ run }) => (run.point === 'uncompressed' ? 32 : run.point.up.bits),
  kept_down: ({ run }) => (run.point === 'uncompressed' ? 1 : (run.point.down ?? run.point.up).keptFraction),
  bits_down: ({ run }) => (run.point === 'uncompressed' ? 32 : (run.point.down ?? run.point.up).bits),
  seed: ({ run }) => run.seed,
  ratio_up: ({ result }) => ratio([result.up]),
  ratio_down: ({ result }) => ratio([result.down]),
  traffic_saved: ({ result }) => rounded(1 - ratio([result.up, result.down])),
  accuracy: ({ result }) => rounded(result.accuracy),
  accuracy_without_codec: ({ result }) => rounded(result.accuracyWithoutCodec),
  loss: ({ result }) => rounded(result.loss),
  perplexity: ({ result }) => rounded(Math.exp(result.loss)),
  train_loss: ({ result }) => rounded(result.trainLoss),
  bytes_up: ({ result }) => result.up.bytes,
  bytes_down: ({ result }) => result.down.bytes,
  encode_ms: ({ run, result }) => perMessage(run, result.up.encodeSeconds + result.down.encodeSeconds),
  decode_ms: ({ run, result }) => perMessage(run, result.up.decodeSeconds + result.down.decodeSeconds),
  run_seconds: ({ seconds }) => Math.round(seconds),
  finished: ({ finished }) => finished,
  machine: ({ machine }) => machine,
  settings: ({ run }) => JSON.stringify(run),
};

/** Columns without which a file of runs cannot be gone on with or fitted. */
const needed = Object.keys(columns).filter((name) => name !== 'perplexity');

/** Coded bytes by the bytes of the same tensors as float32; 1 where nothing travelled. */
function ratio(directions: readonly Traffic[]): number {
  const bytes = directions.reduce((sum, traffic) => sum + traffic.bytes, 0);
  const float32Bytes = directions.reduce((sum, traffic) => sum + traffic.float32Bytes, 0);
  return float32Bytes === 0 ? 1 : rounded(bytes / float32Bytes);
}

/** Milliseconds of one message, the mean over both directions. */
function perMessage(run: RunSettings, seconds: number): number {
  return rounded((1000 * seconds) / (2 * run.training.steps));
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

/** A runs file that does not have the columns it should. */
export class RunsFileError extends Error {
  override readonly name = 'RunsFileError';
  readonly code = 'runs-file';
}

/** The file of finished runs: each is one line, written and flushed as a whole. */
export class RunsFile {
  private constructor(
    private readonly descriptor: number,
    /** Of the file: one that an earlier version began may have fewer than there are. */
    private readonly names: readonly string[],
    /** Identifiers of the runs already in the file. */
    readonly finished: ReadonlySet<string>,
  ) {}

  /**
   * Opens or makes the file. A last line without its end, left by a kill, is cut off. Throws `RunsFileError` when the
   * file is of another kind.
   */
  static open(path: string): RunsFile {
    mkdirSync(dirname(path), { recursive: true });
    const content = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const whole = content.subarray(0, content.lastIndexOf(10) + 1);
    const text = whole.toString('utf8');
    const [header, ...lines] = text.split('\n').slice(0, -1);
    const names = header?.split(',') ?? Object.keys(columns);
    if (
      names[0] !== 'id' ||
      !needed.every((name) => names.includes(name)) ||
      !names.every((name) => Object.hasOwn(columns, name))
    ) {
      throw new RunsFileError(`${path} holds something other than the runs of a study`);
    }
    const descriptor = openSync(path, 'a');
    if (whole.length < content.length) ftruncateSync(descriptor, whole.length);
    if (header === undefined) writeSync(descriptor, `${names.join(',')}\n`);
    return new RunsFile(descriptor, names, new Set(lines.map((line) => line.slice(0, line.indexOf(',')))));
  }

  append(done: FinishedRun): void {
    writeSync(this.descriptor, `${this.names.map((name) => quoted(columns[name]!(done))).join(',')}\n`);
    fsyncSync(this.descriptor);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** A cell as RFC 4180 has it. */
function quoted(cell: Cell): string {
  const text = String(cell);
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
