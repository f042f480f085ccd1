import { eliminationTree, factorColumnCounts, postorder } from './elimination-tree.js';
import type { SparseMatrix } from './matrix.js';
import { minimumDegreeOrder } from './minimum-degree.js';
import { multiplyLowerTriangle } from './sparse.js';
import type { Inertia } from './symmetric-indefinite.js';

/** How pivots are treated in `SparseSymmetricFactor.factor`. */
export interface PivotRules {
  /**
   * Sign that each pivot must have (quasi-definite matrices: 1 in the first block, −1 in the second). A pivot of the
   * other sign or of at most `smallest` is replaced by ±`replacement` and counted in `replacedPivots`.
   */
  readonly signs?: Int8Array;
  /** Default 1e-14·max|A|. */
  readonly smallest?: number;
  /** Default 1e-8·max|A|. */
  readonly replacement?: number;
  /** Asked every few columns; true ends the factorisation, which then returns false. */
  readonly stop?: () => boolean;
}

/** Columns between two questions to `stop`. */
const stopInterval = 64;

/**
 * PAPᵀ = LDLᵀ of a sparse symmetric matrix with diagonal D, row by row (Davis 2005), for quasi-definite matrices and
 * others that need no 2×2 pivots. The pattern is analysed once: approximate minimum degree, elimination tree, counts.
 */
export class SparseSymmetricFactor {
  readonly order: number;
  /** Entries of L below the diagonal. */
  readonly factorEntries: number;
  /** Pivots that the last `factor` had to replace. */
  replacedPivots = 0;
  /** Largest |L| of the last `factor`: a measure of how far rounding may have grown. */
  growth = 0;
  private readonly permutation: Int32Array;
  /** Where entry k of the caller's lower triangle goes in the permuted upper triangle. */
  private readonly entryMap: Int32Array;
  private readonly upperStarts: Int32Array;
  private readonly upperRows: Int32Array;
  private readonly upperValues: Float64Array;
  private readonly parent: Int32Array;
  private readonly lowerStarts: Int32Array;
  private readonly lowerRows: Int32Array;
  private readonly lowerValues: Float64Array;
  private readonly lowerEnds: Int32Array;
  private readonly diagonal: Float64Array;
  private readonly accumulator: Float64Array;
  private readonly path: Int32Array;
  private readonly reach: Int32Array;
  private readonly mark: Int32Array;
  private readonly solution: Float64Array;
  private readonly correction: Float64Array;
  private readonly residual: Float64Array;

  /** Analyses the pattern of a lower triangle (row ≥ column); its values are not read. */
  constructor(pattern: SparseMatrix, permutation?: Int32Array) {
    const order = pattern.columns;
    this.order = order;
    const first = permutation ?? defaultOrder(pattern);
    const tree = permutedUpper(pattern, first);
    const post = postorder(eliminationTree(order, tree.starts, tree.rows));
    this.permutation = Int32Array.from({ length: order }, (_, k) => first[post[k]!]!);
    const upper = permutedUpper(pattern, this.permutation);
    this.upperStarts = upper.starts;
    this.upperRows = upper.rows;
    this.entryMap = upper.entryMap;
    this.upperValues = new Float64Array(upper.rows.length);
    this.parent = eliminationTree(order, upper.starts, upper.rows);
    const counts = factorColumnCounts(order, upper.starts, upper.rows, this.parent);
    this.lowerStarts = new Int32Array(order + 1);
    for (let j = 0; j < order; j++) this.lowerStarts[j + 1] = this.lowerStarts[j]! + counts[j]!;
    this.factorEntries = this.lowerStarts[order]!;
    this.lowerRows = new Int32Array(this.factorEntries);
    this.lowerValues = new Float64Array(this.factorEntries);
    this.lowerEnds = new Int32Array(order);
    this.diagonal = new Float64Array(order);
    this.accumulator = new Float64Array(order);
    this.path = new Int32Array(order);
    this.reach = new Int32Array(order);
    this.mark = new Int32Array(order);
    this.solution = new Float64Array(order);
    this.correction = new Float64Array(order);
    this.residual = new Float64Array(order);
  }

  /** Factors the matrix with these values of the analysed lower triangle; false if a pivot is zero or not finite. */
  factor(values: Float64Array, rules: PivotRules = {}): boolean {
    const { order, upperValues, entryMap, upperStarts, upperRows, parent, permutation } = this;
    const { lowerStarts, lowerRows, lowerValues, lowerEnds, diagonal, accumulator, path, reach, mark } = this;
    const { signs } = rules;
    let largest = 0;
    for (let k = 0; k < entryMap.length; k++) {
      const value = values[k]!;
      upperValues[entryMap[k]!] = value;
      const size = Math.abs(value);
      if (size > largest) largest = size;
    }
    const smallest = rules.smallest ?? 1e-14 * largest;
    const replacement = rules.replacement ?? 1e-8 * largest;
    this.replacedPivots = 0;
    mark.fill(-1);
    let growth = 0;
    for (let k = 0; k < order; k++) {
      if (rules.stop !== undefined && k % stopInterval === stopInterval - 1 && rules.stop()) return false;
      let pivot = 0;
      let top = order;
      mark[k] = k;
      lowerEnds[k] = lowerStarts[k]!;
      for (let p = upperStarts[k]!; p < upperStarts[k + 1]!; p++) {
        let i = upperRows[p]!;
        if (i === k) {
          pivot = upperValues[p]!;
          continue;
        }
        accumulator[i] = upperValues[p]!;
        let length = 0;
        while (mark[i] !== k) {
          path[length++] = i;
          mark[i] = k;
          i = parent[i]!;
        }
        while (length > 0) reach[--top] = path[--length]!;
      }
      for (; top < order; top++) {
        const i = reach[top]!;
        const value = accumulator[i]!;
        accumulator[i] = 0;
        const end = lowerEnds[i]!;
        for (let p = lowerStarts[i]!; p < end; p++) accumulator[lowerRows[p]!]! -= lowerValues[p]! * value;
        const entry = value / diagonal[i]!;
        pivot -= entry * value;
        lowerRows[end] = k;
        lowerValues[end] = entry;
        lowerEnds[i] = end + 1;
        const size = Math.abs(entry);
        if (size > growth) growth = size;
      }
      if (signs !== undefined) {
        const sign = signs[permutation[k]!]!;
        if (!(pivot * sign > smallest)) {
          pivot = sign * Math.max(replacement, Number.MIN_VALUE);
          this.replacedPivots++;
        }
      }
      if (pivot === 0 || !Number.isFinite(pivot)) return false;
      diagonal[k] = pivot;
    }
    this.growth = growth;
    return Number.isFinite(growth);
  }

  /** Signs of the pivots: by Sylvester's law the inertia of the matrix factored. */
  get inertia(): Inertia {
    let positive = 0;
    for (let k = 0; k < this.order; k++) if (this.diagonal[k]! > 0) positive++;
    return { positive, negative: this.order - positive, zero: 0 };
  }

  /** x ← A⁻¹x. */
  solve(x: Float64Array): void {
    const { order, permutation, solution: work, lowerStarts, lowerRows, lowerValues, diagonal } = this;
    for (let k = 0; k < order; k++) work[k] = x[permutation[k]!]!;
    for (let j = 0; j < order; j++) {
      const value = work[j]!;
      if (value === 0) continue;
      for (let p = lowerStarts[j]!; p < lowerStarts[j + 1]!; p++) work[lowerRows[p]!]! -= lowerValues[p]! * value;
    }
    for (let j = 0; j < order; j++) work[j] = work[j]! / diagonal[j]!;
    for (let j = order - 1; j >= 0; j--) {
      let value = work[j]!;
      for (let p = lowerStarts[j]!; p < lowerStarts[j + 1]!; p++) value -= lowerValues[p]! * work[lowerRows[p]!]!;
      work[j] = value;
    }
    for (let k = 0; k < order; k++) x[permutation[k]!] = work[k]!;
  }

  /**
   * Solves Ax = b with iterative refinement on `matrix` (lower triangle; it may differ slightly from the one factored,
   * such as by its regularisation). Returns ‖b − Ax‖∞; x is the best iterate.
   */
  solveRefined(matrix: SparseMatrix, b: Float64Array, x: Float64Array, maxSteps = 5, tolerance = 1e-15): number {
    const { order, correction, residual } = this;
    let scale = 0;
    for (let k = 0; k < order; k++) scale = Math.max(scale, Math.abs(b[k]!));
    correction.set(b);
    this.solve(correction);
    x.set(correction);
    let size = this.residualOf(matrix, b, x);
    for (let step = 0; step < maxSteps && size > tolerance * scale; step++) {
      correction.set(residual);
      this.solve(correction);
      for (let k = 0; k < order; k++) x[k]! += correction[k]!;
      const updated = this.residualOf(matrix, b, x);
      if (!(updated < size)) {
        for (let k = 0; k < order; k++) x[k]! -= correction[k]!;
        return size;
      }
      const slow = updated > 0.3 * size;
      size = updated;
      if (slow) break;
    }
    return size;
  }

  private residualOf(matrix: SparseMatrix, b: Float64Array, x: Float64Array): number {
    const { order, residual } = this;
    multiplyLowerTriangle(matrix, x, residual);
    let size = 0;
    for (let k = 0; k < order; k++) {
      const value = b[k]! - residual[k]!;
      residual[k] = value;
      const magnitude = Math.abs(value);
      if (!(magnitude <= size)) size = magnitude;
    }
    return size;
  }
}

/** Minimum degree on the symmetrised pattern. */
function defaultOrder(pattern: SparseMatrix): Int32Array {
  const { columns: order, columnStarts, rowIndices } = pattern;
  const starts = new Int32Array(order + 1);
  for (let j = 0; j < order; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      const i = rowIndices[k]!;
      if (i < j) throw new RangeError(`entry (${i}, ${j}) lies above the diagonal`);
      if (i === j) continue;
      starts[i + 1]! += 1;
      starts[j + 1]! += 1;
    }
  }
  for (let j = 0; j < order; j++) starts[j + 1]! += starts[j]!;
  const next = starts.slice();
  const neighbours = new Int32Array(starts[order]!);
  for (let j = 0; j < order; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      const i = rowIndices[k]!;
      if (i === j) continue;
      neighbours[next[i]!++] = j;
      neighbours[next[j]!++] = i;
    }
  }
  return minimumDegreeOrder(order, starts, neighbours);
}

/** Upper triangle of PAPᵀ in compressed columns; row indices within a column are in no particular order. */
function permutedUpper(
  pattern: SparseMatrix,
  permutation: Int32Array,
): { starts: Int32Array; rows: Int32Array; entryMap: Int32Array } {
  const { columns: order, columnStarts, rowIndices } = pattern;
  const position = new Int32Array(order);
  for (let k = 0; k < order; k++) position[permutation[k]!] = k;
  const count = columnStarts[order]!;
  const starts = new Int32Array(order + 1);
  for (let j = 0; j < order; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      starts[Math.max(position[rowIndices[k]!]!, position[j]!) + 1]! += 1;
    }
  }
  for (let j = 0; j < order; j++) starts[j + 1]! += starts[j]!;
  const next = starts.slice();
  const rows = new Int32Array(count);
  const entryMap = new Int32Array(count);
  for (let j = 0; j < order; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      const a = position[rowIndices[k]!]!;
      const b = position[j]!;
      const at = next[Math.max(a, b)]!++;
      rows[at] = Math.min(a, b);
      entryMap[k] = at;
    }
  }
  return { starts, rows, entryMap };
}
