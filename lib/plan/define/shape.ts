import type { ExtraLimit, PinnedDecisions } from '../../models/index.js';
import type {
  AccuracyDefinition,
  CompressionDefinition,
  DeviceDefinition,
  PlanningProblemDefinition,
  PointDefinition,
  StageDefinition,
} from './definition.js';
import type { Issues } from './issues.js';

/** Every key of a part; one that the type has and this has not does not compile. */
type KeysOf<Part> = Readonly<Record<keyof Part, 0>>;

const definitionKeys: KeysOf<PlanningProblemDefinition> = {
  blocks: 0,
  stepsPerRound: 0,
  sharing: 0,
  bandwidthHz: 0,
  resourceBlockHz: 0,
  deadlineSeconds: 0,
  serverMemoryBytes: 0,
  aggregationSeconds: 0,
  compression: 0,
  accuracy: 0,
  devices: 0,
  extraLimits: 0,
};

const deviceKeys: KeysOf<DeviceDefinition> = {
  name: 0,
  uplink: 0,
  downlink: 0,
  stages: 0,
  pinned: 0,
  weight: 0,
  optional: 0,
  minimumBandwidthHz: 0,
  maximumBandwidthHz: 0,
  memoryBytes: 0,
  codecTimeFactor: 0,
  transmitPowerWatt: 0,
  computePowerWatt: 0,
  energyLimitJoule: 0,
  trafficLimitBits: 0,
};

const stageKeys: KeysOf<StageDefinition> = {
  cuts: 0,
  forwardSeconds: 0,
  backwardSeconds: 0,
  serverSeconds: 0,
  uplinkValues: 0,
  downlinkValues: 0,
  deviceMemoryBytes: 0,
  serverMemoryBytes: 0,
  adapterBits: 0,
  bitsPerValue: 0,
  headerBits: 0,
};

const pointKeys: KeysOf<PointDefinition> = {
  name: 0,
  ratio: 0,
  encodeSecondsPerValue: 0,
  decodeSecondsPerValue: 0,
  serverEncodeSecondsPerValue: 0,
  serverDecodeSecondsPerValue: 0,
  workspaceBytesPerValue: 0,
  keptFraction: 0,
  bitsPerKeptValue: 0,
};

const pinnedKeys: KeysOf<PinnedDecisions> = { blocks: 0, upPoint: 0, downPoint: 0, bandwidthHz: 0 };
const compressionKeys: KeysOf<CompressionDefinition> = { up: 0, down: 0 };
const accuracyKeys: KeysOf<AccuracyDefinition> = { value: 0, minimum: 0, scope: 0 };
const limitKeys: KeysOf<ExtraLimit> = { name: 0, unit: 0, scope: 0, limit: 0, use: 0 };

/**
 * Whether a definition has the shape of one: objects and lists where they belong, and no key that is not known, which would be
 * read by nobody. What is inside them is for other checks.
 */
export function checkShape(given: unknown, issues: Issues): given is PlanningProblemDefinition {
  const before = issues.list.length;
  if (!object('definition', given, definitionKeys, issues, '')) return false;
  const { compression, accuracy, devices, extraLimits } = given;
  each('devices', devices, issues, (path, device) => {
    if (!object(path, device, deviceKeys, issues)) return;
    object(`${path}.stages`, device.stages, stageKeys, issues);
    list(`${path}.stages.cuts`, (device.stages as Partial<StageDefinition> | null)?.cuts ?? [], issues);
    for (const link of ['uplink', 'downlink'] as const) {
      if (!isObject(device[link])) issues.add(`${path}.${link}`, device[link], 'a rate law');
    }
    if (device.pinned !== undefined) object(`${path}.pinned`, device.pinned, pinnedKeys, issues);
  });
  if (compression !== undefined && object('compression', compression, compressionKeys, issues)) {
    for (const way of ['up', 'down'] as const) {
      if (way === 'down' && compression.down === undefined) continue;
      each(`compression.${way}`, compression[way], issues, (path, point) => object(path, point, pointKeys, issues));
    }
  }
  if (accuracy !== undefined) object('accuracy', accuracy, accuracyKeys, issues);
  if (extraLimits !== undefined) {
    each('extraLimits', extraLimits, issues, (path, limit) => object(path, limit, limitKeys, issues));
  }
  return issues.list.length === before;
}

function object<Part>(
  path: string,
  value: unknown,
  keys: KeysOf<Part>,
  issues: Issues,
  prefix = `${path}.`,
): value is { readonly [Key in keyof Part]: unknown } {
  if (!isObject(value)) return issues.add(path, value, 'an object');
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(keys, key)) continue;
    issues.add(`${prefix}${key}`, 'a key that is not known', Object.keys(keys).join(', '));
  }
  return true;
}

function list(path: string, value: unknown, issues: Issues): value is readonly unknown[] {
  return Array.isArray(value) || issues.add(path, value, 'a list');
}

function each(path: string, value: unknown, issues: Issues, check: (path: string, item: unknown) => void): void {
  // By a loop of its own, so that holes of a list are looked at as well.
  if (list(path, value, issues)) for (let k = 0; k < value.length; k++) check(`${path}[${k}]`, value[k]);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
