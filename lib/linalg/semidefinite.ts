import type { SparseMatrix } from './matrix.js';
import { SparseSymmetricFactor } from './sparse-factor.js';
import { Triplets } from './sparse.js';

/**
 * True if a symmetric matrix P, given by its lower triangle, is positive semidefinite as far as rounding can tell: positive definite once each
 * diagonal entry is raised by a share of 1e-8, and by at most 1e-9·max|P|. False when stopped.
 *
 * @param lower - Lower triangle with its diagonal.
 * @param stop - Asked now and then; true ends the work.
 * @example
 * ```ts
 * import { denseMatrix, isPositiveSemidefinite, lowerTriangle } from 'sft-opt/linalg';
 *
 * const lower = (b: number) => lowerTriangle(denseMatrix(2, 2, Float64Array.of(1, b, b, 1)), 2);
 * console.log(isPositiveSemidefinite(lower(0.5)), isPositiveSemidefinite(lower(2))); // true false
 * ```
 */
export function isPositiveSemidefinite(lower: SparseMatrix, stop?: () => boolean): boolean {
  const { columns: n, columnStarts, rowIndices, values } = lower;
  const diagonal = new Float64Array(n);
  let largest = 0;
  for (let j = 0; j < n; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      if (rowIndices[k] === j) diagonal[j] = values[k]!;
      largest = Math.max(largest, Math.abs(values[k]!));
    }
  }
  if (largest === 0) return true;
  if (diagonal.some((value) => value < 0)) return false;
  // Rows with a diagonal entry alone have been judged.
  const coupled = new Uint8Array(n);
  for (let j = 0; j < n; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      if (rowIndices[k] !== j && values[k] !== 0) coupled[rowIndices[k]!] = coupled[j] = 1;
    }
  }
  const rows = Int32Array.from({ length: n }, (_, j) => j).filter((j) => coupled[j] === 1);
  const order = rows.length;
  if (order === 0) return true;
  const place = new Int32Array(n);
  rows.forEach((j, k) => (place[j] = k));
  // Scaled to a unit diagonal, so that the test does not depend on the variables' units.
  const sizes = diagonal.map((value) => Math.sqrt(Math.max(value, 1e-12 * largest)));
  const triplets = new Triplets();
  rows.forEach((j, k) => triplets.add(k, k, Math.min(1e-8, (1e-9 * largest) / sizes[j]! ** 2)));
  for (let j = 0; j < n; j++) {
    if (coupled[j] === 0) continue;
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      const row = rowIndices[k]!;
      if (coupled[row] === 1) triplets.add(place[row]!, place[j]!, values[k]! / sizes[j]! / sizes[row]!);
    }
  }
  const { matrix } = triplets.assemble(order, order);
  const factor = new SparseSymmetricFactor(matrix, undefined, undefined, stop);
  return factor.factor(matrix.values, { mostNegative: 0, ...(stop && { stop }) });
}
