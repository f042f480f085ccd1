import {
  choiceCosts,
  enumerateDecisions,
  limitUse,
  roundTrafficBits,
  type Device,
  type LimitName,
  type Plan,
  type PlanningProblem,
  type ProblemSource,
  type SourceChange,
} from '../../models/index.js';
import { nextUp } from './rounding.js';

/** A limit that may be loosened, in the quantities of the problem's source. */
export interface Relaxation {
  readonly limit: LimitName;
  readonly device?: string;
  readonly from: number;
  /** As loose as can matter; beyond it nothing changes, or nobody would go. */
  readonly loosest: number;
  /** Where looser is not always better (power spread over the band, equal shares above a largest one): also to be tried. */
  readonly lessLoose?: readonly number[];
  /** Values that are worth trying, from tight to loose, where there are few. */
  readonly steps?: readonly number[];
  /** Values that come in whole multiples of this; of what lies between nothing can be used. */
  readonly granule?: number | undefined;
  /** The value as one would write it, no tighter than `value`. */
  readonly rounded: (value: number) => number;
  /** What a plan needs of it. */
  readonly neededBy?: (plan: Plan) => number;
  readonly change: (value: number) => SourceChange;
}

/** A band is not widened further than this; with resource blocks less, as each is counted. */
const widestFactor = 1e4;
const widestFactorInBlocks = 32;

/** All limits of a problem that are set and could be loosened. */
export function relaxationsOf(source: ProblemSource): Relaxation[] {
  const { problem } = source;
  return [
    ...deadline(problem),
    ...accuracy(problem),
    ...serverMemory(source),
    ...totalTraffic(problem),
    band(problem),
    ...problem.devices.flatMap((device) => [
      ...deviceMemory(problem, device),
      ...deviceEnergy(device),
      ...deviceTraffic(problem, device),
      ...widestShare(problem, device),
    ]),
  ];
}

/** Several changes as one. */
export function together(changes: readonly SourceChange[]): SourceChange {
  const devices = new Map<string, NonNullable<SourceChange['devices']>[string]>();
  for (const change of changes) {
    for (const [name, own] of Object.entries(change.devices ?? {})) devices.set(name, { ...devices.get(name), ...own });
  }
  return {
    ...Object.assign({}, ...changes),
    ...(devices.size > 0 && { devices: Object.fromEntries(devices) }),
  } as SourceChange;
}

function deadline({ deadlineSeconds }: PlanningProblem): Relaxation[] {
  if (deadlineSeconds === undefined) return [];
  return [
    {
      limit: 'deadline',
      from: deadlineSeconds,
      loosest: Infinity,
      rounded: (value) => nextUp(value, 5),
      change: (value) => ({ deadlineSeconds: value }),
    },
  ];
}

function accuracy(problem: PlanningProblem): Relaxation[] {
  const { minimum, leftOutAccuracy = Infinity } = problem.accuracy;
  if (!(minimum > 0)) return [];
  let worst = problem.devices.some(({ optional }) => optional) ? leftOutAccuracy : Infinity;
  for (const device of problem.devices) {
    for (const { blocks, upPoint, downPoint } of enumerateDecisions(problem, device)) {
      worst = Math.min(worst, choiceCosts(problem, device, blocks, upPoint, downPoint).accuracy);
    }
  }
  return [
    {
      limit: 'accuracy',
      from: minimum,
      loosest: Math.max(0, Math.min(minimum, worst)),
      // Six digits of the percentage: small losses are asked for at large accuracies.
      rounded: (value) => (value <= 0 ? 0 : -nextUp(-value, 6)),
      neededBy: (plan) => limitUse(problem, plan).accuracy,
      change: (value) => ({ minimumAccuracy: value }),
    },
  ];
}

function serverMemory({ problem, serverModelBytes }: ProblemSource): Relaxation[] {
  if (problem.serverMemoryBytes === Infinity) return [];
  let most = 0;
  for (const device of problem.devices) most += device.costs.serverMemoryBytes.reduce((a, b) => Math.max(a, b), 0);
  const from = problem.serverMemoryBytes + serverModelBytes;
  return [
    {
      limit: 'server-memory',
      from,
      loosest: Math.max(from, most + serverModelBytes),
      rounded: (value) => roundedBytes(value),
      neededBy: (plan) => limitUse(problem, plan).serverMemoryBytes + serverModelBytes,
      change: (value) => ({ serverMemoryBytes: value }),
    },
  ];
}

function totalTraffic(problem: PlanningProblem): Relaxation[] {
  const { trafficLimitBits } = problem;
  if (trafficLimitBits === undefined) return [];
  let most = 0;
  for (const device of problem.devices) {
    let own = 0;
    for (const { blocks, upPoint, downPoint } of enumerateDecisions(problem, device)) {
      own = Math.max(own, roundTrafficBits(problem, choiceCosts(problem, device, blocks, upPoint, downPoint)));
    }
    most += own;
  }
  return [
    {
      limit: 'traffic',
      from: trafficLimitBits,
      loosest: Math.max(trafficLimitBits, most),
      rounded: (value) => 8 * roundedBytes(value / 8),
      neededBy: (plan) => limitUse(problem, plan).trafficBits,
      change: (value) => ({ trafficLimitBits: value }),
    },
  ];
}

function band({ bandwidthHz, resourceBlockHz }: PlanningProblem): Relaxation {
  return {
    limit: 'bandwidth',
    from: bandwidthHz,
    loosest: bandwidthHz * (resourceBlockHz === undefined ? widestFactor : widestFactorInBlocks),
    lessLoose: [10, 3, 1.5, 1.1].map((factor) => factor * bandwidthHz),
    granule: resourceBlockHz,
    rounded: (value) => (resourceBlockHz === undefined ? nextUp(value, 5) : wholeBlocks(value, resourceBlockHz)),
    change: (value) => ({ bandwidthHz: value }),
  };
}

function deviceMemory(problem: PlanningProblem, device: Device): Relaxation[] {
  const { name, memoryBytes } = device;
  if (memoryBytes === Infinity) return [];
  const needs = new Set<number>();
  for (const { blocks, upPoint, downPoint } of enumerateDecisions(problem, device)) {
    const need = choiceCosts(problem, device, blocks, upPoint, downPoint).deviceMemoryBytes;
    if (need > memoryBytes) needs.add(need);
  }
  const steps = [...needs].sort((a, b) => a - b);
  if (steps.length === 0) return [];
  return [
    {
      limit: 'device-memory',
      device: name,
      from: memoryBytes,
      loosest: steps.at(-1)!,
      steps,
      rounded: (value) => roundedBytes(value),
      change: (value) => ({ devices: { [name]: { memoryBytes: value } } }),
    },
  ];
}

/** No device is given more energy than this times what it has. */
const mostEnergyFactor = 1e4;

function deviceEnergy({ name, energyLimitJoule }: Device): Relaxation[] {
  if (energyLimitJoule === undefined) return [];
  return [
    {
      limit: 'device-energy',
      device: name,
      from: energyLimitJoule,
      loosest: mostEnergyFactor * energyLimitJoule,
      rounded: (value) => nextUp(value, 5),
      change: (value) => ({ devices: { [name]: { energyLimitJoule: value } } }),
    },
  ];
}

function deviceTraffic(problem: PlanningProblem, device: Device): Relaxation[] {
  const { name, trafficLimitBits } = device;
  if (trafficLimitBits === undefined) return [];
  const needs = new Set<number>();
  for (const { blocks, upPoint, downPoint } of enumerateDecisions(problem, device)) {
    const need = roundTrafficBits(problem, choiceCosts(problem, device, blocks, upPoint, downPoint));
    if (need > trafficLimitBits) needs.add(need);
  }
  const steps = [...needs].sort((a, b) => a - b);
  if (steps.length === 0) return [];
  return [
    {
      limit: 'device-traffic',
      device: name,
      from: trafficLimitBits,
      loosest: steps.at(-1)!,
      steps,
      rounded: (value) => 8 * roundedBytes(value / 8),
      change: (value) => ({ devices: { [name]: { trafficLimitBits: value } } }),
    },
  ];
}

function widestShare({ bandwidthHz, resourceBlockHz }: PlanningProblem, device: Device): Relaxation[] {
  const { name, maximumBandwidthHz, pinned } = device;
  if (!(maximumBandwidthHz < bandwidthHz) || pinned.bandwidthHz !== undefined) return [];
  return [
    {
      limit: 'device-bandwidth',
      device: name,
      from: maximumBandwidthHz,
      loosest: bandwidthHz,
      granule: resourceBlockHz,
      rounded: (value) => (resourceBlockHz === undefined ? nextUp(value, 5) : wholeBlocks(value, resourceBlockHz)),
      change: (value) => ({ devices: { [name]: { maximumBandwidthHz: value } } }),
    },
  ];
}

/** The blocks that fit: what is over is of no use. */
function wholeBlocks(hertz: number, blockHz: number): number {
  return Math.floor(hertz / blockHz + 1e-9) * blockHz;
}

/** Whole KiB below a MiB, else five digits of MiB, in which memory is written. */
function roundedBytes(value: number): number {
  const unit = value < 2 ** 20 ? 2 ** 10 : value < 2 ** 30 ? 2 ** 20 : 2 ** 30;
  return nextUp(value / unit, 6) * unit;
}
