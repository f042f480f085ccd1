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

/** Px for the P whose lower triangle is given. */
export function symmetricProduct(triangle: readonly SparseRow[], x: readonly Dyadic[]): Dyadic[] {
  const product = x.map(() => Dyadic.zero);
  triangle.forEach((row, i) => {
    for (let k = 0; k < row.columns.length; k++) {
      const j = row.columns[k]!;
      const value = row.values[k]!;
      product[i] = product[i]!.plus(value.times(x[j]!));
      if (i !== j) product[j] = product[j]!.plus(value.times(x[i]!));
    }
  });
  return product;
}
