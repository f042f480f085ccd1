import { describe, expect, it } from 'vitest';
import { denseMatrix } from '../../../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../../../lib/problem/index.js';
import { solveQp } from '../../../../lib/qp/sparse/index.js';
import { randomStream } from '../../../../lib/random/index.js';
import { certificateFaults, optimalityFaults } from '../../../support/qp-checker.js';

const methods = ['auto', 'active-set', 'interior-point'] as const;
const unbounded = (length: number): Float64Array => new Float64Array(length).fill(Infinity);

function program(
  linear: readonly number[],
  rows: readonly (readonly number[])[],
  upper: readonly number[],
  hessian?: readonly number[],
): QuadraticProgram {
  const n = linear.length;
  return {
    ...(hessian && { hessian: denseMatrix(n, n, Float64Array.from(hessian)) }),
    linear: Float64Array.from(linear),
    constraintMatrix: denseMatrix(rows.length, n, Float64Array.from(rows.flat())),
    constraintLower: new Float64Array(rows.length).fill(-Infinity),
    constraintUpper: Float64Array.from(upper),
    lower: new Float64Array(n),
    upper: unbounded(n),
  };
}

function expectOptimum(problem: QuadraticProgram, objective: number, tolerance = 1e-6): void {
  for (const method of methods) {
    const result = solveQp(problem, { method });
    expect(result.termination, method).toBe('optimal');
    expect(optimalityFaults(problem, result.x, result.multipliers, result.boundMultipliers)).toEqual([]);
    expect(Math.abs(result.objective - objective)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(objective)));
  }
}

describe('linear programs on which simplex methods cycle or crawl', () => {
  it('Beale 1955', () => {
    const rows = [
      [0.25, -60, -0.04, 9],
      [0.5, -90, -0.02, 3],
      [0, 0, 1, 0],
    ];
    expectOptimum(program([-0.75, 150, -0.02, 6], rows, [0, 0, 1]), -0.05);
  });

  it('Marshall & Suurballe 1969', () => {
    const rows = [
      [0.5, -5.5, -2.5, 9],
      [0.5, -1.5, -0.5, 1],
      [1, 0, 0, 0],
    ];
    expectOptimum(program([-10, 57, 9, 24], rows, [0, 0, 1]), -1);
  });

  it('Klee & Minty 1972', () => {
    for (const n of [3, 5, 7]) {
      const rows = Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (__, j) => (j < i ? 2 ** (i - j + 1) : j === i ? 1 : 0)),
      );
      const costs = Array.from({ length: n }, (_, j) => -(2 ** (n - 1 - j)));
      expectOptimum(
        program(
          costs,
          rows,
          Array.from({ length: n }, (_, i) => 5 ** (i + 1)),
        ),
        -(5 ** n),
      );
    }
  });

  it('assignment problems, whose vertices are all degenerate', () => {
    for (let seed = 0; seed < 6; seed++) {
      const random = randomStream(seed, 'assignment');
      const n = 5;
      const cost = Array.from({ length: n * n }, () => random.integer(20));
      const row = (holds: (i: number, j: number) => boolean): number[] =>
        Array.from({ length: n * n }, (_, k) => (holds(Math.floor(k / n), k % n) ? 1 : 0));
      const rows = Array.from({ length: 2 * n }, (_, r) => row((i, j) => (r < n ? i === r : j === r - n)));
      const problem = {
        ...program(
          cost,
          rows,
          rows.map(() => 1),
        ),
        constraintLower: new Float64Array(2 * n).fill(1),
      };
      let best = Infinity;
      const place = (i: number, used: number, sum: number): void => {
        if (i === n) best = Math.min(best, sum);
        for (let j = 0; j < n && i < n; j++) {
          if ((used & (1 << j)) === 0) place(i + 1, used | (1 << j), sum + cost[i * n + j]!);
        }
      };
      place(0, 0, 0);
      expectOptimum(problem, best);
    }
  });
});

describe('degenerate and ill-conditioned quadratic programs', () => {
  it('many rows through the solution, most of them copies or combinations', () => {
    for (let seed = 0; seed < 12; seed++) {
      const random = randomStream(seed, 'degenerate-vertex');
      const n = 4 + (seed % 5);
      const m = 12 * n;
      const point = Array.from({ length: n }, () => 1 + random.uniform());
      const rows: number[][] = [];
      for (let i = 0; i < m; i++) {
        const draw = random.uniform();
        if (i < 2 || draw < 0.4) rows.push(Array.from({ length: n }, () => random.normal()));
        else if (draw < 0.7) rows.push(rows[random.integer(i)]!.map((value) => 2 * value));
        else {
          const [first, second] = [rows[random.integer(i)]!, rows[random.integer(i)]!];
          rows.push(first.map((value, j) => value + 0.5 * second[j]!));
        }
      }
      const upper = rows.map((row) => row.reduce((sum, value, j) => sum + value * point[j]!, 0));
      // Gradient −Σ λ·a with λ > 0 on three rows makes the point the optimum of ½‖x − p‖² + qᵀ(x − p).
      const slope = point.map((_, j) => -(rows[0]![j]! + 2 * rows[1]![j]! + 0.5 * rows[m - 1]![j]!));
      const identity = Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0));
      const linear = slope.map((value, j) => value - point[j]!);
      const problem = program(linear, rows, upper, identity);
      const objective = point.reduce((sum, value, j) => sum + 0.5 * value * value + linear[j]! * value, 0);
      expectOptimum({ ...problem, lower: new Float64Array(n).fill(-Infinity) }, objective);
    }
  });

  it('Hilbert matrices as Hessians', () => {
    for (const n of [4, 8, 12]) {
      const hessian = Array.from({ length: n * n }, (_, k) => 1 / (1 + Math.floor(k / n) + (k % n)));
      // q = −P·1: the optimum over x ≥ 0 is x = 1 in exact arithmetic, with objective −½·ΣP.
      const linear = Array.from({ length: n }, (_, i) => -hessian.slice(i * n, (i + 1) * n).reduce((a, b) => a + b, 0));
      const objective = 0.5 * linear.reduce((a, b) => a + b, 0);
      expectOptimum(program(linear, [Array.from({ length: n }, () => 1)], [2 * n], hessian), objective);
    }
  });

  it('rows that are parallel up to the ninth digit', () => {
    const problem = program(
      [-1, -1],
      [
        [1, 1],
        [1, 1 + 1e-9],
        [1 + 1e-9, 1],
      ],
      [1, 1, 1],
      [1, 0, 0, 1],
    );
    expectOptimum(problem, -0.75);
  });
});

describe('certificates and relaxations', () => {
  it('proves infeasibility by a thin margin, and does not claim it where there is room', () => {
    for (const gap of [1e-1, 1e-3, 1e-4]) {
      const rows = [
        [1, 2],
        [-1, -2],
      ];
      const infeasible = program([1, 1], rows, [1, -1 - gap], [1, 0, 0, 1]);
      for (const method of methods) {
        const result = solveQp(infeasible, { method });
        expect(result.termination, `${method} ${gap}`).toBe('infeasible');
        const { multipliers, boundMultipliers } = result.certificate!;
        expect(certificateFaults(infeasible, multipliers, boundMultipliers)).toEqual([]);
        expect(solveQp(program([1, 1], rows, [1, -1 + gap], [1, 0, 0, 1]), { method }).termination).toBe('optimal');
      }
    }
  });

  it('relaxes by the least sum and the least maximum', () => {
    // x ≤ 1, x ≥ 3, x ≥ 3: the sum of violations is least (2) at x = 3, their maximum (1) at x = 2.
    const problem = { ...program([0], [[1], [-1], [-1]], [1, -3, -3], [1e-6]), lower: Float64Array.of(-100) };
    const bySum = solveQp(problem, { elastic: 'sum' });
    expect(bySum.x[0]).toBeCloseTo(3, 5);
    expect(Array.from(bySum.elastic!.relaxedRows)).toEqual([0]);
    const byMaximum = solveQp(problem, { elastic: 'maximum' });
    expect(byMaximum.x[0]).toBeCloseTo(2, 5);
    expect(Math.max(...byMaximum.elastic!.violation)).toBeCloseTo(1, 5);
    expect(bySum.termination).toBe('locally-infeasible');
  });
});
