import type { SparsityPattern } from '../problem/index.js';

/** Groups of columns that may be differenced together. */
export interface ColumnColouring {
  /** Colour of each column. */
  readonly colours: Int32Array;
  /** Number of colours, and so of differences needed. */
  readonly colourCount: number;
}

/**
 * Colours the columns of a sparse matrix so that no two of one colour share a row (Curtis, Powell & Reid 1974): the
 * matrix then takes one difference a colour. Greedy, columns with most entries first.
 *
 * @param columnCount - Columns of the matrix.
 * @param rowCount - Rows of the matrix.
 * @param pattern - Row and column of each entry.
 * @example
 * ```ts
 * import { colourColumns } from 'sft-opt/derivative';
 *
 * // The first and the last column share no row.
 * console.log(colourColumns(3, 2, { rows: Int32Array.of(0, 0, 1, 1), columns: Int32Array.of(0, 1, 1, 2) }).colourCount); // 2
 * ```
 */
export function colourColumns(columnCount: number, rowCount: number, pattern: SparsityPattern): ColumnColouring {
  const byColumn = grouped(pattern.columns, columnCount);
  const byRow = grouped(pattern.rows, rowCount);
  const order = Array.from({ length: columnCount }, (_, j) => j);
  const size = (j: number) => byColumn.starts[j + 1]! - byColumn.starts[j]!;
  order.sort((a, b) => size(b) - size(a) || a - b);
  const colours = new Int32Array(columnCount).fill(-1);
  const takenBy = new Int32Array(columnCount + 1).fill(-1);
  let colourCount = 0;
  for (const j of order) {
    for (let e = byColumn.starts[j]!; e < byColumn.starts[j + 1]!; e++) {
      const row = pattern.rows[byColumn.entries[e]!]!;
      for (let f = byRow.starts[row]!; f < byRow.starts[row + 1]!; f++) {
        const colour = colours[pattern.columns[byRow.entries[f]!]!]!;
        if (colour >= 0) takenBy[colour] = j;
      }
    }
    let colour = 0;
    while (takenBy[colour] === j) colour++;
    colours[j] = colour;
    colourCount = Math.max(colourCount, colour + 1);
  }
  return { colours, colourCount };
}

/**
 * Entries by the value of `keys`: those of key k are `entries[starts[k] … starts[k + 1])`.
 *
 * @param keys - Key of each entry, 0 … keyCount − 1.
 * @param keyCount - Number of keys.
 * @example
 * ```ts
 * import { grouped } from 'sft-opt/derivative';
 *
 * const { starts, entries } = grouped(Int32Array.of(1, 0, 1), 2);
 * console.log(starts, entries); // Int32Array(3) [ 0, 1, 3 ] Int32Array(3) [ 1, 0, 2 ]
 * ```
 */
export function grouped(keys: Int32Array, keyCount: number): { starts: Int32Array; entries: Int32Array } {
  const starts = new Int32Array(keyCount + 1);
  for (const key of keys) starts[key + 1] = starts[key + 1]! + 1;
  for (let k = 0; k < keyCount; k++) starts[k + 1] = starts[k + 1]! + starts[k]!;
  const next = starts.slice();
  const entries = new Int32Array(keys.length);
  for (let e = 0; e < keys.length; e++) {
    const key = keys[e]!;
    entries[next[key]!] = e;
    next[key] = next[key]! + 1;
  }
  return { starts, entries };
}
