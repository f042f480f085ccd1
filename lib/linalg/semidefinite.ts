import type { SparseMatrix } from './matrix.js';
import { SparseSymmetricFactor } from './sparse-factor.js';
import { forEachEntry, Triplets } from './sparse.js';

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
  const n = lower.columns;
  const diagonal = new Float64Array(n);
  let largest = 0;
  forEachEntry(lower, (row, column, value) => {
    if (row === column) diagonal[row] = value;
    largest = Math.max(largest, Math.abs(value));
  });
  if (largest === 0) return true;
  if (diagonal.some((value) => value < 0)) return false;
  // Rows with a diagonal entry alone have been judged.
  const coupled = new Uint8Array(n);
  forEachEntry(lower, (row, column, value) => {
    if (row !== column && value !== 0) coupled[row] = coupled[column] = 1;
  });
  const rows = Int32Array.from({ length: n }, (_, j) => j).filter((j) => coupled[j] === 1);
  const order = rows.length;
  if (order === 0) return true;
  const place = new Int32Array(n);
  rows.forEach((j, k) => (place[j] = k));
  // Scaled to a unit diagonal, so that the test does not depend on the variables' units.
  const sizes = diagonal.map((value) => Math.sqrt(Math.max(value, 1e-12 * largest)));
  const triplets = new Triplets();
  rows.forEach((j, k) => triplets.add(k, k, Math.min(1e-8, (1e-9 * largest) / sizes[j]! ** 2)));
  forEachEntry(lower, (row, column, value) => {
    if (coupled[row] === 1 && coupled[column] === 1) {
      triplets.add(place[row]!, place[column]!, value / sizes[column]! / sizes[row]!);
    }
  });
  const { matrix } = triplets.assemble(order, order);
  const factor = new SparseSymmetricFactor(matrix, undefined, undefined, stop);
  return factor.factor(matrix.values, { mostNegative: 0, ...(stop && { stop }) });
}
