import { describe, expect, it, vi } from 'vitest';
import { buildChoices, planViolations, roundDelay, type Plan, type PlanningProblem } from '../../lib/models/index.js';
import { allocate } from '../../lib/plan/bandwidth/index.js';
import { boundPlan, planExact, planTwoTimescale, verifyBound } from '../../lib/plan/index.js';
import { randomStream } from '../../lib/random/index.js';
import { randomProblem, withCodedExchange, withLinkLimits, withTotalTraffic } from '../support/plan-instances.js';
import { bruteForce } from '../support/plan-oracle.js';
import { simulateRound } from '../support/round-simulation.js';

// Generous: the limit guards against hanging, not against a busy machine.
vi.setConfig({ testTimeout: 300_000 });

type Option = (problem: PlanningProblem, seed: number) => PlanningProblem;

/** Options of the model, each by what turns it on in a random problem. */
const options: Readonly<Record<string, { readonly turnOn: Option }>> = {
  'a limit of the traffic of all devices': { turnOn: withTotalTraffic },
  'coded exchange of adapters': { turnOn: withCodedExchange },
  'coded exchange under limits of energy': {
    turnOn: (problem, seed) => withLinkLimits(withCodedExchange(problem, seed), seed),
  },
};

const relative = (found: number, expected: number) => Math.abs(found - expected) / Math.abs(expected);

describe.each(Object.entries(options))('%s', (_name, { turnOn }) => {
  it('takes the time that an event simulation takes', () => {
    let reached = 0;
    for (let seed = 0; seed < 60; seed++) {
      const problem = turnOn(randomProblem({ seed, devices: 1 + (seed % 4), splits: 5, points: 3 }), seed);
      const plan = somePlan(problem, seed);
      if (!plan) continue;
      reached++;
      expect(relative(simulateRound(problem, plan), roundDelay(problem, plan).totalSeconds)).toBeLessThanOrEqual(1e-9);
    }
    expect(reached).toBeGreaterThan(25);
  });

  it('exact equals brute force, no bound is above it, no plan below', () => {
    const seen = { allocated: 0, equal: 0, batched: 0 };
    for (let seed = 0; seed < 30; seed++) {
      const problem = turnOn(randomProblem({ seed, devices: 2, splits: 4, points: 3 }), seed);
      const oracle = bruteForce(problem);
      const answer = planExact(problem);
      const bound = boundPlan(problem);
      expect(verifyBound(problem, answer.certificate).valid, `seed ${seed}`).toBe(true);
      expect(verifyBound(problem, bound.certificate).valid, `seed ${seed}`).toBe(true);
      expect(bound.boundSeconds, `seed ${seed}`).toBeLessThanOrEqual(oracle.totalSeconds * (1 + 1e-9));
      if (!oracle.feasible) {
        expect(answer.termination, `seed ${seed}`).toBe('infeasible');
        continue;
      }
      seen[problem.sharing]++;
      expect(answer.termination, `seed ${seed}`).toBe('optimal');
      expect(relative(answer.totalSeconds, oracle.totalSeconds), `seed ${seed}`).toBeLessThanOrEqual(1e-6);
      expect(planViolations(problem, answer.plan!, answer.totalSeconds)).toEqual([]);
      const planned = planTwoTimescale(problem);
      if (!planned.plan) continue;
      expect(planned.totalSeconds, `seed ${seed}`).toBeGreaterThanOrEqual(oracle.totalSeconds * (1 - 1e-9));
      expect(planViolations(problem, planned.plan, planned.totalSeconds)).toEqual([]);
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(3);
  });
});

/** A plan of random allowed choices with the best shares; undefined where a device has no choice or nothing fits. */
function somePlan(problem: PlanningProblem, seed: number): Plan | undefined {
  const random = randomStream(seed, 'some-plan');
  const tables = problem.devices.map((device) => buildChoices(problem, device));
  if (tables.some((table) => table.count === 0)) return undefined;
  const decisions = tables.map((table) => {
    const j = random.integer(table.count);
    const [blocks, upPoint, downPoint] = [table.blocks[j]!, table.upPoint[j]!, table.downPoint[j]!];
    return { participates: true, blocks, upPoint, downPoint, bandwidthHz: 0, serverShare: 0 };
  });
  const { deadlineSeconds: _deadline, trafficLimitBits: _traffic, ...rest } = problem;
  const open = { ...rest, serverMemoryBytes: Infinity, accuracy: { ...rest.accuracy, minimum: -Infinity } };
  const found = allocate(open, decisions);
  return found.status === 'optimal' ? found.plan : undefined;
}
