export * from './backtracking.js';
export { ConvergenceTest, independentResiduals } from './convergence.js';
export { factorWithInertia, inertiaCorrection, type InertiaCorrection } from './curvature.js';
export * from './driver.js';
export { DenseKkt } from './dense-kkt.js';
export { Evaluation, type PointValues } from './evaluation.js';
export { Iterate, type KeptPoint } from './iterate.js';
export {
  addTransposedProduct,
  denseLowerTriangle,
  densePattern,
  diagonalPattern,
  modelStructure,
  multiplyHessian,
  type KktMatrix,
  type KktRequest,
  type LowRankTerm,
  type ModelStructure,
} from './kkt-matrix.js';
export { LowRankKkt } from './low-rank-kkt.js';
export { activeSides, MultiplierEstimator } from './multiplier-estimate.js';
export { dotProduct, maxAbs } from './norms.js';
export { IdleCounter } from './progress.js';
export {
  modelGradient,
  quadraticModel,
  subproblemSolution,
  workingSet,
  type QuadraticModel,
  type SubproblemSolution,
  type WorkingSet,
} from './quadratic-model.js';
export { RefinedSolve } from './refined-solve.js';
export { Restoration, type RestorationOutcome } from './restoration.js';
export { escapeSaddle } from './saddle-escape.js';
export { SparseKkt } from './sparse-kkt.js';
export { findStart, perturb, rescaleValues } from './start-point.js';
