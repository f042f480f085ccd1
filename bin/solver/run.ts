import type { PlanReport, SolveProgress } from '../../lib/plan/index.js';
import { startThread } from '../thread-file.js';
import type { SolveJob, SolveMessage } from './messages.js';

export interface RunHooks {
  /** Aborting it ends the solve with the best plan found so far. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SolveProgress) => void;
}

/** Solves in a thread of its own. Rejects only if the solver itself fails. */
export function runSolve(job: Omit<SolveJob, 'stop'>, { signal, onProgress }: RunHooks): Promise<PlanReport> {
  const stop = new SharedArrayBuffer(4);
  const ask = () => Atomics.store(new Int32Array(stop), 0, 1);
  if (signal.aborted) ask();
  signal.addEventListener('abort', ask);
  return new Promise<PlanReport>((resolve, reject) => {
    const worker = startThread('solve-worker', import.meta.url, {
      workerData: { ...job, stop } satisfies SolveJob,
    });
    worker.on('message', (message: SolveMessage) => {
      if (message.kind === 'progress') onProgress(message.progress);
      else if (message.kind === 'done') resolve(message.report);
      else reject(Object.assign(new Error(message.message), { stack: message.stack }));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the solving thread ended early (${code})`)));
  }).finally(() => signal.removeEventListener('abort', ask));
}
