import { styleText } from 'node:util';
import { escapeControls } from './escape.js';
import { explained } from './files.js';

type Format = Parameters<typeof styleText>[0];

/** Colours text, or leaves it as it is. */
export type Paint = (format: Format, text: string) => string;

/** Colours where the stream is a terminal that shows them; NO_COLOR and FORCE_COLOR are respected. */
export function painter(stream: NodeJS.WriteStream): Paint {
  const forced = process.env['FORCE_COLOR'];
  const wanted = forced !== undefined && forced !== '' && forced !== '0' && !process.env['NO_COLOR'];
  const colours = wanted || (stream.isTTY && stream.hasColors());
  return colours ? (format, text) => styleText(format, text) : (_format, text) => text;
}

/** Columns to fill: those of the terminal within reason, else a fixed number so that output does not vary. */
export function outputWidth(stream: NodeJS.WriteStream): number {
  return stream.isTTY ? Math.min(160, Math.max(60, stream.columns)) : 100;
}

/** Writes a text to standard output and waits until it is handed on. */
export function print(text: string): Promise<void> {
  return write(process.stdout, text);
}

/** Writes a text to standard error. */
export function printError(text: string): Promise<void> {
  return write(process.stderr, text);
}

function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const shown = escapeControls(text);
    stream.write(shown.endsWith('\n') ? shown : `${shown}\n`, (error) => {
      // A reader that has seen enough (`| head`) is no error.
      if (!error || ('code' in error && error.code === 'EPIPE')) resolve();
      else {
        const reason = explained(error, `cannot write to standard ${stream === process.stderr ? 'error' : 'output'}`);
        reject(reason instanceof Error ? reason : error);
      }
    });
  });
}
