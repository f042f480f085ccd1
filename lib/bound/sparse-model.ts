import { assembleSparse, SparseSymmetricFactor, type SparseMatrix } from '../linalg/index.js';
import type { SparsityPattern } from '../problem/index.js';
import type { Evaluator } from '../nlp/index.js';
import type { DirectionKind, HessianModel } from './hessian-model.js';

/** Operations of a factorisation beyond which conjugate gradients are the better way. */
const mostOperations = 5e8;
/** Growth of the factors beyond which a direction is not to be trusted. */
const largestGrowth = 1e12;
const inverseIterations = 4;
/** Least shift of a free block that is not positive definite, relative to its rows; one that is singular needs no more. */
const smallestShift = 1e-8;

const noMultipliers = new Float64Array(0);

/**
 * Newton directions by a sparse LDLᵀ factorisation, analysed once: held variables stay in the matrix as a unit diagonal,
 * and an indefinite free block is shifted by a multiple of its diagonal's size until it is positive definite.
 */
export class SparseHessianModel implements HessianModel {
  readonly maxRounds = 8;
  private readonly matrix: SparseMatrix;
  private readonly slots: Int32Array;
  private readonly factorization: SparseSymmetricFactor;
  private readonly hessianValues: Float64Array;
  private readonly scale: Float64Array;
  private readonly work: Float64Array;
  private readonly product: Float64Array;
  private lastShift = 0;

  private constructor(
    private readonly evaluator: Evaluator,
    private readonly pattern: SparsityPattern,
    private readonly expired: () => boolean,
  ) {
    const { rows, columns } = pattern;
    const size = evaluator.meta.variableCount;
    const allRows = new Int32Array(rows.length + size);
    const allColumns = new Int32Array(rows.length + size);
    allRows.set(rows);
    allColumns.set(columns);
    for (let j = 0; j < size; j++) allRows[rows.length + j] = allColumns[rows.length + j] = j;
    const assembled = assembleSparse(size, size, allRows, allColumns);
    this.matrix = assembled.matrix;
    this.slots = assembled.slots;
    this.factorization = new SparseSymmetricFactor(this.matrix, undefined, undefined, expired);
    this.hessianValues = new Float64Array(rows.length);
    this.scale = new Float64Array(size);
    this.work = new Float64Array(size);
    this.product = new Float64Array(size);
  }

  /** Undefined where the factors would be too large. */
  static create(
    evaluator: Evaluator,
    pattern: SparsityPattern,
    expired: () => boolean,
  ): SparseHessianModel | undefined {
    const model = new SparseHessianModel(evaluator, pattern, expired);
    return model.factorization.operations <= mostOperations ? model : undefined;
  }

  load(x: Float64Array): boolean {
    if (!this.evaluator.hessian(x, 1, noMultipliers, this.hessianValues)) return false;
    this.prepareScale();
    return true;
  }

  /** Largest |entry| of each row, by which shifts are weighted. */
  private prepareScale(): void {
    const { scale, hessianValues, pattern } = this;
    scale.fill(0);
    let largest = 0;
    for (let k = 0; k < hessianValues.length; k++) {
      const entry = Math.abs(hessianValues[k]!);
      if (entry > scale[pattern.rows[k]!]!) scale[pattern.rows[k]!] = entry;
      if (entry > scale[pattern.columns[k]!]!) scale[pattern.columns[k]!] = entry;
      if (entry > largest) largest = entry;
    }
    const smallest = Math.max(1e-10 * largest, 1e-20);
    for (let j = 0; j < scale.length; j++) scale[j] = Math.max(scale[j]!, smallest);
  }

  multiply(vector: Float64Array, values: Float64Array): void {
    const { rows, columns } = this.pattern;
    const { hessianValues } = this;
    values.fill(0);
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!;
      const column = columns[k]!;
      const entry = hessianValues[k]!;
      values[row]! += entry * vector[column]!;
      if (row !== column) values[column]! += entry * vector[row]!;
    }
  }

  diagonal(values: Float64Array): void {
    const { rows, columns } = this.pattern;
    values.fill(0);
    for (let k = 0; k < rows.length; k++) if (rows[k] === columns[k]) values[rows[k]!]! += this.hessianValues[k]!;
  }

  direction(free: Uint8Array, residual: Float64Array, _tolerance: number, values: Float64Array): DirectionKind {
    let residualNorm = 0;
    let count = 0;
    for (let j = 0; j < free.length; j++) {
      if (free[j] !== 1) continue;
      count++;
      residualNorm = Math.max(residualNorm, Math.abs(residual[j]!));
    }
    values.fill(0);
    if (count === 0) return 'none';
    if (this.factor(free, 0)) {
      this.lastShift *= 0.1;
      this.solve(free, residual, values);
      return 'newton';
    }
    let shift = Math.max(this.lastShift * 0.3, smallestShift);
    for (let trial = 0; trial < 40 && !this.factor(free, shift); trial++) {
      if (this.expired()) return 'none';
      shift *= 8;
    }
    if (residualNorm > 1e-12) {
      this.lastShift = shift;
      this.solve(free, residual, values);
      return shift === smallestShift ? 'newton' : 'curvature';
    }
    return this.negativeCurvature(free, residual, values) ? 'curvature' : 'none';
  }

  /** Factors the free block plus shift·scale; false if it is not safely positive definite. */
  private factor(free: Uint8Array, shift: number): boolean {
    const { matrix, slots, pattern, hessianValues, scale } = this;
    const { rows, columns } = pattern;
    const { values } = matrix;
    values.fill(0);
    for (let k = 0; k < rows.length; k++) {
      if (free[rows[k]!] !== 1 || free[columns[k]!] !== 1) continue;
      const slot = slots[k]!;
      values[slot] = values[slot]! + hessianValues[k]!;
    }
    for (let j = 0; j < free.length; j++) {
      const slot = slots[rows.length + j]!;
      // A held variable has no part in the others' equations; its diagonal only keeps the matrix regular.
      values[slot] = free[j] === 1 ? values[slot]! + shift * scale[j]! : scale[j]!;
    }
    const { factorization } = this;
    if (!factorization.factor(values, { stop: this.expired, mostNegative: 0 }) || factorization.growth > largestGrowth)
      return false;
    return factorization.inertia.negative === 0;
  }

  /** −H⁻¹·residual on the free variables. */
  private solve(free: Uint8Array, residual: Float64Array, values: Float64Array): void {
    for (let j = 0; j < free.length; j++) values[j] = free[j] === 1 ? -residual[j]! : 0;
    this.factorization.solve(values);
    for (let j = 0; j < free.length; j++) if (free[j] !== 1) values[j] = 0;
  }

  /** By inverse iteration on the shifted block, whose smallest eigenvalue belongs to the direction sought. */
  private negativeCurvature(free: Uint8Array, residual: Float64Array, values: Float64Array): boolean {
    const { work, product, factorization } = this;
    for (let j = 0; j < work.length; j++) work[j] = free[j] === 1 ? 1 + ((j * 7919) % 101) / 101 : 0;
    for (let pass = 0; pass < inverseIterations; pass++) {
      factorization.solve(work);
      let norm = 0;
      for (let j = 0; j < work.length; j++) {
        if (free[j] !== 1) work[j] = 0;
        norm = Math.max(norm, Math.abs(work[j]!));
      }
      if (!(norm > 0) || !Number.isFinite(norm)) return false;
      for (let j = 0; j < work.length; j++) work[j] = work[j]! / norm;
    }
    this.multiply(work, product);
    let curvature = 0;
    let slope = 0;
    for (let j = 0; j < work.length; j++) {
      curvature += work[j]! * product[j]!;
      slope += work[j]! * residual[j]!;
    }
    if (!(curvature < 0)) return false;
    const sign = slope > 0 ? -1 : 1;
    for (let j = 0; j < work.length; j++) values[j] = sign * work[j]!;
    return true;
  }
}
