/** A process that runs tasks one after another, until its parent is gone. */
import { SchemeAnswerError, type SchemeSummary } from '../../lib/simulate/index.js';
import { CommandError } from '../exit-codes.js';
import { runTask, type TaskOrder } from './run-task.js';

/** What a worker answers. */
export type TaskAnswer =
  | { readonly ok: true; readonly summary: SchemeSummary }
  | { readonly ok: false; readonly message: string; readonly isForPeople: boolean };

const answer = (message: TaskAnswer) => process.send!(message);

process.on('message', (order: TaskOrder) => {
  runTask(order).then(
    (summary) => answer({ ok: true, summary }),
    (error: unknown) => {
      const isForPeople = error instanceof SchemeAnswerError || error instanceof CommandError;
      const message =
        error instanceof Error ? ((isForPeople ? undefined : error.stack) ?? error.message) : String(error);
      answer({ ok: false, message, isForPeople });
    },
  );
});
process.on('disconnect', () => process.exit());
// The terminal tells Ctrl-C to all: what has begun is finished, and the parent decides.
process.on('SIGINT', () => undefined);
