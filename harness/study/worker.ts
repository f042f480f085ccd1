/** A process that fine-tunes what it is told to, one run after the other, and ends when its parent is gone. */
import { loadBackend } from '../backend/tensorflow.js';
import { executeRun } from './run.js';
import type { RunSettings } from './settings.js';
import type { WorkerOrder, WorkerReport } from './messages.js';
import { loadWorkload, type Workload } from './workload.js';

const report = (message: WorkerReport) => process.send?.(message);
const backend = loadBackend();
let loaded: { readonly key: string; readonly workload: Promise<Workload> } | undefined;

process.on('disconnect', () => process.exit());
process.on('message', ({ run }: WorkerOrder) => {
  work(run).catch((error: unknown) => {
    report({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  });
});

async function work(run: RunSettings): Promise<void> {
  const workload = await workloadOf(run);
  const start = performance.now();
  const { tf } = await backend;
  const result = await executeRun(tf, workload, run, (step, loss) => report({ kind: 'step', step, loss }));
  report({ kind: 'done', result, seconds: (performance.now() - start) / 1000 });
}

/** Loaded once for all runs that share it. */
async function workloadOf({ workload, trainImages, validationImages }: RunSettings): Promise<Workload> {
  const settings = { workload, trainImages, validationImages };
  const key = JSON.stringify(settings);
  if (loaded?.key !== key) {
    (await loaded?.workload)?.frozen.dispose();
    loaded = { key, workload: loadWorkload(await backend, settings) };
  }
  return loaded.workload;
}
