import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { WorkerOrder, WorkerReport } from './messages.js';
import { RunsFile, type FinishedRun } from './runs-file.js';
import { runId, studyRuns, type RunSettings, type StudySettings } from './settings.js';

export interface StudyOptions {
  readonly settings: StudySettings;
  /** runs.csv; runs it holds already are not repeated. */
  readonly path: string;
  /** Processes that fine-tune side by side, each on one thread. */
  readonly workers: number;
  readonly onProgress?: (progress: StudyProgress) => void;
  readonly onRun?: (done: FinishedRun) => void;
  /** Aborting it ends the study; finished runs stay. */
  readonly signal?: AbortSignal;
}

export interface StudyProgress {
  readonly runs: number;
  readonly finishedRuns: number;
  readonly steps: number;
  readonly finishedSteps: number;
  /** From the pace since the start of this process; absent until there is one. */
  readonly remainingSeconds?: number;
  /** Of the last step seen. */
  readonly loss?: number;
}

/** A run that failed, or a worker process that ended by itself. */
export class StudyError extends Error {
  override readonly name = 'StudyError';
  readonly code = 'study';
}

/** Makes all runs that are not in the file yet. Throws `StudyError`, `RunsFileError`. */
export async function runStudy(options: StudyOptions): Promise<StudyProgress> {
  const all = studyRuns(options.settings);
  const file = RunsFile.open(options.path);
  const open = all.filter((run) => !file.finished.has(runId(run)));
  const progress = new Progress(all, open, options);
  progress.tell();
  try {
    const queue = [...open];
    const workers = Math.min(options.workers, queue.length);
    await Promise.all(Array.from({ length: workers }, () => serve(queue, file, progress, options)));
  } finally {
    file.close();
  }
  return progress.now();
}

/** One worker process, given runs until there are none left. */
async function serve(queue: RunSettings[], file: RunsFile, progress: Progress, options: StudyOptions): Promise<void> {
  const { signal, onRun } = options;
  if (signal?.aborted) return;
  const child = startWorker();
  const stop = () => child.kill();
  signal?.addEventListener('abort', stop);
  try {
    for (let run = queue.shift(); run && !signal?.aborted; run = queue.shift()) {
      const { result, seconds } = await runOn(child, run, (loss) => progress.step(loss));
      const done = { run, result, seconds, finished: new Date().toISOString(), machine: machine() };
      file.append(done);
      progress.run();
      onRun?.(done);
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    child.kill();
  }
}

function startWorker(): ChildProcess {
  const compiled = new URL('./worker.js', import.meta.url);
  // Run from the sources, the worker is a source as well and needs the loader that this process may have had.
  const isCompiled = existsSync(compiled);
  const hasLoader = isCompiled || process.execArgv.some((argument) => argument.includes('tsx'));
  return fork(fileURLToPath(isCompiled ? compiled : new URL('./worker.ts', import.meta.url)), {
    execArgv: hasLoader ? process.execArgv : [...process.execArgv, '--import', 'tsx'],
    env: { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1', TF_CPP_MIN_LOG_LEVEL: '2' },
    serialization: 'json',
  });
}

function runOn(child: ChildProcess, run: RunSettings, onStep: (loss: number) => void) {
  return new Promise<Extract<WorkerReport, { kind: 'done' }>>((resolve, reject) => {
    const listen = (report: WorkerReport) => {
      if (report.kind === 'step') {
        onStep(report.loss);
        return;
      }
      settle();
      if (report.kind === 'done') resolve(report);
      else reject(new StudyError(report.message));
    };
    const ended = (code: number | null, killed: string | null) => {
      settle();
      reject(new StudyError(`a worker process ended by itself (${killed ?? code ?? 'unknown'})`));
    };
    const settle = () => {
      child.off('message', listen);
      child.off('exit', ended);
    };
    child.on('message', listen);
    child.on('exit', ended);
    child.send({ run } satisfies WorkerOrder);
  });
}

/** Counts steps and estimates what is left from the pace so far, validation included. */
class Progress {
  private readonly start = performance.now();
  private finishedRuns: number;
  private seenSteps = 0;
  private loss: number | undefined;
  private readonly steps: number;
  private readonly earlierSteps: number;

  constructor(
    private readonly all: readonly RunSettings[],
    open: readonly RunSettings[],
    private readonly options: StudyOptions,
  ) {
    this.finishedRuns = all.length - open.length;
    const stepsOf = (runs: readonly RunSettings[]) => runs.reduce((sum, { training }) => sum + training.steps, 0);
    this.steps = stepsOf(all);
    this.earlierSteps = this.steps - stepsOf(open);
  }

  step(loss: number): void {
    this.seenSteps++;
    this.loss = loss;
    this.tell();
  }

  run(): void {
    this.finishedRuns++;
    this.tell();
  }

  now(): StudyProgress {
    const { seenSteps, steps, earlierSteps, finishedRuns, loss } = this;
    const left = steps - earlierSteps - seenSteps;
    const seconds = (performance.now() - this.start) / 1000;
    return {
      runs: this.all.length,
      finishedRuns,
      steps,
      finishedSteps: earlierSteps + seenSteps,
      ...(seenSteps >= 5 && { remainingSeconds: (left * seconds) / seenSteps }),
      ...(loss !== undefined && { loss }),
    };
  }

  tell(): void {
    this.options.onProgress?.(this.now());
  }
}

function machine(): string {
  const [processor] = cpus();
  return `${cpus().length} × ${processor?.model.trim() ?? 'unknown processor'}, Node.js ${process.versions.node}`;
}
