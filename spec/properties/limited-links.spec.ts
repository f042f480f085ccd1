import { describe, expect, it, vi } from 'vitest';
import {
  buildChoices,
  planViolations,
  roundDelay,
  roundEnergyJoule,
  type DevicePlan,
  type PlanningProblem,
} from '../../lib/models/index.js';
import { allocate, planBandwidth, searchShares } from '../../lib/plan/bandwidth/index.js';
import { boundPlan, planExact, planTwoTimescale, verifyBound } from '../../lib/plan/index.js';
import { randomStream } from '../../lib/random/index.js';
import { randomProblem, withLinkLimits } from '../support/plan-instances.js';
import { bruteForce, oracleAllocation, oracleResourceBlocks } from '../support/plan-oracle.js';
import { simulateRound } from '../support/round-simulation.js';
import { randomShares, shareKinds, withEfficiencyLimits } from '../support/share-instances.js';
import { bisectedDelay } from '../support/share-oracle.js';
import { samples } from '../support/samples.js';

// Generous: the limit guards against hanging, not against a busy machine.
vi.setConfig({ testTimeout: 300_000 });

const relative = (found: number, expected: number) => Math.abs(found - expected) / Math.abs(expected);

describe('links of limited efficiency and devices of limited energy', () => {
  it.each(shareKinds)('shares at kinks reach the bisected delay: %s', (kind) => {
    for (let seed = 0; seed < 60; seed++) {
      const problem = withEfficiencyLimits(randomShares(seed, kind, false, 2 + (seed % 24)), seed);
      const found = searchShares(problem);
      expect(relative(found.delaySeconds, bisectedDelay(problem)), `seed ${seed}`).toBeLessThanOrEqual(1e-9);
      expect(found.bandwidthUse).toBeLessThanOrEqual(1 + 1e-11);
    }
  });

  it('allocation reaches the nested golden section, the round its simulation, the energy its limit', () => {
    const reached = { allocated: 0, equal: 0, batched: 0 };
    let atEnergyLimit = 0;
    for (let seed = 0; seed < samples(24, 54); seed++) {
      const instance = fixedInstance(seed, 1 + (seed % 3));
      if (!instance) continue;
      const { problem, decisions } = instance;
      const expected = oracleAllocation(problem, decisions).delay;
      const found = allocate(problem, decisions);
      if (found.status === 'infeasible') {
        expect(expected, `seed ${seed}`).toBe(Infinity);
        continue;
      }
      reached[problem.sharing]++;
      expect(found.totalSeconds / expected - 1, `seed ${seed}`).toBeLessThanOrEqual(1e-9);
      expect(relative(found.totalSeconds, expected), `seed ${seed}`).toBeLessThanOrEqual(1e-7);
      expect(relative(simulateRound(problem, found.plan), found.totalSeconds), `seed ${seed}`).toBeLessThanOrEqual(
        1e-9,
      );
      expect(planViolations(problem, found.plan, found.totalSeconds)).toEqual([]);
      problem.devices.forEach((device, n) => {
        if (device.energyLimitJoule === undefined) return;
        const joule = roundEnergyJoule(problem, device, found.plan.devices[n]!);
        if (joule > device.energyLimitJoule * (1 - 1e-9)) atEnergyLimit++;
      });
      for (const method of ['sqp', 'scalar'] as const) {
        const again = planBandwidth(problem, found.plan, { method });
        expect(relative(again.totalSeconds, found.totalSeconds), `${method}, seed ${seed}`).toBeLessThanOrEqual(2e-9);
      }
    }
    expect(Math.min(...Object.values(reached))).toBeGreaterThan(samples(4, 10));
    expect(atEnergyLimit).toBeGreaterThan(samples(4, 10));
  });

  it('whole resource blocks are as good as enumeration of all counts', () => {
    let reached = 0;
    for (let seed = 0; seed < 60; seed++) {
      const instance = fixedInstance(seed, 1 + (seed % 4));
      if (!instance) continue;
      const problem = { ...instance.problem, resourceBlockHz: instance.problem.bandwidthHz / (4 + (seed % 8)) };
      const expected = oracleResourceBlocks(problem, instance.decisions);
      const found = allocate(problem, instance.decisions);
      if (found.status === 'infeasible') {
        expect(expected).toBe(Infinity);
        continue;
      }
      reached++;
      expect(relative(found.totalSeconds, expected), `seed ${seed}`).toBeLessThanOrEqual(1e-9);
    }
    expect(reached).toBeGreaterThan(30);
  });

  it('verifies the bound of a round that every device may stay away from', () => {
    const problem = withLinkLimits(randomProblem({ seed: 1487, devices: 2, splits: 4, points: 3 }), 1487);
    expect(problem.devices.every(({ optional }) => optional)).toBe(true);
    const { certificate } = boundPlan(problem);
    expect(verifyBound(problem, certificate)).toMatchObject({ valid: true, boundSeconds: certificate.boundSeconds });
  });

  it('exact equals brute force, and no bound is above it', () => {
    const seen = { allocated: 0, equal: 0, batched: 0, infeasible: 0, energy: 0 };
    for (let seed = 0; seed < samples(18, 36); seed++) {
      const drawn = randomProblem({ seed, devices: 2, splits: 4, points: 3 });
      const problem = withLinkLimits(drawn, seed);
      const oracle = bruteForce(problem);
      const answer = planExact(problem);
      const bound = boundPlan(problem);
      seen[problem.sharing]++;
      expect(verifyBound(problem, answer.certificate).valid, `seed ${seed}`).toBe(true);
      expect(bound.boundSeconds, `seed ${seed}`).toBeLessThanOrEqual(oracle.totalSeconds * (1 + 1e-9));
      expect(verifyBound(problem, bound.certificate).valid, `seed ${seed}`).toBe(true);
      if (!oracle.feasible) {
        seen.infeasible++;
        expect(answer.termination, `seed ${seed}`).toBe('infeasible');
        continue;
      }
      seen.energy += answer.plan!.devices.filter(
        (decision, n) =>
          decision.participates &&
          roundEnergyJoule(problem, problem.devices[n]!, decision) >
            (problem.devices[n]!.energyLimitJoule ?? Infinity) * (1 - 1e-9),
      ).length;
      expect(answer.termination, `seed ${seed}`).toBe('optimal');
      expect(relative(answer.totalSeconds, oracle.totalSeconds), `seed ${seed}`).toBeLessThanOrEqual(1e-6);
      expect(roundDelay(problem, answer.plan!).totalSeconds).toBe(answer.totalSeconds);
      expect(planViolations(problem, answer.plan!, answer.totalSeconds)).toEqual([]);
      const planned = planTwoTimescale(problem);
      if (planned.plan) {
        expect(planned.totalSeconds, `seed ${seed}`).toBeGreaterThanOrEqual(oracle.totalSeconds * (1 - 1e-9));
        expect(planViolations(problem, planned.plan, planned.totalSeconds)).toEqual([]);
      }
    }
    expect(Math.min(seen.allocated, seen.equal, seen.batched)).toBeGreaterThan(samples(2, 5));
    expect(seen.energy).toBeGreaterThan(samples(2, 5));
  });
});

/** A random problem with accuracy and server memory out of the way, and a random allowed choice for each device. */
function fixedInstance(
  seed: number,
  devices: number,
): { problem: PlanningProblem; decisions: DevicePlan[] } | undefined {
  const drawn = randomProblem({ seed, devices, splits: 6, points: 4 });
  const loose = { ...drawn, serverMemoryBytes: Infinity, accuracy: { ...drawn.accuracy, minimum: -Infinity } };
  const problem = withLinkLimits(loose, seed);
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
