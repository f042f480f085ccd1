import { checkProblem } from '../nlp/index.js';
import { isDiscrete, type MixedIntegerNonlinearProgram, type NonlinearProgram } from '../problem/index.js';
import { minimizeContinuous, resolvedFor } from './continuous.js';
import { minimizeIntegers } from './integers.js';
import type { MinimizeOptions } from './options.js';
import type { MinimizeContext, MinimizeResult } from './result.js';

/**
 * Minimises a nonlinear program: chooses the method by class and size of the problem (a declared linear or quadratic
 * program → `lib/qp`; bounds only → `lib/bound`; otherwise SQP, then the augmented Lagrangian; the interior-point method
 * first where many variables meet inequalities), goes on to the next one, within what
 * is left of the limits, when one ends without a solution, and returns the best point with a record of all attempts. It
 * says `optimal` or `locally-optimal` only after recomputing the first-order residuals from the problem itself.
 *
 * A problem with `integerVariables` or `specialOrderedSets` is given to `lib/integer`; `optimal` then means that a bound
 * proves it.
 *
 * Throws OptionsError for wrong options and RangeError when `method` does not fit the problem.
 *
 * @param problem - The program, with or without integer variables.
 * @param options - Method, tolerances and limits; what is absent takes its default.
 * @param context - Signal and callbacks of this call.
 * @example
 * ```ts
 * import { minimize } from 'sft-opt/minimize';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 1,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(Infinity, Infinity),
 *     constraintLower: Float64Array.of(-Infinity),
 *     constraintUpper: Float64Array.of(2),
 *     start: Float64Array.of(0, 0),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 1) ** 2 + (x[1]! - 2) ** 2,
 *   constraints: (x: Float64Array, c: Float64Array) => void (c[0] = x[0]! + x[1]!),
 * };
 * const { termination, x } = minimize(problem);
 * console.log(termination, x); // locally-optimal Float64Array(2) [ 0.5, 1.5 ]
 * ```
 */
export function minimize(
  problem: NonlinearProgram | MixedIntegerNonlinearProgram,
  options?: MinimizeOptions,
  context: MinimizeContext = {},
): MinimizeResult {
  const resolved = resolvedFor(problem, options);
  if (!isDiscrete(problem) && resolved.scope !== 'global') return minimizeContinuous(problem, resolved, context);
  checkProblem(problem);
  return minimizeIntegers(problem, resolved, context, minimize);
}
