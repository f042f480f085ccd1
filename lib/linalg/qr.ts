import { denseMatrix, type DenseMatrix } from './matrix.js';
import { dotRange } from './vector.js';

/**
 * Householder QR with column pivoting, A·Π = Q·R (Businger & Golub 1965; Golub & Van Loan 2013, §5.4): the column of
 * largest remaining norm comes next, so that |R₁₁| ≥ |R₂₂| ≥ … and the numerical rank shows on the diagonal.
 */
export class PivotedQr {
  /** Rows of A. */
  readonly rows: number;
  /** Columns of A. */
  readonly columns: number;
  /** Column of A at each position of A·Π. */
  readonly permutation: Int32Array;
  /** Columns that are independent up to the tolerance. */
  readonly rank: number;
  /** Column-major: R on and above the diagonal, the tails of the Householder vectors (first entry 1) below it. */
  private readonly packed: Float64Array;
  private readonly scales: Float64Array;

  /**
   * Factors `matrix` (rows × columns of any shape). Diagonal entries of R of at most `tolerance` times the first one end
   * the factorisation; the columns from there on count as dependent.
   */
  constructor(matrix: DenseMatrix, tolerance = 1e-12) {
    const { rows, columns, values } = matrix;
    this.rows = rows;
    this.columns = columns;
    this.permutation = Int32Array.from({ length: columns }, (_, j) => j);
    const packed = new Float64Array(rows * columns);
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) packed[j * rows + i] = values[i * columns + j]!;
    this.packed = packed;
    this.scales = new Float64Array(Math.min(rows, columns));
    this.rank = this.factor(tolerance);
  }

  private factor(tolerance: number): number {
    const { rows, columns, packed, scales } = this;
    const norms = Float64Array.from({ length: columns }, (_, j) => Math.sqrt(this.squaredTail(j, 0)));
    const reference = norms.slice();
    let first = 0;
    for (let k = 0; k < scales.length; k++) {
      let pivot = k;
      for (let j = k + 1; j < columns; j++) if (norms[j]! > norms[pivot]!) pivot = j;
      if (k === 0) first = norms[pivot]!;
      if (!(norms[pivot]! > tolerance * first)) return k;
      if (pivot !== k) {
        this.swap(k, pivot);
        norms[pivot] = norms[k]!;
        reference[pivot] = reference[k]!;
      }
      this.reflect(k);
      for (let j = k + 1; j < columns; j++) {
        // Downdating the norms cancels; below half the digits they are formed anew (Drmač & Bujanović 2008).
        if (norms[j] === 0) continue;
        const ratio = packed[j * rows + k]! / norms[j]!;
        const shrink = Math.max(0, 1 - ratio * ratio);
        if (shrink * (norms[j]! / reference[j]!) ** 2 > 1e-8) norms[j]! *= Math.sqrt(shrink);
        else norms[j] = reference[j] = Math.sqrt(this.squaredTail(j, k + 1));
      }
    }
    return scales.length;
  }

  private squaredTail(column: number, from: number): number {
    const start = column * this.rows + from;
    return dotRange(this.packed, start, this.packed, start, this.rows - from);
  }

  private swap(a: number, b: number): void {
    const { rows, packed, permutation } = this;
    const column = packed.slice(a * rows, (a + 1) * rows);
    packed.copyWithin(a * rows, b * rows, (b + 1) * rows);
    packed.set(column, b * rows);
    const index = permutation[a]!;
    permutation[a] = permutation[b]!;
    permutation[b] = index;
  }

  /** Householder vector of column k, applied to the columns right of it. */
  private reflect(k: number): void {
    const { rows, columns, packed, scales } = this;
    const start = k * rows + k;
    const head = packed[start]!;
    const norm = Math.sqrt(this.squaredTail(k, k));
    const diagonal = head > 0 ? -norm : norm;
    const pivot = head - diagonal;
    scales[k] = -pivot / diagonal;
    for (let i = 1; i < rows - k; i++) packed[start + i]! /= pivot;
    packed[start] = diagonal;
    for (let j = k + 1; j < columns; j++) this.applyReflector(k, packed, j * rows);
  }

  /** v ← (I − τ·hhᵀ)v for the Householder vector h of step k, v beginning at `start`. */
  private applyReflector(k: number, vector: Float64Array, start: number): void {
    const { rows, packed } = this;
    const own = k * rows + k;
    const length = rows - k - 1;
    const sum = vector[start + k]! + dotRange(packed, own + 1, vector, start + k + 1, length);
    const factor = this.scales[k]! * sum;
    vector[start + k]! -= factor;
    for (let i = 1; i <= length; i++) vector[start + k + i]! -= factor * packed[own + i]!;
  }

  /** R of the independent columns, rank × columns in the order of `permutation`; upper trapezoidal. */
  upperFactor(): DenseMatrix {
    const { rank, rows, columns, packed } = this;
    const factor = denseMatrix(rank, columns);
    for (let i = 0; i < rank; i++) {
      for (let j = i; j < columns; j++) factor.values[i * columns + j] = packed[j * rows + i]!;
    }
    return factor;
  }

  /** v ← Qv, length rows. */
  multiply(vector: Float64Array): void {
    for (let k = this.rank - 1; k >= 0; k--) this.applyReflector(k, vector, 0);
  }

  /** v ← Qᵀv, length rows. */
  multiplyTransposed(vector: Float64Array): void {
    for (let k = 0; k < this.rank; k++) this.applyReflector(k, vector, 0);
  }

  /** x ← R₁₁⁻¹x over the leading `rank` entries. */
  solveUpper(x: Float64Array): void {
    const { rank, rows, packed } = this;
    for (let i = rank - 1; i >= 0; i--) {
      const value = x[i]! / packed[i * rows + i]!;
      x[i] = value;
      for (let k = 0; k < i; k++) x[k]! -= value * packed[i * rows + k]!;
    }
  }

  /** x ← R₁₁⁻ᵀx over the leading `rank` entries. */
  solveUpperTransposed(x: Float64Array): void {
    const { rank, rows, packed } = this;
    for (let i = 0; i < rank; i++) {
      x[i] = (x[i]! - dotRange(packed, i * rows, x, 0, i)) / packed[i * rows + i]!;
    }
  }

  /** A basic solution of min ‖Ax − b‖₂: dependent columns get zero. `rightHandSide` has length rows and is kept. */
  solveLeastSquares(rightHandSide: Float64Array): Float64Array {
    const work = rightHandSide.slice();
    this.multiplyTransposed(work);
    this.solveUpper(work);
    const x = new Float64Array(this.columns);
    for (let k = 0; k < this.rank; k++) x[this.permutation[k]!] = work[k]!;
    return x;
  }

  /** Orthonormal basis of the complement of A's columns, rows × (rows − rank): the null space of Aᵀ. */
  complementBasis(): DenseMatrix {
    const { rows, rank } = this;
    const width = rows - rank;
    const basis = denseMatrix(rows, width);
    const column = new Float64Array(rows);
    for (let j = 0; j < width; j++) {
      column.fill(0);
      column[rank + j] = 1;
      this.multiply(column);
      for (let i = 0; i < rows; i++) basis.values[i * width + j] = column[i]!;
    }
    return basis;
  }
}
