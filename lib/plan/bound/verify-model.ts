import {
  limitTolerance,
  withEfficiencyLimit,
  type ChoiceTable,
  type Device,
  type PlanningProblem,
  type RateLaw,
} from '../../models/index.js';

/** Limits as a plan may use them, with a little to spare. */
export const slackFactor = 1 + 1.01 * limitTolerance;

/** Part of the band that can be handed out: all of it, or whole resource blocks. */
export function usableBand(problem: PlanningProblem): number {
  const block = problem.resourceBlockHz;
  if (block === undefined) return 1;
  return (Math.floor((problem.bandwidthHz / block) * slackFactor + 1e-6) * block) / problem.bandwidthHz;
}

/** What a choice pays for server memory, traffic and accuracy. */
export function couplingPrice(
  problem: PlanningProblem,
  device: Device,
  table: ChoiceTable,
  j: number,
  prices: { readonly memory: number; readonly traffic: number; readonly accuracy: number },
  weightSum: number,
): number {
  const memoryLimit = problem.serverMemoryBytes;
  const memory =
    prices.memory === 0 ? 0 : (prices.memory * table.serverMemoryBytes[j]!) / (memoryLimit > 0 ? memoryLimit : 1);
  const sums = memory + (prices.traffic === 0 ? 0 : prices.traffic * trafficPart(problem, table, j));
  if (problem.accuracy.scope !== 'mean' || problem.accuracy.minimum === -Infinity) return sums;
  const required = problem.accuracy.minimum - 1.01 * limitTolerance * Math.abs(problem.accuracy.minimum);
  return sums + (prices.accuracy * device.weight * (required - table.accuracy[j]!)) / weightSum;
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
