import { describe, expect, it } from 'vitest';
import type { PlanningProblem } from '../../../lib/models/index.js';
import { allocate, planTwoTimescale, solvePlan } from '../../../lib/plan/index.js';
import { judgePlan } from '../../../lib/plan/judge.js';
import type { Planner } from '../../../lib/plan/planner.js';
import { classCube } from '../../../lib/plan/restricted/index.js';
import { randomProblem } from '../../support/plan-instances.js';

const search: Planner = (problem, starts) => planTwoTimescale(problem, {}, { starts });

/** Eight devices, seven of them optional with limits of their own: 2^7 groups, more than are listed. */
function instance(seed: number): PlanningProblem {
  const drawn = randomProblem({
    seed,
    devices: 8,
    splits: 2,
    points: 1,
    sharing: seed % 2 === 0 ? 'equal' : 'allocated',
    scope: 'mean',
    accuracyTightness: 0.5,
    serverMemoryTightness: 'none',
    decorations: false,
  });
  const fair = drawn.bandwidthHz / 8;
  const devices = drawn.devices.map((device, n) => ({
    ...device,
    memoryBytes: Infinity,
    optional: n > 0,
    weight: 1 + 0.3 * n,
    maximumBandwidthHz: fair * (1 + 0.21 * n),
    minimumBandwidthHz: fair * 0.02 * n,
  }));
  const leftOutAccuracy = drawn.accuracy.minimum * 0.97;
  return {
    ...drawn,
    devices,
    accuracy: { ...drawn.accuracy, minimum: drawn.accuracy.minimum * 0.99, leftOutAccuracy },
  };
}

/** The level at which a group's shares use the band up, by bisection. */
function sharesOf({ devices, bandwidthHz }: PlanningProblem, group: readonly number[]): Map<number, number> {
  const share = (n: number, level: number) =>
    Math.min(Math.max(level, devices[n]!.minimumBandwidthHz), devices[n]!.maximumBandwidthHz);
  let [low, high] = [0, bandwidthHz];
  for (let k = 0; k < 100; k++) {
    const middle = (low + high) / 2;
    if (group.reduce((sum, n) => sum + share(n, middle), 0) <= bandwidthHz) low = middle;
    else high = middle;
  }
  return new Map(group.map((n) => [n, share(n, low)]));
}

/** Best plan of equal shares over every group and both cuts of each member, its bandwidths fixed. */
function bestByEnumeration(problem: PlanningProblem): number {
  let best = Infinity;
  for (let mask = 0; mask < 2 ** 7; mask++) {
    const group = problem.devices.flatMap((_, n) => (n === 0 || (mask >> (n - 1)) & 1 ? [n] : []));
    const shares = sharesOf(problem, group);
    const devices = problem.devices.map((device, n) =>
      shares.has(n) ? { ...device, pinned: { ...device.pinned, bandwidthHz: shares.get(n)! } } : device,
    );
    const fixed = { ...problem, devices };
    for (let cuts = 0; cuts < 2 ** group.length; cuts++) {
      const decisions = problem.devices.map((_, n) => {
        const at = group.indexOf(n);
        return { participates: at >= 0, blocks: at >= 0 ? 1 + ((cuts >> at) & 1) : 0, upPoint: 0, downPoint: 0 };
      });
      const found = allocate(fixed, decisions);
      if (found.status === 'optimal' && judgePlan(fixed, found.plan).isFeasible)
        best = Math.min(best, found.totalSeconds);
    }
  }
  return best;
}

describe('equal bandwidth with more groups of optional devices than are listed', () => {
  it('has a bound that no group passes, and plans no better than the best of all groups', () => {
    const seen = { found: 0, bounded: 0 };
    for (let seed = 1; seed <= 4; seed++) {
      const problem = instance(seed);
      const { 'equal-bandwidth': row } = classCube(problem, { planner: search });
      const best = bestByEnumeration(problem);
      expect(row.boundSeconds, `${seed}`).toBeLessThanOrEqual(best * (1 + 1e-9));
      expect(row.totalSeconds, `${seed}`).toBeGreaterThanOrEqual(best * (1 - 1e-9));
      if (best < Infinity) seen.found++;
      if (row.boundSeconds > 0 && row.boundSeconds < Infinity) seen.bounded++;
    }
    expect(seen.found).toBeGreaterThanOrEqual(3);
    expect(seen.bounded).toBeGreaterThanOrEqual(3);
  });

  it('is infeasible where its relaxation is, whatever the group', () => {
    const problem = instance(1);
    const reachable = classCube(problem, { planner: search })['equal-bandwidth'].totalSeconds;
    const late = classCube({ ...problem, deadlineSeconds: 0.01 * reachable }, { planner: search });
    for (const name of ['equal-bandwidth', 'ratio-alone', 'split-alone'] as const) {
      expect(late[name], name).toMatchObject({ status: 'infeasible', boundSeconds: Infinity });
    }
  });

  it('never prints a scheme faster than the answer', () => {
    const { answer, baselines } = solvePlan(instance(2), { whatIf: 'never' });
    for (const { name, outside, status, totalSeconds } of baselines) {
      if (outside === true || status !== 'found' || name === 'vanilla-split') continue;
      expect(totalSeconds, name).toBeGreaterThanOrEqual(answer!.delay.totalSeconds * (1 - 1e-9));
    }
  });
});
