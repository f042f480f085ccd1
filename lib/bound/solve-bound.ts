import type { NonlinearProgram } from '../problem/index.js';
import type { SolverResult } from '../solver/index.js';
import { hasHessianModel } from './hessian-model.js';
import { solveLimitedMemory } from './limited-memory.js';
import type { BoundOptions } from './options.js';
import type { SolveContext } from '../nlp/index.js';
import { solveTrustRegionNewton } from './trust-region.js';

/** True if the problem can be solved with second derivatives. */
export function offersSecondDerivatives(problem: NonlinearProgram): boolean {
  if (!('gradient' in problem)) return false;
  return 'hessian' in problem || 'hessianProduct' in problem || hasHessianModel(problem);
}

/**
 * Minimises f over its bounds by the method that the problem's derivatives allow: trust-region Newton where there are
 * second derivatives, limited-memory BFGS otherwise. Throws RangeError when the problem has constraints.
 */
export function solveBound(problem: NonlinearProgram, options?: BoundOptions, context?: SolveContext): SolverResult {
  const solve = offersSecondDerivatives(problem) ? solveTrustRegionNewton : solveLimitedMemory;
  return solve(problem, options, context);
}
