import { describe, expect, it } from 'vitest';
import { denseMatrix } from '../../../../lib/linalg/index.js';
import {
  ArrowheadSolver,
  arrowheadToQuadraticProgram,
  solveArrowheadQp,
  solveQp,
  type ArrowheadQuadraticProgram,
} from '../../../../lib/qp/sparse/index.js';
import { randomStream } from '../../../../lib/random/index.js';
import { optimalityFaults } from '../../../support/qp-checker.js';

/** minimise t subject to t ≥ aₙ − sₙxₙ (private rows), Σ xₙ ≤ 1, bounds, with some curvature. */
function minimax(n: number, seed: number): ArrowheadQuadraticProgram {
  const random = randomStream(seed, 'arrowhead');
  return {
    privateHessian: Float64Array.from({ length: n }, () => n * random.uniform()),
    privateLinear: new Float64Array(n),
    privateLower: new Float64Array(n).fill(0.02 / n),
    privateUpper: new Float64Array(n).fill(8 / n),
    sharedLinear: Float64Array.of(1),
    sharedLower: Float64Array.of(-Infinity),
    sharedUpper: Float64Array.of(Infinity),
    privateRows: {
      privateCoefficients: Float64Array.from({ length: n }, () => n * (0.2 + random.uniform())),
      sharedCoefficients: denseMatrix(n, 1, new Float64Array(n).fill(1)),
      lower: Float64Array.from({ length: n }, () => 1 + random.uniform()),
      upper: new Float64Array(n).fill(Infinity),
    },
    couplingPrivate: denseMatrix(1, n, new Float64Array(n).fill(1)),
    couplingLower: Float64Array.of(-Infinity),
    couplingUpper: Float64Array.of(1),
  };
}

/** A separable program with r rows and k shared variables, its sides around a known point. */
function separable(n: number, k: number, r: number, seed: number): ArrowheadQuadraticProgram {
  const random = randomStream(seed, 'separable');
  const entries = (length: number): Float64Array => Float64Array.from({ length }, () => random.normal());
  const couplingPrivate = denseMatrix(r, n, entries(r * n));
  const couplingShared = denseMatrix(r, k, entries(r * k));
  const x = entries(n + k);
  const values = Array.from({ length: r }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += couplingPrivate.values[i * n + j]! * x[j]!;
    for (let c = 0; c < k; c++) sum += couplingShared.values[i * k + c]! * x[n + c]!;
    return sum;
  });
  const sharedHessian = denseMatrix(k, k);
  for (let c = 0; c < k; c++) sharedHessian.values[c * k + c] = 0.5 + random.uniform();
  return {
    privateHessian: Float64Array.from({ length: n }, () => 0.1 + random.uniform()),
    privateLinear: entries(n),
    privateLower: x.slice(0, n).map((value) => value - random.uniform()),
    privateUpper: x.slice(0, n).map((value) => value + random.uniform()),
    sharedHessian,
    sharedLinear: entries(k),
    sharedLower: x.slice(n).map((value) => value - 1),
    sharedUpper: new Float64Array(k).fill(Infinity),
    couplingPrivate,
    couplingShared,
    couplingLower: Float64Array.from(values, (value, i) => (i % 3 === 0 ? value : -Infinity)),
    couplingUpper: Float64Array.from(values, (value, i) => (i % 3 === 0 ? value : value + 0.2)),
  };
}

describe('ArrowheadSolver', () => {
  it('agrees with the general solver on epigraph forms', () => {
    let structured = 0;
    for (let seed = 0; seed < 60; seed++) {
      const program = minimax(3 + (seed % 20), seed);
      const general = arrowheadToQuadraticProgram(program);
      const result = solveArrowheadQp(program);
      expect(result.termination).toBe('optimal');
      expect(optimalityFaults(general, result.x, result.multipliers, result.boundMultipliers)).toEqual([]);
      expect(result.objective).toBeCloseTo(solveQp(general).objective, 6);
      if (result.method === 'structured') structured++;
    }
    expect(structured).toBeGreaterThanOrEqual(57);
  });

  it('agrees with the general solver on separable programs with few rows and shared variables', () => {
    let structured = 0;
    for (let seed = 0; seed < 60; seed++) {
      const program = separable(10 + seed, seed % 4, 1 + (seed % 3), seed);
      const general = arrowheadToQuadraticProgram(program);
      const result = solveArrowheadQp(program);
      expect(result.termination).toBe('optimal');
      expect(optimalityFaults(general, result.x, result.multipliers, result.boundMultipliers)).toEqual([]);
      expect(Math.abs(result.objective - solveQp(general).objective)).toBeLessThan(1e-5);
      if (result.method === 'structured') structured++;
    }
    expect(structured).toBeGreaterThanOrEqual(45);
  });

  it('needs a bounded number of steps however many variables there are, fewer when warm', () => {
    for (const n of [100, 1000, 10_000]) {
      const solver = new ArrowheadSolver(n, 1, 1);
      const program = minimax(n, n);
      const cold = solver.solve(program);
      expect(cold.termination).toBe('optimal');
      expect(cold.method).toBe('structured');
      expect(cold.iterations).toBeLessThanOrEqual(15);
      const budgetCut = { ...program, couplingUpper: Float64Array.of(0.99) };
      const warm = solver.solve(budgetCut, cold);
      expect(warm.termination).toBe('optimal');
      expect(warm.iterations).toBeLessThanOrEqual(4);
      const again = solver.solve(budgetCut, warm);
      expect(again.iterations).toBeLessThanOrEqual(2);
      expect(again.workingSetChanges).toBe(0);
    }
  });

  it('proves infeasibility through the general solver', () => {
    const program = { ...minimax(20, 5), couplingUpper: Float64Array.of(0.001) };
    expect(solveArrowheadQp(program).termination).toBe('infeasible');
  });

  it('refuses programs of another shape', () => {
    expect(() => new ArrowheadSolver(4, 1, 1).solve(minimax(5, 1))).toThrow(RangeError);
    expect(() => solveArrowheadQp({ ...minimax(5, 1), privateUpper: new Float64Array(4) })).toThrow(/privateUpper/);
  });
});
