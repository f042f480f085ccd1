import { ArgumentError } from '../errors/index.js';
import { addScaledRange, copySymmetricToDense, dotRange, multiplyRows } from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';

/** Rows with fewer non-zeros than this fraction are kept sparse. */
const sparseRowDensity = 0.25;

/**
 * The data of a quadratic program as the dense solver reads them: one list of two-sided conditions, the n bounds first
 * (unit rows), then the m rows. Preallocated; `load` takes a problem in: dense matrices are read where they lie, other
 * forms and all vectors are copied.
 */
export class DenseData {
  private currentHessian: Float64Array;
  private ownHessian: Float64Array | undefined;
  readonly linear: Float64Array;
  /** Sides of conditions, length n + m. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** Euclidean norm of each condition's row, 1 for an empty one. */
  readonly norms: Float64Array;
  private matrix: Float64Array;
  private ownMatrix: Float64Array | undefined;
  private isSparse = false;
  private rowStarts: Int32Array;
  private columnIndices = new Int32Array(0);
  private entries = new Float64Array(0);

  constructor(
    readonly variableCount: number,
    readonly constraintCount: number,
  ) {
    const n = variableCount;
    const total = n + constraintCount;
    this.currentHessian = new Float64Array(0);
    this.linear = new Float64Array(n);
    this.lower = new Float64Array(total);
    this.upper = new Float64Array(total);
    this.norms = new Float64Array(total);
    this.matrix = new Float64Array(0);
    this.rowStarts = new Int32Array(constraintCount + 1);
  }

  /** P, row-major; not to be written to. */
  get hessian(): Float64Array {
    return this.currentHessian;
  }

  load(problem: QuadraticProgram): void {
    const { variableCount: n, constraintCount: m } = this;
    if (problem.linear.length !== n || problem.constraintLower.length !== m) {
      throw new ArgumentError(
        `this solver takes ${n} variables and ${m} rows, found ${problem.linear.length} and ${problem.constraintLower.length}`,
      );
    }
    if (problem.hessian?.kind === 'dense') this.currentHessian = problem.hessian.values;
    else {
      this.ownHessian ??= new Float64Array(n * n);
      copySymmetricToDense(problem.hessian, n, this.ownHessian);
      this.currentHessian = this.ownHessian;
    }
    this.loadVectors(problem);
    if (m > 0) this.loadMatrix(problem);
    this.norms.fill(1, 0, n);
    for (let i = 0; i < m; i++) this.norms[n + i] = this.rowNorm(i);
  }

  /** Copies q and the sides only: P and A are those of the last `load`. */
  loadVectors(problem: QuadraticProgram): void {
    const n = this.variableCount;
    this.linear.set(problem.linear);
    this.lower.set(problem.lower);
    this.upper.set(problem.upper);
    this.lower.set(problem.constraintLower, n);
    this.upper.set(problem.constraintUpper, n);
  }

  private loadMatrix(problem: QuadraticProgram): void {
    const { variableCount: n, constraintCount: m } = this;
    const source = problem.constraintMatrix;
    if (source === undefined) throw new ArgumentError('a problem with rows needs its constraintMatrix');
    if (source.kind === 'dense') {
      this.isSparse = false;
      this.matrix = source.values;
      return;
    }
    const { columnStarts, rowIndices, values } = source;
    const count = columnStarts[n]!;
    this.isSparse = count < sparseRowDensity * n * m;
    if (!this.isSparse) {
      this.ownMatrix ??= new Float64Array(n * m);
      const matrix = this.ownMatrix;
      matrix.fill(0);
      this.matrix = matrix;
      for (let j = 0; j < n; j++) {
        for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) matrix[rowIndices[k]! * n + j]! += values[k]!;
      }
      return;
    }
    if (this.entries.length < count) {
      this.entries = new Float64Array(count);
      this.columnIndices = new Int32Array(count);
    }
    const { rowStarts, columnIndices, entries } = this;
    rowStarts.fill(0);
    for (let k = 0; k < count; k++) rowStarts[rowIndices[k]! + 1]! += 1;
    for (let i = 0; i < m; i++) rowStarts[i + 1]! += rowStarts[i]!;
    for (let j = 0; j < n; j++) {
      for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
        const at = rowStarts[rowIndices[k]!]!++;
        columnIndices[at] = j;
        entries[at] = values[k]!;
      }
    }
    for (let i = m; i > 0; i--) rowStarts[i] = rowStarts[i - 1]!;
    rowStarts[0] = 0;
  }

  private rowNorm(row: number): number {
    const { variableCount: n, matrix, entries, rowStarts } = this;
    const squared = this.isSparse
      ? dotRange(entries, rowStarts[row]!, entries, rowStarts[row]!, rowStarts[row + 1]! - rowStarts[row]!)
      : dotRange(matrix, row * n, matrix, row * n, n);
    return squared > 0 ? Math.sqrt(squared) : 1;
  }

  /** aᵀx of a condition. */
  activity(condition: number, x: Float64Array): number {
    const { variableCount: n } = this;
    if (condition < n) return x[condition]!;
    const row = condition - n;
    if (!this.isSparse) return dotRange(this.matrix, row * n, x, 0, n);
    const { rowStarts, columnIndices, entries } = this;
    let sum = 0;
    for (let k = rowStarts[row]!; k < rowStarts[row + 1]!; k++) sum += entries[k]! * x[columnIndices[k]!]!;
    return sum;
  }

  /** Activities of all conditions, bounds first. */
  allActivities(x: Float64Array, target: Float64Array): void {
    const { variableCount: n, constraintCount: m } = this;
    target.set(x);
    if (!this.isSparse) {
      multiplyRows(this.matrix, m, n, x, target, n);
      return;
    }
    for (let i = n; i < n + m; i++) target[i] = this.activity(i, x);
  }

  /** target[start…] += factor·a of a condition. */
  addRow(condition: number, factor: number, target: Float64Array, start = 0): void {
    const { variableCount: n } = this;
    if (condition < n) {
      target[start + condition]! += factor;
      return;
    }
    const row = condition - n;
    if (!this.isSparse) {
      addScaledRange(target, start, factor, this.matrix, row * n, n);
      return;
    }
    const { rowStarts, columnIndices, entries } = this;
    for (let k = rowStarts[row]!; k < rowStarts[row + 1]!; k++) {
      target[start + columnIndices[k]!]! += factor * entries[k]!;
    }
  }

  /** target ← Px. */
  multiplyHessian(x: Float64Array, target: Float64Array): void {
    const { variableCount: n } = this;
    multiplyRows(this.hessian, n, n, x, target);
  }
}
