import type { Plan, PlanningProblem } from '../models/index.js';
import type { Termination } from '../solver/index.js';

/** What baselines and explanations need to know of a planning run. */
export interface PlannerOutcome {
  /** Best plan found; absent if none is. */
  readonly plan?: Plan;
  /** Its round delay; Infinity without a plan. */
  readonly totalSeconds: number;
  readonly termination: Termination;
}

/** Solves a problem by whichever method the caller chose, no worse than the `starts` that keep its limits. */
export type Planner = (problem: PlanningProblem, starts?: readonly Plan[]) => PlannerOutcome;
