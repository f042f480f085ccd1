import type { Tensor, Tf } from '../backend/tensorflow.js';

/** Seed of the mask of one adapter. */
export function maskSeed(stepSeed: number, block: number, target: number): number {
  return mixed(mixed(stepSeed, block + 1), target + 1);
}

/**
 * Inverted dropout (Srivastava et al. 2014): 0 with probability `rate`, else 1/(1 − rate). Each entry is a hash of the
 * seed and its place, so that a repeated forward pass needs nothing kept and every backend draws alike.
 */
export function dropoutMask(tf: Tf, shape: readonly number[], rate: number, seed: number): Tensor {
  const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  const kept = 1 / (1 - rate);
  const limit = rate * 2 ** 32;
  for (let k = 0; k < values.length; k++) values[k] = mixed(seed, k) < limit ? 0 : kept;
  return tf.tensor(values, [...shape]);
}

/** The finaliser of MurmurHash3 over a running word. */
function mixed(word: number, value: number): number {
  let hash = (word ^ Math.imul(value + 0x7f4a7c15, 0x85ebca6b)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
