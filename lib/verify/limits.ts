import { above, add, below, divide, multiply, point, subtract, zero, type Interval } from './interval.js';
import type { Obligation } from './reader.js';
import { cost, type StatedDevice, type Statement } from './statement.js';

/** A quantity that may be passed by the part `slack` of its size. */
export function relaxed(limit: number, slack: Interval): Interval {
  return add(point(limit), multiply(slack, point(Math.abs(limit))));
}

/** A quantity that may be fallen short of by the part `slack` of its size. */
export function required(minimum: number, slack: Interval): Interval {
  return subtract(point(minimum), multiply(slack, point(Math.abs(minimum))));
}

/** Bits of a round in both directions: K·(up + down) and the adapters twice. */
function roundBits({ stepsPerRound }: Statement, device: StatedDevice, j: number): Interval {
  const step = add(cost(device, 'uplinkBits', j), cost(device, 'downlinkBits', j));
  return add(multiply(point(stepsPerRound), step), multiply(point(2), cost(device, 'adapterBits', j)));
}

/** A limit that devices share: Σ amount ≤ limit, j being the choice, or −1 for being left out. */
export interface CouplingLimit {
  readonly name: 'server memory' | 'traffic' | 'mean accuracy';
  readonly price: 'perByte' | 'perBit' | 'perAccuracy';
  readonly limit: Interval;
  readonly amount: (device: StatedDevice, j: number) => Interval;
}

export function couplingLimits(statement: Statement, slack: Interval): CouplingLimit[] {
  const { serverMemoryBytes, trafficBits, accuracy } = statement;
  const list: CouplingLimit[] = [];
  if (serverMemoryBytes !== undefined) {
    const amount = (device: StatedDevice, j: number) => (j < 0 ? zero : cost(device, 'serverMemoryBytes', j));
    list.push({ name: 'server memory', price: 'perByte', limit: relaxed(serverMemoryBytes, slack), amount });
  }
  if (trafficBits !== undefined) {
    const amount = (device: StatedDevice, j: number) => (j < 0 ? zero : roundBits(statement, device, j));
    list.push({ name: 'traffic', price: 'perBit', limit: relaxed(trafficBits, slack), amount });
  }
  if (accuracy?.scope === 'mean') {
    const minimum = required(accuracy.minimum, slack);
    // What is missing to the mean, weighted.
    const amount = (device: StatedDevice, j: number) => {
      if (j < 0 && accuracy.leftOut === undefined) return zero;
      return multiply(device.weight, subtract(minimum, j < 0 ? point(accuracy.leftOut!) : cost(device, 'accuracy', j)));
    };
    list.push({ name: 'mean accuracy', price: 'perAccuracy', limit: zero, amount });
  }
  return list;
}

export interface DeviceLimit {
  readonly name: Obligation;
  readonly found: Interval;
  readonly limit: Interval;
}

/** A device's own limits on what it may choose. */
export function deviceLimits(statement: Statement, device: StatedDevice, j: number, slack: Interval): DeviceLimit[] {
  const { memoryBytes, trafficBits, uplinkLimit } = device;
  const list: DeviceLimit[] = [{ name: 'energy', found: point(uplinkLimit[j] === 0 ? 1 : 0), limit: zero }];
  if (memoryBytes !== undefined) {
    list.push({
      name: 'device memory',
      found: cost(device, 'deviceMemoryBytes', j),
      limit: relaxed(memoryBytes, slack),
    });
  }
  if (trafficBits !== undefined) {
    list.push({ name: 'device traffic', found: roundBits(statement, device, j), limit: relaxed(trafficBits, slack) });
  }
  if (statement.accuracy?.scope === 'each') {
    const minimum = required(statement.accuracy.minimum, slack);
    list.push({ name: 'device accuracy', found: minimum, limit: cost(device, 'accuracy', j) });
  }
  return list;
}

/** Choices that a device's own limits, passed by τ, do not rule out. */
export function admissibleChoices(statement: Statement, device: StatedDevice): number[] {
  const all = Array.from({ length: device.count }, (_, j) => j);
  return all.filter((j) =>
    deviceLimits(statement, device, j, statement.tolerance).every(({ found, limit }) => found.lo <= limit.hi),
  );
}

/** The band in hertz that all shares together may take. */
export function bandHertz({ blocks, bandwidthHz, tolerance }: Statement): Interval {
  return blocks ? multiply(point(blocks.count), blocks.hertz) : relaxed(bandwidthHz, tolerance);
}

/** Shares that an admissible plan may give a device, limits passed by τ: hertz, or whole resource blocks. */
export function shareRange(statement: Statement, device: StatedDevice): { least: number; most: number } {
  const { blocks, tolerance } = statement;
  const least = Math.max(0, required(device.minimumBandwidthHz, tolerance).lo);
  const mostOfDevice = device.maximumBandwidthHz ?? Infinity;
  // The number of blocks stands for the band, which it need not match.
  if (!blocks) return { least, most: relaxed(Math.min(mostOfDevice, statement.bandwidthHz), tolerance).hi };
  const most = mostOfDevice === Infinity ? Infinity : relaxed(mostOfDevice, tolerance).hi;
  return {
    least: Math.max(1, Math.ceil(below(divide(point(least), blocks.hertz).lo))),
    most: Math.min(blocks.count, Math.floor(above(divide(point(most), blocks.hertz).hi))),
  };
}
