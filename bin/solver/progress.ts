import { openSync, closeSync, writeSync } from 'node:fs';
import { clearLine, cursorTo } from 'node:readline';
import { formatQuantity } from '../../lib/io/index.js';
import type { SolveProgress } from '../../lib/plan/index.js';
import { escapeLine } from '../escape.js';
import { explained } from '../files.js';

/** Takes note of where a solve stands. */
export interface ProgressListener {
  note(progress: SolveProgress): void;
  close(): void;
}

/** One line on standard error that is written over; nothing where that is no terminal. */
export function progressLine(stream: NodeJS.WriteStream, quiet: boolean): ProgressListener {
  if (!stream.isTTY || quiet) return { note: () => undefined, close: () => undefined };
  const startedAt = performance.now();
  const erase = () => {
    clearLine(stream, 0);
    cursorTo(stream, 0);
  };
  let latest: SolveProgress | undefined;
  const draw = () => {
    if (!latest) return;
    erase();
    stream.write(describe(latest, (performance.now() - startedAt) / 1000));
  };
  const timer = setInterval(draw, 250);
  return {
    note(progress) {
      if (!progress.iteration) latest = progress;
    },
    close() {
      clearInterval(timer);
      if (latest) erase();
    },
  };
}

function describe({ phase, fraction, totalSeconds, boundSeconds }: SolveProgress, elapsedSeconds: number): string {
  const parts = [`${phase} …`, formatQuantity(elapsedSeconds, 'time')];
  if (fraction !== undefined) parts.push(`${Math.round(100 * fraction)} %`);
  if (totalSeconds !== undefined) parts.push(`plan ${formatQuantity(totalSeconds, 'time')}`);
  if (boundSeconds !== undefined) parts.push(`bound ${formatQuantity(boundSeconds, 'time')}`);
  return parts.join('  ');
}

/**
 * Writes each note to a file, one JSON object a line, with the seconds since the start. A log that cannot be written any more ends with a
 * warning: the solve goes on.
 */
export function progressLog(
  path: string | undefined,
  warn: (text: string) => void = (text) => process.stderr.write(`${escapeLine(text)}\n`),
): ProgressListener {
  if (path === undefined) return { note: () => undefined, close: () => undefined };
  const file = openLog(path);
  const startedAt = performance.now();
  let failed = false;
  return {
    note(progress) {
      if (failed) return;
      const elapsedSeconds = (performance.now() - startedAt) / 1000;
      try {
        writeSync(file, `${JSON.stringify({ elapsedSeconds, ...progress })}\n`);
      } catch (error) {
        failed = true;
        warn(`warning: ${messageOf(explained(error, `${path} is written no further`))}`);
      }
    },
    close: () => closeSync(file),
  };
}

function openLog(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw explained(error, `cannot write ${path}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
