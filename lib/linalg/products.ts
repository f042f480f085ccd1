import type { DenseMatrix, Matrix, SymmetricMatrix } from './matrix.js';
import { addScaledRange, dotRange } from './vector.js';

/**
 * target ← Ax.
 *
 * @param matrix - Dense, sparse or diagonal.
 * @param x - Length columns.
 * @param target - Written to.
 * @example
 * ```ts
 * import { denseMatrix, multiply } from 'sft-opt/linalg';
 *
 * const target = new Float64Array(2);
 * multiply(denseMatrix(2, 2, Float64Array.of(1, 2, 3, 4)), Float64Array.of(1, 1), target);
 * console.log(target); // Float64Array(2) [ 3, 7 ]
 * ```
 */
export function multiply(matrix: Matrix, x: Float64Array, target: Float64Array): void {
  if (matrix.kind === 'dense') {
    const { rows, columns, values } = matrix;
    for (let i = 0; i < rows; i++) target[i] = dotRange(values, i * columns, x, 0, columns);
    return;
  }
  const { columns, columnStarts, rowIndices, values } = matrix;
  target.fill(0, 0, matrix.rows);
  for (let j = 0; j < columns; j++) {
    const factor = x[j]!;
    if (factor === 0) continue;
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) target[rowIndices[k]!]! += values[k]! * factor;
  }
}

/**
 * target ← Aᵀy.
 *
 * @param matrix - Dense, sparse or diagonal.
 * @param y - Length rows.
 * @param target - Written to.
 * @example
 * ```ts
 * import { denseMatrix, multiplyTransposed } from 'sft-opt/linalg';
 *
 * const target = new Float64Array(2);
 * multiplyTransposed(denseMatrix(2, 2, Float64Array.of(1, 2, 3, 4)), Float64Array.of(1, 1), target);
 * console.log(target); // Float64Array(2) [ 4, 6 ]
 * ```
 */
export function multiplyTransposed(matrix: Matrix, y: Float64Array, target: Float64Array): void {
  if (matrix.kind === 'dense') {
    const { rows, columns, values } = matrix;
    target.fill(0, 0, columns);
    for (let i = 0; i < rows; i++) {
      if (y[i] !== 0) addScaledRange(target, 0, y[i]!, values, i * columns, columns);
    }
    return;
  }
  const { columns, columnStarts, rowIndices, values } = matrix;
  for (let j = 0; j < columns; j++) {
    let sum = 0;
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) sum += values[k]! * y[rowIndices[k]!]!;
    target[j] = sum;
  }
}

/**
 * target ← Px for a symmetric P; an absent matrix is zero.
 *
 * @param matrix - Symmetric; a zero matrix when undefined.
 * @param x - Length order.
 * @param target - Written to.
 * @example
 * ```ts
 * import { multiplySymmetric } from 'sft-opt/linalg';
 *
 * const target = new Float64Array(2);
 * multiplySymmetric({ kind: 'diagonal', values: Float64Array.of(2, 3) }, Float64Array.of(1, 1), target);
 * console.log(target); // Float64Array(2) [ 2, 3 ]
 * ```
 */
export function multiplySymmetric(matrix: SymmetricMatrix | undefined, x: Float64Array, target: Float64Array): void {
  if (matrix === undefined) {
    target.fill(0, 0, x.length);
    return;
  }
  switch (matrix.kind) {
    case 'dense':
    case 'sparse':
      multiply(matrix, x, target);
      return;
    case 'diagonal':
      for (let j = 0; j < x.length; j++) target[j] = matrix.values[j]! * x[j]!;
      return;
    case 'diagonal-plus-low-rank': {
      const { diagonal, factor, weights } = matrix;
      const projected = new Float64Array(weights.length);
      multiplyTransposed(factor, x, projected);
      for (let j = 0; j < weights.length; j++) projected[j]! *= weights[j]!;
      multiply(factor, projected, target);
      for (let j = 0; j < x.length; j++) target[j]! += diagonal[j]! * x[j]!;
    }
  }
}

/**
 * Order of a symmetric matrix.
 *
 * @param matrix - Symmetric.
 * @example
 * ```ts
 * import { symmetricOrder } from 'sft-opt/linalg';
 *
 * console.log(symmetricOrder({ kind: 'diagonal', values: Float64Array.of(2, 3) })); // 2
 * ```
 */
export function symmetricOrder(matrix: SymmetricMatrix): number {
  switch (matrix.kind) {
    case 'dense':
    case 'sparse':
      return matrix.rows;
    case 'diagonal':
      return matrix.values.length;
    case 'diagonal-plus-low-rank':
      return matrix.diagonal.length;
  }
}

/**
 * Writes the matrix row by row into `target` (rows × columns, row-major).
 *
 * @param matrix - Dense, sparse or diagonal.
 * @param target - Written to.
 * @example
 * ```ts
 * import { assembleSparse, copyToDense } from 'sft-opt/linalg';
 *
 * const target = new Float64Array(4);
 * copyToDense(assembleSparse(2, 2, [0, 1], [1, 0], [5, 7]).matrix, target);
 * console.log(target); // Float64Array(4) [ 0, 5, 7, 0 ]
 * ```
 */
export function copyToDense(matrix: Matrix, target: Float64Array): void {
  const { rows, columns } = matrix;
  if (matrix.kind === 'dense') {
    target.set(matrix.values);
    return;
  }
  target.fill(0, 0, rows * columns);
  for (let j = 0; j < columns; j++) {
    for (let k = matrix.columnStarts[j]!; k < matrix.columnStarts[j + 1]!; k++) {
      target[matrix.rowIndices[k]! * columns + j]! += matrix.values[k]!;
    }
  }
}

/**
 * Writes the whole symmetric matrix into `target` (order × order, row-major); an absent matrix is zero.
 *
 * @param matrix - Symmetric; a zero matrix when undefined.
 * @param order - Order of the matrix.
 * @param target - Written to.
 * @example
 * ```ts
 * import { copySymmetricToDense } from 'sft-opt/linalg';
 *
 * const target = new Float64Array(4);
 * copySymmetricToDense({ kind: 'diagonal', values: Float64Array.of(2, 3) }, 2, target);
 * console.log(target); // Float64Array(4) [ 2, 0, 0, 3 ]
 * ```
 */
export function copySymmetricToDense(matrix: SymmetricMatrix | undefined, order: number, target: Float64Array): void {
  if (matrix?.kind === 'dense' || matrix?.kind === 'sparse') {
    copyToDense(matrix, target);
    return;
  }
  target.fill(0, 0, order * order);
  if (matrix === undefined) return;
  const diagonal = matrix.kind === 'diagonal' ? matrix.values : matrix.diagonal;
  for (let j = 0; j < order; j++) target[j * order + j] = diagonal[j]!;
  if (matrix.kind === 'diagonal') return;
  const { factor, weights } = matrix;
  const dense: DenseMatrix = factor;
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < order; j++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) {
        sum += dense.values[i * dense.columns + k]! * weights[k]! * dense.values[j * dense.columns + k]!;
      }
      target[i * order + j]! += sum;
    }
  }
}

/**
 * Number of stored entries.
 *
 * @param matrix - Dense, sparse or diagonal.
 * @example
 * ```ts
 * import { assembleSparse, storedEntries } from 'sft-opt/linalg';
 *
 * console.log(storedEntries(assembleSparse(3, 3, [0, 2], [0, 1], [1, 1]).matrix)); // 2
 * ```
 */
export function storedEntries(matrix: Matrix): number {
  return matrix.kind === 'dense' ? matrix.values.length : matrix.columnStarts[matrix.columns]!;
}
