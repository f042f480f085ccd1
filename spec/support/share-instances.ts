import type { CompiledAllocation } from '../../lib/plan/bandwidth/index.js';
import { randomStream } from '../../lib/random/index.js';

/** Kinds of bandwidth problems worth telling apart. */
export const shareKinds = ['plain', 'twelve-orders', 'identical', 'near-floor', 'limits', 'single'] as const;
export type ShareKind = (typeof shareKinds)[number];

/**
 * A random bandwidth problem in compiled form: one row a device, or the three coupled ones of a common batch. Linear, Shannon and
 * two-term (Shannon both ways) rates.
 */
export function randomShares(seed: number, kind: ShareKind, batched: boolean, count: number): CompiledAllocation {
  const random = randomStream(seed, `shares-${kind}-${batched ? 'batched' : 'separate'}`);
  const perDevice = batched ? 3 : 1;
  const steps = [1, 10, 100][random.integer(3)]!;
  const devices = kind === 'single' ? 1 : count;
  const floor: number[] = [];
  const linear: number[] = [];
  const termStart = [0];
  const termWeight: number[] = [];
  const termScale: number[] = [];
  const spread = kind === 'twelve-orders' ? 12 : 3;
  const device = () => {
    const budget = 10 ** (spread * (random.uniform() - 0.5));
    return {
      bits: 0.1 + random.uniform(),
      up: 3 * budget,
      down: 12 * budget,
      downLinear: random.uniform() < 0.6,
      adapter: random.uniform() < 0.5 ? 0 : 0.3 * random.uniform(),
      pre: random.uniform() * (kind === 'near-floor' ? 1e6 : 1),
      post: random.uniform(),
    };
  };
  const shared = device();
  const link = (scale: number, bits: number) => {
    if (bits <= 0) return;
    const weight = (bits * Math.LN2) / scale;
    termWeight.push(weight);
    termScale.push(scale);
    floor[floor.length - 1]! += weight;
  };
  const row = (constant: number, up: number, down: number, d: ReturnType<typeof device>) => {
    floor.push(constant);
    linear.push(d.downLinear ? down / Math.log2(1 + d.down) : 0);
    link(d.up, up);
    if (!d.downLinear) link(d.down, down);
    termStart.push(termWeight.length);
  };
  const all = Array.from({ length: devices }, () => (kind === 'identical' ? shared : device()));
  for (const d of all) {
    if (batched) {
      row(d.pre, d.bits, 0, d);
      row(d.pre + d.post, d.bits, d.bits, d);
      row(d.post, d.adapter, d.bits + d.adapter, d);
    } else {
      row(d.pre + d.post, d.bits + d.adapter, d.bits + d.adapter, d);
    }
  }
  const fair = 1 / devices;
  const limited = all.map(() => kind === 'limits' && random.uniform() < 0.5);
  return {
    count: devices,
    device: Int32Array.from(all, (_, n) => n),
    rowWeights: batched ? [1, Math.max(1, steps - 1), 1] : [1],
    rows: {
      count: devices * perDevice,
      floor: Float64Array.from(floor),
      linear: Float64Array.from(linear),
      termStart: Int32Array.from(termStart),
      termWeight: Float64Array.from(termWeight),
      termScale: Float64Array.from(termScale),
      termKink: new Float64Array(termScale.length).fill(Infinity),
      termLine: new Float64Array(termScale.length),
      kinked: false,
    },
    serverSeconds: new Float64Array(devices),
    constantSeconds: 0,
    bandwidthHz: 1,
    leastReciprocal: Float64Array.from(limited, (is) => (is ? 1 / (fair * (0.7 + random.uniform())) : 0)),
    greatestReciprocal: Float64Array.from(limited, (is) => (is ? 1 / (fair * 0.6 * random.uniform()) : Infinity)),
  };
}

/** The same with a limit of 0.5 to 8 bits a second and hertz on three terms of four. */
export function withEfficiencyLimits(problem: CompiledAllocation, seed: number): CompiledAllocation {
  const random = randomStream(seed, 'efficiency-limits');
  const { rows } = problem;
  const limits = Float64Array.from(rows.termScale, () =>
    random.uniform() < 0.75 ? 0.5 * 16 ** random.uniform() : Infinity,
  );
  return {
    ...problem,
    rows: {
      ...rows,
      termKink: limits.map((limit, k) => (2 ** limit - 1) / rows.termScale[k]!),
      termLine: limits.map((limit, k) => (rows.termWeight[k]! * rows.termScale[k]!) / (limit * Math.LN2)),
      kinked: limits.some((limit) => limit < Infinity),
    },
  };
}
