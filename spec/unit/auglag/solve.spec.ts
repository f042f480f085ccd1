import { describe, expect, test } from 'vitest';
import { AugmentedLagrangianSolver, solveAugmentedLagrangian } from '../../../lib/auglag/index.js';
import { LimitedMemoryMinimizer } from '../../../lib/bound/index.js';
import type { NonlinearProgram } from '../../../lib/problem/index.js';
import { analyticProblem } from '../../support/analytic-problem.js';
import { objections } from '../../support/nlp-checker.js';
import { separableCoupled } from '../../support/separable-coupled.js';

const hs71 = analyticProblem({
  name: 'hs071',
  start: [1, 5, 5, 1],
  bounds: [
    [1, 5],
    [1, 5],
    [1, 5],
    [1, 5],
  ],
  objective: 'x1*x4*(x1 + x2 + x3) + x3',
  constraints: ['x1*x2*x3*x4 - 25 >= 0', 'x1^2 + x2^2 + x3^2 + x4^2 - 40 = 0'],
});

describe('augmented Lagrangian', () => {
  test('gives multipliers of the documented sign', () => {
    const result = solveAugmentedLagrangian(hs71);
    expect(result.termination).toBe('locally-optimal');
    expect(objections(hs71, result)).toEqual([]);
    expect(result.objective).toBeCloseTo(17.0140173, 6);
    expect(result.multipliers[0]).toBeCloseTo(-0.55229366, 5);
    expect(result.multipliers[1]).toBeCloseTo(0.16146856, 5);
    expect(result.boundMultipliers[0]).toBeCloseTo(-1.08787121, 5);
  });

  test('predicts the change of the optimum by the multipliers', () => {
    const base = solveAugmentedLagrangian(hs71);
    const shifted: NonlinearProgram = {
      ...hs71,
      meta: { ...hs71.meta, constraintLower: Float64Array.of(1e-3, 0), constraintUpper: Float64Array.of(Infinity, 0) },
    };
    const change = solveAugmentedLagrangian(shifted).objective - base.objective;
    expect(change / 1e-3).toBeCloseTo(-base.multipliers[0]!, 3);
  });

  test('takes another inner minimiser and first derivatives alone', () => {
    const { hessian: _hessian, hessianProduct: _product, ...first } = hs71;
    const without = solveAugmentedLagrangian(first);
    const limited = solveAugmentedLagrangian(hs71, {}, { innerMinimizer: (sub) => new LimitedMemoryMinimizer(sub) });
    for (const result of [without, limited]) {
      expect(result.termination).toBe('locally-optimal');
      expect(result.objective).toBeCloseTo(17.0140173, 5);
    }
  });

  test('is re-solvable and starts warm from a solution', () => {
    const solver = new AugmentedLagrangianSolver(hs71);
    const first = solver.solve();
    const again = solver.solve();
    expect(again.x).toEqual(first.x);
    expect(again.counts).toEqual(first.counts);
    const warm = solver.solve({ start: first.x, multipliers: first.multipliers });
    expect(warm.counts.objective).toBeLessThanOrEqual(4);
    expect(warm.objective).toBeCloseTo(first.objective, 8);
  });

  test.each([1, 2, 3, 5, 8])('evaluates at most, and if it needs them exactly, %i times', (limit) => {
    let calls = 0;
    const counted: NonlinearProgram = {
      ...hs71,
      objective: (x) => {
        calls++;
        return hs71.objective(x);
      },
    };
    const result = solveAugmentedLagrangian(counted, { maxEvaluations: limit, polish: false });
    expect(calls).toBe(limit);
    expect(result.counts.objective).toBe(limit);
    expect(result.termination).toBe('evaluation-limit');
  });

  test('makes exactly one iteration when that is the limit, and stops at signal and callback', () => {
    expect(solveAugmentedLagrangian(hs71, { maxIterations: 1, polish: false }).iterations).toBe(1);
    expect(solveAugmentedLagrangian(hs71, {}, { signal: AbortSignal.abort() }).termination).toBe('interrupted');
    let seen = 0;
    const result = solveAugmentedLagrangian(hs71, {}, { onIteration: () => ++seen < 3 });
    expect(result.termination).toBe('interrupted');
    expect(seen).toBe(3);
  });

  test.each([
    ['two circles apart', ['x1^2 + x2^2 <= 1', '(x1 - 4)^2 + x2^2 <= 1']],
    ['an equation below its least value', ['x1^2 + x2^2 + 1 = 0']],
    ['contradicting lines', ['x1 + x2 = 0', 'x1 + x2 = 1', 'x1 - x2 = 3']],
  ])('finds %s locally infeasible', (_, constraints) => {
    const problem = analyticProblem({ name: 'apart', start: [3, 1], objective: '(x1 - 1)^2 + x2', constraints });
    const result = solveAugmentedLagrangian(problem);
    expect(result.termination).toBe('locally-infeasible');
    expect(objections(problem, result)).toEqual([]);
    expect(result.primalStatus).toBe('infeasible');
  });

  test('names crossed sides', () => {
    const meta = { ...hs71.meta, constraintLower: Float64Array.of(2, 0), constraintUpper: Float64Array.of(1, 0) };
    const result = solveAugmentedLagrangian({ ...hs71, meta });
    expect(result.termination).toBe('infeasible');
    expect(result.message).toContain('constraint');
  });

  test('says unbounded over a feasible ray only', () => {
    const ray = analyticProblem({ name: 'ray', start: [1, 1], objective: '-x1', constraints: ['x1 - x2 = 0'] });
    const falling = solveAugmentedLagrangian(ray);
    expect(falling.termination).toBe('unbounded');
    expect(objections(ray, falling)).toEqual([]);
    const held = analyticProblem({
      name: 'held',
      start: [1, 1],
      objective: '-x1^3',
      constraints: ['x1^2 + x2^2 <= 4'],
    });
    const result = solveAugmentedLagrangian(held);
    expect(result.termination).toBe('locally-optimal');
    expect(result.objective).toBeCloseTo(-8, 5);
  });

  test('handles dependent rows, a singular start and a start outside the domain', () => {
    const cases: [NonlinearProgram, number][] = [
      [
        analyticProblem({
          name: 'dependent',
          start: [2, 0],
          objective: 'x1^2 + x2^2',
          constraints: ['x1 + x2 = 1', '2*x1 + 2*x2 = 2', 'x1 + x2 >= 1'],
        }),
        0.5,
      ],
      [
        analyticProblem({
          name: 'singular',
          start: [0, 0],
          objective: '(x1 - 2)^2 + x2^2',
          constraints: ['x1*x2 = 1'],
        }),
        // Stationary points of (x − 2)² + 1/x²: checked below by the residuals, the value by bisection elsewhere.
        NaN,
      ],
      [
        analyticProblem({
          name: 'domain',
          start: [0, 0],
          bounds: [
            [0, 10],
            [0, 10],
          ],
          objective: 'x1 + x2 - log(x1*x2)',
          constraints: ['x1 + x2 <= 1'],
        }),
        1 + Math.log(4),
      ],
    ];
    for (const [problem, value] of cases) {
      const result = solveAugmentedLagrangian(problem);
      expect(result.termination).toBe('locally-optimal');
      expect(objections(problem, result)).toEqual([]);
      if (!Number.isNaN(value)) expect(result.objective).toBeCloseTo(value, 5);
    }
  });
});

describe('many separable variables and few coupling rows', () => {
  test('meets the closed form, by Hessians and by products, with effort that hardly grows with n', () => {
    const iterations: number[] = [];
    for (const size of [500, 5000]) {
      const problem = separableCoupled(size, Infinity);
      const closed = problem.weights.reduce((sum, weight) => sum + Math.sqrt(weight), 0) ** 2 / size ** 2;
      const { hessian: _unused, ...products } = problem;
      for (const variant of [problem, products]) {
        const result = solveAugmentedLagrangian(variant);
        expect(result.termination).toBe('locally-optimal');
        expect(objections(problem, result)).toEqual([]);
        expect(Math.abs(result.objective - closed)).toBeLessThan(1e-5 * closed);
      }
      iterations.push(solveAugmentedLagrangian(problem).iterations);
    }
    expect(iterations[1]).toBeLessThanOrEqual(3 * iterations[0]!);
  });

  test('finds both rows active', () => {
    const problem = separableCoupled(2000, 0.6);
    const result = solveAugmentedLagrangian(problem);
    expect(result.termination).toBe('locally-optimal');
    expect(objections(problem, result)).toEqual([]);
    expect(result.multipliers[0]).toBeGreaterThan(1e-3);
    expect(result.multipliers[1]).toBeGreaterThan(1e-3);
  });
});
