import { describe, expect, test } from 'vitest';
import { solveInterior } from '../../../lib/interior/index.js';
import { minimize } from '../../../lib/minimize/index.js';
import type { NonlinearProgram } from '../../../lib/problem/index.js';
import { solveSqp } from '../../../lib/sqp/index.js';
import { isSolved } from '../../../lib/solver/index.js';

interface Definition {
  readonly start: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  readonly objective: (x: Float64Array) => number;
  readonly rows?: (x: Float64Array) => number[];
  readonly sides?: readonly (readonly [number, number])[];
  readonly extra?: Partial<NonlinearProgram>;
}

function program({ start, lower, upper, objective, rows, sides = [], extra }: Definition): NonlinearProgram {
  return {
    meta: {
      variableCount: start.length,
      constraintCount: sides.length,
      lower: Float64Array.from(lower),
      upper: Float64Array.from(upper),
      constraintLower: Float64Array.from(sides, ([low]) => low),
      constraintUpper: Float64Array.from(sides, ([, high]) => high),
      start: Float64Array.from(start),
    },
    objective,
    ...(rows && { constraints: (x: Float64Array, values: Float64Array) => values.set(rows(x)) }),
    ...extra,
  };
}

const none = Infinity;
/** Concave along the edge x + y = 10, symmetric: the stationary point (5, 5) is the worst of it. */
const concave: Definition = {
  start: [2, 2],
  lower: [0, 0],
  upper: [100, 100],
  objective: ([x, y]) => -(x! * x! + y! * y!),
  rows: ([x, y]) => [x! + y!],
  sides: [[-none, 10]],
};
const exact: Partial<NonlinearProgram> = {
  gradient: ([x, y], values) => values.set([-2 * x!, -2 * y!]),
  jacobian: (_x, values) => values.set([1, 1]),
  hessian: (_x, weight, _y, values) => values.set([-2 * weight, 0, -2 * weight]),
};
const root = Math.sqrt;

describe('a stationary point that is no minimum is left', () => {
  test.each([
    ['differences', minimize(program(concave))],
    ['sqp', solveSqp(program({ ...concave, extra: exact }))],
    ['interior', minimize(program({ ...concave, extra: exact }), { method: 'interior' })],
    ['interior alone', solveInterior(program({ ...concave, extra: exact }))],
  ])('concave on its axis of symmetry: %s', (_name, result) => {
    expect(isSolved(result.termination)).toBe(true);
    expect(result.objective).toBeCloseTo(-100, 3);
  });

  test('a maximum along an edge', () => {
    const result = minimize(
      program({
        start: [0, 0],
        lower: [0, 0],
        upper: [none, none],
        objective: ([a, b]) => -(root(a! + 0.7 * b!) - root(0.7 * b!) + root(b! + 0.7 * a!) - root(0.7 * a!)),
        rows: ([a, b]) => [a! + b!],
        sides: [[-none, 2]],
      }),
    );
    expect(isSolved(result.termination)).toBe(true);
    expect(result.objective).toBeCloseTo(-Math.SQRT2, 4);
  });

  test('a row and a bound that hold the point only together', () => {
    const degenerate = program({
      start: [0.99, -0.99],
      lower: [-1, -1],
      upper: [1, 1],
      objective: ([x, y]) => Math.exp(x!) * (4 * x! * x! + 2 * y! * y! + 4 * x! * y! + 2 * y! + 1),
      rows: ([x, y]) => [x! * y!, x! * x! + y!],
      sides: [
        [-10, none],
        [1, 1],
      ],
    });
    for (const result of [solveSqp(degenerate), minimize(degenerate)]) {
      if (isSolved(result.termination)) expect(result.objective).toBeLessThan(5 - 1e-2);
      else expect(result.termination).toBe('stalled');
    }
  });

  test('a point of inflection', () => {
    const result = minimize(program({ start: [0], lower: [-2], upper: [2], objective: ([x]) => x! ** 3 }));
    expect(result.objective).toBeCloseTo(-8, 6);
  });

  test('a minimum stays', () => {
    const bowl = program({ start: [1, 1], lower: [0, 0], upper: [3, 3], objective: ([x, y]) => x! ** 2 + x! * y! });
    expect(minimize(bowl).objective).toBeCloseTo(0, 6);
    expect(isSolved(minimize(bowl).termination)).toBe(true);
  });
});
