import type { CustomRate } from '../../models/index.js';

/** What a rate law of one's own is made from. */
export type RateDefinition = Omit<CustomRate, 'kind' | 'slope'> & {
  /** dR/db in bit/s/Hz; by differences when absent. */
  readonly slope?: (bandwidthHz: number) => number;
};

/** Step of the differences, relative to the share. */
const step = 1e-5;

/**
 * A rate law from R(b) in bit/s, increasing and concave with R(0) = 0. Without a `slope` backward differences stand for it: of a
 * concave law they are never too small, so that bounds stay valid; prices of bandwidth then carry five digits.
 *
 * @param definition - R(b), perhaps its slope and the law at another gain.
 * @example
 * ```ts
 * import { defineRate } from 'sft-opt';
 *
 * const hop = (b: number) => b * Math.log2(1 + 40e6 / b);
 * const relayed = defineRate({ bitsPerSecond: (b) => 1 / (1 / hop(b) + 1 / hop(b)) });
 * console.log(relayed.bitsPerSecond(40e6)); // 20000000
 * ```
 */
export function defineRate({ slope, bitsPerSecond, ...rest }: RateDefinition): CustomRate {
  const difference = (b: number) => (bitsPerSecond(b) - bitsPerSecond(b * (1 - step))) / (b * step);
  return { kind: 'custom', bitsPerSecond, slope: slope ?? difference, ...rest };
}
