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
  const rowNumbers = wholeNumbers(rowOf, rows, 'row');
  const columnNumbers = wholeNumbers(columnOf, columns, 'column');
  const given = new Int32Array(count);
  for (let k = 0; k < count; k++) given[k] = k;
  const order = countingSort(columnNumbers, countingSort(rowNumbers, given, rows), columns);
  const slots = new Int32Array(count);
  const columnStarts = new Int32Array(columns + 1);
  const rowIndices = new Int32Array(count);
  let used = 0;
  let lastColumn = -1;
  for (let k = 0; k < count; k++) {
    const triplet = order[k]!;
    const column = columnNumbers[triplet]!;
    const row = rowNumbers[triplet]!;
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

/** The numbers of rows or columns, each of them below `limit`. */
function wholeNumbers(given: ArrayLike<number>, limit: number, what: string): Int32Array {
  const numbers = given instanceof Int32Array ? given : Int32Array.from(given);
  for (let k = 0; k < numbers.length; k++) {
    const number = numbers[k]!;
    if (!(number >= 0 && number < limit) || number !== given[k]) {
      throw new ArgumentError(`${what} ${given[k]!} lies outside a matrix of ${limit}`);
    }
  }
  return numbers;
}

/**
 * A matrix with other values at the same places.
 *
 * @param matrix - In compressed columns.
 * @param values - As many as the matrix has.
 * @example
 * ```ts
 * import { assembleSparse, withValues } from 'sft-opt/linalg';
 *
 * const { matrix } = assembleSparse(2, 2, [0, 1], [0, 1], [3, 5]);
 * console.log(withValues(matrix, Float64Array.of(1, 2)).values); // Float64Array(2) [ 1, 2 ]
 * ```
 */
export function withValues(matrix: SparseMatrix, values: Float64Array): SparseMatrix {
  const { rows, columns, columnStarts, rowIndices } = matrix;
  return { kind: 'sparse', rows, columns, columnStarts, rowIndices, values };
}

/** Entries of a sparse matrix to be, in any order; values of equal positions add up. */
export class Triplets {
  private rows: Int32Array;
  private columns: Int32Array;
  private values: Float64Array;
  private used = 0;

  /** @param expected - Number of entries to make room for; more are taken all the same. */
  constructor(expected = 16) {
    this.rows = new Int32Array(expected);
    this.columns = new Int32Array(expected);
    this.values = new Float64Array(expected);
  }

  /** Number of entries so far. */
  get count(): number {
    return this.used;
  }

  /** Adds one entry; entries of one position are added up. Throws RangeError for an index that is no whole number. */
  add(row: number, column: number, value: number): void {
    if ((row | 0) !== row || (column | 0) !== column) {
      throw new ArgumentError(`(${row}, ${column}) is no place of a matrix`);
    }
    if (this.used === this.rows.length) this.reserve(1);
    const at = this.used++;
    this.rows[at] = row;
    this.columns[at] = column;
    this.values[at] = value;
  }

  /** Adds the entries of a matrix, `rowShift` rows further down. */
  addMatrix({ columns, columnStarts, rowIndices, values }: SparseMatrix, rowShift = 0): void {
    this.reserve(columnStarts[columns]!);
    let at = this.used;
    for (let j = 0; j < columns; j++) {
      for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++, at++) {
        this.rows[at] = rowIndices[k]! + rowShift;
        this.columns[at] = j;
        this.values[at] = values[k]!;
      }
    }
    this.used = at;
  }

  /** Adds zeros on the diagonal, so that the matrix has entries there. */
  addDiagonal(order: number): void {
    this.reserve(order);
    for (let k = 0; k < order; k++) this.add(k, k, 0);
  }

  private reserve(more: number): void {
    const wanted = this.used + more;
    if (wanted <= this.rows.length) return;
    const length = Math.max(wanted, 2 * this.rows.length);
    const { rows, columns, values } = this;
    this.rows = new Int32Array(length);
    this.rows.set(rows);
    this.columns = new Int32Array(length);
    this.columns.set(columns);
    this.values = new Float64Array(length);
    this.values.set(values);
  }

  /** The matrix in compressed columns. Throws RangeError for an index outside it. */
  assemble(rows: number, columns: number): AssembledMatrix {
    const { used } = this;
    return assembleSparse(
      rows,
      columns,
      this.rows.subarray(0, used),
      this.columns.subarray(0, used),
      this.values.subarray(0, used),
    );
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
  for (let k = 0; k < rows.length; k++) newRow[rows[k]!] = k;
  const { columnStarts, rowIndices, values } = matrix;
  let count = 0;
  for (let k = 0; k < columns.length; k++) count += columnStarts[columns[k]! + 1]! - columnStarts[columns[k]!]!;
  const triplets = new Triplets(count);
  for (let column = 0; column < columns.length; column++) {
    for (let k = columnStarts[columns[column]!]!; k < columnStarts[columns[column]! + 1]!; k++) {
      const row = newRow[rowIndices[k]!]!;
      if (row >= 0) triplets.add(row, column, values[k]!);
    }
  }
  return triplets.assemble(rows.length, columns.length).matrix;
}

/** Stable order of items by key, starting from `previous` order. */
function countingSort(keys: Int32Array, previous: Int32Array, keyCount: number): Int32Array {
  const starts = new Int32Array(keyCount + 1);
  for (let k = 0; k < keys.length; k++) starts[keys[k]! + 1]! += 1;
  for (let key = 0; key < keyCount; key++) starts[key + 1]! += starts[key]!;
  const order = new Int32Array(keys.length);
  for (let k = 0; k < keys.length; k++) {
    const item = previous[k]!;
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
  const { columns, columnStarts, rowIndices, values } = toSparse(matrix);
  const triplets = new Triplets((columnStarts[columns]! + order) >> 1);
  for (let j = 0; j < columns; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      if (rowIndices[k]! >= j) triplets.add(rowIndices[k]!, j, values[k]!);
    }
  }
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
