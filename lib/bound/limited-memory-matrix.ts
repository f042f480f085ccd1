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
  /** Updates skipped in a row. */
  private skipped = 0;
  private kernelReady = false;
  /** sᵢᵀsⱼ, sᵢᵀyⱼ and yᵢᵀyⱼ of the pairs kept, row-major with stride `memory`. */
  private readonly stepProducts: Float64Array;
  private readonly mixedProducts: Float64Array;
  private readonly differenceProducts: Float64Array;

  constructor(
    private readonly size: number,
    private readonly memory: number,
  ) {
    this.kernel = new Float64Array(4 * memory * memory);
    this.reduced = new Float64Array(4 * memory * memory);
    this.small = new Float64Array(2 * memory);
    this.subsetIndices = new Int32Array(size);
    this.stepProducts = new Float64Array(memory * memory);
    this.mixedProducts = new Float64Array(memory * memory);
    this.differenceProducts = new Float64Array(memory * memory);
  }

  /** Forgets all pairs; B becomes θI. */
  reset(theta: number): void {
    this.spare.push(...this.steps, ...this.differences);
    this.steps.length = 0;
    this.differences.length = 0;
    this.theta = theta;
    this.kernelReady = false;
    this.skipped = 0;
  }

  /** After a step along which the gradient did not grow: with no pairs to keep, longer steps come next. */
  loosen(): void {
    if (this.steps.length === 0) this.theta *= 0.25;
    else if (++this.skipped > 3) this.reset(this.theta);
  }

  /** Pairs kept, 0 … memory. */
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
      for (const products of [this.stepProducts, this.mixedProducts, this.differenceProducts]) {
        products.copyWithin(0, this.memory + 1);
      }
    }
    const newStep = this.spare.pop() ?? new Float64Array(this.size);
    const newDifference = this.spare.pop() ?? new Float64Array(this.size);
    newStep.set(step);
    newDifference.set(difference);
    this.steps.push(newStep);
    this.differences.push(newDifference);
    this.updateProducts();
    this.skipped = 0;
    this.theta = squared / product;
    this.kernelReady = false;
    return true;
  }

  /** Inner products of the newest pair with all kept ones. */
  private updateProducts(): void {
    const { steps, differences, memory } = this;
    const last = steps.length - 1;
    for (let i = 0; i <= last; i++) {
      const step = dot(steps[i]!, steps[last]!);
      const difference = dot(differences[i]!, differences[last]!);
      this.stepProducts[i * memory + last] = step;
      this.stepProducts[last * memory + i] = step;
      this.differenceProducts[i * memory + last] = difference;
      this.differenceProducts[last * memory + i] = difference;
      this.mixedProducts[i * memory + last] = dot(steps[i]!, differences[last]!);
      this.mixedProducts[last * memory + i] = dot(steps[last]!, differences[i]!);
    }
  }

  /** Entry (i, k) of [Y S]ᵀ[Y S] over all variables. */
  private product(i: number, k: number): number {
    const pairs = this.steps.length;
    const { memory } = this;
    if (i < pairs && k < pairs) return this.differenceProducts[i * memory + k]!;
    if (i >= pairs && k >= pairs) return this.stepProducts[(i - pairs) * memory + k - pairs]!;
    return i >= pairs ? this.mixedProducts[(i - pairs) * memory + k]! : this.mixedProducts[(k - pairs) * memory + i]!;
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
    const { kernel, theta } = this;
    const pairs = this.steps.length;
    const order = 2 * pairs;
    for (let i = 0; i < pairs; i++) {
      for (let j = 0; j < pairs; j++) {
        kernel[i * order + j] = i === j ? -this.product(pairs + i, i) : 0;
        const lower = i > j ? this.product(pairs + i, j) : 0;
        kernel[(pairs + i) * order + j] = lower;
        kernel[j * order + pairs + i] = lower;
        kernel[(pairs + i) * order + pairs + j] = theta * this.product(pairs + i, pairs + j);
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

  private readonly subsetIndices: Int32Array;
  private subsetIsFree = false;

  /** Lists the free or the fixed variables, whichever are fewer. */
  private smallerSubset(free: Uint8Array): number {
    let freeCount = 0;
    for (let j = 0; j < free.length; j++) freeCount += free[j]!;
    this.subsetIsFree = 2 * freeCount <= free.length;
    const wanted = this.subsetIsFree ? 1 : 0;
    let count = 0;
    for (let j = 0; j < free.length; j++) if (free[j] === wanted) this.subsetIndices[count++] = j;
    return count;
  }

  /** Entry (i, k) of [Y S]ᵀ[Y S] over the free variables. */
  private freeProduct(i: number, k: number, subset: number): number {
    const left = this.column(i);
    const right = this.column(k);
    let sum = 0;
    for (let p = 0; p < subset; p++) {
      const j = this.subsetIndices[p]!;
      sum += left[j]! * right[j]!;
    }
    return this.subsetIsFree ? sum : this.product(i, k) - sum;
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
    const subset = this.smallerSubset(free);
    for (let i = 0; i < order; i++) {
      const left = this.column(i);
      const leftFactor = i < pairs ? 1 : theta;
      let product = 0;
      for (let j = 0; j < size; j++) if (free[j]) product -= left[j]! * residual[j]!;
      small[i] = leftFactor * product;
      for (let k = 0; k <= i; k++) {
        const inner = (this.freeProduct(i, k, subset) * (leftFactor * (k < pairs ? 1 : theta))) / theta;
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
