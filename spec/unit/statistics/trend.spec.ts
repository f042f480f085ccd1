import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mannKendall, theilSenSlope, trendOf } from '../../../lib/statistics/index.js';

function permutations(values: readonly number[]): number[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((value, k) => permutations(values.filter((_, i) => i !== k)).map((rest) => [value, ...rest]));
}

describe('mannKendall', () => {
  it('has the probabilities of all orders counted out', () => {
    for (const length of [3, 4, 5, 6, 7]) {
      const all = permutations(Array.from({ length }, (_, k) => k));
      const far = all.map((order) => Math.abs(mannKendall(order).statistic));
      for (const order of all.filter((_, k) => k % 37 === 0)) {
        const { statistic, probability } = mannKendall(order);
        const share = far.filter((found) => found >= Math.abs(statistic)).length / all.length;
        expect(probability).toBeCloseTo(share, 12);
      }
    }
  });

  it('agrees with closed forms: a sorted series has 2/n!, and its statistic is the number of pairs', () => {
    let factorial = 2;
    for (let length = 3; length <= 30; length++) {
      factorial *= length;
      const { statistic, probability } = mannKendall(Array.from({ length }, (_, k) => 3 * k - 7));
      expect(statistic).toBe((length * (length - 1)) / 2);
      expect(probability * factorial).toBeCloseTo(2, 9);
    }
  });

  it('has Kendall’s variance with ties: every order of a small multiset', () => {
    const all = permutations([0, 1, 1, 2, 2, 2, 3]);
    const statistics = all.map((order) => mannKendall(order).statistic);
    const variance = statistics.reduce((sum, value) => sum + value * value, 0) / all.length;
    const sorted = mannKendall([0, 1, 1, 2, 2, 2, 3]);
    const deviate = (sorted.statistic - 1) / Math.sqrt(variance);
    // P(|Z| > z) from the continued fraction-free series of erf: 1 − 2/√π Σ (−1)ⁿ x²ⁿ⁺¹/(n!(2n+1)), x = z/√2.
    const x = deviate / Math.SQRT2;
    let term = x;
    let erf = x;
    for (let n = 1; n < 80; n++) {
      term *= (-x * x) / n;
      erf += term / (2 * n + 1);
    }
    expect(sorted.probability).toBeCloseTo(1 - (2 / Math.sqrt(Math.PI)) * erf, 9);
  });

  it('is the same for any increasing change of the values, and for the reversed series but for the sign', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 40 }), (values) => {
        const found = mannKendall(values);
        expect(mannKendall(values.map((value) => value ** 3 + 4))).toEqual(found);
        const reversed = mannKendall([...values].reverse());
        expect([0 - reversed.statistic, reversed.probability]).toEqual([0 + found.statistic, found.probability]);
      }),
      { seed: 5 },
    );
  });

  it('cries wolf in no more series of chance than it says', () => {
    let state = 12345;
    const draw = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    for (const length of [8, 24, 56]) {
      let alarms = 0;
      for (let trial = 0; trial < 2000; trial++) {
        if (mannKendall(Array.from({ length }, draw)).probability < 0.05) alarms++;
      }
      // 0.05 with four deviations of 2,000 trials.
      expect(alarms / 2000).toBeLessThan(0.05 + 4 * Math.sqrt((0.05 * 0.95) / 2000));
      expect(alarms / 2000).toBeGreaterThan(0.02);
    }
  });
});

describe('theilSenSlope and trendOf', () => {
  it('find the slope of a line with a few wild values', () => {
    const values = Array.from({ length: 15 }, (_, k) => 5 + 0.25 * k);
    values[3] = 900;
    values[11] = -40;
    expect(theilSenSlope(values)).toBeCloseTo(0.25, 12);
    expect(trendOf(Array.from({ length: 9 }, (_, k) => 10 - 0.5 * k)).drift).toBeCloseTo(-4 / 8, 12);
    expect(theilSenSlope([4])).toBeNaN();
  });
});
