import { describe, expect, test } from 'vitest';
import { minimize } from '../../../lib/minimize/index.js';
import type { MixedIntegerNonlinearProgram } from '../../../lib/problem/index.js';

/** min Σ wᵢ(xᵢ − tᵢ)² with Σ xᵢ ≤ cap and xᵢ integer in 0 … 6; convexity not declared. */
function nearestIntegers(
  targets: readonly number[],
  weights: readonly number[],
  cap: number,
): MixedIntegerNonlinearProgram {
  const n = targets.length;
  return {
    meta: {
      variableCount: n,
      constraintCount: 1,
      lower: new Float64Array(n),
      upper: new Float64Array(n).fill(6),
      constraintLower: Float64Array.of(-Infinity),
      constraintUpper: Float64Array.of(cap),
      start: new Float64Array(n).fill(1),
    },
    integerVariables: Int32Array.from(targets, (_, j) => j),
    objective: (x) => targets.reduce((sum, target, j) => sum + weights[j]! * (x[j]! - target) ** 2, 0),
    gradient: (x, values) => targets.forEach((target, j) => (values[j] = 2 * weights[j]! * (x[j]! - target))),
    constraints: (x, values) => {
      values[0] = x.reduce((sum, value) => sum + value, 0);
    },
    jacobian: (_x, values) => {
      values.fill(1);
    },
    hessian: (_x, weight, _y, values) => {
      values.fill(0);
      for (let i = 0, k = 0; i < n; i++, k += i + 1) values[k] = 2 * weight * weights[i]!;
    },
  };
}

function enumerate(targets: readonly number[], weights: readonly number[], cap: number): number {
  let best = Infinity;
  const visit = (j: number, used: number, cost: number): void => {
    if (used > cap) return;
    if (j === targets.length) {
      best = Math.min(best, cost);
      return;
    }
    for (let value = 0; value <= 6; value++)
      visit(j + 1, used + value, cost + weights[j]! * (value - targets[j]!) ** 2);
  };
  visit(0, 0, 0);
  return best;
}

describe('minimize with integer variables', () => {
  test.each([
    [[1.4, 2.6, 3.3], [1, 2, 3], 6],
    [[4.5, 4.5, 0.2, 2.2], [3, 1, 5, 2], 7],
    [[5.9, 5.1, 5.6], [1, 1, 1], 100],
  ])('finds what enumeration finds (%j, %j, %i)', (targets, weights, cap) => {
    const result = minimize(nearestIntegers(targets, weights, cap));
    expect(result.termination).toBe('locally-optimal');
    expect(result.problemClass).toBe('integer');
    expect(result.objective).toBeCloseTo(enumerate(targets, weights, cap), 6);
    for (const value of result.x) expect(value).toBe(Math.round(value));
    expect(result.search!.nodeCount).toBeGreaterThan(0);
  });

  test('proves the optimum of a problem declared convex', () => {
    const problem = nearestIntegers([1.4, 2.6, 3.3], [1, 2, 3], 6);
    const result = minimize({ ...problem, meta: { ...problem.meta, convex: true } });
    expect(result.termination).toBe('optimal');
    expect(result.search!.bound).toBeGreaterThan(result.objective - 1e-4);
  });

  test('works for a problem whose evaluations are methods of a class', () => {
    const plain = nearestIntegers([0.6, 2.4], [1, 1], 2);
    class Problem implements MixedIntegerNonlinearProgram {
      readonly meta = plain.meta;
      readonly integerVariables = plain.integerVariables;
      objective(x: Float64Array): number {
        return plain.objective(x);
      }
      gradient(x: Float64Array, values: Float64Array): void {
        plain.gradient!(x, values);
      }
      constraints(x: Float64Array, values: Float64Array): void {
        plain.constraints!(x, values);
      }
    }
    expect(minimize(new Problem()).objective).toBeCloseTo(enumerate([0.6, 2.4], [1, 1], 2), 5);
  });

  test('says that nothing satisfies the constraints, and that the objective has no end', () => {
    const infeasible = nearestIntegers([1, 1], [1, 1], -1);
    expect(minimize(infeasible).termination).toMatch(/infeasible/);
    const linear = nearestIntegers([1, 1], [1, 1], Infinity);
    const meta = { ...linear.meta, upper: new Float64Array(2).fill(Infinity) };
    const falling: MixedIntegerNonlinearProgram = {
      ...linear,
      meta,
      objective: (x) => -x[0]! - x[1]!,
      gradient: (_x, values) => {
        values.fill(-1);
      },
      hessian: (_x, _weight, _y, values) => {
        values.fill(0);
      },
    };
    expect(minimize(falling, { timeLimitSeconds: 10 }).termination).toBe('unbounded');
  });

  test('returns the best point at a limit of nodes', () => {
    const problem = nearestIntegers([4.5, 4.5, 0.2, 2.2, 3.7, 1.5], [3, 1, 5, 2, 1, 1], 11);
    const result = minimize(problem, { maxNodes: 2 });
    expect(['node-limit', 'locally-optimal']).toContain(result.termination);
    expect(result.search!.nodeCount).toBeLessThanOrEqual(2);
  });
});
