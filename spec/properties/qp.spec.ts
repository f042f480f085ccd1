import { afterAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { solveQp, type QpResult } from '../../lib/qp/sparse/index.js';
import { certificateFaults, optimalityFaults, rayFaults } from '../support/qp-checker.js';
import { knownQp, qpKinds, type KnownQp, type QpKind } from '../support/qp-generator.js';

const casesPerKind = 180;
const reached = new Map<QpKind, number>();

/** What the checker holds against a result for a problem whose outcome is known. */
function faultsOf({ problem, expected, objective }: KnownQp, result: QpResult): string[] {
  if (result.termination !== expected) return [`expected ${expected}, found ${result.termination}: ${result.message}`];
  if (expected === 'infeasible') {
    return result.certificate === undefined
      ? ['no certificate']
      : certificateFaults(problem, result.certificate.multipliers, result.certificate.boundMultipliers);
  }
  if (expected === 'unbounded') {
    return result.ray === undefined ? ['no ray'] : rayFaults(problem, result.x, result.ray.direction);
  }
  const faults = optimalityFaults(problem, result.x, result.multipliers, result.boundMultipliers);
  const difference = Math.abs(result.objective - objective!);
  if (!(difference <= 1e-6 * (1 + Math.abs(objective!)))) faults.push(`objective off by ${difference}`);
  return faults;
}

describe('quadratic programs known by construction', () => {
  for (const kind of qpKinds) {
    it(`end as constructed: ${kind}`, () => {
      fc.assert(
        fc.property(
          fc.record({
            n: fc.integer({ min: 1, max: 9 }),
            m: fc.integer({ min: 0, max: 16 }),
            seed: fc.nat(2 ** 30),
            sparse: fc.boolean(),
            method: fc.constantFrom('auto', 'auto', 'active-set', 'interior-point'),
          }),
          ({ n, m, seed, sparse, method }) => {
            const known = knownQp(kind, n, m, seed, sparse);
            const result = solveQp(known.problem, { method: method as 'auto' });
            reached.set(kind, (reached.get(kind) ?? 0) + 1);
            expect(faultsOf(known, result)).toEqual([]);
          },
        ),
        { numRuns: casesPerKind, seed: 20250711, endOnFailure: true },
      );
    });
  }

  it('gives the same answer to the last bit when solved again', () => {
    for (const kind of qpKinds) {
      for (let seed = 0; seed < 5; seed++) {
        const { problem } = knownQp(kind, 6, 9, seed, seed % 2 === 0);
        const first = solveQp(problem);
        const second = solveQp(problem);
        expect(second.termination).toBe(first.termination);
        expect(second.x).toEqual(first.x);
        expect(second.multipliers).toEqual(first.multipliers);
        expect(second.iterations).toBe(first.iterations);
      }
    }
  });

  it('solves medium sizes of every kind', () => {
    for (const kind of qpKinds) {
      for (let seed = 0; seed < 3; seed++) {
        const known = knownQp(kind, 30 + 5 * seed, 50, seed, seed === 0);
        expect(faultsOf(known, solveQp(known.problem)), `${kind} ${seed}`).toEqual([]);
      }
    }
  });

  afterAll(() => {
    const total = Array.from(reached.values()).reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThanOrEqual(2000);
    for (const kind of qpKinds) expect(reached.get(kind)).toBeGreaterThanOrEqual(casesPerKind);
  });
});

describe('the checker', () => {
  it('finds fault with wrong answers', () => {
    const { problem, x } = knownQp('strictly-convex', 5, 8, 3);
    const { x: solution, multipliers, boundMultipliers } = solveQp(problem);
    expect(optimalityFaults(problem, solution, multipliers, boundMultipliers)).toEqual([]);
    const moved = solution.map((value) => value + 1e-3);
    expect(optimalityFaults(problem, moved, multipliers, boundMultipliers)).not.toEqual([]);
    const flipped = multipliers.map((value) => -value);
    const flippedBounds = boundMultipliers.map((value) => -value);
    expect(optimalityFaults(problem, x!, flipped, flippedBounds)).not.toEqual([]);
    expect(certificateFaults(problem, multipliers, boundMultipliers)).not.toEqual([]);
    expect(rayFaults(problem, solution, solution)).not.toEqual([]);
  });
});
