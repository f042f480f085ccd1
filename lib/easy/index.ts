/** The easy door: functions of plain lists of numbers in, results that print themselves out. */
export {
  InputError,
  type Bounds,
  type InputProblem,
  type Integers,
  type Range,
  type RowSides,
  type Side,
} from './input.js';
export { minimize, type FunctionMinimum, type MinimizeSpec } from './minimize.js';
export type { Constraint, FunctionRow, LinearRow, Point } from './row.js';
export { fitCurve, leastSquares, type LeastSquaresFit, type LeastSquaresSpec, type LossName } from './least-squares.js';
export {
  solveLp,
  solveMilp,
  solveQuadratic,
  type LinearProgram,
  type LinearResult,
  type ListedQuadraticProgram,
  type MixedIntegerLinearProgram,
  type MixedIntegerLinearResult,
  type NamedRow,
  type Triplet,
} from './linear.js';
export { findRoot, minimizeScalar, type ScalarOptions, type ScalarResult } from './scalar.js';
export { checkDerivatives, type DerivativeSpec } from './derivatives.js';
export { summary, type Plain, type Reported, type Summarised } from './report.js';
