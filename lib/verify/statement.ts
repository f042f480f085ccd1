import { add, divide, multiply, negate, point, zero, type Interval } from './interval.js';
import { readLaw, secondsPerBit, type Line } from './law.js';
import type { Reader } from './reader.js';

/** The resolved problem a certificate speaks about: SI units, every choice with what it takes; undefined: no limit. */
export type Statement = ReturnType<typeof readStatement>;
export type StatedDevice = ReturnType<typeof readDevice>;

export function readStatement(reader: Reader) {
  const at = reader.members(
    'kind sharing stages aggregationSeconds deadlineSeconds bandwidthHz resourceBlocks limitTolerance limits devices',
  );
  at.kind.oneOf('split-fine-tuning');
  const sharing = at.sharing.oneOf('allocated', 'equal', 'batched');
  const stages = at.stages.array().map((factor) => factor.positive());
  const isKnown = sharing === 'batched' ? stages.length > 0 : stages.length === 1 && stages[0] === 1;
  if (!isKnown || stages.length > 3) at.stages.fail('not of this sharing');
  const limits = at.limits.array().map(readLimit);
  const devices = at.devices.array().map((device) => readDevice(device, stages.length, limits.length));
  if (devices.length === 0) at.devices.fail('at least one device is expected');
  return {
    sharing,
    /** How often a round has each stage. */
    stages,
    aggregationSeconds: at.aggregationSeconds.number(0),
    deadlineSeconds: at.deadlineSeconds.optional((deadline) => deadline.number(0)),
    bandwidthHz: at.bandwidthHz.positive(),
    blocks: at.resourceBlocks.optional((blocks) => {
      const { hertz, count } = blocks.members('hertz count');
      return { hertz: point(hertz.positive()), count: count.integer(0) };
    }),
    /** τ, the part by which a limit may be passed. */
    tolerance: point(at.limitTolerance.number(0, 1e-6)),
    limits,
    devices,
  };
}

function readLimit(reader: Reader) {
  const { name, most, size } = reader.members('name most size');
  return { name: name.text(), most: most.number(), size: size.number(0) };
}

function readDevice(reader: Reader, stageCount: number, sharedCount: number) {
  const at = reader.members(
    'name optional minimumBandwidthHz maximumBandwidthHz uplink downlink leftOutUse limits choices',
  );
  const of = at.choices.members(
    'blocks upPoint downPoint seconds uplinkBits downlinkBits serverSeconds sharedUse ownUse uplinkEfficiencyLimit',
  );
  const limits = at.limits.array().map(readLimit);
  const count = of.serverSeconds.list().length;
  for (const label of [of.blocks, of.upPoint, of.downPoint]) label.numbers(count);
  const table = (member: Reader, rows: number, least?: number) =>
    member.array(rows).map((row) => row.numbers(count, least));
  const efficiencies = of.uplinkEfficiencyLimit.numbers(count, Number.MIN_VALUE, true);
  return {
    name: at.name.text(),
    optional: at.optional.oneOf(true, false),
    minimumBandwidthHz: at.minimumBandwidthHz.number(0),
    maximumBandwidthHz: at.maximumBandwidthHz.optional((most) => most.number(0)) ?? Infinity,
    uplink: readLaw(at.uplink),
    downlink: readLaw(at.downlink),
    /** What being left out takes of each shared limit. */
    leftOutUse: at.leftOutUse.numbers(sharedCount),
    limits,
    count,
    // Along the choices, of each stage or limit: less is better.
    seconds: table(of.seconds, stageCount, 0),
    uplinkBits: table(of.uplinkBits, stageCount, 0),
    downlinkBits: table(of.downlinkBits, stageCount, 0),
    serverSeconds: of.serverSeconds.numbers(count, 0),
    sharedUse: table(of.sharedUse, sharedCount),
    ownUse: table(of.ownUse, limits.length),
    /** What the device's energy allows each choice, bit/s/Hz; ∞ without a limit: more is better. */
    uplinkLimit: efficiencies.map((limit) => (limit > 0 ? limit : Infinity)),
  };
}

/** A quantity that may be passed, or fallen short of where that is negative, by a part of its size. */
export function relaxed(limit: number, part: Interval, size = Math.abs(limit)): Interval {
  return add(point(limit), multiply(part, point(size)));
}

/** What a choice of a device, −1 for being left out, takes of the k-th shared limit. */
export function sharedUse({ leftOutUse, sharedUse: table }: StatedDevice, k: number, j: number): Interval {
  return point(j < 0 ? leftOutUse[k]! : table[k]![j]!);
}

/** Choices that a device's own limits, passed by τ, do not rule out. */
export function admissibleChoices({ tolerance }: Statement, { count, limits, ownUse }: StatedDevice): number[] {
  const most = limits.map((limit) => relaxed(limit.most, tolerance, limit.size).hi);
  return Array.from({ length: count }, (_, j) => j).filter((j) => most.every((end, k) => ownUse[k]![j]! <= end));
}

/** A share in hertz: as given, or so many resource blocks. */
export function shareHertz({ blocks }: Statement, share: number): Interval {
  return blocks ? multiply(point(share), blocks.hertz) : point(share);
}

/** What all shares together may be: hertz, or resource blocks. */
export function allShares({ blocks, bandwidthHz }: Statement, part: Interval): Interval {
  return blocks ? point(blocks.count) : relaxed(bandwidthHz, part);
}

/** Shares that an admissible plan may give a device, limits passed by τ. */
export function shareRange(statement: Statement, device: StatedDevice): { least: number; most: number } {
  const { blocks, tolerance } = statement;
  const least = Math.max(0, relaxed(device.minimumBandwidthHz, negate(tolerance)).lo);
  const most = device.maximumBandwidthHz === Infinity ? Infinity : relaxed(device.maximumBandwidthHz, tolerance).hi;
  if (!blocks) return { least, most: Math.min(most, allShares(statement, tolerance).hi) };
  // The number of blocks stands for the band, which it need not match.
  return {
    least: Math.max(1, Math.ceil(divide(point(least), blocks.hertz).lo)),
    most: Math.min(blocks.count, Math.floor(divide(point(most), blocks.hertz).hi)),
  };
}

/** What a choice asks of a stage: seconds, and bits each way. */
export type Load = readonly [seconds: Interval, up: Interval, down: Interval];

/** How thresholds are put on a round: one for each device's chain without waiting, or one for each stage that all wait for. */
export type Form = 'chain' | 'stages';

/**
 * The loads of a choice by `stages`, or all of them one after another. T = aggregation + Σ factor · max over devices of stage (and own
 * work), with the work of all together where it is batched; no device's chain is longer than the stages' sum.
 */
export function loadsOf({ stages }: Statement, device: StatedDevice, j: number, form: Form): Load[] {
  const { seconds, uplinkBits, downlinkBits } = device;
  const times = (factor: number, r: number): Load => {
    const part = (table: readonly Float64Array[]) => multiply(point(factor), point(table[r]![j]!));
    return [part(seconds), part(uplinkBits), part(downlinkBits)];
  };
  if (form === 'stages') return stages.map((_, r) => times(1, r));
  const sum = (x: Load, y: Load): Load => [add(x[0], y[0]), add(x[1], y[1]), add(x[2], y[2])];
  return [stages.map(times).reduce(sum)];
}

/** The time that a load takes at a share, with a line below it. */
export function loadTime(device: StatedDevice, j: number, load: Load, hertz: Interval, mixture?: number): Line {
  let [value, slope] = [load[0], zero];
  for (const isUp of [true, false]) {
    const bits = load[isUp ? 1 : 2];
    if (!(bits.hi > 0)) continue;
    const law = isUp ? device.uplink : device.downlink;
    const line = secondsPerBit(law, isUp ? device.uplinkLimit[j]! : Infinity, hertz, mixture);
    value = add(value, multiply(bits, line.value));
    slope = add(slope, multiply(bits, line.slope));
  }
  return { value, slope };
}
