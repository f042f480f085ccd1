/** A process that runs tasks one after another, until its parent is gone. */
import type { SchemeSummary } from '../../lib/simulate/index.js';
import { runTask, type TaskOrder } from './run-task.js';

/** What a worker answers. */
export type TaskAnswer =
  { readonly ok: true; readonly summary: SchemeSummary } | { readonly ok: false; readonly message: string };

const answer = (message: TaskAnswer) => process.send!(message);

process.on('message', (order: TaskOrder) => {
  runTask(order).then(
    (summary) => answer({ ok: true, summary }),
    (error: unknown) => {
      answer({ ok: false, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    },
  );
});
process.on('disconnect', () => process.exit());
// The terminal tells Ctrl-C to all: what has begun is finished, and the parent decides.
process.on('SIGINT', () => undefined);
