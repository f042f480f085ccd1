import { describe, expect, it, vi } from 'vitest';
import { planViolations } from '../../../lib/models/index.js';
import { boundPlan, planExact, verifyBound } from '../../../lib/plan/index.js';
import { exactAgainstBruteForce } from '../../support/exact-checks.js';
import { largeProblem, randomProblem } from '../../support/plan-instances.js';
import { bruteForce } from '../../support/plan-oracle.js';

// Generous: the limit guards against hanging, not against a busy machine.
vi.setConfig({ testTimeout: 300_000 });

describe('planExact', () => {
  it('is within 1e-6 of brute force on random instances, and infeasible exactly where that finds nothing', () => {
    const seen = exactAgainstBruteForce(56); // 300 of them: npx tsx bench/exact.ts brute-force
    expect(Math.min(seen.allocated, seen.equal, seen.batched)).toBeGreaterThan(12);
    expect(seen.infeasible).toBeGreaterThan(3);
  });

  it('proves ten devices to 1e-6 within a tree that is small', () => {
    for (const stepsPerRound of [1, 10]) {
      const problem = largeProblem(31, 10, stepsPerRound);
      const answer = planExact(problem);
      expect(answer.termination).toBe('optimal');
      expect(answer.relativeGap).toBeLessThanOrEqual(1e-6);
      expect(answer.nodeCount).toBeLessThan(200);
      expect(answer.rootBoundSeconds).toBeLessThanOrEqual(answer.boundSeconds);
    }
  });

  it('returns its best plan and a valid bound when interrupted', () => {
    const problem = largeProblem(5, 30, 10);
    const full = planExact(problem);
    const cut = planExact(problem, { relativeGap: 0, maxNodes: 1 }, { onProgress: () => false });
    expect(cut.plan).toBeDefined();
    expect(cut.boundSeconds).toBeLessThanOrEqual(full.totalSeconds);
    expect(cut.totalSeconds).toBeGreaterThanOrEqual(full.totalSeconds * (1 - 1e-6));
  });

  it('respects a deadline: met by the optimum itself, infeasible a little below it', () => {
    const problem = randomProblem({
      seed: 3,
      devices: 3,
      splits: 4,
      points: 3,
      sharing: 'allocated',
      decorations: false,
    });
    const optimum = planExact(problem).totalSeconds;
    expect(optimum).toBeLessThan(Infinity);
    expect(planExact({ ...problem, deadlineSeconds: optimum * (1 + 1e-6) }).termination).toBe('optimal');
    expect(planExact({ ...problem, deadlineSeconds: optimum * (1 - 1e-5) }).termination).toBe('infeasible');
  });
});

describe('boundPlan', () => {
  it('has a small gap to the exact optimum where devices are many', () => {
    const problem = largeProblem(3, 40, 10);
    const answer = planExact(problem);
    const bound = boundPlan(problem, {}, { incumbentSeconds: answer.totalSeconds });
    expect(bound.boundSeconds).toBeLessThanOrEqual(answer.totalSeconds);
    expect(1 - bound.boundSeconds / answer.totalSeconds).toBeLessThan(5e-3);
  });

  it('ends at a target that it reaches, with a certificate that shows as much, and is what it was where it does not', () => {
    const seen = { reached: 0, short: 0, fewer: 0 };
    // What the search may leave, relative.
    const search = 1.01e-6;
    for (let seed = 1; seed <= 24; seed++) {
      const sharing = seed % 2 === 0 ? 'allocated' : 'equal';
      const problem = randomProblem({ seed, devices: 3 + (seed % 3), splits: 4, points: 3, sharing });
      const full = boundPlan(problem);
      if (!(full.boundSeconds > 0 && full.boundSeconds < Infinity)) continue;
      for (const factor of [0.95, 1 - 2 * search, 1.01]) {
        const targetSeconds = factor * full.boundSeconds;
        const ended = boundPlan(problem, {}, { incumbentSeconds: targetSeconds, targetSeconds });
        expect(verifyBound(problem, ended.certificate)).toMatchObject({
          valid: true,
          boundSeconds: ended.boundSeconds,
        });
        expect(ended.boundSeconds).toBeLessThanOrEqual(full.boundSeconds * (1 + search));
        expect(ended.boundSeconds).toBeGreaterThanOrEqual(Math.min(targetSeconds, full.boundSeconds * (1 - search)));
        if (ended.statistics.evaluations < full.statistics.evaluations) seen.fewer++;
        if (factor < 1) seen.reached++;
        else seen.short++;
      }
    }
    expect(seen.reached).toBeGreaterThan(20);
    expect(seen.short).toBeGreaterThan(10);
    expect(seen.fewer).toBeGreaterThan(15);
  });

  it('of a common batch ends at a target too, with or without a plan known', () => {
    const seen = { reached: 0, short: 0, fewer: 0 };
    for (let seed = 1; seed <= 12; seed++) {
      const problem = randomProblem({ seed, devices: 2 + (seed % 3), splits: 4, points: 3, sharing: 'batched' });
      const full = boundPlan(problem);
      if (!(full.boundSeconds > 0 && full.boundSeconds < Infinity)) continue;
      for (const factor of [0.7, 0.9, 1.1]) {
        const targetSeconds = factor * full.boundSeconds;
        const alone = boundPlan(problem, {}, { targetSeconds });
        const known = boundPlan(problem, {}, { targetSeconds, incumbentSeconds: targetSeconds });
        const above = boundPlan(problem, {}, { targetSeconds, incumbentSeconds: 2 * full.boundSeconds });
        for (const ended of [alone, known, above]) {
          expect(verifyBound(problem, ended.certificate)).toMatchObject({
            valid: true,
            boundSeconds: ended.boundSeconds,
          });
          if (factor > 1) continue;
          expect(ended.boundSeconds, `seed ${seed} × ${factor}`).toBeGreaterThanOrEqual(targetSeconds);
          expect(ended.boundSeconds).toBeLessThanOrEqual(targetSeconds * (1 + 1e-7));
          if (ended.statistics.boxes < full.statistics.boxes) seen.fewer++;
        }
        if (factor < 1) seen.reached++;
        else seen.short++;
      }
    }
    expect(seen.reached).toBeGreaterThan(10);
    expect(seen.short).toBeGreaterThan(5);
    expect(seen.fewer).toBeGreaterThan(20);
  });

  it('is refused by the verification once a certificate claims more, or its prices are spoilt', () => {
    for (const sharing of ['allocated', 'equal', 'batched'] as const) {
      const problem = randomProblem({ seed: 12, devices: 4, splits: 4, points: 3, sharing, decorations: false });
      const { certificate, boundSeconds } = boundPlan(problem);
      const copy = JSON.parse(JSON.stringify(certificate)) as typeof certificate;
      expect(verifyBound(problem, copy)).toMatchObject({ valid: true, boundSeconds });
      const claim = { ...certificate, boundSeconds: boundSeconds * 1.01 };
      expect(verifyBound(problem, claim)).toMatchObject({ valid: false, boundSeconds: 0 });
      if (certificate.kind !== 'threshold') continue;
      const spoilt = { ...certificate, multipliers: { bandwidth: -1 } };
      expect(verifyBound(problem, spoilt).valid).toBe(false);
    }
  });

  it('claims no more than the aggregation where every device may be left out of a common batch', () => {
    const drawn = randomProblem({ seed: 6, devices: 2, splits: 4, points: 3, sharing: 'batched', decorations: false });
    const devices = drawn.devices.map((device) => ({ ...device, optional: true }));
    const problem = { ...drawn, devices };
    const answer = planExact(problem);
    expect(answer.termination).toBe('optimal');
    expect(answer.totalSeconds / bruteForce(problem).totalSeconds - 1).toBeLessThanOrEqual(1e-6);
    expect(answer.rootBoundSeconds).toBeGreaterThanOrEqual(0);
    expect(verifyBound(problem, answer.certificate).valid).toBe(true);
  });

  it('decides small common batches with many overlapping tests within few evaluations', () => {
    // Each of these took over 10,000 evaluations while overlapping tests visited combinations again.
    for (const [seed, shape] of [
      [318, { devices: 2, splits: 12, points: 6 }],
      [588, { devices: 2, splits: 12, points: 6 }],
      [592, { devices: 3, splits: 6, points: 4 }],
    ] as const) {
      const answer = planExact(randomProblem({ seed, ...shape }));
      expect(answer.termination).toBe('optimal');
      expect(answer.statistics['combinations']).toBeLessThan(5000);
    }
  });

  it('respects resource blocks: never above the best plan in whole blocks, and not below the continuous bound', () => {
    for (let seed = 0; seed < 12; seed++) {
      const sharing = (['allocated', 'equal', 'batched'] as const)[seed % 3]!;
      const base = randomProblem({ seed, devices: 3, splits: 3, points: 2, sharing, decorations: false });
      const problem = { ...base, resourceBlockHz: base.bandwidthHz / 12 };
      const continuous = boundPlan(base);
      const blocks = boundPlan(problem);
      const answer = planExact(problem);
      expect(verifyBound(problem, blocks.certificate).valid).toBe(true);
      if (answer.plan) expect(planViolations(problem, answer.plan, answer.totalSeconds)).toEqual([]);
      expect(blocks.boundSeconds).toBeLessThanOrEqual(answer.totalSeconds);
      if (sharing !== 'batched') {
        expect(blocks.boundSeconds).toBeGreaterThanOrEqual(continuous.boundSeconds * (1 - 1e-5));
      }
    }
  });
});
