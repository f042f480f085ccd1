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

  /** Order of the matrix factored last; 0 before the first. */
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
      this.eliminateRow(matrix, i);
      const row = i * stride;
      const diagonal = matrix[i * order + i]! + shift;
      const pivot = diagonal - dotRange(lower, row, lower, row, i);
      if (!(pivot > pivotTolerance * Math.abs(diagonal)) || !Number.isFinite(pivot)) return i;
      lower[row + i] = Math.sqrt(pivot);
    }
    return -1;
  }

  /** Row i of L left of the diagonal, four columns at a time so that the row is read once for all of them. */
  private eliminateRow(matrix: Float64Array, i: number): void {
    const { lower, capacity: stride, currentOrder: order } = this;
    const row = i * stride;
    const source = i * order;
    let j = 0;
    for (; j + 3 < i; j += 4) {
      const row0 = j * stride;
      const row1 = row0 + stride;
      const row2 = row1 + stride;
      const row3 = row2 + stride;
      let sum0 = matrix[source + j]!;
      let sum1 = matrix[source + j + 1]!;
      let sum2 = matrix[source + j + 2]!;
      let sum3 = matrix[source + j + 3]!;
      for (let k = 0; k < j; k++) {
        const entry = lower[row + k]!;
        sum0 -= entry * lower[row0 + k]!;
        sum1 -= entry * lower[row1 + k]!;
        sum2 -= entry * lower[row2 + k]!;
        sum3 -= entry * lower[row3 + k]!;
      }
      const value0 = sum0 / lower[row0 + j]!;
      const value1 = (sum1 - value0 * lower[row1 + j]!) / lower[row1 + j + 1]!;
      const value2 = (sum2 - value0 * lower[row2 + j]! - value1 * lower[row2 + j + 1]!) / lower[row2 + j + 2]!;
      const rest = value0 * lower[row3 + j]! + value1 * lower[row3 + j + 1]! + value2 * lower[row3 + j + 2]!;
      lower[row + j] = value0;
      lower[row + j + 1] = value1;
      lower[row + j + 2] = value2;
      lower[row + j + 3] = (sum3 - rest) / lower[row3 + j + 3]!;
    }
    for (; j < i; j++) {
      const column = j * stride;
      lower[row + j] = (matrix[source + j]! - dotRange(lower, row, lower, column, j)) / lower[column + j]!;
    }
  }

  /** x ← L⁻¹x, where the first `start` entries of x are known to be zero. Four rows in a pass. */
  solveLower(x: Float64Array, xStart = 0, start = 0): void {
    const { lower, capacity: stride, currentOrder: order } = this;
    let i = start;
    for (; i + 3 < order; i += 4) {
      const row0 = i * stride;
      const row1 = row0 + stride;
      const row2 = row1 + stride;
      const row3 = row2 + stride;
      const at = xStart + i;
      let sum0 = x[at]!;
      let sum1 = x[at + 1]!;
      let sum2 = x[at + 2]!;
      let sum3 = x[at + 3]!;
      for (let k = start; k < i; k++) {
        const entry = x[xStart + k]!;
        sum0 -= entry * lower[row0 + k]!;
        sum1 -= entry * lower[row1 + k]!;
        sum2 -= entry * lower[row2 + k]!;
        sum3 -= entry * lower[row3 + k]!;
      }
      const value0 = sum0 / lower[row0 + i]!;
      const value1 = (sum1 - value0 * lower[row1 + i]!) / lower[row1 + i + 1]!;
      const value2 = (sum2 - value0 * lower[row2 + i]! - value1 * lower[row2 + i + 1]!) / lower[row2 + i + 2]!;
      const rest = value0 * lower[row3 + i]! + value1 * lower[row3 + i + 1]! + value2 * lower[row3 + i + 2]!;
      x[at] = value0;
      x[at + 1] = value1;
      x[at + 2] = value2;
      x[at + 3] = (sum3 - rest) / lower[row3 + i + 3]!;
    }
    for (; i < order; i++) {
      const row = i * stride;
      const sum = dotRange(lower, row + start, x, xStart + start, i - start);
      x[xStart + i] = (x[xStart + i]! - sum) / lower[row + i]!;
    }
  }

  /**
   * Both vectors ← L⁻¹·(vector), where the first `start` entries of both are known to be zero: each entry of L is read
   * once for the two.
   */
  solveLowerPair(x: Float64Array, firstStart: number, secondStart: number, start = 0): void {
    const { lower, capacity: stride, currentOrder: order } = this;
    let i = start;
    for (; i + 1 < order; i += 2) {
      const row0 = i * stride;
      const row1 = row0 + stride;
      let first0 = x[firstStart + i]!;
      let first1 = x[firstStart + i + 1]!;
      let second0 = x[secondStart + i]!;
      let second1 = x[secondStart + i + 1]!;
      for (let k = start; k < i; k++) {
        const entry0 = lower[row0 + k]!;
        const entry1 = lower[row1 + k]!;
        const first = x[firstStart + k]!;
        const second = x[secondStart + k]!;
        first0 -= entry0 * first;
        first1 -= entry1 * first;
        second0 -= entry0 * second;
        second1 -= entry1 * second;
      }
      const diagonal0 = lower[row0 + i]!;
      const below = lower[row1 + i]!;
      const diagonal1 = lower[row1 + i + 1]!;
      first0 /= diagonal0;
      second0 /= diagonal0;
      x[firstStart + i] = first0;
      x[secondStart + i] = second0;
      x[firstStart + i + 1] = (first1 - below * first0) / diagonal1;
      x[secondStart + i + 1] = (second1 - below * second0) / diagonal1;
    }
    for (; i < order; i++) {
      const row = i * stride;
      const diagonal = lower[row + i]!;
      const first = dotRange(lower, row + start, x, firstStart + start, i - start);
      const second = dotRange(lower, row + start, x, secondStart + start, i - start);
      x[firstStart + i] = (x[firstStart + i]! - first) / diagonal;
      x[secondStart + i] = (x[secondStart + i]! - second) / diagonal;
    }
  }

  /** x ← L⁻ᵀx. Four columns of Lᵀ in a pass. */
  solveLowerTransposed(x: Float64Array, xStart = 0): void {
    const { lower, capacity: stride, currentOrder: order } = this;
    let i = order - 1;
    for (; i >= 3; i -= 4) {
      const row3 = i * stride;
      const row2 = row3 - stride;
      const row1 = row2 - stride;
      const row0 = row1 - stride;
      const at = xStart + i;
      const value3 = x[at]! / lower[row3 + i]!;
      const value2 = (x[at - 1]! - value3 * lower[row3 + i - 1]!) / lower[row2 + i - 1]!;
      const value1 =
        (x[at - 2]! - value3 * lower[row3 + i - 2]! - value2 * lower[row2 + i - 2]!) / lower[row1 + i - 2]!;
      const rest = value3 * lower[row3 + i - 3]! + value2 * lower[row2 + i - 3]! + value1 * lower[row1 + i - 3]!;
      const value0 = (x[at - 3]! - rest) / lower[row0 + i - 3]!;
      x[at] = value3;
      x[at - 1] = value2;
      x[at - 2] = value1;
      x[at - 3] = value0;
      for (let k = 0; k < i - 3; k++) {
        x[xStart + k]! -=
          value0 * lower[row0 + k]! +
          value1 * lower[row1 + k]! +
          (value2 * lower[row2 + k]! + value3 * lower[row3 + k]!);
      }
    }
    for (; i >= 0; i--) {
      const row = i * stride;
      const value = x[xStart + i]! / lower[row + i]!;
      x[xStart + i] = value;
      addScaledRange(x, xStart, -value, lower, row, i);
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
