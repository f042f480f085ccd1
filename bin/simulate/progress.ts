import { clearLine, cursorTo } from 'node:readline';
import { formatQuantity } from '../../lib/io/index.js';

/** Counts what is done on one line of standard error that is written over; nothing where that is no terminal. */
export interface Counter {
  note(done: number, total: number): void;
  close(): void;
}

/** `what` is counted, as in "rounds". */
export function counterLine(stream: NodeJS.WriteStream, what: string, quiet: boolean): Counter {
  if (!stream.isTTY || quiet) return { note: () => undefined, close: () => undefined };
  const startedAt = performance.now();
  let shownAt = -Infinity;
  const erase = () => {
    clearLine(stream, 0);
    cursorTo(stream, 0);
  };
  return {
    note(done, total) {
      const now = performance.now();
      if (now - shownAt < 250) return;
      shownAt = now;
      const elapsed = (now - startedAt) / 1000;
      const left = done > 0 ? `  ${formatQuantity((elapsed / done) * (total - done), 'time')} left` : '';
      erase();
      stream.write(`${done} of ${total} ${what}  ${formatQuantity(elapsed, 'time')}${left}`);
    },
    close() {
      if (shownAt > 0) erase();
    },
  };
}
