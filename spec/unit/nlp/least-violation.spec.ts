import { describe, expect, test } from 'vitest';
import { solveAugmentedLagrangian } from '../../../lib/auglag/index.js';
import { solveInterior } from '../../../lib/interior/index.js';
import { minimize } from '../../../lib/minimize/index.js';
import { assess, Evaluator } from '../../../lib/nlp/index.js';
import { judgeLeastViolation } from '../../../lib/nlp/least-violation.js';
import type { NonlinearProgram } from '../../../lib/problem/index.js';
import { isSolved } from '../../../lib/solver/index.js';
import { solveSqp } from '../../../lib/sqp/index.js';
import { runCase } from '../../support/known-answers/index.js';
import { quickRandom } from '../../support/quick-random.js';

interface Rows {
  readonly start: readonly number[];
  readonly lower?: readonly number[];
  readonly upper?: readonly number[];
  /** Each wants to be at most 0, or just 0. */
  readonly rows: readonly ((x: Float64Array) => number)[];
  readonly equal?: boolean;
}

/** A problem of rows alone, with central differences for the Jacobian, that fails where it is called out of bounds. */
function problemOf({ start, lower, upper, rows, equal }: Rows): NonlinearProgram {
  const n = start.length;
  const low = Float64Array.from(lower ?? start.map(() => -Infinity));
  const high = Float64Array.from(upper ?? start.map(() => Infinity));
  const inside = (x: Float64Array): void => {
    for (let j = 0; j < n; j++) if (x[j]! < low[j]! || x[j]! > high[j]!) throw new Error('called outside the bounds');
  };
  return {
    meta: {
      variableCount: n,
      constraintCount: rows.length,
      lower: low,
      upper: high,
      constraintLower: new Float64Array(rows.length).fill(equal === true ? 0 : -Infinity),
      constraintUpper: new Float64Array(rows.length),
      start: Float64Array.from(start),
    },
    objective: (x) => (inside(x), x.reduce((sum, value) => sum + value * value, 0)),
    gradient: (x, values) => values.set(x.map((value) => 2 * value)),
    constraints: (x, values) => {
      inside(x);
      values.set(rows.map((row) => row(x)));
    },
    jacobian: (x, values) => {
      inside(x);
      rows.forEach((row, i) => {
        for (let j = 0; j < n; j++) {
          const ahead = x.slice();
          const behind = x.slice();
          ahead[j]! += 1e-6;
          behind[j]! -= 1e-6;
          values[i * n + j] = (row(ahead) - row(behind)) / 2e-6;
        }
      });
    },
  };
}

function verdictAt(problem: NonlinearProgram, x: readonly number[]) {
  const evaluator = new Evaluator(problem);
  const candidate = {
    x: Float64Array.from(x),
    objective: 0,
    multipliers: new Float64Array(problem.meta.constraintCount),
  };
  return judgeLeastViolation(assess(evaluator, candidate), problem, () => false);
}

describe('a least violation', () => {
  test('is one where rows contradict each other', () => {
    const apart = problemOf({ start: [0], rows: [(x) => x[0]! ** 2 + 1] });
    expect(verdictAt(apart, [0]).isLeast).toBe(true);
    expect(verdictAt(apart, [0.5]).isLeast).toBe(false);
  });

  test('may be held by a bound', () => {
    const bounded = problemOf({ start: [0.5], lower: [0.5], upper: [2], rows: [(x) => x[0]! ** 2 - 0.1] });
    expect(verdictAt(bounded, [0.5]).isLeast).toBe(true);
  });

  test('is none where the slope vanishes with the violation', () => {
    const flat = problemOf({ start: [1], rows: [(x) => x[0]! ** 2] });
    for (const t of [1e-2, 1e-3, 4e-4, 1e-5]) expect(verdictAt(flat, [t]).isLeast).toBe(false);
  });

  test('is none at a maximum or saddle of the violation, and a lower point is given', () => {
    const circle = problemOf({ start: [0, 0], rows: [(x) => x[0]! ** 2 + x[1]! ** 2 - 1], equal: true });
    const saddle = problemOf({ start: [0, 0], rows: [(x) => 1 + x[0]! ** 2 - x[1]! ** 2] });
    for (const [problem, row] of [
      [circle, (x: Float64Array) => Math.abs(x[0]! ** 2 + x[1]! ** 2 - 1)],
      [saddle, (x: Float64Array) => Math.max(0, 1 + x[0]! ** 2 - x[1]! ** 2)],
    ] as const) {
      const { isLeast, lower } = verdictAt(problem, [0, 0]);
      expect(isLeast).toBe(false);
      expect(row(lower!)).toBeLessThan(0.999);
    }
  });

  test('agrees with the curvature of random quadratic rows, whatever their number of variables', () => {
    const random = quickRandom(15);
    let least = 0;
    let none = 0;
    for (let k = 0; k < 200; k++) {
      const n = 2 + Math.floor(28 * random());
      const curvatures = Array.from({ length: n }, () => 0.2 + random());
      const isSaddle = k % 2 === 1;
      if (isSaddle) curvatures[Math.floor(n * random())] = -0.5 - random();
      const row = (x: Float64Array) => 1 + x.reduce((sum, value, j) => sum + curvatures[j]! * value * value, 0);
      const verdict = verdictAt(problemOf({ start: curvatures, rows: [row] }), new Array<number>(n).fill(0));
      expect(verdict.isLeast).toBe(!isSaddle);
      if (isSaddle) none++;
      else least++;
    }
    expect([least, none]).toEqual([100, 100]);
  });
});

describe('solvers', () => {
  const doors = { minimize, solveSqp, solveAugmentedLagrangian, solveInterior };

  test.each(Object.keys(doors) as (keyof typeof doors)[])('%s leaves a maximum of the violation', (name) => {
    const problem: NonlinearProgram = {
      ...problemOf({ start: [0, 0], rows: [(x) => x[0]! ** 2 + x[1]! ** 2 - 1], equal: true }),
      hessian: (_x, weight, multipliers, values) => values.set([2 * weight + 2 * multipliers[0]!, 0, 2 * weight + 2 * multipliers[0]!]), // prettier-ignore
    };
    const result = doors[name](problem);
    expect(result.termination).not.toContain('infeasible');
    if (name === 'minimize') expect(isSolved(result.termination)).toBe(true);
  });

  test('do not call rows infeasible that only fail every constraint qualification', () => {
    expect(runCase(12_068).verdict).not.toHaveProperty('falseClaim');
  });
});
