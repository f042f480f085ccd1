import { describe, expect, it } from 'vitest';
import { denseMatrix, isPositiveSemidefinite, lowerTriangle } from '../../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../../lib/problem/index.js';
import { isDenselyConvex } from '../../../lib/qp/dense-convexity.js';
import { qpOptions, solveQp } from '../../../lib/qp/index.js';
import { solveQp as solveByAllMethods } from '../../../lib/qp/sparse/index.js';
import { randomStream } from '../../../lib/random/index.js';
import { OptionsError } from '../../../lib/solver/index.js';
import { certificateFaults, optimalityFaults, rayFaults } from '../../support/qp-checker.js';
import { knownQp, qpKinds, type KnownQp } from '../../support/qp-generator.js';

const vector = (...values: number[]): Float64Array => Float64Array.from(values);
const matrix = (rows: number, ...values: number[]) => denseMatrix(rows, values.length / rows, vector(...values));

/** What an independent checker holds against the answer of the dense method; `undecided` where it claims nothing. */
function faultsOf({ problem, expected, objective }: KnownQp): readonly string[] | 'undecided' {
  const result = solveQp(problem);
  if (result.termination === 'stalled') {
    return result.message.includes("'sft-opt/qp/sparse'") ? 'undecided' : [`stalls without advice: ${result.message}`];
  }
  if (result.termination !== expected) return [`expected ${expected}, found ${result.termination}`];
  if (expected === 'infeasible') {
    const { multipliers, boundMultipliers } = result.certificate!;
    return certificateFaults(problem, multipliers, boundMultipliers);
  }
  if (expected === 'unbounded') return rayFaults(problem, result.x, result.ray!.direction);
  const faults = optimalityFaults(problem, result.x, result.multipliers, result.boundMultipliers);
  const difference = Math.abs(result.objective - objective!);
  return difference <= 1e-6 * (1 + Math.abs(objective!)) ? faults : [...faults, `objective off by ${difference}`];
}

describe('solveQp by the dense active set alone', () => {
  for (const kind of qpKinds) {
    it(`ends as constructed: ${kind}`, () => {
      let undecided = 0;
      const count = 100;
      for (let seed = 0; seed < count; seed++) {
        const faults = faultsOf(knownQp(kind, 1 + (seed % 12), seed % 17, seed, seed % 2 === 0));
        if (faults === 'undecided') undecided++;
        else expect(faults, `seed ${seed}`).toEqual([]);
      }
      expect(undecided).toBeLessThanOrEqual(count / 50);
    });
  }

  it('judges convexity as the sparse factorisation does', () => {
    let convex = 0;
    for (let seed = 0; seed < 200; seed++) {
      const stream = randomStream(seed, 'convexity');
      const n = 1 + (seed % 8);
      const rank = 1 + Math.floor(n * stream.uniform());
      const factor = Float64Array.from({ length: n * rank }, () => stream.uniform() - 0.5);
      const units = Float64Array.from({ length: n }, () => 10 ** (6 * stream.uniform() - 3));
      const hessian = denseMatrix(n, n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let sum = i === j && seed % 3 === 0 ? -0.05 : 0;
          for (let k = 0; k < rank; k++) sum += factor[i * rank + k]! * factor[j * rank + k]!;
          hessian.values[i * n + j] = sum * units[i]! * units[j]!;
        }
      }
      const found = isDenselyConvex(hessian, n);
      expect(found, `seed ${seed}`).toBe(isPositiveSemidefinite(lowerTriangle(hessian, n)));
      if (found) convex++;
    }
    expect(convex).toBeGreaterThan(100);
    expect(convex).toBeLessThan(190);
  });

  it('solves what is convex only where the equality rows hold, and refuses what is not', () => {
    for (let seed = 0; seed < 60; seed++) {
      const stream = randomStream(seed, 'convex on a null space');
      const n = 3 + (seed % 5);
      const row = Float64Array.from({ length: n }, () => stream.uniform() + 0.2);
      // P = I − c·rrᵀ/‖r‖², indefinite along r alone, where the row leaves no freedom.
      const norm = row.reduce((sum, value) => sum + value ** 2, 0);
      const hessian = denseMatrix(n, n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) hessian.values[i * n + j] = (i === j ? 1 : 0) - (3 * row[i]! * row[j]!) / norm;
      }
      const problem: QuadraticProgram = {
        hessian,
        linear: Float64Array.from({ length: n }, () => stream.uniform() - 0.5),
        constraintMatrix: { ...denseMatrix(1, n), values: row },
        constraintLower: vector(1),
        constraintUpper: vector(1),
        lower: new Float64Array(n).fill(-Infinity),
        upper: new Float64Array(n).fill(Infinity),
      };
      const result = solveQp(problem);
      expect(result.termination, result.message).toBe('optimal');
      expect(optimalityFaults(problem, result.x, result.multipliers, result.boundMultipliers)).toEqual([]);
      const other = solveByAllMethods(problem, { eliminateEqualities: 'always' });
      expect(result.objective).toBeCloseTo(other.objective, 7);
      // Freed from the row, and within bounds, it is no convex problem.
      const box = { lower: new Float64Array(n).fill(-1), upper: new Float64Array(n).fill(1) };
      const free = solveQp({ ...problem, ...box, constraintLower: vector(-1) });
      expect(free.termination).toBe('stalled');
      expect(free.message).toContain('semidefinite');
    }
  });

  it('relaxes rows that cannot all hold', () => {
    const problem: QuadraticProgram = {
      hessian: matrix(2, 1, 0, 0, 1),
      linear: vector(-1, -2),
      constraintMatrix: matrix(2, 1, 1, 1, 1),
      constraintLower: vector(-Infinity, 5),
      constraintUpper: vector(4, Infinity),
      lower: vector(0, 0),
      upper: vector(Infinity, Infinity),
    };
    const { termination, elastic } = solveQp(problem, { elastic: 'maximum' });
    expect(termination).toBe('locally-infeasible');
    expect(elastic!.violation[0]).toBeCloseTo(0.5, 5);
  });

  it('refuses what is too large for dense arrays before it makes any, and names what is not', () => {
    const n = 4000;
    const large: QuadraticProgram = {
      hessian: { kind: 'diagonal', values: new Float64Array(n).fill(1) },
      linear: new Float64Array(n).fill(-1),
      constraintLower: vector(),
      constraintUpper: vector(),
      lower: new Float64Array(n),
      upper: new Float64Array(n).fill(Infinity),
    };
    const { termination, message, x } = solveQp(large);
    expect(termination).toBe('stalled');
    expect(message).toContain('4000 variables and 0 rows');
    expect(message).toContain("'sft-opt/qp/sparse'");
    expect(x).toHaveLength(n);
    expect(solveByAllMethods(large).termination).toBe('optimal');
  });

  it('says which methods it has', () => {
    const { problem } = knownQp('strictly-convex', 4, 4, 1);
    expect(() => solveQp(problem, { method: 'interior-point' } as never)).toThrow(OptionsError);
    expect(() => solveQp(problem, { method: 'interior-point' } as never)).toThrow(/"auto"\|"active-set"/u);
    expect(qpOptions.defaults.method).toBe('auto');
    // @ts-expect-error -- the dense entry has no interior point
    expect(() => solveQp(problem, { method: 'structured' })).toThrow(OptionsError);
  });
});

describe('the option regularization', () => {
  it('reaches the active set of both', () => {
    // min −x on 0 ≤ x ≤ 1e6 by proximal steps: a heavier proximal term takes more of them.
    const problem: QuadraticProgram = {
      hessian: matrix(2, 1, 0, 0, 0),
      linear: vector(0, -1),
      constraintMatrix: matrix(1, 1, 1),
      constraintLower: vector(-Infinity),
      constraintUpper: vector(1e6),
      lower: vector(-1e6, -1e6),
      upper: vector(1e6, 1e6),
    };
    for (const solve of [solveQp, solveByAllMethods]) {
      const steps = [1e-9, 1e-2].map(
        (regularization) => solve(problem, { method: 'active-set', regularization }).iterations,
      );
      expect(steps[1]).toBeGreaterThan(steps[0]!);
    }
  });
});
