import { median } from './observations.js';

/** Quantile of Student's t: P(T ≤ t) = p for `degrees` > 0 degrees of freedom, 0 < p < 1. */
export function studentQuantile(p: number, degrees: number): number {
  if (p === 0.5) return 0;
  if (p < 0.5) return -studentQuantile(1 - p, degrees);
  let [low, high] = [0, 1];
  while (upperTail(high, degrees) > 1 - p) high *= 2;
  for (let k = 0; k < 200 && high - low > 1e-13 * high; k++) {
    const middle = (low + high) / 2;
    if (upperTail(middle, degrees) > 1 - p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(T > t), t ≥ 0: half the regularised incomplete beta function at ν/(ν + t²). */
function upperTail(t: number, degrees: number): number {
  return 0.5 * incompleteBeta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

/** I_x(a, b) by its continued fraction (Abramowitz & Stegun 26.5.8, evaluated as Lentz 1976 has it). */
function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, 1 - x);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b)) / a;
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return front * fraction;
}

function nonZero(value: number): number {
  return Math.abs(value) < 1e-300 ? 1e-300 : value;
}

/** ln Γ(x), x > 0: Stirling's series after moving x beyond 10. */
function logGamma(x: number): number {
  let shift = 0;
  while (x < 10) shift -= Math.log(x++);
  const inverse = 1 / (x * x);
  const series =
    (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse * (1 / 1188))))) / x;
  return shift + (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}

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
