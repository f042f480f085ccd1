import { ArgumentError } from '../errors/index.js';

/** Matrix storage shared by problems and solvers. All indices are 0-based. */

/** Dense matrix, row-major: entry (i, j) is `values[i * columns + j]`. */
export interface DenseMatrix {
  readonly kind: 'dense';
  /** Rows m. */
  readonly rows: number;
  /** Columns n. */
  readonly columns: number;
  /** Row by row, length m·n. */
  readonly values: Float64Array;
}

/**
 * Compressed sparse columns: the entries of column j are `values[k]` in row `rowIndices[k]` for
 * `columnStarts[j] <= k < columnStarts[j + 1]`, row indices strictly increasing within a column.
 */
export interface SparseMatrix {
  readonly kind: 'sparse';
  /** Rows m. */
  readonly rows: number;
  /** Columns n. */
  readonly columns: number;
  /** Where each column's entries start, length n + 1. */
  readonly columnStarts: Int32Array;
  /** Row of each entry. */
  readonly rowIndices: Int32Array;
  /** Value of each entry. */
  readonly values: Float64Array;
}

/** Square diagonal matrix. */
export interface DiagonalMatrix {
  readonly kind: 'diagonal';
  /** The diagonal, length n. */
  readonly values: Float64Array;
}

/** Symmetric D + V·diag(w)·Vᵀ with D diagonal and V of few columns. */
export interface DiagonalPlusLowRankMatrix {
  readonly kind: 'diagonal-plus-low-rank';
  /** Diagonal D, length n. */
  readonly diagonal: Float64Array;
  /** V, n × k. */
  readonly factor: DenseMatrix;
  /** w, length k. */
  readonly weights: Float64Array;
}

/** General rectangular matrix. */
export type Matrix = DenseMatrix | SparseMatrix;

/** Symmetric matrix; dense and sparse forms store both triangles. */
export type SymmetricMatrix = DenseMatrix | SparseMatrix | DiagonalMatrix | DiagonalPlusLowRankMatrix;

/**
 * A dense matrix of zeros, or one that takes over `values` (length rows × columns).
 *
 * @param rows - Rows of the matrix.
 * @param columns - Columns of the matrix.
 * @param values - Row-major, length rows × columns; taken over.
 * @throws ArgumentError where the number of values is another.
 * @example
 * ```ts
 * import { denseMatrix } from 'sft-opt/linalg';
 *
 * console.log(denseMatrix(2, 2, Float64Array.of(1, 2, 3, 4)).rows, denseMatrix(1, 2).values); // 2 Float64Array(2) [ 0, 0 ]
 * ```
 */
export function denseMatrix(
  rows: number,
  columns: number,
  values: Float64Array = new Float64Array(rows * columns),
): DenseMatrix {
  if (values.length !== rows * columns) {
    throw new ArgumentError(`a ${rows} × ${columns} matrix needs ${rows * columns} values, found ${values.length}`);
  }
  return { kind: 'dense', rows, columns, values };
}
