import { describe, expect, test } from 'vitest';
import {
  LimitedMemoryMinimizer,
  TrustRegionNewton,
  solveBound,
  solveLimitedMemory,
  solveTrustRegionNewton,
  type BoundMinimizer,
} from '../../../lib/bound/index.js';
import type { NonlinearProgram } from '../../../lib/problem/index.js';
import { boundProblem, boundProblems, tridiagonalQuadratic } from '../../support/bound-problems.js';
import { makeProblem } from '../../support/modeller.js';
import { objections } from '../../support/nlp-checker.js';

const minimizers: readonly (readonly [string, BoundMinimizer])[] = [
  ['trust-region Newton', solveTrustRegionNewton],
  ['limited memory', solveLimitedMemory],
];

describe.each(minimizers)('%s', (name, solve) => {
  test.each(boundProblems.map((problem) => [problem.name, problem] as const))('solves %s', (_, definition) => {
    // First derivatives alone cannot tell a saddle from a minimum.
    if (name === 'limited memory' && definition.name.startsWith('saddle')) return;
    const problem = boundProblem(definition);
    const result = solve(problem, { maxIterations: 2000 });
    expect(result.termination).toBe('locally-optimal');
    expect(objections(problem, result)).toEqual([]);
    expect(result.objective).toBeLessThan(definition.minimum + 1e-6);
    expect(result.objective).toBeGreaterThan(definition.minimum - 1e-6);
  });

  test('agrees with projected coordinate descent on a large sparse quadratic', () => {
    const size = 2000;
    const problem = tridiagonalQuadratic(size, -0.2, 0.3);
    const result = solve(problem);
    const x = new Float64Array(size);
    for (let sweep = 0; sweep < 400; sweep++) {
      for (let j = 0; j < size; j++) {
        const rest = (j > 0 ? x[j - 1]! : 0) + (j + 1 < size ? x[j + 1]! : 0);
        x[j] = Math.min(Math.max((Math.sin(j) + rest) / 2.5, -0.2), 0.3);
      }
    }
    expect(result.termination).toBe('locally-optimal');
    expect(Math.max(...result.x.map((entry, j) => Math.abs(entry - x[j]!)))).toBeLessThan(1e-5);
    expect(result.x.filter((entry) => entry === 0.3).length).toBeGreaterThan(100);
  });

  test.each([1, 2, 3, 7])('evaluates the objective exactly %i times when that is the limit', (limit) => {
    const problem = boundProblem(boundProblems[0]!);
    let calls = 0;
    const result = solve(
      {
        ...problem,
        objective: (x) => {
          calls++;
          return problem.objective(x);
        },
      },
      { maxEvaluations: limit },
    );
    expect(calls).toBe(limit);
    expect(result.counts.objective).toBe(limit);
    expect(result.termination).toBe('evaluation-limit');
    expect(result.objective).toBeLessThanOrEqual(problem.objective(problem.meta.start));
  });

  test.each([1, 2, 5])('makes exactly %i iterations when that is the limit', (limit) => {
    const result = solve(boundProblem(boundProblems[0]!), { maxIterations: limit });
    expect(result.iterations).toBe(limit);
    expect(result.termination).toBe('iteration-limit');
  });

  test('stops at the signal and at the callback', () => {
    const problem = boundProblem(boundProblems[0]!);
    const aborted = AbortSignal.abort();
    expect(solve(problem, {}, { signal: aborted }).termination).toBe('interrupted');
    let seen = 0;
    const result = solve(problem, {}, { onIteration: () => ++seen < 3 });
    expect(result.termination).toBe('interrupted');
    expect(seen).toBe(3);
  });

  test('says unbounded for a ray and not for a low minimum', () => {
    const meta = boundProblem({ name: 'line', start: [1, 1], bounds: { 2: [0, Infinity] }, objective: '-x1 + x2' });
    const falling = solve(meta);
    expect(falling.termination).toBe('unbounded');
    expect(objections(meta, falling)).toEqual([]);
    const bowl = boundProblem({ name: 'bowl', start: [1], objective: '(1e-3*x1 - 1)^2*1e6 - 1e19' });
    expect(['locally-optimal', 'stalled']).toContain(solve(bowl).termination);
  });

  test('names the variable whose bounds cross', () => {
    const problem = boundProblem({ name: 'crossed', start: [0, 0], bounds: { 2: [1, -1] }, objective: 'x1^2' });
    const result = solve(problem);
    expect(result.termination).toBe('infeasible');
    expect(result.message).toContain('1');
  });

  test('refuses constraints', () => {
    const problem = boundProblem({ name: 'row', start: [0], objective: 'x1^2', constraints: ['x1 >= 1'] });
    expect(() => solve(problem)).toThrow(RangeError);
  });

  test('keeps the best point where the function breaks down', () => {
    const base = boundProblem(boundProblems[0]!);
    const faults: ((x: Float64Array, calls: number) => number)[] = [
      (x) => (x[0]! > 0 ? NaN : base.objective(x)),
      (x) => (x[0]! > 0 ? -Infinity : base.objective(x)),
      (x, calls) => {
        if (calls > 5) throw new Error('broken');
        return base.objective(x);
      },
      (x) => base.objective(x) + (x[0]! > -0.5 ? 100 : 0),
      (x, calls) => (calls % 3 === 0 ? Infinity : base.objective(x)),
    ];
    for (const fault of faults) {
      let calls = 0;
      const problem: NonlinearProgram = { ...base, objective: (x) => fault(x, ++calls) };
      const result = solve(problem, { maxIterations: 300 });
      expect(Number.isFinite(result.objective)).toBe(true);
      expect(result.objective).toBeLessThanOrEqual(base.objective(base.meta.start));
      expect(result.x.every((entry) => Number.isFinite(entry))).toBe(true);
      expect(result.termination).not.toBe('unbounded');
    }
  });

  test('says not-finite when nothing can be evaluated', () => {
    const base = boundProblem(boundProblems[0]!);
    const result = solve({
      ...base,
      objective: () => {
        throw new Error('never');
      },
    });
    expect(result.termination).toBe('not-finite');
    expect(result.primalStatus).toBe('unknown');
  });
});

describe('work space', () => {
  test.each([
    ['trust-region Newton', (problem: NonlinearProgram) => new TrustRegionNewton(problem)],
    ['limited memory', (problem: NonlinearProgram) => new LimitedMemoryMinimizer(problem)],
  ] as const)('%s gives the same answer when asked again, from another start too', (_, make) => {
    const problem = boundProblem(boundProblems[1]!);
    const minimizer = make(problem);
    const first = minimizer.solve();
    const other = minimizer.solve({}, { start: Float64Array.of(0.4, -1) });
    const again = minimizer.solve();
    expect(again.x).toEqual(first.x);
    expect(again.counts).toEqual(first.counts);
    expect(Math.abs(other.objective - first.objective)).toBeLessThan(1e-8);
  });
});

describe('solveBound', () => {
  test('uses differences when there are no derivatives, and counts them', () => {
    const { meta, objective } = boundProblem(boundProblems[1]!);
    const result = solveBound({ meta, objective }, { optimalityTolerance: 1e-5 });
    expect(result.objective).toBeCloseTo(0.25, 6);
    expect(result.counts.objective).toBeGreaterThan(3 * result.iterations);
  });

  test('never exceeds an evaluation limit by differencing', () => {
    const { meta, objective } = boundProblem(boundProblems[0]!);
    for (const limit of [1, 2, 3, 4, 11]) {
      let calls = 0;
      const counted = (x: Float64Array): number => {
        calls++;
        return objective(x);
      };
      solveBound({ meta, objective: counted }, { maxEvaluations: limit });
      expect(calls).toBeLessThanOrEqual(limit);
    }
  });

  test('solves 10,000 variables in seconds, by Hessian and by products alone', () => {
    const problem = tridiagonalQuadratic(10_000, -0.2, 0.3);
    const { hessian: _unused, ...products } = problem;
    const begun = performance.now();
    const first = solveBound(problem);
    const second = solveBound(products);
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect(first.termination).toBe('locally-optimal');
    expect(second.counts.hessianProduct).toBeGreaterThan(0);
    expect(Math.abs(first.objective - second.objective)).toBeLessThan(1e-6);
  });
});

test('trust-region Newton goes on by the gradient where cancellation hides the last decrease', () => {
  // Residuals of some ten are differences of numbers of some fifty thousand.
  const terms = Array.from({ length: 20 }, (_, k) => {
    const measured = 52345.6 * Math.exp(-0.13 * (k + 1)) + 77 + 10 * Math.sin(5 * (k + 1));
    return `(100000*x1*exp(0-0.1*x2*${k + 1})+x3-${measured.toFixed(5)})^2`;
  });
  const problem = makeProblem({ name: 'cancelling', objective: terms.join('+'), start: [1, 1, 0] });
  const result = solveTrustRegionNewton(problem);
  expect(result.termination).toBe('locally-optimal');
  expect(objections(problem, result)).toEqual([]);
  expect(result.iterations).toBeLessThan(40);
});

test('conjugate gradients end soon after the signal to stop', () => {
  const n = 2000;
  let products = 0;
  const signal = {
    get aborted() {
      return products >= 100;
    },
  };
  const weight = (j: number) => 1 + j * j;
  const problem: NonlinearProgram = {
    meta: {
      variableCount: n,
      constraintCount: 0,
      lower: new Float64Array(n).fill(-Infinity),
      upper: new Float64Array(n).fill(Infinity),
      constraintLower: new Float64Array(0),
      constraintUpper: new Float64Array(0),
      start: new Float64Array(n).fill(1),
    },
    // A quartic term keeps it from being a quadratic program; neighbours are coupled, so that a diagonal does not precondition it.
    objective: (x) =>
      x.reduce(
        (sum, value, j) => sum + 0.5 * weight(j) * (value - (x[j - 1] ?? 0)) ** 2 + 0.25e-3 * value ** 4 - value,
        0,
      ),
    gradient: (x, values) => {
      for (let j = 0; j < n; j++) {
        values[j] = weight(j) * (x[j]! - (x[j - 1] ?? 0)) + 1e-3 * x[j]! ** 3 - 1;
        if (j + 1 < n) values[j]! -= weight(j + 1) * (x[j + 1]! - x[j]!);
      }
    },
    hessianProduct: (x, objectiveWeight, _multipliers, direction, values) => {
      products++;
      for (let j = 0; j < n; j++) {
        let value = weight(j) * (direction[j]! - (direction[j - 1] ?? 0)) + 3e-3 * x[j]! ** 2 * direction[j]!;
        if (j + 1 < n) value -= weight(j + 1) * (direction[j + 1]! - direction[j]!);
        values[j] = objectiveWeight * value;
      }
    },
  };
  const result = solveTrustRegionNewton(problem, {}, { signal });
  expect(result.termination).toBe('interrupted');
  expect(products).toBeLessThan(120);
});

test('a value of −Infinity is no step to take, for want of derivatives there', () => {
  const none = new Float64Array(0);
  const holed: NonlinearProgram = {
    meta: {
      variableCount: 1,
      constraintCount: 0,
      lower: Float64Array.of(-10),
      upper: Float64Array.of(10),
      constraintLower: none,
      constraintUpper: none,
      start: Float64Array.of(3),
    },
    objective: ([x]) => (x! < -2 ? -Infinity : (x! - 1) ** 2),
    gradient: ([x], values) => void (values[0] = x! < -2 ? NaN : 2 * (x! - 1)),
  };
  for (const start of [3, -1.9, 9]) {
    const result = solveLimitedMemory(holed, {}, { start: Float64Array.of(start) });
    expect(result.x[0]).toBeCloseTo(1, 5);
    expect(result.termination).toMatch(/optimal/);
  }
});
