import type { MixedIntegerNonlinearProgram, NlpMeta, NonlinearProgram } from '../problem/index.js';
import { relativeViolation, satisfiesSet } from '../problem/index.js';
import type { Budget, PrimalStatus, Termination } from '../solver/index.js';

/** The part of a continuous solver's result that branching needs; every `SolverResult` has it. */
export interface RelaxationResult {
  /** Why the solver stopped. */
  readonly termination: Termination;
  /** What the point is worth, judged anew. */
  readonly primalStatus: PrimalStatus;
  /** The point, length variableCount. */
  readonly x: Float64Array;
  /** Objective at `x`. */
  readonly objective: number;
  /** Multipliers of the constraints, from which the children's relaxations start. */
  readonly multipliers?: Float64Array;
  /** Multipliers of the bounds, likewise. */
  readonly boundMultipliers?: Float64Array;
}

/** A solver of continuous problems, started at `problem.meta.start` and held to the budget. */
export type RelaxationSolver = (problem: NonlinearProgram, budget: Budget) => RelaxationResult;

/**
 * The continuous relaxation with other bounds, start and multipliers; evaluations are the problem's own.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @param lower - Lower bounds, length variableCount.
 * @param upper - Upper bounds, length variableCount.
 * @param start - Point to start from.
 * @param multipliers - Multipliers of the rows to start from.
 * @param boundMultipliers - Multipliers of the bounds to start from.
 * @example
 * ```ts
 * import { solveSqp } from 'sft-opt';
 * import { withBounds } from 'sft-opt/integer';
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
 * const { lower, upper } = problem.meta;
 * console.log(solveSqp(withBounds(problem, lower, Float64Array.of(0.25, upper[1]!), Float64Array.of(0, 0))).x); // Float64Array(2) [ 0.25, 1.75 ]
 * ```
 */
export function withBounds(
  problem: NonlinearProgram,
  lower: Float64Array,
  upper: Float64Array,
  start: Float64Array,
  multipliers?: Float64Array,
  boundMultipliers?: Float64Array,
): NonlinearProgram {
  const inside = start.map((value, k) => Math.min(Math.max(value, lower[k]!), upper[k]!));
  const meta: NlpMeta = {
    ...problem.meta,
    lower,
    upper,
    start: inside,
    ...(multipliers && { startMultipliers: multipliers }),
    ...(boundMultipliers && { startBoundMultipliers: boundMultipliers }),
  };
  return bound(problem, meta);
}

/** The same constraints with ½‖x_I − target‖² as objective: the projection of a feasibility pump. */
export function nearest(
  problem: NonlinearProgram,
  integers: Int32Array,
  target: Float64Array,
  start: Float64Array,
): NonlinearProgram {
  const { hessianPattern: _pattern, ...plainMeta } = problem.meta;
  const meta: NlpMeta = { ...plainMeta, start, objectiveShape: 'quadratic' };
  const full = bound(problem, meta);
  return {
    meta,
    ...(full.constraints && { constraints: (x, values) => full.constraints!(x, values) }),
    ...(full.jacobian && { jacobian: (x, values) => full.jacobian!(x, values) }),
    objective: (x) => {
      let sum = 0;
      for (const k of integers) sum += 0.5 * (x[k]! - target[k]!) ** 2;
      return sum;
    },
    gradient: (x, values) => {
      values.fill(0);
      for (const k of integers) values[k] = x[k]! - target[k]!;
    },
  };
}

function bound(problem: NonlinearProgram, meta: NlpMeta): NonlinearProgram {
  return {
    meta,
    objective: (x) => problem.objective(x),
    ...(problem.constraints && { constraints: (x, values) => problem.constraints!(x, values) }),
    ...(problem.gradient && { gradient: (x, values) => problem.gradient!(x, values) }),
    ...(problem.jacobian && { jacobian: (x, values) => problem.jacobian!(x, values) }),
    ...(problem.hessian && { hessian: (x, weight, y, values) => problem.hessian!(x, weight, y, values) }),
    ...(problem.hessianProduct && {
      hessianProduct: (x, weight, y, direction, values) => problem.hessianProduct!(x, weight, y, direction, values),
    }),
  };
}

/**
 * Largest violation of bounds, constraints and integrality at x, relative to max(1, |side|); Infinity outside a set.
 *
 * @param problem - The program with its integer variables.
 * @param x - Point, length variableCount.
 * @example
 * ```ts
 * import { type MixedIntegerNonlinearProgram } from 'sft-opt';
 * import { largestViolation } from 'sft-opt/integer';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * const problem = compileNl(model) as MixedIntegerNonlinearProgram;
 * console.log(largestViolation(problem, Float64Array.of(4, 1)), largestViolation(problem, Float64Array.of(3.5, 1))); // 0 0.5
 * ```
 */
export function largestViolation(problem: MixedIntegerNonlinearProgram, x: Float64Array): number {
  const { meta } = problem;
  let worst = 0;
  const note = (violation: number) => {
    worst = Number.isNaN(violation) ? Infinity : Math.max(worst, violation);
  };
  for (let k = 0; k < meta.variableCount; k++) note(relativeViolation(x[k]!, meta.lower[k]!, meta.upper[k]!));
  for (const k of problem.integerVariables) note(Math.abs(x[k]! - Math.round(x[k]!)));
  if (problem.specialOrderedSets?.some((set) => !satisfiesSet(set, x, 0))) return Infinity;
  if (problem.constraints && meta.constraintCount > 0) {
    const values = new Float64Array(meta.constraintCount);
    problem.constraints(x, values);
    values.forEach((value, row) =>
      note(relativeViolation(value, meta.constraintLower[row]!, meta.constraintUpper[row]!)),
    );
  }
  return worst;
}
