import type { Device, PinnedDecisions, PlanningProblem } from '../../lib/models/index.js';
import type { Restriction } from '../../lib/plan/restricted/index.js';
import { bruteForce } from './plan-oracle.js';

/**
 * Least round delay of a class by brute force: every value of its common decisions in turn, each a problem with these values
 * pinned, solved by brute force. Shares no code with the search of classes; Infinity where no plan keeps the limits.
 */
export function bruteForceClass(problem: PlanningProblem, restriction: Restriction): number {
  let best = Infinity;
  for (const pins of commonPins(problem, restriction)) {
    for (const shares of restriction.bandwidth ? shareVectors(problem) : [undefined]) {
      const pinned = pinAll(problem, pins, shares);
      if (pinned) best = Math.min(best, bruteForce(pinned).totalSeconds);
    }
  }
  return best;
}

function commonPins(problem: PlanningProblem, { cut, point }: Restriction): PinnedDecisions[] {
  const cuts = cut ? Array.from({ length: problem.blockCount + 1 }, (_, blocks) => ({ blocks })) : [{}];
  const pairs = problem.upPoints.flatMap((_, upPoint) =>
    problem.downPoints.map((_down, downPoint) => ({ upPoint, downPoint })),
  );
  const points = point ? pairs.filter(({ upPoint, downPoint }) => !problem.tiedRatios || upPoint === downPoint) : [{}];
  return cuts.flatMap((blocks) => points.map((pair) => ({ ...blocks, ...pair })));
}

/** Undefined where a device that must take part has another value pinned. */
function pinAll(
  problem: PlanningProblem,
  common: PinnedDecisions,
  shares: readonly number[] | undefined,
): PlanningProblem | undefined {
  const devices: Device[] = [];
  for (const [n, device] of problem.devices.entries()) {
    const wanted: PinnedDecisions = { ...common, ...(shares && { bandwidthHz: shares[n]! }) };
    const conflicts = (Object.keys(wanted) as (keyof PinnedDecisions)[]).some((key) => {
      const own = device.pinned[key];
      return own !== undefined && Math.abs(own - wanted[key]!) > 1e-9 * Math.max(1, own);
    });
    const outOfRange = wanted.blocks !== undefined && !device.costs.allowedBlocks.includes(wanted.blocks);
    if ((conflicts || outOfRange) && !device.optional) return undefined;
    devices.push(
      conflicts || outOfRange
        ? { ...device, costs: { ...device.costs, allowedBlocks: [] } }
        : { ...device, pinned: { ...device.pinned, ...wanted } },
    );
  }
  return { ...problem, devices };
}

/** Equal shares of the whole band for every group that may take part, by bisection on the common level. */
function shareVectors(problem: PlanningProblem): number[][] {
  const { devices, bandwidthHz } = problem;
  const optional = devices.flatMap((device, n) => (device.optional ? [n] : []));
  const vectors: number[][] = [];
  for (let mask = 0; mask < 2 ** optional.length; mask++) {
    const group = devices.flatMap((device, n) => (!device.optional || (mask >> optional.indexOf(n)) & 1 ? [n] : []));
    if (group.length === 0) continue;
    const shareOf = (n: number, level: number) =>
      Math.min(Math.max(level, devices[n]!.minimumBandwidthHz), devices[n]!.maximumBandwidthHz, bandwidthHz);
    const used = (level: number) => group.reduce((sum, n) => sum + shareOf(n, level), 0);
    if (used(0) > bandwidthHz) continue;
    let low = 0;
    let high = bandwidthHz;
    for (let k = 0; k < 200; k++) {
      const middle = (low + high) / 2;
      if (used(middle) <= bandwidthHz * (1 + 1e-13)) low = middle;
      else high = middle;
    }
    vectors.push(devices.map((_, n) => shareOf(n, low)));
  }
  return vectors;
}
