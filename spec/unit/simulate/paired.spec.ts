import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../lib/random/index.js';
import { correctedConfidence, looks, studentInterval } from '../../../lib/simulate/index.js';

/** Student's quantiles as tables print them: 97.5 % with 1, 4, 9 and 29 degrees of freedom. */
const tabulated: readonly (readonly [number, number])[] = [
  [2, 12.706],
  [5, 2.776],
  [10, 2.262],
  [30, 2.045],
];

describe('Student’s intervals', () => {
  it.each(tabulated)('of %i values of ±1 are those of the tables', (count, quantile) => {
    const values = Array.from({ length: count }, (_, k) => (k % 2 === 0 ? 1 : -1) as number);
    const mean = values.reduce<number>((a, b) => a + b, 0) / count;
    const deviation = Math.sqrt(values.reduce<number>((sum, each) => sum + (each - mean) ** 2, 0) / (count - 1));
    const { halfWidth } = studentInterval(values, 0.95)!;
    expect(halfWidth! / (deviation / Math.sqrt(count))).toBeCloseTo(quantile, 3);
  });

  it('say nothing of nothing, and have no width with one value', () => {
    expect(studentInterval([], 0.95)).toBeUndefined();
    expect(studentInterval([3], 0.95)).toEqual({ mean: 3, halfWidth: null, count: 1 });
  });

  it('cover the mean as often as they say when the number is fixed (4 standard errors)', () => {
    const trials = 4000;
    const random = randomStream(1, 'coverage');
    let covered = 0;
    for (let k = 0; k < trials; k++) {
      const { mean, halfWidth } = studentInterval(
        Array.from({ length: 8 }, () => random.normal()),
        0.9,
      )!;
      if (Math.abs(mean) <= halfWidth!) covered++;
    }
    expect(Math.abs(covered / trials - 0.9)).toBeLessThan(4 * Math.sqrt((0.9 * 0.1) / trials));
  });

  it('with stopping cover it at least as often as they say, and would not without the correction', () => {
    const counts = looks(3, 60);
    expect(counts).toEqual([3, 5, 8, 12, 18, 27, 41, 60]);
    const coverage = (confidence: number) => {
      const random = randomStream(2, 'stopping');
      const trials = 3000;
      let covered = 0;
      for (let k = 0; k < trials; k++) {
        const values: number[] = [];
        for (const count of counts) {
          while (values.length < count) values.push(random.normal());
          const { mean, halfWidth } = studentInterval(values, confidence)!;
          if (halfWidth! > 0.4 && count < counts.at(-1)!) continue;
          if (Math.abs(mean) <= halfWidth!) covered++;
          break;
        }
      }
      return covered / trials;
    };
    expect(coverage(correctedConfidence(0.9, counts.length))).toBeGreaterThanOrEqual(0.9);
    expect(coverage(0.9)).toBeLessThan(0.9);
  });
});
