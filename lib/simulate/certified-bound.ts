import type { PlanningProblem } from '../models/index.js';
import { boundPlan, confirmBound } from '../plan/index.js';

const known = new WeakMap<PlanningProblem, number>();

/**
 * What no plan of a problem is faster than, seconds, recomputed from the certificate of its dual bound; 0 where that proves
 * nothing. Worked out once for each problem, with the first incumbent.
 */
export function certifiedBound(problem: PlanningProblem, incumbentSeconds?: number): number {
  let boundSeconds = known.get(problem);
  if (boundSeconds === undefined) {
    const { certificate } = boundPlan(problem, {}, incumbentSeconds === undefined ? {} : { incumbentSeconds });
    const { verification } = confirmBound(problem, certificate);
    boundSeconds = verification.valid ? verification.boundSeconds : 0;
    known.set(problem, boundSeconds);
  }
  return boundSeconds;
}
