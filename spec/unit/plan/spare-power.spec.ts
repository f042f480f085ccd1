import { describe, expect, it } from 'vitest';
import {
  efficiencyTable,
  planViolations,
  rateBitsPerSecond,
  roundDelay,
  roundEnergyJoule,
  scaledLaw,
  tableLaw,
  type Plan,
  type PlanningProblem,
} from '../../../lib/models/index.js';
import { evaluatePlan, planTwoTimescale, solvePlan } from '../../../lib/plan/index.js';
import { atFullPower, sparePower } from '../../../lib/plan/spare-power.js';
import { randomStream } from '../../../lib/random/index.js';
import { randomProblem, withLinkLimits } from '../../support/plan-instances.js';
import { simulateRound } from '../../support/round-simulation.js';
import { samples } from '../../support/samples.js';

const sharings = ['allocated', 'equal', 'batched'] as const;

/** Equal shares, own limits, whole blocks: what leaves some devices waiting for others. Uplinks of all kinds. */
function instance(seed: number): PlanningProblem {
  const drawn = randomProblem({
    seed,
    devices: 2 + (seed % 4),
    splits: 3,
    points: 3,
    sharing: sharings[seed % 3]!,
    accuracyTightness: 0.4,
  });
  const linked = seed % 4 === 0 ? withLinkLimits(drawn, seed) : drawn;
  const random = randomStream(seed, 'spare-power');
  const fair = linked.bandwidthHz / linked.devices.length;
  const devices = linked.devices.map((device) => {
    const { uplink } = device;
    const snr = uplink.kind === 'shannon' ? uplink.snrBandwidthHz : 1e7;
    const kind = device.energyLimitJoule === undefined ? random.integer(6) : 5;
    const law =
      kind === 0
        ? ({ kind: 'faded', snrBandwidthHz: Float64Array.of(0.3 * snr, snr, 1.4 * snr) } as const)
        : kind === 1
          ? tableLaw(efficiencyTable('qam64'), Float64Array.of(snr))
          : kind === 2
            ? ({ kind: 'linear', bitsPerSecondPerHz: 3 } as const)
            : uplink;
    const pinned = seed % 2 === 0 ? { ...device.pinned, bandwidthHz: fair } : device.pinned;
    return { ...device, uplink: law, pinned, minimumBandwidthHz: 0, maximumBandwidthHz: Infinity };
  });
  return { ...linked, devices, ...(seed % 5 === 1 && { resourceBlockHz: fair / 4 }) };
}

/** The same with one device's channel as weak as if it sent with that part of its power; the judge knows of no plan's power. */
function weakened(problem: PlanningProblem, n: number, part: number): PlanningProblem {
  const devices = problem.devices.map((device, k) =>
    k === n
      ? { ...device, uplink: scaledLaw(device.uplink, part), transmitPowerWatt: part * device.transmitPowerWatt }
      : device,
  );
  return { ...problem, devices };
}

/** Least part of one device's power that leaves a simulated round as long, by bisection over simulations. */
function leastPart(problem: PlanningProblem, plan: Plan, n: number, round: number): number {
  const suffices = (part: number) => simulateRound(weakened(problem, n, part), plan) <= round * (1 + 1e-13);
  let [low, high] = [1e-9, 1];
  if (suffices(low)) return 0;
  for (let k = 0; k < 50; k++) {
    const middle = Math.sqrt(low * high);
    if (suffices(middle)) high = middle;
    else low = middle;
  }
  return high;
}

describe('the least power at one round', () => {
  it('is found for each device, costs no time, no limit and no energy, and cannot be less', () => {
    const seen = { lowered: 0, full: 0, tables: 0, faded: 0, limited: 0, batched: 0, linear: 0 };
    for (let seed = 1; seed <= samples(24, 45); seed++) {
      const problem = instance(seed);
      const { plan } = planTwoTimescale(problem);
      if (!plan) continue;
      const before = roundDelay(problem, plan).totalSeconds;
      const spared = sparePower(problem, plan);
      const after = roundDelay(problem, spared).totalSeconds;
      expect(after).toBeLessThanOrEqual(before);
      expect(after).toBeGreaterThanOrEqual(before * (1 - 1e-9));
      expect(planViolations(problem, spared, after)).toEqual([]);
      expect(atFullPower(spared)).toEqual(plan);
      const round = simulateRound(problem, plan);
      spared.devices.forEach((decision, n) => {
        const device = problem.devices[n]!;
        const energy = (devices: Plan['devices']) => roundEnergyJoule(problem, device, devices[n]!);
        expect(energy(spared.devices)).toBeLessThanOrEqual(energy(plan.devices) * (1 + 1e-12));
        if (!decision.participates) return;
        const part = (decision.transmitPowerWatt ?? device.transmitPowerWatt) / device.transmitPowerWatt;
        const { kind } = device.uplink;
        if (kind === 'linear') {
          seen.linear++;
          expect(decision.transmitPowerWatt).toBeUndefined();
          return;
        }
        // A device that sends nothing has no power to lower.
        const { uplink, adapterUplink } = roundDelay(problem, plan).stages[n]!;
        if (uplink + adapterUplink === 0) return;
        const least = leastPart(problem, plan, n, round);
        // Beyond a table's last corner rates rise by 1e-10 alone: there power is known by its rate.
        const rate = (power: number) => rateBitsPerSecond(scaledLaw(device.uplink, power), decision.bandwidthHz);
        if (kind === 'custom') expect(Math.abs(rate(part) / rate(least) - 1)).toBeLessThanOrEqual(1e-9);
        else expect(Math.abs(part - least)).toBeLessThanOrEqual(1e-5 * part);
        if (part === 1) seen.full++;
        else {
          seen.lowered++;
          if (kind === 'custom') seen.tables++;
          if (kind === 'faded') seen.faded++;
          if (device.energyLimitJoule !== undefined) seen.limited++;
          if (problem.sharing === 'batched') seen.batched++;
        }
      });
      const together = spared.devices.reduce((weak, { participates, transmitPowerWatt }, n) => {
        const { transmitPowerWatt: all } = problem.devices[n]!;
        return participates && transmitPowerWatt !== undefined ? weakened(weak, n, transmitPowerWatt / all) : weak;
      }, problem);
      expect(simulateRound(together, plan)).toBeLessThanOrEqual(round * (1 + 1e-12));
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThanOrEqual(samples(1, 3));
    expect(seen.lowered).toBeGreaterThanOrEqual(samples(15, 30));
  });

  it('rests on rates whose power and band scale together: R(b; f·P) = f·R(b/f; P)', () => {
    const laws = [
      { kind: 'shannon', snrBandwidthHz: 3e7 } as const,
      { kind: 'faded', snrBandwidthHz: Float64Array.of(1e7, 5e7) } as const,
      tableLaw(efficiencyTable('qam256'), Float64Array.of(2e7)),
    ];
    for (const law of laws) {
      for (const part of [0.9, 0.3, 0.02]) {
        const [scaled, wider] = [rateBitsPerSecond(scaledLaw(law, part), 2e6), rateBitsPerSecond(law, 2e6 / part)];
        expect(Math.abs(scaled / (part * wider) - 1)).toBeLessThan(1e-9);
      }
    }
  });

  it('is what a report holds, and what a judge of plans counts', () => {
    const problem = instance(2);
    const { answer } = solvePlan(problem, { whatIf: 'never', baselines: false });
    const lowered = answer!.devices.filter(({ transmitPowerWatt }) => transmitPowerWatt !== undefined);
    expect(lowered.length).toBeGreaterThan(0);
    const judged = evaluatePlan(problem, answer!.plan);
    expect(judged.keepsAllLimits).toBe(true);
    expect(judged.answer.devices).toEqual(answer!.devices);
    const full = evaluatePlan(problem, atFullPower(answer!.plan));
    const energy = (devices: readonly { readonly energyJoulePerRound: number }[]) =>
      devices.reduce((sum, { energyJoulePerRound }) => sum + energyJoulePerRound, 0);
    expect(energy(judged.answer.devices)).toBeLessThan(energy(full.answer.devices));
    expect(full.answer.delay.totalSeconds).toBeCloseTo(answer!.delay.totalSeconds, 12);
  });

  it('is no start of another solve: plans found again are as fast, and more power than there is helps nobody', () => {
    const problem = instance(2);
    const { answer } = solvePlan(problem, { whatIf: 'never', baselines: false });
    const again = solvePlan(
      problem,
      { whatIf: 'never', baselines: false },
      { warm: answer!.plan, starts: [answer!.plan] },
    );
    expect(again.answer!.delay.totalSeconds).toBeCloseTo(answer!.delay.totalSeconds, 9);
    const loud = { devices: answer!.plan.devices.map((decision) => ({ ...decision, transmitPowerWatt: 1e9 })) };
    expect(roundDelay(problem, loud).totalSeconds).toBe(roundDelay(problem, atFullPower(loud)).totalSeconds);
  });
});
