import { above, add, below, multiply, point, subtract, zero, type Interval } from './interval.js';
import { secondsPerBit, support } from './rate.js';
import type { Reader } from './reader.js';
import { required, type StatedDevice, type Statement } from './statement.js';

/** Prices of the limits that devices share; none negative. */
export interface Prices {
  readonly perHertz: number;
  readonly perShare: number;
  readonly perByte: number;
  /** Of the weighted accuracy that is missing, weight × (A_min − A). */
  readonly perAccuracy: number;
}

export function readPrices(reader: Reader, statement: Statement): Prices {
  const at = reader.object(['perHertz', 'perShare', 'perByte', 'perAccuracy']);
  const price = (name: keyof Prices, priced: boolean) => {
    const value = at[name].number(0);
    if (value > 0 && !priced) at[name].fail('there is no such limit to price');
    return value;
  };
  return {
    perHertz: price('perHertz', true),
    perShare: price('perShare', statement.sharing === 'allocated'),
    perByte: price('perByte', statement.serverMemoryBytes !== undefined),
    perAccuracy: price('perAccuracy', statement.accuracy?.scope === 'mean'),
  };
}

/** Evidence for one device's open choices, entries in their order; NaN where there is none. */
export interface Witnesses {
  /** Where a supporting line is taken: hertz, or a number of resource blocks. */
  readonly at: Float64Array;
  /** Weight of a cap's line against its law's there. */
  readonly mixture: Float64Array;
  /** A share, or a number of blocks, with which the choice is not in time. */
  readonly tooSmall: Float64Array;
  /** The stage whose time the line is of; only with `boxes`. */
  readonly stage: Float64Array;
}

const witnessNames = ['at', 'mixture', 'tooSmall', 'stage'] as const;

export function readWitnesses(reader: Reader, count: number): Witnesses {
  const members = reader.object(witnessNames, witnessNames);
  const column = (name: keyof Witnesses, absent: number) =>
    members[name].isNull ? new Float64Array(count).fill(absent) : members[name].numbers(count, 0, true);
  return {
    at: column('at', NaN),
    mixture: column('mixture', 0),
    tooSmall: column('tooSmall', NaN),
    stage: column('stage', 0),
  };
}

/** What all devices together may use, priced: an upper bound on it. */
export function pricedLimits(statement: Statement, prices: Prices): Interval {
  const { blocks, relaxed, serverMemoryBytes } = statement;
  const band = blocks
    ? multiply(point(blocks.count), point(blocks.hertz))
    : multiply(point(statement.bandwidthHz), relaxed);
  let sum = multiply(point(prices.perHertz), band);
  sum = add(sum, multiply(point(prices.perShare), relaxed));
  if (prices.perByte === 0 || serverMemoryBytes === undefined) return sum;
  return add(sum, multiply(point(prices.perByte), memoryLimit(serverMemoryBytes, relaxed)));
}

/** M + τ·|M|: a limit below zero, of a server too small for the model, stays below it. */
export function memoryLimit(bytes: number, relaxed: Interval): Interval {
  return add(point(bytes), multiply(subtract(relaxed, point(1)), point(Math.abs(bytes))));
}

/** Price of a choice's server memory and missing accuracy. */
export function couplingPrice(statement: Statement, device: StatedDevice, j: number, prices: Prices): Interval {
  let sum = zero;
  if (prices.perByte > 0) sum = multiply(point(prices.perByte), point(device.costs.serverMemoryBytes[j]!));
  if (prices.perAccuracy > 0 && statement.accuracy) {
    const missing = subtract(required(statement.accuracy.minimum, statement.relaxed), point(device.costs.accuracy[j]!));
    sum = add(sum, multiply(multiply(point(prices.perAccuracy), point(device.weight)), missing));
  }
  return sum;
}

/** Shares that an admissible plan may give a device: hertz, or whole numbers of blocks; an interval that holds them all. */
export function shareRange(statement: Statement, device: StatedDevice): { least: number; most: number } {
  const { relaxed, blocks } = statement;
  const least = Math.max(0, below(device.minimumBandwidthHz * below(2 - relaxed.hi)));
  const most = above(Math.min(device.maximumBandwidthHz ?? Infinity, statement.bandwidthHz) * relaxed.hi);
  if (!blocks) return { least, most };
  return {
    least: Math.max(1, Math.ceil(below(least / blocks.hertz))),
    most: Math.min(blocks.count, Math.floor(above(most / blocks.hertz))),
  };
}

/** A share in hertz. */
export function shareHertz({ blocks }: Statement, share: number): Interval {
  return blocks ? multiply(point(share), point(blocks.hertz)) : point(share);
}

/** One requirement on a share b: seconds + up/R↑(b) + down/R↓(b) ≤ limit. */
export interface Requirement {
  readonly seconds: Interval;
  readonly up: Interval;
  readonly down: Interval;
  /** Bits a second and hertz that the choice's energy allows on the uplink; ∞ without a limit. */
  readonly uplinkLimit: number;
}

export function timeAt(device: StatedDevice, need: Requirement, hertz: Interval): Interval {
  let sum = need.seconds;
  if (need.up.hi > 0) sum = add(sum, multiply(need.up, secondsPerBit(device.uplink, need.uplinkLimit, hertz)));
  if (need.down.hi > 0) sum = add(sum, multiply(need.down, secondsPerBit(device.downlink, Infinity, hertz)));
  return sum;
}

/** A line below the time a requirement takes, through b. */
export function timeLine(device: StatedDevice, need: Requirement, hertz: number, mixture: number) {
  let value = need.seconds;
  let slope = zero;
  for (const [bits, law, limit] of [
    [need.up, device.uplink, need.uplinkLimit],
    [need.down, device.downlink, Infinity],
  ] as const) {
    if (!(bits.hi > 0)) continue;
    const line = support(law, limit, hertz, mixture);
    value = add(value, multiply(bits, line.value));
    slope = add(slope, multiply(bits, line.slope));
  }
  return { value, slope };
}

/** K·(pre + post) with the adapters of a round: one device's own chain without the server. */
export function chain(statement: Statement, device: StatedDevice, j: number): Requirement {
  const { costs } = device;
  const steps = point(statement.stepsPerRound);
  const adapters = point(costs.adapterBits[j]!);
  return {
    seconds: multiply(steps, add(point(costs.preSeconds[j]!), point(costs.postSeconds[j]!))),
    up: add(multiply(steps, point(costs.uplinkBits[j]!)), adapters),
    down: add(multiply(steps, point(costs.downlinkBits[j]!)), adapters),
    uplinkLimit: device.uplinkLimit[j]!,
  };
}

/** Server work of a round at full throughput, N times that with `equal`. */
export function roundWork(statement: Statement, device: StatedDevice, j: number): Interval {
  const work = multiply(point(statement.stepsPerRound), point(device.costs.serverSeconds[j]!));
  return statement.sharing === 'equal' ? multiply(work, point(statement.devices.length)) : work;
}

/** A lower bound on a line v + s·(b − at) over low ≤ b ≤ high. */
export function leastOnLine(value: Interval, slope: Interval, at: number, low: number, high: number): number {
  const end = (b: number) => add(value, multiply(slope, subtract(point(b), point(at)))).lo;
  return Math.min(end(low), end(high));
}
