import type { PlanningProblem } from '../models/index.js';
import { boundPlan, confirmBound } from '../plan/index.js';

const known = new WeakMap<PlanningProblem, number>();

/**
 * What no plan of a problem is faster than, seconds, recomputed from the certificate of its dual bound; 0 where that proves
 * nothing. Worked out once for each problem, with the first incumbent.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param incumbentSeconds - Round of a plan that is known.
 * @example
 * ```ts
 * import { parseProblemFile, planTwoTimescale } from 'sft-opt';
 * import { certifiedBound } from 'sft-opt/simulate';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { totalSeconds } = planTwoTimescale(problem);
 * console.log(certifiedBound(problem, totalSeconds) <= totalSeconds); // true
 * ```
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
