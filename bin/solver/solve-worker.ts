/** The solving thread: solvers are synchronous, so the main thread stays free for Ctrl-C and for showing progress. */
import { parentPort, workerData } from 'node:worker_threads';
import { resolveOrigin } from '../../lib/io/index.js';
import { solvePlan } from '../../lib/plan/index.js';
import type { SolveJob, SolveMessage } from './messages.js';

const { origin, options, warm, stop } = workerData as SolveJob;
const flag = new Int32Array(stop);
const say = (message: SolveMessage) => parentPort?.postMessage(message);

try {
  const report = solvePlan(resolveOrigin(origin), options, {
    warm,
    signal: {
      get aborted() {
        return Atomics.load(flag, 0) !== 0;
      },
    },
    onProgress: (progress) => say({ kind: 'progress', progress }),
  });
  say({ kind: 'done', report });
} catch (error) {
  const isError = error instanceof Error;
  say({ kind: 'failed', message: isError ? error.message : String(error), stack: isError ? error.stack : undefined });
}
