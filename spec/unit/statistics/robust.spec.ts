import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, relativeFit, robustSummary } from '../../../lib/statistics/robust.js';

describe('robustSummary', () => {
  it('drops what lies far out and keeps the rest', () => {
    const values = [10, 10.2, 9.9, 10.1, 9.8, 55, 10];
    const { median: middle, dropped, taken, spread } = robustSummary(values);
    expect([middle, dropped, taken]).toEqual([10, 1, 7]);
    expect(spread).toBeCloseTo(0.01, 9);
  });

  it('drops nothing where most values are equal', () => {
    expect(robustSummary([3, 3, 3, 3, 7])).toEqual({ median: 3, spread: 0, taken: 5, dropped: 0 });
  });

  it('has a median with as many values below as above', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        expect(below).toBeLessThanOrEqual(values.length / 2);
        expect(above).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });
});

describe('relativeFit', () => {
  it('finds the coefficients of exact rows', () => {
    const rows = [1, 3, 5, 8].flatMap((blocks) =>
      [1, 2, 4].map((devices) => ({
        regressors: [1, blocks, devices, devices * blocks],
        value: 3 + 0.5 * blocks + 0.25 * devices + 0.125 * devices * blocks,
      })),
    );
    const found = relativeFit(rows);
    [3, 0.5, 0.25, 0.125].forEach((wanted, k) => expect(found[k]).toBeCloseTo(wanted, 8));
  });

  it('weighs relative errors: no small change of a coefficient does better', () => {
    const rows = [
      { regressors: [1, 1], value: 1.1 },
      { regressors: [1, 6], value: 5.2 },
      { regressors: [1, 11], value: 11.9 },
    ];
    const cost = (coefficients: readonly number[]) =>
      rows.reduce((sum, { regressors, value }) => {
        const fit = regressors.reduce((total, regressor, k) => total + regressor * coefficients[k]!, 0);
        return sum + (fit / value - 1) ** 2;
      }, 0);
    const found = relativeFit(rows);
    for (const k of [0, 1]) {
      for (const change of [-1e-3, 1e-3]) {
        const moved = found.map((value, index) => (index === k ? value + change : value));
        expect(cost(moved)).toBeGreaterThan(cost(found));
      }
    }
  });

  it('refuses rows that leave a coefficient open', () => {
    const same = [1, 2, 3].map((value) => ({ regressors: [1, 4], value }));
    expect(() => relativeFit(same)).toThrow('determine');
  });
});
