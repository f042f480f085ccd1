/** The front door: plans and solvers by one call each. Everything else is in the sub-paths, one for each folder. */
export * from './problem/index.js';
export * from './solver/index.js';
export type { MinimizeResult } from './minimize/index.js';
export * from './easy/index.js';
export { solveQp } from './qp/sparse/index.js';
export { solveSqp } from './sqp/index.js';
export { solveAugmentedLagrangian } from './auglag/index.js';
export { solveInterior } from './interior/index.js';
export { solveMinlp } from './integer/index.js';
export { ProblemFileError, parseProblemFile, readProblemFile } from './io/index.js';
export {
  roundDelay,
  planViolations,
  type Device,
  type DevicePlan,
  type ExtraLimit,
  type Plan,
  type PlanningProblem,
  type RoundDelay,
} from './models/index.js';
export {
  boundPlan,
  definePlanningProblem,
  defineRate,
  limitPrices,
  ProblemDefinitionError,
  planBandwidth,
  Replanner,
  planExact,
  planTwoTimescale,
  solvePlan,
  verifyBound,
  type PlanningProblemDefinition,
  type PlanReport,
  type SolveHooks,
  type SolveOptions,
} from './plan/index.js';
