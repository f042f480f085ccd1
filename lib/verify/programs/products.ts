import { Dyadic } from './dyadic.js';
import type { SparseRow } from './statement.js';

export function dot(row: SparseRow, x: readonly Dyadic[]): Dyadic {
  let sum = Dyadic.zero;
  for (let k = 0; k < row.columns.length; k++) sum = sum.plus(row.values[k]!.times(x[row.columns[k]!]!));
  return sum;
}

export function inner(a: readonly Dyadic[], b: readonly Dyadic[]): Dyadic {
  let sum = Dyadic.zero;
  for (let j = 0; j < a.length; j++) sum = sum.plus(a[j]!.times(b[j]!));
  return sum;
}

/** Adds Aᵀy. */
export function addTransposed(rows: readonly SparseRow[], y: readonly Dyadic[], sum: Dyadic[]): void {
  rows.forEach(({ columns, values }, i) => {
    if (y[i]!.n === 0n) return;
    for (let k = 0; k < columns.length; k++) sum[columns[k]!] = sum[columns[k]!]!.plus(values[k]!.times(y[i]!));
  });
}

/** The product of rows with x. */
export function product(rows: readonly SparseRow[], x: readonly Dyadic[]): Dyadic[] {
  return rows.map((row) => dot(row, x));
}
