import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildChoices,
  lossValue,
  roundDelay,
  secondsPerBit,
  type LossFamily,
  type Plan,
  type PlanningProblem,
  type RateLaw,
  type ServerSharing,
} from '../../lib/models/index.js';
import { randomStream } from '../../lib/random/index.js';
import { randomProblem } from '../support/plan-instances.js';
import { simulateRound } from '../support/round-simulation.js';

/** Some plan within the choices, limits apart; undefined where a device has no choice. */
function somePlan(problem: PlanningProblem, seed: number): Plan | undefined {
  const random = randomStream(seed, 'plan');
  const tables = problem.devices.map((device) => buildChoices(problem, device));
  if (tables.some((table) => table.count === 0)) return undefined;
  const shares = problem.devices.map(() => 0.1 + random.uniform());
  const sum = shares.reduce((total, share) => total + share, 0);
  return {
    devices: tables.map((table, n) => {
      if (problem.devices[n]!.optional && n > 0 && random.uniform() < 0.5) {
        return { participates: false, blocks: 0, upPoint: 0, downPoint: 0, bandwidthHz: 0, serverShare: 0 };
      }
      const j = random.integer(table.count);
      return {
        participates: true,
        blocks: table.blocks[j]!,
        upPoint: table.upPoint[j]!,
        downPoint: table.downPoint[j]!,
        bandwidthHz: (problem.bandwidthHz * shares[n]!) / sum,
        serverShare:
          problem.sharing === 'equal'
            ? 1 / problem.devices.length
            : problem.sharing === 'batched'
              ? 1
              : shares[n]! / sum,
      };
    }),
  };
}

const sharings: ServerSharing[] = ['allocated', 'equal', 'batched'];

describe('round delay', () => {
  it.each(sharings)('%s agrees with an event simulation', (sharing) => {
    let reached = 0;
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: 1, max: 6 }), fc.constantFrom(1, 2, 7), (seed, devices, steps) => {
        const problem = randomProblem({ seed, devices, splits: 5, points: 3, sharing, stepsPerRound: steps });
        const plan = somePlan(problem, seed);
        if (!plan) return;
        reached++;
        expect(roundDelay(problem, plan).totalSeconds / simulateRound(problem, plan)).toBeCloseTo(1, 12);
      }),
      { numRuns: 300, seed: 11 },
    );
    expect(reached).toBeGreaterThan(200);
  });

  it('falls with bandwidth, with device and server speed, and with smaller messages', () => {
    let reached = 0;
    fc.assert(
      fc.property(fc.nat(1e6), fc.constantFrom(...sharings), (seed, sharing) => {
        const problem = randomProblem({ seed, devices: 3, splits: 5, points: 3, sharing });
        const plan = somePlan(problem, seed);
        if (!plan) return;
        reached++;
        const { totalSeconds } = roundDelay(problem, plan);
        const wider = { devices: plan.devices.map((d) => ({ ...d, bandwidthHz: d.bandwidthHz * 1.2 })) };
        expect(roundDelay(problem, wider).totalSeconds).toBeLessThanOrEqual(totalSeconds);
        const scaled = (column: 'forwardSeconds' | 'serverSeconds' | 'upValues', factor: number): PlanningProblem => ({
          ...problem,
          devices: problem.devices.map((device) => ({
            ...device,
            costs: { ...device.costs, [column]: device.costs[column].map((entry) => entry * factor) },
          })),
        });
        for (const column of ['forwardSeconds', 'serverSeconds', 'upValues'] as const) {
          expect(roundDelay(scaled(column, 0.8), plan).totalSeconds).toBeLessThanOrEqual(totalSeconds);
        }
      }),
      { numRuns: 200, seed: 12 },
    );
    expect(reached).toBeGreaterThan(120);
  });

  it('has the dimension of time: a clock that runs twice as fast halves it', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.constantFrom(...sharings), (seed, sharing) => {
        const problem = randomProblem({ seed, devices: 3, splits: 5, points: 3, sharing });
        const plan = somePlan(problem, seed);
        if (!plan) return;
        const faster = (law: RateLaw): RateLaw =>
          law.kind === 'linear' || law.kind === 'custom'
            ? law
            : { ...law, snrBandwidthHz: doubled(law.snrBandwidthHz) as never };
        const half = (times: Float64Array) => times.map((time) => time / 2);
        const halvedPoints = problem.upPoints.map((point) => ({
          ...point,
          encodeSecondsPerValue: point.encodeSecondsPerValue / 2,
          decodeSecondsPerValue: point.decodeSecondsPerValue / 2,
          serverEncodeSecondsPerValue: point.serverEncodeSecondsPerValue / 2,
          serverDecodeSecondsPerValue: point.serverDecodeSecondsPerValue / 2,
        }));
        const twice: PlanningProblem = {
          ...problem,
          bandwidthHz: 2 * problem.bandwidthHz,
          aggregationSeconds: problem.aggregationSeconds / 2,
          upPoints: halvedPoints,
          downPoints: halvedPoints,
          devices: problem.devices.map((device) => ({
            ...device,
            uplink: faster(device.uplink),
            downlink: faster(device.downlink),
            costs: {
              ...device.costs,
              forwardSeconds: half(device.costs.forwardSeconds),
              backwardSeconds: half(device.costs.backwardSeconds),
              serverSeconds: half(device.costs.serverSeconds),
            },
          })),
        };
        const widened = { devices: plan.devices.map((d) => ({ ...d, bandwidthHz: 2 * d.bandwidthHz })) };
        const ratio = roundDelay(twice, widened).totalSeconds / roundDelay(problem, plan).totalSeconds;
        expect(ratio).toBeCloseTo(0.5, 12);
      }),
      { numRuns: 100, seed: 13 },
    );
  });

  it('of separate chains is at most the stage-wise maxima added up', () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const problem = randomProblem({ seed, devices: 4, splits: 5, points: 3, sharing: 'allocated' });
        const plan = somePlan(problem, seed);
        if (!plan) return;
        const delay = roundDelay(problem, plan);
        const stages = delay.stages.filter((stage) => stage !== undefined);
        const largest = (pick: (stage: (typeof stages)[number]) => number) => Math.max(...stages.map(pick));
        const stageWise =
          problem.stepsPerRound *
            (largest((s) => s.forward + s.encode) +
              largest((s) => s.uplink) +
              largest((s) => s.server) +
              largest((s) => s.downlink) +
              largest((s) => s.decode + s.backward)) +
          largest((s) => s.adapterUplink + s.adapterDownlink) +
          problem.aggregationSeconds;
        expect(delay.totalSeconds).toBeLessThanOrEqual(stageWise * (1 + 1e-12));
      }),
      { numRuns: 100, seed: 14 },
    );
  });
});

function doubled(value: number | Float64Array): number | Float64Array {
  return typeof value === 'number' ? 2 * value : value.map((entry) => 2 * entry);
}

/** Largest amount by which the middle of a segment lies above its chord, relative to the chord. */
function convexityBreach(f: (t: number) => number): number {
  let breach = -Infinity;
  for (const t of [0.25, 0.5, 0.75]) {
    const chord = (1 - t) * f(0) + t * f(1);
    breach = Math.max(breach, (f(t) - chord) / Math.abs(chord));
  }
  return breach;
}

describe('convexity along random segments', () => {
  const logRatio = fc.double({ min: -5, max: 0, noNaN: true });
  const share = fc.double({ min: 0.01, max: 1, noNaN: true });
  const snr = fc.double({ min: -3, max: 3, noNaN: true }).map((e) => 10 ** e);
  const along = (from: number, to: number) => (t: number) => from + t * (to - from);

  it('bits / R(b) is jointly convex in (ln ρ, b)', () => {
    fc.assert(
      fc.property(logRatio, logRatio, share, share, snr, (u0, u1, b0, b1, snrBandwidthHz) => {
        const u = along(u0, u1);
        const b = along(b0, b1);
        const bits = (t: number) => Math.exp(u(t)) * secondsPerBit({ kind: 'shannon', snrBandwidthHz }, b(t));
        expect(convexityBreach(bits)).toBeLessThan(1e-12);
      }),
      { numRuns: 1000 },
    );
  });

  it('the loss of a power law is convex in ln ρ everywhere', () => {
    const family: LossFamily = { kind: 'power', scale: 0.01, exponent: 0.7 };
    fc.assert(
      fc.property(logRatio, logRatio, (u0, u1) => {
        const u = along(u0, u1);
        expect(convexityBreach((t) => lossValue(family, Math.exp(u(t))))).toBeLessThan(1e-12);
      }),
    );
  });

  it('the exponential loss is convex in ln ρ only where rate·ρ ≥ 1, the logistic only above its midpoint', () => {
    const exponential: LossFamily = { kind: 'exponential', scale: 0.3, rate: 10 };
    const logistic: LossFamily = { kind: 'logistic', scale: 0.3, midpoint: 0.1, steepness: 2 };
    const breach = (family: LossFamily, u0: number, u1: number) =>
      convexityBreach((t) => lossValue(family, Math.exp(along(u0, u1)(t))));
    const inside = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(inside, inside, (p, q) => {
        const knee = Math.log(0.1);
        // exp(−e^(u + ln 10)) has second derivative z(z − 1)·exp(−z): convex where z = 10·ρ ≥ 1, concave where z ≤ 1.
        expect(breach(exponential, knee + p * 2.3, knee + q * 2.3)).toBeLessThan(1e-12);
        expect(breach(logistic, knee + p * 2.3, knee + q * 2.3)).toBeLessThan(1e-12);
      }),
    );
    expect(breach(exponential, Math.log(0.005), Math.log(0.08))).toBeGreaterThan(0.01);
    expect(breach(logistic, Math.log(0.005), Math.log(0.08))).toBeGreaterThan(0.01);
  });

  it('c / R(b) and (L − c) / s are not jointly convex', () => {
    const law: RateLaw = { kind: 'shannon', snrBandwidthHz: 1 };
    const adapters = (t: number) => along(1, 3)(t) * secondsPerBit(law, along(0.1, 1)(t));
    const server = (t: number) => along(9, 2)(t) / along(1, 0.3)(t);
    const breaches = [adapters, server].map(convexityBreach);
    expect(Math.max(...breaches)).toBeGreaterThan(0.01);
    const reversed = (t: number) => along(3, 1)(t) * secondsPerBit(law, along(1, 0.1)(t));
    expect(convexityBreach(reversed)).toBeCloseTo(breaches[0]!, 12);
  });
});
