import { studentQuantile } from '../statistics/index.js';
import { mean } from './summary.js';

/** A mean with Student's interval. */
export interface Interval {
  /** Mean of the values. */
  readonly mean: number;
  /** Half of the interval's width; null of less than two values. */
  readonly halfWidth: number | null;
  /** Values. */
  readonly count: number;
}

/**
 * Mean of independent values with Student's interval of a confidence, 0…1; undefined of nothing.
 *
 * @param values - Independent values.
 * @param confidence - Probability that the interval covers, 0 … 1.
 * @example
 * ```ts
 * import { studentInterval } from 'sft-opt/simulate';
 *
 * console.log(studentInterval([1, 2, 3], 0.95)); // { mean: 2, halfWidth: 2.48414, count: 3 }
 * ```
 */
export function studentInterval(values: readonly number[], confidence: number): Interval | undefined {
  const middle = mean(values);
  if (middle === null) return undefined;
  const count = values.length;
  if (count < 2) return { mean: middle, halfWidth: null, count };
  const variance = values.reduce((sum, each) => sum + (each - middle) ** 2, 0) / (count - 1);
  const quantile = studentQuantile(0.5 + confidence / 2, count - 1);
  return { mean: middle, halfWidth: quantile * Math.sqrt(variance / count), count };
}

/**
 * Numbers of seeds at which a campaign looks whether its intervals are narrow enough: half as many again each time.
 *
 * @param least - First number of seeds.
 * @param most - Last number of seeds.
 * @example
 * ```ts
 * import { looks } from 'sft-opt/simulate';
 *
 * console.log(looks(4, 20)); // [ 4, 6, 9, 14, 20 ]
 * ```
 */
export function looks(least: number, most: number): number[] {
  const counts: number[] = [];
  for (let count = Math.max(2, least); count < most; count = Math.ceil(1.5 * count)) counts.push(count);
  return [...counts, Math.max(most, 2)];
}

/**
 * Confidence of each interval so that all of them hold together: the error is divided evenly over the looks and over the
 * comparisons (Bonferroni), which holds however looks and comparisons depend on one another.
 *
 * @param confidence - Of all together, 0 … 1.
 * @param lookCount - How often is looked.
 * @param comparisons - Intervals that shall hold together.
 * @example
 * ```ts
 * import { correctedConfidence } from 'sft-opt/simulate';
 *
 * console.log(correctedConfidence(0.95, 5, 2)); // 0.995
 * ```
 */
export function correctedConfidence(confidence: number, lookCount: number, comparisons = 1): number {
  return 1 - (1 - confidence) / (lookCount * comparisons);
}
