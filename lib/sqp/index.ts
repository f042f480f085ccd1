export { SqpSolver, solveSqp } from './solver.js';
export { sqpOptions, type SqpOptions } from './options.js';
export type { SqpAttempt, SqpCall, SqpResult } from './result.js';
export type { WorkingSet } from './quadratic-model.js';
export { ConvergenceTest } from './convergence.js';
export { factorWithInertia, inertiaCorrection, type InertiaCorrection } from './curvature.js';
export { DenseKkt } from './dense-kkt.js';
export { Evaluation, type PointValues } from './evaluation.js';
export { Iterate } from './iterate.js';
export {
  addTransposedProduct,
  denseLowerTriangle,
  densePattern,
  modelStructure,
  type KktMatrix,
  type KktRequest,
  type ModelStructure,
} from './kkt-matrix.js';
export { fallsAlongRay } from './progress.js';
export { RefinedSolve } from './refined-solve.js';
export { Restoration } from './restoration.js';
export { SparseKkt } from './sparse-kkt.js';
export { findStart, rescaleValues } from './start-point.js';
export { solveSeparableMinMax, type SeparableOptions, type SeparableResult } from './separable-minmax.js';
export type { SeparableMinMax, SeparableValues } from './separable-problem.js';
