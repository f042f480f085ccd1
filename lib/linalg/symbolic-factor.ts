import { ArgumentError } from '../errors/index.js';
import { eliminationTree, factorColumnCounts, postorder } from './elimination-tree.js';
import type { SparseMatrix } from './matrix.js';

/** What is known of PAPᵀ = LDLᵀ from the pattern of A alone. */
export interface SymbolicFactor {
  readonly order: number;
  /** Row of A that is eliminated k-th. */
  readonly permutation: Int32Array;
  /** Upper triangle of PAPᵀ in compressed columns, rows in no particular order. */
  readonly upperStarts: Int32Array;
  readonly upperRows: Int32Array;
  /** Where entry k of the caller's lower triangle goes in the upper triangle. */
  readonly entryMap: Int32Array;
  /** Parent of each column in the elimination tree, −1 for a root. */
  readonly parent: Int32Array;
  /** Entries of L below the diagonal in each column. */
  readonly columnCounts: Int32Array;
  /** Sum of `columnCounts`. */
  readonly factorEntries: number;
  /** Multiplications and additions of one factorisation. */
  readonly operations: number;
}

/**
 * Analyses the pattern of a lower triangle for an order of elimination, which is postordered first; undefined when
 * stopped.
 */
export function analysePattern(
  pattern: SparseMatrix,
  order: Int32Array,
  stop?: () => boolean,
): SymbolicFactor | undefined {
  const size = pattern.columns;
  const first = permutedUpper(pattern, order);
  const post = postorder(eliminationTree(size, first.starts, first.rows));
  const permutation = Int32Array.from({ length: size }, (_, k) => order[post[k]!]!);
  const { starts, rows, entryMap } = permutedUpper(pattern, permutation);
  const parent = eliminationTree(size, starts, rows);
  const columnCounts = factorColumnCounts(size, starts, rows, parent, stop);
  if (columnCounts === undefined) return undefined;
  let factorEntries = 0;
  let operations = 0;
  for (let j = 0; j < size; j++) {
    const count = columnCounts[j]!;
    factorEntries += count;
    operations += count * (count + 3);
  }
  return {
    order: size,
    permutation,
    upperStarts: starts,
    upperRows: rows,
    entryMap,
    parent,
    columnCounts,
    factorEntries,
    operations,
  };
}

/** Neighbours of each row in the graph of a symmetric matrix given by its lower triangle, without loops. */
export function adjacency(pattern: SparseMatrix): { starts: Int32Array; neighbours: Int32Array } {
  const { columns: order, columnStarts, rowIndices } = pattern;
  const starts = new Int32Array(order + 1);
  for (let j = 0; j < order; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      const i = rowIndices[k]!;
      if (i < j) throw new ArgumentError(`entry (${i}, ${j}) lies above the diagonal`);
      if (i === j) continue;
      starts[i + 1]! += 1;
      starts[j + 1]! += 1;
    }
  }
  for (let j = 0; j < order; j++) starts[j + 1]! += starts[j]!;
  const next = starts.slice();
  const neighbours = new Int32Array(starts[order]!);
  for (let j = 0; j < order; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      const i = rowIndices[k]!;
      if (i === j) continue;
      neighbours[next[i]!++] = j;
      neighbours[next[j]!++] = i;
    }
  }
  return { starts, neighbours };
}

/** Upper triangle of PAPᵀ in compressed columns; row indices within a column are in no particular order. */
function permutedUpper(
  pattern: SparseMatrix,
  permutation: Int32Array,
): { starts: Int32Array; rows: Int32Array; entryMap: Int32Array } {
  const { columns: order, columnStarts, rowIndices } = pattern;
  const position = new Int32Array(order);
  for (let k = 0; k < order; k++) position[permutation[k]!] = k;
  const count = columnStarts[order]!;
  const starts = new Int32Array(order + 1);
  for (let j = 0; j < order; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      starts[Math.max(position[rowIndices[k]!]!, position[j]!) + 1]! += 1;
    }
  }
  for (let j = 0; j < order; j++) starts[j + 1]! += starts[j]!;
  const next = starts.slice();
  const rows = new Int32Array(count);
  const entryMap = new Int32Array(count);
  for (let j = 0; j < order; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      const a = position[rowIndices[k]!]!;
      const b = position[j]!;
      const at = next[Math.max(a, b)]!++;
      rows[at] = Math.min(a, b);
      entryMap[k] = at;
    }
  }
  return { starts, rows, entryMap };
}
