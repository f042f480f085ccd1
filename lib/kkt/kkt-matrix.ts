import type { SparsityPattern } from '../problem/index.js';

/** Σ signs[k]·vₖvₖᵀ, to be added to the Hessian whose stored part is `values`. */
export interface LowRankTerm {
  readonly values: Float64Array;
  readonly vectors: readonly Float64Array[];
  readonly signs: readonly number[];
  /** target ← target + the term times direction. */
  addProduct(direction: Float64Array, target: Float64Array): void;
}

/** Structure shared by all quadratic models of one problem. */
export interface ModelStructure {
  readonly variableCount: number;
  readonly rowCount: number;
  /** Lower triangle of the Hessian. */
  readonly hessian: SparsityPattern;
  readonly jacobian: SparsityPattern;
  /** Positions of the Jacobian's non-zeros row by row: those of row i are `rowEntries[rowStarts[i] … rowStarts[i + 1])`. */
  readonly rowStarts: Int32Array;
  readonly rowEntries: Int32Array;
  /** Part of the Hessian beside the stored one, set by a limited-memory approximation. */
  lowRank?: LowRankTerm;
}

export function modelStructure(
  variableCount: number,
  rowCount: number,
  hessian: SparsityPattern,
  jacobian: SparsityPattern,
): ModelStructure {
  const rowStarts = new Int32Array(rowCount + 1);
  for (const row of jacobian.rows) rowStarts[row + 1] = rowStarts[row + 1]! + 1;
  for (let i = 0; i < rowCount; i++) rowStarts[i + 1] = rowStarts[i + 1]! + rowStarts[i]!;
  const next = rowStarts.slice();
  const rowEntries = new Int32Array(jacobian.rows.length);
  for (let k = 0; k < jacobian.rows.length; k++) {
    const row = jacobian.rows[k]!;
    rowEntries[next[row]!] = k;
    next[row] = next[row]! + 1;
  }
  return { variableCount, rowCount, hessian, jacobian, rowStarts, rowEntries };
}

/** Dense patterns for problems that name none. */
export function densePattern(rows: number, columns: number): SparsityPattern {
  const pattern = { rows: new Int32Array(rows * columns), columns: new Int32Array(rows * columns) };
  for (let k = 0; k < rows * columns; k++) {
    pattern.rows[k] = Math.floor(k / columns);
    pattern.columns[k] = k % columns;
  }
  return pattern;
}

export function diagonalPattern(order: number): SparsityPattern {
  const rows = Int32Array.from({ length: order }, (_, j) => j);
  return { rows, columns: rows };
}

export function denseLowerTriangle(order: number): SparsityPattern {
  const length = (order * (order + 1)) / 2;
  const pattern = { rows: new Int32Array(length), columns: new Int32Array(length) };
  let k = 0;
  for (let i = 0; i < order; i++) {
    for (let j = 0; j <= i; j++, k++) {
      pattern.rows[k] = i;
      pattern.columns[k] = j;
    }
  }
  return pattern;
}

/** What is to be factored: [H + diag(σ), Aᵀ; A, −diag(ρ)] over the free variables and the active rows. */
export interface KktRequest {
  readonly hessian: Float64Array;
  readonly jacobian: Float64Array;
  /** σ, length variableCount. */
  readonly variableDiagonal: Float64Array;
  /** ρ ≥ 0, length rowCount. */
  readonly rowDiagonal: Float64Array;
  /** Non-zero: the variable is held and drops out. */
  readonly held: Int8Array;
  /** Non-zero: the row takes part. */
  readonly active: Int8Array;
}

/** How the signs of a factored system differ from those of a strict minimiser on independent rows. */
export type KktVerdict = 'regular' | 'indefinite' | 'rank-deficient';

/** A symmetric indefinite system that is factored again and again with the same structure. */
export interface KktMatrix {
  /** Set by the method that runs: asked within long factorisations, which then end as `indefinite`. */
  expired?: () => boolean;
  /** Multiplications and additions of the last factorisation, about; 0 before the first. */
  readonly operations: number;
  /** Factor of the regularisation of the next factorisations, 1 unless set; absent where there is none. */
  regularizationScale?: number;
  factor(request: KktRequest): KktVerdict;
  /** Overwrites a right-hand side (variables, then rows) with the solution; components left out become 0. */
  solve(rightHandSide: Float64Array): void;
}

/** target ← H·d for the lower triangle `values` (plus nothing on the diagonal). */
export function multiplyHessian(
  structure: ModelStructure,
  values: Float64Array,
  direction: Float64Array,
  target: Float64Array,
): void {
  const { rows, columns } = structure.hessian;
  target.fill(0);
  for (let k = 0; k < values.length; k++) {
    const value = values[k]!;
    const i = rows[k]!;
    const j = columns[k]!;
    target[i] = target[i]! + value * direction[j]!;
    if (i !== j) target[j] = target[j]! + value * direction[i]!;
  }
  if (structure.lowRank?.values === values) structure.lowRank.addProduct(direction, target);
}

/** target ← A·d. */
export function multiplyJacobian(
  structure: ModelStructure,
  values: Float64Array,
  direction: Float64Array,
  target: Float64Array,
): void {
  const { rows, columns } = structure.jacobian;
  target.fill(0);
  for (let k = 0; k < values.length; k++) {
    const i = rows[k]!;
    target[i] = target[i]! + values[k]! * direction[columns[k]!]!;
  }
}

/** target ← target + Aᵀy. */
export function addTransposedProduct(
  structure: ModelStructure,
  values: Float64Array,
  multipliers: Float64Array,
  target: Float64Array,
): void {
  const { rows, columns } = structure.jacobian;
  for (let k = 0; k < values.length; k++) {
    const j = columns[k]!;
    target[j] = target[j]! + values[k]! * multipliers[rows[k]!]!;
  }
}
