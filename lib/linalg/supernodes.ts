import type { SymbolicFactor } from './symbolic-factor.js';

/** Columns of L with (nearly) the same rows, stored together as dense panels, and the tree that they form. */
export interface SupernodePartition {
  readonly count: number;
  /** Columns of supernode s: `firstColumns[s] … firstColumns[s + 1] − 1`. */
  readonly firstColumns: Int32Array;
  /** Rows below its own columns, increasing: `rows[rowStarts[s] … rowStarts[s + 1])`. */
  readonly rowStarts: Int32Array;
  readonly rows: Int32Array;
  /** Place of each of these rows in the parent's front (its own columns first, then its rows). */
  readonly places: Int32Array;
  /** −1 for a root. */
  readonly parent: Int32Array;
  readonly supernodeOf: Int32Array;
}

/** Zeros that may be stored, as a share of a panel, for panels of up to so many columns (after CHOLMOD, Chen et al. 2008). */
const relaxation = [
  { columns: 4, share: 1 },
  { columns: 16, share: 0.8 },
  { columns: 48, share: 0.1 },
  { columns: Infinity, share: 0.05 },
] as const;

export function findSupernodes(symbolic: SymbolicFactor): SupernodePartition {
  const firstColumns = relaxedColumns(symbolic);
  const count = firstColumns.length - 1;
  const supernodeOf = new Int32Array(symbolic.order);
  for (let s = 0; s < count; s++) supernodeOf.fill(s, firstColumns[s], firstColumns[s + 1]);
  const { rowStarts, rows, parent } = rowStructure(symbolic, firstColumns, supernodeOf);
  const places = new Int32Array(rows.length);
  for (let s = 0; s < count; s++) {
    const p = parent[s]!;
    if (p < 0) continue;
    const begin = firstColumns[p]!;
    const end = firstColumns[p + 1]!;
    let at = rowStarts[p]!;
    for (let k = rowStarts[s]!; k < rowStarts[s + 1]!; k++) {
      const row = rows[k]!;
      if (row < end) {
        places[k] = row - begin;
        continue;
      }
      while (rows[at] !== row) at++;
      places[k] = end - begin + at - rowStarts[p]!;
    }
  }
  return { count, firstColumns, rowStarts, rows, places, parent, supernodeOf };
}

/** First columns of the supernodes: chains of the tree with nested rows, merged with their parents where zeros are few. */
function relaxedColumns({ order, parent, columnCounts }: SymbolicFactor): Int32Array {
  const firsts: number[] = [];
  for (let j = 0; j < order; j++) {
    const chained = j > 0 && parent[j - 1] === j && columnCounts[j - 1] === columnCounts[j]! + 1;
    if (!chained) firsts.push(j);
  }
  firsts.push(order);
  // From the right, so that a supernode meets its parent as merged so far; the kept ones gather at the end.
  const starts = Int32Array.from(firsts);
  const zeros = new Float64Array(starts.length);
  let kept = starts.length - 1;
  for (let s = starts.length - 2; s >= 0; s--) {
    const first = starts[s]!;
    const next = starts[kept]!;
    const end = kept + 1 < starts.length ? starts[kept + 1]! : order;
    const up = parent[next - 1]!;
    const columns = next - first;
    if (kept < starts.length - 1 && up >= next && up < end) {
      const below = columnCounts[end - 1]!;
      const height = end - first + below;
      const added = columns * (height - columns - columnCounts[next - 1]!);
      const total = zeros[kept]! + added;
      const entries = (end - first) * (below + (end - first + 1) / 2);
      const width = end - first;
      const share = relaxation.find((rule) => width <= rule.columns)!.share;
      if (total <= share * entries) {
        starts[kept] = first;
        zeros[kept] = total;
        continue;
      }
    }
    starts[--kept] = first;
    zeros[kept] = 0;
  }
  return starts.slice(kept);
}

function rowStructure(
  { order, upperStarts, upperRows }: SymbolicFactor,
  firstColumns: Int32Array,
  supernodeOf: Int32Array,
): { rowStarts: Int32Array; rows: Int32Array; parent: Int32Array } {
  const count = firstColumns.length - 1;
  const lower = transposePattern(order, upperStarts, upperRows);
  const parent = new Int32Array(count).fill(-1);
  const firstChild = new Int32Array(count).fill(-1);
  const sibling = new Int32Array(count).fill(-1);
  const rowStarts = new Int32Array(count + 1);
  const mark = new Int32Array(order).fill(-1);
  const gathered = new Int32Array(order);
  let rows = new Int32Array(4 * order + 16);
  for (let s = 0; s < count; s++) {
    const end = firstColumns[s + 1]!;
    let length = 0;
    const take = (row: number): void => {
      if (row < end || mark[row] === s) return;
      mark[row] = s;
      gathered[length++] = row;
    };
    for (let k = lower.starts[firstColumns[s]!]!; k < lower.starts[end]!; k++) take(lower.rows[k]!);
    for (let child = firstChild[s]!; child >= 0; child = sibling[child]!) {
      for (let k = rowStarts[child]!; k < rowStarts[child + 1]!; k++) take(rows[k]!);
    }
    const from = rowStarts[s]!;
    if (from + length > rows.length) {
      const larger = new Int32Array(2 * (from + length));
      larger.set(rows.subarray(0, from));
      rows = larger;
    }
    rows.set(gathered.subarray(0, length).sort(), from);
    rowStarts[s + 1] = from + length;
    if (length === 0) continue;
    const up = supernodeOf[rows[from]!]!;
    parent[s] = up;
    sibling[s] = firstChild[up]!;
    firstChild[up] = s;
  }
  return { rowStarts, rows: rows.slice(0, rowStarts[count]), parent };
}

function transposePattern(
  order: number,
  starts: Int32Array,
  rows: Int32Array,
): { starts: Int32Array; rows: Int32Array } {
  const turned = new Int32Array(order + 1);
  for (const row of rows) turned[row + 1]! += 1;
  for (let i = 0; i < order; i++) turned[i + 1]! += turned[i]!;
  const next = turned.slice();
  const result = new Int32Array(rows.length);
  for (let j = 0; j < order; j++) {
    for (let k = starts[j]!; k < starts[j + 1]!; k++) result[next[rows[k]!]!++] = j;
  }
  return { starts: turned, rows: result };
}
