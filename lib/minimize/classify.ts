import { Evaluator } from '../nlp/index.js';
import { assembleSparse, isPositiveSemidefinite, lowerTriangle, toSparse, type SparseMatrix } from '../linalg/index.js';
import type { NlpMeta, NonlinearProgram, QuadraticProgram, SparsityPattern } from '../problem/index.js';

/** What decides the order of the methods. */
export type ProblemClass = 'quadratic' | 'bound-constrained' | 'general';

/**
 * Declared facts only: nothing is evaluated.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @example
 * ```ts
 * import { classify } from 'sft-opt/minimize';
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
 * console.log(classify(problem)); // general
 * ```
 */
export function classify(problem: NonlinearProgram): ProblemClass {
  const { meta } = problem;
  if (isDeclaredQuadratic(problem)) return 'quadratic';
  return meta.constraintCount === 0 ? 'bound-constrained' : 'general';
}

/**
 * True if the problem says that its objective is at most quadratic and its constraints affine.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @example
 * ```ts
 * import { isDeclaredQuadratic } from 'sft-opt/minimize';
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
 * console.log(isDeclaredQuadratic(problem)); // false
 * ```
 */
export function isDeclaredQuadratic(problem: NonlinearProgram): boolean {
  const { objectiveShape, linearConstraints, constraintCount } = problem.meta;
  if (objectiveShape !== 'linear' && objectiveShape !== 'quadratic') return false;
  if (!problem.gradient || (objectiveShape === 'quadratic' && !problem.hessian)) return false;
  if (constraintCount === 0) return true;
  return problem.jacobian !== undefined && linearConstraints?.every((flag) => flag === 1) === true;
}

/**
 * The quadratic program that a problem is, from its derivatives at one point. Undefined where they are not finite.
 * Evaluates the objective once.
 *
 * @param evaluator - Evaluates the problem and counts how often.
 * @param x - Where derivatives are taken.
 * @example
 * ```ts
 * import { toQuadraticProgram } from 'sft-opt/minimize';
 * import { Evaluator } from 'sft-opt/nlp';
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
 *   hessian: (_x: Float64Array, weight: number, _y: Float64Array, values: Float64Array) =>
 *     void values.set([2 * weight, 0, 2 * weight]),
 * };
 * console.log(toQuadraticProgram(new Evaluator(problem), Float64Array.of(0, 0))!.linear); // Float64Array(2) [ -4, 2 ]
 * ```
 */
export function toQuadraticProgram(
  evaluator: Evaluator,
  x: Float64Array,
): (QuadraticProgram & { readonly hessian?: SparseMatrix }) | undefined {
  const { meta } = evaluator;
  const { variableCount, constraintCount } = meta;
  const objective = evaluator.objective(x);
  const linear = new Float64Array(variableCount);
  if (!Number.isFinite(objective) || !evaluator.gradient(x, objective, linear)) return undefined;
  let hessian: SparseMatrix | undefined;
  const curvatureTimesX = new Float64Array(variableCount);
  if (meta.objectiveShape !== 'linear' && evaluator.hasHessian) {
    const values = new Float64Array(evaluator.hessianLength);
    if (!evaluator.hessian(x, 1, new Float64Array(constraintCount), values)) return undefined;
    hessian = symmetricSparse(meta, values);
    addProduct(hessian, x, curvatureTimesX);
  }
  let constant = objective;
  for (let j = 0; j < variableCount; j++) {
    constant -= x[j]! * (linear[j]! - 0.5 * curvatureTimesX[j]!);
    linear[j]! -= curvatureTimesX[j]!;
  }
  const rows = constraintCount > 0 ? affineRows(evaluator, x) : undefined;
  if (constraintCount > 0 && !rows) return undefined;
  return {
    ...(hessian && { hessian }),
    linear,
    constant,
    ...(rows && { constraintMatrix: rows.matrix }),
    constraintLower: rows ? shifted(meta.constraintLower, rows.offset) : new Float64Array(0),
    constraintUpper: rows ? shifted(meta.constraintUpper, rows.offset) : new Float64Array(0),
    lower: meta.lower,
    upper: meta.upper,
  };
}

/**
 * True if the Hessian is positive semidefinite up to rounding: the quadratic program may then be given to the convex
 * solver, and what that calls optimal is a global minimum. False when stopped.
 *
 * @param hessian - Whole, not its triangle; undefined for none.
 * @param stop - Asked now and then; true ends the work.
 * @example
 * ```ts
 * import { denseMatrix, toSparse } from 'sft-opt/linalg';
 * import { isConvex } from 'sft-opt/minimize';
 *
 * const hessian = (b: number) => toSparse(denseMatrix(2, 2, Float64Array.of(1, b, b, 1)));
 * console.log(isConvex(undefined), isConvex(hessian(0.5)), isConvex(hessian(2))); // true true false
 * ```
 */
export function isConvex(hessian: SparseMatrix | undefined, stop?: () => boolean): boolean {
  return hessian === undefined || isPositiveSemidefinite(lowerTriangle(hessian, hessian.columns), stop);
}

/** A and c(x) − Ax. */
function affineRows(evaluator: Evaluator, x: Float64Array): { matrix: SparseMatrix; offset: Float64Array } | undefined {
  const { variableCount, constraintCount, jacobianPattern } = evaluator.meta;
  const values = new Float64Array(evaluator.jacobianLength);
  const offset = new Float64Array(constraintCount);
  if (!evaluator.constraints(x, offset) || !evaluator.jacobian(x, values)) return undefined;
  const pattern = evaluator.problem.jacobian ? jacobianPattern : undefined;
  const matrix = pattern
    ? assembleSparse(constraintCount, variableCount, pattern.rows, pattern.columns, values)
    : { matrix: toSparse({ kind: 'dense', rows: constraintCount, columns: variableCount, values }) };
  const sparse = matrix.matrix;
  for (let j = 0; j < variableCount; j++) {
    for (let k = sparse.columnStarts[j]!; k < sparse.columnStarts[j + 1]!; k++) {
      offset[sparse.rowIndices[k]!]! -= sparse.values[k]! * x[j]!;
    }
  }
  return { matrix: sparse, offset };
}

/** Both triangles of a Hessian given by its lower one. */
function symmetricSparse(meta: NlpMeta, values: Float64Array): SparseMatrix {
  const { variableCount, hessianPattern } = meta;
  const { rows, columns } = hessianPattern ?? denseTriangle(variableCount);
  const bothRows: number[] = [];
  const bothColumns: number[] = [];
  const bothValues: number[] = [];
  for (let k = 0; k < rows.length; k++) {
    if (values[k] === 0) continue;
    bothRows.push(rows[k]!);
    bothColumns.push(columns[k]!);
    bothValues.push(values[k]!);
    if (rows[k] === columns[k]) continue;
    bothRows.push(columns[k]!);
    bothColumns.push(rows[k]!);
    bothValues.push(values[k]!);
  }
  return assembleSparse(
    variableCount,
    variableCount,
    Int32Array.from(bothRows),
    Int32Array.from(bothColumns),
    Float64Array.from(bothValues),
  ).matrix;
}

function denseTriangle(size: number): SparsityPattern {
  const rows: number[] = [];
  const columns: number[] = [];
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      rows.push(i);
      columns.push(j);
    }
  }
  return { rows: Int32Array.from(rows), columns: Int32Array.from(columns) };
}

function addProduct(matrix: SparseMatrix, x: Float64Array, target: Float64Array): void {
  for (let j = 0; j < matrix.columns; j++) {
    for (let k = matrix.columnStarts[j]!; k < matrix.columnStarts[j + 1]!; k++) {
      target[matrix.rowIndices[k]!]! += matrix.values[k]! * x[j]!;
    }
  }
}

function shifted(sides: Float64Array, offset: Float64Array): Float64Array {
  return sides.map((side, i) => side - offset[i]!);
}
