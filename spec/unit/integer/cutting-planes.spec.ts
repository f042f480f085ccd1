import { describe, expect, test } from 'vitest';
import type { LinearRow } from '../../../lib/integer/linear/certificate.js';
import { rootRows } from '../../../lib/integer/linear/cutting-planes.js';
import { roundingCuts } from '../../../lib/integer/linear/mixed-integer-rounding.js';
import { Simplex } from '../../../lib/integer/linear/simplex.js';
import type { MixedIntegerNonlinearProgram } from '../../../lib/problem/index.js';
import { randomStream } from '../../../lib/random/index.js';

interface Program {
  readonly cost: number[];
  readonly lower: number[];
  readonly upper: number[];
  readonly rows: readonly { readonly values: number[]; readonly lower: number; readonly upper: number }[];
  /** The last variable is continuous. */
  readonly mixed: boolean;
}

function randomProgram(seed: number): Program {
  const stream = randomStream(seed, 'cuts');
  const n = 3 + stream.integer(4);
  const mixed = stream.uniform() < 0.5;
  const binary = stream.uniform() < 0.5;
  const whole = (size: number): number => Math.round(size * stream.normal());
  const lower = Array.from({ length: n }, () => (binary ? 0 : -stream.integer(2)));
  const upper = lower.map((low) => low + (binary ? 1 : 1 + stream.integer(3)));
  // A point within all rows, so that there is something to cut off.
  const inside = lower.map((low, j) => low + stream.integer(upper[j]! - low + 1));
  const rows = Array.from({ length: 1 + stream.integer(3) }, () => {
    const values = Array.from({ length: n }, () => (stream.uniform() < 0.8 ? whole(5) : 0));
    const at = values.reduce((sum, value, j) => sum + value * inside[j]!, 0);
    const isEquality = stream.uniform() < 0.1;
    return { values, lower: isEquality ? at : -Infinity, upper: isEquality ? at : at + stream.integer(4) };
  });
  return { cost: lower.map(() => whole(6)), lower, upper, rows, mixed };
}

/** Every point of the integers, with both ends of what the rows leave to a continuous last variable. */
function* feasiblePoints({ lower, upper, rows, mixed }: Program): Generator<number[]> {
  const n = lower.length;
  const integers = mixed ? n - 1 : n;
  const x = lower.slice();
  for (;;) {
    if (!mixed) {
      if (rows.every((row) => within(row, x))) yield x.slice();
    } else {
      let [low, high] = [lower[n - 1]!, upper[n - 1]!];
      x[n - 1] = 0;
      for (const row of rows) {
        const rest = activity(row.values, x);
        const value = row.values[n - 1]!;
        const ends = [(row.lower - rest) / value, (row.upper - rest) / value];
        if (value === 0 && !within(row, x)) high = -Infinity;
        if (value === 0) continue;
        low = Math.max(low, Math.min(...ends));
        high = Math.min(high, Math.max(...ends));
      }
      if (low <= high) yield* [low, high].map((end) => [...x.slice(0, n - 1), end]);
    }
    let j = 0;
    while (j < integers && x[j] === upper[j]) x[j] = lower[j++]!;
    if (j === integers) return;
    x[j]!++;
  }
}

const activity = (values: ArrayLike<number>, x: readonly number[]): number =>
  x.reduce((sum, value, j) => sum + values[j]! * value, 0);

const within = (row: Program['rows'][number], x: readonly number[]): boolean => {
  const value = activity(row.values, x);
  return value >= row.lower - 1e-12 && value <= row.upper + 1e-12;
};

function linearProgram({ cost, lower, upper, rows }: Program): Simplex {
  const lp = new Simplex(cost.length, Float64Array.from(cost));
  lp.lower.set(lower);
  lp.upper.set(upper);
  for (const row of rows) lp.addRow({ ...row, indices: row.values.map((_, j) => j) });
  return lp;
}

describe('cuts at the root', () => {
  test('hold at every integer point and raise the bound', () => {
    let cuts = 0;
    let raised = 0;
    let points = 0;
    for (let seed = 0; seed < 2000; seed++) {
      const program = randomProgram(seed);
      const lp = linearProgram(program);
      if (lp.solve() !== 'optimal') continue;
      const relaxed = lp.objective;
      const integers = program.cost.map((_, j) => j).slice(0, program.mixed ? -1 : undefined);
      const kept: LinearRow[] = [];
      const problem = { integerVariables: Int32Array.from(integers) } as MixedIntegerNonlinearProgram;
      rootRows(lp, problem, 1e-6, (row) => {
        kept.push(row);
        lp.addRow(row);
      });
      if (kept.length === 0) continue;
      cuts += kept.length;
      let best = Infinity;
      for (const x of feasiblePoints(program)) {
        points++;
        best = Math.min(best, activity(program.cost, x));
        for (const { indices, values, lower, upper } of kept) {
          const value = Array.from(indices).reduce((sum, j, k) => sum + values[k]! * x[j]!, 0);
          const slack = 1e-7 * Math.max(1, Math.abs(value));
          if (value < lower - slack || value > upper + slack) expect({ seed, x, value, lower, upper }).toBe('within');
        }
      }
      if (lp.solve() !== 'optimal') continue;
      expect(lp.objective).toBeLessThanOrEqual(best + 1e-6 * Math.max(1, Math.abs(best)));
      if (lp.objective > relaxed + 1e-6) raised++;
    }
    expect(cuts).toBeGreaterThan(500);
    expect(points).toBeGreaterThan(10_000);
    expect(raised).toBeGreaterThan(150);
  });

  test('by rounding single rows hold at every integer point and cut off the vertex', () => {
    let cuts = 0;
    let mixed = 0;
    for (let seed = 0; seed < 2000; seed++) {
      const program = randomProgram(seed);
      const lp = linearProgram(program);
      if (lp.solve() !== 'optimal') continue;
      const integer = Uint8Array.from(program.cost, (_, j) => (program.mixed && j === program.cost.length - 1 ? 0 : 1));
      const found = roundingCuts(lp, lp.rowCount, integer);
      if (found.length === 0) continue;
      cuts += found.length;
      if (program.mixed) mixed += found.length;
      const valueOf = ({ indices, values }: LinearRow, x: ArrayLike<number>): number =>
        Array.from(indices).reduce((sum, j, k) => sum + values[k]! * x[j]!, 0);
      for (const cut of found) expect(valueOf(cut, lp.x)).toBeGreaterThan(cut.upper);
      for (const x of feasiblePoints(program)) {
        const broken = found.filter((cut) => valueOf(cut, x) > cut.upper + 1e-7 * Math.max(1, Math.abs(cut.upper)));
        if (broken.length > 0) expect({ seed, x, broken }).toBe('within');
      }
    }
    expect(cuts).toBeGreaterThan(500);
    expect(mixed).toBeGreaterThan(100);
  });

  test('tighten the coefficients of binaries', () => {
    // With x₀ = 0 the row 3·x₀ + x₁ + x₂ ≤ 4 says nothing: x₀ + x₁ + x₂ ≤ 2 holds at the same points.
    const lp = linearProgram({
      cost: [-10, -9, -9],
      lower: [0, 0, 0],
      upper: [1, 1, 1],
      rows: [{ values: [3, 1, 1], lower: -Infinity, upper: 4 }],
      mixed: false,
    });
    expect(lp.solve()).toBe('optimal');
    const [cut] = roundingCuts(lp, 1, Uint8Array.of(1, 1, 1));
    const { values, upper } = cut!;
    expect(Array.from(values, (value) => value / values[0]!)).toEqual([1, 1, 1]);
    expect(upper / values[0]!).toBeCloseTo(2, 6);
  });
});
