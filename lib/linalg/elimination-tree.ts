/**
 * Elimination tree of a symmetric matrix given by its upper triangle in compressed columns (Liu 1990): the parent of
 * each column, −1 for a root.
 *
 * @param order - Rows and columns of the matrix.
 * @param starts - Where each column's entries begin in the list of indices, length order + 1.
 * @param rows - Rows of the upper triangle's entries, column by column.
 * @example
 * ```ts
 * import { eliminationTree } from 'sft-opt/linalg';
 *
 * // Entries (0, 0), (1, 1), (0, 2), (2, 2).
 * console.log(eliminationTree(3, Int32Array.of(0, 1, 2, 4), Int32Array.of(0, 1, 0, 2))); // Int32Array(3) [ 2, -1, -1 ]
 * ```
 */
export function eliminationTree(order: number, starts: Int32Array, rows: Int32Array): Int32Array {
  const parent = new Int32Array(order).fill(-1);
  const ancestor = new Int32Array(order).fill(-1);
  for (let k = 0; k < order; k++) {
    for (let p = starts[k]!; p < starts[k + 1]!; p++) {
      let i = rows[p]!;
      while (i >= 0 && i < k) {
        const next = ancestor[i]!;
        ancestor[i] = k;
        if (next < 0) parent[i] = k;
        i = next;
      }
    }
  }
  return parent;
}

/**
 * Children before parents, each subtree contiguous.
 *
 * @param parent - Parent of each node, −1 for a root.
 * @example
 * ```ts
 * import { postorder } from 'sft-opt/linalg';
 *
 * console.log(postorder(Int32Array.of(2, 2, -1))); // Int32Array(3) [ 0, 1, 2 ]
 * ```
 */
export function postorder(parent: Int32Array): Int32Array {
  const order = parent.length;
  const firstChild = new Int32Array(order).fill(-1);
  const sibling = new Int32Array(order).fill(-1);
  for (let i = order - 1; i >= 0; i--) {
    const p = parent[i]!;
    if (p < 0) continue;
    sibling[i] = firstChild[p]!;
    firstChild[p] = i;
  }
  const result = new Int32Array(order);
  const stack = new Int32Array(order);
  let position = 0;
  for (let root = 0; root < order; root++) {
    if (parent[root]! >= 0) continue;
    let depth = 0;
    stack[0] = root;
    while (depth >= 0) {
      const node = stack[depth]!;
      const child = firstChild[node]!;
      if (child < 0) {
        result[position++] = node;
        depth--;
      } else {
        firstChild[node] = sibling[child]!;
        stack[++depth] = child;
      }
    }
  }
  return result;
}

/** Entries of L counted between two questions whether to stop. */
const entriesBetweenPolls = 500_000;

/**
 * Entries below the diagonal in each column of L, by walking every row's subtree; undefined when stopped.
 *
 * @param order - Rows and columns of the matrix.
 * @param starts - Where each column's entries begin in the list of indices, length order + 1.
 * @param rows - Row of each entry, column by column.
 * @param parent - Elimination tree.
 * @param stop - Asked now and then; true ends the work.
 * @example
 * ```ts
 * import { eliminationTree, factorColumnCounts } from 'sft-opt/linalg';
 *
 * const [starts, rows] = [Int32Array.of(0, 1, 2, 4), Int32Array.of(0, 1, 0, 2)];
 * console.log(factorColumnCounts(3, starts, rows, eliminationTree(3, starts, rows))); // Int32Array(3) [ 1, 0, 0 ]
 * ```
 */
export function factorColumnCounts(
  order: number,
  starts: Int32Array,
  rows: Int32Array,
  parent: Int32Array,
  stop?: () => boolean,
): Int32Array | undefined {
  let unpolled = 0;
  const counts = new Int32Array(order);
  const mark = new Int32Array(order).fill(-1);
  for (let k = 0; k < order; k++) {
    mark[k] = k;
    for (let p = starts[k]!; p < starts[k + 1]!; p++) {
      let i = rows[p]!;
      while (i < k && mark[i] !== k) {
        mark[i] = k;
        counts[i]! += 1;
        unpolled++;
        i = parent[i]!;
      }
    }
    if (unpolled > entriesBetweenPolls && stop !== undefined) {
      unpolled = 0;
      if (stop()) return undefined;
    }
  }
  return counts;
}
