import gammaCdf from '@stdlib/stats-base-dists-gamma-cdf';
import { median } from './robust.js';

/** Longest series without equal values whose probabilities are counted out. */
const longestExact = 30;

/**
 * Two-sided probability of a Mann–Kendall statistic at least as far from 0, where the order of the values is due to chance
 * (Mann 1945, Kendall 1975). Exact up to 30 unequal values; else by the normal law with Kendall's variance for ties and
 * correction for continuity. 1 of fewer than three values.
 */
export function mannKendall(values: readonly number[]): { readonly statistic: number; readonly probability: number } {
  const { length } = values;
  let statistic = 0;
  for (let j = 1; j < length; j++) for (let i = 0; i < j; i++) statistic += Math.sign(values[j]! - values[i]!);
  if (length < 3 || statistic === 0) return { statistic, probability: 1 };
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  if (counts.size === length && length <= longestExact) {
    return { statistic, probability: exactProbability(length, Math.abs(statistic)) };
  }
  const term = (count: number) => count * (count - 1) * (2 * count + 5);
  const ties = [...counts.values()].reduce((sum, count) => sum + term(count), 0);
  const variance = (term(length) - ties) / 18;
  const deviate = (Math.abs(statistic) - 1) / Math.sqrt(variance);
  // P(|Z| > z) = P(χ²₁ > z²).
  return { statistic, probability: 1 - gammaCdf(deviate * deviate, 0.5, 0.5) };
}

/** From the numbers of permutations by inversions: pairs = concordant + inversions, statistic = concordant − inversions. */
function exactProbability(length: number, statistic: number): number {
  const pairs = (length * (length - 1)) / 2;
  let shares = new Float64Array(pairs + 1);
  shares[0] = 1;
  // The k-th value has 0 … k − 1 larger ones before it, each as likely.
  for (let k = 2; k <= length; k++) {
    const next = new Float64Array(pairs + 1);
    for (let found = 0; found <= pairs; found++) {
      for (let more = 0; more < k && more <= found; more++) next[found]! += shares[found - more]! / k;
    }
    shares = next;
  }
  const most = (pairs - statistic) / 2;
  let tail = 0;
  for (let inversions = 0; inversions <= most; inversions++) tail += shares[inversions]!;
  return Math.min(1, 2 * tail);
}

/** Median of the slopes of all pairs, per step of the series (Theil 1950, Sen 1968); NaN of fewer than two values. */
export function theilSenSlope(values: readonly number[]): number {
  const slopes = values.flatMap((value, j) => values.slice(0, j).map((earlier, i) => (value - earlier) / (j - i)));
  return median(slopes);
}

/** A trend in a series. */
export interface Trend {
  /** See `mannKendall`. */
  readonly probability: number;
  /** Slope from the first value to the last, over the median. */
  readonly drift: number;
}

/** Whether a series goes up or down, and by how much of its median. */
export function trendOf(values: readonly number[]): Trend {
  const { probability } = mannKendall(values);
  return { probability, drift: (theilSenSlope(values) * (values.length - 1)) / median(values) };
}
