import { describe, expect, it } from 'vitest';
import { CoveringProgram } from '../../../lib/plan/bandwidth/covering-program.js';
import { randomStream } from '../../../lib/random/index.js';

/** Least value over all vertices: every choice of as many tight rows or zero variables as there are variables. */
function byVertices(costs: readonly number[], rows: readonly (readonly number[])[], sides: readonly number[]): number {
  const size = costs.length;
  const planes = [
    ...rows.map((row, k) => [...row, sides[k]!]),
    ...costs.map((_, r) => [...costs.map((_cost, q) => (q === r ? 1 : 0)), 0]),
  ];
  let best = Infinity;
  const pick = (from: number, chosen: number[][]): void => {
    if (chosen.length === size) {
      const point = solve(chosen);
      const feasible =
        point.every((value) => value >= -1e-9) &&
        rows.every((row, k) => row.reduce((sum, a, r) => sum + a * point[r]!, 0) >= sides[k]! - 1e-9);
      if (feasible)
        best = Math.min(
          best,
          costs.reduce((sum, cost, r) => sum + cost * point[r]!, 0),
        );
      return;
    }
    for (let k = from; k < planes.length; k++) pick(k + 1, [...chosen, planes[k]!]);
  };
  pick(0, []);
  return best;
}

/** Cramer's rule. */
function solve(planes: readonly (readonly number[])[]): number[] {
  const size = planes.length;
  const matrix = planes.map((plane) => plane.slice(0, size));
  const whole = determinant(matrix);
  return matrix.map(
    (_, r) => determinant(matrix.map((row, k) => row.map((a, q) => (q === r ? planes[k]![size]! : a)))) / whole,
  );
}

function determinant(matrix: readonly (readonly number[])[]): number {
  if (matrix.length === 1) return matrix[0]![0]!;
  return matrix[0]!.reduce(
    (sum, a, q) => sum + (q % 2 ? -a : a) * determinant(matrix.slice(1).map((row) => row.filter((_, p) => p !== q))),
    0,
  );
}

describe('covering programs of two and three variables', () => {
  it('have the value of their best vertex after every row, and multipliers that prove it', () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = randomStream(seed, 'covering');
      const size = 2 + (seed % 2);
      const costs = Array.from({ length: size }, () => 0.1 + 10 * random.uniform());
      const program = new CoveringProgram(costs);
      const rows: number[][] = [];
      const sides: number[] = [];
      for (let k = 0; k < 10; k++) {
        const row: number[] = costs.map(() => (random.uniform() < 0.3 ? 0 : random.uniform()));
        if (!row.some((a) => a > 0)) row[random.integer(size)] = 1;
        rows.push(row);
        sides.push(2 * random.uniform() - 0.4);
        program.add(row, sides[k]!);
        expect(program.solve()).toBe(true);
        const expected = byVertices(costs, rows, sides);
        expect(program.value, `seed ${seed}`).toBeCloseTo(expected, 9);
        const weights = program.multipliers();
        const dual = weights.reduce((sum, weight, i) => sum + weight * sides[i]!, 0);
        expect(dual, `seed ${seed}`).toBeCloseTo(expected, 9);
        costs.forEach((cost, r) => {
          expect(weights.reduce((sum, weight, i) => sum + weight * rows[i]![r]!, 0)).toBeLessThanOrEqual(cost + 1e-9);
        });
      }
    }
  });
});
