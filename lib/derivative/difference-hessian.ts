import { ArgumentError } from '../errors/index.js';
import type { NonlinearProgram } from '../problem/index.js';
import { colourColumns } from './colouring.js';
import { delegated } from './complete.js';
import { differenceStep } from './finite-difference.js';

/**
 * The same problem with a Hessian of the Lagrangian made by forward differences of its gradient and Jacobian, which it
 * must have. With a known Hessian pattern columns are differenced in groups (Curtis, Powell & Reid on the symmetrised
 * pattern); without one each variable costs a gradient and a Jacobian. A problem that has a Hessian is returned as it is.
 *
 * @param problem - A program with gradient and Jacobian.
 * @throws ArgumentError where the problem has no first derivatives.
 * @example
 * ```ts
 * import { completeHessian } from 'sft-opt/derivative';
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
 * const values = new Float64Array(3);
 * completeHessian(problem).hessian!(Float64Array.of(1, 1), 1, new Float64Array(0), values);
 * console.log(values.map((value) => Math.round(1e4 * value) / 1e4)); // Float64Array(3) [ 2, 0, 2 ]
 * ```
 */
export function completeHessian(problem: NonlinearProgram): NonlinearProgram {
  if (problem.hessian !== undefined) return problem;
  const { variableCount: n, constraintCount: m, hessianPattern, jacobianPattern, lower, upper } = problem.meta;
  if (problem.gradient === undefined || (m > 0 && problem.jacobian === undefined)) {
    throw new ArgumentError('a differenced Hessian needs a problem with first derivatives', 'unsuitable');
  }
  const lowerRows = hessianPattern?.rows ?? Int32Array.from(triangle(n), ([i]) => i);
  const lowerColumns = hessianPattern?.columns ?? Int32Array.from(triangle(n), ([, j]) => j);
  const full = symmetrised(lowerRows, lowerColumns);
  const { colours, colourCount } = colourColumns(n, n, full);
  const jacobianLength = jacobianPattern ? jacobianPattern.rows.length : n * m;
  const jacobian = new Float64Array(jacobianLength);
  const base = new Float64Array(n);
  const moved = new Float64Array(n);
  const lagrangian = (x: Float64Array, weight: number, multipliers: Float64Array, target: Float64Array): void => {
    problem.gradient!(x, target);
    for (let j = 0; j < n; j++) target[j] = target[j]! * weight;
    if (m === 0) return;
    problem.jacobian!(x, jacobian);
    for (let k = 0; k < jacobianLength; k++) {
      const row = jacobianPattern ? jacobianPattern.rows[k]! : Math.floor(k / n);
      const column = jacobianPattern ? jacobianPattern.columns[k]! : k % n;
      target[column] = target[column]! + jacobian[k]! * multipliers[row]!;
    }
  };
  return {
    ...delegated(problem),
    hessian(x, weight, multipliers, values) {
      lagrangian(x, weight, multipliers, base);
      const point = x.slice();
      const steps = x.map((value, j) => differenceStep(value, lower[j]!, upper[j]!, 'forward'));
      for (let colour = 0; colour < colourCount; colour++) {
        for (let j = 0; j < n; j++) if (colours[j] === colour) point[j] = x[j]! + steps[j]!;
        lagrangian(point, weight, multipliers, moved);
        for (let k = 0; k < lowerRows.length; k++) {
          const column = lowerColumns[k]!;
          if (colours[column] !== colour) continue;
          const change = moved[lowerRows[k]!]! - base[lowerRows[k]!]!;
          values[k] = steps[column] === 0 ? 0 : change / steps[column]!;
        }
        point.set(x);
      }
    },
  };
}

function triangle(n: number): [number, number][] {
  const entries: [number, number][] = [];
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) entries.push([i, j]);
  return entries;
}

function symmetrised(rows: Int32Array, columns: Int32Array): { rows: Int32Array; columns: Int32Array } {
  const allRows: number[] = [...rows];
  const allColumns: number[] = [...columns];
  for (let k = 0; k < rows.length; k++) {
    if (rows[k] === columns[k]) continue;
    allRows.push(columns[k]!);
    allColumns.push(rows[k]!);
  }
  return { rows: Int32Array.from(allRows), columns: Int32Array.from(allColumns) };
}
