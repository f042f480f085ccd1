import { describe, expect, it } from 'vitest';
import type { PlanningProblem, RateLaw } from '../../lib/models/index.js';
import { bruteForcePlan } from '../../lib/testing/index.js';
import { allocate, boundPlan, planBandwidth, planExact, planTwoTimescale, verifyBound } from '../../lib/plan/index.js';
import { randomProblem } from '../support/plan-instances.js';
import { withPiecewiseRates } from '../support/piecewise-rates.js';
import { samples } from '../support/samples.js';

const sharings = ['allocated', 'equal', 'batched'] as const;

function instance(seed: number, devices: number, sharing: (typeof sharings)[number]) {
  const shape = { seed, devices, splits: devices > 1 ? 2 : 3, points: 2, sharing, decorations: false };
  return withPiecewiseRates(randomProblem({ ...shape, serverMemoryTightness: 'none' }), seed);
}

describe('plans and bounds under concave laws with kinks and flat stretches', () => {
  it.each([
    { devices: 1, seeds: 12 },
    { devices: 2, seeds: samples(1, 2) },
  ])('claim nothing that trying all refutes, $devices devices', ({ devices, seeds }) => {
    const counts = { cases: 0, confirmed: 0, optimal: 0, better: 0 };
    for (let seed = 0; seed < seeds; seed++) {
      for (const sharing of sharings) {
        const problem = instance(seed, devices, sharing);
        const best = bruteForcePlan(problem).totalSeconds;
        if (best === Infinity) continue;
        const name = `${sharing} ${seed}`;
        counts.cases++;
        const bound = boundPlan(problem);
        const verified = verifyBound(problem, bound.certificate);
        if (verified.valid) counts.confirmed++;
        // Golden sections of brute force end within 1e-7.
        expect(verified.boundSeconds, name).toBeLessThanOrEqual(best * (1 + 1e-7));
        const exact = planExact(problem);
        expect(exact.boundSeconds, name).toBeLessThanOrEqual(best * (1 + 1e-7));
        if (exact.termination === 'optimal') {
          counts.optimal++;
          expect(exact.totalSeconds / best - 1, name).toBeLessThanOrEqual(6e-7);
        }
        const fast = planTwoTimescale(problem);
        expect(fast.totalSeconds, name).toBeGreaterThanOrEqual(verified.boundSeconds * (1 - 1e-9));
        const shares = planBandwidth(problem, exact.plan);
        if (shares.termination !== 'optimal') continue;
        counts.better++;
        expect(shares.totalSeconds, name).toBeLessThanOrEqual(exact.totalSeconds * (1 + 1e-7));
      }
    }
    expect(counts.cases).toBeGreaterThanOrEqual(seeds);
    expect(counts.confirmed).toBe(counts.cases);
    expect(counts.optimal).toBeGreaterThanOrEqual(counts.cases * (devices === 1 ? 1 : 2 / 3));
    expect(counts.better).toBeGreaterThanOrEqual(counts.optimal * 0.9);
  });

  it('give a lone device all that it may have, in every sharing', () => {
    for (let seed = 100; seed < 160; seed++) {
      for (const sharing of sharings) {
        const problem = instance(seed, 1, sharing);
        const decision = { participates: true, blocks: 1, upPoint: 0, downPoint: 0 };
        const found = allocate(problem, [decision]);
        expect(found.status, `${sharing} ${seed}`).toBe('optimal');
        if (found.status !== 'optimal') continue;
        expect(found.exact).toBe(true);
        expect(found.plan.devices[0]!.bandwidthHz / problem.bandwidthHz).toBeCloseTo(1, 12);
      }
    }
  });

  it.each(sharings)('find the best shares, as a bound without slopes confirms, %s', (sharing) => {
    for (const devices of [2, 3, 4, 10]) {
      for (let seed = 0; seed < (sharing === 'allocated' ? 20 : 60); seed++) {
        const problem = instance(seed, devices, sharing);
        const choice = { participates: true, blocks: 1 + (seed % 2), upPoint: seed % 2, downPoint: seed % 2 };
        const found = allocate(
          problem,
          problem.devices.map(() => choice),
        );
        expect(found.status === 'optimal' && found.exact, `${devices} devices, seed ${seed}`).toBe(true);
      }
    }
  });

  it('call no deadline out of reach by shares that no bound confirms', () => {
    let unconfirmed = 0;
    const decision = { participates: true, blocks: 1, upPoint: 0, downPoint: 0 };
    for (let seed = 0; seed < 40; seed++) {
      const problem = withFalseSlopes(instance(seed, 2, 'batched'));
      const found = allocate(problem, [decision, decision]);
      if (found.status !== 'optimal' || found.exact) continue;
      unconfirmed++;
      const missed = { ...problem, deadlineSeconds: found.totalSeconds * 0.9 };
      expect(planBandwidth(missed, found.plan), `${seed}`).toMatchObject({
        termination: 'stalled',
        totalSeconds: Infinity,
      });
    }
    expect(unconfirmed).toBeGreaterThan(3);
  });
});

/** Laws whose slopes are not those of their rates: nothing may be proven by them. */
function withFalseSlopes(problem: PlanningProblem): PlanningProblem {
  const lying = (law: RateLaw): RateLaw =>
    law.kind === 'custom' ? { ...law, slope: (hertz) => 0.05 * law.slope(hertz) + 1e-3 } : law;
  return {
    ...problem,
    devices: problem.devices.map((device) => ({
      ...device,
      uplink: lying(device.uplink),
      downlink: lying(device.downlink),
    })),
  };
}
