import { makeProblem, type ProblemText } from '../../support/modeller.js';
import type { NonlinearProgram } from '../../../lib/problem/index.js';

/** What is known about a problem. */
export interface CatalogueEntry extends ProblemText {
  /** Best known objective, absent where only the first-order conditions can be checked. */
  readonly best?: number;
  /** True if other local solutions are an acceptable answer. */
  readonly manyMinima?: boolean;
  /** Status that the answer must have; `solved` when absent. */
  readonly expected?: 'solved' | 'infeasible' | 'unbounded';
  /** True if no constraint qualification holds at the solution, so that no multipliers can confirm it. */
  readonly unqualified?: boolean;
}

export function problemOf(entry: CatalogueEntry): NonlinearProgram {
  return makeProblem(entry);
}
