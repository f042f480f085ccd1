import type { NonlinearProgram, SparsityPattern } from '../problem/index.js';
import { colourColumns } from './colouring.js';
import {
  differenceGradient,
  differencePair,
  differenceStep,
  slopeThrough,
  type DifferenceScheme,
} from './finite-difference.js';

/**
 * The same problem with a gradient and a Jacobian: those it lacks are made by differences of its functions, the Jacobian
 * by groups of columns where a sparsity pattern is known. Calls go through the problem's own functions, so counters
 * around it see every evaluation that a difference costs.
 *
 * @param problem - A program with or without derivatives.
 * @param scheme - `forward` (one evaluation, half of the digits) or `central` (two, two thirds of them).
 * @example
 * ```ts
 * import { completeFirstDerivatives } from 'sft-opt/derivative';
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
 * const values = new Float64Array(2);
 * completeFirstDerivatives(problem).gradient!(Float64Array.of(0, 0), values);
 * console.log(values.map((value) => Math.round(1e6 * value) / 1e6)); // Float64Array(2) [ -2, -4 ]
 * ```
 */
export function completeFirstDerivatives(
  problem: NonlinearProgram,
  scheme: DifferenceScheme = 'central',
): NonlinearProgram {
  const needsJacobian = problem.meta.constraintCount > 0 && problem.jacobian === undefined;
  if (problem.gradient !== undefined && !needsJacobian) return problem;
  return {
    ...delegated(problem),
    gradient: problem.gradient
      ? (x, values) => problem.gradient!(x, values)
      : (x, values) => differenceGradient(problem, x, scheme, values),
    ...(needsJacobian && { jacobian: differenceJacobian(problem, scheme) }),
  };
}

/**
 * Every capability of a problem as plain functions bound to it.
 *
 * @param problem - A program, perhaps an instance of a class.
 * @example
 * ```ts
 * import { delegated } from 'sft-opt/derivative';
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
 * const { objective } = delegated(problem);
 * console.log(objective(Float64Array.of(2, 0))); // 1
 * ```
 */
export function delegated(problem: NonlinearProgram): NonlinearProgram {
  return {
    meta: problem.meta,
    objective: (x) => problem.objective(x),
    ...(problem.constraints && {
      constraints: (x: Float64Array, values: Float64Array) => problem.constraints!(x, values),
    }),
    ...(problem.gradient && { gradient: (x: Float64Array, values: Float64Array) => problem.gradient!(x, values) }),
    ...(problem.jacobian && { jacobian: (x: Float64Array, values: Float64Array) => problem.jacobian!(x, values) }),
    ...(problem.hessian && {
      hessian: (x: Float64Array, weight: number, multipliers: Float64Array, values: Float64Array) =>
        problem.hessian!(x, weight, multipliers, values),
    }),
    ...(problem.hessianProduct && {
      hessianProduct: (
        x: Float64Array,
        weight: number,
        multipliers: Float64Array,
        direction: Float64Array,
        values: Float64Array,
      ) => problem.hessianProduct!(x, weight, multipliers, direction, values),
    }),
  };
}

/**
 * Jacobian by groups of columns that share no row. Central differences leave their middle out where every variable of a
 * group has room on either side; where one has not, its pair lies on one side and the middle is evaluated once.
 */
function differenceJacobian(problem: NonlinearProgram, scheme: DifferenceScheme) {
  const { variableCount: n, constraintCount: m, jacobianPattern, lower, upper } = problem.meta;
  const pattern: SparsityPattern = jacobianPattern ?? {
    rows: Int32Array.from({ length: n * m }, (_, k) => Math.floor(k / n)),
    columns: Int32Array.from({ length: n * m }, (_, k) => k % n),
  };
  const { colours, colourCount } = colourColumns(n, m, pattern);
  const ahead = new Float64Array(m);
  const behind = new Float64Array(m);
  const middle = new Float64Array(m);
  const first = new Float64Array(n);
  const second = new Float64Array(n);
  return (x: Float64Array, values: Float64Array): void => {
    const point = x.slice();
    let middleKnown = scheme === 'forward';
    if (middleKnown) problem.constraints!(point, middle);
    for (let j = 0; j < n; j++) {
      const value = x[j]!;
      const forward = (): [number, number] => [value + differenceStep(value, lower[j]!, upper[j]!, scheme), value];
      const [one, other] = scheme === 'forward' ? forward() : differencePair(value, lower[j]!, upper[j]!);
      first[j] = one - value;
      second[j] = other - value;
    }
    for (let colour = 0; colour < colourCount; colour++) {
      let moves = false;
      let lopsided = false;
      for (let j = 0; j < n; j++) {
        if (colours[j] !== colour) continue;
        point[j] = x[j]! + first[j]!;
        moves ||= point[j] !== x[j];
        lopsided ||= first[j] !== -second[j]!;
      }
      if (moves) problem.constraints!(point, ahead);
      if (moves && scheme === 'central') {
        for (let j = 0; j < n; j++) if (colours[j] === colour) point[j] = x[j]! + second[j]!;
        problem.constraints!(point, behind);
      }
      point.set(x);
      if (moves && !middleKnown && (lopsided || !allDefined(ahead) || !allDefined(behind))) {
        problem.constraints!(point, middle);
        middleKnown = true;
      }
      for (let k = 0; k < pattern.rows.length; k++) {
        const j = pattern.columns[k]!;
        if (colours[j] !== colour) continue;
        const row = pattern.rows[k]!;
        values[k] = slopeThrough(middle[row]!, first[j]!, ahead[row]!, second[j]!, behind[row]!);
      }
    }
  };
}

function allDefined(values: Float64Array): boolean {
  for (const value of values) if (!Number.isFinite(value)) return false;
  return true;
}
