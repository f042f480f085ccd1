import { add, multiply, point, zero, type Interval } from './interval.js';
import { secondsPerBit, type Line } from './law.js';
import { cost, type CostName, type StatedDevice, type Statement } from './statement.js';

/** How thresholds are put on a round: one for each device's chain without waiting, or one for each stage that all wait for. */
export type Form = 'chain' | 'stages';

/** A stage takes pre·preSeconds + post·postSeconds + exchange·exchangeSeconds with what is sent in it. */
export interface Stage {
  readonly pre: number;
  readonly post: number;
  readonly exchange: number;
  /** How often a round has it. */
  readonly weight: number;
}

/**
 * T = aggregation + Σ weight · max over devices of (stage + own work) + work of all together: `chain` for a server that is divided,
 * `stages` for one that serves all at once. There `chain` bounds T from below: no device's chain is longer than the stages' sum.
 */
export function stagesOf({ stepsPerRound: steps }: Statement, form: Form): Stage[] {
  if (form === 'chain') return [{ pre: steps, post: steps, exchange: 1, weight: 1 }];
  const list = [
    { pre: 1, post: 0, exchange: 0, weight: 1 },
    { pre: 1, post: 1, exchange: 0, weight: steps - 1 },
    { pre: 0, post: 1, exchange: 1, weight: 1 },
  ];
  return list.filter(({ weight }) => weight > 0);
}

/** What a choice asks of a stage: seconds, and bits each way. */
export interface Load {
  readonly seconds: Interval;
  readonly up: Interval;
  readonly down: Interval;
}

export function stageLoad(device: StatedDevice, j: number, { pre, post, exchange }: Stage): Load {
  const times = (count: number, name: CostName) => multiply(point(count), cost(device, name, j));
  const adapters = times(exchange, 'adapterBits');
  const computing = add(times(pre, 'preSeconds'), times(post, 'postSeconds'));
  return {
    seconds: add(computing, times(exchange, 'exchangeSeconds')),
    up: add(times(pre, 'uplinkBits'), adapters),
    down: add(times(post, 'downlinkBits'), adapters),
  };
}

/** The time that a load takes at a share, with a line below it. */
export function loadTime(device: StatedDevice, j: number, load: Load, hertz: Interval, mixture = NaN): Line {
  let value = load.seconds;
  let slope = zero;
  for (const isUp of [true, false]) {
    const bits = isUp ? load.up : load.down;
    if (!(bits.hi > 0)) continue;
    const law = isUp ? device.uplink : device.downlink;
    const line = secondsPerBit(law, isUp ? device.uplinkLimit[j]! : Infinity, hertz, mixture);
    value = add(value, multiply(bits, line.value));
    slope = add(slope, multiply(bits, line.slope));
  }
  return { value, slope };
}

/** Server work of a round at full throughput; N times that with `equal`. */
export function roundWork({ sharing, stepsPerRound, devices }: Statement, device: StatedDevice, j: number): Interval {
  const work = multiply(point(stepsPerRound), cost(device, 'serverSeconds', j));
  return sharing === 'equal' ? multiply(work, point(devices.length)) : work;
}
