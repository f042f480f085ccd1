import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExactPenaltyMerit, Filter } from '../../../lib/globalization/index.js';

const measures = fc.record({
  violation: fc.double({ min: 0, max: 100, noNaN: true }),
  objective: fc.double({ min: -100, max: 100, noNaN: true }),
});

describe('Filter', () => {
  it('never accepts a point that an entry dominates, and keeps that when entries are dropped', () => {
    fc.assert(
      fc.property(fc.array(measures, { minLength: 1, maxLength: 80 }), measures, (entries, trial) => {
        const filter = new Filter();
        filter.reset(100);
        for (const { violation, objective } of entries) filter.add(violation, objective);
        const dominated = entries.some(
          ({ violation, objective }) =>
            trial.violation >= (1 - 1e-5) * violation && trial.objective >= objective - 1e-5 * violation,
        );
        expect(filter.accepts(trial.violation, trial.objective)).toBe(!dominated);
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  it('judges by the objective near feasibility and by either measure elsewhere', () => {
    const filter = new Filter();
    filter.reset(0);
    const current = { violation: 0, objective: 1 };
    expect(filter.judge(current, { violation: 0, objective: 0.5 }, -1, 1)).toBe('objective-step');
    expect(filter.judge(current, { violation: 0, objective: 0.99995 }, -1, 1)).toBe('rejected');
    const far = { violation: 2, objective: 1 };
    expect(filter.judge(far, { violation: 1, objective: 50 }, -1, 1)).toBe('violation-step');
    expect(filter.judge(far, { violation: 2, objective: 2 }, -1, 1)).toBe('rejected');
    expect(filter.judge(far, { violation: NaN, objective: 0 }, -1, 1)).toBe('rejected');
    expect(filter.judge(far, { violation: 1, objective: NaN }, -1, 1)).toBe('rejected');
  });

  it('lets nothing but the objective count where there is no violation to lose', () => {
    const filter = new Filter();
    filter.reset(0);
    for (const violation of [0, 1e-16]) {
      const current = { violation, objective: 1 };
      for (const slope of [-1, 0, 2]) {
        expect(filter.judge(current, { violation: 0, objective: 1.5 }, slope, 1)).toBe('rejected');
        expect(filter.judge(current, { violation: 0, objective: 0.5 }, slope, 1)).not.toBe('rejected');
      }
      expect(filter.shortestStep(current, 2)).toBe(1);
      expect(filter.shortestStep(current, -1)).toBeLessThan(1e-10);
    }
  });

  it('rejects what returns to a point left for less violation', () => {
    const filter = new Filter();
    filter.reset(5);
    const left = { violation: 3, objective: 1 };
    filter.moved(left, 'violation-step');
    expect(filter.accepts(3, 1)).toBe(false);
    expect(filter.accepts(2.9, 1)).toBe(true);
    filter.reset(5);
    expect(filter.accepts(3, 1)).toBe(true);
  });
});

describe('ExactPenaltyMerit', () => {
  it('has a penalty above the multipliers that makes the step a descent direction', () => {
    fc.assert(
      fc.property(
        measures,
        fc.double({ min: -10, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        (current, slope, largestMultiplier) => {
          const merit = new ExactPenaltyMerit();
          merit.reset(current.violation);
          merit.prepare(current, slope, 0, largestMultiplier);
          expect(merit.penalty).toBeGreaterThanOrEqual(largestMultiplier);
          if (current.violation > 1e-3) expect(slope - merit.penalty * current.violation).toBeLessThan(0);
        },
      ),
      { numRuns: 300, seed: 3 },
    );
  });

  it('lets the merit rise within its memory only', () => {
    const merit = new ExactPenaltyMerit(3);
    merit.reset(1);
    const high = { violation: 0, objective: 10 };
    const low = { violation: 0, objective: 1 };
    merit.prepare(low, -1, 0, 1);
    expect(merit.judge(low, { violation: 0, objective: 5 }, -1, 1)).toBe('rejected');
    merit.moved(high);
    expect(merit.judge(low, { violation: 0, objective: 5 }, -1, 1)).toBe('objective-step');
    merit.moved(low);
    merit.moved(low);
    expect(merit.judge(low, { violation: 0, objective: 5 }, -1, 1)).toBe('rejected');
  });
});
