import { describe, expect, it, vi } from 'vitest';
import { buildChoices, planViolations, roundDelay, type Plan, type PlanningProblem } from '../../lib/models/index.js';
import { allocate } from '../../lib/plan/bandwidth/index.js';
import { boundPlan, planExact, planTwoTimescale, verifyBound } from '../../lib/plan/index.js';
import { randomStream } from '../../lib/random/index.js';
import {
  randomProblem,
  type InstanceShape,
  withCodedExchange,
  withEfficiencyTables,
  withLinkLimits,
  withPricedAbsence,
  withTotalTraffic,
} from '../support/plan-instances.js';
import { bruteForce } from '../support/plan-oracle.js';
import { simulateRound } from '../support/round-simulation.js';
import { samples } from '../support/samples.js';

// Generous: the limit guards against hanging, not against a busy machine.
vi.setConfig({ testTimeout: 300_000 });

type Option = (problem: PlanningProblem, seed: number) => PlanningProblem;

interface Tried {
  readonly turnOn: Option;
  /** What shape of problems lets it matter. */
  readonly shape?: Partial<InstanceShape>;
  readonly seeds?: number;
  /** False for limits, which change no delay. */
  readonly simulated?: boolean;
  /** Whether the option decides anything about a fastest plan. */
  readonly counts: (problem: PlanningProblem, plan: Plan) => boolean;
}

/** Options of the model, each by what turns it on in a random problem. */
const options: Readonly<Record<string, Tried>> = {
  'accuracy charged for devices left out': {
    turnOn: withPricedAbsence,
    counts: ({ accuracy: { minimum, leftOutAccuracy } }, plan) =>
      leftOutAccuracy! < minimum && plan.devices.some(({ participates }) => !participates),
  },
  'a limit of the traffic of all devices': {
    turnOn: withTotalTraffic,
    // Adapters so large that a deeper cut costs traffic and spares time.
    shape: { adapters: 0.4, accuracyTightness: 0.5 },
    seeds: samples(18, 30),
    simulated: false,
    counts: ({ trafficLimitBits: _limit, ...rest }, plan) =>
      planExact(rest).totalSeconds < roundDelay(rest, plan).totalSeconds * (1 - 1e-5),
  },
  'coded exchange of adapters': {
    turnOn: withCodedExchange,
    counts: (problem, plan) =>
      roundDelay(problem, plan).stages.some((stages) => (stages?.adapterCodec ?? 0) > 1e-3 * stages!.forward),
  },
  'links under tables of modulation and coding': {
    turnOn: withEfficiencyTables,
    counts: ({ devices }, plan) =>
      devices.some(({ uplink }, n) => uplink.kind === 'custom' && plan.devices[n]!.participates),
  },
  'coded exchange under limits of energy': {
    turnOn: (problem, seed) => withLinkLimits(withCodedExchange(problem, seed), seed),
    counts: ({ devices }, plan) =>
      devices.some(({ energyLimitJoule }, n) => energyLimitJoule !== undefined && plan.devices[n]!.participates),
  },
};

const sharings = ['allocated', 'equal', 'batched'] as const;
const relative = (found: number, expected: number) => Math.abs(found - expected) / Math.abs(expected);

describe.each(Object.entries(options))(
  '%s',
  (_name, { turnOn, counts, shape, seeds = samples(13, 24), simulated = true }) => {
    it.runIf(simulated)('takes the time that an event simulation takes', () => {
      let reached = 0;
      for (let seed = 0; seed < 40; seed++) {
        const problem = turnOn(randomProblem({ seed, devices: 1 + (seed % 4), splits: 5, points: 3, ...shape }), seed);
        const plan = somePlan(problem, seed);
        if (!plan) continue;
        reached++;
        expect(relative(simulateRound(problem, plan), roundDelay(problem, plan).totalSeconds)).toBeLessThanOrEqual(
          1e-9,
        );
      }
      expect(reached).toBeGreaterThan(15);
    });

    it('exact equals brute force, no bound is above it, no plan below', () => {
      const seen = { allocated: 0, equal: 0, batched: 0 };
      let counting = 0;
      for (let seed = 0; seed < seeds; seed++) {
        const problem = turnOn(
          randomProblem({ seed, devices: 2, splits: 4, points: 3, sharing: sharings[seed % 3]!, ...shape }),
          seed,
        );
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
        if (counts(problem, answer.plan!)) counting++;
        expect(answer.termination, `seed ${seed}`).toBe('optimal');
        expect(relative(answer.totalSeconds, oracle.totalSeconds), `seed ${seed}`).toBeLessThanOrEqual(1e-6);
        expect(planViolations(problem, answer.plan!, answer.totalSeconds)).toEqual([]);
        const planned = planTwoTimescale(problem);
        if (!planned.plan) continue;
        expect(planned.totalSeconds, `seed ${seed}`).toBeGreaterThanOrEqual(oracle.totalSeconds * (1 - 1e-9));
        expect(planViolations(problem, planned.plan, planned.totalSeconds)).toEqual([]);
      }
      expect(Math.min(...Object.values(seen))).toBeGreaterThanOrEqual(samples(1, 2));

      expect(counting).toBeGreaterThan(samples(1, 3));
    });
  },
);

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
