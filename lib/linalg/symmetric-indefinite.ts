import { ArgumentError } from '../errors/index.js';
import { addScaledRange, dotRange } from './vector.js';

/** Numbers of positive, negative and zero eigenvalues. */
export interface Inertia {
  /** Eigenvalues above zero. */
  readonly positive: number;
  /** Eigenvalues below zero. */
  readonly negative: number;
  /** Eigenvalues that rounding cannot tell from zero. */
  readonly zero: number;
}

/** (1 + √17)/8 balances the growth of 1×1 and 2×2 pivots (Bunch & Kaufman 1977). */
const pivotBalance = (1 + Math.sqrt(17)) / 8;

/**
 * PAPᵀ = LDLᵀ of a dense symmetric matrix, L unit lower triangular with bounded entries, D of 1×1 and 2×2 blocks,
 * pivots by rook search (Ashcraft, Grimes & Lewis 1998). Workspaces are allocated once, `factor` may be repeated.
 */
export class DenseSymmetricFactor {
  private readonly lower: Float64Array;
  private readonly diagonal: Float64Array;
  /** Entry (k+1, k) of D where a 2×2 block starts at k, else 0. */
  private readonly offDiagonal: Float64Array;
  private readonly permutation: Int32Array;
  private readonly work: Float64Array;
  private readonly secondWork: Float64Array;
  private currentOrder = 0;
  private currentInertia: Inertia = { positive: 0, negative: 0, zero: 0 };

  constructor(readonly capacity: number) {
    this.lower = new Float64Array(capacity * capacity);
    this.diagonal = new Float64Array(capacity);
    this.offDiagonal = new Float64Array(capacity);
    this.permutation = new Int32Array(capacity);
    this.work = new Float64Array(capacity);
    this.secondWork = new Float64Array(capacity);
  }

  /** Order of the matrix factored last; 0 before the first. */
  get order(): number {
    return this.currentOrder;
  }

  /** Inertia of the matrix factored last. */
  get inertia(): Inertia {
    return this.currentInertia;
  }

  /**
   * Factors the matrix given by its lower triangle (row-major, stride = order) and returns its inertia. Pivots up to
   * `zeroTolerance`·max|A| count as zero; `solve` then treats their components as free and sets them to zero.
   */
  factor(matrix: Float64Array, order: number, zeroTolerance = 4 * order * Number.EPSILON): Inertia {
    const { lower, permutation } = this;
    this.currentOrder = order;
    let largest = 0;
    for (let i = 0; i < order; i++) {
      permutation[i] = i;
      for (let j = 0; j <= i; j++) {
        const value = matrix[i * order + j]!;
        lower[i * order + j] = value;
        largest = Math.max(largest, Math.abs(value));
      }
    }
    if (!Number.isFinite(largest)) throw new ArgumentError('a matrix to be factored must be finite');
    this.offDiagonal.fill(0);
    const zero = zeroTolerance * largest;
    let k = 0;
    while (k < order) k += this.eliminate(k, zero);
    this.currentInertia = this.countInertia();
    return this.currentInertia;
  }

  /** x ← A⁻¹x (a generalised inverse when the matrix was found singular). */
  solve(x: Float64Array): void {
    const { lower, diagonal, offDiagonal, permutation, work, currentOrder: order } = this;
    for (let i = 0; i < order; i++) work[i] = x[permutation[i]!]!;
    for (let i = 1; i < order; i++) work[i] = work[i]! - dotRange(lower, i * order, work, 0, i);
    for (let k = 0; k < order; k++) {
      const off = offDiagonal[k]!;
      if (off === 0) {
        work[k] = diagonal[k] === 0 ? 0 : work[k]! / diagonal[k]!;
        continue;
      }
      // Divide by the off-diagonal entry first: it is the largest of the block.
      const a = diagonal[k]! / off;
      const c = diagonal[k + 1]! / off;
      const determinant = a * c - 1;
      const first = work[k]! / off;
      const second = work[k + 1]! / off;
      work[k] = (c * first - second) / determinant;
      work[k + 1] = (a * second - first) / determinant;
      k++;
    }
    for (let i = order - 1; i > 0; i--) addScaledRange(work, 0, -work[i]!, lower, i * order, i);
    for (let i = 0; i < order; i++) x[permutation[i]!] = work[i]!;
  }

  /** Eliminates one pivot block at k and returns its size. */
  private eliminate(k: number, zero: number): number {
    const { lower, diagonal, offDiagonal, currentOrder: order } = this;
    const size = this.choosePivot(k, zero);
    if (size === 0) {
      for (let i = k; i < order; i++) lower[i * order + k] = 0;
      diagonal[k] = 0;
      return 1;
    }
    if (size === 1) this.eliminateSingle(k);
    else {
      offDiagonal[k] = lower[(k + 1) * order + k]!;
      this.eliminatePair(k);
      lower[(k + 1) * order + k] = 0;
    }
    return size;
  }

  private eliminateSingle(k: number): void {
    const { lower, diagonal, work, currentOrder: order } = this;
    const pivot = lower[k * order + k]!;
    diagonal[k] = pivot;
    for (let i = k + 1; i < order; i++) work[i] = lower[i * order + k]!;
    for (let i = k + 1; i < order; i++) {
      const multiplier = work[i]! / pivot;
      if (multiplier !== 0) addScaledRange(lower, i * order + k + 1, -multiplier, work, k + 1, i - k);
      lower[i * order + k] = multiplier;
    }
  }

  private eliminatePair(k: number): void {
    const { lower, diagonal, work, secondWork, currentOrder: order } = this;
    const off = lower[(k + 1) * order + k]!;
    diagonal[k] = lower[k * order + k]!;
    diagonal[k + 1] = lower[(k + 1) * order + k + 1]!;
    const a = diagonal[k] / off;
    const c = diagonal[k + 1]! / off;
    const determinant = a * c - 1;
    for (let i = k + 2; i < order; i++) {
      work[i] = lower[i * order + k]!;
      secondWork[i] = lower[i * order + k + 1]!;
    }
    for (let i = k + 2; i < order; i++) {
      const row = i * order;
      const first = work[i]! / off;
      const second = secondWork[i]! / off;
      const multiplier = (c * first - second) / determinant;
      const secondMultiplier = (a * second - first) / determinant;
      // Rows without an entry in the block's columns stay as they are: most of them in sparse matrices.
      if (multiplier !== 0 || secondMultiplier !== 0) {
        for (let j = k + 2; j <= i; j++) {
          lower[row + j] = lower[row + j]! - multiplier * work[j]! - secondMultiplier * secondWork[j]!;
        }
      }
      lower[row + k] = multiplier;
      lower[row + k + 1] = secondMultiplier;
    }
  }

  /** Brings a pivot to position k by rook search and returns its size; 0 when the whole column is negligible. */
  private choosePivot(k: number, zero: number): 0 | 1 | 2 {
    const { lower, currentOrder: order } = this;
    let candidate = this.largestInRow(k, k);
    let columnMax = candidate < 0 ? 0 : Math.abs(this.entry(candidate, k));
    const pivotSize = Math.abs(lower[k * order + k]!);
    if (Math.max(pivotSize, columnMax) <= zero) return 0;
    if (pivotSize >= pivotBalance * columnMax) return 1;
    let previous = k;
    for (;;) {
      const next = this.largestInRow(candidate, k);
      const rowMax = Math.abs(this.entry(candidate, next));
      if (Math.abs(lower[candidate * order + candidate]!) >= pivotBalance * rowMax) {
        this.swap(k, candidate);
        return 1;
      }
      if (previous === next || rowMax <= columnMax) {
        this.swap(k, previous);
        this.swap(k + 1, candidate === k ? previous : candidate);
        return 2;
      }
      previous = candidate;
      columnMax = rowMax;
      candidate = next;
    }
  }

  private entry(i: number, j: number): number {
    return i >= j ? this.lower[i * this.currentOrder + j]! : this.lower[j * this.currentOrder + i]!;
  }

  /** Index of the largest off-diagonal entry of row `index` in the part from `from` on; −1 if there is none. */
  private largestInRow(index: number, from: number): number {
    const { lower, currentOrder: order } = this;
    let best = -1;
    let size = -1;
    for (let j = from; j < index; j++) {
      const value = Math.abs(lower[index * order + j]!);
      if (value > size) {
        size = value;
        best = j;
      }
    }
    for (let i = index + 1; i < order; i++) {
      const value = Math.abs(lower[i * order + index]!);
      if (value > size) {
        size = value;
        best = i;
      }
    }
    return best;
  }

  /** Exchanges rows and columns p < q of the active part and the rows of L already computed. */
  private swap(first: number, second: number): void {
    if (first === second) return;
    const { lower, permutation, currentOrder: order } = this;
    const p = Math.min(first, second);
    const q = Math.max(first, second);
    const exchange = (a: number, b: number): void => {
      const value = lower[a]!;
      lower[a] = lower[b]!;
      lower[b] = value;
    };
    for (let j = 0; j < p; j++) exchange(p * order + j, q * order + j);
    for (let j = p + 1; j < q; j++) exchange(j * order + p, q * order + j);
    for (let i = q + 1; i < order; i++) exchange(i * order + p, i * order + q);
    exchange(p * order + p, q * order + q);
    const index = permutation[p]!;
    permutation[p] = permutation[q]!;
    permutation[q] = index;
  }

  private countInertia(): Inertia {
    const { diagonal, offDiagonal, currentOrder: order } = this;
    let positive = 0;
    let negative = 0;
    let zero = 0;
    for (let k = 0; k < order; k++) {
      if (offDiagonal[k] !== 0) {
        // A block chosen as a pair is indefinite: its off-diagonal entry dominates.
        positive++;
        negative++;
        k++;
      } else if (diagonal[k]! > 0) positive++;
      else if (diagonal[k]! < 0) negative++;
      else zero++;
    }
    return { positive, negative, zero };
  }
}
