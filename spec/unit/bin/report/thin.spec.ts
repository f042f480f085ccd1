import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everyNth, thinned, type LinePoint } from '../../../../bin/report/chart/thin.js';

/** Least and greatest value of each of the equal intervals of x, and the first and last value. */
function envelope(points: readonly LinePoint[], columns: number, [start, end]: readonly [number, number]) {
  const width = (end - start) / columns;
  const found = new Map<number, number[]>();
  for (const [x, y] of points) {
    if (y === null) continue;
    const column = Math.floor((x - start) / width);
    found.set(column, [...(found.get(column) ?? []), y]);
  }
  return [...found].map(([column, ys]) => [column, ys[0], Math.min(...ys), Math.max(...ys), ys.at(-1)]);
}

describe('thinned lines', () => {
  it('keep what is seen: first, least, greatest and last of every column', () => {
    let thinnedOnes = 0;
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { freq: 9 }), {
          minLength: 60,
          maxLength: 300,
        }),
        fc.integer({ min: 1, max: 20 }),
        (values, columns) => {
          const points = values.map((value, k): LinePoint => [k, value]);
          const kept = thinned(points, columns);
          const ends = [0, points.length - 1] as const;
          expect(envelope(kept, columns, ends)).toEqual(envelope(points, columns, ends));
          if (points.length > 4 * columns) expect(kept.length).toBeLessThanOrEqual(4 * (columns + 1));
          expect(kept.every((point) => points.includes(point))).toBe(true);
          if (kept.length < points.length) thinnedOnes++;
        },
      ),
      { numRuns: 200, seed: 17 },
    );
    expect(thinnedOnes).toBeGreaterThan(50);
  });

  it('keep a gap where a whole column has nothing', () => {
    const points = Array.from({ length: 1000 }, (_, k): LinePoint => [k, k >= 400 && k < 600 ? null : 1]);
    const kept = thinned(points, 10);
    expect(kept.filter(([, y]) => y === null).length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThanOrEqual(44);
  });

  it('take evenly from a table, the last row always', () => {
    const rows = Array.from({ length: 1001 }, (_, k) => k);
    expect(everyNth(rows, 200).length).toBeLessThanOrEqual(200 + 1);
    expect(everyNth(rows, 200).at(-1)).toBe(1000);
    expect(everyNth(rows, 2000)).toBe(rows);
  });
});
