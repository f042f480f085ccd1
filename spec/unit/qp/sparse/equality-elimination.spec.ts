import { describe, expect, it } from 'vitest';
import { denseMatrix } from '../../../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../../../lib/problem/index.js';
import { eliminateEqualities, solveQp } from '../../../../lib/qp/sparse/index.js';
import { randomStream } from '../../../../lib/random/index.js';
import { optimalityFaults } from '../../../support/qp-checker.js';
import { knownQp } from '../../../support/qp-generator.js';

/** Random program with `equal` equality rows (some repeated), inequality rows and a few bounds around a point. */
function program(n: number, equal: number, rows: number, seed: number, repeat: boolean): QuadraticProgram {
  const random = randomStream(seed, 'equality-elimination');
  const m = equal + rows;
  const point = Float64Array.from({ length: n }, () => random.normal());
  const values = Float64Array.from({ length: m * n }, () => random.normal());
  if (repeat && equal > 1) for (let j = 0; j < n; j++) values[n + j] = -3 * values[j]!;
  const activity = Float64Array.from({ length: m }, (_, i) =>
    point.reduce((sum, value, j) => sum + value * values[i * n + j]!, 0),
  );
  const factor = Float64Array.from({ length: n * n }, () => random.normal());
  const hessian = denseMatrix(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = i === j ? 0.1 : 0;
      for (let k = 0; k < n; k++) sum += factor[i * n + k]! * factor[j * n + k]!;
      hessian.values[i * n + j] = sum;
    }
  }
  return {
    hessian,
    linear: Float64Array.from({ length: n }, () => 3 * random.normal()),
    constraintMatrix: denseMatrix(m, n, values),
    constraintLower: activity.map((value, i) => (i < equal ? value : -Infinity)),
    constraintUpper: activity.map((value, i) => (i < equal ? value : value + random.uniform())),
    lower: point.map((value, j) => (j % 3 === 0 ? value - random.uniform() : -Infinity)),
    upper: point.map((value, j) => (j % 4 === 0 ? value + random.uniform() : Infinity)),
  };
}

describe('elimination of equalities', () => {
  it('gives the same solution and multipliers that satisfy the whole problem', () => {
    for (let seed = 0; seed < 80; seed++) {
      const n = 3 + (seed % 12);
      const equal = 1 + (seed % (n - 1));
      const problem = program(n, equal, 2 + (seed % 6), seed, seed % 3 === 0);
      const options = { method: 'active-set', fallback: false } as const;
      const without = solveQp(problem, { ...options, eliminateEqualities: 'always' });
      const direct = solveQp(problem, { ...options, eliminateEqualities: 'never' });
      expect(without.termination).toBe('optimal');
      expect(optimalityFaults(problem, without.x, without.multipliers, without.boundMultipliers)).toEqual([]);
      expect(Math.abs(without.objective - direct.objective)).toBeLessThan(1e-7 * (1 + Math.abs(direct.objective)));
      without.x.forEach((value, j) => expect(Math.abs(value - direct.x[j]!)).toBeLessThan(1e-5));
    }
  });

  it('leaves no equality in the reduced program and counts independent ones', () => {
    const { reduced } = eliminateEqualities(program(10, 4, 3, 5, true))!;
    expect(reduced.linear.length).toBe(7);
    reduced.constraintLower.forEach((side, i) => expect(side).not.toBe(reduced.constraintUpper[i]));
  });

  it('keeps every outcome of problems known by construction', () => {
    for (const kind of [
      'equalities-only',
      'redundant',
      'semidefinite',
      'infeasible-equalities',
      'infeasible',
      'unbounded',
    ] as const) {
      for (let seed = 0; seed < 15; seed++) {
        const { problem, expected } = knownQp(kind, 6, 9, seed, false);
        expect(solveQp(problem, { eliminateEqualities: 'always' }).termination, `${kind} ${seed}`).toBe(expected);
      }
    }
  });

  it('solves problems that are convex only where the equalities hold', () => {
    // P has the eigenvalue −1 along (1, 1), which x₁ + x₂ = 1 forbids to move along.
    const problem: QuadraticProgram = {
      hessian: denseMatrix(2, 2, Float64Array.of(0.5, -1.5, -1.5, 0.5)),
      linear: Float64Array.of(1, 0),
      constraintMatrix: denseMatrix(1, 2, Float64Array.of(1, 1)),
      constraintLower: Float64Array.of(1),
      constraintUpper: Float64Array.of(1),
      lower: new Float64Array(2).fill(-Infinity),
      upper: new Float64Array(2).fill(Infinity),
    };
    // x = (½ + s, ½ − s): objective 2s² + s + const, least at s = −¼.
    const result = solveQp(problem);
    expect(result.termination).toBe('optimal');
    expect(result.x[0]).toBeCloseTo(0.25, 9);
    expect(result.x[1]).toBeCloseTo(0.75, 9);
    expect(solveQp(problem, { eliminateEqualities: 'never' }).termination).toBe('stalled');
  });
});

describe('slightly indefinite problems', () => {
  it.each([1e-2, 1e-4, 1e-6])('are not called solved at a stationary point (eigenvalue −%d)', (size) => {
    const problem: QuadraticProgram = {
      hessian: { kind: 'diagonal', values: Float64Array.of(1, -size, 1) },
      linear: new Float64Array(3),
      constraintLower: new Float64Array(0),
      constraintUpper: new Float64Array(0),
      lower: new Float64Array(3).fill(-100),
      upper: new Float64Array(3).fill(50),
    };
    for (const method of ['auto', 'active-set', 'interior-point', 'structured'] as const) {
      expect(solveQp(problem, { method }).termination).toBe('stalled');
    }
  });
});
