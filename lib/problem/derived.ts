import type { NonlinearProgram } from './nlp.js';

type Evaluation = (...args: never[]) => unknown;

/** Derivative functions that were made out of the function they belong to. */
const sources = new WeakMap<Evaluation, Evaluation>();

/**
 * Declares that `derivative` was made from `source` itself, by algorithmic differentiation say.
 *
 * @param derivative - The function made.
 * @param source - What it was made from.
 * @example
 * ```ts
 * import { declareDerived, derivesItself } from 'sft-opt';
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
 * declareDerived(problem.gradient, problem.objective);
 * console.log(derivesItself(problem)); // true
 * ```
 */
export function declareDerived(derivative: Evaluation, source: Evaluation): void {
  sources.set(derivative, source);
}

/**
 * True if all first derivatives that a problem offers were declared to be made from just its own functions: comparing them
 * with differences would say nothing. A problem one of whose functions was replaced is not among them.
 *
 * @param problem - The program.
 * @example
 * ```ts
 * import { derivesItself } from 'sft-opt';
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
 * console.log(derivesItself(problem)); // false
 * ```
 */
export function derivesItself(problem: NonlinearProgram): boolean {
  const functions = problem as unknown as Readonly<Record<string, Evaluation | undefined>>;
  return (
    isDerived(functions['gradient'], functions['objective']) &&
    isDerived(functions['jacobian'], functions['constraints'])
  );
}

function isDerived(derivative: Evaluation | undefined, source: Evaluation | undefined): boolean {
  return derivative === undefined || (source !== undefined && sources.get(derivative) === source);
}
