import type { DirectionKind, HessianModel } from './hessian-model.js';

/** Fills the lower triangle, row by row: entry (i, j ≤ i) at i(i+1)/2 + j. False when not finite. */
export type DenseHessianLoader = (x: Float64Array, lowerTriangle: Float64Array) => boolean;

/** Least shift of a free block that is not positive definite, relative to its rows; one that is singular needs no more. */
const smallestShift = 1e-8;

/** Exact Newton directions by Cholesky factorisation of the free block, for problems of moderate size. */
export class DenseHessianModel implements HessianModel {
  private readonly triangle: Float64Array;
  private readonly factor: Float64Array;
  private readonly index: Int32Array;
  private readonly work: Float64Array;
  private readonly curvature: Float64Array;
  private readonly scale: Float64Array;
  private lastShift = 0;

  constructor(
    private readonly size: number,
    private readonly loader: DenseHessianLoader,
  ) {
    const length = (size * (size + 1)) / 2;
    this.triangle = new Float64Array(length);
    this.factor = new Float64Array(length);
    this.index = new Int32Array(size);
    this.work = new Float64Array(size);
    this.scale = new Float64Array(size);
    this.curvature = new Float64Array(size);
  }

  load(x: Float64Array): boolean {
    return this.loader(x, this.triangle);
  }

  multiply(vector: Float64Array, values: Float64Array): void {
    const { triangle, size } = this;
    for (let i = 0, k = 0; i < size; i++) {
      const factor = vector[i]!;
      let sum = 0;
      for (let j = 0; j < i; j++, k++) {
        const entry = triangle[k]!;
        sum += entry * vector[j]!;
        values[j]! += entry * factor;
      }
      values[i] = sum + triangle[k++]! * factor;
    }
  }

  diagonal(values: Float64Array): void {
    for (let i = 0, k = 0; i < this.size; i++, k += i + 1) values[i] = this.triangle[k]!;
  }

  direction(free: Uint8Array, residual: Float64Array, _tolerance: number, values: Float64Array): DirectionKind {
    const { size, index } = this;
    let count = 0;
    for (let i = 0; i < size; i++) if (free[i]) index[count++] = i;
    values.fill(0);
    if (count === 0) return 'none';
    const residualNorm = this.prepareScale(count, residual);
    const failure = this.factorize(count, 0, 1e-13);
    if (failure < 0) {
      this.lastShift *= 0.1;
      this.solve(count, residual, values);
      return 'newton';
    }
    const curvatureFound = this.negativeCurvature(count, failure);
    if (residualNorm > 1e-12) {
      let shift = Math.max(this.lastShift * 0.3, smallestShift);
      for (let trial = 0; trial < 60 && this.factorize(count, shift, 1e-12) >= 0; trial++) shift *= 8;
      this.lastShift = shift;
      this.solve(count, residual, values);
      return !curvatureFound && shift === smallestShift ? 'newton' : 'curvature';
    }
    if (!curvatureFound) return 'none';
    let slope = 0;
    for (let k = 0; k < count; k++) slope += this.curvature[k]! * residual[index[k]!]!;
    const sign = slope > 0 ? -1 : 1;
    for (let k = 0; k < count; k++) values[index[k]!] = sign * this.curvature[k]!;
    return 'curvature';
  }

  /** Size of each free row, by which pivots are judged and shifts weighted; returns the largest |residual|. */
  private prepareScale(count: number, residual: Float64Array): number {
    const { triangle, index, scale } = this;
    scale.fill(1e-20, 0, count);
    let residualNorm = 0;
    for (let p = 0; p < count; p++) {
      const row = index[p]!;
      residualNorm = Math.max(residualNorm, Math.abs(residual[row]!));
      for (let q = 0; q <= p; q++) {
        const entry = Math.abs(triangle[(row * (row + 1)) / 2 + index[q]!]!);
        if (entry > scale[p]!) scale[p] = entry;
        if (entry > scale[q]!) scale[q] = entry;
      }
    }
    return residualNorm;
  }

  /** LLᵀ of the free block plus shift·scale; the failing row, or −1 when all pivots exceed smallest·scale. */
  private factorize(count: number, shift: number, smallest: number): number {
    const { factor, triangle, index, scale } = this;
    for (let i = 0, row = 0; i < count; i++, row += i) {
      const source = index[i]!;
      const sourceRow = (source * (source + 1)) / 2;
      for (let j = 0, other = 0; j <= i; j++, other += j) {
        let sum = triangle[sourceRow + index[j]!]!;
        for (let k = 0; k < j; k++) sum -= factor[row + k]! * factor[other + k]!;
        if (j < i) factor[row + j] = sum / factor[other + j]!;
        else {
          sum += shift * scale[i]!;
          factor[row + i] = sum;
          if (!(sum > smallest * scale[i]!)) return i;
          factor[row + i] = Math.sqrt(sum);
        }
      }
    }
    return -1;
  }

  /** From a factorisation that failed at `row`: v = (L⁻ᵀl, −1), whose curvature is the failing pivot. */
  private negativeCurvature(count: number, row: number): boolean {
    const { factor, curvature } = this;
    const start = (row * (row + 1)) / 2;
    const pivot = factor[start + row]!;
    curvature.fill(0, 0, count);
    for (let i = row - 1; i >= 0; i--) {
      let sum = factor[start + i]!;
      for (let k = i + 1; k < row; k++) sum -= factor[(k * (k + 1)) / 2 + i]! * curvature[k]!;
      curvature[i] = sum / factor[(i * (i + 3)) / 2]!;
    }
    curvature[row] = -1;
    let norm = 1;
    for (let i = 0; i < row; i++) norm = Math.max(norm, Math.abs(curvature[i]!));
    for (let i = 0; i <= row; i++) curvature[i]! /= norm;
    return pivot < 0;
  }

  /** −(LLᵀ)⁻¹·residual on the free variables. */
  private solve(count: number, residual: Float64Array, values: Float64Array): void {
    const { factor, index, work } = this;
    for (let i = 0, row = 0; i < count; i++, row += i) {
      let sum = -residual[index[i]!]!;
      for (let k = 0; k < i; k++) sum -= factor[row + k]! * work[k]!;
      work[i] = sum / factor[row + i]!;
    }
    for (let i = count - 1; i >= 0; i--) {
      const value = work[i]! / factor[(i * (i + 3)) / 2]!;
      work[i] = value;
      const row = (i * (i + 1)) / 2;
      for (let k = 0; k < i; k++) work[k]! -= factor[row + k]! * value;
    }
    for (let i = 0; i < count; i++) values[index[i]!] = work[i]!;
  }
}
