import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Eigenvalues this much smaller than the largest one, after scaling to a unit diagonal, are rounding. */
const negligible = 1e-14;

/**
 * (JᵀWJ)⁻¹ over the free parameters of a normal matrix (row-major, `order` × `order`), spread to all with zeros. Directions
 * that the data leave open get the variance of the smallest eigenvalue that rounding can tell from 0: a huge one.
 *
 * @param matrix - Row-major.
 * @param free - Indices of the parameters that may move.
 * @param order - Rows and columns of the matrix.
 * @example
 * ```ts
 * import { inverseOfNormalMatrix } from 'sft-opt/least-squares';
 *
 * console.log(inverseOfNormalMatrix(Float64Array.of(2, 0, 0, 4), [0, 1], 2)); // Float64Array(4) [ 0.5, 0, 0, 0.25 ]
 * ```
 */
export function inverseOfNormalMatrix(matrix: Float64Array, free: readonly number[], order: number): Float64Array {
  const inverse = new Float64Array(order * order);
  if (free.length === 0) return inverse;
  const scale = free.map((k) => 1 / Math.sqrt(matrix[k * order + k]!));
  const reduced = new Matrix(free.map((i, a) => free.map((j, b) => matrix[i * order + j]! * scale[a]! * scale[b]!)));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(reduced, { assumeSymmetric: true });
  const least = negligible * Math.max(...realEigenvalues);
  free.forEach((i, a) => {
    free.forEach((j, b) => {
      const sum = realEigenvalues.reduce(
        (total, value, k) =>
          total + (eigenvectorMatrix.get(a, k) * eigenvectorMatrix.get(b, k)) / Math.max(value, least),
        0,
      );
      inverse[i * order + j] = sum * scale[a]! * scale[b]!;
    });
  });
  return inverse;
}
