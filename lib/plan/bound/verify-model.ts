import {
  limitTolerance,
  sumLimit,
  withEfficiencyLimit,
  type ChoiceTable,
  type Device,
  type PlanningProblem,
  type RateLaw,
} from '../../models/index.js';
import type { LimitMultipliers } from './certificate.js';

/** Limits as a plan may use them, with a little to spare. */
export const slackFactor = 1 + 1.01 * limitTolerance;

/** Part of the band that can be handed out: all of it, or whole resource blocks. */
export function usableBand(problem: PlanningProblem): number {
  const block = problem.resourceBlockHz;
  if (block === undefined) return 1;
  return (Math.floor((problem.bandwidthHz / block) * slackFactor + 1e-6) * block) / problem.bandwidthHz;
}

/** Prices of what shares have no part in, in a certificate's scales; those of extra limits in the problem's order. */
export interface ConstantPrices {
  readonly memory: number;
  readonly traffic: number;
  readonly accuracy: number;
  readonly extra: readonly number[];
}

/** The prices of a certificate; undefined where one is negative or not finite, or belongs to no limit of the problem. */
export function constantPrices(problem: PlanningProblem, multipliers: LimitMultipliers): ConstantPrices | undefined {
  const sums = (problem.extraLimits ?? []).map(({ name, scope }) =>
    scope === 'sum' ? (`extra:${name}` as const) : undefined,
  );
  const known = Object.keys(multipliers).every((row) => !row.startsWith('extra:') || sums.some((name) => name === row));
  const prices = {
    memory: multipliers['server-memory'] ?? 0,
    traffic: multipliers.traffic ?? 0,
    accuracy: multipliers.accuracy ?? 0,
    extra: sums.map((name) => (name === undefined ? 0 : (multipliers[name] ?? 0))),
  };
  const valid = [prices.memory, prices.traffic, prices.accuracy, ...prices.extra].every(
    (price) => price >= 0 && price < Infinity,
  );
  return known && valid ? prices : undefined;
}

/** Σ price · what is available of the constant rows, accuracy's being 0. */
export function constantAvailable(problem: PlanningProblem, { memory, traffic, extra }: ConstantPrices): number[] {
  return [
    memory * slackFactor,
    traffic * slackFactor,
    ...extra.map((price, k) => {
      if (price === 0) return 0;
      const limit = sumLimit(problem.extraLimits![k]!);
      return price * (limit / extraUnit(limit)) * (limit > 0 ? slackFactor : 2 - slackFactor);
    }),
  ];
}

function extraUnit(limit: number): number {
  return Math.abs(limit) || 1;
}

/** What a choice pays for server memory, traffic, accuracy and extra limits. */
export function couplingPrice(
  problem: PlanningProblem,
  device: Device,
  table: ChoiceTable,
  j: number,
  prices: ConstantPrices,
  weightSum: number,
): number {
  const memoryLimit = problem.serverMemoryBytes;
  const memory =
    prices.memory === 0 ? 0 : (prices.memory * table.serverMemoryBytes[j]!) / (memoryLimit > 0 ? memoryLimit : 1);
  let rest = memory + (prices.traffic === 0 ? 0 : prices.traffic * trafficPart(problem, table, j));
  prices.extra.forEach((price, k) => {
    if (price > 0) rest += (price * table.extraUse[k]![j]!) / extraUnit(sumLimit(problem.extraLimits![k]!));
  });
  if (problem.accuracy.scope !== 'mean' || problem.accuracy.minimum === -Infinity) return rest;
  const required = problem.accuracy.minimum - 1.01 * limitTolerance * Math.abs(problem.accuracy.minimum);
  return rest + (prices.accuracy * device.weight * (required - table.accuracy[j]!)) / weightSum;
}

/** What an optional device that is left out pays for the mean accuracy. */
export function absencePrice(
  { accuracy: { scope, minimum, leftOutAccuracy } }: PlanningProblem,
  device: Device,
  accuracyPrice: number,
  weightSum: number,
): number {
  if (leftOutAccuracy === undefined || scope !== 'mean' || minimum === -Infinity) return 0;
  const required = minimum - 1.01 * limitTolerance * Math.abs(minimum);
  return (accuracyPrice * device.weight * (required - leftOutAccuracy)) / weightSum;
}

/** Traffic of a choice in parts of what all devices together may have; 0 without a limit. */
export function trafficPart(
  { stepsPerRound, trafficLimitBits }: PlanningProblem,
  table: ChoiceTable,
  j: number,
): number {
  if (trafficLimitBits === undefined) return 0;
  const step = table.uplinkBits[j]! + table.downlinkBits[j]!;
  return (stepsPerRound * step + 2 * table.adapterBits[j]!) / trafficLimitBits;
}

/** Bandwidths a plan may give a device that takes part, Hz. */
export function shareInterval(problem: PlanningProblem, device: Device): [number, number] {
  let least = Math.max(device.minimumBandwidthHz, problem.resourceBlockHz ?? 0) / slackFactor;
  let most = Math.min(device.maximumBandwidthHz, problem.bandwidthHz) * slackFactor;
  const pinned = device.pinned.bandwidthHz;
  if (pinned !== undefined) {
    const tolerance = 1.01 * limitTolerance * Math.max(1, Math.abs(pinned));
    least = Math.max(least, pinned - tolerance);
    most = Math.min(most, pinned + tolerance);
  }
  return [least, most];
}

/** The uplink under a choice, within what its energy allows. */
export function uplinkOf(device: Device, table: ChoiceTable, j: number): RateLaw {
  return withEfficiencyLimit(device.uplink, table.uplinkEfficiencyLimit[j]!);
}
