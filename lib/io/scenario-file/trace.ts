import type { TracePoint } from '../../models/index.js';
import type { IssuePath, RawIssue } from '../problem-file/source/index.js';
import type { MotionEntry } from './schema.js';

const columns = ['seconds', 'x', 'y'] as const;

/** Places over time from CSV with the columns seconds, x and y. Throws an Error that says what is wrong, with its line. */
export function readTrace(text: string): readonly TracePoint[] {
  const lines = text.split(/\r?\n/u).map((line, index) => ({ line: line.trim(), number: index + 1 }));
  const [head, ...rows] = lines.filter(({ line }) => line !== '' && !line.startsWith('#'));
  const names = head?.line.split(',').map((name) => name.trim()) ?? [];
  const places = columns.map((name) => names.indexOf(name));
  const missing = columns.filter((_, k) => places[k]! < 0);
  if (missing.length > 0) throw new Error(`it has no column ${missing.join(', ')}`);
  if (rows.length === 0) throw new Error('it has no rows');
  const points = rows.map(({ line, number }): TracePoint => {
    const cells = line.split(',');
    const [seconds, xMetre, yMetre] = places.map((place, k) => {
      const written = cells[place]?.trim() ?? '';
      const value = written === '' ? NaN : Number(written);
      if (!Number.isFinite(value)) throw new Error(`line ${number}: ${columns[k]} is \`${written}\`, no number`);
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
