import { exceeds, fallsShort, type LimitName, type PlanningProblem, type ProblemSource } from '../../models/index.js';
import type { LimitConflict } from '../report.js';
import { deviceExtremes, type DeviceExtremes } from './device-limits.js';
import { extraConflicts } from './extra-conflicts.js';
import { amount } from './remedy-message.js';
import { toldApart } from './rounding.js';

/**
 * Limits that fail by themselves, whatever the others: each proves that no plan exists.
 *
 * @param source - The problem, and what the server's model takes.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { sourceOf } from 'sft-opt/models';
 * import { singleConflicts } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * console.log(singleConflicts(sourceOf({ ...problem, deadlineSeconds: 1e-6 })).length > 0, singleConflicts(sourceOf(problem))); // true []
 * ```
 */
export function singleConflicts({
  problem,
  serverModelBytes,
}: Pick<ProblemSource, 'problem' | 'serverModelBytes'>): LimitConflict[] {
  const extremes = requiredDevices(problem).map((device) => deviceExtremes(problem, device));
  return [
    ...deviceMemoryConflicts(problem, extremes),
    ...deviceEnergyConflicts(problem, extremes),
    ...deviceTrafficConflicts(problem, extremes),
    ...bandwidthConflicts(problem),
    ...accuracyConflicts(problem, extremes),
    ...serverMemoryConflicts(problem, extremes, serverModelBytes),
    ...trafficConflicts(problem, extremes),
    ...deadlineConflicts(problem, extremes),
    ...extraConflicts(problem),
  ];
}

function requiredDevices(problem: PlanningProblem) {
  return problem.devices.filter((device) => !device.optional);
}

function deviceMemoryConflicts(problem: PlanningProblem, extremes: readonly DeviceExtremes[]): LimitConflict[] {
  return requiredDevices(problem).flatMap((device, k): LimitConflict[] => {
    const { fitsMemory, leastMemoryBytes } = extremes[k]!;
    if (fitsMemory) return [];
    if (leastMemoryBytes === Infinity) {
      return [
        {
          limit: 'pinned',
          devices: [device.name],
          reachable: 0,
          required: device.pinned.blocks ?? 0,
          message: `${device.name}: its pinned decisions are none of the allowed choices`,
        },
      ];
    }
    const shown = shownApart('device-memory', leastMemoryBytes, device.memoryBytes);
    return [
      {
        limit: 'device-memory',
        devices: [device.name],
        reachable: leastMemoryBytes,
        required: device.memoryBytes,
        message: `${device.name} cannot hold its least split: ${shown.reachable} needed, ${shown.required} available`,
      },
    ];
  });
}

function deviceEnergyConflicts(problem: PlanningProblem, extremes: readonly DeviceExtremes[]): LimitConflict[] {
  return requiredDevices(problem).flatMap((device, k): LimitConflict[] => {
    const { fitsMemory, fitsEnergy, leastEnergyJoule } = extremes[k]!;
    const limit = device.energyLimitJoule;
    if (!fitsMemory || fitsEnergy || limit === undefined) return [];
    const shown = shownApart('device-energy', leastEnergyJoule, limit);
    return [
      {
        limit: 'device-energy',
        devices: [device.name],
        reachable: leastEnergyJoule,
        required: limit,
        message: `${device.name} needs ${shown.reachable} a round for its thriftiest split, however slowly it sends; ${shown.required} are allowed`,
      },
    ];
  });
}

function deviceTrafficConflicts(problem: PlanningProblem, extremes: readonly DeviceExtremes[]): LimitConflict[] {
  return requiredDevices(problem).flatMap((device, k): LimitConflict[] => {
    const { fitsEnergy, fitsTraffic, leastTrafficBits } = extremes[k]!;
    const limit = device.trafficLimitBits;
    if (!fitsEnergy || fitsTraffic || limit === undefined) return [];
    const shown = shownApart('device-traffic', leastTrafficBits, limit);
    return [
      {
        limit: 'device-traffic',
        devices: [device.name],
        reachable: leastTrafficBits,
        required: limit,
        message: `${device.name} sends and receives at least ${shown.reachable} a round; ${shown.required} are allowed`,
      },
    ];
  });
}

function bandwidthConflicts(problem: PlanningProblem): LimitConflict[] {
  const conflicts: LimitConflict[] = [];
  const devices = requiredDevices(problem);
  for (const device of devices) {
    const { pinned, minimumBandwidthHz, maximumBandwidthHz, name } = device;
    if (pinned.bandwidthHz === undefined) continue;
    if (exceeds(pinned.bandwidthHz, maximumBandwidthHz) || fallsShort(pinned.bandwidthHz, minimumBandwidthHz)) {
      conflicts.push({
        limit: 'device-bandwidth',
        devices: [name],
        reachable: Math.min(Math.max(pinned.bandwidthHz, minimumBandwidthHz), maximumBandwidthHz),
        required: pinned.bandwidthHz,
        message: `${name}: the pinned bandwidth lies outside its own minimum and maximum`,
      });
    }
  }
  const block = problem.resourceBlockHz;
  const least = devices.reduce((sum, device) => {
    const own = device.pinned.bandwidthHz ?? device.minimumBandwidthHz;
    return sum + (block === undefined ? own : Math.max(1, Math.ceil(own / block - 1e-9)) * block);
  }, 0);
  if (exceeds(least, problem.bandwidthHz)) {
    const shown = shownApart('bandwidth', least, problem.bandwidthHz);
    const message =
      block === undefined
        ? `the devices' least bandwidths add up to ${shown.reachable}, the band is ${shown.required}`
        : `the devices need at least ${Math.round(least / block)} resource blocks, the band has ${Math.floor(problem.bandwidthHz / block + 1e-9)}`;
    conflicts.push({ limit: 'bandwidth', devices: [], reachable: least, required: problem.bandwidthHz, message });
  }
  return conflicts;
}

function accuracyConflicts(problem: PlanningProblem, extremes: readonly DeviceExtremes[]): LimitConflict[] {
  const { scope, minimum } = problem.accuracy;
  if (minimum === -Infinity || extremes.some(({ fitsTraffic }) => !fitsTraffic)) return [];
  const devices = requiredDevices(problem);
  if (scope === 'each') {
    const short = devices.filter((_, k) => fallsShort(extremes[k]!.bestAccuracy, minimum));
    if (short.length === 0) return [];
    const reachable = extremes.reduce((least, { bestAccuracy }) => Math.min(least, bestAccuracy), Infinity);
    const shown = shownApart('accuracy', reachable, minimum);
    return [
      {
        limit: 'accuracy',
        devices: short.map(({ name }) => name),
        reachable,
        required: minimum,
        message: `${short.length} of ${devices.length} devices cannot reach accuracy ${shown.required}; the least of their best is ${shown.reachable}`,
      },
    ];
  }
  // An optional device either counts with the accuracy of being left out, or takes part only where that raises the mean: the
  // best subset is the required ones plus better ones.
  const { leftOutAccuracy } = problem.accuracy;
  let weight = 0;
  let weighted = 0;
  devices.forEach((device, k) => {
    weight += device.weight;
    weighted += device.weight * extremes[k]!.bestAccuracy;
  });
  const optional = problem.devices
    .filter((device) => device.optional)
    .map((device) => ({ weight: device.weight, best: deviceExtremes(problem, device).bestAccuracy }))
    .sort((a, b) => b.best - a.best);
  for (const candidate of optional) {
    if (leftOutAccuracy !== undefined) {
      weight += candidate.weight;
      weighted += candidate.weight * Math.max(leftOutAccuracy, candidate.best);
      continue;
    }
    if (candidate.best <= -Infinity || (weight > 0 && candidate.best <= weighted / weight)) break;
    weight += candidate.weight;
    weighted += candidate.weight * candidate.best;
  }
  const reachable = weight > 0 ? weighted / weight : 1;
  if (!fallsShort(reachable, minimum)) return [];
  const shown = shownApart('accuracy', reachable, minimum);
  return [
    {
      limit: 'accuracy',
      devices: [],
      reachable,
      required: minimum,
      message: `the largest reachable mean accuracy is ${shown.reachable}, ${shown.required} is asked for`,
    },
  ];
}

function serverMemoryConflicts(
  problem: PlanningProblem,
  extremes: readonly DeviceExtremes[],
  modelBytes: number,
): LimitConflict[] {
  const least = extremes.reduce((sum, { leastServerMemoryBytes }) => sum + leastServerMemoryBytes, 0);
  if (!Number.isFinite(least) || !exceeds(least, problem.serverMemoryBytes)) return [];
  const [reachable, required] = [least + modelBytes, problem.serverMemoryBytes + modelBytes];
  const shown = shownApart('server-memory', reachable, required);
  return [
    {
      limit: 'server-memory',
      devices: [],
      reachable,
      required,
      message: `the model and the devices need at least ${shown.reachable} on the server, which has ${shown.required}`,
    },
  ];
}

function trafficConflicts(problem: PlanningProblem, extremes: readonly DeviceExtremes[]): LimitConflict[] {
  const limit = problem.trafficLimitBits;
  const least = extremes.reduce((sum, { leastTrafficBits }) => sum + leastTrafficBits, 0);
  if (limit === undefined || !Number.isFinite(least) || !exceeds(least, limit)) return [];
  const shown = shownApart('traffic', least, limit);
  return [
    {
      limit: 'traffic',
      devices: [],
      reachable: least,
      required: limit,
      message: `the devices together send and receive at least ${shown.reachable} a round; ${shown.required} are allowed`,
    },
  ];
}

function deadlineConflicts(problem: PlanningProblem, extremes: readonly DeviceExtremes[]): LimitConflict[] {
  const deadline = problem.deadlineSeconds;
  if (deadline === undefined) return [];
  return requiredDevices(problem).flatMap((device, k): LimitConflict[] => {
    const floor = extremes[k]!.floorSeconds + problem.aggregationSeconds;
    if (!Number.isFinite(floor) || !exceeds(floor, deadline)) return [];
    const ultimate = extremes[k]!.ultimateFloorSeconds + problem.aggregationSeconds;
    const shown = shownApart('deadline', exceeds(ultimate, deadline) ? ultimate : floor, deadline);
    const any = exceeds(ultimate, deadline) ? ' at any bandwidth' : ' with the whole band';
    return [
      {
        limit: 'deadline',
        devices: [device.name],
        reachable: floor,
        required: deadline,
        message: `${device.name} needs ${shown.reachable}${any}, the deadline is ${shown.required}`,
      },
    ];
  });
}

/** What can be reached and what is required, with digits enough to tell them apart. */
function shownApart(limit: LimitName, reachable: number, required: number) {
  const [first, second] = toldApart(reachable, required, (value, digits) => amount({ limit }, value, digits));
  return { reachable: first, required: second };
}
