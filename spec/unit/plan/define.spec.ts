import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planViolations, roundDelay, type ExtraLimit, type RateLaw } from '../../../lib/models/index.js';
import {
  boundPlan,
  certify,
  definePlanningProblem,
  defineRate,
  limitPrices,
  planBandwidth,
  planTwoTimescale,
  ProblemDefinitionError,
  solvePlan,
  verifyBound,
  type PlanningProblemDefinition,
} from '../../../lib/plan/index.js';
import { bruteForcePlan, checkConformance, checkRateLaw } from '../../../lib/testing/index.js';
import { randomStream } from '../../../lib/random/index.js';
import { samples } from '../../support/samples.js';

const shannon = (snr: number) => (b: number) => (b * Math.log1p(snr / b)) / Math.LN2;

/** Two hops after one another over the same share. */
const relayed = (first: number, second: number) =>
  defineRate({ bitsPerSecond: (b) => 1 / (1 / shannon(first)(b) + 1 / shannon(second)(b)) });

/** Concave with kinks: rates of a ladder of modulations. */
function ladder(steps: readonly (readonly [number, number])[]): RateLaw {
  const pieces = (b: number) => steps.map(([offset, slope]) => ({ rate: offset + slope * b, slope }));
  const least = (b: number) => pieces(b).reduce((best, piece) => (piece.rate < best.rate ? piece : best));
  return defineRate({ bitsPerSecond: (b) => least(b).rate, slope: (b) => least(b).slope });
}

/** A problem of own parts alone, different for every seed. */
function ownProblem(seed: number, change: Partial<PlanningProblemDefinition> = {}): PlanningProblemDefinition {
  const random = randomStream(seed, 'own-problem');
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const blocks = 5;
  return {
    blocks,
    bandwidthHz: 10e6,
    stepsPerRound: 3,
    aggregationSeconds: 0.01,
    compression: { up: [{ ratio: 0.1 }, { ratio: 0.4, encodeSecondsPerValue: 1e-9 }] },
    accuracy: { value: (up, _down, cut) => 0.95 - 0.02 / Math.sqrt(up) + 0.004 * Math.sin(cut), minimum: 0.9 },
    devices: Array.from({ length: 2 }, (_, n) => {
      const [speed, bump, server] = [between(0.02, 0.1), between(0, 3), between(0.02, 0.2)];
      return {
        name: `device-${n}`,
        uplink:
          random.uniform() < 0.5
            ? relayed(between(5e6, 80e6), between(5e6, 80e6))
            : ladder([
                [0, between(2, 8)],
                [between(2e6, 8e6), between(0.3, 2)],
              ]),
        downlink: { kind: 'shannon', snrBandwidthHz: between(20e6, 200e6) } as const,
        memoryBytes: 1e9,
        stages: {
          // Neither affine nor monotone.
          forwardSeconds: (c: number) => speed * c ** 1.7 + (c === 3 ? bump * 0.05 : 0),
          backwardSeconds: (c: number) => 2 * speed * Math.max(0, c - 0.5),
          serverSeconds: (c: number) => server * (blocks - c) ** 1.3,
          uplinkValues: (c: number) => 4e5 + 1e5 * Math.cos(2 * c),
          downlinkValues: 2e5,
          adapterBits: (c: number) => 1e5 * c * c,
          deviceMemoryBytes: (c: number) => 2e8 * c,
        },
      };
    }),
    ...change,
  };
}

const carbon = (limit: number): ExtraLimit => ({
  name: 'carbon',
  unit: 'g',
  scope: 'sum',
  limit,
  use: (_device, { deviceSeconds, serverSeconds }) => 40 * deviceSeconds + 3 * serverSeconds,
});
const heat: ExtraLimit = {
  name: 'heat',
  unit: 'J',
  scope: 'each',
  limit: (device) => (device.name === 'device-0' ? 2 : 50),
  use: (_device, { deviceSeconds }) => 4 * deviceSeconds,
};

describe('a problem of own parts', () => {
  it('is planned, bounded and decided as brute force says, for every way of sharing the server and every kind of limit', () => {
    const seen = { feasible: 0, infeasible: 0, tight: 0 };
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.constantFrom('allocated' as const, 'equal' as const, 'batched' as const),
        fc.constantFrom(Infinity, 40, 25, 15, 5),
        (seed, sharing, limit) => {
          const extraLimits = limit < Infinity ? [carbon(limit), heat] : [heat];
          const problem = definePlanningProblem(ownProblem(seed, { sharing, extraLimits }));
          const { passed, instances, issues } = checkConformance(problem, { instances: 1, cuts: 4, seed });
          expect({ issues, wrong: instances.flatMap(({ disagreements }) => disagreements) }).toEqual({
            issues: [],
            wrong: [],
          });
          expect(passed).toBe(true);
          const [instance] = instances;
          if (instance!.bruteForceSeconds === Infinity) seen.infeasible++;
          else seen.feasible++;
          const { extraLimits: _, ...free } = problem;
          const unlimited = planTwoTimescale(free).totalSeconds;
          if (unlimited < planTwoTimescale(problem).totalSeconds * (1 - 1e-3)) seen.tight++;
        },
      ),
      { numRuns: samples(8, 40), seed: 18 },
    );
    expect(seen.feasible).toBeGreaterThan(samples(2, 18));
    expect(seen.infeasible).toBeGreaterThan(samples(0, 3));
    expect(seen.tight).toBeGreaterThan(samples(1, 6));
  });

  it('shares bandwidth by SQP and by scalar search alike', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const problem = definePlanningProblem(ownProblem(seed));
      const { plan } = planTwoTimescale(problem);
      const [sqp, scalar] = (['sqp', 'scalar'] as const).map((method) => planBandwidth(problem, plan, { method }));
      expect(sqp!.totalSeconds / scalar!.totalSeconds).toBeCloseTo(1, 7);
    }
  });

  it('answers many devices within a certified gap, the extra limit kept', () => {
    const definition = ownProblem(7, { extraLimits: [carbon(600)] });
    const devices = Array.from({ length: 60 }, (_, n) => {
      const [first, second] = ownProblem(100 + n).devices;
      return { ...(n % 2 ? first! : second!), name: `device-${n}` };
    });
    const problem = definePlanningProblem({ ...definition, bandwidthHz: 200e6, devices });
    const report = solvePlan(problem, { baselines: false, whatIf: 'never' });
    expect(report.status).toBe('solved');
    expect(report.bound.relativeGap).toBeLessThan(5e-3);
    expect(report.bound.verified).toBe(true);
    expect(report.answer!.use.extra!['carbon']).toBeLessThanOrEqual(600 * (1 + 1e-9));
    expect(planViolations(problem, report.answer!.plan, report.answer!.delay.totalSeconds)).toEqual([]);
    expect(boundPlan(problem).columns.rows).toContain('extra:carbon');
  });

  it('has a dual price for every coupling limit: the derivative of the bound', () => {
    const base = ownProblem(3);
    const devices = Array.from({ length: 40 }, (_, n) => ({ ...ownProblem(n).devices[n % 2]!, name: `device-${n}` }));
    const at = (limit: number, bandwidthHz = 100e6) => {
      return definePlanningProblem({ ...base, bandwidthHz, devices, extraLimits: [carbon(limit)] });
    };
    const seconds = (limit: number, band?: number) =>
      boundPlan(at(limit, band), { relativeTolerance: 1e-9, maxEvaluations: 400 }).boundSeconds;
    const prices = limitPrices(at(300), boundPlan(at(300), { relativeTolerance: 1e-9, maxEvaluations: 400 }));
    const priceOf = (limit: string) => prices.find((price) => price.limit === limit)!.secondsPerUnit;
    expect(priceOf('extra:carbon')).toBeGreaterThan(0);
    // A piecewise smooth function: the price lies between the differences on either side.
    for (const [price, less, more] of [
      [priceOf('extra:carbon'), seconds(299) - seconds(300), seconds(300) - seconds(301)],
      [1e5 * priceOf('bandwidth'), seconds(300, 99.9e6) - seconds(300), seconds(300) - seconds(300, 100.1e6)],
    ]) {
      expect(price).toBeLessThanOrEqual(less! * (1 + 1e-2));
      expect(price).toBeGreaterThanOrEqual(more! * (1 - 1e-2));
    }
  });

  it('never confirms a bound that claims more, or that prices a limit the problem does not have', () => {
    const problem = definePlanningProblem(ownProblem(2, { extraLimits: [carbon(24)] }));
    const { certificate } = boundPlan(problem);
    const best = bruteForcePlan(problem).totalSeconds;
    expect(best).toBeLessThan(Infinity);
    expect(verifyBound(problem, certificate).valid).toBe(true);
    if (certificate.kind !== 'threshold') throw new Error('expected a threshold certificate');
    expect(verifyBound(problem, { ...certificate, boundSeconds: best * 1.001 }).valid).toBe(false);
    const strange = { ...certificate, multipliers: { ...certificate.multipliers, 'extra:money': 1 } } as const;
    expect(verifyBound(problem, strange).valid).toBe(false);
  });

  it('is refused by certificates of plans, which cannot state it', async () => {
    const problem = definePlanningProblem(ownProblem(2, { extraLimits: [carbon(24)] }));
    const report = solvePlan(problem, { baselines: false, whatIf: 'never' });
    await expect(certify(problem, { plan: report.answer!.plan })).rejects.toThrow(/cannot state/);
  });

  it('says why nothing is feasible where an extra limit is', () => {
    const problem = definePlanningProblem(ownProblem(5, { extraLimits: [carbon(0.01)] }));
    const report = solvePlan(problem);
    expect(report.status).toBe('infeasible');
    expect(report.infeasibility!.conflicts.map(({ message }) => message).join()).toContain('carbon');
  });
});

describe('a definition', () => {
  const issuesOf = (change: object): string[] => {
    try {
      definePlanningProblem({ ...ownProblem(1), ...change });
    } catch (error) {
      if (error instanceof ProblemDefinitionError) return error.issues.map(({ path }) => path);
      throw error;
    }
    return [];
  };
  const device = ownProblem(1).devices[0]!;

  it.each([
    [
      'a rate that falls',
      { devices: [{ ...device, uplink: defineRate({ bitsPerSecond: (b) => 1e12 / b }) }] },
      'devices[0].uplink.bitsPerSecond',
    ],
    [
      'a convex rate',
      { devices: [{ ...device, uplink: defineRate({ bitsPerSecond: (b) => b * b }) }] },
      'devices[0].uplink.bitsPerSecond',
    ],
    [
      'a rate with a jump',
      { devices: [{ ...device, uplink: defineRate({ bitsPerSecond: (b) => (b < 1e6 ? b : 3 * b) }) }] },
      'devices[0].uplink.bitsPerSecond',
    ],
    [
      'a rate of nothing',
      { devices: [{ ...device, uplink: defineRate({ bitsPerSecond: () => NaN }) }] },
      'devices[0].uplink.bitsPerSecond',
    ],
    [
      'a wrong slope',
      { devices: [{ ...device, uplink: defineRate({ bitsPerSecond: (b) => b, slope: () => 2 }) }] },
      'devices[0].uplink.slope',
    ],
    [
      'a supremum below the rates',
      { devices: [{ ...device, uplink: defineRate({ bitsPerSecond: (b) => b, supremumBitsPerSecond: 5 }) }] },
      'devices[0].uplink.supremumBitsPerSecond',
    ],
    [
      'a negative time',
      { devices: [{ ...device, stages: { ...device.stages, forwardSeconds: (c: number) => 1 - c } }] },
      'devices[0].stages.forwardSeconds(2)',
    ],
    [
      'a function that throws',
      {
        devices: [
          {
            ...device,
            stages: {
              ...device.stages,
              serverSeconds: () => {
                throw new Error('no');
              },
            },
          },
        ],
      },
      'devices[0].stages.serverSeconds(1)',
    ],
    ['two devices of a name', { devices: [device, device] }, 'devices[1].name'],
    ['a limit on a sum by device', { extraLimits: [{ ...heat, scope: 'sum' }] }, 'extraLimits[0].limit'],
    ['a use that is no number', { extraLimits: [{ ...heat, use: () => NaN }] }, 'extraLimits[0].use'],
    ['an accuracy that is no number', { accuracy: { value: () => NaN } }, 'accuracy.value'],
    ['points out of order', { compression: { up: [{ ratio: 0.5 }, { ratio: 0.2 }] } }, 'compression.up[1].ratio'],
    ['a pin to no cut', { devices: [{ ...device, pinned: { blocks: 5 } }] }, 'devices[0].pinned.blocks'],
    ['no devices', { devices: [] }, 'devices'],
    ['a band of nothing', { bandwidthHz: 0 }, 'bandwidthHz'],
  ])('refuses %s', (_what, change, path) => {
    expect(issuesOf(change)).toContain(path);
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'definition'],
    ['null', null, 'definition'],
    ['a list', [], 'definition'],
    ['devices that are no list', { ...ownProblem(1), devices: {} }, 'devices'],
    ['a hole among devices', { ...ownProblem(1), devices: new Array(1) }, 'devices[0]'],
    ['a device without stages', { ...ownProblem(1), devices: [{ ...device, stages: undefined }] }, 'devices[0].stages'],
    [
      'cuts that are no list',
      { ...ownProblem(1), devices: [{ ...device, stages: { ...device.stages, cuts: '12' } }] },
      'devices[0].stages.cuts',
    ],
    ['a law of null', { ...ownProblem(1), devices: [{ ...device, uplink: null }] }, 'devices[0].uplink'],
    ['points of null', { ...ownProblem(1), compression: { up: [null] } }, 'compression.up[0]'],
    ['an accuracy without a value', { ...ownProblem(1), accuracy: {} }, 'accuracy.value'],
    ['an accuracy that is text', { ...ownProblem(1), accuracy: { value: () => '0.9' } }, 'accuracy.value'],
    [
      'an accuracy that throws',
      { ...ownProblem(1), accuracy: { value: () => expect.unreachable() } },
      'accuracy.value',
    ],
    ['limits of null', { ...ownProblem(1), extraLimits: [null] }, 'extraLimits[0]'],
    ['a misspelt key', { ...ownProblem(1), stepsperRound: 5 }, 'stepsperRound'],
    [
      'a misspelt key of a device',
      { ...ownProblem(1), devices: [{ ...device, memoryByte: 5 }] },
      'devices[0].memoryByte',
    ],
    [
      'a misspelt key of stages',
      { ...ownProblem(1), devices: [{ ...device, stages: { ...device.stages, adapterBit: 5 } }] },
      'devices[0].stages.adapterBit',
    ],
    [
      'a misspelt key of a point',
      { ...ownProblem(1), compression: { up: [{ ratio: 1, encodeSeconds: 5 }] } },
      'compression.up[0].encodeSeconds',
    ],
    [
      'a cost that is forgotten',
      { ...ownProblem(1), devices: [{ ...device, stages: { ...device.stages, forwardSeconds: () => undefined } }] },
      'devices[0].stages.forwardSeconds(1)',
    ],
    [
      'a limit that is forgotten',
      { ...ownProblem(1), extraLimits: [{ ...heat, limit: () => undefined }] },
      'extraLimits[0].limit',
    ],
    [
      'shares at odds',
      { ...ownProblem(1), devices: [{ ...device, minimumBandwidthHz: 2, maximumBandwidthHz: 1 }] },
      'devices[0].minimumBandwidthHz',
    ],
    [
      'a law that ends at the band',
      {
        ...ownProblem(1),
        devices: [{ ...device, uplink: defineRate({ bitsPerSecond: (b) => (b > 10e6 ? NaN : b) }) }],
      },
      'devices[0].uplink.bitsPerSecond',
    ],
  ])('refuses %s by its place', (_what, given, path) => {
    const caught = (): readonly string[] => {
      try {
        definePlanningProblem(given as PlanningProblemDefinition);
      } catch (error) {
        if (error instanceof ProblemDefinitionError) return error.issues.map((issue) => issue.path);
        throw error;
      }
      return [];
    };
    expect(caught()).toContain(path);
  });

  it('of what takes no time has a round of none, and a gap of none', () => {
    const free = { forwardSeconds: 0, backwardSeconds: 0, serverSeconds: 0, uplinkValues: 0, downlinkValues: 0 };
    const problem = definePlanningProblem({ blocks: 3, bandwidthHz: 1e6, devices: [{ ...device, stages: free }] });
    const { answer, bound } = solvePlan(problem, { baselines: false, whatIf: 'never' });
    expect([answer!.delay.totalSeconds, bound.relativeGap]).toEqual([0, 0]);
  });

  it('names everything at once', () => {
    expect(issuesOf({ bandwidthHz: -1, stepsPerRound: 0.5, sharing: 'fair' })).toEqual([
      'bandwidthHz',
      'stepsPerRound',
      'sharing',
    ]);
  });

  it('accepts what costs nothing by default, and keeps it out of the delay', () => {
    const problem = definePlanningProblem({
      blocks: 3,
      bandwidthHz: 1e6,
      devices: [
        {
          name: 'only',
          uplink: { kind: 'linear', bitsPerSecondPerHz: 2 },
          downlink: { kind: 'linear', bitsPerSecondPerHz: 4 },
          stages: {
            forwardSeconds: 1,
            backwardSeconds: 2,
            serverSeconds: 4,
            uplinkValues: 1e6,
            downlinkValues: 1e6,
            cuts: [2],
          },
        },
      ],
    });
    const { plan } = planTwoTimescale(problem);
    expect(roundDelay(problem, plan!).totalSeconds).toBeCloseTo(1 + 8 + 4 + 4 + 2, 8);
  });
});

describe('the kit', () => {
  it('finds a law in another unit', () => {
    const inKilohertz = defineRate({ bitsPerSecond: (b) => 1000 * shannon(40e6)(b) });
    expect(
      checkRateLaw(inKilohertz, 20e6)
        .map(({ allowed }) => allowed)
        .join(),
    ).toContain('bit/s of Hz');
    expect(checkRateLaw({ kind: 'shannon', snrBandwidthHz: 40e6 }, 20e6)).toEqual([]);
  });

  it('finds the optimum of one device by hand', () => {
    const problem = definePlanningProblem({ ...ownProblem(2), devices: ownProblem(2).devices.slice(0, 1) });
    const { totalSeconds, plan } = bruteForcePlan(problem);
    expect(plan!.devices[0]!.bandwidthHz).toBeCloseTo(10e6, 0);
    expect(roundDelay(problem, plan!).totalSeconds).toBeCloseTo(totalSeconds, 9);
  });
});
