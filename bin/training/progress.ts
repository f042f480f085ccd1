import { clearLine, cursorTo } from 'node:readline';
import type { RunRecord } from '../../harness/server/index.js';
import { formatQuantity, significant } from '../../lib/io/index.js';
import { escapeLine } from '../escape.js';

/** Shows where a training stands. */
export interface TrainingProgress {
  record(record: RunRecord): void;
  /** A line of its own, above the one that is written over. */
  say(text: string): void;
  close(): void;
}

/** One line on standard error that is written over; where that is no terminal, only what is said. */
export function trainingProgress(stream: NodeJS.WriteStream, rounds: number, quiet: boolean): TrainingProgress {
  const isShown = stream.isTTY && !quiet;
  let [learned, accuracy, spent] = ['', '', ''];
  let steps = 0;
  let seen = 0;
  const start = performance.now();
  const erase = () => {
    if (!isShown) return;
    clearLine(stream, 0);
    cursorTo(stream, 0);
  };
  const draw = () => {
    erase();
    if (isShown) stream.write(`${learned}${accuracy}${spent}`);
  };
  return {
    record(record) {
      if (record.kind === 'step') {
        steps++;
        return;
      }
      if (record.kind === 'evaluation') {
        const words = record.perplexity === undefined ? '' : `  perplexity ${significant(record.perplexity, 4)}`;
        accuracy = `  accuracy ${significant(100 * record.accuracy, 3)} %${words}`;
      }
      if (record.kind === 'round') {
        const { round, loss, roundSeconds, wallSeconds, uplinkBytes, downlinkBytes } = record;
        const traffic = formatQuantity(uplinkBytes + downlinkBytes, 'memory', 3);
        const time = `${formatQuantity(roundSeconds, 'time', 3)} (here ${formatQuantity(wallSeconds, 'time', 3)})`;
        seen++;
        const left = ((performance.now() - start) / 1000 / seen) * (rounds - round - 1);
        const rest = left > 0 ? `  ${formatQuantity(left, 'time', 2)} left` : '';
        learned = `round ${round + 1}/${rounds}  loss ${loss.toFixed(3)}`;
        spent = `  ${time}  ${traffic}  ${steps} steps${rest}`;
      }
      draw();
    },
    say(line) {
      if (quiet) return;
      erase();
      stream.write(`${escapeLine(line)}\n`);
      draw();
    },
    close: erase,
  };
}
