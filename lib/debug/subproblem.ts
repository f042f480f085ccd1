import { completeFirstDerivatives, completeHessian } from '../derivative/index.js';
import { ArgumentError } from '../errors/index.js';
import { denseLowerTriangle, densePattern } from '../kkt/index.js';
import { assembleSparse, type SparseMatrix } from '../linalg/index.js';
import type { NonlinearProgram, QuadraticProgram } from '../problem/index.js';

/**
 * The quadratic program that stands for a nonlinear one at a point, in steps d from it: minimise ½·dᵀHd + ∇fᵀd with H the Hessian of
 * the Lagrangian, subject to the linearised rows and the bounds. Derivatives that the program lacks are made by differences.
 *
 * @param program - The nonlinear program.
 * @param x - Point, length variableCount.
 * @param multipliers - y, length constraintCount; zeros when absent. Signs as in `problem/nlp.ts`.
 * @throws ArgumentError where a length does not fit.
 * @example
 * ```ts
 * import { subproblemAt } from 'sft-opt/debug';
 *
 * const program = {
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
 * const { linear, constraintUpper } = subproblemAt(program, Float64Array.of(1, 0));
 * console.log(Math.round(linear[1]!), constraintUpper[0]); // -4 1
 * ```
 */
export function subproblemAt(
  program: NonlinearProgram,
  x: Float64Array,
  multipliers: Float64Array = new Float64Array(program.meta.constraintCount),
): QuadraticProgram {
  const { meta } = program;
  const { variableCount: n, constraintCount: m } = meta;
  if (x.length !== n) throw new ArgumentError(`x has ${x.length} entries, the program ${n} variables`);
  if (multipliers.length !== m) {
    throw new ArgumentError(`there are ${multipliers.length} multipliers, the program has ${m} rows`);
  }
  const whole = completeHessian(completeFirstDerivatives(program));
  const linear = new Float64Array(n);
  whole.gradient!(x, linear);
  const rowValues = new Float64Array(m);
  const jacobian = meta.jacobianPattern ?? densePattern(m, n);
  const slopes = new Float64Array(jacobian.rows.length);
  if (m > 0) {
    whole.constraints!(x, rowValues);
    whole.jacobian!(x, slopes);
  }
  const from = (sides: Float64Array, point: Float64Array) => sides.map((side, k) => side - point[k]!);
  return {
    hessian: hessianAt(whole, x, multipliers),
    linear,
    constraintMatrix: assembleSparse(m, n, jacobian.rows, jacobian.columns, slopes).matrix,
    constraintLower: from(meta.constraintLower, rowValues),
    constraintUpper: from(meta.constraintUpper, rowValues),
    lower: from(meta.lower, x),
    upper: from(meta.upper, x),
  };
}

/** Both triangles. */
function hessianAt(program: NonlinearProgram, x: Float64Array, multipliers: Float64Array): SparseMatrix {
  const { variableCount: n, hessianPattern } = program.meta;
  const lower = hessianPattern ?? denseLowerTriangle(n);
  const values = new Float64Array(lower.rows.length);
  program.hessian!(x, 1, multipliers, values);
  const rows = [...lower.rows];
  const columns = [...lower.columns];
  const entries = [...values];
  for (let k = 0; k < values.length; k++) {
    if (lower.rows[k] === lower.columns[k]) continue;
    rows.push(lower.columns[k]!);
    columns.push(lower.rows[k]!);
    entries.push(values[k]!);
  }
  return assembleSparse(n, n, rows, columns, entries).matrix;
}
