import { randomStream, type RandomStream } from '../../lib/random/index.js';
import { DatasetError } from './dataset.js';

/** How examples are shared out: alike, or by class proportions drawn per class from Dirichlet(α) (Hsu et al. 2019). */
export type DataSplit = { readonly kind: 'iid' } | { readonly kind: 'dirichlet'; readonly alpha: number };

/**
 * Indices of each device's examples: every example goes to exactly one device, and every device gets at least one. Throws
 * `DatasetError` where there are fewer examples than devices.
 */
export function splitOverDevices(labels: Int32Array, devices: number, split: DataSplit, seed: number): Int32Array[] {
  if (!Number.isSafeInteger(devices) || devices < 1)
    throw new DatasetError(`devices must be from 1 on, found ${devices}`);
  if (labels.length < devices)
    throw new DatasetError(`${labels.length} examples cannot be split over ${devices} devices`);
  const random = randomStream(seed, 'data.split');
  const shares =
    split.kind === 'iid' ? dealt(labels.length, devices, random) : drawn(labels, devices, split.alpha, random);
  fillEmpty(shares);
  return shares.map((share) => Int32Array.from(share).sort());
}

function dealt(length: number, devices: number, random: RandomStream): number[][] {
  const shares: number[][] = Array.from({ length: devices }, () => []);
  shuffled(
    Int32Array.from({ length }, (_, k) => k),
    random,
  ).forEach((index, k) => shares[k % devices]!.push(index));
  return shares;
}

function drawn(labels: Int32Array, devices: number, alpha: number, random: RandomStream): number[][] {
  if (!(alpha > 0)) throw new DatasetError(`alpha must be above 0, found ${alpha}`);
  const byClass = new Map<number, number[]>();
  labels.forEach((label, index) => {
    const own = byClass.get(label);
    if (own) own.push(index);
    else byClass.set(label, [index]);
  });
  const shares: number[][] = Array.from({ length: devices }, () => []);
  for (const label of [...byClass.keys()].sort((a, b) => a - b)) {
    const indices = shuffled(Int32Array.from(byClass.get(label)!), random);
    const counts = apportioned(indices.length, dirichlet(devices, alpha, random));
    let position = 0;
    counts.forEach((count, device) => {
      // One by one: of a large class there are more than a call takes arguments.
      for (const end = position + count; position < end; position++) shares[device]!.push(indices[position]!);
    });
  }
  return shares;
}

/** Whole counts that sum to `total`, by largest remainders. */
function apportioned(total: number, proportions: readonly number[]): number[] {
  const counts = proportions.map((proportion) => Math.floor(total * proportion));
  const remainders = proportions.map((proportion, k) => total * proportion - counts[k]!);
  const order = remainders.map((_, k) => k).sort((a, b) => remainders[b]! - remainders[a]! || a - b);
  const missing = total - counts.reduce((sum, count) => sum + count, 0);
  for (let k = 0; k < missing; k++) counts[order[k % order.length]!]! += 1;
  return counts;
}

/** One example from the largest share to each empty one. */
function fillEmpty(shares: number[][]): void {
  for (const share of shares) {
    if (share.length > 0) continue;
    const largest = shares.reduce((best, other) => (other.length > best.length ? other : best));
    share.push(largest.pop()!);
  }
}

/** A point of the simplex. At small α all gammas may underflow: they are compared by their logarithms. */
function dirichlet(size: number, alpha: number, random: RandomStream): number[] {
  const logs = Array.from({ length: size }, () => logGammaVariate(alpha, random));
  const largest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Logarithm of a gamma variate of the given shape and scale 1 (Marsaglia & Tsang 2000). */
function logGammaVariate(shape: number, random: RandomStream): number {
  if (shape < 1) return logGammaVariate(shape + 1, random) + Math.log(1 - random.uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
      return Math.log(d) + Math.log(v);
    }
  }
}

/** Fisher–Yates, in place. */
export function shuffled(indices: Int32Array, random: RandomStream): Int32Array {
  for (let k = indices.length - 1; k > 0; k--) {
    const other = random.integer(k + 1);
    const held = indices[k]!;
    indices[k] = indices[other]!;
    indices[other] = held;
  }
  return indices;
}
