import type { SparseMatrix } from './matrix.js';
import { SparseSymmetricFactor } from './sparse-factor.js';
import { assembleSparse } from './sparse.js';

/**
 * True if a symmetric matrix P, given by its lower triangle, is positive semidefinite as far as rounding can tell: positive definite once each
 * diagonal entry is raised by a share of 1e-8, and by at most 1e-9·max|P|. False when stopped.
 */
export function isPositiveSemidefinite(lower: SparseMatrix, stop?: () => boolean): boolean {
  const n = lower.columns;
  const diagonal = new Float64Array(n);
  let largest = 0;
  for (let j = 0; j < n; j++) {
    for (let k = lower.columnStarts[j]!; k < lower.columnStarts[j + 1]!; k++) {
      if (lower.rowIndices[k] === j) diagonal[j] = lower.values[k]!;
      largest = Math.max(largest, Math.abs(lower.values[k]!));
    }
  }
  if (largest === 0) return true;
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  for (let j = 0; j < n; j++) {
    if (diagonal[j]! < 0) return false;
    // Scaled to a unit diagonal, so that the test does not depend on the variables' units.
    const own = Math.sqrt(Math.max(diagonal[j]!, 1e-12 * largest));
    rows.push(j);
    columns.push(j);
    values.push(Math.min(1e-8, (1e-9 * largest) / (own * own)));
    for (let k = lower.columnStarts[j]!; k < lower.columnStarts[j + 1]!; k++) {
      const i = lower.rowIndices[k]!;
      rows.push(i);
      columns.push(j);
      values.push(lower.values[k]! / own / Math.sqrt(Math.max(diagonal[i]!, 1e-12 * largest)));
    }
  }
  const { matrix } = assembleSparse(n, n, rows, columns, values);
  const factor = new SparseSymmetricFactor(matrix, undefined, undefined, stop);
  return factor.factor(matrix.values, { mostNegative: 0, ...(stop && { stop }) });
}
