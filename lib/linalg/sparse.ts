import { ArgumentError } from '../errors/index.js';
import type { Matrix, SparseMatrix, SymmetricMatrix } from './matrix.js';

/** A sparse matrix assembled from triplets, and where each triplet's value went. */
export interface AssembledMatrix {
  /** Every entry once, columns in order and rows within them increasing. */
  readonly matrix: SparseMatrix;
  /** Position in `matrix.values` of each triplet; equal for triplets of the same entry, which add up. */
  readonly slots: Int32Array;
}

/**
 * Compresses triplets (row, column, value) to columns with increasing rows; values of equal positions add up. Without
 * `values` the matrix is the pattern, its values zero, to be filled through `slots`. Throws RangeError for an index
 * outside the matrix.
 *
 * @param rows - Rows of the matrix.
 * @param columns - Columns of the matrix.
 * @param rowOf - Row of each triplet.
 * @param columnOf - Column of each triplet.
 * @param values - Value of each triplet.
 * @throws ArgumentError for an index outside the matrix.
 * @example
 * ```ts
 * import { assembleSparse } from 'sft-opt/linalg';
 *
 * const { matrix, slots } = assembleSparse(2, 2, [1, 0, 1], [0, 0, 0], [5, 3, 2]);
 * console.log(matrix.values, slots); // Float64Array(2) [ 3, 7 ] Int32Array(3) [ 1, 0, 1 ]
 * ```
 */
export function assembleSparse(
  rows: number,
  columns: number,
  rowOf: ArrayLike<number>,
  columnOf: ArrayLike<number>,
  values?: ArrayLike<number>,
): AssembledMatrix {
  const count = rowOf.length;
  if (columnOf.length !== count) throw new ArgumentError('triplets need as many columns as rows');
  const rowOrder = countingSort(rowOf, undefined, rows, 'row');
  const order = countingSort(columnOf, rowOrder, columns, 'column');
  const slots = new Int32Array(count);
  const columnStarts = new Int32Array(columns + 1);
  const rowIndices = new Int32Array(count);
  let used = 0;
  let lastColumn = -1;
  for (let k = 0; k < count; k++) {
    const triplet = order[k]!;
    const column = columnOf[triplet]!;
    const row = rowOf[triplet]!;
    if (column !== lastColumn || rowIndices[used - 1] !== row) {
      rowIndices[used++] = row;
      columnStarts[column + 1]! += 1;
      lastColumn = column;
    }
    slots[triplet] = used - 1;
  }
  for (let j = 0; j < columns; j++) columnStarts[j + 1]! += columnStarts[j]!;
  const compressed = new Float64Array(used);
  if (values !== undefined) for (let k = 0; k < count; k++) compressed[slots[k]!]! += values[k]!;
  return {
    matrix: { kind: 'sparse', rows, columns, columnStarts, rowIndices: rowIndices.slice(0, used), values: compressed },
    slots,
  };
}

/** Entries of a sparse matrix to be, in any order; values of equal positions add up. */
export class Triplets {
  private readonly rows: number[] = [];
  private readonly columns: number[] = [];
  private readonly values: number[] = [];

  /** Number of entries so far. */
  get count(): number {
    return this.rows.length;
  }

  /** Adds one entry; entries of one position are added up. */
  add(row: number, column: number, value: number): void {
    this.rows.push(row);
    this.columns.push(column);
    this.values.push(value);
  }

  /** Adds the entries of a matrix, `rowShift` rows further down. */
  addMatrix(matrix: SparseMatrix, rowShift = 0): void {
    forEachEntry(matrix, (row, column, value) => this.add(row + rowShift, column, value));
  }

  /** Adds zeros on the diagonal, so that the matrix has entries there. */
  addDiagonal(order: number): void {
    for (let k = 0; k < order; k++) this.add(k, k, 0);
  }

  /** The matrix in compressed columns. Throws RangeError for an index outside it. */
  assemble(rows: number, columns: number): AssembledMatrix {
    return assembleSparse(rows, columns, this.rows, this.columns, this.values);
  }
}

/**
 * Visits the stored entries of a matrix column by column; for hot loops a callback is too slow.
 *
 * @param matrix - In compressed columns.
 * @param visit - Called with row, column, value and place of each entry.
 * @example
 * ```ts
 * import { assembleSparse, forEachEntry } from 'sft-opt/linalg';
 *
 * forEachEntry(assembleSparse(2, 2, [1], [0], [5]).matrix, (row, column, value) => console.log(row, column, value)); // 1 0 5
 * ```
 */
export function forEachEntry(
  { columns, columnStarts, rowIndices, values }: SparseMatrix,
  visit: (row: number, column: number, value: number, slot: number) => void,
): void {
  for (let j = 0; j < columns; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) visit(rowIndices[k]!, j, values[k]!, k);
  }
}

/**
 * Rows and columns of a matrix, each in increasing order, as a matrix of their own.
 *
 * @param matrix - In compressed columns.
 * @param rows - Rows to keep, increasing.
 * @param columns - Columns to keep, increasing.
 * @example
 * ```ts
 * import { assembleSparse, submatrix } from 'sft-opt/linalg';
 *
 * const { matrix } = assembleSparse(2, 2, [0, 1], [0, 1], [3, 5]);
 * console.log(submatrix(matrix, Int32Array.of(1), Int32Array.of(1)).values); // Float64Array(1) [ 5 ]
 * ```
 */
export function submatrix(matrix: SparseMatrix, rows: Int32Array, columns: Int32Array): SparseMatrix {
  const newRow = new Int32Array(matrix.rows).fill(-1);
  const newColumn = new Int32Array(matrix.columns).fill(-1);
  rows.forEach((row, k) => (newRow[row] = k));
  columns.forEach((column, k) => (newColumn[column] = k));
  const triplets = new Triplets();
  forEachEntry(matrix, (row, column, value) => {
    if (newRow[row]! >= 0 && newColumn[column]! >= 0) triplets.add(newRow[row]!, newColumn[column]!, value);
  });
  return triplets.assemble(rows.length, columns.length).matrix;
}

/** Stable order of items by key, starting from `previous` order. */
function countingSort(
  keys: ArrayLike<number>,
  previous: Int32Array | undefined,
  keyCount: number,
  what: string,
): Int32Array {
  const starts = new Int32Array(keyCount + 1);
  for (let k = 0; k < keys.length; k++) {
    const key = keys[k]!;
    if (!(key >= 0 && key < keyCount)) throw new ArgumentError(`${what} ${key} lies outside a matrix of ${keyCount}`);
    starts[key + 1]! += 1;
  }
  for (let key = 0; key < keyCount; key++) starts[key + 1]! += starts[key]!;
  const order = new Int32Array(keys.length);
  for (let k = 0; k < keys.length; k++) {
    const item = previous === undefined ? k : previous[k]!;
    order[starts[keys[item]!]!++] = item;
  }
  return order;
}

/**
 * Aᵀ.
 *
 * @param matrix - In compressed columns.
 * @example
 * ```ts
 * import { emptySparse, transpose } from 'sft-opt/linalg';
 *
 * const { rows, columns } = transpose(emptySparse(2, 3));
 * console.log(rows, columns); // 3 2
 * ```
 */
export function transpose(matrix: SparseMatrix): SparseMatrix {
  const { rows, columns, columnStarts, rowIndices, values } = matrix;
  const count = columnStarts[columns]!;
  const starts = new Int32Array(rows + 1);
  for (let k = 0; k < count; k++) starts[rowIndices[k]! + 1]! += 1;
  for (let i = 0; i < rows; i++) starts[i + 1]! += starts[i]!;
  const next = starts.slice();
  const indices = new Int32Array(count);
  const entries = new Float64Array(count);
  for (let j = 0; j < columns; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      const at = next[rowIndices[k]!]!++;
      indices[at] = j;
      entries[at] = values[k]!;
    }
  }
  return { kind: 'sparse', rows: columns, columns: rows, columnStarts: starts, rowIndices: indices, values: entries };
}

/**
 * The matrix in compressed columns; exact zeros of a dense one are dropped. A sparse matrix is returned as it is.
 *
 * @param matrix - Dense, sparse or diagonal.
 * @example
 * ```ts
 * import { denseMatrix, toSparse } from 'sft-opt/linalg';
 *
 * console.log(toSparse(denseMatrix(2, 2, Float64Array.of(1, 0, 0, 4))).values); // Float64Array(2) [ 1, 4 ]
 * ```
 */
export function toSparse(matrix: Matrix): SparseMatrix {
  if (matrix.kind === 'sparse') return matrix;
  const { rows, columns, values } = matrix;
  const columnStarts = new Int32Array(columns + 1);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) if (values[i * columns + j] !== 0) columnStarts[j + 1]! += 1;
  }
  for (let j = 0; j < columns; j++) columnStarts[j + 1]! += columnStarts[j]!;
  const next = columnStarts.slice();
  const rowIndices = new Int32Array(columnStarts[columns]!);
  const entries = new Float64Array(columnStarts[columns]!);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const value = values[i * columns + j]!;
      if (value === 0) continue;
      const at = next[j]!++;
      rowIndices[at] = i;
      entries[at] = value;
    }
  }
  return { kind: 'sparse', rows, columns, columnStarts, rowIndices, values: entries };
}

/**
 * A matrix without entries.
 *
 * @param rows - Rows of the matrix.
 * @param columns - Columns of the matrix.
 * @example
 * ```ts
 * import { emptySparse, storedEntries } from 'sft-opt/linalg';
 *
 * console.log(storedEntries(emptySparse(2, 3))); // 0
 * ```
 */
export function emptySparse(rows: number, columns: number): SparseMatrix {
  return {
    kind: 'sparse',
    rows,
    columns,
    columnStarts: new Int32Array(columns + 1),
    rowIndices: new Int32Array(0),
    values: new Float64Array(0),
  };
}

/**
 * Lower triangle (with diagonal) of a symmetric matrix in compressed columns; an absent matrix is zero.
 *
 * @param matrix - Symmetric; a zero matrix when undefined.
 * @param order - Order of the matrix.
 * @example
 * ```ts
 * import { denseMatrix, lowerTriangle } from 'sft-opt/linalg';
 *
 * console.log(lowerTriangle(denseMatrix(2, 2, Float64Array.of(1, 2, 2, 4)), 2).values); // Float64Array(3) [ 1, 2, 4 ]
 * ```
 */
export function lowerTriangle(matrix: SymmetricMatrix | undefined, order: number): SparseMatrix {
  if (matrix === undefined) return emptySparse(order, order);
  if (matrix.kind === 'diagonal') {
    const { values } = matrix;
    return {
      kind: 'sparse',
      rows: order,
      columns: order,
      columnStarts: Int32Array.from({ length: order + 1 }, (_, j) => j),
      rowIndices: Int32Array.from({ length: order }, (_, j) => j),
      values: values.slice(),
    };
  }
  if (matrix.kind === 'diagonal-plus-low-rank') {
    const { diagonal, factor, weights } = matrix;
    const dense = new Float64Array(order * order);
    for (let i = 0; i < order; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = i === j ? diagonal[i]! : 0;
        for (let k = 0; k < weights.length; k++) {
          sum += factor.values[i * factor.columns + k]! * weights[k]! * factor.values[j * factor.columns + k]!;
        }
        dense[i * order + j] = sum;
      }
    }
    return toSparse({ kind: 'dense', rows: order, columns: order, values: dense });
  }
  const triplets = new Triplets();
  forEachEntry(toSparse(matrix), (row, column, value) => {
    if (row >= column) triplets.add(row, column, value);
  });
  return triplets.assemble(order, order).matrix;
}

/**
 * target ← Sx for a symmetric S given by its lower triangle.
 *
 * @param lower - Lower triangle with its diagonal.
 * @param x - Length order.
 * @param target - Written to.
 * @example
 * ```ts
 * import { denseMatrix, lowerTriangle, multiplyLowerTriangle } from 'sft-opt/linalg';
 *
 * const lower = lowerTriangle(denseMatrix(2, 2, Float64Array.of(1, 2, 2, 4)), 2);
 * const target = new Float64Array(2);
 * multiplyLowerTriangle(lower, Float64Array.of(1, 1), target);
 * console.log(target); // Float64Array(2) [ 3, 6 ]
 * ```
 */
export function multiplyLowerTriangle(lower: SparseMatrix, x: Float64Array, target: Float64Array): void {
  const { columns, columnStarts, rowIndices, values } = lower;
  target.fill(0, 0, columns);
  for (let j = 0; j < columns; j++) {
    const xj = x[j]!;
    let sum = 0;
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      const i = rowIndices[k]!;
      target[i]! += values[k]! * xj;
      if (i !== j) sum += values[k]! * x[i]!;
    }
    target[j]! += sum;
  }
}
