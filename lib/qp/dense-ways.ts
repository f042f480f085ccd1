import { addScaledRange, copySymmetricToDense, copyToDense, denseMatrix, maxNorm } from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';
import type { Budget } from '../solver/index.js';
import type { QpCandidate } from './candidate.js';
import { DualActiveSetSolver } from './dual-active-set.js';
import type { CommonQpOptions } from './options.js';
import type { QpWarmStart } from './result.js';
import type { Way } from './run.js';

/** The dense active set on the program as it is. */
export function activeSetCandidate(
  problem: QuadraticProgram,
  { regularization }: CommonQpOptions,
  warmStart: QpWarmStart | undefined,
  budget: Budget,
  allowance: number,
): QpCandidate {
  const solver = new DualActiveSetSolver(problem.linear.length, problem.constraintLower.length, { regularization });
  return solver.findCandidate(problem, warmStart, false, budget, allowance);
}

/** The dense active set, and where P alone is not convex but with the equality rows may be, on P with weighted squares of those rows. */
export function denseWays(problem: QuadraticProgram, options: CommonQpOptions): readonly Way[] {
  const direct: Way = {
    // It factors P, and mostly sees for itself.
    needsConvexity: false,
    find: (warmStart, budget, allowance) => activeSetCandidate(problem, options, warmStart, budget, allowance),
  };
  const convexified: Way = {
    needsConvexity: false,
    find: (warmStart, budget, allowance) =>
      activeSetCandidate(withSquaredEqualities(problem), options, warmStart, budget, allowance),
  };
  const { hessian, constraintMatrix, constraintLower, constraintUpper } = problem;
  const hasEqualities = constraintLower.some((side, i) => side === constraintUpper[i]);
  return hessian !== undefined && constraintMatrix !== undefined && hasEqualities ? [direct, convexified] : [direct];
}

/** Weight of the squares beside the entries of P. */
const weight = 100;

/**
 * The program with ½ρ‖Ex − e‖² added, which vanishes with its gradient where the equality rows Ex = e hold: the same solutions with
 * the same multipliers, and a P + ρEᵀE that is definite where P is on the null space of E and ρ is large enough (Bertsekas 1982).
 */
function withSquaredEqualities(problem: QuadraticProgram): QuadraticProgram {
  const { hessian, linear, constraintMatrix, constraintLower, constraintUpper } = problem;
  const n = linear.length;
  const m = constraintLower.length;
  const matrix = new Float64Array(m * n);
  if (constraintMatrix !== undefined) copyToDense(constraintMatrix, matrix);
  const sum = denseMatrix(n, n);
  copySymmetricToDense(hessian, n, sum.values);
  const scale = weight * maxNorm(sum.values);
  const shifted = linear.slice();
  for (let i = 0; i < m; i++) {
    if (constraintLower[i] !== constraintUpper[i]) continue;
    const row = matrix.subarray(i * n, (i + 1) * n);
    const largest = maxNorm(row);
    if (largest === 0) continue;
    const factor = scale / largest ** 2;
    for (let j = 0; j < n; j++) addScaledRange(sum.values, j * n, factor * row[j]!, row, 0, n);
    addScaledRange(shifted, 0, -factor * constraintLower[i]!, row, 0, n);
  }
  return { ...problem, hessian: sum, linear: shifted };
}
