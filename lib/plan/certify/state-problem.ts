import { ArgumentError } from '../../errors/index.js';
import {
  choiceCosts,
  enumerateDecisions,
  limitTolerance,
  useFraction as useFractionOf,
  type ChoiceCosts,
  type Device,
  type PlanningProblem,
  type RateLaw,
} from '../../models/index.js';

/** The resolved problem as a certificate states it: plain JSON in SI units (docs/certificate/README.md). */
export function stateProblem(problem: PlanningProblem): StatedProblem {
  refuseUnknown('problem', problem, problemKeys);
  refuseUnknown('limit of accuracy', problem.accuracy, accuracyKeys);
  const block = problem.resourceBlockHz;
  const { minimum, scope } = problem.accuracy;
  return {
    kind: 'split-fine-tuning',
    sharing: problem.sharing,
    stepsPerRound: problem.stepsPerRound,
    aggregationSeconds: problem.aggregationSeconds,
    deadlineSeconds: problem.deadlineSeconds ?? null,
    bandwidthHz: problem.bandwidthHz,
    resourceBlockHz: block ?? null,
    resourceBlocks: block === undefined ? null : Math.floor((problem.bandwidthHz / block) * (1 + limitTolerance)),
    serverMemoryBytes: finite(problem.serverMemoryBytes),
    trafficBits: finite(problem.trafficLimitBits ?? Infinity),
    accuracyScope: scope,
    accuracyMinimum: finite(minimum),
    accuracyLeftOut: finite(problem.accuracy.leftOutAccuracy ?? Infinity),
    limitTolerance,
    devices: problem.devices.map((device) => stateDevice(problem, device)),
  };
}

export interface StatedProblem {
  readonly kind: 'split-fine-tuning';
  readonly sharing: PlanningProblem['sharing'];
  readonly stepsPerRound: number;
  readonly aggregationSeconds: number;
  readonly deadlineSeconds: number | null;
  readonly bandwidthHz: number;
  readonly resourceBlockHz: number | null;
  readonly resourceBlocks: number | null;
  readonly serverMemoryBytes: number | null;
  readonly trafficBits: number | null;
  readonly accuracyScope: 'mean' | 'each';
  readonly accuracyMinimum: number | null;
  readonly accuracyLeftOut: number | null;
  readonly limitTolerance: number;
  readonly devices: readonly StatedDevice[];
}

export interface StatedDevice {
  readonly name: string;
  readonly optional: boolean;
  readonly weight: number;
  readonly minimumBandwidthHz: number;
  readonly maximumBandwidthHz: number | null;
  readonly memoryBytes: number | null;
  readonly trafficBits: number | null;
  readonly uplink: object;
  readonly downlink: object;
  readonly choices: StatedChoices;
}

export interface StatedChoices extends Record<CostName, readonly number[]> {
  /** null: no limit. */
  readonly uplinkEfficiencyLimit: readonly (number | null)[];
  readonly blocks: readonly number[];
  readonly upPoint: readonly number[];
  readonly downPoint: readonly number[];
}

const costs = {
  preSeconds: (choice: ChoiceCosts) => choice.forwardSeconds + choice.encodeSeconds,
  postSeconds: (choice: ChoiceCosts) => choice.decodeSeconds + choice.backwardSeconds,
  exchangeSeconds: (choice: ChoiceCosts) => choice.exchangeSeconds,
  uplinkBits: (choice: ChoiceCosts) => choice.uplinkBits,
  downlinkBits: (choice: ChoiceCosts) => choice.downlinkBits,
  adapterBits: (choice: ChoiceCosts) => choice.adapterBits,
  serverSeconds: (choice: ChoiceCosts) => choice.serverSeconds,
  serverMemoryBytes: (choice: ChoiceCosts) => choice.serverMemoryBytes,
  deviceMemoryBytes: (choice: ChoiceCosts) => choice.deviceMemoryBytes,
  accuracy: (choice: ChoiceCosts) => choice.accuracy,
};
type CostName = keyof typeof costs;

function stateDevice(problem: PlanningProblem, device: Device): StatedDevice {
  refuseUnknown('device', device, deviceKeys);
  refuseUnknown('cost table', device.costs, costKeys);
  const pinned = device.pinned.bandwidthHz;
  const decisions = [...enumerateDecisions(problem, device)];
  const list = decisions.map(({ blocks, upPoint, downPoint }) =>
    choiceCosts(problem, device, blocks, upPoint, downPoint),
  );
  const column = (name: CostName) => list.map(costs[name]);
  return {
    name: device.name,
    optional: device.optional,
    weight: device.weight,
    minimumBandwidthHz: Math.max(device.minimumBandwidthHz, pinned ?? 0),
    maximumBandwidthHz: finite(Math.min(device.maximumBandwidthHz, pinned ?? Infinity)),
    memoryBytes: finite(device.memoryBytes),
    trafficBits: finite(device.trafficLimitBits ?? Infinity),
    uplink: stateLaw(device.uplink),
    downlink: stateLaw(device.downlink),
    choices: {
      blocks: decisions.map(({ blocks }) => blocks),
      upPoint: decisions.map(({ upPoint }) => upPoint),
      downPoint: decisions.map(({ downPoint }) => downPoint),
      preSeconds: column('preSeconds'),
      postSeconds: column('postSeconds'),
      exchangeSeconds: column('exchangeSeconds'),
      uplinkBits: column('uplinkBits'),
      downlinkBits: column('downlinkBits'),
      adapterBits: column('adapterBits'),
      serverSeconds: column('serverSeconds'),
      serverMemoryBytes: column('serverMemoryBytes'),
      deviceMemoryBytes: column('deviceMemoryBytes'),
      accuracy: column('accuracy'),
      uplinkEfficiencyLimit: list.map((choice) => finite(choice.uplinkEfficiencyLimit)),
    },
  };
}

function stateLaw(law: RateLaw): object {
  if (law.kind === 'custom')
    throw new ArgumentError('a certificate of version 2 cannot state a custom law of a link', 'unsuitable');
  refuseUnknown('link', law, linkKeys);
  const useFraction = useFractionOf(law);
  if (law.kind === 'linear') return { useFraction, efficiencyLimit: law.bitsPerSecondPerHz, snrBandwidthHz: [] };
  const snrBandwidthHz = law.kind === 'shannon' ? [law.snrBandwidthHz] : [...law.snrBandwidthHz];
  return { useFraction, efficiencyLimit: finite(law.efficiencyLimit ?? Infinity), snrBandwidthHz };
}

/** A problem that says more than a certificate can state would be certified wrongly. */
function refuseUnknown(what: string, value: object, known: readonly string[]): void {
  const strange = Object.entries(value).find(([key, entry]) => entry !== undefined && !known.includes(key));
  if (strange)
    throw new ArgumentError(`a certificate of version 2 cannot state ${strange[0]} of a ${what}`, 'unsuitable');
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
