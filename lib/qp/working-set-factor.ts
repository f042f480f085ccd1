import { addScaledRange, dotRange } from '../linalg/index.js';

/**
 * LDLᵀ of the Gram matrix G = M_W·M_Wᵀ of the rows of a working set, kept up to date while rows are appended and
 * removed, in O(k²) a change (plus k inner products for an appended row). L is unit lower triangular, row-major.
 */
export class WorkingSetFactor {
  private readonly lower: Float64Array;
  private readonly diagonal: Float64Array;
  private readonly products: Float64Array;
  private readonly residualRow: Float64Array;
  private readonly work: Float64Array;
  /** Coefficients c of the last row tested, m ≈ M_Wᵀc. */
  readonly coefficients: Float64Array;
  private currentSize = 0;

  /** For at most `capacity` rows of length `rowLength`, the rows lying in `rows` (row-major, index · rowLength). */
  constructor(
    private readonly rows: Float64Array,
    private readonly rowLength: number,
    private readonly capacity: number,
  ) {
    this.lower = new Float64Array(capacity * capacity);
    this.diagonal = new Float64Array(capacity);
    this.products = new Float64Array(capacity);
    this.coefficients = new Float64Array(capacity);
    this.residualRow = new Float64Array(rowLength);
    this.work = new Float64Array(capacity);
  }

  get size(): number {
    return this.currentSize;
  }

  clear(): void {
    this.currentSize = 0;
  }

  /**
   * Appends row `index` to the working set `members`, or returns false, leaving `coefficients`, when it depends
   * linearly on the rows there. `members` lists the rows in the order of the factor and is not changed.
   */
  append(index: number, members: Int32Array): boolean {
    const { rows, rowLength, lower, diagonal, products, capacity, currentSize: size } = this;
    const start = index * rowLength;
    for (let k = 0; k < size; k++) products[k] = dotRange(rows, members[k]! * rowLength, rows, start, rowLength);
    const squaredNorm = dotRange(rows, start, rows, start, rowLength);
    let pivot = squaredNorm;
    for (let k = 0; k < size; k++) {
      const value = products[k]! - dotRange(lower, k * capacity, products, 0, k);
      products[k] = value;
      pivot -= (value * value) / diagonal[k]!;
    }
    if (size >= capacity || pivot <= cancellationLimit * squaredNorm) {
      pivot = this.residualOf(start, members);
      if (size >= capacity || !(pivot > dependenceLimit * squaredNorm)) return false;
    }
    const row = size * capacity;
    for (let k = 0; k < size; k++) lower[row + k] = products[k]! / diagonal[k]!;
    diagonal[size] = pivot;
    this.currentSize = size + 1;
    return true;
  }

  /**
   * Squared distance of a row from the span of the working set, free of the cancellation in ‖m‖² − …: the residual is
   * formed explicitly and projected once more. Sets `coefficients`.
   */
  private residualOf(start: number, members: Int32Array): number {
    const { rows, rowLength, coefficients, residualRow, work, currentSize: size } = this;
    for (let k = 0; k < rowLength; k++) residualRow[k] = rows[start + k]!;
    coefficients.fill(0, 0, size);
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k < size; k++) work[k] = dotRange(rows, members[k]! * rowLength, residualRow, 0, rowLength);
      this.solve(work);
      for (let k = 0; k < size; k++) {
        coefficients[k]! += work[k]!;
        addScaledRange(residualRow, 0, -work[k]!, rows, members[k]! * rowLength, rowLength);
      }
    }
    return dotRange(residualRow, 0, residualRow, 0, rowLength);
  }

  /** Removes the row at `position`: the trailing factor takes a rank-one update (Gill et al. 1974, method C1). */
  remove(position: number): void {
    const { lower, diagonal, capacity, work, currentSize: size } = this;
    let weight = diagonal[position]!;
    for (let i = position + 1; i < size; i++) work[i] = lower[i * capacity + position]!;
    for (let i = position + 1; i < size; i++) {
      const from = i * capacity;
      const to = from - capacity;
      for (let k = 0; k < position; k++) lower[to + k] = lower[from + k]!;
      for (let k = position + 1; k < i; k++) lower[to + k - 1] = lower[from + k]!;
    }
    for (let k = position + 1; k < size; k++) {
      const entry = work[k]!;
      const old = diagonal[k]!;
      const updated = old + weight * entry * entry;
      const gain = (weight * entry) / updated;
      weight = (weight * old) / updated;
      diagonal[k - 1] = updated;
      for (let i = k + 1; i < size; i++) {
        const at = (i - 1) * capacity + k - 1;
        work[i] = work[i]! - entry * lower[at]!;
        lower[at] = lower[at]! + gain * work[i]!;
      }
    }
    this.currentSize = size - 1;
  }

  /** x ← G⁻¹x. */
  solve(x: Float64Array): void {
    const { lower, diagonal, capacity, currentSize: size } = this;
    for (let k = 1; k < size; k++) x[k] = x[k]! - dotRange(lower, k * capacity, x, 0, k);
    for (let k = 0; k < size; k++) x[k] = x[k]! / diagonal[k]!;
    for (let k = size - 1; k > 0; k--) {
      const value = x[k]!;
      if (value !== 0) addScaledRange(x, 0, -value, lower, k * capacity, k);
    }
  }
}

/** Below this fraction of ‖m‖² a pivot has lost half its digits to cancellation and is formed anew. */
const cancellationLimit = 1e-6;
/** Below this fraction of ‖m‖² a row counts as dependent. */
const dependenceLimit = 1e-15;
