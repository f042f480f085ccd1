export { SqpSolver, solveSqp } from './solver.js';
export { sqpOptions, type SqpOptions } from './options.js';
export type { SqpAttempt, SqpCall, SqpResult } from './result.js';
export type { WorkingSet } from './quadratic-model.js';
export {
  solveSeparableMinMax,
  type SeparableMinMax,
  type SeparableOptions,
  type SeparableResult,
  type SeparableValues,
} from './separable-minmax.js';
