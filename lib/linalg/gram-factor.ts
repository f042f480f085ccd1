import { addScaledRange, dotRange, dotRows } from './vector.js';

/**
 * LDLᵀ of the Gram matrix G = M_W·M_Wᵀ of the rows of a working set, kept up to date while rows are appended and
 * removed, in O(k²) a change (plus k inner products for an appended row). L is unit lower triangular, row-major.
 * Dependent rows are refused, so that G stays positive definite. Active-set methods live on it; it is public because
 * updating least-squares problems row by row is of use elsewhere too.
 */
export class GramFactor {
  private readonly lower: Float64Array;
  private readonly diagonal: Float64Array;
  private readonly products: Float64Array;
  private readonly residualRow: Float64Array;
  private readonly work: Float64Array;
  private readonly starts: Int32Array;
  /** Coefficients c of the last row tested, m ≈ M_Wᵀc. */
  readonly coefficients: Float64Array;
  private currentSize = 0;

  /**
   * For at most `capacity` rows of length `rowLength`, the rows lying in `rows` (row-major, index · rowLength). */
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
    this.starts = new Int32Array(capacity);
  }

  /** Rows in the factor. */
  get size(): number {
    return this.currentSize;
  }

  /** Forgets all rows. */
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
    const { starts } = this;
    for (let k = 0; k < size; k++) starts[k] = members[k]! * rowLength;
    dotRows(rows, starts, size, rows, start, rowLength, products);
    const squaredNorm = dotRange(rows, start, rows, start, rowLength);
    let pivot = squaredNorm;
    this.solveForward(products, 0);
    for (let k = 0; k < size; k++) pivot -= (products[k]! * products[k]!) / diagonal[k]!;
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
      dotRows(rows, this.starts, size, residualRow, 0, rowLength, work);
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
    this.solveForward(x, 0);
    this.solveBackward(x);
  }

  /** x ← L⁻¹x, where the first `from` entries are done already. Four rows in a pass. */
  solveForward(x: Float64Array, from: number): void {
    const { lower, capacity, currentSize: size } = this;
    let i = from;
    for (; i + 3 < size; i += 4) {
      const row0 = i * capacity;
      const row1 = row0 + capacity;
      const row2 = row1 + capacity;
      const row3 = row2 + capacity;
      let sum0 = x[i]!;
      let sum1 = x[i + 1]!;
      let sum2 = x[i + 2]!;
      let sum3 = x[i + 3]!;
      for (let k = 0; k < i; k++) {
        const entry = x[k]!;
        sum0 -= entry * lower[row0 + k]!;
        sum1 -= entry * lower[row1 + k]!;
        sum2 -= entry * lower[row2 + k]!;
        sum3 -= entry * lower[row3 + k]!;
      }
      sum1 -= sum0 * lower[row1 + i]!;
      sum2 -= sum0 * lower[row2 + i]! + sum1 * lower[row2 + i + 1]!;
      sum3 -= sum0 * lower[row3 + i]! + sum1 * lower[row3 + i + 1]! + sum2 * lower[row3 + i + 2]!;
      x[i] = sum0;
      x[i + 1] = sum1;
      x[i + 2] = sum2;
      x[i + 3] = sum3;
    }
    for (; i < size; i++) x[i] = x[i]! - dotRange(lower, i * capacity, x, 0, i);
  }

  /** x ← L⁻ᵀD⁻¹x. Four columns of Lᵀ in a pass. */
  solveBackward(x: Float64Array): void {
    const { lower, diagonal, capacity, currentSize: size } = this;
    for (let k = 0; k < size; k++) x[k] = x[k]! / diagonal[k]!;
    let i = size - 1;
    for (; i >= 3; i -= 4) {
      const row3 = i * capacity;
      const row2 = row3 - capacity;
      const row1 = row2 - capacity;
      const row0 = row1 - capacity;
      const value3 = x[i]!;
      const value2 = x[i - 1]! - value3 * lower[row3 + i - 1]!;
      const value1 = x[i - 2]! - value3 * lower[row3 + i - 2]! - value2 * lower[row2 + i - 2]!;
      const rest = value3 * lower[row3 + i - 3]! + value2 * lower[row2 + i - 3]! + value1 * lower[row1 + i - 3]!;
      const value0 = x[i - 3]! - rest;
      x[i - 1] = value2;
      x[i - 2] = value1;
      x[i - 3] = value0;
      for (let k = 0; k < i - 3; k++) {
        x[k]! -=
          value0 * lower[row0 + k]! +
          value1 * lower[row1 + k]! +
          (value2 * lower[row2 + k]! + value3 * lower[row3 + k]!);
      }
    }
    for (; i > 0; i--) addScaledRange(x, 0, -x[i]!, lower, i * capacity, i);
  }
}

/** Below this fraction of ‖m‖² a pivot has lost half its digits to cancellation and is formed anew. */
const cancellationLimit = 1e-6;
/** Below this fraction of ‖m‖² a row counts as dependent. */
const dependenceLimit = 1e-15;
