import { describe, expect, it } from 'vitest';
import { choiceCosts, type Device, type PlanningProblem } from '../../../lib/models/index.js';
import { planExact, solvePlan } from '../../../lib/plan/index.js';
import type { Planner } from '../../../lib/plan/planner.js';
import { tradeOffCurve } from '../../../lib/plan/trade-off/index.js';
import { fixtureSource } from '../../support/fixtures.js';
import { randomProblem } from '../../support/plan-instances.js';
import { bruteForce } from '../../support/plan-oracle.js';

const exact: Planner = (problem, starts) => planExact(problem, { relativeGap: 1e-9 }, { starts });

function instance(seed: number): PlanningProblem {
  return randomProblem({
    seed,
    devices: 2,
    splits: 3,
    points: 3,
    accuracyTightness: 0.3,
    serverMemoryTightness: 'none',
    decorations: false,
  });
}

/** Least delay with every device's traffic within `limit`, by brute force over pinned choices; traffic counted here. */
function bruteForceWithin(problem: PlanningProblem, limit: number): number {
  const options = problem.devices.map((device) => choicesWithin(problem, device, limit));
  let best = Infinity;
  for (const first of options[0]!) {
    for (const second of options[1]!) {
      const pinned = { ...problem, devices: [first, second] };
      best = Math.min(best, bruteForce(pinned).totalSeconds);
    }
  }
  return best;
}

function choicesWithin(problem: PlanningProblem, device: Device, limit: number): Device[] {
  return device.costs.allowedBlocks.flatMap((blocks) =>
    problem.upPoints.flatMap((_, point) => {
      const { uplinkBits, downlinkBits, adapterBits } = choiceCosts(problem, device, blocks, point, point);
      const bits = problem.stepsPerRound * (uplinkBits + downlinkBits) + 2 * adapterBits;
      return bits <= limit * (1 + 1e-9) ? [{ ...device, pinned: { blocks, upPoint: point, downPoint: point } }] : [];
    }),
  );
}

describe('delay against traffic', () => {
  it('each point is the optimum within its limit, and more traffic never costs time', () => {
    let points = 0;
    for (let seed = 0; seed < 6; seed++) {
      const problem = instance(seed);
      const answer = exact(problem);
      if (!answer.plan) continue;
      const curve = tradeOffCurve(problem, 'traffic', {
        planner: exact,
        plan: answer.plan,
        boundSeconds: 0,
        points: 4,
      });
      let before = Infinity;
      for (const { limit, status, totalSeconds, boundSeconds, mostUsed } of curve.points) {
        expect(status).toBe('found');
        const least = bruteForceWithin(problem, limit);
        expect(Math.abs(totalSeconds! - least)).toBeLessThanOrEqual(1e-6 * least);
        expect(boundSeconds).toBeLessThanOrEqual(least * (1 + 1e-9));
        expect(mostUsed).toBeLessThanOrEqual(limit * (1 + 1e-9));
        expect(totalSeconds).toBeLessThanOrEqual(before);
        before = totalSeconds!;
        points++;
      }
      expect(before).toBeCloseTo(answer.totalSeconds, 9);
    }
    expect(points).toBeGreaterThan(12);
  });
});

describe('limits of traffic', () => {
  it('hold in the plan of a file, and say so where nothing keeps them', () => {
    const open = solvePlan(fixtureSource('planner/fixed-ratio.yaml'), { whatIf: 'never', baselines: false });
    const most = Math.max(
      ...open.answer!.devices.map(
        ({ uplinkBitsPerRound, downlinkBitsPerRound }) => uplinkBitsPerRound + downlinkBitsPerRound,
      ),
    );
    const limited = (bytes: number) => {
      const rebuilt = fixtureSource('planner/fixed-ratio.yaml').rebuild({ settings: [`traffic.maximum=${bytes} B`] });
      if (!rebuilt.ok) throw new Error(rebuilt.reason);
      return solvePlan(rebuilt.source, { whatIf: 'never', baselines: false });
    };
    const { answer, bound } = limited((0.9 * most) / 8);
    expect(answer!.delay.totalSeconds).toBeGreaterThan(open.answer!.delay.totalSeconds);
    expect(bound.verified).toBe(true);
    for (const { uplinkBitsPerRound, downlinkBitsPerRound } of answer!.devices) {
      expect(uplinkBitsPerRound + downlinkBitsPerRound).toBeLessThanOrEqual(0.9 * most);
    }
    const none = limited(1000);
    expect(none.status).toBe('infeasible');
    expect(none.infeasibility!.conflicts.map(({ limit }) => limit)).toContain('device-traffic');
  });
});

describe('delay against energy', () => {
  it('never rises, stays within the limits and above its bounds', () => {
    const source = fixtureSource('planner/fixed-ratio.yaml');
    const report = solvePlan(source, { whatIf: 'never', baselines: false, tradeOff: 'energy' });
    const { points } = report.tradeOff!;
    expect(points.length).toBe(8);
    points.forEach(({ totalSeconds = 0, boundSeconds, mostUsed, limit }, k) => {
      expect(totalSeconds).toBeLessThanOrEqual(points[k - 1]?.totalSeconds ?? Infinity);
      expect(boundSeconds).toBeLessThanOrEqual(totalSeconds);
      expect(mostUsed).toBeLessThanOrEqual(limit * (1 + 1e-9));
    });
    expect(points.at(-1)!.totalSeconds).toBeCloseTo(report.answer!.delay.totalSeconds, 9);
  });
});
