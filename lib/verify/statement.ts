import { multiply, point, type Interval } from './interval.js';
import { readLaw } from './law.js';
import type { Reader } from './reader.js';

/** Costs of a choice of which less is better. */
export const costNames = [
  'preSeconds',
  'postSeconds',
  'exchangeSeconds',
  'uplinkBits',
  'downlinkBits',
  'adapterBits',
  'serverSeconds',
  'serverMemoryBytes',
  'deviceMemoryBytes',
] as const;
export type CostName = (typeof costNames)[number] | 'accuracy';
const labelNames = ['blocks', 'upPoint', 'downPoint'] as const;

/** The resolved problem a certificate speaks about: SI units, every choice with its costs; undefined where there is no limit. */
export type Statement = ReturnType<typeof readStatement>;
export type StatedDevice = ReturnType<typeof readDevice>;

export function readStatement(reader: Reader) {
  return reader.members((at) => {
    at('kind').oneOf(['split-fine-tuning']);
    const scope = at('accuracyScope').oneOf(['mean', 'each']);
    const leftOut = at('accuracyLeftOut').optional((accuracy) => accuracy.number());
    const count = at('resourceBlocks').optional((blocks) => blocks.integer(0));
    const blocks = at('resourceBlockHz').optional((block) => ({
      hertz: point(block.number(Number.MIN_VALUE)),
      count: count!,
    }));
    if ((blocks === undefined) !== (count === undefined)) reader.fail('resource blocks have a number and a size');
    const devices = at('devices').array().map(readDevice);
    if (devices.length === 0) reader.fail('at least one device is expected');
    return {
      sharing: at('sharing').oneOf(['allocated', 'equal', 'batched']),
      stepsPerRound: at('stepsPerRound').integer(1),
      aggregationSeconds: at('aggregationSeconds').number(0),
      deadlineSeconds: at('deadlineSeconds').optional((deadline) => deadline.number(0)),
      bandwidthHz: at('bandwidthHz').number(Number.MIN_VALUE),
      blocks,
      serverMemoryBytes: at('serverMemoryBytes').optional((bytes) => bytes.number()),
      trafficBits: at('trafficBits').optional((bits) => bits.number(0)),
      accuracy: at('accuracyMinimum').optional((minimum) => ({ scope, minimum: minimum.number(), leftOut })),
      /** τ, the part by which a limit may be passed. */
      tolerance: point(at('limitTolerance').number(0, 1e-6)),
      devices,
    };
  });
}

function readDevice(reader: Reader) {
  return reader.members((at) => ({
    name: at('name').text(),
    optional: at('optional').boolean(),
    weight: point(at('weight').number(Number.MIN_VALUE)),
    minimumBandwidthHz: at('minimumBandwidthHz').number(0),
    maximumBandwidthHz: at('maximumBandwidthHz').optional((most) => most.number(0)),
    memoryBytes: at('memoryBytes').optional((bytes) => bytes.number()),
    trafficBits: at('trafficBits').optional((bits) => bits.number(0)),
    uplink: readLaw(at('uplink')),
    downlink: readLaw(at('downlink')),
    ...readChoices(at('choices')),
  }));
}

function readChoices(reader: Reader) {
  return reader.members((at) => {
    const count = at('blocks').list().length;
    for (const name of labelNames) {
      const labels = at(name);
      if (!labels.numbers(count, 0).every(Number.isSafeInteger)) labels.fail('whole numbers are expected');
    }
    const column = (name: CostName) => at(name).numbers(count, name === 'accuracy' ? -Infinity : 0);
    const costs = Object.fromEntries([...costNames, 'accuracy' as const].map((name) => [name, column(name)]));
    const limits = at('uplinkEfficiencyLimit').numbers(count, 0, true);
    return {
      count,
      costs: costs as Readonly<Record<CostName, Float64Array>>,
      /** What the device's energy allows each choice, bit/s/Hz; ∞ without a limit, 0 where it allows nothing. */
      uplinkLimit: limits.map((limit) => (limit >= 0 ? limit : Infinity)),
    };
  });
}

export function cost(device: StatedDevice, name: CostName, j: number): Interval {
  return point(device.costs[name][j]!);
}

/** A share in hertz: as given, or so many resource blocks. */
export function shareHertz({ blocks }: Statement, share: number): Interval {
  return blocks ? multiply(point(share), blocks.hertz) : point(share);
}
