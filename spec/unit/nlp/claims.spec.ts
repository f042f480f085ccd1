import { describe, expect, test } from 'vitest';
import { solveAugmentedLagrangian } from '../../../lib/auglag/index.js';
import { solveInterior } from '../../../lib/interior/index.js';
import { minimize } from '../../../lib/minimize/index.js';
import type { NonlinearProgram } from '../../../lib/problem/index.js';
import { solveSqp } from '../../../lib/sqp/index.js';
import { fallsForever, ProblemError } from '../../../lib/nlp/index.js';
import { isSolved } from '../../../lib/solver/index.js';

interface Definition {
  readonly start: readonly number[];
  readonly lower?: readonly number[];
  readonly upper?: readonly number[];
  readonly objective: (x: Float64Array) => number;
  readonly extra?: Partial<NonlinearProgram>;
}

function boxed({ start, lower, upper, objective, extra }: Definition): NonlinearProgram {
  const n = start.length;
  return {
    meta: {
      variableCount: n,
      constraintCount: 0,
      lower: Float64Array.from(lower ?? start.map(() => -Infinity)),
      upper: Float64Array.from(upper ?? start.map(() => Infinity)),
      constraintLower: new Float64Array(0),
      constraintUpper: new Float64Array(0),
      start: Float64Array.from(start),
    },
    objective,
    ...extra,
  };
}

const rosenbrock = (x: Float64Array): number => (1 - x[0]!) ** 2 + 100 * (x[1]! - x[0]! ** 2) ** 2;

describe('units', () => {
  test.each([1, 1e-4, 1e-6, 1e-9, 1e6, 1e10])('an objective times %d has the same minimiser', (factor) => {
    const result = minimize(boxed({ start: [-1.2, 1], objective: (x) => factor * rosenbrock(x) }));
    expect(isSolved(result.termination)).toBe(true);
    expect(Math.hypot(result.x[0]! - 1, result.x[1]! - 1)).toBeLessThan(1e-4);
  });

  test('variables counted in other units have the same minimiser', () => {
    const result = minimize(
      boxed({ start: [1e9, 5e8], objective: ([x, y]) => (x! / 1e9 - 3) ** 2 + (y! / 1e9 + 2) ** 2 }),
    );
    expect(isSolved(result.termination)).toBe(true);
    expect(result.x[0]! / 1e9).toBeCloseTo(3, 5);
    expect(result.x[1]! / 1e9).toBeCloseTo(-2, 5);
  });
});

describe('unbounded', () => {
  /** s(−x + x²/2k), convex with its minimum at k, and s(−x − ln(b − x)), a barrier at b; both with exact derivatives. */
  const hidden = (scale: number, far: number, kind: 'bowl' | 'barrier'): NonlinearProgram => {
    const [f, g, h] =
      kind === 'bowl'
        ? [(x: number) => -x + (x * x) / (2 * far), (x: number) => -1 + x / far, () => 1 / far]
        : [(x: number) => -x - Math.log(far - x), (x: number) => -1 + 1 / (far - x), (x: number) => 1 / (far - x) ** 2];
    return {
      meta: {
        ...boxed({ start: [0], objective: () => 0 }).meta,
        constraintCount: 1,
        constraintLower: Float64Array.of(-1000),
        constraintUpper: Float64Array.of(Infinity),
      },
      objective: ([x]) => scale * f(x!),
      gradient: ([x], values) => void (values[0] = scale * g(x!)),
      hessian: ([x], weight, _y, values) => void (values[0] = weight * scale * h(x!)),
      constraints: ([x], values) => void (values[0] = x!),
      jacobian: (_x, values) => void (values[0] = 1),
    };
  };

  test('is never said of a bowl or a barrier far away', () => {
    let solved = 0;
    for (const kind of ['bowl', 'barrier'] as const) {
      for (const scale of [1, 1e6, 1e12]) {
        for (const far of [1e6, 1e9, 1e12]) {
          for (const solve of [minimize, solveSqp, solveInterior, solveAugmentedLagrangian]) {
            const result = solve(hidden(scale, far, kind));
            expect(result.termination).not.toBe('unbounded');
            if (isSolved(result.termination)) solved++;
          }
        }
      }
    }
    expect(solved).toBeGreaterThan(36);
  });

  test('is said of a line, with a direction along which it holds', () => {
    const line = boxed({ start: [1, 1], lower: [-Infinity, 0], objective: ([x, y]) => -x! + y! });
    const result = minimize(line);
    expect(result.termination).toBe('unbounded');
    expect(result.direction![0]).toBeGreaterThan(0);
    expect(result.direction![1]).toBeGreaterThanOrEqual(0);
  });
});

describe('functions of the caller', () => {
  test('their first error is the cause', () => {
    const error = new TypeError('my own bug');
    const failing = boxed({
      start: [1, 1],
      objective: () => {
        throw error;
      },
    });
    const result = minimize(failing);
    expect(result.termination).toBe('not-finite');
    expect(result.cause).toBe(error);
    expect(result.message).toContain('my own bug');
    const promising = minimize(boxed({ start: [1], objective: (() => Promise.resolve(1)) as unknown as () => number }));
    expect(String(promising.cause)).toContain('promise');
    const silent = minimize(boxed({ start: [1], objective: (() => undefined) as unknown as () => number }));
    expect(String(silent.cause)).toContain('nothing');
  });

  test('may spoil the x that they are given', () => {
    const result = minimize(
      boxed({
        start: [3, 2],
        objective: (x) => {
          x[0]! -= 1;
          x[1]! += 2;
          return x[0]! ** 2 + x[1]! ** 2;
        },
      }),
    );
    expect(result.x[0]).toBeCloseTo(1, 6);
    expect(result.x[1]).toBeCloseTo(-2, 6);
  });

  test('with a wrong gradient are solved by differences, and the variable is named', () => {
    const wrong = boxed({
      start: [-1.2, 1],
      objective: rosenbrock,
      extra: {
        gradient: ([x, y], values) => {
          values[0] = -2 * (1 - x!) - 400 * x! * (y! - x! * x!);
          values[1] = -200 * (y! - x! * x!);
        },
      },
    });
    const result = minimize(wrong);
    expect(result.warnings!.join()).toContain('variable 1');
    expect(isSolved(result.termination)).toBe(true);
    expect(result.x[0]).toBeCloseTo(1, 4);
    expect(minimize(wrong, { derivativeCheck: 'off', maxIterations: 200 }).warnings).toBeUndefined();
  });
});

describe('input', () => {
  test('is checked as a whole, and everything wrong is named', () => {
    const good = boxed({ start: [1, 1], objective: rosenbrock });
    const meta = {
      ...good.meta,
      constraintCount: 1,
      lower: Float64Array.of(NaN, 0),
      upper: Float64Array.of(1),
      start: Float64Array.of(1),
    };
    try {
      minimize({ ...good, meta });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ProblemError);
      const paths = (error as ProblemError).issues.map(({ path }) => path);
      for (const path of ['meta.lower[0]', 'meta.upper', 'meta.start', 'meta.constraintLower', 'constraints']) {
        expect(paths).toContain(path);
      }
    }
    const integers = { ...good, integerVariables: Int32Array.of(5) };
    expect(() => minimize(integers)).toThrow(/integerVariables\[0\]/);
  });
});

describe('rows far out', () => {
  /** x − y with rows about x + y: contradictory ones unless `open`; far out x + y is nothing but rounding. */
  const rows = (open: boolean): NonlinearProgram => ({
    meta: {
      variableCount: 2,
      constraintCount: 2,
      lower: Float64Array.of(-Infinity, -Infinity),
      upper: Float64Array.of(Infinity, Infinity),
      constraintLower: Float64Array.of(-Infinity, open ? -1 : 1),
      constraintUpper: Float64Array.of(0, Infinity),
      start: Float64Array.of(0, 0),
    },
    objective: ([x, y]) => y! - x!,
    gradient: (_x, values) => values.set([-1, 1]),
    constraints: ([x, y], values) => values.set([x! + y!, x! + y!]),
    jacobian: (_x, values) => values.fill(1),
  });
  const falls = (open: boolean, x: number, y: number) =>
    fallsForever(
      rows(open),
      Float64Array.of(0, 0),
      Float64Array.of(x, y),
      [Float64Array.of(1, -1)],
      1e-6,
      () => false,
    ) !== undefined;

  test.each([
    [1e16, 2 - 1e16],
    [1e17, -1e17],
    [1e17, 16 - 1e17],
  ])('a ray from (%d, %d), where rounding hides that they contradict each other, proves nothing', (x, y) => {
    expect(falls(false, x, y)).toBe(false);
  });

  test.each([1, 1e5, 1e9, 1e17])('a ray from %d whose rows hold is seen', (far) => {
    expect(falls(true, far, -far)).toBe(true);
  });
});
