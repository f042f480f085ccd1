import type { MixedIntegerNonlinearProgram } from '../problem/index.js';
import type { Budget, BudgetEnd } from '../solver/index.js';
import { largestViolation } from './relaxation.js';
import type { Candidate } from './tree.js';

/** Points between two looks at the clock. */
const pointsBetweenChecks = 256;

/** How far an enumeration of combinations came. */
export interface EnumerationResult {
  /** Best feasible combination met; undefined if none was. */
  readonly best: Candidate<Float64Array> | undefined;
  /** Combinations looked at. */
  readonly points: number;
  /** The limit that ended the work early; absent if every point was looked at. */
  readonly ended?: BudgetEnd;
}

/**
 * Integer points of the box, where all variables are integers; Infinity where that is not so or they are too many.
 *
 * @param problem - The program with its integer variables.
 * @example
 * ```ts
 * import { type MixedIntegerNonlinearProgram } from 'sft-opt';
 * import { integerPointCount } from 'sft-opt/integer';
 * import { NlModelBuilder, compileNl } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder();
 * builder.minimise(builder.variable({ lower: -3, upper: 3, integer: true }));
 * console.log(integerPointCount(compileNl(builder.build()) as MixedIntegerNonlinearProgram)); // 7
 * ```
 */
export function integerPointCount({ meta, integerVariables }: MixedIntegerNonlinearProgram): number {
  if (integerVariables.length < meta.variableCount) return Infinity;
  let count = 1;
  for (let j = 0; j < meta.variableCount; j++) {
    count *= Math.max(0, Math.floor(meta.upper[j]!) - Math.ceil(meta.lower[j]!) + 1);
  }
  return count;
}

/**
 * Evaluates a problem of integers at every point of its box: a proof that asks nothing of the functions.
 *
 * @param problem - The program with its integer variables.
 * @param feasibilityTolerance - Violation up to which a side counts as kept.
 * @param budget - What time and evaluations are left.
 * @example
 * ```ts
 * import { Budget, type MixedIntegerNonlinearProgram } from 'sft-opt';
 * import { enumerateIntegerPoints } from 'sft-opt/integer';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder();
 * const x = builder.variable({ lower: -3, upper: 3, integer: true });
 * builder.minimise(expressions.power(expressions.subtract(x, 1.4), 2));
 * const problem = compileNl(builder.build()) as MixedIntegerNonlinearProgram;
 * const { best, points } = enumerateIntegerPoints(problem, 1e-9, new Budget());
 * console.log(best?.solution, points); // Float64Array(1) [ 1 ] 7
 * ```
 */
export function enumerateIntegerPoints(
  problem: MixedIntegerNonlinearProgram,
  feasibilityTolerance: number,
  budget: Budget,
): EnumerationResult {
  const { variableCount: n } = problem.meta;
  const lower = problem.meta.lower.map(Math.ceil);
  const upper = problem.meta.upper.map(Math.floor);
  const x = Float64Array.from(lower);
  let best: Candidate<Float64Array> | undefined;
  let points = 0;
  for (;;) {
    const ended = points % pointsBetweenChecks === 0 ? budget.exhausted(0, points) : undefined;
    if (ended) return { best, points, ended };
    points++;
    const objective = valueAt(problem, x, feasibilityTolerance, best?.objective ?? Infinity);
    if (objective < (best?.objective ?? Infinity)) best = { objective, solution: x.slice() };
    let j = 0;
    while (j < n && x[j]! >= upper[j]!) {
      x[j] = lower[j]!;
      j++;
    }
    if (j === n) return { best, points };
    x[j]!++;
  }
}

/** The objective where it is below `cutoff` and the point is feasible; Infinity elsewhere. */
export function valueAt(
  problem: MixedIntegerNonlinearProgram,
  x: Float64Array,
  feasibilityTolerance: number,
  cutoff: number,
): number {
  const copy = x.slice();
  const objective = problem.objective(copy);
  if (!(objective < cutoff)) return Infinity;
  return largestViolation(problem, copy) <= feasibilityTolerance ? objective : Infinity;
}
