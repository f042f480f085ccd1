import { describe, expect, it } from 'vitest';
import { buildChoices, planViolations, type DevicePlan, type PlanningProblem } from '../../lib/models/index.js';
import {
  allocate,
  planBandwidth,
  searchShares,
  searchThresholds,
  sqpShares,
  type CompiledAllocation,
} from '../../lib/plan/bandwidth/index.js';
import { randomStream } from '../../lib/random/index.js';
import { randomProblem } from '../support/plan-instances.js';
import { oracleAllocation, oracleResourceBlocks } from '../support/plan-oracle.js';
import { randomShares, shareKinds } from '../support/share-instances.js';
import { bisectedDelay } from '../support/share-oracle.js';

const relative = (found: number, expected: number) => Math.abs(found - expected) / Math.abs(expected);

describe('bandwidths at given choices', () => {
  it.each(shareKinds)('SQP from equal shares and scalar search reach the bisected delay: %s', (kind) => {
    const steps: number[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const problem = randomShares(seed, kind, false, 2 + (seed % 24));
      const expected = bisectedDelay(problem);
      const sqp = sqpShares(problem);
      expect(sqp.termination, `seed ${seed}`).toBe('optimal');
      expect(relative(sqp.delaySeconds, expected), `SQP, seed ${seed}`).toBeLessThanOrEqual(1e-9);
      expect(sqp.bandwidthUse).toBeLessThanOrEqual(1 + 1e-12);
      const scalar = searchShares(problem);
      expect(relative(scalar.delaySeconds, expected), `scalar, seed ${seed}`).toBeLessThanOrEqual(1e-9);
      expect(scalar.bandwidthUse).toBeLessThanOrEqual(1 + 1e-11);
      steps.push(sqp.steps);
    }
    expect(Math.max(...steps)).toBeLessThanOrEqual(40);
  });

  it.each(shareKinds)('common batch: SQP agrees with the interior-point search: %s', (kind) => {
    for (let seed = 0; seed < 30; seed++) {
      const problem = randomShares(seed, kind, true, 2 + (seed % 7));
      const expected = searchThresholds(problem).delaySeconds;
      const sqp = sqpShares(problem);
      expect(sqp.termination, `seed ${seed}`).toBe('optimal');
      // Over twelve orders of magnitude the interior point itself is only good to six digits; it may not be better.
      expect(sqp.delaySeconds / expected - 1, `seed ${seed}`).toBeLessThanOrEqual(1e-9);
      expect(1 - sqp.delaySeconds / expected).toBeLessThanOrEqual(kind === 'twelve-orders' ? 1e-5 : 1e-9);
    }
  });

  it('reaches the nested golden section over bandwidths and server shares in all sharings', () => {
    const reached = { allocated: 0, equal: 0, batched: 0 };
    for (let seed = 0; seed < 90; seed++) {
      const instance = fixedInstance(seed, 1 + (seed % 3));
      if (!instance) continue;
      const { problem, decisions } = instance;
      const expected = oracleAllocation(problem, decisions).delay;
      const found = allocate(problem, decisions);
      if (found.status === 'infeasible') {
        expect(expected).toBe(Infinity);
        continue;
      }
      reached[problem.sharing]++;
      expect(relative(found.totalSeconds, expected), `seed ${seed}`).toBeLessThanOrEqual(1e-8);
      expect(found.totalSeconds / expected - 1, `seed ${seed}`).toBeLessThanOrEqual(1e-9);
      expect(planViolations(problem, found.plan, found.totalSeconds)).toEqual([]);
      for (const method of ['sqp', 'scalar'] as const) {
        const again = planBandwidth(problem, found.plan, { method });
        expect(relative(again.totalSeconds, found.totalSeconds), `${method}, seed ${seed}`).toBeLessThanOrEqual(2e-9);
      }
    }
    expect(Math.min(...Object.values(reached))).toBeGreaterThan(15);
  });

  it('fills whole resource blocks as well as enumeration of all counts does', () => {
    const reached = { allocated: 0, equal: 0, batched: 0 };
    for (let seed = 0; seed < 120; seed++) {
      const instance = fixedInstance(seed, 1 + (seed % 5));
      if (!instance) continue;
      const problem = { ...instance.problem, resourceBlockHz: instance.problem.bandwidthHz / (4 + (seed % 8)) };
      const expected = oracleResourceBlocks(problem, instance.decisions);
      const found = allocate(problem, instance.decisions);
      if (found.status === 'infeasible') {
        expect(expected).toBe(Infinity);
        continue;
      }
      reached[problem.sharing]++;
      expect(relative(found.totalSeconds, expected), `seed ${seed}`).toBeLessThanOrEqual(1e-12);
      expect(found.exact).toBe(true);
      expect(planViolations(problem, found.plan, found.totalSeconds)).toEqual([]);
    }
    expect(Math.min(...Object.values(reached))).toBeGreaterThan(15);
  });

  it.each([1, 1e-9, 1e-15, 1e-20])(
    'divides the server where pins decide the round and its work is %d as long',
    (work) => {
      const reached = { pinned: 0, block: 0 };
      for (let seed = 0; seed < 45; seed++) {
        const instance = fixedInstance(seed, 2 + (seed % 3));
        if (!instance) continue;
        const { problem, decisions } = withSlowestPinned(instance, seed, work);
        const all = allPinnedEqual(problem);
        const whole = allocate(all, decisions);
        if (whole.status === 'infeasible') throw new Error(`seed ${seed}: equal shares are refused`);
        expect(
          relative(whole.totalSeconds, oracleAllocation(all, decisions).delay),
          `equal, seed ${seed}`,
        ).toBeLessThan(1e-9);
        expect(planViolations(all, whole.plan, whole.totalSeconds), `equal, seed ${seed}`).toEqual([]);
        const { delay: expected } = oracleAllocation(problem, decisions);
        const found = allocate(problem, decisions);
        if (found.status === 'infeasible') {
          expect(expected, `seed ${seed}`).toBe(Infinity);
          continue;
        }
        reached.pinned++;
        // The golden sections end a little above the optimum where one share is a sliver.
        expect(found.totalSeconds / expected - 1, `seed ${seed}`).toBeLessThanOrEqual(1e-9);
        expect(planViolations(problem, found.plan, found.totalSeconds), `seed ${seed}`).toEqual([]);
        expect(shareUse(found.plan.devices), `seed ${seed}`).toBeLessThanOrEqual(1 + 1e-9);
        const blocks = { ...problem, resourceBlockHz: problem.bandwidthHz / 16, devices: withoutPins(problem.devices) };
        const inBlocks = allocate(blocks, decisions);
        if (inBlocks.status === 'infeasible') continue;
        reached.block++;
        expect(planViolations(blocks, inBlocks.plan, inBlocks.totalSeconds), `blocks, seed ${seed}`).toEqual([]);
        const counted = oracleResourceBlocks(blocks, decisions);
        expect(relative(inBlocks.totalSeconds, counted), `blocks, seed ${seed}`).toBeLessThanOrEqual(1e-12);
      }
      expect(Math.min(...Object.values(reached))).toBeGreaterThan(15);
    },
  );

  it('needs few SQP steps after gains change by 5 %', () => {
    const steps: number[] = [];
    for (let seed = 0; seed < 30; seed++) {
      const problem = randomShares(seed, 'plain', false, 1000);
      const before = sqpShares(problem);
      const changed = withChangedGains(problem, seed);
      const after = sqpShares(
        changed,
        before.reciprocal.map((w) => 1 / w),
      );
      expect(relative(after.delaySeconds, searchShares(changed).delaySeconds)).toBeLessThanOrEqual(1e-9);
      steps.push(after.steps);
    }
    steps.sort((a, b) => a - b);
    expect(steps[15]).toBeLessThanOrEqual(3);
    expect(steps.at(-1)).toBeLessThanOrEqual(6);
  });
});

describe('limits of shares', () => {
  const instance = fixedInstance(1, 2)!;

  it('says that there are more devices than blocks', () => {
    const problem = { ...instance.problem, resourceBlockHz: 0.9 * instance.problem.bandwidthHz };
    const found = allocate(problem, instance.decisions);
    expect(found.status === 'infeasible' && found.conflicts).toEqual([
      { limit: 'resource-block', found: 2, allowed: 1 },
    ]);
  });

  it('names a device whose floor is beyond the deadline', () => {
    const problem = { ...instance.problem, deadlineSeconds: 1e-9 };
    const found = allocate(problem, instance.decisions);
    expect(found.status).toBe('infeasible');
    const named = found.status === 'infeasible' ? found.conflicts.map(({ limit, device }) => [limit, device]) : [];
    expect(named).toContainEqual(['deadline', 'device-1']);
  });

  it('says that minimum bandwidths do not fit', () => {
    const devices = instance.problem.devices.map((device) => ({
      ...device,
      pinned: {},
      minimumBandwidthHz: 0.6 * instance.problem.bandwidthHz,
      maximumBandwidthHz: Infinity,
    }));
    const found = allocate({ ...instance.problem, devices }, instance.decisions);
    expect(found.status === 'infeasible' && found.conflicts[0]!.limit).toBe('bandwidth');
  });

  it('gives a price of bandwidth that finite differences confirm', () => {
    for (let seed = 0; seed < 30; seed++) {
      const fixed = fixedInstance(seed, 3);
      if (!fixed || fixed.problem.devices.some(({ pinned }) => pinned.bandwidthHz !== undefined)) continue;
      const at = (factor: number) => {
        const found = allocate({ ...fixed.problem, bandwidthHz: factor * fixed.problem.bandwidthHz }, fixed.decisions);
        return found.status === 'optimal' ? found.totalSeconds : NaN;
      };
      const found = allocate(fixed.problem, fixed.decisions);
      if (found.status === 'infeasible') continue;
      const step = 1e-5;
      const left = (at(1) - at(1 - step)) / (step * fixed.problem.bandwidthHz);
      const right = (at(1 + step) - at(1)) / (step * fixed.problem.bandwidthHz);
      const price = found.prices.bandwidthSecondsPerHz;
      // T is convex in B: the price lies between the one-sided slopes, which kinks at share limits may tell apart.
      const rounding = (1e-12 * found.totalSeconds) / (step * fixed.problem.bandwidthHz);
      const tolerance = 1e-3 * Math.abs(left) + rounding;
      expect(price).toBeGreaterThanOrEqual(left - tolerance);
      expect(price).toBeLessThanOrEqual(right + tolerance);
    }
  });
});

/** A random problem with accuracy and server memory out of the way, and a random allowed choice for each device. */
function fixedInstance(
  seed: number,
  devices: number,
): { problem: PlanningProblem; decisions: DevicePlan[] } | undefined {
  const drawn = randomProblem({ seed, devices, splits: 6, points: 4 });
  const problem = {
    ...drawn,
    serverMemoryBytes: Infinity,
    accuracy: { ...drawn.accuracy, minimum: -Infinity },
  };
  const random = randomStream(seed, 'fixed-choices');
  const tables = problem.devices.map((device) => buildChoices(problem, device));
  if (tables.some((table) => table.count === 0)) return undefined;
  const decisions = tables.map((table) => {
    const j = random.integer(table.count);
    return {
      participates: true,
      blocks: table.blocks[j]!,
      upPoint: table.upPoint[j]!,
      downPoint: table.downPoint[j]!,
      bandwidthHz: 0,
      serverShare: 0,
    };
  });
  return { problem, decisions };
}

/** The first device pinned to a sliver of the band, so that its chain decides the round, and server work scaled by `work`. */
function withSlowestPinned(
  { problem, decisions }: { problem: PlanningProblem; decisions: DevicePlan[] },
  seed: number,
  work: number,
): { problem: PlanningProblem; decisions: DevicePlan[] } {
  const sliver = (problem.bandwidthHz / problem.devices.length) * (seed % 2 === 0 ? 1e-3 : 0.05);
  const scaled = (time: number) => time * work;
  const points = problem.upPoints.map((point) => ({
    ...point,
    serverEncodeSecondsPerValue: scaled(point.serverEncodeSecondsPerValue),
    serverDecodeSecondsPerValue: scaled(point.serverDecodeSecondsPerValue),
  }));
  const devices = problem.devices.map((device, n) => ({
    ...device,
    minimumBandwidthHz: n === 1 ? sliver : 0,
    maximumBandwidthHz: Infinity,
    pinned: n === 0 ? { bandwidthHz: sliver } : {},
    costs: { ...device.costs, serverSeconds: device.costs.serverSeconds.map(scaled) },
  }));
  return { problem: { ...problem, sharing: 'allocated', upPoints: points, downPoints: points, devices }, decisions };
}

/** Shares that fill the band to rounding. */
function allPinnedEqual(problem: PlanningProblem): PlanningProblem {
  const bandwidthHz = problem.bandwidthHz / problem.devices.length;
  return {
    ...problem,
    devices: withoutPins(problem.devices).map((device) => ({ ...device, pinned: { bandwidthHz } })),
  };
}

function withoutPins(devices: PlanningProblem['devices']): PlanningProblem['devices'] {
  return devices.map((device) => ({ ...device, minimumBandwidthHz: 0, pinned: {} }));
}

/** The whole of the server that is in use; NaN where a share is not between 0 and 1. */
function shareUse(devices: readonly DevicePlan[]): number {
  return devices.reduce((sum, { serverShare }) => sum + (serverShare >= 0 && serverShare <= 1 ? serverShare : NaN), 0);
}

/** Every signal-to-noise ratio times a factor in 0.95 … 1.05. */
function withChangedGains(problem: CompiledAllocation, seed: number): CompiledAllocation {
  const random = randomStream(seed, 'gain-change');
  const { rows } = problem;
  const floor = rows.floor.slice();
  const termWeight = rows.termWeight.slice();
  const termScale = rows.termScale.slice();
  for (let n = 0; n < rows.count; n++) {
    const factor = 0.95 + 0.1 * random.uniform();
    for (let k = rows.termStart[n]!; k < rows.termStart[n + 1]!; k++) {
      floor[n]! += termWeight[k]! / factor - termWeight[k]!;
      termWeight[k]! /= factor;
      termScale[k]! *= factor;
    }
  }
  return { ...problem, rows: { ...rows, floor, termWeight, termScale } };
}
