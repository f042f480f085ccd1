import { describe, expect, test } from 'vitest';
import { minimize } from '../../../lib/minimize/index.js';
import type { MixedIntegerNonlinearProgram } from '../../../lib/problem/index.js';
import { randomStream } from '../../../lib/random/index.js';

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
    expect(result.termination).toBe('optimal');
    expect(result.problemClass).toBe('integer');
    expect(result.objective).toBeCloseTo(enumerate(targets, weights, cap), 6);
    for (const value of result.x) expect(value).toBe(Math.round(value));
    expect(result.search!.nodeCount).toBeGreaterThan(0);
    const search = minimize(nearestIntegers(targets, weights, cap), { enumerationLimit: 0 });
    expect(search.termination).toBe('locally-optimal');
    expect(search.search).toMatchObject({ bound: -Infinity });
    expect(search.search!.relativeGap).toBeUndefined();
    expect(search.objective).toBeCloseTo(enumerate(targets, weights, cap), 6);
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

/** A program of functions alone, whose structure nothing declares. */
function plainProgram(
  n: number,
  objective: (x: Float64Array) => number,
  bounds: readonly [number, number],
  integers: readonly number[],
): MixedIntegerNonlinearProgram {
  return {
    meta: {
      variableCount: n,
      constraintCount: 0,
      lower: new Float64Array(n).fill(bounds[0]),
      upper: new Float64Array(n).fill(bounds[1]),
      constraintLower: new Float64Array(0),
      constraintUpper: new Float64Array(0),
      start: new Float64Array(n).fill(bounds[0]),
    },
    integerVariables: Int32Array.from(integers),
    objective,
  };
}

describe('programs that are not convex', () => {
  test('two binaries whose relaxation is stationary at 0 end at the optimum, with a proof from enumeration', () => {
    const problem = plainProgram(2, (x) => x[0]! + x[1]! - 3 * x[0]! * x[1]!, [0, 1], [0, 1]);
    expect(minimize(problem)).toMatchObject({ termination: 'optimal', objective: -1 });
    const search = minimize(problem, { enumerationLimit: 0 });
    expect(search).toMatchObject({ termination: 'locally-optimal', objective: -1 });
    expect(search.message).toMatch(/nothing bounds it/);
  });

  test('random binary quadratics end at their optimum with and without enumeration', () => {
    const stream = randomStream(3, 'binary-quadratics');
    let wrong = 0;
    for (let trial = 0; trial < 12; trial++) {
      const n = 4 + (trial % 5);
      const entries = Array.from({ length: n }, () => Array.from({ length: n }, () => stream.integer(19) - 9));
      const value = (x: ArrayLike<number>): number =>
        entries.reduce((sum, row, i) => row.reduce((s, entry, j) => (j < i ? s : s + entry * x[i]! * x[j]!), sum), 0);
      let best = Infinity;
      for (let mask = 0; mask < 1 << n; mask++) {
        best = Math.min(best, value(Array.from({ length: n }, (_, j) => (mask >> j) & 1)));
      }
      const problem = plainProgram(n, value, [0, 1], [...Array(n).keys()]);
      expect(minimize(problem)).toMatchObject({ termination: 'optimal', objective: best });
      const search = minimize(problem, { enumerationLimit: 0 });
      expect(search.objective).toBeGreaterThanOrEqual(best);
      if (search.objective > best + 1e-9) wrong++;
    }
    expect(wrong).toBeLessThanOrEqual(1);
  });

  test('says that none of the integer points satisfies the constraints', () => {
    const result = minimize(nearestIntegers([1, 1], [1, 1], -1));
    expect(result).toMatchObject({ termination: 'infeasible' });
    expect(result.message).toBe('None of the 49 integer points satisfies the constraints.');
  });

  test('has the bound 0 where the objective is 0 everywhere', () => {
    const problem: MixedIntegerNonlinearProgram = {
      integerVariables: Int32Array.of(0),
      meta: {
        variableCount: 2,
        constraintCount: 2,
        lower: Float64Array.of(0, -9),
        upper: Float64Array.of(1, 9),
        constraintLower: Float64Array.of(1, -Infinity),
        constraintUpper: Float64Array.of(1, 0),
        start: Float64Array.of(0, 0),
        objectiveShape: 'linear',
        linearConstraints: Uint8Array.of(1, 1),
        convex: true,
      },
      objective: () => 0,
      gradient: (_x, values) => void values.fill(0),
      constraints: ([x, y], values) => values.set([y!, y! - 1e6 * x!]),
      jacobian: (_x, values) => values.set([0, 1, -1e6, 1]),
    };
    const result = minimize(problem);
    expect(result).toMatchObject({ termination: 'optimal', objective: 0, search: { bound: 0, relativeGap: 0 } });
    expect(result.message).not.toMatch(/e[+-]/);
  });

  test('has no relative gap where the objective is 0', () => {
    const problem = nearestIntegers([0, 0, 0], [1, 2, 3], 6);
    const result = minimize({ ...problem, meta: { ...problem.meta, convex: true } }, { enumerationLimit: 0 });
    expect(result.termination).toBe('optimal');
    expect(result.objective).toBeCloseTo(0, 9);
    expect(result.search!.relativeGap ?? 0).toBeLessThan(1);
    expect(result.message).not.toMatch(/e\+/);
  });
});

describe('global scope', () => {
  test('a continuous problem without structure is not called optimal', () => {
    const problem = plainProgram(2, (x) => Math.sin(3 * x[0]!) + (x[1]! - 0.3) ** 2 + 0.1 * x[0]!, [-2, 2], []);
    const result = minimize(problem, { scope: 'global' });
    expect(result.termination).toBe('locally-optimal');
    expect(result.search).toMatchObject({ bound: -Infinity });
  });

  test('an objective without end is not called solved', () => {
    const problem = plainProgram(2, (x) => x[0]! * x[1]!, [-Infinity, Infinity], []);
    const meta = { ...problem.meta, objectiveShape: 'quadratic' as const, start: Float64Array.of(1, 1) };
    const gradient = (x: Float64Array, values: Float64Array): void => {
      values[0] = x[1]!;
      values[1] = x[0]!;
    };
    const result = minimize({ ...problem, meta, gradient }, { scope: 'global', maxNodes: 200 });
    expect(result.termination).not.toBe('optimal');
    expect(result.search!.bound).toBe(-Infinity);
  });

  test('the unit of the objective changes neither the point nor the proof', () => {
    for (const unit of [1e-9, 1, 1e9]) {
      const problem = plainProgram(2, (x) => unit * (x[0]! * x[1]! + 0.1 * x[0]!), [-1, 2], [1]);
      const gradient = (x: Float64Array, values: Float64Array): void => {
        values[0] = unit * (x[1]! + 0.1);
        values[1] = unit * x[0]!;
      };
      const meta = { ...problem.meta, objectiveShape: 'quadratic' as const };
      const result = minimize({ ...problem, meta, gradient });
      expect(result.termination).toBe('optimal');
      // At (2, −1): −2 + 0.2; at (−1, 2): −2 − 0.1.
      expect(result.objective / unit).toBeCloseTo(-2.1, 6);
      expect(result.search!.bound / unit).toBeGreaterThan(-2.1001);
    }
  });
});
