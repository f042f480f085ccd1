import type { SparsityPattern } from '../problem/index.js';
import { DenseHessianModel } from './dense-model.js';
import type { Evaluator } from '../nlp/index.js';
import { hasHessianModel, type HessianModel } from './hessian-model.js';
import { OperatorHessianModel, type HessianOperator } from './operator-model.js';
import { SparseHessianModel } from './sparse-model.js';

const noMultipliers = new Float64Array(0);

/** Variables up to which a dense factor is the quickest whatever its pattern, and share of a triangle up to which a sparse one is beyond. */
const tiny = 40;
const sparseShare = 0.2;

/**
 * The second-order model that suits what the problem offers, or undefined when it has no second derivatives.
 *
 * @param evaluator - Evaluates the problem and counts how often.
 * @param original - The problem as given: it may bring a model.
 * @param denseLimit - Most variables of a dense matrix.
 * @param expired - Asked now and then; true ends the work.
 * @example
 * ```ts
 * import { chooseHessianModel } from 'sft-opt/bound';
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
 * const model = chooseHessianModel(new Evaluator(problem), problem, 500)!;
 * model.load(Float64Array.of(1, 1));
 * const product = new Float64Array(2);
 * model.multiply(Float64Array.of(1, 3), product);
 * console.log(product); // Float64Array(2) [ 2, 6 ]
 * ```
 */
export function chooseHessianModel(
  evaluator: Evaluator,
  original: object,
  denseLimit: number,
  expired: () => boolean = () => false,
): HessianModel | undefined {
  if (hasHessianModel(original)) return original.createHessianModel();
  const { variableCount, hessianPattern } = evaluator.meta;
  const isDense = variableCount <= denseLimit && !isSparse(variableCount, hessianPattern);
  if (evaluator.hasHessian && isDense) return denseModel(evaluator, hessianPattern);
  if (evaluator.hasHessian) {
    const direct = hessianPattern && SparseHessianModel.create(evaluator, hessianPattern, expired);
    return direct ?? new OperatorHessianModel(variableCount, patternOperator(evaluator), expired);
  }
  if (evaluator.hasHessianProduct) return new OperatorHessianModel(variableCount, productOperator(evaluator), expired);
  return undefined;
}

function isSparse(variableCount: number, pattern: SparsityPattern | undefined): boolean {
  if (variableCount <= tiny || pattern === undefined) return false;
  return pattern.rows.length <= sparseShare * 0.5 * variableCount * (variableCount + 1);
}

function denseModel(evaluator: Evaluator, pattern: SparsityPattern | undefined): HessianModel {
  const { variableCount } = evaluator.meta;
  if (!pattern) {
    return new DenseHessianModel(variableCount, (x, triangle) => evaluator.hessian(x, 1, noMultipliers, triangle));
  }
  const values = new Float64Array(evaluator.hessianLength);
  return new DenseHessianModel(variableCount, (x, triangle) => {
    if (!evaluator.hessian(x, 1, noMultipliers, values)) return false;
    triangle.fill(0);
    addPatternToTriangle(pattern, values, triangle);
    return true;
  });
}

/**
 * Adds the entries of a lower-triangle pattern to a packed lower triangle.
 *
 * @param pattern - Row and column of each entry.
 * @param values - Entry of each place of the pattern.
 * @param triangle - Packed lower triangle, row by row; added to.
 * @example
 * ```ts
 * import { addPatternToTriangle } from 'sft-opt/bound';
 *
 * const triangle = new Float64Array(3);
 * addPatternToTriangle({ rows: Int32Array.of(0, 1), columns: Int32Array.of(0, 0) }, Float64Array.of(2, 5), triangle);
 * console.log(triangle); // Float64Array(3) [ 2, 5, 0 ]
 * ```
 */
export function addPatternToTriangle(pattern: SparsityPattern, values: Float64Array, triangle: Float64Array): void {
  const { rows, columns } = pattern;
  for (let k = 0; k < rows.length; k++) triangle[(rows[k]! * (rows[k]! + 1)) / 2 + columns[k]!]! += values[k]!;
}

function patternOperator(evaluator: Evaluator): HessianOperator {
  const { hessianPattern, variableCount } = evaluator.meta;
  const hessianValues = new Float64Array(evaluator.hessianLength);
  return {
    load: (x) => evaluator.hessian(x, 1, noMultipliers, hessianValues),
    multiply: (vector, values) => {
      values.fill(0);
      addSymmetricProduct(hessianPattern, variableCount, hessianValues, vector, values);
    },
    diagonal: (values) => {
      values.fill(0);
      addDiagonal(hessianPattern, variableCount, hessianValues, values);
    },
  };
}

/**
 * Adds H·vector for H given by its lower triangle (dense row by row when there is no pattern).
 *
 * @param pattern - Where the entries are; undefined for a dense lower triangle.
 * @param size - Number of variables.
 * @param hessianValues - Entries as in the pattern.
 * @param vector - Multiplied by H, length size.
 * @param values - The product is added to it, length size.
 * @example
 * ```ts
 * import { addSymmetricProduct } from 'sft-opt/bound';
 *
 * const values = new Float64Array(2);
 * addSymmetricProduct(undefined, 2, Float64Array.of(2, 1, 3), Float64Array.of(1, 1), values);
 * console.log(values); // Float64Array(2) [ 3, 4 ]
 * ```
 */
export function addSymmetricProduct(
  pattern: SparsityPattern | undefined,
  size: number,
  hessianValues: Float64Array,
  vector: Float64Array,
  values: Float64Array,
): void {
  if (pattern) {
    const { rows, columns } = pattern;
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!;
      const column = columns[k]!;
      const entry = hessianValues[k]!;
      values[row]! += entry * vector[column]!;
      if (row !== column) values[column]! += entry * vector[row]!;
    }
    return;
  }
  for (let i = 0, k = 0; i < size; i++) {
    for (let j = 0; j < i; j++, k++) {
      values[i]! += hessianValues[k]! * vector[j]!;
      values[j]! += hessianValues[k]! * vector[i]!;
    }
    values[i]! += hessianValues[k++]! * vector[i]!;
  }
}

/**
 * Adds the diagonal of such a matrix.
 *
 * @param pattern - Where the entries are; undefined for a dense lower triangle.
 * @param size - Number of variables.
 * @param hessianValues - Entries as in the pattern.
 * @param values - The diagonal is added to it, length size.
 * @example
 * ```ts
 * import { addDiagonal } from 'sft-opt/bound';
 *
 * const values = new Float64Array(2);
 * addDiagonal(undefined, 2, Float64Array.of(2, 1, 3), values);
 * console.log(values); // Float64Array(2) [ 2, 3 ]
 * ```
 */
export function addDiagonal(
  pattern: SparsityPattern | undefined,
  size: number,
  hessianValues: Float64Array,
  values: Float64Array,
): void {
  if (pattern) {
    const { rows, columns } = pattern;
    for (let k = 0; k < rows.length; k++) if (rows[k] === columns[k]) values[rows[k]!]! += hessianValues[k]!;
    return;
  }
  for (let i = 0, k = 0; i < size; i++, k += i + 1) values[i]! += hessianValues[k]!;
}

function productOperator(evaluator: Evaluator): HessianOperator {
  const { variableCount } = evaluator.meta;
  const point = new Float64Array(variableCount);
  const probe = new Float64Array(variableCount);
  const product = new Float64Array(variableCount);
  const diagonal = new Float64Array(variableCount).fill(1);
  return {
    load: (x) => {
      point.set(x);
      for (let j = 0; j < variableCount; j++) probe[j] = j % 2 === 0 ? 1 : -1;
      if (!evaluator.hessianProduct(point, 1, noMultipliers, probe, product)) return false;
      // Exact for diagonal Hessians, and of the right order where the diagonal dominates.
      for (let j = 0; j < variableCount; j++) diagonal[j] = product[j]! * probe[j]!;
      return true;
    },
    multiply: (vector, values) => {
      if (!evaluator.hessianProduct(point, 1, noMultipliers, vector, values)) values.fill(NaN);
    },
    diagonal: (values) => values.set(diagonal),
  };
}
