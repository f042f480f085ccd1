import { describe, expect, it } from 'vitest';
import { minimize } from '../../../lib/easy/index.js';
import { randomStream } from '../../../lib/random/index.js';

describe("minimize by method 'direct'", () => {
  it('finds smooth minima, and says so where first-order conditions hold', () => {
    const result = minimize((x) => 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2, [-1.2, 1], {
      method: 'direct',
      // The search does not ask for it: it judges the answer, more sharply than differences can here.
      gradient: (x) => [-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)],
    });
    expect(result.termination).toBe('locally-optimal');
    expect(result.method).toBe('direct');
    expect(result.point[0]).toBeCloseTo(1, 6);
  });

  it('finds kinks, at which it claims nothing unless the slopes on both sides cancel', () => {
    const even = minimize((x) => Math.abs(x[0] - 1) + 2 * Math.abs(x[1] + x[0]), [3, 5], { method: 'direct' });
    expect(even.objective).toBeLessThan(1e-8);
    expect(['locally-optimal', 'stalled', 'iteration-limit']).toContain(even.termination);
    const steep = (t: number) => Math.max(t, -3 * t);
    const uneven = minimize((x) => steep(x[0] - 1) + 2 * steep(x[1] + x[0]), [3, 5], { method: 'direct' });
    expect(uneven.objective).toBeLessThan(1e-6);
    expect(uneven.success).toBe(false);
    expect(uneven.primalStatus).toBe('feasible');
  });

  it('never leaves the bounds, from any start, and finds corners and faces', () => {
    const stream = randomStream(5, 'direct');
    let calls = 0;
    for (let k = 0; k < 40; k++) {
      const target = [stream.normal() * 2, stream.normal() * 2, stream.normal() * 2] as const;
      const f = (x: readonly [number, number, number]): number => {
        calls++;
        for (const value of x) expect(Math.abs(value)).toBeLessThanOrEqual(1);
        return x.reduce((sum, value, j) => sum + (j + 1) * (value - target[j]!) ** 2, 0);
      };
      const start: [number, number, number] = [k % 2 === 0 ? 1 : -1, 0.9, -1];
      const { point, success } = minimize(f, start, { bounds: [-1, 1], method: 'direct' });
      target.forEach((value, j) => expect(point[j]).toBeCloseTo(Math.max(-1, Math.min(1, value)), 4));
      expect(success).toBe(true);
    }
    expect(calls).toBeGreaterThan(4000);
  });

  it('keeps constraints by a penalty', () => {
    const result = minimize((x) => x[0] + x[1], [2, 0], {
      constraints: { disc: { value: (x) => x[0] ** 2 + x[1] ** 2, atMost: 1 }, line: { linear: [1, -1], equals: 0 } },
      method: 'direct',
    });
    expect(result.residuals.primalInfeasibility).toBeLessThanOrEqual(1e-6);
    expect(result.objective).toBeCloseTo(-Math.SQRT2, 5);
  });

  it('takes values that are not finite, one variable, and fixed variables', () => {
    const logarithm = minimize((x) => x[0] - Math.log(x[0]), [3], { method: 'direct' });
    expect(logarithm.point[0]).toBeCloseTo(1, 6);
    const fixed = minimize((x) => (x[0] - 2) ** 2 + x[1] ** 2, [0, 0.5], {
      bounds: [null, [0.5, 0.5]],
      method: 'direct',
    });
    expect(fixed.point).toEqual([expect.closeTo(2, 6), 0.5]);
    expect(minimize(() => NaN, [1], { method: 'direct' }).termination).toBe('not-finite');
  });

  it('shrinks a simplex that has nowhere to go, without throwing', () => {
    // McKinnon's function (1998), on which the plain search ends at a point that is no minimum.
    const mckinnon = ([x, y]: readonly [number, number]): number =>
      (x <= 0 ? 360 * Math.abs(x) ** 2 : 6 * x ** 2) + y + y * y;
    const result = minimize(mckinnon, [0, 0], { method: 'direct' });
    expect(result.objective).toBeCloseTo(-0.25, 8);
    const noisy = minimize((x) => Math.floor(10 * (x[0] ** 2 + x[1] ** 2)), [3.3, -2.7], { method: 'direct' });
    expect(noisy.objective).toBe(0);
  });

  it('stops exactly at a limit of evaluations, with the best point', () => {
    let calls = 0;
    let least = Infinity;
    const f = (x: readonly [number, number]): number => {
      calls++;
      const value = (x[0] - 1) ** 2 + 10 * (x[1] - 2) ** 2;
      least = Math.min(least, value);
      return value;
    };
    const result = minimize(f, [5, 5], { method: 'direct', maxEvaluations: 30 });
    expect(result.termination).toBe('evaluation-limit');
    expect(calls).toBeLessThanOrEqual(30);
    expect(result.objective).toBe(least);
  });
});
