import type { QuadraticProgram } from '../problem/index.js';
import { isDenselyConvex } from './dense-convexity.js';
import { denseWays } from './dense-ways.js';
import { qpOptions, type QpOptions, type QpOptionsInput } from './options.js';
import type { QpResult, QpWarmStart } from './result.js';
import { solveByMethods, type QpContext, type QpMethods } from './run.js';

/** Largest n·(n + m) that is solved by dense arrays: 80 MB each. */
const largestEntries = 1e7;
const elsewhere =
  "`solveQp` of 'sft-opt/qp/sparse', and of 'sft-opt', takes the same arguments and has an interior-point method as well.";

/**
 * Solves a convex quadratic (or linear) program of small or middle size by the dense dual active set. `optimal`, `infeasible` and
 * `unbounded` are claimed only with evidence that was checked on the data; a Hessian that is not positive semidefinite ends as
 * `stalled`. So does what this method cannot solve, and a program with n·(n + m) above 10⁷: the message names `sft-opt/qp/sparse`,
 * whose `solveQp` takes the same arguments and has methods for large and sparse programs; `solveQp` of `sft-opt` is that one.
 *
 * With `context.convex` the Hessian is taken to be positive semidefinite and not tested.
 *
 * @param problem - Hessian, costs, rows and bounds; P symmetric positive semidefinite where a solution is wanted.
 * @param options - Tolerances and limits; what is absent takes its default.
 * @param warmStart - Point and multipliers of a similar program.
 * @param context - Facts known before, signal and limits of this call.
 * @throws ArgumentError where arrays are missing, do not fit together, are not finite, or P is not symmetric; OptionsError for unknown options.
 * @example
 * ```ts
 * import { solveQp } from 'sft-opt/qp';
 *
 * const problem = {
 *   hessian: { kind: 'diagonal' as const, values: Float64Array.of(2, 2) },
 *   linear: Float64Array.of(-2, -4),
 *   constraintMatrix: { kind: 'dense' as const, rows: 1, columns: 2, values: Float64Array.of(1, 1) },
 *   constraintLower: Float64Array.of(-Infinity),
 *   constraintUpper: Float64Array.of(2),
 *   lower: Float64Array.of(0, 0),
 *   upper: Float64Array.of(Infinity, Infinity),
 * };
 * const { termination, x, multipliers } = solveQp(problem);
 * console.log(termination, x, multipliers); // optimal Float64Array(2) [ 0.5, 1.5 ] Float64Array(1) [ 1 ]
 * ```
 */
export function solveQp(
  problem: QuadraticProgram,
  options?: QpOptionsInput,
  warmStart?: QpWarmStart,
  context: QpContext = {},
): QpResult {
  const resolved = qpOptions.resolve(options);
  return solveByMethods(problem, resolved, (program) => denseMethods(program, resolved), warmStart, context);
}

function denseMethods(problem: QuadraticProgram, options: QpOptions): QpMethods {
  const { hessian, linear, constraintLower } = problem;
  return {
    refusal: isTooLarge(problem)
      ? `With ${linear.length} variables and ${constraintLower.length} rows the program is too large for dense arrays. ${elsewhere}`
      : undefined,
    elsewhere: `Other methods may solve it: ${elsewhere}`,
    ways: () => denseWays(problem, options),
    isConvex: () => hessian === undefined || isDenselyConvex(hessian, linear.length),
  };
}

function isTooLarge({ linear: { length: n }, constraintLower: { length: m } }: QuadraticProgram): boolean {
  return n * (n + m) > largestEntries;
}
