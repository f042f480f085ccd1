import type { NonlinearProgram } from '../problem/index.js';
import type { SolverResult } from '../solver/index.js';
import { hasHessianModel } from './hessian-model.js';
import { solveLimitedMemory } from './limited-memory.js';
import type { BoundOptions } from './options.js';
import type { SolveContext } from '../nlp/index.js';
import { solveTrustRegionNewton } from './trust-region.js';

/**
 * True if the problem can be solved with second derivatives.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @example
 * ```ts
 * import { offersSecondDerivatives } from 'sft-opt/bound';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 0,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(4, 4),
 *     constraintLower: new Float64Array(0),
 *     constraintUpper: new Float64Array(0),
 *     start: Float64Array.of(1, 1),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 2) ** 2 + (x[1]! + 1) ** 2,
 *   gradient: (x: Float64Array, g: Float64Array) => void g.set([2 * (x[0]! - 2), 2 * (x[1]! + 1)]),
 *   hessian: (_x: Float64Array, weight: number, _y: Float64Array, values: Float64Array) =>
 *     void values.set([2 * weight, 0, 2 * weight]),
 * };
 * console.log(offersSecondDerivatives(problem)); // true
 * ```
 */
export function offersSecondDerivatives(problem: NonlinearProgram): boolean {
  if (!('gradient' in problem)) return false;
  return 'hessian' in problem || 'hessianProduct' in problem || hasHessianModel(problem);
}

/**
 * Minimises f over its bounds by the method that the problem's derivatives allow: trust-region Newton where there are
 * second derivatives, limited-memory BFGS otherwise. Throws RangeError when the problem has constraints.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @param options - Tolerances and limits; what is absent takes its default.
 * @param context - Signal and callback of this call.
 * @throws ArgumentError where the problem has rows.
 * @example
 * ```ts
 * import { solveBound } from 'sft-opt/bound';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 0,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(4, 4),
 *     constraintLower: new Float64Array(0),
 *     constraintUpper: new Float64Array(0),
 *     start: Float64Array.of(1, 1),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 2) ** 2 + (x[1]! + 1) ** 2,
 *   gradient: (x: Float64Array, g: Float64Array) => void g.set([2 * (x[0]! - 2), 2 * (x[1]! + 1)]),
 * };
 * const { termination, x, boundMultipliers } = solveBound(problem);
 * console.log(termination, x, boundMultipliers); // locally-optimal Float64Array(2) [ 2, 0 ] Float64Array(2) [ 0, -2 ]
 * ```
 */
export function solveBound(problem: NonlinearProgram, options?: BoundOptions, context?: SolveContext): SolverResult {
  const solve = offersSecondDerivatives(problem) ? solveTrustRegionNewton : solveLimitedMemory;
  return solve(problem, options, context);
}
