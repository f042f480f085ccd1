import { above, add, multiply, one, point, subtract, type Interval } from './interval.js';
import { readLaw, type Law } from './rate.js';
import type { Reader } from './reader.js';

/** The resolved problem a certificate speaks about: SI units, every choice with its costs. */
export interface Statement {
  readonly sharing: 'allocated' | 'equal' | 'batched';
  readonly stepsPerRound: number;
  readonly aggregationSeconds: number;
  readonly deadlineSeconds: number | undefined;
  readonly bandwidthHz: number;
  readonly blocks: { readonly hertz: number; readonly count: number } | undefined;
  readonly serverMemoryBytes: number | undefined;
  readonly accuracy: { readonly scope: 'mean' | 'each'; readonly minimum: number } | undefined;
  /** 1 + τ with τ the part by which a limit may be passed. */
  readonly relaxed: Interval;
  readonly devices: readonly StatedDevice[];
}

export interface StatedDevice {
  readonly name: string;
  readonly optional: boolean;
  readonly weight: number;
  readonly minimumBandwidthHz: number;
  readonly maximumBandwidthHz: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly uplink: Law;
  readonly downlink: Law;
  readonly count: number;
  /** Costs by choice, in the order of the certificate. */
  readonly costs: Readonly<Record<CostName, Float64Array>>;
  /** What the device's energy allows each choice, bit/s/Hz; ∞ without a limit, 0 where it allows nothing. */
  readonly uplinkLimit: Float64Array;
  /** Choices that the device's own memory and accuracy do not rule out. */
  readonly admissible: readonly number[];
}

export const costNames = [
  'preSeconds',
  'postSeconds',
  'uplinkBits',
  'downlinkBits',
  'adapterBits',
  'serverSeconds',
  'serverMemoryBytes',
  'deviceMemoryBytes',
  'accuracy',
] as const;
type CostName = (typeof costNames)[number];

const labelNames = ['blocks', 'upPoint', 'downPoint'] as const;

export function readStatement(reader: Reader): Statement {
  const at = reader.object([
    'kind',
    'sharing',
    'stepsPerRound',
    'aggregationSeconds',
    'deadlineSeconds',
    'bandwidthHz',
    'resourceBlockHz',
    'resourceBlocks',
    'serverMemoryBytes',
    'accuracyScope',
    'accuracyMinimum',
    'limitTolerance',
    'devices',
  ]);
  at.kind.oneOf(['split-fine-tuning']);
  const tolerance = at.limitTolerance.number(0, 1e-6);
  const relaxed = add(one, point(tolerance));
  const scope = at.accuracyScope.oneOf(['mean', 'each']);
  const accuracy = at.accuracyMinimum.optional((minimum) => ({ scope, minimum: minimum.number() }));
  if (at.resourceBlockHz.isNull !== at.resourceBlocks.isNull) at.resourceBlocks.fail('goes with resourceBlockHz');
  const devices = at.devices.array().map((device) => readDevice(device, accuracy, relaxed));
  if (devices.length === 0) at.devices.fail('at least one device is expected');
  return {
    sharing: at.sharing.oneOf(['allocated', 'equal', 'batched']),
    stepsPerRound: at.stepsPerRound.integer(1),
    aggregationSeconds: at.aggregationSeconds.number(0),
    deadlineSeconds: at.deadlineSeconds.optional((deadline) => deadline.number(0)),
    bandwidthHz: at.bandwidthHz.number(Number.MIN_VALUE),
    blocks: at.resourceBlockHz.optional((block) => ({
      hertz: block.number(Number.MIN_VALUE),
      count: at.resourceBlocks.integer(0),
    })),
    serverMemoryBytes: at.serverMemoryBytes.optional((bytes) => bytes.number()),
    accuracy,
    relaxed,
    devices,
  };
}

function readDevice(reader: Reader, accuracy: Statement['accuracy'], relaxed: Interval): StatedDevice {
  const at = reader.object([
    'name',
    'optional',
    'weight',
    'minimumBandwidthHz',
    'maximumBandwidthHz',
    'memoryBytes',
    'uplink',
    'downlink',
    'choices',
  ]);
  const columns = at.choices.object([...labelNames, ...costNames, 'uplinkEfficiencyLimit']);
  const count = columns.blocks.array().length;
  for (const name of labelNames) for (const label of columns[name].array(count)) label.integer(0);
  const costs = Object.fromEntries(
    costNames.map((name) => [name, columns[name].numbers(count, name === 'accuracy' ? -Infinity : 0)]),
  ) as Record<CostName, Float64Array>;
  const uplinkLimit = columns.uplinkEfficiencyLimit
    .numbers(count, 0, true)
    .map((limit) => (limit >= 0 ? limit : Infinity));
  const memoryBytes = at.memoryBytes.optional((bytes) => bytes.number());
  const admissible: number[] = [];
  for (let j = 0; j < count; j++) {
    if (uplinkLimit[j] === 0) continue;
    if (memoryBytes !== undefined && costs.deviceMemoryBytes[j]! > above(memoryBytes * relaxed.hi)) continue;
    if (accuracy?.scope === 'each' && costs.accuracy[j]! < required(accuracy.minimum, relaxed).lo) continue;
    admissible.push(j);
  }
  return {
    name: at.name.text(),
    optional: at.optional.boolean(),
    weight: at.weight.number(Number.MIN_VALUE),
    minimumBandwidthHz: at.minimumBandwidthHz.number(0),
    maximumBandwidthHz: at.maximumBandwidthHz.optional((most) => most.number(0)),
    memoryBytes,
    uplink: readLaw(at.uplink),
    downlink: readLaw(at.downlink),
    count,
    costs,
    uplinkLimit,
    admissible,
  };
}

/** A_min − τ·|A_min|. */
export function required(minimum: number, relaxed: Interval): Interval {
  return subtract(point(minimum), multiply(subtract(relaxed, one), point(Math.abs(minimum))));
}
