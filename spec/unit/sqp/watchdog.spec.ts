import { describe, expect, it } from 'vitest';
import { ExactPenaltyMerit } from '../../../lib/globalization/index.js';
import {
  denseLowerTriangle,
  densePattern,
  Evaluation,
  Iterate,
  modelStructure,
  subproblemSolution,
} from '../../../lib/kkt/index.js';
import { Watchdog } from '../../../lib/sqp/watchdog.js';
import { makeProblem } from '../../support/modeller.js';

/** A watchdog over √(1 + x²) from x = 1.2, with a row that always holds; the test is monotone, so that only descent passes. */
function watched(trigger: number, patience: number, objective = 'sqrt(1+x1^2)') {
  const problem = makeProblem({ name: 'watched', objective, constraints: ['x1>=-100'], start: [1.2] });
  const iterate = new Iterate(
    new Evaluation(problem, 1e-8),
    modelStructure(1, 1, denseLowerTriangle(1), densePattern(1, 1)),
  );
  iterate.current.x.set(problem.meta.start);
  iterate.evaluation.functions(iterate.current);
  iterate.differentiate();
  const rowMultipliers = Float64Array.of(0.25);
  const boundMultipliers = Float64Array.of(-0.5);
  const watchdog = new Watchdog(iterate, rowMultipliers, boundMultipliers, trigger, patience);
  const test = new ExactPenaltyMerit(1);
  test.reset(0);
  const solution = subproblemSolution(1, 1);
  /** Tries the full step to `target`, and goes there unless it fails. */
  const stepTo = (target: number) => {
    solution.step[0] = target - iterate.current.x[0]!;
    const outcome = watchdog.relaxedStep(test, solution, 0);
    if (outcome !== 'failed') iterate.moveToTrial();
    return outcome;
  };
  return { watchdog, iterate, solution, rowMultipliers, boundMultipliers, stepTo };
}

describe('Watchdog', () => {
  it('is set off by shortened steps in a row, and never by trigger 0', () => {
    const { watchdog } = watched(2, 1);
    const relaxes = [false, true, false, false].map((isFull) => {
      watchdog.stepTaken(isFull);
      return watchdog.relaxes;
    });
    expect(relaxes).toEqual([false, false, false, true]);
    const never = watched(0, 1).watchdog;
    for (let k = 0; k < 10; k++) never.stepTaken(false);
    expect(never.relaxes).toBe(false);
  });

  it.each([1, 2, 4])('tolerates %i refused steps and no more', (patience) => {
    const { watchdog, stepTo } = watched(1, patience);
    for (let k = 0; k < patience; k++) {
      expect(stepTo(2 + k)).toBe('tolerated');
      expect(watchdog.watching).toBe(true);
    }
    expect(stepTo(2 + patience)).toBe('failed');
  });

  it('judges by the point where it began, not by the last one', () => {
    const { watchdog, stepTo } = watched(1, 3);
    expect(stepTo(-3)).toBe('tolerated');
    // Down from the last point, yet above the first: no progress.
    expect(stepTo(1.5)).toBe('tolerated');
    expect(stepTo(0.5)).toBe('progress');
    expect(watchdog.watching).toBe(false);
    expect(watchdog.relaxes).toBe(false);
  });

  it('begins anew, with all its patience, after a watch that made progress', () => {
    const { stepTo } = watched(1, 1);
    expect([stepTo(2), stepTo(0.5), stepTo(2), stepTo(3)]).toEqual(['tolerated', 'progress', 'tolerated', 'failed']);
  });

  it('goes back to point, derivatives, multipliers and step of the beginning', () => {
    const { watchdog, iterate, solution, rowMultipliers, boundMultipliers, stepTo } = watched(1, 2);
    const gradient = iterate.model.gradient[0]!;
    const objective = iterate.current.objective;
    solution.rowMultipliers[0] = 0.125;
    solution.shift = 3;
    expect(stepTo(-2)).toBe('tolerated');
    rowMultipliers[0] = 7;
    boundMultipliers[0] = 8;
    solution.rowMultipliers[0] = 9;
    solution.shift = 0;
    expect(stepTo(4)).toBe('tolerated');
    expect(stepTo(5)).toBe('failed');
    expect(iterate.model.gradient[0]).not.toBe(gradient);
    watchdog.goBack(solution);
    expect(iterate.current.x[0]).toBe(1.2);
    expect(iterate.current.objective).toBe(objective);
    expect(iterate.model.gradient[0]).toBe(gradient);
    expect(iterate.model.rowLower[0]).toBeCloseTo(-101.2, 12);
    expect([rowMultipliers[0], boundMultipliers[0]]).toEqual([0.25, -0.5]);
    expect([solution.step[0], solution.rowMultipliers[0], solution.shift]).toEqual([-3.2, 0.125, 3]);
    expect(watchdog.referenceViolation).toBe(0);
    expect(watchdog.relaxes).toBe(false);
  });

  it('fails where the functions are not defined, however patient', () => {
    const { stepTo } = watched(1, 5, 'log(x1)');
    expect(stepTo(2)).toBe('tolerated');
    expect(stepTo(-1)).toBe('failed');
  });
});
