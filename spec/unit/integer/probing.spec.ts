import { describe, expect, test } from 'vitest';
import { probe } from '../../../lib/integer/structured/probing.js';
import { randomStream } from '../../../lib/random/index.js';
import { Budget } from '../../../lib/solver/index.js';

interface Row {
  readonly values: readonly number[];
  readonly upper: number;
}

/** Bounds from each row by itself, rounded to integers, until nothing changes. */
function propagate(rows: readonly Row[], lower: Float64Array, upper: Float64Array): boolean {
  for (let changed = true; changed;) {
    changed = false;
    for (const { values, upper: side } of rows) {
      const least = values.reduce((sum, a, j) => sum + a * (a > 0 ? lower[j]! : upper[j]!), 0);
      if (least > side + 1e-9) return false;
      values.forEach((a, j) => {
        if (a === 0) return;
        const room = side - (least - a * (a > 0 ? lower[j]! : upper[j]!));
        if (a > 0 && Math.floor(room / a + 1e-9) < upper[j]!) {
          upper[j] = Math.floor(room / a + 1e-9);
          changed = true;
        }
        if (a < 0 && Math.ceil(room / a - 1e-9) > lower[j]!) {
          lower[j] = Math.ceil(room / a - 1e-9);
          changed = true;
        }
      });
    }
  }
  return lower.every((low, j) => low <= upper[j]!);
}

function* points(lower: ArrayLike<number>, upper: ArrayLike<number>): Generator<number[]> {
  const x = Array.from(lower);
  for (;;) {
    yield x.slice();
    let j = 0;
    while (j < x.length && x[j] === upper[j]) x[j] = lower[j++]!;
    if (j === x.length) return;
    x[j]!++;
  }
}

describe('probing', () => {
  test('narrows ranges and loses no integer point of the rows', () => {
    let narrowed = 0;
    let empty = 0;
    for (let seed = 0; seed < 3000; seed++) {
      const stream = randomStream(seed, 'probing');
      const n = 3 + stream.integer(4);
      const lower = new Float64Array(n);
      const upper = Float64Array.from({ length: n }, () => (stream.uniform() < 0.8 ? 1 : 3));
      const rows = Array.from({ length: 2 + stream.integer(4) }, () => ({
        values: Array.from({ length: n }, () => (stream.uniform() < 0.8 ? Math.round(4 * stream.normal()) : 0)),
        upper: Math.round(2 * stream.normal()) + stream.integer(2),
      }));
      const feasible = [...points(lower, upper)].filter((x) =>
        rows.every(({ values, upper: side }) => values.reduce((sum, a, j) => sum + a * x[j]!, 0) <= side),
      );
      const [low, high] = [lower.slice(), upper.slice()];
      if (!propagate(rows, low, high)) continue;
      const before = [low.slice(), high.slice()] as const;
      const isLeft = probe(Int32Array.from(lower.keys()), low, high, new Budget({}), (a, b) => propagate(rows, a, b));
      if (!isLeft) {
        empty++;
        expect(feasible, `seed ${seed}`).toEqual([]);
        continue;
      }
      const lost = feasible.filter((x) => x.some((value, j) => value < low[j]! || value > high[j]!));
      expect(lost, `seed ${seed}`).toEqual([]);
      if (low.some((value, j) => value > before[0][j]!) || high.some((value, j) => value < before[1][j]!)) narrowed++;
    }
    expect(narrowed).toBeGreaterThan(100);
    expect(empty).toBeGreaterThan(5);
  });
});
