import type { TracePoint } from '../../models/index.js';
import type { IssuePath, RawIssue } from '../problem-file/source/index.js';
import type { MotionEntry } from './schema.js';

const columns = ['seconds', 'x', 'y'] as const;

const decimal = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/u;

/**
 * Places over time from CSV with the columns seconds, x and y, among others or not. Numbers need no quotes: a file that has some is
 * refused rather than taken apart wrongly. Throws an Error that says what is wrong, with its line.
 */
export function readTrace(text: string): readonly TracePoint[] {
  const lines = text.split(/\r?\n/u).map((line, index) => ({ line: line.trim(), number: index + 1 }));
  const [head, ...rows] = lines.filter(({ line }) => line !== '' && !line.startsWith('#'));
  const quoted = [head, ...rows].find((row) => row?.line.includes('"'));
  if (quoted) throw new Error(`line ${quoted.number}: it has quotes; write numbers between commas, without them`);
  const names = head?.line.split(',').map((name) => name.trim()) ?? [];
  const places = columns.map((name) => names.indexOf(name));
  const missing = columns.filter((_, k) => places[k]! < 0);
  if (missing.length > 0) throw new Error(`it has no column ${missing.join(', ')}`);
  const twice = columns.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined) throw new Error(`line ${head!.number}: it has two columns ${twice}`);
  if (rows.length === 0) throw new Error('it has no rows');
  const points = rows.map(({ line, number }): TracePoint => {
    const cells = line.split(',');
    if (cells.length !== names.length) {
      throw new Error(`line ${number}: it has ${cells.length} cells; the header has ${names.length}`);
    }
    const [seconds, xMetre, yMetre] = places.map((place, k) => {
      const written = cells[place]?.trim() ?? '';
      const value = decimal.test(written) ? Number(written) : NaN;
      if (!Number.isFinite(value))
        throw new Error(`line ${number}: ${columns[k]} is \`${written}\`, no decimal number`);
      return value;
    });
    return { seconds: seconds!, xMetre: xMetre!, yMetre: yMetre! };
  });
  const late = points.findIndex((point, k) => k > 0 && point.seconds <= points[k - 1]!.seconds);
  if (late > 0) throw new Error(`line ${rows[late]!.number}: times must increase`);
  return points;
}

/** Reads each trace once; what is wrong with one is an issue where it is named. */
export class TraceReader {
  private readonly known = new Map<string, readonly TracePoint[]>();

  constructor(private readonly readFile: (path: string) => string) {}

  read({ model, file }: MotionEntry, path: IssuePath): RawIssue[] {
    if (model !== 'trace') return [];
    const wrong = (message: string): RawIssue[] => [{ path: [...path, 'file'], message }];
    if (file === undefined) return wrong('missing; a trace needs the name of its CSV file');
    try {
      if (!this.known.has(file)) this.known.set(file, readTrace(this.readFile(file)));
      return [];
    } catch (error) {
      return wrong(`cannot be used: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  points(file: string): readonly TracePoint[] {
    return this.known.get(file)!;
  }
}
