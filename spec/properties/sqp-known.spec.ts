import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { solveSqp } from '../../lib/sqp/index.js';
import { knownNlp, type KnownClass } from '../support/known-nlp.js';
import { contradictions } from '../support/result-checker.js';

const seeds = fc.integer({ min: 0, max: 1_000_000_000 });

function check(kind: KnownClass, runs: number, options = {}): void {
  let seen = 0;
  fc.assert(
    fc.property(seeds, (seed) => {
      const { problem, optimum, solution } = knownNlp(seed, kind);
      const result = solveSqp(problem, options);
      seen++;
      expect(contradictions(problem, result)).toEqual([]);
      if (kind === 'infeasible') {
        expect(['infeasible', 'locally-infeasible']).toContain(result.termination);
        return;
      }
      if (kind === 'unbounded') {
        expect(result.termination).toBe('unbounded');
        return;
      }
      expect(result.termination).toBe(kind === 'nonconvex' ? 'locally-optimal' : 'optimal');
      const slack = 1e-5 * Math.max(1, Math.abs(optimum!));
      expect(result.objective).toBeGreaterThan(optimum! - slack);
      if (kind === 'nonconvex') return;
      expect(result.objective).toBeLessThan(optimum! + slack);
      result.x.forEach((value, j) => expect(Math.abs(value - solution![j]!)).toBeLessThan(1e-2));
    }),
    { numRuns: runs, seed: 20, endOnFailure: true },
  );
  expect(seen).toBe(runs);
}

describe('problems made from their solution', () => {
  it('are solved at the known optimum (regular)', () => check('regular', 800));
  it('are solved at the known optimum (degenerate)', () => check('degenerate', 500));
  it('end at first-order points not below the global optimum (non-convex rows)', () => check('nonconvex', 400));
  it('are called infeasible when they are', () => check('infeasible', 250));
  it('are called unbounded when they are', () => check('unbounded', 250));
  it('are solved without second derivatives', () => check('regular', 150, { hessian: 'quasi-newton' }));
});
