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
 * Mean of values whose number was chosen by looking at how much they vary, with an interval that looking does not spoil: half its
 * width is that of Student's interval, or t·s/√n with t and s of the first values alone where that is more (Stein 1945). Of normal
 * values the mean is independent of all variances that were looked at, so that it covers at least as often as said, however often
 * one has looked. Of values that differ in few cases alone it covers less often: first values that agree have no width.
 *
 * @param values - Independent values, in the order in which they came.
 * @param confidence - Probability that the interval covers, 0 … 1.
 * @param firstCount - Values before the first look, ≥ 2 (fewer count as 2).
 * @example
 * ```ts
 * import { sequentialInterval } from 'sft-opt/simulate';
 *
 * console.log(sequentialInterval([1, 3, 2, 2, 2], 0.95, 2)); // { mean: 2, halfWidth: 8.03611, count: 5 }
 * ```
 */
export function sequentialInterval(
  values: readonly number[],
  confidence: number,
  firstCount: number,
): Interval | undefined {
  const all = studentInterval(values, confidence);
  if (typeof all?.halfWidth !== 'number') return all;
  return { ...all, halfWidth: spread(values, confidence, firstCount) / Math.sqrt(all.count) };
}

/**
 * How many values there must be for an interval no wider than asked, by what is known of them.
 *
 * @param values - Independent values so far, in the order in which they came; two at least.
 * @param halfWidth - Half of the width that is wanted, > 0.
 * @param confidence - Probability that the interval covers, 0 … 1.
 * @param firstCount - Values before the first look, ≥ 2.
 * @example
 * ```ts
 * import { valuesNeeded } from 'sft-opt/simulate';
 *
 * console.log(valuesNeeded([1, 3, 2, 2], 0.5, 0.95, 4)); // 28
 * ```
 */
export function valuesNeeded(
  values: readonly number[],
  halfWidth: number,
  confidence: number,
  firstCount: number,
): number {
  return Math.max(2, Math.ceil((spread(values, confidence, firstCount) / halfWidth) ** 2));
}

/** Half the width of the interval times √n. */
function spread(values: readonly number[], confidence: number, firstCount: number): number {
  const times = (some: readonly number[]) =>
    (studentInterval(some, confidence)?.halfWidth ?? Infinity) * Math.sqrt(some.length);
  return Math.max(times(values), times(values.slice(0, Math.max(2, firstCount))));
}
