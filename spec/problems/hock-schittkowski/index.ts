import type { NonlinearProgram } from '../../../lib/problem/index.js';
import { isSolved, type SolverResult } from '../../../lib/solver/index.js';
import { analyticProblem } from '../../support/analytic-problem.js';
import { problems001to024 } from './hs001-024.js';
import { problems025to048 } from './hs025-048.js';
import { problems049to071 } from './hs049-071.js';
import { problems072to092 } from './hs072-092.js';
import { problems093to106 } from './hs093-106.js';
import { problems107to119 } from './hs107-119.js';
import type { HockSchittkowskiProblem } from './reference.js';

export type { HockSchittkowskiProblem } from './reference.js';

/** The 116 problems of the collection (numbers 82, 94 and 115 were never given out). */
export const hockSchittkowski: readonly HockSchittkowskiProblem[] = [
  ...problems001to024,
  ...problems025to048,
  ...problems049to071,
  ...problems072to092,
  ...problems093to106,
  ...problems107to119,
];

/** The problem in standard form with exact derivatives. */
export function toProgram(problem: HockSchittkowskiProblem): Required<NonlinearProgram> {
  return analyticProblem({ ...problem, name: `hs${String(problem.number).padStart(3, '0')}` });
}

/** Whether a result is called solved and no worse than the published value, or the best one known where that is not attained. */
export function isAtOptimum({ optimum, published }: HockSchittkowskiProblem, result: SolverResult): boolean {
  const target = Math.max(optimum, published ?? -Infinity);
  return isSolved(result.termination) && result.objective <= target + 1e-4 * Math.max(1, Math.abs(target));
}
