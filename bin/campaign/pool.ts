import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SchemeSummary } from '../../lib/simulate/index.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { threadFile } from '../thread-file.js';
import type { TaskOrder } from './run-task.js';
import type { TaskAnswer } from './task-worker.js';
import type { NamedTask } from './tasks.js';

/** Takes what a task came to as soon as it is there. */
export type TaskListener = (task: NamedTask, summary: SchemeSummary) => Promise<void>;

/**
 * Processes that are kept for one task after another. Results are handed on as they come, in any order: whoever needs an order
 * makes it by the tasks.
 */
export class TaskPool {
  private readonly workers: ChildProcess[] = [];

  constructor(private readonly size: number) {
    // Whoever ends at once, by a second Ctrl-C, takes them along: one that never comes back from a scheme hears nothing of it.
    process.on('exit', this.end);
  }

  /** Runs tasks until all are done or the signal is raised; what has begun is finished. Rejects with the first failure. */
  async run(tasks: readonly NamedTask[], listener: TaskListener, signal: AbortSignal): Promise<void> {
    const queue = [...tasks];
    const serve = async (worker: ChildProcess): Promise<void> => {
      for (let next = queue.shift(); next && !signal.aborted; next = queue.shift()) {
        const summary = await ask(worker, next);
        await listener(next, summary);
      }
    };
    const count = Math.min(this.size, tasks.length);
    while (this.workers.length < count) this.workers.push(startWorker());
    await Promise.all(this.workers.slice(0, count).map(serve));
  }

  close(): void {
    process.off('exit', this.end);
    this.end();
  }

  private readonly end = () => {
    for (const worker of this.workers) worker.kill();
  };
}

function startWorker(): ChildProcess {
  return fork(fileURLToPath(threadFile('task-worker', import.meta.url)), {
    execArgv: process.execArgv,
    serialization: 'json',
  });
}

function ask(worker: ChildProcess, { task, scheme, id }: NamedTask): Promise<SchemeSummary> {
  const what = `task ${id.slice(0, 12)} (${scheme.name}, seed ${task.seed})`;
  return new Promise((resolve, reject) => {
    const settle = () => {
      worker.off('message', answer);
      worker.off('error', failed);
      worker.off('exit', ended);
    };
    const answer = (message: TaskAnswer) => {
      settle();
      if (message.ok) resolve(message.summary);
      else if (message.isForPeople) {
        reject(new CommandError(exitCodes.badInput, `seed ${task.seed}: ${message.message}`));
      } else reject(new Error(`${what} failed: ${message.message}`));
    };
    const failed = (error: Error) => {
      settle();
      reject(error);
    };
    const ended = () => {
      settle();
      const message = `a process ended in ${what}, killed or out of memory; what was finished is in the ledger: run again for the rest`;
      reject(new CommandError(exitCodes.limit, message));
    };
    worker.on('message', answer);
    worker.on('error', failed);
    worker.on('exit', ended);
    worker.send({ task, scheme: scheme.given } satisfies TaskOrder);
  });
}
