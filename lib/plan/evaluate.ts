import { planLimits, roundDelay, type LimitCheck, type Plan, type PlanningProblem } from '../models/index.js';
import { describePlan } from './answer.js';
import type { PlanAnswer } from './report.js';

/** What a plan takes and which limits it keeps. */
export interface PlanEvaluation {
  /** Delay by stage, traffic, energy, use of limits. */
  readonly answer: PlanAnswer;
  /** Every limit, with what the plan uses of it. */
  readonly limits: readonly LimitCheck[];
  /** True where no limit is broken. */
  readonly keepsAllLimits: boolean;
}

/**
 * Judges a plan of any origin by the models of a problem. Nothing is searched or repaired.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param plan - One decision for each device, in the order of the problem's devices.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { evaluatePlan, planTwoTimescale } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan } = planTwoTimescale(problem);
 * if (plan) console.log(evaluatePlan(problem, plan).keepsAllLimits); // true
 * ```
 */
export function evaluatePlan(problem: PlanningProblem, plan: Plan): PlanEvaluation {
  const limits = planLimits(problem, plan, roundDelay(problem, plan).totalSeconds);
  return { answer: describePlan(problem, plan, undefined), limits, keepsAllLimits: limits.every(({ kept }) => kept) };
}

/**
 * What is left of a limit; below 0 where it is broken, 0 or the distance below 0 for what must be met exactly.
 *
 * @param check - One of `planLimits`.
 * @example
 * ```ts
 * import { slackOf } from 'sft-opt/plan';
 *
 * console.log(slackOf({ limit: 'bandwidth', sense: 'at most', found: 3, allowed: 5, kept: true })); // 2
 * ```
 */
export function slackOf({ sense, found, allowed }: LimitCheck): number {
  if (sense === 'at most') return allowed - found;
  return sense === 'at least' ? found - allowed : -Math.abs(found - allowed);
}
