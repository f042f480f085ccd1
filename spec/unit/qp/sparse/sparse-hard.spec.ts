import { describe, expect, it } from 'vitest';
import { assembleSparse } from '../../../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../../../lib/problem/index.js';
import { solveQp } from '../../../../lib/qp/sparse/index.js';
import { randomStream } from '../../../../lib/random/index.js';
import { certificateFaults, optimalityFaults } from '../../../support/qp-checker.js';

class Rows {
  readonly row: number[] = [];
  readonly column: number[] = [];
  readonly value: number[] = [];
  readonly lower: number[] = [];
  readonly upper: number[] = [];

  add(entries: readonly (readonly [number, number])[], lower: number, upper: number): void {
    for (const [column, value] of entries) {
      this.row.push(this.lower.length);
      this.column.push(column);
      this.value.push(value);
    }
    this.lower.push(lower);
    this.upper.push(upper);
  }

  program(n: number, diagonal: (j: number) => number, linear: (j: number) => number, low = 0): QuadraticProgram {
    return {
      hessian: { kind: 'diagonal', values: Float64Array.from({ length: n }, (_, j) => diagonal(j)) },
      linear: Float64Array.from({ length: n }, (_, j) => linear(j)),
      constraintMatrix: assembleSparse(this.lower.length, n, this.row, this.column, this.value).matrix,
      constraintLower: Float64Array.from(this.lower),
      constraintUpper: Float64Array.from(this.upper),
      lower: new Float64Array(n).fill(low),
      upper: new Float64Array(n).fill(Infinity),
    };
  }
}

function expectOptimal(problem: QuadraticProgram): void {
  const result = solveQp(problem);
  expect(result.termination, result.message).toBe('optimal');
  expect(optimalityFaults(problem, result.x, result.multipliers, result.boundMultipliers)).toEqual([]);
}

/** A double integrator steered towards 1 in `steps` steps: 3 variables a step (position, speed, control). */
function control(steps: number): QuadraticProgram {
  const rows = new Rows();
  const h = 1 / steps;
  const at = (k: number, part: number): number => 3 * k + part;
  rows.add([[at(0, 0), 1]], 0, 0);
  rows.add([[at(0, 1), 1]], 0, 0);
  for (let k = 0; k + 1 < steps; k++) {
    rows.add([[at(k + 1, 0), 1], [at(k, 0), -1], [at(k, 1), -h]], 0, 0); // prettier-ignore
    rows.add([[at(k + 1, 1), 1], [at(k, 1), -1], [at(k, 2), -h]], 0, 0); // prettier-ignore
    rows.add([[at(k, 1), 1]], -1.2, 1.2);
  }
  const weights = [h, 0, 1e-3 * h];
  const problem = rows.program(
    3 * steps,
    (j) => weights[j % 3]!,
    (j) => (j % 3 === 0 ? -h : 0),
    -Infinity,
  );
  for (let k = 0; k < steps; k++) {
    problem.lower[at(k, 2)] = -8;
    problem.upper[at(k, 2)] = 8;
  }
  return problem;
}

/** The convex sequence nearest to a noisy concave one: its rows nearly depend on each other, and their multipliers are large. */
function convexRegression(n: number): QuadraticProgram {
  const rows = new Rows();
  for (let i = 0; i + 2 < n; i++) rows.add([[i, 1], [i + 1, -2], [i + 2, 1]], 0, Infinity); // prettier-ignore
  const data = (j: number): number => Math.sqrt(j / (n - 1)) + 0.1 * Math.sin(j + 1);
  return rows.program(
    n,
    () => 1,
    (j) => -data(j),
    -Infinity,
  );
}

describe('large sparse programs', () => {
  it.each([500, 2000, 5000])('fits a convex sequence to %d values in few iterations', (n) => {
    const problem = convexRegression(n);
    const result = solveQp(problem);
    expect(result.termination, result.message).toBe('optimal');
    expect(optimalityFaults(problem, result.x, result.multipliers, result.boundMultipliers)).toEqual([]);
    expect(result.iterations).toBeLessThanOrEqual(70);
  });

  it('solves a discretised control problem of 10,002 variables in a few seconds', () => {
    const problem = control(3334);
    const startedAt = performance.now();
    const result = solveQp(problem);
    const seconds = (performance.now() - startedAt) / 1000;
    expect(result.termination, result.message).toBe('optimal');
    expect(optimalityFaults(problem, result.x, result.multipliers, result.boundMultipliers)).toEqual([]);
    expect(seconds).toBeLessThan(30);
  });
});

describe('hard programs', () => {
  it('degenerate transport problems with a redundant balance row', () => {
    for (let seed = 0; seed < 6; seed++) {
      const random = randomStream(seed, 'transport');
      const size = 8;
      const rows = new Rows();
      // Equal integer supplies and demands: highly degenerate; the 16 equalities have rank 15.
      for (let i = 0; i < size; i++) {
        rows.add(
          Array.from({ length: size }, (_, j) => [i * size + j, 1] as const),
          5,
          5,
        );
        rows.add(
          Array.from({ length: size }, (_, j) => [j * size + i, 1] as const),
          5,
          5,
        );
      }
      const costs = Array.from({ length: size * size }, () => random.integer(4));
      expectOptimal(rows.program(size * size, () => 0, (j) => costs[j]!)); // prettier-ignore
      expectOptimal(rows.program(size * size, (j) => j % 2, (j) => costs[j]!)); // prettier-ignore
    }
  });

  it('staircase problems whose coefficients span ten powers of ten', () => {
    for (let seed = 0; seed < 8; seed++) {
      const random = randomStream(seed, 'staircase');
      const stages = 25;
      const rows = new Rows();
      for (let k = 0; k < stages; k++) {
        const scale = 10 ** (3 - 6 * random.uniform());
        rows.add([[2 * k, scale], [2 * k + 1, -scale * 10 ** (2 * random.uniform())]], -Infinity, 10 * scale); // prettier-ignore
        if (k > 0) rows.add([[2 * k, 1], [2 * k - 2, -1.1], [2 * k - 1, 1e-3]], 0, 0); // prettier-ignore
        rows.add([[2 * k, 1e4], [2 * k + 1, 1e-2]], 1, Infinity); // prettier-ignore
      }
      expectOptimal(rows.program(2 * stages, (j) => (j % 5 === 0 ? 1e-4 : 0), (j) => 1 + (j % 7))); // prettier-ignore
    }
  });

  it('rank-deficient equalities, consistent and not', () => {
    for (let seed = 0; seed < 8; seed++) {
      const random = randomStream(seed, 'rank-deficient');
      const n = 60;
      const point = Float64Array.from({ length: n }, () => random.uniform());
      const base = Array.from({ length: 15 }, () =>
        Array.from({ length: 4 }, () => [random.integer(n), random.normal()] as const),
      );
      const activity = (row: readonly (readonly [number, number])[]): number =>
        row.reduce((sum, [j, value]) => sum + value * point[j]!, 0);
      const rows = new Rows();
      for (const row of base) rows.add(row, activity(row), activity(row));
      for (let k = 0; k < 10; k++) {
        const sum = [...base[k]!, ...base[k + 1]!, ...base[k + 2]!];
        rows.add(sum, activity(sum), activity(sum));
      }
      const diagonal = (j: number): number => (j % 3 === 0 ? 1 : 0);
      const consistent = rows.program(n, diagonal, (j) => 1 + (j % 4));
      expectOptimal(consistent);
      const inconsistent = { ...consistent, constraintLower: consistent.constraintLower.slice() };
      inconsistent.constraintUpper.set(consistent.constraintUpper);
      const shifted = inconsistent.constraintUpper.slice();
      shifted[20]! += 0.5;
      inconsistent.constraintLower[20]! += 0.5;
      const broken = { ...inconsistent, constraintUpper: shifted };
      const result = solveQp(broken);
      expect(result.termination, result.message).toBe('infeasible');
      expect(certificateFaults(broken, result.multipliers, result.boundMultipliers)).toEqual([]);
    }
  });

  it('problems whose feasible set is a single point', () => {
    const rows = new Rows();
    rows.add([[0, 1], [1, 1], [2, 1]], -Infinity, 0); // prettier-ignore
    expectOptimal(rows.program(3, () => 0, (j) => -1 - j)); // prettier-ignore
    expectOptimal(rows.program(3, () => 1, (j) => -1 - j)); // prettier-ignore
  });
});
