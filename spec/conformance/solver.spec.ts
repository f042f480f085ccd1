import { describe, expect, test } from 'vitest';
import { solveAugmentedLagrangian } from '../../lib/auglag/index.js';
import { solveInterior } from '../../lib/interior/index.js';
import { minimize } from '../../lib/minimize/index.js';
import type { NonlinearProgram } from '../../lib/problem/index.js';
import { solveSqp } from '../../lib/sqp/index.js';
import { solveBound, solveLimitedMemory } from '../../lib/bound/index.js';
import type { SolveContext } from '../../lib/nlp/index.js';
import { randomStream } from '../../lib/random/index.js';
import { Budget, isSolved, type SolverResult } from '../../lib/solver/index.js';
import { objections } from '../support/nlp-checker.js';

interface Options {
  maxIterations?: number;
  maxEvaluations?: number;
  timeLimitSeconds?: number;
}
type Solve = (problem: NonlinearProgram, options?: Options, context?: SolveContext) => SolverResult;

/** Every solver, and every method of `minimize`. */
const solvers: readonly [string, Solve, { constrained: boolean; needsHessian: boolean }][] = [
  ['solveSqp', solveSqp, { constrained: true, needsHessian: false }],
  ['solveInterior', solveInterior, { constrained: true, needsHessian: true }],
  ['solveAugmentedLagrangian', solveAugmentedLagrangian, { constrained: true, needsHessian: false }],
  ['solveBound', solveBound, { constrained: false, needsHessian: false }],
  ['solveLimitedMemory', solveLimitedMemory, { constrained: false, needsHessian: false }],
  ['minimize', minimize, { constrained: true, needsHessian: false }],
  ...(['bound', 'sqp', 'auglag', 'interior'] as const).map(
    (method): [string, Solve, { constrained: boolean; needsHessian: boolean }] => [
      `minimize by ${method}`,
      (problem, options, context) => minimize(problem, { ...options, method }, context),
      { constrained: method !== 'bound', needsHessian: method === 'interior' },
    ],
  ),
];

interface Calls {
  count: number;
  outside: number;
}

/** Σ 100(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)², times `factor`, within −1 … 2, with Σ x ≤ 3 where asked; watches its own calls. */
function valley(
  kind: { constrained: boolean; derivatives: boolean; factor?: number; rowFactor?: number; n?: number },
  calls: Calls = { count: 0, outside: 0 },
): NonlinearProgram {
  const { factor = 1, rowFactor = 1, n = 4 } = kind;
  const m = kind.constrained ? 1 : 0;
  const lower = new Float64Array(n).fill(-1);
  const upper = new Float64Array(n).fill(2);
  const watch = (x: Float64Array): void => {
    if (x.some((value, j) => value < lower[j]! || value > upper[j]!)) calls.outside++;
  };
  const at = (i: number, j: number): number => (i * (i + 1)) / 2 + j;
  return {
    meta: {
      variableCount: n,
      constraintCount: m,
      lower,
      upper,
      constraintLower: new Float64Array(m).fill(-Infinity),
      constraintUpper: new Float64Array(m).fill(3 * rowFactor),
      start: Float64Array.from({ length: n }, (_, j) => (j % 2 === 0 ? -1 : 1)),
    },
    objective: (x) => {
      calls.count++;
      watch(x);
      let sum = 0;
      for (let i = 0; i + 1 < n; i++) sum += 100 * (x[i + 1]! - x[i]! ** 2) ** 2 + (1 - x[i]!) ** 2;
      return factor * sum;
    },
    ...(m > 0 && {
      constraints: (x: Float64Array, values: Float64Array) => {
        watch(x);
        values[0] = rowFactor * x.reduce((sum, value) => sum + value, 0);
      },
    }),
    ...(kind.derivatives && {
      gradient: (x: Float64Array, values: Float64Array) => {
        watch(x);
        values.fill(0);
        for (let i = 0; i + 1 < n; i++) {
          const gap = x[i + 1]! - x[i]! ** 2;
          values[i]! += factor * (-400 * x[i]! * gap - 2 * (1 - x[i]!));
          values[i + 1]! += factor * 200 * gap;
        }
      },
      hessian: (x: Float64Array, weight: number, _y: Float64Array, values: Float64Array) => {
        watch(x);
        values.fill(0);
        for (let i = 0; i + 1 < n; i++) {
          values[at(i, i)]! += weight * factor * (1200 * x[i]! ** 2 - 400 * x[i + 1]! + 2);
          values[at(i + 1, i + 1)]! += weight * factor * 200;
          values[at(i + 1, i)]! -= weight * factor * 400 * x[i]!;
        }
      },
      ...(m > 0 && { jacobian: (_x: Float64Array, values: Float64Array) => void values.fill(rowFactor) }),
    }),
  };
}

/** The same problem in x̃ⱼ = factorⱼ·xⱼ, its bounds, start and derivatives in these units; without Jacobian patterns. */
function inVariableUnits(
  problem: NonlinearProgram,
  factors: Float64Array,
  typical: Float64Array | undefined,
): NonlinearProgram {
  const { meta } = problem;
  const own = (x: Float64Array) => x.map((value, j) => value / factors[j]!);
  const scaled = (values: Float64Array) => values.map((value, j) => value * factors[j]!);
  return {
    meta: {
      ...meta,
      lower: scaled(meta.lower),
      upper: scaled(meta.upper),
      start: scaled(meta.start),
      ...(typical && { typical }),
    },
    objective: (x) => problem.objective(own(x)),
    ...(meta.constraintCount > 0 && {
      constraints: (x: Float64Array, values: Float64Array) => problem.constraints!(own(x), values),
    }),
    gradient: (x, values) => {
      problem.gradient!(own(x), values);
      for (let j = 0; j < values.length; j++) values[j]! /= factors[j]!;
    },
    ...(meta.constraintCount > 0 && {
      jacobian: (x: Float64Array, values: Float64Array) => {
        problem.jacobian!(own(x), values);
        for (let k = 0; k < values.length; k++) values[k]! /= factors[k % factors.length]!;
      },
    }),
    hessian: (x, weight, multipliers, values) => {
      problem.hessian!(own(x), weight, multipliers, values);
      for (let i = 0, k = 0; i < factors.length; i++) {
        for (let j = 0; j <= i; j++, k++) values[k]! /= factors[i]! * factors[j]!;
      }
    },
  };
}

interface Landscape {
  readonly name: string;
  readonly start: readonly number[];
  readonly objective: (x: Float64Array) => number;
  readonly gradient: (x: Float64Array) => number[];
  /** Packed lower triangle. */
  readonly hessian: (x: Float64Array) => number[];
  /** x₀ + x₁ ≤ this. */
  readonly most?: number;
  readonly lower: number;
  readonly upper: number;
}

/** First-order points that are no minima: saddles, maxima, inflections and points where second derivatives say nothing. */
const landscapes: readonly Landscape[] = [
  {
    name: 'a saddle',
    start: [0, 0],
    objective: ([x, y]) => x! * x! - y! * y!,
    gradient: ([x, y]) => [2 * x!, -2 * y!],
    hessian: () => [2, 0, -2],
    lower: -1,
    upper: 2,
  },
  {
    name: 'a maximum',
    start: [0, 0],
    objective: ([x, y]) => -x! * x! - 3 * y! * y!,
    gradient: ([x, y]) => [-2 * x!, -6 * y!],
    hessian: () => [-2, 0, -6],
    lower: -1,
    upper: 2,
  },
  {
    name: 'an inflection',
    start: [0, 0],
    objective: ([x, y]) => x! ** 3 + y! * y!,
    gradient: ([x, y]) => [3 * x! * x!, 2 * y!],
    hessian: ([x]) => [6 * x!, 0, 2],
    lower: -2,
    upper: 2,
  },
  {
    name: 'a monkey saddle',
    start: [0, 0],
    objective: ([x, y]) => x! ** 3 - 3 * x! * y! * y!,
    gradient: ([x, y]) => [3 * x! * x! - 3 * y! * y!, -6 * x! * y!],
    hessian: ([x, y]) => [6 * x!, -6 * y!, -6 * x!],
    lower: -2,
    upper: 2,
  },
  {
    name: 'a quartic saddle',
    start: [0, 0, 0],
    objective: ([x, y, z]) => x! ** 4 + z! * z! - y! ** 4,
    gradient: ([x, y, z]) => [4 * x! ** 3, -4 * y! ** 3, 2 * z!],
    hessian: ([x, y]) => [12 * x! ** 2, 0, -12 * y! ** 2, 0, 0, 2],
    lower: -1,
    upper: 1,
  },
  {
    name: 'the middle of an edge on which it is concave',
    start: [2, 2],
    objective: ([x, y]) => -x! * x! - y! * y!,
    gradient: ([x, y]) => [-2 * x!, -2 * y!],
    hessian: () => [-2, 0, -2],
    most: 10,
    lower: 0,
    upper: 100,
  },
];

function landscape(kind: Landscape, derivatives: boolean, factor: number, calls: Calls): NonlinearProgram {
  const n = kind.start.length;
  const m = kind.most === undefined ? 0 : 1;
  return {
    meta: {
      variableCount: n,
      constraintCount: m,
      lower: new Float64Array(n).fill(kind.lower),
      upper: new Float64Array(n).fill(kind.upper),
      constraintLower: new Float64Array(m).fill(-Infinity),
      constraintUpper: new Float64Array(m).fill(kind.most ?? 0),
      start: Float64Array.from(kind.start),
    },
    objective: (x) => {
      if (x.some((value) => value < kind.lower || value > kind.upper)) calls.outside++;
      calls.count++;
      return factor * kind.objective(x);
    },
    ...(derivatives && {
      gradient: (x: Float64Array, values: Float64Array) => values.set(kind.gradient(x).map((v) => factor * v)),
      hessian: (x: Float64Array, weight: number, _y: Float64Array, values: Float64Array) =>
        values.set(kind.hessian(x).map((v) => factor * weight * v)),
    }),
    ...(m > 0 && {
      constraints: (x: Float64Array, values: Float64Array) => void (values[0] = x[0]! + x[1]!),
      ...(derivatives && { jacobian: (_x: Float64Array, values: Float64Array) => void values.fill(1) }),
    }),
  };
}

/** The lowest value, relative to that at the point, among feasible points around it: an independent judge of minima. */
function deepestNeighbour(kind: Landscape, x: Float64Array): number {
  const stream = randomStream(3, 'neighbours');
  let deepest = 0;
  for (let k = 0; k < 2000; k++) {
    const radius = 10 ** (-3 * stream.uniform()) * 0.3;
    const near = x.map((value) => Math.min(kind.upper, Math.max(kind.lower, value + radius * stream.normal())));
    if (kind.most !== undefined && near[0]! + near[1]! > kind.most) {
      const half = 0.5 * (near[0]! + near[1]! - kind.most);
      near[0]! -= half;
      near[1]! -= half;
      if (near.some((value) => value < kind.lower)) continue;
    }
    deepest = Math.min(deepest, kind.objective(near) - kind.objective(x));
  }
  return deepest;
}

describe.each(solvers)('%s', (_name, solve, { constrained, needsHessian }) => {
  const variants = needsHessian ? [true] : [true, false];

  test('solves, and its claim stands before another judge', () => {
    for (const derivatives of variants) {
      const problem = valley({ constrained, derivatives });
      const result = solve(problem);
      expect(isSolved(result.termination)).toBe(true);
      expect(objections(valley({ constrained, derivatives: true }), result)).toEqual([]);
      // Signs of multipliers: those of upper sides are not negative, of lower sides not positive.
      for (let j = 0; j < result.x.length; j++) {
        if (result.boundMultipliers[j]! > 1e-6) expect(result.x[j]).toBeCloseTo(2, 5);
        if (result.boundMultipliers[j]! < -1e-6) expect(result.x[j]).toBeCloseTo(-1, 5);
      }
      for (const y of result.multipliers) expect(y).toBeGreaterThanOrEqual(0);
    }
  });

  test('never calls a function outside the bounds', () => {
    for (const derivatives of variants) {
      const calls = { count: 0, outside: 0 };
      solve(valley({ constrained, derivatives }, calls));
      expect(calls.outside).toBe(0);
      expect(calls.count).toBeGreaterThan(5);
    }
  });

  test.each([1, 5, 23])('makes at most %i evaluations when that is the limit, and counts every call', (limit) => {
    for (const derivatives of variants) {
      const calls = { count: 0, outside: 0 };
      const problem = valley({ constrained, derivatives }, calls);
      const result = solve(problem, { maxEvaluations: limit });
      expect(calls.count).toBeLessThanOrEqual(limit);
      expect(result.counts.objective).toBe(calls.count);
      if (!isSolved(result.termination)) expect(result.termination).toBe('evaluation-limit');
    }
  });

  test.each([1, 3])(
    'makes exactly %i iterations when that is the limit, of its own or of a budget that is shared',
    (limit) => {
      const problem = valley({ constrained, derivatives: true });
      for (const result of [
        solve(problem, { maxIterations: limit }),
        solve(problem, {}, { budget: new Budget({ maxIterations: limit }) }),
      ]) {
        // A polish on the active set may solve the problem before the limit.
        if (isSolved(result.termination)) expect(result.iterations).toBeLessThanOrEqual(limit);
        else expect([result.termination, result.iterations]).toEqual(['iteration-limit', limit]);
      }
    },
  );

  test('returns the best point that it met at a limit', () => {
    let best = Infinity;
    const problem = valley({ constrained: false, derivatives: true });
    const watched: NonlinearProgram = {
      ...problem,
      objective: (x) => {
        const value = problem.objective(x);
        best = Math.min(best, value);
        return value;
      },
    };
    const result = solve(watched, { maxIterations: 4 });
    expect(result.objective).toBe(best);
    expect(problem.objective(result.x.slice())).toBe(best);
  });

  test('stops at the signal, at the time and at the callback', () => {
    const problem = valley({ constrained, derivatives: true });
    expect(solve(problem, {}, { signal: { aborted: true } }).termination).toBe('interrupted');
    expect(solve(problem, { timeLimitSeconds: 1e-9 }).termination).toBe('time-limit');
    let seen = 0;
    const result = solve(problem, {}, { onIteration: () => ++seen < 2 });
    expect(result.termination).toBe('interrupted');
    expect(seen).toBe(2);
  });

  test('says the same thing twice and leaves its input alone', () => {
    const problem = valley({ constrained, derivatives: true });
    const before = structuredClone(problem.meta);
    const first = solve(problem);
    const second = solve(problem);
    expect([...second.x]).toEqual([...first.x]);
    expect(second.counts).toEqual(first.counts);
    expect(problem.meta).toEqual(before);
  });

  test('takes the same steps when objective and rows are scaled by 2⁴⁰ or 2⁻⁴⁰', () => {
    const path = (exponent: number): number[] => {
      const factor = 2 ** exponent;
      const list: number[] = [];
      const problem = valley({ constrained, derivatives: true, factor, rowFactor: factor });
      const result = solve(problem, {}, { onIteration: ({ objective }) => (list.push(objective / factor), true) });
      expect(isSolved(result.termination)).toBe(true);
      expect(Math.abs(result.objective / factor - reference.objective)).toBeLessThan(1e-6);
      return list;
    };
    const reference = solve(valley({ constrained, derivatives: true }));
    const plain = path(0);
    for (const exponent of [40, -40]) {
      const scaled = path(exponent);
      const common = Math.min(plain.length, scaled.length, 5);
      expect(common).toBeGreaterThan(2);
      for (let k = 0; k < common; k++) expect(scaled[k]).toBeCloseTo(plain[k]!, 8);
    }
  });

  test.each([
    ['all by 2²⁰', () => 20],
    ['all by 2⁻²⁰', () => -20],
    ['all by 2⁴⁰', () => 40],
    ['all by 2⁻⁴⁰', () => -40],
    ['one up, one down by 2³⁰', (j: number) => (j % 2 === 0 ? 30 : -30)],
  ] as const)('says the same when variables are counted in other units: %s', (_name, exponentOf) => {
    const plain = valley({ constrained, derivatives: true });
    const reference = solve(plain);
    expect(isSolved(reference.termination)).toBe(true);
    const factors = Float64Array.from({ length: 4 }, (_, j) => 2 ** exponentOf(j));
    for (const typical of [undefined, factors]) {
      const result = solve(inVariableUnits(plain, factors, typical));
      expect(result.termination).toBe(reference.termination);
      expect(Math.abs(result.objective - reference.objective)).toBeLessThan(1e-6);
      result.x.forEach((value, j) => expect(value / factors[j]!).toBeCloseTo(reference.x[j]!, 3));
    }
  });

  test('reports the first error of the functions that it calls', () => {
    const error = new RangeError('not today');
    const problem = valley({ constrained, derivatives: true });
    const throwing = {
      ...problem,
      objective: () => {
        throw error;
      },
    };
    const result = solve(throwing);
    expect(result.termination).toBe('not-finite');
    expect(result.cause).toBe(error);
    expect(solve({ ...problem, objective: () => NaN }).termination).toBe('not-finite');
  });

  test('solves again from its solution without a worse answer', () => {
    const problem = valley({ constrained, derivatives: true });
    const first = solve(problem);
    const again = solve(problem, {}, { start: first.x, multipliers: first.multipliers });
    expect(isSolved(again.termination)).toBe(true);
    expect(again.objective).toBeLessThanOrEqual(first.objective + 1e-6);
  });

  test.each(landscapes)('does not call $name solved', (kind) => {
    if (kind.most !== undefined && !constrained) return;
    for (const derivatives of variants) {
      for (const factor of [1, 1e-9, 1e9]) {
        const calls = { count: 0, outside: 0 };
        const result = solve(landscape(kind, derivatives, factor, calls));
        // An interior method may take very long to leave a maximum of that size: it must not claim it, and it does not.
        if (factor <= 1)
          expect([derivatives, factor, isSolved(result.termination)]).toEqual([derivatives, factor, true]);
        if (isSolved(result.termination)) expect(deepestNeighbour(kind, result.x)).toBeGreaterThan(-1e-4);
        expect(kind.objective(result.x)).toBeLessThan(kind.objective(Float64Array.from(kind.start)));
        expect(calls.outside).toBe(0);
        expect(result.counts.objective).toBe(calls.count);
      }
    }
  });
});
