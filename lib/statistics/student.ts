import tQuantile from '@stdlib/stats-base-dists-t-quantile';

/** Quantile of Student's t: P(T ≤ t) = p for `degreesOfFreedom` > 0, 0 < p < 1. */
export function studentQuantile(p: number, degreesOfFreedom: number): number {
  return tQuantile(p, degreesOfFreedom);
}
