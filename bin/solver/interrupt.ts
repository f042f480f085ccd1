import { exitCodes } from '../exit-codes.js';

const signals = ['SIGINT', 'SIGTERM'] as const;
/** A runner such as npx passes on a signal that the terminal has already sent: what follows this soon is the same one. */
const sameSignalMs = 1000;

/**
 * Runs some work whose signal is aborted by Ctrl-C (or SIGTERM), so that it can end with what it has. A second Ctrl-C
 * ends the process at once.
 */
export async function interruptible<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  quiet: boolean,
  announcement = 'stopping with the best plan so far (again to end at once)',
): Promise<Result> {
  const controller = new AbortController();
  let firstAt = 0;
  const stop = () => {
    if (controller.signal.aborted) {
      if (performance.now() - firstAt > sameSignalMs) process.exit(exitCodes.limit);
      return;
    }
    firstAt = performance.now();
    if (!quiet) process.stderr.write(`\n${announcement}\n`);
    controller.abort();
  };
  for (const signal of signals) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
