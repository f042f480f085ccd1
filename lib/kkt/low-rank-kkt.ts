import type { KktMatrix, KktRequest, KktVerdict, ModelStructure } from './kkt-matrix.js';

/**
 * A KKT matrix whose Hessian is what is stored plus the structure's low-rank term U·S·Uᵀ, by the Sherman–Morrison–Woodbury
 * formula: one solve per vector after a factorisation, one small system per right-hand side. Requests with another
 * Hessian (none, or that of the restoration) are passed on as they are.
 */
export class LowRankKkt implements KktMatrix {
  private readonly solved: Float64Array[] = [];
  private capacity = new Float64Array(0);
  private pivots = new Int32Array(0);
  private reduced = new Float64Array(0);
  private rank = 0;

  constructor(
    private readonly inner: KktMatrix,
    private readonly structure: ModelStructure,
  ) {}

  get expired(): () => boolean {
    return this.inner.expired ?? (() => false);
  }

  set expired(expired: () => boolean) {
    this.inner.expired = expired;
  }

  get operations(): number {
    return this.inner.operations;
  }

  factor(request: KktRequest): KktVerdict {
    this.rank = 0;
    const verdict = this.inner.factor(request);
    const term = this.structure.lowRank;
    if (verdict !== 'regular' || term?.values !== request.hessian || term.vectors.length === 0) return verdict;
    return this.prepare(term.vectors, term.signs) ? 'regular' : 'indefinite';
  }

  /** K⁻¹U and the factors of S⁻¹ + UᵀK⁻¹U. */
  private prepare(vectors: readonly Float64Array[], signs: readonly number[]): boolean {
    const { structure, solved } = this;
    const rank = vectors.length;
    const n = structure.variableCount;
    if (this.pivots.length < rank) {
      this.capacity = new Float64Array(rank * rank);
      this.pivots = new Int32Array(rank);
      this.reduced = new Float64Array(rank);
    }
    while (solved.length < rank) solved.push(new Float64Array(n + structure.rowCount));
    for (let k = 0; k < rank; k++) {
      const column = solved[k]!;
      column.set(vectors[k]!);
      column.fill(0, n);
      this.inner.solve(column);
    }
    for (let i = 0; i < rank; i++) {
      for (let j = 0; j < rank; j++) {
        this.capacity[i * rank + j] = dotFirst(vectors[i]!, solved[j]!) + (i === j ? signs[i]! : 0);
      }
    }
    this.rank = rank;
    return factorSmall(this.capacity, this.pivots, rank);
  }

  solve(rightHandSide: Float64Array): void {
    const { rank, reduced, solved } = this;
    this.inner.solve(rightHandSide);
    if (rank === 0) return;
    const { vectors } = this.structure.lowRank!;
    for (let k = 0; k < rank; k++) reduced[k] = dotFirst(vectors[k]!, rightHandSide);
    solveSmall(this.capacity, this.pivots, rank, reduced);
    for (let k = 0; k < rank; k++) {
      const column = solved[k]!;
      const factor = reduced[k]!;
      for (let j = 0; j < rightHandSide.length; j++) rightHandSide[j] = rightHandSide[j]! - factor * column[j]!;
    }
  }
}

/** Product over the length of `short`. */
function dotFirst(short: Float64Array, long: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < short.length; j++) sum += short[j]! * long[j]!;
  return sum;
}

/** LU with row exchanges, in place; false if singular. */
function factorSmall(matrix: Float64Array, pivots: Int32Array, order: number): boolean {
  for (let k = 0; k < order; k++) {
    let row = k;
    for (let i = k + 1; i < order; i++) {
      if (Math.abs(matrix[i * order + k]!) > Math.abs(matrix[row * order + k]!)) row = i;
    }
    pivots[k] = row;
    const pivot = matrix[row * order + k]!;
    if (pivot === 0 || !Number.isFinite(pivot)) return false;
    if (row !== k) {
      for (let j = 0; j < order; j++) {
        const kept = matrix[k * order + j]!;
        matrix[k * order + j] = matrix[row * order + j]!;
        matrix[row * order + j] = kept;
      }
    }
    for (let i = k + 1; i < order; i++) {
      const factor = matrix[i * order + k]! / pivot;
      matrix[i * order + k] = factor;
      for (let j = k + 1; j < order; j++) {
        matrix[i * order + j] = matrix[i * order + j]! - factor * matrix[k * order + j]!;
      }
    }
  }
  return true;
}

function solveSmall(matrix: Float64Array, pivots: Int32Array, order: number, x: Float64Array): void {
  for (let k = 0; k < order; k++) {
    const row = pivots[k]!;
    const kept = x[k]!;
    x[k] = x[row]!;
    x[row] = kept;
  }
  for (let i = 1; i < order; i++) for (let j = 0; j < i; j++) x[i] = x[i]! - matrix[i * order + j]! * x[j]!;
  for (let i = order - 1; i >= 0; i--) {
    for (let j = i + 1; j < order; j++) x[i] = x[i]! - matrix[i * order + j]! * x[j]!;
    x[i] = x[i]! / matrix[i * order + i]!;
  }
}
