import { describe, expect, it } from 'vitest';
import { studentQuantile } from '../../../lib/statistics/index.js';

/** P(T ≤ t), t ≥ 0, of a whole number of degrees of freedom as a finite sum (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4). */
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
  return (1 + (odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum)) / 2;
}

describe("Student's quantile", () => {
  it.each([1, 2, 3, 4, 7, 10, 31, 100, 1000])('inverts the finite sum of %i degrees of freedom', (degrees) => {
    for (const p of [0.5, 0.6, 0.9, 0.95, 0.975, 0.999]) {
      expect(Math.abs(belowStudent(studentQuantile(p, degrees), degrees) - p)).toBeLessThanOrEqual(1e-10);
    }
  });
});
