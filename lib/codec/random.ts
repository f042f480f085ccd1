/**
 * Counter-based randomness: the number of element i depends on the seed, the stream and i alone, so the bytes do not
 * depend on the order of work, and every platform agrees. Two keyed rounds of the 32-bit finalizer found by Wellons
 * (hash-prospector, 2018; bias 0.17 of the ideal), integer operations only.
 */
export interface CounterKey {
  readonly first: number;
  readonly second: number;
}

/** Separate uses of randomness take separate streams. */
export const streams = { rounding: 1, outsideCount: 2, keepInside: 3, keepOutside: 4 } as const;

/** Key of one stream under one seed (a safe integer). */
export function counterKey(seed: number, stream: number): CounterKey {
  const low = seed >>> 0;
  const high = Math.floor(seed / 2 ** 32) >>> 0;
  const first = mix(mix(low ^ 0x9e3779b9) ^ mix(high + 0x3c6ef372) ^ Math.imul(stream, 0x85ebca6b));
  return { first, second: mix(first ^ mix(low + 0x243f6a88) ^ (high + stream)) };
}

/** 32 uniform bits for one counter, as a signed 32-bit integer. */
export function counterBits(key: CounterKey, counter: number): number {
  return keyedBits(key.first, key.second, counter);
}

/** The same with the two halves of the key given: for loops that keep them in registers. */
export function keyedBits(first: number, second: number, counter: number): number {
  return mix((mix(counter ^ first) + second) | 0);
}

function mix(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}
