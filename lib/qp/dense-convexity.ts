import { copySymmetricToDense, DenseCholesky, maxNorm, type SymmetricMatrix } from '../linalg/index.js';

/** What `isPositiveSemidefinite` finds of P, from its dense form: O(n³), without the sparse factorisation. */
export function isDenselyConvex(hessian: SymmetricMatrix, n: number): boolean {
  const matrix = new Float64Array(n * n);
  copySymmetricToDense(hessian, n, matrix);
  const largest = maxNorm(matrix);
  if (largest === 0) return true;
  const sizes = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const value = matrix[j * n + j]!;
    if (value < 0) return false;
    sizes[j] = Math.sqrt(Math.max(value, 1e-12 * largest));
  }
  // Scaled to a unit diagonal, so that the test does not depend on the variables' units.
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) matrix[i * n + j]! /= sizes[i]! * sizes[j]!;
    matrix[i * n + i]! += Math.min(1e-8, (1e-9 * largest) / sizes[i]! ** 2);
  }
  return new DenseCholesky(n).factor(matrix, n, 0, 0) < 0;
}
