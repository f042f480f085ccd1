import { ArgumentError } from '../errors/index.js';

/**
 * Quantile of Student's t with a whole number of degrees of freedom, ½ ≤ p < 1: bisection of the distribution function, which is
 * a finite sum there (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4).
 */
export function studentQuantileOf(p: number, degreesOfFreedom: number): number {
  if (!(p >= 0.5 && p < 1) || !Number.isInteger(degreesOfFreedom) || degreesOfFreedom < 1) {
    throw new ArgumentError(
      `a quantile needs ½ ≤ p < 1 and whole degrees of freedom, found ${p} and ${degreesOfFreedom}`,
    );
  }
  let high = 1;
  while (belowStudent(high, degreesOfFreedom) < p) high *= 2;
  let low = 0;
  for (let k = 0; k < 200 && high - low > 1e-15 * high; k++) {
    const middle = (low + high) / 2;
    if (belowStudent(middle, degreesOfFreedom) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(T ≤ t), t ≥ 0. */
function belowStudent(t: number, degreesOfFreedom: number): number {
  const angle = Math.atan(t / Math.sqrt(degreesOfFreedom));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const odd = degreesOfFreedom % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = degreesOfFreedom === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= degreesOfFreedom - 2; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  const within = odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
  return (1 + within) / 2;
}
