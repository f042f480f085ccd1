import { ArgumentError } from '../errors/index.js';
import type { SparseMatrix } from './matrix.js';
import { minimumDegreeOrder } from './minimum-degree.js';
import { MultifrontalFactor } from './multifrontal-factor.js';
import { nestedDissectionOrder } from './nested-dissection.js';
import type { NumericFactor, PivotRules } from './numeric-factor.js';
import { SimplicialFactor } from './simplicial-factor.js';
import { multiplyLowerTriangle } from './sparse.js';
import { adjacency, analysePattern, type SymbolicFactor } from './symbolic-factor.js';
import type { Inertia } from './symmetric-indefinite.js';

export type { PivotRules } from './numeric-factor.js';

/** Operations per entry of L, and per column, from which dense blocks pay. */
const supernodalRatio = 40;
const supernodalColumn = 500;

/** Operations under minimum degree from which a better order is worth its search. */
const dissectedOperations = 5e7;

/** How the factors are stored and computed: by sparse columns, or by dense blocks. */
export type FactorKind = 'simplicial' | 'supernodal';

/**
 * PAPᵀ = LDLᵀ of a sparse symmetric matrix with diagonal D, for quasi-definite matrices and others that need no 2×2
 * pivots. The pattern is analysed once (fill-reducing order, elimination tree, counts); factors with little fill are
 * computed row by row, others by the multifrontal method on dense blocks.
 */
export class SparseSymmetricFactor {
  /** Rows and columns of the matrix. */
  readonly order: number;
  /** Undefined while the analysis was always stopped. */
  private symbolic: SymbolicFactor | undefined;
  private readonly solution: Float64Array;
  private readonly correction: Float64Array;
  private readonly residual: Float64Array;
  /** Made by the first factorisation: some callers only ask how large the factors would be. */
  private numeric: NumericFactor | undefined;

  /**
   * Analyses the pattern of a lower triangle (row ≥ column); its values are not read. `stop` is asked every few
   * milliseconds; after it has ended the analysis `factor` begins it anew.
   */
  constructor(
    private readonly pattern: SparseMatrix,
    private readonly permutation?: Int32Array,
    private readonly wantedKind?: FactorKind,
    stop?: () => boolean,
  ) {
    this.order = pattern.columns;
    this.analyse(stop);
    this.solution = new Float64Array(this.order);
    this.correction = new Float64Array(this.order);
    this.residual = new Float64Array(this.order);
  }

  private analyse(stop: (() => boolean) | undefined): SymbolicFactor | undefined {
    const { pattern, permutation } = this;
    this.symbolic ??=
      permutation === undefined ? analyseOrdered(pattern, stop) : analysePattern(pattern, permutation, stop);
    return this.symbolic;
  }

  /** Entries of L below the diagonal; ∞ as long as the analysis was stopped, as are `operations`. */
  get factorEntries(): number {
    return this.symbolic?.factorEntries ?? Infinity;
  }

  /** Multiplications and additions of one factorisation. */
  get operations(): number {
    return this.symbolic?.operations ?? Infinity;
  }

  /** How the factors are computed: row by row or by dense fronts. */
  get kind(): FactorKind {
    if (this.wantedKind !== undefined) return this.wantedKind;
    const { operations, factorEntries, order } = this;
    const isFilled = operations > supernodalRatio * factorEntries && operations > supernodalColumn * order;
    return isFilled ? 'supernodal' : 'simplicial';
  }

  /** Pivots that the last `factor` had to replace. */
  get replacedPivots(): number {
    return this.numeric?.replacedPivots ?? 0;
  }

  /** Largest |L| of the last `factor`: a measure of how far rounding may have grown. */
  get growth(): number {
    return this.numeric?.growth ?? 0;
  }

  /** Factors the matrix with these values of the analysed lower triangle; false if a pivot is zero or not finite, or when the rules end it. */
  factor(values: Float64Array, rules: PivotRules = {}): boolean {
    if (rules.stop?.() === true) return false;
    const symbolic = this.analyse(rules.stop);
    if (symbolic === undefined) return false;
    let largest = 0;
    for (let k = 0; k < values.length; k++) {
      const size = Math.abs(values[k]!);
      if (size > largest) largest = size;
    }
    this.numeric ??= this.kind === 'supernodal' ? new MultifrontalFactor(symbolic) : new SimplicialFactor(symbolic);
    return this.numeric.factor(values, {
      signs: rules.signs,
      smallest: rules.smallest ?? 1e-14 * largest,
      replacement: rules.replacement ?? 1e-8 * largest,
      mostNegative: rules.mostNegative ?? Infinity,
      stop: rules.stop,
    });
  }

  /** Signs of the pivots: by Sylvester's law the inertia of the matrix factored. */
  get inertia(): Inertia {
    let positive = 0;
    const diagonal = this.numeric?.diagonal;
    if (diagonal) for (let k = 0; k < this.order; k++) if (diagonal[k]! > 0) positive++;
    return { positive, negative: this.order - positive, zero: 0 };
  }

  /** Pivot of a row of the matrix factored last; NaN before the first. */
  pivotOf(row: number): number {
    const position = this.symbolic?.permutation.indexOf(row) ?? -1;
    return this.numeric?.diagonal[position] ?? NaN;
  }

  /** x ← A⁻¹x. Throws RangeError before the first `factor`. */
  solve(x: Float64Array): void {
    const { order, solution: work, numeric, symbolic } = this;
    if (numeric === undefined || symbolic === undefined)
      throw new ArgumentError('factor a matrix before solving with it');
    const { permutation } = symbolic;
    for (let k = 0; k < order; k++) work[k] = x[permutation[k]!]!;
    numeric.solve(work);
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

/** By minimum degree; where that leaves much work, by nested dissection if it leaves less. Undefined when stopped. */
function analyseOrdered(pattern: SparseMatrix, stop = (): boolean => false): SymbolicFactor | undefined {
  const { starts, neighbours } = adjacency(pattern);
  const localOrder = minimumDegreeOrder(pattern.columns, starts, neighbours, stop);
  const local = localOrder && analysePattern(pattern, localOrder, stop);
  if (local === undefined || local.operations < dissectedOperations) return local;
  const order = nestedDissectionOrder(pattern.columns, starts, neighbours, stop);
  const dissected = order && analysePattern(pattern, order, stop);
  if (dissected === undefined) return undefined;
  return dissected.operations < local.operations ? dissected : local;
}
