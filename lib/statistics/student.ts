import tQuantile from '@stdlib/stats-base-dists-t-quantile';

/**
 * Quantile of Student's t: P(T ≤ t) = p for `degreesOfFreedom` > 0, 0 < p < 1.
 *
 * @param p - Probability below, 0 < p < 1.
 * @param degreesOfFreedom - ν > 0.
 * @example
 * ```ts
 * import { studentQuantile } from 'sft-opt/models';
 *
 * console.log(studentQuantile(0.975, 9)); // 2.26216
 * ```
 */
export function studentQuantile(p: number, degreesOfFreedom: number): number {
  return tQuantile(p, degreesOfFreedom);
}
