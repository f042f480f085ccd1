import { describe, expect, it } from 'vitest';
import { Simplex } from '../../../lib/integer/linear/simplex.js';
import { solveQp } from '../../../lib/qp/sparse/index.js';
import { randomStream } from '../../../lib/random/index.js';

describe('Simplex', () => {
  it('agrees with the interior point on random programs, after rows and bounds have changed, too', () => {
    const stream = randomStream(1, 'simplex');
    const seen = { optimal: 0, infeasible: 0, unbounded: 0, failed: 0 };
    for (let trial = 0; trial < 150; trial++) {
      const n = 2 + stream.integer(12);
      const m = stream.integer(14);
      const cost = Float64Array.from({ length: n }, () => Math.round(4 * stream.normal()));
      const lp = new Simplex(n, cost);
      for (let j = 0; j < n; j++) {
        lp.lower[j] = stream.uniform() < 0.15 ? -Infinity : -stream.integer(4);
        lp.upper[j] = stream.uniform() < 0.15 ? Infinity : stream.integer(5);
      }
      const rows = Array.from({ length: m }, () => {
        const side = Math.round(5 * stream.normal());
        return {
          indices: Array.from({ length: n }, (_, j) => j),
          values: Array.from({ length: n }, () => (stream.uniform() < 0.5 ? Math.round(3 * stream.normal()) : 0)),
          lower: stream.uniform() < 0.3 ? -Infinity : side,
          upper: stream.uniform() < 0.3 ? Infinity : side + stream.integer(3),
        };
      });
      const half = Math.ceil(m / 2);
      for (const step of ['half', 'all', 'bound'] as const) {
        if (step === 'half') rows.slice(0, half).forEach((row) => lp.addRow(row));
        if (step === 'all') rows.slice(half).forEach((row) => lp.addRow(row));
        const j = stream.integer(n);
        if (step === 'bound' && lp.lower[j]! <= 0 && lp.upper[j]! >= 0) lp.upper[j] = 0;
        const end = lp.solve();
        seen[end]++;
        const used = rows.slice(0, lp.rowCount);
        const reference = solveQp({
          linear: cost,
          constraintMatrix: {
            kind: 'dense',
            rows: used.length,
            columns: n,
            values: Float64Array.from(used.flatMap(({ values }) => values)),
          },
          constraintLower: Float64Array.from(used, ({ lower }) => lower),
          constraintUpper: Float64Array.from(used, ({ upper }) => upper),
          lower: lp.lower.slice(0, n),
          upper: lp.upper.slice(0, n),
        });
        if (end === 'failed') continue;
        expect(end, `${trial} ${step}`).toBe(reference.termination);
        if (end !== 'optimal') continue;
        const tolerance = 1e-6 * Math.max(1, Math.abs(reference.objective));
        expect(Math.abs(lp.objective - reference.objective)).toBeLessThan(tolerance);
        expect(lp.safeBound()).toBeLessThanOrEqual(lp.objective + 1e-9);
        expect(lp.safeBound()).toBeGreaterThan(lp.objective - tolerance);
      }
    }
    expect(seen.optimal).toBeGreaterThan(100);
    expect(seen.infeasible).toBeGreaterThan(100);
    expect(seen.unbounded).toBeGreaterThan(30);
    expect(seen.failed).toBeLessThanOrEqual(3);
  });

  it('takes rows out again that no vertex rests on', () => {
    const lp = new Simplex(2, Float64Array.of(-1, -1));
    lp.lower.fill(0, 0, 2);
    lp.upper.fill(4, 0, 2);
    lp.addRow({ indices: [0, 1], values: [1, 2], lower: -Infinity, upper: 6 });
    lp.addRow({ indices: [0], values: [1], lower: -Infinity, upper: 100 });
    expect(lp.solve()).toBe('optimal');
    expect(lp.objective).toBeCloseTo(-5, 12);
    lp.removeRows(0, ({ upper }) => upper === 100);
    expect(lp.rowCount).toBe(1);
    lp.upper[0] = 2;
    expect(lp.solve()).toBe('optimal');
    expect(lp.objective).toBeCloseTo(-4, 12);
  });
});
