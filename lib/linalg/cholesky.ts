import { addScaledRange, dotRange } from './vector.js';

/**
 * Cholesky factor A = LLᵀ of a dense positive definite matrix, L row-major lower triangular. Workspaces are allocated
 * once; `factor` may be called again and again for matrices of order up to `capacity`.
 */
export class DenseCholesky {
  /** L, row-major with stride `capacity`; entries above the diagonal are not used. */
  readonly lower: Float64Array;
  private readonly work: Float64Array;
  private currentOrder = 0;

  constructor(readonly capacity: number) {
    this.lower = new Float64Array(capacity * capacity);
    this.work = new Float64Array(capacity);
  }

  get order(): number {
    return this.currentOrder;
  }

  /**
   * Factors A + shift·I from the lower triangle of `matrix` (row-major, stride = order).
   * Returns −1 on success, else the first row whose pivot is at most `pivotTolerance` times its own diagonal entry: the
   * leading block up to that row is then the largest one found to be safely positive definite.
   */
  factor(matrix: Float64Array, order: number, shift = 0, pivotTolerance = 1e-14): number {
    const { lower, capacity: stride } = this;
    this.currentOrder = order;
    for (let i = 0; i < order; i++) {
      const row = i * stride;
      for (let j = 0; j < i; j++) {
        const column = j * stride;
        lower[row + j] = (matrix[i * order + j]! - dotRange(lower, row, lower, column, j)) / lower[column + j]!;
      }
      const diagonal = matrix[i * order + i]! + shift;
      const pivot = diagonal - dotRange(lower, row, lower, row, i);
      if (!(pivot > pivotTolerance * Math.abs(diagonal)) || !Number.isFinite(pivot)) return i;
      lower[row + i] = Math.sqrt(pivot);
    }
    return -1;
  }

  /** x ← L⁻¹x, where the first `start` entries of x are known to be zero. */
  solveLower(x: Float64Array, xStart = 0, start = 0): void {
    const { lower, capacity: stride, currentOrder: order } = this;
    for (let i = start; i < order; i++) {
      const row = i * stride;
      const sum = dotRange(lower, row + start, x, xStart + start, i - start);
      x[xStart + i] = (x[xStart + i]! - sum) / lower[row + i]!;
    }
  }

  /** x ← L⁻ᵀx. */
  solveLowerTransposed(x: Float64Array, xStart = 0): void {
    const { lower, capacity: stride, currentOrder: order } = this;
    for (let i = order - 1; i >= 0; i--) {
      const row = i * stride;
      const value = x[xStart + i]! / lower[row + i]!;
      x[xStart + i] = value;
      if (value !== 0) addScaledRange(x, xStart, -value, lower, row, i);
    }
  }

  /** x ← A⁻¹x. */
  solve(x: Float64Array): void {
    this.solveLower(x);
    this.solveLowerTransposed(x);
  }

  /**
   * Replaces A by A + sign·vvᵀ in O(order²) (Gill, Golub, Murray & Saunders 1974). Returns false, the factor being
   * then undefined, when a downdate would leave the matrix not positive definite.
   */
  update(vector: Float64Array, sign: 1 | -1): boolean {
    const { lower, capacity: stride, currentOrder: order, work } = this;
    work.set(vector.subarray(0, order));
    for (let k = 0; k < order; k++) {
      const diagonal = lower[k * stride + k]!;
      const entry = work[k]!;
      const squared = diagonal * diagonal + sign * entry * entry;
      if (!(squared > 0)) return false;
      const updated = Math.sqrt(squared);
      const cosine = updated / diagonal;
      const sine = entry / diagonal;
      lower[k * stride + k] = updated;
      for (let i = k + 1; i < order; i++) {
        const value = (lower[i * stride + k]! + sign * sine * work[i]!) / cosine;
        lower[i * stride + k] = value;
        work[i] = cosine * work[i]! - sine * value;
      }
    }
    return true;
  }
}
