import { assembleSparse, SparseSymmetricFactor } from '../linalg/index.js';
import type { NonlinearProgram } from '../problem/index.js';
import type { MethodName } from './attempts.js';
import type { ProblemClass } from './classify.js';

/** One method and the point that it starts from. */
export interface PlannedAttempt {
  readonly method: MethodName;
  readonly start: 'given' | 'best' | 'random';
}

/** Number of variables from which the cost of finding an active set outweighs what it saves. */
const largeProblem = 200;
/** Entries of a Hessian, and operations of a factorisation, beyond which one takes too long. */
const mostEntries = 400_000;
const mostOperations = 5e8;

const quadratic: readonly PlannedAttempt[] = [
  { method: 'qp', start: 'given' },
  { method: 'auglag', start: 'given' },
  { method: 'sqp', start: 'given' },
  { method: 'interior', start: 'given' },
  { method: 'sqp', start: 'best' },
];
const largeQuadratic: readonly PlannedAttempt[] = [
  { method: 'qp', start: 'given' },
  { method: 'interior', start: 'given' },
  { method: 'auglag', start: 'given' },
  { method: 'sqp', start: 'best' },
];
const boundConstrained: readonly PlannedAttempt[] = [
  { method: 'trust-region-newton', start: 'given' },
  { method: 'limited-memory', start: 'best' },
  { method: 'sqp', start: 'given' },
  { method: 'sqp', start: 'best' },
];
/** Newton's method with a line search finds its way through long curved valleys in the fewest factorisations. */
const largeUnconstrained: readonly PlannedAttempt[] = [
  { method: 'sqp', start: 'given' },
  { method: 'trust-region-newton', start: 'best' },
  { method: 'limited-memory', start: 'best' },
];
const largeBoundConstrained: readonly PlannedAttempt[] = [
  { method: 'trust-region-newton', start: 'given' },
  { method: 'interior', start: 'given' },
  { method: 'limited-memory', start: 'best' },
];
const general: readonly PlannedAttempt[] = [
  { method: 'sqp', start: 'given' },
  { method: 'auglag', start: 'given' },
  { method: 'interior', start: 'given' },
  { method: 'sqp', start: 'best' },
  { method: 'auglag', start: 'best' },
];
const largeGeneral: readonly PlannedAttempt[] = [
  { method: 'interior', start: 'given' },
  { method: 'sqp', start: 'best' },
  { method: 'auglag', start: 'given' },
  { method: 'sqp', start: 'given' },
];

/** The order in which methods are tried on a problem of this class; `stop` may end the analysis of its Hessian. */
export function planFor(
  problem: NonlinearProgram,
  problemClass: ProblemClass,
  stop?: () => boolean,
): readonly PlannedAttempt[] {
  const { meta } = problem;
  // Without sparse second derivatives size is no reason to factor anything.
  const large = meta.variableCount > largeProblem && problem.hessian !== undefined && meta.hessianPattern !== undefined;
  switch (problemClass) {
    case 'quadratic':
      return large && meta.constraintCount > 0 ? largeQuadratic : quadratic;
    case 'bound-constrained':
      if (!large) return boundConstrained;
      return hasSides(meta.lower, meta.upper) || isDense(problem, stop) ? largeBoundConstrained : largeUnconstrained;
    case 'general':
      return large && hasInequalities(problem) ? largeGeneral : general;
  }
}

/** The attempts left, where active sets have proven hard to find: an interior point has no need of them. */
export function interiorFirst(pending: readonly PlannedAttempt[]): PlannedAttempt[] {
  const isInterior = ({ method }: PlannedAttempt): boolean => method === 'interior';
  return [...pending.filter(isInterior), ...pending.filter((attempt) => !isInterior(attempt))];
}

/** Whether any variable or row has a side that may hold or not. */
export function hasInequalities({ meta }: NonlinearProgram): boolean {
  if (hasSides(meta.lower, meta.upper)) return true;
  return meta.constraintLower.some((side, i) => side !== meta.constraintUpper[i]);
}

function hasSides(lower: Float64Array, upper: Float64Array): boolean {
  return lower.some((side, j) => side !== upper[j] && (side > -Infinity || upper[j]! < Infinity));
}

/** A Hessian whose factors take so long is not factored again and again: conjugate gradients come first. */
function isDense({ meta }: NonlinearProgram, stop?: () => boolean): boolean {
  const { hessianPattern, variableCount } = meta;
  if (hessianPattern === undefined || hessianPattern.rows.length > mostEntries) return true;
  const diagonal = Int32Array.from({ length: variableCount }, (_, j) => j);
  const rows = new Int32Array(hessianPattern.rows.length + variableCount);
  const columns = rows.slice();
  rows.set(hessianPattern.rows);
  rows.set(diagonal, hessianPattern.rows.length);
  columns.set(hessianPattern.columns);
  columns.set(diagonal, hessianPattern.rows.length);
  const { matrix } = assembleSparse(variableCount, variableCount, rows, columns);
  return new SparseSymmetricFactor(matrix, undefined, undefined, stop).operations > mostOperations;
}
