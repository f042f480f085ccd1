import type { NlpMeta, SparsityPattern } from '../problem/index.js';

/** The positions of a Jacobian's entries by row, whatever the order in which its values are written. */
export class JacobianRows {
  /** Entries of row i are `positions[k]` in column `columns[k]`, rowStarts[i] ≤ k < rowStarts[i + 1]. */
  readonly rowStarts: Int32Array;
  /** Variable of each entry, row by row; see `rowStarts`. */
  readonly columns: Int32Array;
  /** Place of each entry in `values`, row by row; see `rowStarts`. */
  readonly positions: Int32Array;
  /** Values in the problem's own order. */
  readonly values: Float64Array;

  constructor(meta: NlpMeta, pattern: SparsityPattern | undefined) {
    const { variableCount, constraintCount } = meta;
    const length = pattern ? pattern.rows.length : variableCount * constraintCount;
    this.rowStarts = new Int32Array(constraintCount + 1);
    this.columns = new Int32Array(length);
    this.positions = new Int32Array(length);
    this.values = new Float64Array(length);
    if (!pattern) {
      for (let k = 0; k < length; k++) {
        this.columns[k] = k % variableCount;
        this.positions[k] = k;
      }
      for (let i = 0; i <= constraintCount; i++) this.rowStarts[i] = i * variableCount;
      return;
    }
    for (let k = 0; k < length; k++) this.rowStarts[pattern.rows[k]! + 1]!++;
    for (let i = 0; i < constraintCount; i++) this.rowStarts[i + 1]! += this.rowStarts[i]!;
    const next = this.rowStarts.slice();
    for (let k = 0; k < length; k++) {
      const place = next[pattern.rows[k]!]!++;
      this.columns[place] = pattern.columns[k]!;
      this.positions[place] = k;
    }
  }

  /** Product of row i with a vector. */
  rowProduct(i: number, vector: Float64Array): number {
    let sum = 0;
    for (let k = this.rowStarts[i]!; k < this.rowStarts[i + 1]!; k++) {
      sum += this.values[this.positions[k]!]! * vector[this.columns[k]!]!;
    }
    return sum;
  }

  /** target += factor · (row i). */
  addRow(i: number, factor: number, target: Float64Array): void {
    for (let k = this.rowStarts[i]!; k < this.rowStarts[i + 1]!; k++) {
      target[this.columns[k]!]! += factor * this.values[this.positions[k]!]!;
    }
  }

  /** target += Jᵀ·multipliers. */
  addTransposeProduct(multipliers: Float64Array, target: Float64Array): void {
    for (let i = 0; i < multipliers.length; i++) {
      if (multipliers[i] !== 0) this.addRow(i, multipliers[i]!, target);
    }
  }

  /** Largest |entry| of row i. */
  rowNorm(i: number): number {
    let norm = 0;
    for (let k = this.rowStarts[i]!; k < this.rowStarts[i + 1]!; k++) {
      norm = Math.max(norm, Math.abs(this.values[this.positions[k]!]!));
    }
    return norm;
  }
}
