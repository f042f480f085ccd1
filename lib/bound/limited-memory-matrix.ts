import type { DirectionKind, HessianModel } from './hessian-model.js';

/**
 * Limited-memory BFGS matrix in compact form (Byrd, Nocedal & Schnabel 1994, eq. 3.22):
 *
 *   B = θI − W·K⁻¹·Wᵀ,   W = [Y  θS],   K = [−D  Lᵀ; L  θSᵀS],
 *
 * and its inverse on a subset of the variables by the Sherman–Morrison–Woodbury formula.
 */
export class LimitedMemoryMatrix implements HessianModel {
  private readonly steps: Float64Array[] = [];
  private readonly differences: Float64Array[] = [];
  private readonly spare: Float64Array[] = [];
  private readonly kernel: Float64Array;
  private readonly reduced: Float64Array;
  private readonly small: Float64Array;
  private theta = 1;
  private kernelReady = false;

  constructor(
    private readonly size: number,
    private readonly memory: number,
  ) {
    this.kernel = new Float64Array(4 * memory * memory);
    this.reduced = new Float64Array(4 * memory * memory);
    this.small = new Float64Array(2 * memory);
  }

  /** Forgets all pairs; B becomes θI. */
  reset(theta: number): void {
    this.spare.push(...this.steps, ...this.differences);
    this.steps.length = 0;
    this.differences.length = 0;
    this.theta = theta;
    this.kernelReady = false;
  }

  get pairCount(): number {
    return this.steps.length;
  }

  /** Adds a pair s, y; skipped (false) when sᵀy is not safely positive. */
  update(step: Float64Array, difference: Float64Array): boolean {
    const product = dot(step, difference);
    const squared = dot(difference, difference);
    if (!(product > 1e-10 * Math.sqrt(squared * dot(step, step))) || !Number.isFinite(squared)) return false;
    if (this.steps.length === this.memory) {
      this.spare.push(this.steps.shift()!, this.differences.shift()!);
    }
    const newStep = this.spare.pop() ?? new Float64Array(this.size);
    const newDifference = this.spare.pop() ?? new Float64Array(this.size);
    newStep.set(step);
    newDifference.set(difference);
    this.steps.push(newStep);
    this.differences.push(newDifference);
    this.theta = squared / product;
    this.kernelReady = false;
    return true;
  }

  load(): boolean {
    return true;
  }

  diagonal(values: Float64Array): void {
    values.fill(this.theta);
  }

  /** The k-th column of W, without its factor θ. */
  private column(k: number): Float64Array {
    const pairs = this.steps.length;
    return k < pairs ? this.differences[k]! : this.steps[k - pairs]!;
  }

  private buildKernel(): void {
    if (this.kernelReady) return;
    const { steps, differences, kernel, theta } = this;
    const pairs = steps.length;
    const order = 2 * pairs;
    for (let i = 0; i < pairs; i++) {
      for (let j = 0; j < pairs; j++) {
        kernel[i * order + j] = i === j ? -dot(steps[i]!, differences[i]!) : 0;
        const lower = i > j ? dot(steps[i]!, differences[j]!) : 0;
        kernel[(pairs + i) * order + j] = lower;
        kernel[j * order + pairs + i] = lower;
        kernel[(pairs + i) * order + pairs + j] = theta * dot(steps[i]!, steps[j]!);
      }
    }
    this.kernelReady = true;
  }

  multiply(vector: Float64Array, values: Float64Array): void {
    const { size, theta, small } = this;
    const pairs = this.steps.length;
    const order = 2 * pairs;
    for (let j = 0; j < size; j++) values[j] = theta * vector[j]!;
    if (pairs === 0) return;
    this.buildKernel();
    this.reduced.set(this.kernel);
    for (let k = 0; k < order; k++) small[k] = (k < pairs ? 1 : theta) * dot(this.column(k), vector);
    if (!solveInPlace(this.reduced, small, order)) return;
    for (let k = 0; k < order; k++) addMultiple(values, -small[k]! * (k < pairs ? 1 : theta), this.column(k));
  }

  direction(free: Uint8Array, residual: Float64Array, _tolerance: number, values: Float64Array): DirectionKind {
    const { size, theta, small, reduced } = this;
    const pairs = this.steps.length;
    const order = 2 * pairs;
    values.fill(0);
    let any = false;
    for (let j = 0; j < size; j++) {
      if (!free[j] || residual[j] === 0) continue;
      values[j] = -residual[j]! / theta;
      any = true;
    }
    if (!any) return 'none';
    if (pairs === 0) return 'newton';
    this.buildKernel();
    for (let i = 0; i < order; i++) {
      const left = this.column(i);
      const leftFactor = i < pairs ? 1 : theta;
      let product = 0;
      for (let j = 0; j < size; j++) if (free[j]) product -= left[j]! * residual[j]!;
      small[i] = leftFactor * product;
      for (let k = 0; k <= i; k++) {
        const right = this.column(k);
        let inner = 0;
        for (let j = 0; j < size; j++) if (free[j]) inner += left[j]! * right[j]!;
        inner *= (leftFactor * (k < pairs ? 1 : theta)) / theta;
        reduced[i * order + k] = this.kernel[i * order + k]! - inner;
        reduced[k * order + i] = reduced[i * order + k]!;
      }
    }
    if (!solveInPlace(reduced, small, order)) return 'newton';
    for (let k = 0; k < order; k++) {
      const column = this.column(k);
      const factor = (small[k]! * (k < pairs ? 1 : theta)) / (theta * theta);
      for (let j = 0; j < size; j++) if (free[j]) values[j]! += factor * column[j]!;
    }
    return 'newton';
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}

function addMultiple(values: Float64Array, factor: number, vector: Float64Array): void {
  for (let j = 0; j < values.length; j++) values[j]! += factor * vector[j]!;
}

/** Gaussian elimination with partial pivoting on a small dense system; false when singular. */
function solveInPlace(matrix: Float64Array, right: Float64Array, order: number): boolean {
  for (let k = 0; k < order; k++) {
    let pivot = k;
    for (let i = k + 1; i < order; i++) {
      if (Math.abs(matrix[i * order + k]!) > Math.abs(matrix[pivot * order + k]!)) pivot = i;
    }
    const value = matrix[pivot * order + k]!;
    if (!(Math.abs(value) > 1e-300)) return false;
    if (pivot !== k) {
      for (let j = k; j < order; j++) {
        const kept = matrix[k * order + j]!;
        matrix[k * order + j] = matrix[pivot * order + j]!;
        matrix[pivot * order + j] = kept;
      }
      const kept = right[k]!;
      right[k] = right[pivot]!;
      right[pivot] = kept;
    }
    for (let i = k + 1; i < order; i++) {
      const factor = matrix[i * order + k]! / value;
      if (factor === 0) continue;
      for (let j = k + 1; j < order; j++) matrix[i * order + j]! -= factor * matrix[k * order + j]!;
      right[i]! -= factor * right[k]!;
    }
  }
  for (let i = order - 1; i >= 0; i--) {
    let sum = right[i]!;
    for (let j = i + 1; j < order; j++) sum -= matrix[i * order + j]! * right[j]!;
    right[i] = sum / matrix[i * order + i]!;
  }
  return true;
}
