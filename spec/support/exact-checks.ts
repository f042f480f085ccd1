import fc from 'fast-check';
import { planViolations, roundDelay, type PlanningProblem } from '../../lib/models/index.js';
import { planExact, verifyBound } from '../../lib/plan/index.js';
import { randomProblem, type InstanceShape } from './plan-instances.js';
import { bruteForce } from './plan-oracle.js';

const sizes = [
  { devices: 2, splits: 12, points: 6 },
  { devices: 2, splits: 6, points: 4 },
  { devices: 3, splits: 6, points: 4 },
  { devices: 3, splits: 4, points: 3 },
  { devices: 4, splits: 4, points: 3 },
];

/** Shapes by a seed; the largest sizes less often, since their oracle is slow. */
export const smallShape = fc
  .record({ seed: fc.integer({ min: 0, max: 1e6 }), size: fc.integer({ min: 0, max: 24 }) })
  .map(({ seed, size }): InstanceShape => ({
    seed,
    ...sizes[size === 0 ? 4 : size === 1 ? 2 : size === 2 ? 0 : size % 3 === 0 ? 3 : 1]!,
  }));

/** Cases of a run of `exactAgainstBruteForce`, by sharing and verdict. */
export interface ExactCases {
  allocated: number;
  equal: number;
  batched: number;
  infeasible: number;
}

/**
 * `planExact` against brute force on random small instances of all kinds: within 1e-6, infeasible exactly where that finds
 * nothing, bounds never above it and valid when recomputed, plans within all limits.
 *
 * @throws Error with the smallest failing instance.
 */
export function exactAgainstBruteForce(runs: number): ExactCases {
  const seen: ExactCases = { allocated: 0, equal: 0, batched: 0, infeasible: 0 };
  fc.assert(
    fc.property(smallShape, (drawn) => {
      const problem = randomProblem(drawn);
      const oracle = bruteForce(problem);
      seen[problem.sharing]++;
      if (!oracle.feasible) seen.infeasible++;
      const faults = exactFaults(problem, oracle);
      if (faults.length > 0) throw new Error(faults.join('; '));
    }),
    { numRuns: runs, seed: 20 },
  );
  return seen;
}

function exactFaults(problem: PlanningProblem, oracle: ReturnType<typeof bruteForce>): string[] {
  const answer = planExact(problem);
  const faults: string[] = [];
  const demand = (holds: boolean, what: string) => {
    if (!holds) faults.push(what);
  };
  demand(answer.rootBoundSeconds <= oracle.totalSeconds, 'the bound at the root is above the optimum');
  demand(verifyBound(problem, answer.certificate).valid, 'the bound is not confirmed');
  if (!oracle.feasible) {
    demand(answer.termination === 'infeasible', `${answer.termination} where nothing is feasible`);
    demand(answer.plan === undefined, 'a plan where nothing is feasible');
    return faults;
  }
  demand(answer.termination === 'optimal', `${answer.termination}, not optimal`);
  demand(Math.abs(answer.totalSeconds / oracle.totalSeconds - 1) <= 1e-6, 'not within 1e-6 of the optimum');
  demand(answer.boundSeconds <= oracle.totalSeconds * (1 + 1e-9), 'the bound is above the optimum');
  if (!answer.plan) return [...faults, 'no plan'];
  demand(roundDelay(problem, answer.plan).totalSeconds === answer.totalSeconds, 'another delay than that of the plan');
  faults.push(
    ...planViolations(problem, answer.plan, answer.totalSeconds).map((violation) => JSON.stringify(violation)),
  );
  return faults;
}
