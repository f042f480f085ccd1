import type { Plan, PlanningProblem } from '../models/index.js';
import type { MethodOutcome } from './methods.js';

/** What baselines and explanations need to know of a planning run. */
export type PlannerOutcome = Pick<
  MethodOutcome,
  'plan' | 'totalSeconds' | 'termination' | 'bound' | 'treeBoundSeconds'
>;

/** Solves a problem by whichever method the caller chose, no worse than the `starts` that keep its limits. */
export type Planner = (problem: PlanningProblem, starts?: readonly Plan[]) => PlannerOutcome;
