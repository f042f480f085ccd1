import type { DelayRows } from './delay-rows.js';

/**
 * Rows as largest of smooth functions. Between two neighbouring kinks every term of a row is one of its pieces; extended to
 * all w these lie below the row, and the row is the largest of them. A row without kinks in reach is its own only facet.
 */
export interface SmoothFacets {
  /** Facets of device n are start[n] … start[n + 1] − 1, row by row. */
  readonly start: Int32Array;
  readonly row: Int32Array;
  /** Position of the row among its device's. */
  readonly kind: Int32Array;
  /** A place in w between the kinks: `branch` of `evaluateRow`. */
  readonly branch: Float64Array;
  /** Facets of each row. */
  readonly ofRow: Int32Array;
}

/** Facets of all rows, `perDevice` a device, for w within the devices' limits (and at least 1: no share passes the band). */
export function smoothFacets(
  rows: DelayRows,
  perDevice: number,
  leastReciprocal: Float64Array,
  greatestReciprocal: Float64Array,
): SmoothFacets {
  const count = leastReciprocal.length;
  const start = new Int32Array(count + 1);
  const row: number[] = [];
  const kind: number[] = [];
  const branch: number[] = [];
  const ofRow = new Int32Array(rows.count);
  for (let n = 0; n < count; n++) {
    const least = Math.max(leastReciprocal[n]!, 1);
    const greatest = greatestReciprocal[n]!;
    for (let r = 0; r < perDevice; r++) {
      const i = n * perDevice + r;
      const kinks = rows.kinked ? kinksBetween(rows, i, least, greatest) : [];
      for (const place of [...kinks, greatest]) {
        row.push(i);
        kind.push(r);
        branch.push(place);
      }
      ofRow[i] = kinks.length + 1;
    }
    start[n + 1] = row.length;
  }
  return {
    start,
    row: Int32Array.from(row),
    kind: Int32Array.from(kind),
    branch: Float64Array.from(branch),
    ofRow,
  };
}

function kinksBetween(rows: DelayRows, row: number, least: number, greatest: number): number[] {
  const kinks = new Set<number>();
  for (let k = rows.termStart[row]!; k < rows.termStart[row + 1]!; k++) {
    const kink = rows.termKink[k]!;
    if (kink > least && kink < greatest) kinks.add(kink);
  }
  return [...kinks].sort((a, b) => a - b);
}
