import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { solveLimitedMemory, solveTrustRegionNewton } from '../../../lib/bound/index.js';
import { minimize } from '../../../lib/minimize/index.js';
import { ProgressWatch } from '../../../lib/minimize/progress-watch.js';
import { Budget, isSolved } from '../../../lib/solver/index.js';
import { runSqp, solveSqp } from '../../../lib/sqp/index.js';
import { scalable } from '../../problems/hard/scalable.js';
import { makeProblem } from '../../support/modeller.js';
import { reactorNetwork } from '../../support/reactor-networks.js';
import { objections } from '../../support/nlp-checker.js';

const family = (name: string, n: number) => makeProblem(scalable(n).find((entry) => entry.name === name)!);

describe('methods that do not suit a problem leave it to others', () => {
  test('SQP where every step takes many factorisations, the interior point then comes next', () => {
    const problem = family('clnlbeam', 60);
    const alone = runSqp(problem, {}, {});
    expect(alone.factorizations).toBeGreaterThan(1500);
    expect(alone.gaveWay).toBe(false);
    const given = runSqp(problem, {}, { mayGiveWay: true });
    expect(given).toMatchObject({ gaveWay: true, termination: 'stalled' });
    expect(given.factorizations).toBeLessThan(0.8 * alone.factorizations);
    expect(solveSqp(problem, {}, { mayGiveWay: true }).gaveWay).toBe(true);
    const result = minimize(problem);
    expect(result.attempts.map(({ method }) => method)).toEqual(['sqp', 'interior']);
    expect(isSolved(result.termination)).toBe(true);
    expect(objections(problem, result)).toEqual([]);
  });

  test('networks of reactors, bilinear equations between bounds, by two methods in few evaluations', () => {
    const gaveWay: string[] = [];
    let evaluations = 0;
    for (let seed = 0; seed < 6; seed++) {
      const problem = makeProblem(reactorNetwork(5, 5, seed));
      const result = minimize(problem);
      expect(isSolved(result.termination)).toBe(true);
      expect(objections(problem, result)).toEqual([]);
      expect(result.attempts.length).toBeLessThanOrEqual(2);
      gaveWay.push(result.method);
      evaluations += result.counts.objective;
    }
    // SQP alone takes 7,536 evaluations for the first four.
    expect(evaluations).toBeLessThan(1200);
    expect(gaveWay.filter((method) => method === 'interior').length).toBeGreaterThanOrEqual(3);
  });

  test('but not where it is told to be the only one', () => {
    const result = minimize(family('clnlbeam', 60), { method: 'sqp' });
    expect(result.attempts[0]!.termination).toBe('locally-optimal');
  });

  test('and not small problems, however many factorisations they take', () => {
    const problem = makeProblem({
      name: 'hs116-like',
      objective: 'x1+x2',
      constraints: ['x1*x2>=1', 'x1-x2^2<=0', 'x1^2+x2^2>=2'],
      start: [3, 0.1],
      lower: 0.1,
      upper: 100,
    });
    expect(runSqp(problem, {}, { mayGiveWay: true }).gaveWay).toBe(false);
  });
});

describe('a watch over progress', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());
  const record = { iteration: 1, objective: 5, primalInfeasibility: 1, stationarity: 1 };

  test('lets a method go on that comes further, by violation, slopes or objective', () => {
    const watch = new ProgressWatch(10, 1e-6);
    for (let k = 1; k <= 9; k++) {
      vi.advanceTimersByTime(1000);
      if (k <= 3) watch.note({ ...record, primalInfeasibility: 0.5 ** k });
      else if (k <= 6) watch.note({ ...record, primalInfeasibility: 0, stationarity: 0.5 ** k });
      else watch.note({ ...record, primalInfeasibility: 0, objective: 5 - k });
      expect(watch.aborted).toBe(false);
    }
  });

  test('stops one that does not, after a part of its time only', () => {
    const watch = new ProgressWatch(10, 1e-6);
    const stopped: number[] = [];
    for (let k = 1; k <= 9; k++) {
      vi.advanceTimersByTime(1000);
      watch.note({ ...record, objective: -k, stationarity: 0.1 ** k });
      if (watch.aborted) stopped.push(k);
    }
    expect(stopped[0]).toBe(5);
    expect(stopped).toHaveLength(5);
  });

  test('says nothing before the first iteration has ended', () => {
    const watch = new ProgressWatch(10, 1e-6);
    vi.advanceTimersByTime(9000);
    expect(watch.aborted).toBe(false);
    watch.note(record);
    vi.advanceTimersByTime(900);
    expect(watch.aborted).toBe(false);
  });

  test('reaches a method through its budget, beside the signal of the caller', () => {
    const own = { aborted: false };
    const callers = { aborted: false };
    const budget = new Budget({ signal: callers }).limited({ signal: own });
    expect(budget.exhausted(0, 0)).toBeUndefined();
    own.aborted = true;
    expect(budget.exhausted(0, 0)).toBe('interrupted');
    own.aborted = false;
    callers.aborted = true;
    expect(budget.exhausted(0, 0)).toBe('interrupted');
  });
});

describe('families of 150 variables', () => {
  test('whose terms cancel at the solution are solved to the gradient in a few steps', () => {
    const problem = family('arwhead', 150);
    const newton = solveTrustRegionNewton(problem);
    expect(isSolved(newton.termination)).toBe(true);
    expect(newton.iterations).toBeLessThan(12);
    const first = solveLimitedMemory(problem);
    expect(isSolved(first.termination)).toBe(true);
    expect(first.counts.objective).toBeLessThan(300);
  });

  test.each(['dqrtic', 'quartc'])('%s: a Hessian with a row of zeros is singular, not indefinite', (name) => {
    const result = solveTrustRegionNewton(family(name, 150));
    expect(isSolved(result.termination)).toBe(true);
    expect(result.iterations).toBeLessThan(40);
  });

  test('cvxqp1: a dual active set that cycles gives way soon', () => {
    const result = minimize(family('cvxqp1', 60));
    expect(result.attempts.map(({ method }) => method)).toEqual(['qp']);
    expect(result.iterations).toBeLessThan(800);
  });
});
