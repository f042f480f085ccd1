import { median } from './observations.js';

/** Akaike's criterion with the correction for few observations; `parameters` counts the deviation as well. */
export function correctedAkaike(loss: number, size: number, parameters: number): number {
  if (size - parameters - 1 <= 0) return Infinity;
  const penalty = 2 * parameters + (2 * parameters * (parameters + 1)) / (size - parameters - 1);
  return size * Math.log(Math.max((2 * loss) / size, 1e-300)) + penalty;
}

/** Robust deviation of residuals around 0, corrected for the parameters fitted to them. */
export function robustDeviation(residuals: readonly number[], parameters: number): number {
  const size = residuals.length;
  // A fit with p parameters leaves p residuals near 0: the median is taken of the others.
  const largest = [...residuals].map(Math.abs).sort((a, b) => b - a);
  return 1.4826 * median(largest.slice(0, Math.max(1, size - parameters)));
}
