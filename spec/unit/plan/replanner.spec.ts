import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundDelay, scaledLaw, type PlanningProblem } from '../../../lib/models/index.js';
import { planBandwidth, planTwoTimescale, Replanner } from '../../../lib/plan/index.js';
import { sparePower } from '../../../lib/plan/spare-power.js';
import { randomStream } from '../../../lib/random/index.js';
import { randomProblem } from '../../support/plan-instances.js';

/** An instance that a replanner takes, with a plan; undefined where nothing is feasible. */
function instance(seed: number, sharing: 'allocated' | 'equal') {
  const {
    resourceBlockHz: _,
    deadlineSeconds: _deadline,
    ...problem
  } = randomProblem({
    seed,
    devices: 2 + (seed % 7),
    splits: 4,
    points: 3,
    sharing,
  });
  const { plan } = planTwoTimescale(problem);
  return plan && { problem: problem as PlanningProblem, plan };
}

const gainsOf = (seed: number, count: number, spread: number) => {
  const random = randomStream(seed, 'replanner-gains');
  return Float64Array.from({ length: count }, () => Math.exp(spread * (2 * random.uniform() - 1)));
};

function atGains(problem: PlanningProblem, up: Float64Array, down: Float64Array): PlanningProblem {
  return {
    ...problem,
    devices: problem.devices.map((device, n) => ({
      ...device,
      uplink: scaledLaw(device.uplink, up[n]!),
      downlink: scaledLaw(device.downlink, down[n]!),
    })),
  };
}

describe('a replanner', () => {
  it('finds the bandwidths that a search from nothing finds at the same gains, step after step', () => {
    const seen = { steps: 0, linear: 0, pinned: 0, lowered: 0 };
    fc.assert(
      fc.property(fc.nat(1e6), fc.constantFrom('allocated' as const, 'equal' as const), (seed, sharing) => {
        const given = instance(seed, sharing);
        if (!given) return;
        const { problem, plan } = given;
        // As reports hold it: with less power where devices wait, which was right for the shares of then.
        const spared = sparePower(problem, plan);
        if (spared.devices.some(({ transmitPowerWatt }) => transmitPowerWatt !== undefined)) seen.lowered++;
        const replanner = new Replanner(problem, spared);
        for (let step = 0; step < 5; step++) {
          const up = gainsOf(seed + step, problem.devices.length, step === 4 ? 6 : 0.3);
          const down = step % 2 ? up : gainsOf(seed - step - 1, problem.devices.length, 0.3);
          const seconds = replanner.step(up, down);
          const present = atGains(problem, up, down);
          const fresh = planBandwidth(present, plan, { method: 'scalar' });
          expect(seconds / fresh.totalSeconds).toBeCloseTo(1, 9);
          expect(roundDelay(present, replanner.plan()).totalSeconds / seconds).toBeCloseTo(1, 9);
          expect(replanner.violations()).toEqual([]);
          seen.steps++;
        }
        if (problem.devices.some(({ downlink }) => downlink.kind === 'linear')) seen.linear++;
        if (problem.devices.some(({ pinned }) => pinned.bandwidthHz !== undefined)) seen.pinned++;
      }),
      { numRuns: 40, seed: 2 },
    );
    expect(seen.steps).toBeGreaterThan(80);
    expect(seen.linear).toBeGreaterThan(5);
    expect(seen.lowered).toBeGreaterThanOrEqual(5);
  });

  it('bounds what new choices could gain, and makes them where they gain', () => {
    let gained = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const given = instance(seed, 'allocated');
      if (!given) continue;
      const replanner = new Replanner(given.problem, given.plan);
      const before = replanner.step(gainsOf(seed, given.problem.devices.length, 3));
      const { boundSeconds, verified, relativeGap } = replanner.bound();
      expect(verified).toBe(true);
      expect(relativeGap).toBeCloseTo(1 - boundSeconds / before, 9);
      const after = replanner.replan();
      expect(after).toBeLessThanOrEqual(before);
      expect(after).toBeGreaterThanOrEqual(boundSeconds * (1 - 1e-9));
      expect(replanner.violations()).toEqual([]);
      if (after < before * (1 - 1e-6)) gained++;
    }
    expect(gained).toBeGreaterThan(3);
  });

  it('returns within a budget with what it has', () => {
    const { problem, plan } = instance(3, 'allocated')!;
    const replanner = new Replanner(problem, plan);
    const seconds = replanner.step(gainsOf(1, problem.devices.length, 2));
    const signal = { aborted: true };
    expect(replanner.bound({ signal }).boundSeconds).toBeLessThanOrEqual(seconds);
    expect(replanner.replan({ signal })).toBeLessThanOrEqual(seconds);
  });

  it('names gains that are none, and problems that it does not follow', () => {
    const { problem, plan } = instance(3, 'allocated')!;
    const replanner = new Replanner(problem, plan);
    const ones = new Float64Array(problem.devices.length).fill(1);
    expect(() => replanner.step([1])).toThrow(/gains/);
    expect(() => replanner.step(ones.map((one, n) => (n === 0 ? 0 : one)))).toThrow(problem.devices[0]!.name);
    expect(() => replanner.step(ones.map((one, n) => (n === 0 ? NaN : one)))).toThrow(problem.devices[0]!.name);
    const usual = replanner.step(ones);
    for (const gain of [1e308, 5e-324, 1e31, 1e-31]) {
      expect(() => replanner.step(ones.map((one, n) => (n === 0 ? gain : one)))).toThrow(/1e-30 … 1e\+?30/);
    }
    expect(replanner.step(ones) / usual).toBeCloseTo(1, 12);
    expect(() => new Replanner({ ...problem, sharing: 'batched' }, plan)).toThrow(/batched/);
    expect(() => new Replanner({ ...problem, resourceBlockHz: 180e3 }, plan)).toThrow(/resource blocks/);
    expect(() => new Replanner(problem, { devices: [] })).toThrow(RangeError);
    const idle = { devices: plan.devices.map((device) => ({ ...device, serverShare: 0 })) };
    expect(() => new Replanner(problem, idle)).toThrow(/server/);
  });
});
