import { planViolations, roundDelay, type LimitViolation, type Plan, type PlanningProblem } from '../models/index.js';

/** What the model says of a plan, whoever made it. */
export interface JudgedPlan {
  readonly plan: Plan;
  /** Its round, seconds. */
  readonly totalSeconds: number;
  /** Limits that it breaks, the deadline among them. */
  readonly violations: readonly LimitViolation[];
  /** A finite round within all limits. */
  readonly isFeasible: boolean;
}

/** The last word on a plan: its delay and the limits it breaks, from the model alone. Every method's answer passes here. */
export function judgePlan(problem: PlanningProblem, plan: Plan): JudgedPlan {
  const { totalSeconds } = roundDelay(problem, plan);
  const violations = planViolations(problem, plan, totalSeconds);
  return { plan, totalSeconds, violations, isFeasible: Number.isFinite(totalSeconds) && violations.length === 0 };
}

/** The fastest of the plans that keep all limits, the first of equals; undefined if none does. */
export function fastestFeasible(problem: PlanningProblem, plans: readonly Plan[]): JudgedPlan | undefined {
  let fastest: JudgedPlan | undefined;
  for (const plan of plans) {
    const judged = judgePlan(problem, plan);
    if (judged.isFeasible && judged.totalSeconds < (fastest?.totalSeconds ?? Infinity)) fastest = judged;
  }
  return fastest;
}

/** (T − bound) / T, ≥ 0; 0 for a round that takes no time. */
export function relativeGapOf(totalSeconds: number, boundSeconds: number): number {
  return totalSeconds > 0 ? Math.max(0, (totalSeconds - boundSeconds) / totalSeconds) : 0;
}
