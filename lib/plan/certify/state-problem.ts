import { ArgumentError } from '../../errors/index.js';
import {
  allowedUse,
  choiceCosts,
  enumerateDecisions,
  limitTolerance,
  roundTrafficBits,
  sumLimit,
  useFraction as useFractionOf,
  type ChoiceCosts,
  type Device,
  type PlanningProblem,
  type RateLaw,
} from '../../models/index.js';
import type { LimitMultipliers } from '../bound/index.js';

/** The resolved problem as a certificate states it: plain JSON in SI units (docs/certificate/README.md). */
export interface StatedProblem {
  readonly kind: 'split-fine-tuning';
  /** Whether the server serves all at once. */
  readonly isBatched: boolean;
  /** How often a round has each stage. */
  readonly stages: readonly number[];
  readonly aggregationSeconds: number;
  readonly deadlineSeconds: number | null;
  /** Of bandwidth, hertz or whole resource blocks: how much all are at most. */
  readonly shares: number;
  readonly hasWholeShares: boolean;
  readonly limitTolerance: number;
  readonly limits: readonly StatedLimit[];
  readonly devices: readonly StatedDevice[];
}

/** Kept at `most`, or passed by the tolerance times `size`. */
export interface StatedLimit {
  readonly name: string;
  readonly most: number;
  readonly size: number;
}

export interface StatedDevice {
  readonly name: string;
  readonly optional: boolean;
  readonly leastShare: number;
  readonly mostShare: number | null;
  readonly uplink: StatedLaw;
  readonly downlink: StatedLaw;
  readonly leftOutUse: readonly number[];
  readonly limits: readonly StatedLimit[];
  readonly choices: StatedChoices;
}

/** Rate of a share. */
export interface StatedLaw {
  readonly usedHertz: number;
  readonly efficiencyLimit: number | null;
  readonly snr: readonly number[];
}

/** Lists along the choices; of each stage or limit one. */
export interface StatedChoices {
  readonly blocks: readonly number[];
  readonly upPoint: readonly number[];
  readonly downPoint: readonly number[];
  readonly seconds: readonly (readonly number[])[];
  readonly uplinkBits: readonly (readonly number[])[];
  readonly downlinkBits: readonly (readonly number[])[];
  readonly serverSeconds: readonly number[];
  readonly sharedUse: readonly (readonly number[])[];
  readonly ownUse: readonly (readonly number[])[];
  /** null: no limit. */
  readonly uplinkEfficiencyLimit: readonly (number | null)[];
}

/** @throws RangeError if the problem has a part that certificates cannot state. */
export function stateProblem(problem: PlanningProblem): StatedProblem {
  refuseUnknown('problem', problem, problemKeys);
  refuseUnknown('limit of accuracy', problem.accuracy, accuracyKeys);
  const limits = sharedLimits(problem);
  return {
    kind: 'split-fine-tuning',
    isBatched: problem.sharing === 'batched',
    stages: stagesOf(problem).map(({ factor }) => factor),
    aggregationSeconds: problem.aggregationSeconds,
    deadlineSeconds: problem.deadlineSeconds ?? null,
    shares: mostShares(problem, problem.bandwidthHz),
    hasWholeShares: problem.resourceBlockHz !== undefined,
    limitTolerance,
    limits: limits.map(stated),
    devices: problem.devices.map((device) => stateDevice(problem, device, limits)),
  };
}

/** The most shares, hertz or whole resource blocks, that a bandwidth has; a limit may be passed by the tolerance. */
function mostShares({ resourceBlockHz: hertz }: PlanningProblem, bandwidthHz: number): number {
  return hertz === undefined ? bandwidthHz : Math.floor((bandwidthHz / hertz) * (1 + limitTolerance));
}

/** The least shares that make a bandwidth. */
function leastShares({ resourceBlockHz: hertz }: PlanningProblem, bandwidthHz: number): number {
  return hertz === undefined ? bandwidthHz : Math.max(1, Math.ceil((bandwidthHz / hertz) * (1 - limitTolerance)));
}

/** Steps of a stage: the way up, the way down, the exchange of adapters; and how often a round has it. */
interface Stage {
  readonly up: number;
  readonly down: number;
  readonly exchange: number;
  readonly factor: number;
}

/** One batch for all waits for the last device before each time on the server; else nobody waits before the end. */
function stagesOf({ sharing, stepsPerRound: steps }: PlanningProblem): Stage[] {
  if (sharing !== 'batched') return [{ up: steps, down: steps, exchange: 1, factor: 1 }];
  const list = [
    { up: 1, down: 0, exchange: 0, factor: 1 },
    { up: 1, down: 1, exchange: 0, factor: steps - 1 },
    { up: 0, down: 1, exchange: 1, factor: 1 },
  ];
  return list.filter(({ factor }) => factor > 0);
}

/** A limit with what a choice takes of it. */
interface UsedLimit extends StatedLimit {
  readonly use: (choice: ChoiceCosts, device: Device) => number;
}

interface SharedLimit extends UsedLimit {
  readonly leftOut: (device: Device) => number;
  /** The dual's multiplier for it, and how much of it that is the price of. */
  readonly multiplier: keyof LimitMultipliers;
  readonly unit: number;
}

/** Limits on what all devices take together; of the mean accuracy what is missing to it, weighted. */
export function sharedLimits(problem: PlanningProblem): SharedLimit[] {
  const { accuracy, devices, serverMemoryBytes, trafficLimitBits = Infinity, extraLimits = [] } = problem;
  const { minimum, scope, leftOutAccuracy } = accuracy;
  const weights = devices.reduce((sum, { weight }) => sum + weight, 0);
  const limit = (
    name: string,
    most: number,
    multiplier: keyof LimitMultipliers,
    use: UsedLimit['use'],
  ): SharedLimit => {
    const size = Math.abs(most);
    return { name, most, size, multiplier, unit: size || 1, use, leftOut: () => 0 };
  };
  const list = [
    limit('server memory', serverMemoryBytes, 'server-memory', (choice) => choice.serverMemoryBytes),
    limit('traffic', trafficLimitBits, 'traffic', (choice) => roundTrafficBits(problem, choice)),
    ...extraLimits.flatMap((extra, k) =>
      extra.scope === 'sum'
        ? [limit(extra.name, sumLimit(extra), `extra:${extra.name}`, (choice) => choice.extraUse[k]!)]
        : [],
    ),
  ].filter(({ most }) => most < Infinity);
  if (scope !== 'mean' || minimum === -Infinity) return list;
  const missing = (found: number, { weight }: Device) => weight * (minimum - found);
  const mean: SharedLimit = {
    ...limit('mean accuracy', 0, 'accuracy', (choice, device) => missing(choice.accuracy, device)),
    size: Math.abs(minimum) * weights,
    unit: weights,
    leftOut: (device) => (leftOutAccuracy === undefined ? 0 : missing(leftOutAccuracy, device)),
  };
  return [...list, mean];
}

/** Limits on what a device takes by itself. */
function ownLimits(problem: PlanningProblem, device: Device): UsedLimit[] {
  const { minimum, scope } = problem.accuracy;
  const limit = (name: string, most: number, use: UsedLimit['use'], size = Math.abs(most)) => ({
    name,
    most,
    size,
    use,
  });
  const extra = (problem.extraLimits ?? []).flatMap((given, k) =>
    given.scope === 'each' ? [limit(given.name, allowedUse(given, device), (choice) => choice.extraUse[k]!)] : [],
  );
  const list = [
    limit('device memory', device.memoryBytes, (choice) => choice.deviceMemoryBytes),
    limit('device traffic', device.trafficLimitBits ?? Infinity, (choice) => roundTrafficBits(problem, choice)),
    // Whether computing alone takes more than there is.
    limit('energy', device.energyLimitJoule === undefined ? Infinity : 0, isOutOfEnergy),
    ...extra,
  ].filter(({ most }) => most < Infinity);
  if (scope !== 'each' || minimum === -Infinity) return list;
  return [...list, limit('device accuracy', 0, (choice) => minimum - choice.accuracy, Math.abs(minimum))];
}

function isOutOfEnergy({ uplinkEfficiencyLimit }: ChoiceCosts): number {
  return Number(uplinkEfficiencyLimit === 0);
}

function stated({ name, most, size }: UsedLimit): StatedLimit {
  return { name, most, size };
}

function stateDevice(problem: PlanningProblem, device: Device, shared: readonly SharedLimit[]): StatedDevice {
  refuseUnknown('device', device, deviceKeys);
  refuseUnknown('cost table', device.costs, costKeys);
  const pinned = device.pinned.bandwidthHz;
  const decisions = [...enumerateDecisions(problem, device)];
  const list = decisions.map(({ blocks, upPoint, downPoint }) =>
    choiceCosts(problem, device, blocks, upPoint, downPoint),
  );
  const own = ownLimits(problem, device);
  const stages = stagesOf(problem);
  const table = (value: (choice: ChoiceCosts, stage: Stage) => number) =>
    stages.map((stage) => list.map((choice) => value(choice, stage)));
  const uses = (limits: readonly UsedLimit[]) => limits.map(({ use }) => list.map((choice) => use(choice, device)));
  // A server that all have equally does the work of each at that speed; else it is divided, or serves all at once.
  const work = problem.stepsPerRound * (problem.sharing === 'equal' ? problem.devices.length : 1);
  const isOwn = problem.sharing === 'equal';
  return {
    name: device.name,
    optional: device.optional,
    leastShare: leastShares(problem, Math.max(device.minimumBandwidthHz, pinned ?? 0)),
    mostShare: finite(mostShares(problem, Math.min(device.maximumBandwidthHz, pinned ?? Infinity))),
    uplink: stateLaw(device.uplink, problem.resourceBlockHz),
    downlink: stateLaw(device.downlink, problem.resourceBlockHz),
    leftOutUse: shared.map(({ leftOut }) => leftOut(device)),
    limits: own.map(stated),
    choices: {
      blocks: decisions.map(({ blocks }) => blocks),
      upPoint: decisions.map(({ upPoint }) => upPoint),
      downPoint: decisions.map(({ downPoint }) => downPoint),
      seconds: table((choice, stage) => stageSeconds(choice, stage) + (isOwn ? work * choice.serverSeconds : 0)),
      uplinkBits: table((choice, { up, exchange }) => up * choice.uplinkBits + exchange * choice.adapterBits),
      downlinkBits: table((choice, { down, exchange }) => down * choice.downlinkBits + exchange * choice.adapterBits),
      serverSeconds: list.map((choice) => (isOwn ? 0 : work * choice.serverSeconds)),
      sharedUse: uses(shared),
      ownUse: uses(own),
      uplinkEfficiencyLimit: list.map(({ uplinkEfficiencyLimit: limit }) => (limit > 0 ? finite(limit) : null)),
    },
  };
}

function stageSeconds(choice: ChoiceCosts, { up, down, exchange }: Stage): number {
  const before = up * (choice.forwardSeconds + choice.encodeSeconds);
  return before + down * (choice.decodeSeconds + choice.backwardSeconds) + exchange * choice.exchangeSeconds;
}

/** The law of a share of so many hertz. */
function stateLaw(law: RateLaw, hertz = 1): StatedLaw {
  if (law.kind === 'custom') throw new ArgumentError('a certificate cannot state a custom law of a link', 'unsuitable');
  refuseUnknown('link', law, linkKeys);
  const usedHertz = useFractionOf(law) * hertz;
  if (law.kind === 'linear') return { usedHertz, efficiencyLimit: law.bitsPerSecondPerHz, snr: [] };
  const samples = law.kind === 'shannon' ? [law.snrBandwidthHz] : [...law.snrBandwidthHz];
  const efficiencyLimit = finite(law.efficiencyLimit ?? Infinity);
  return { usedHertz, efficiencyLimit, snr: samples.map((bandwidth) => bandwidth / hertz) };
}

/** A problem that says more than a certificate can state would be certified wrongly. */
function refuseUnknown(what: string, value: object, known: readonly string[]): void {
  const strange = Object.entries(value).find(([key, entry]) => entry !== undefined && !known.includes(key));
  if (strange) throw new ArgumentError(`a certificate cannot state ${strange[0]} of a ${what}`, 'unsuitable');
}

const accuracyKeys = ['model', 'minimum', 'scope', 'exchangeLoss', 'leftOutAccuracy'];
const linkKeys = [
  'kind',
  'frameFraction',
  'deliveredFraction',
  'bitsPerSecondPerHz',
  'snrBandwidthHz',
  'efficiencyLimit',
];
const problemKeys = [
  'blockCount',
  'stepsPerRound',
  'sharing',
  'bandwidthHz',
  'resourceBlockHz',
  'deadlineSeconds',
  'serverMemoryBytes',
  'trafficLimitBits',
  'aggregationSeconds',
  'accuracy',
  'upPoints',
  'downPoints',
  'tiedRatios',
  'devices',
  'extraLimits',
];
// What an entry of the choices says in numbers.
const costKeys = [
  'allowedBlocks',
  'forwardSeconds',
  'backwardSeconds',
  'serverSeconds',
  'deviceMemoryBytes',
  'serverMemoryBytes',
  'adapterBits',
  'upValues',
  'downValues',
  'bitsPerValue',
  'headerBits',
  'exchange',
];
const deviceKeys = [
  'name',
  'weight',
  'optional',
  'uplink',
  'downlink',
  'minimumBandwidthHz',
  'maximumBandwidthHz',
  'memoryBytes',
  'trafficLimitBits',
  'codecTimeFactor',
  'costs',
  'pinned',
  'transmitPowerWatt',
  'computePowerWatt',
  'energyLimitJoule',
];

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
