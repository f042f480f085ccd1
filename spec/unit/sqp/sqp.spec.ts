import { describe, expect, it } from 'vitest';
import type { NonlinearProgram } from '../../../lib/problem/index.js';
import { SqpSolver, solveSqp } from '../../../lib/sqp/index.js';
import { makeProblem } from '../../support/modeller.js';
import { contradictions } from '../../support/result-checker.js';

const hs071 = makeProblem({
  name: 'hs071',
  objective: 'x1*x4*(x1+x2+x3)+x3',
  constraints: ['x1*x2*x3*x4>=25', 'x1^2+x2^2+x3^2+x4^2=40'],
  start: [1, 5, 5, 1],
  lower: 1,
  upper: 5,
});

/** min (x − 1)² + (y − 2)² with a given disturbance. */
function disturbed(over: Partial<NonlinearProgram>): NonlinearProgram {
  const bowl = makeProblem({ name: 'bowl', objective: '(x1-1)^2+(x2-2)^2', start: [5, 5] });
  const { convex: _noLonger, ...meta } = bowl.meta;
  return { ...bowl, meta, ...over };
}

describe('solveSqp', () => {
  it('solves a classical problem with multipliers of the documented sign', () => {
    const result = solveSqp(hs071);
    expect(result.termination).toBe('locally-optimal');
    expect(result.objective).toBeCloseTo(17.0140173, 6);
    expect(contradictions(hs071, result)).toEqual([]);
    // Known marginals: the product row is held below, the sum of squares as an equality, x1 at its lower bound.
    expect(result.multipliers[0]).toBeCloseTo(-0.55229366, 5);
    expect(result.multipliers[1]).toBeCloseTo(0.16146857, 5);
    expect(result.boundMultipliers[0]).toBeCloseTo(-1.08787121, 4);
    expect(result.dualStatus).toBe('stationary');
  });

  it('gives marginals: −y is the change of the optimum with the side', () => {
    const at = (side: number) =>
      solveSqp(makeProblem({ name: 'side', objective: 'x1^2+x2^2', constraints: [`x1+2*x2>=${side}`], start: [0, 0] }));
    const slope = (at(5.001).objective - at(4.999).objective) / 0.002;
    expect(-at(5).multipliers[0]!).toBeCloseTo(slope, 5);
  });

  it('stays where it is when started at the solution', () => {
    const first = solveSqp(hs071);
    const again = new SqpSolver(hs071).solve({
      start: first.x,
      multipliers: first.multipliers,
      workingSet: first.workingSet,
    });
    expect(again.termination).toBe('locally-optimal');
    expect(again.iterations).toBeLessThanOrEqual(1);
    expect(again.counts.objective).toBeLessThanOrEqual(2);
    expect(again.factorizations).toBeLessThanOrEqual(4);
  });

  it('gives the same answer twice, from one solver or two', () => {
    const solver = new SqpSolver(hs071);
    const first = solver.solve();
    const second = solver.solve();
    const third = new SqpSolver(hs071).solve();
    expect([...solveSqp(hs071).x]).toEqual([...solveSqp(hs071).x]);
    expect([...second.x]).toEqual([...first.x]);
    expect([...third.x]).toEqual([...first.x]);
    expect(second.counts).toEqual(first.counts);
    expect(second.iterations).toBe(first.iterations);
  });

  it('uses few evaluations and counts every one', () => {
    let calls = 0;
    const counted: NonlinearProgram = { ...hs071, objective: (x) => (calls++, hs071.objective(x)) };
    const result = solveSqp(counted);
    expect(result.counts.objective).toBe(calls);
    expect(calls).toBeLessThanOrEqual(10);
  });

  it('works from functions alone, and from first derivatives', () => {
    /* eslint-disable-next-line @typescript-eslint/unbound-method -- the problem's functions use no this */
    const { meta, objective, constraints, gradient, jacobian } = hs071;
    for (const problem of [
      { meta, objective, constraints },
      { meta, objective, constraints, gradient, jacobian },
    ]) {
      const result = solveSqp(problem);
      expect(result.termination).toBe('locally-optimal');
      expect(result.objective).toBeCloseTo(17.0140173, 5);
    }
    expect(() => solveSqp({ meta, objective, constraints }, { hessian: 'exact' })).toThrow(/no Hessian/);
  });

  it('handles no variables that move and no constraints at all', () => {
    const fixed = solveSqp(makeProblem({ name: 'all-fixed', objective: 'x1+x2^2', start: [3, 3], lower: 3, upper: 3 }));
    expect(fixed.termination).toMatch(/optimal/);
    expect(fixed.objective).toBe(12);
    expect([...fixed.boundMultipliers]).toEqual([-1, -6]);
    const none: NonlinearProgram = {
      ...makeProblem({ name: 'none', objective: '7', start: [] }),
    };
    expect(solveSqp(none).objective).toBe(7);
  });

  it('refuses crossed sides without an evaluation', () => {
    const crossed = { ...hs071, meta: { ...hs071.meta, lower: Float64Array.of(1, 6, 1, 1) } };
    const result = solveSqp(crossed);
    expect(result.termination).toBe('infeasible');
    expect(result.counts.objective).toBe(0);
    expect(result.message).toContain('Variable 1');
  });

  it('certifies linear infeasibility by Farkas multipliers', () => {
    const problem = makeProblem({
      name: 'farkas',
      objective: 'x1^2+x2',
      constraints: ['x1+x2>=3', 'x1-x2>=2', 'x1<=2'],
      start: [0, 0],
      upper: [Infinity, 1],
    });
    const result = solveSqp(problem);
    expect(result.termination).toBe('infeasible');
    expect(result.dualStatus).toBe('certificate');
    // yᵀA x over the box cannot reach what the sides ask of it.
    const y = result.multipliers;
    const columns = [y[0]! + y[1]! + y[2]!, y[0]! - y[1]!];
    const least = (columns[1]! >= 0 ? -Infinity : columns[1]! * 1) + 0;
    expect(Math.abs(columns[0]!)).toBeLessThan(1e-6);
    const sides = [3, 2, 2];
    const asked = [0, 1, 2].reduce((total, i) => total + y[i]! * sides[i]!, 0);
    expect(columns[1]! > -1e-6 && columns[1]! < 1e-6 ? 0 : least).toBeGreaterThan(asked);
  });
});

describe('limits and callbacks of solveSqp', () => {
  it('obeys limits of 1 exactly and returns the best point', () => {
    const oneIteration = solveSqp(hs071, { maxIterations: 1 });
    expect(oneIteration.termination).toBe('iteration-limit');
    expect(oneIteration.iterations).toBe(1);
    const oneEvaluation = solveSqp(hs071, { maxEvaluations: 1 });
    expect(oneEvaluation.termination).toBe('evaluation-limit');
    expect(oneEvaluation.counts.objective).toBe(1);
    expect([...oneEvaluation.x]).toEqual([1, 5, 5, 1]);
    expect(solveSqp(hs071, { timeLimitSeconds: 1e-9 }).termination).toBe('time-limit');
  });

  it('stops by signal and by callback', () => {
    const controller = new AbortController();
    controller.abort();
    expect(solveSqp(hs071, {}, { signal: controller.signal }).termination).toBe('interrupted');
    let records = 0;
    const result = solveSqp(
      hs071,
      {},
      {
        onIteration: ({ iteration }) => {
          records++;
          return iteration < 2;
        },
      },
    );
    expect(result.termination).toBe('interrupted');
    expect(records).toBe(2);
    expect(Number.isFinite(result.objective)).toBe(true);
  });
});

describe('faulty functions', () => {
  it.each([
    ['NaN', NaN],
    ['+∞', Infinity],
    ['−∞', -Infinity],
  ])('steps back from %s', (_name, value) => {
    const problem = disturbed({ objective: (x) => (x[0]! < 0.5 ? value : (x[0]! - 1) ** 2 + (x[1]! - 2) ** 2) });
    const result = solveSqp(problem);
    expect(result.termination).toBe('locally-optimal');
    expect(result.objective).toBeLessThan(1e-10);
  });

  it('steps back from exceptions and reports a problem that is defined nowhere', () => {
    const thrower = disturbed({
      objective: (x) => {
        if (x[0]! < 0.9) throw new Error('outside');
        return (x[0]! - 1) ** 2 + (x[1]! - 2) ** 2;
      },
    });
    expect(solveSqp(thrower).termination).toBe('locally-optimal');
    const never = disturbed({
      objective: () => {
        throw new Error('never');
      },
    });
    const result = solveSqp(never);
    expect(result.termination).toBe('not-finite');
    expect([...result.x]).toEqual([5, 5]);
  });

  it.each(['gradient', 'hessian'] as const)('gives a status when the %s is not finite', (which) => {
    const result = solveSqp(disturbed({ [which]: (...args: unknown[]) => (args.at(-1) as Float64Array).fill(NaN) }));
    expect(which === 'gradient' ? ['not-finite', 'stalled'] : ['locally-optimal']).toContain(result.termination);
  });

  it('keeps the best point of a discontinuous function', () => {
    const problem = disturbed({ objective: (x) => Math.floor(Math.abs(x[0]!) * 3) + x[1]! ** 2 });
    const result = solveSqp(problem, { maxIterations: 200 });
    expect(result.objective).toBeLessThanOrEqual(15 + 25);
    expect(result.objective).toBe(Math.floor(Math.abs(result.x[0]!) * 3) + result.x[1]! ** 2);
  });

  it('survives functions that change their dimensions or their argument', () => {
    const short = {
      ...hs071,
      constraints: (x: Float64Array, values: Float64Array) => {
        values[0] = x[0]! * x[1]! * x[2]! * x[3]!;
      },
    };
    expect(['not-finite', 'stalled']).toContain(solveSqp(short).termination);
    const meddling = disturbed({
      objective: (x) => {
        const value = (x[0]! - 1) ** 2 + (x[1]! - 2) ** 2;
        x.fill(1e9);
        return value;
      },
    });
    const result = solveSqp(meddling);
    expect(result.termination).toBe('locally-optimal');
    expect(result.x[0]).toBeCloseTo(1, 6);
  });

  it('gives a status for wrong derivatives', () => {
    const wrong = disturbed({ gradient: (_x, values) => values.fill(1) });
    const checked = solveSqp(wrong);
    expect(checked.termination).toBe('locally-optimal');
    expect(checked.x[0]).toBeCloseTo(1, 6);
    expect(checked.warnings!.join()).toContain('gradient is wrong for');
    const result = solveSqp(wrong, { maxIterations: 100, derivativeCheck: 'off' });
    expect(['stalled', 'iteration-limit']).toContain(result.termination);
    expect(result.dualStatus).not.toBe('stationary');
  });
});
