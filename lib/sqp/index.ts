export { runSqp, SqpSolver, solveSqp } from './solver.js';
export { sqpOptions, type SqpOptions } from './options.js';
export type { SqpAttempt, SqpCall, SqpResult } from './result.js';
export type { WorkingSet } from '../kkt/index.js';
