import type { NonlinearProgram } from './nlp.js';

type Evaluation = (...args: never[]) => unknown;

/** Derivative functions that were made out of the function they belong to. */
const sources = new WeakMap<Evaluation, Evaluation>();

/** Declares that `derivative` was made from `source` itself, by algorithmic differentiation say. */
export function declareDerived(derivative: Evaluation, source: Evaluation): void {
  sources.set(derivative, source);
}

/**
 * True if all first derivatives that a problem offers were declared to be made from just its own functions: comparing them
 * with differences would say nothing. A problem one of whose functions was replaced is not among them.
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
