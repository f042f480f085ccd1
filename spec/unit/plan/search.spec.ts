import { describe, expect, it } from 'vitest';
import type { Plan, PlanningProblem } from '../../../lib/models/index.js';
import { planExact, planTwoTimescale } from '../../../lib/plan/index.js';
import { fastestFeasible, judgePlan } from '../../../lib/plan/judge.js';
import { runMethod } from '../../../lib/plan/methods.js';
import { fixtureProblem } from '../../support/fixtures.js';
import { randomProblem } from '../../support/plan-instances.js';

const options = { method: 'two-timescale', bandwidthMethod: 'sqp', seed: 1, gapTolerance: 1e-6 } as const;

function planOf(problem: PlanningProblem): Plan {
  return planTwoTimescale(problem).plan!;
}

describe('search where bandwidth cannot move', () => {
  it('follows the price of the server when all bandwidths are pinned', () => {
    const problem = fixtureProblem('planner/campus-equal.yaml');
    const found = planTwoTimescale(problem);
    // Proven by branch and bound to 1e-6.
    expect(found.totalSeconds).toBeCloseTo(21.67835, 4);
    expect(judgePlan(problem, found.plan!).isFeasible).toBe(true);
  });
});

describe('starts', () => {
  const problem = randomProblem({
    seed: 4,
    devices: 6,
    splits: 8,
    points: 5,
    sharing: 'allocated',
    decorations: false,
  });
  const best = planOf(problem);

  it('gives an answer no slower than any start that keeps all limits', () => {
    const { totalSeconds } = judgePlan(problem, best);
    // No time to search: what was given is all there is.
    const stopped = { aborted: true };
    for (const method of ['two-timescale', 'exact'] as const) {
      const answer = runMethod(
        problem,
        { ...options, method },
        { timeLimitSeconds: 1e-3, signal: stopped, starts: [best] },
      );
      expect(answer.totalSeconds).toBeLessThanOrEqual(totalSeconds);
      expect(judgePlan(problem, answer.plan!).isFeasible).toBe(true);
    }
    expect(planExact(problem, {}, { starts: [best] }).totalSeconds).toBeLessThanOrEqual(totalSeconds);
  });

  it('ignores starts that break a limit', () => {
    const greedy: Plan = {
      devices: best.devices.map((device) => ({ ...device, bandwidthHz: 2 * device.bandwidthHz })),
    };
    expect(judgePlan(problem, greedy).isFeasible).toBe(false);
    expect(fastestFeasible(problem, [greedy])).toBeUndefined();
    const answer = runMethod(problem, options, { timeLimitSeconds: 5, starts: [greedy] });
    expect(judgePlan(problem, answer.plan!).isFeasible).toBe(true);
    expect(answer.totalSeconds).toBeGreaterThan(judgePlan(problem, greedy).totalSeconds);
  });
});
