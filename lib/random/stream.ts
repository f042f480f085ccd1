import { MersenneTwister } from './mersenne-twister.js';
import { normalVariates } from './ziggurat.js';

/** A seeded source of randomness; streams with different names under one seed are independent of call order. */
export interface RandomStream {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
}

/**
 * Mersenne Twister seeded from (seed, name): each use of randomness takes a stream of its own name, so that adding one
 * does not shift the others.
 *
 * @param seed - Any number.
 * @param name - Of the use: other names give independent numbers.
 * @example
 * ```ts
 * import { randomStream } from 'sft-opt/models';
 *
 * const [first, again] = [1, 1].map((seed) => randomStream(seed, 'places').uniform());
 * console.log(first === again, first === randomStream(1, 'gains').uniform()); // true false
 * ```
 */
export function randomStream(seed: number, name: string): RandomStream {
  // Nothing is seeded before something is drawn: that takes longer than a step of a small problem.
  let drawn: { readonly twister: MersenneTwister; readonly normal: () => number } | undefined;
  const begin = () => {
    const twister = new MersenneTwister(seedWords(seed, name));
    return { twister, normal: normalVariates(() => twister.uniform()) };
  };
  const uniform = () => (drawn ??= begin()).twister.uniform();
  return {
    uniform,
    normal: () => (drawn ??= begin()).normal(),
    integer: (bound) => Math.floor(uniform() * bound),
  };
}

/** FNV-1a over the name, one 32-bit word per 64-bit half of the seed and per hash lane. */
function seedWords(seed: number, name: string): Uint32Array {
  const words = new Uint32Array(4);
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, seed);
  words[0] = view.getUint32(0);
  words[1] = view.getUint32(4);
  let forward = 0x811c9dc5;
  let backward = 0x811c9dc5 ^ name.length;
  for (let k = 0; k < name.length; k++) {
    forward = Math.imul(forward ^ name.charCodeAt(k), 0x01000193);
    backward = Math.imul(backward ^ name.charCodeAt(name.length - 1 - k), 0x01000193);
  }
  words[2] = forward;
  words[3] = backward;
  return words;
}
