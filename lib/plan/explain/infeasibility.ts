import { exceeds, fallsShort, type PlanningProblem, type ProblemSource } from '../../models/index.js';
import type { Planner } from '../planner.js';
import type { InfeasibilityReport, LimitConflict, Remedy } from '../report.js';
import { deviceExtremes, type DeviceExtremes } from './device-limits.js';
import { findRemedies } from './remedies.js';

/**
 * Why a problem has no plan: the limits that conflict by themselves, then those that conflict only together, and for
 * each single limit the smallest change found that alone makes a plan possible. `planner` must not use the result.
 */
export function explainInfeasibility(source: ProblemSource, planner: Planner): InfeasibilityReport {
  const { problem } = source;
  const required = problem.devices.filter((device) => !device.optional);
  const extremes = required.map((device) => deviceExtremes(problem, device));
  const conflicts = [
    ...deviceMemoryConflicts(problem, extremes),
    ...deviceEnergyConflicts(problem, extremes),
    ...deviceTrafficConflicts(problem, extremes),
    ...bandwidthConflicts(problem),
    ...accuracyConflicts(problem, extremes),
    ...serverMemoryConflicts(problem, extremes),
    ...deadlineConflicts(problem, extremes),
  ];
  const remedies = findRemedies(source, planner);
  return { conflicts: conflicts.length > 0 ? conflicts : jointConflicts(problem, remedies), remedies };
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
    return [
      {
        limit: 'device-memory',
        devices: [device.name],
        reachable: leastMemoryBytes,
        required: device.memoryBytes,
        message: `${device.name} cannot hold its least split: ${bytes(leastMemoryBytes)} needed, ${bytes(device.memoryBytes)} available`,
      },
    ];
  });
}

function deviceTrafficConflicts(problem: PlanningProblem, extremes: readonly DeviceExtremes[]): LimitConflict[] {
  return requiredDevices(problem).flatMap((device, k): LimitConflict[] => {
    const { fitsEnergy, fitsTraffic, leastTrafficBits } = extremes[k]!;
    const limit = device.trafficLimitBits;
    if (!fitsEnergy || fitsTraffic || limit === undefined) return [];
    return [
      {
        limit: 'device-traffic',
        devices: [device.name],
        reachable: leastTrafficBits,
        required: limit,
        message: `${device.name} sends and receives at least ${bytes(leastTrafficBits / 8)} a round; ${bytes(limit / 8)} are allowed`,
      },
    ];
  });
}

function deviceEnergyConflicts(problem: PlanningProblem, extremes: readonly DeviceExtremes[]): LimitConflict[] {
  return requiredDevices(problem).flatMap((device, k): LimitConflict[] => {
    const { fitsMemory, fitsEnergy, leastEnergyJoule } = extremes[k]!;
    const limit = device.energyLimitJoule;
    if (!fitsMemory || fitsEnergy || limit === undefined) return [];
    return [
      {
        limit: 'device-energy',
        devices: [device.name],
        reachable: leastEnergyJoule,
        required: limit,
        message: `${device.name} needs ${joules(leastEnergyJoule)} a round for its thriftiest split, however slowly it sends; ${joules(limit)} are allowed`,
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
    const message =
      block === undefined
        ? `the devices' least bandwidths add up to ${hertz(least)}, the band is ${hertz(problem.bandwidthHz)}`
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
    const reachable = Math.min(...extremes.map(({ bestAccuracy }) => bestAccuracy));
    return [
      {
        limit: 'accuracy',
        devices: short.map(({ name }) => name),
        reachable,
        required: minimum,
        message: `${short.length} of ${devices.length} devices cannot reach accuracy ${percent(minimum)}; the least of their best is ${percent(reachable)}`,
      },
    ];
  }
  // An optional device may only raise the mean by taking part: the best subset is the required ones plus better ones.
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
    if (candidate.best <= -Infinity || (weight > 0 && candidate.best <= weighted / weight)) break;
    weight += candidate.weight;
    weighted += candidate.weight * candidate.best;
  }
  const reachable = weight > 0 ? weighted / weight : 1;
  if (!fallsShort(reachable, minimum)) return [];
  return [
    {
      limit: 'accuracy',
      devices: [],
      reachable,
      required: minimum,
      message: `the largest reachable mean accuracy is ${percent(reachable)}, ${percent(minimum)} is asked for`,
    },
  ];
}

function serverMemoryConflicts(problem: PlanningProblem, extremes: readonly DeviceExtremes[]): LimitConflict[] {
  const least = extremes.reduce((sum, { leastServerMemoryBytes }) => sum + leastServerMemoryBytes, 0);
  if (!Number.isFinite(least) || !exceeds(least, problem.serverMemoryBytes)) return [];
  return [
    {
      limit: 'server-memory',
      devices: [],
      reachable: least,
      required: problem.serverMemoryBytes,
      message: `the devices need at least ${bytes(least)} on the server, ${bytes(problem.serverMemoryBytes)} are left beside the model`,
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
    const any = exceeds(ultimate, deadline) ? ' at any bandwidth' : ' with the whole band';
    return [
      {
        limit: 'deadline',
        devices: [device.name],
        reachable: floor,
        required: deadline,
        message: `${device.name} needs ${seconds(exceeds(ultimate, deadline) ? ultimate : floor)}${any}, the deadline is ${seconds(deadline)}`,
      },
    ];
  });
}

/** No limit fails by itself: those whose change alone would help conflict with each other. */
function jointConflicts(problem: PlanningProblem, remedies: readonly Remedy[]): LimitConflict[] {
  const names = remedies.map(({ limit }) => limit);
  const together = names.length > 1 ? `${names.join(', ')} cannot be kept together` : 'cannot be kept with the others';
  return remedies.map((remedy) => ({
    limit: remedy.limit,
    devices: remedy.device === undefined ? [] : [remedy.device],
    reachable: remedy.to,
    required: remedy.from,
    message: names.length > 1 ? together : `${remedy.limit} ${together} (${problem.devices.length} devices)`,
  }));
}

function bytes(value: number): string {
  return `${(value / 2 ** 20).toPrecision(4)} MiB`;
}

function joules(value: number): string {
  return `${value.toPrecision(5)} J`;
}

function hertz(value: number): string {
  return `${(value / 1e6).toPrecision(5)} MHz`;
}

function seconds(value: number): string {
  return `${value.toPrecision(4)} s`;
}

function percent(value: number): string {
  return `${(100 * value).toFixed(2)} %`;
}
