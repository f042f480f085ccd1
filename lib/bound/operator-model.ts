import type { DirectionKind, HessianModel } from './hessian-model.js';

/** What conjugate gradients need from the problem. */
export interface HessianOperator {
  /** Prepares products at x; false when not finite. */
  load(x: Float64Array): boolean;
  /** H·vector at the point last loaded, into `values`; both of length variableCount. */
  multiply(vector: Float64Array, values: Float64Array): void;
  /** Estimate of the diagonal, for the preconditioner; all ones when nothing is known. */
  diagonal(values: Float64Array): void;
}

/**
 * Newton directions by preconditioned conjugate gradients on the free variables, from products alone: O(n) memory, and
 * work proportional to that of a product. Stops at negative curvature as in Steihaug (1983).
 */
export class OperatorHessianModel implements HessianModel {
  private readonly remainder: Float64Array;
  private readonly scaled: Float64Array;
  private readonly search: Float64Array;
  private readonly product: Float64Array;
  private readonly preconditioner: Float64Array;

  constructor(
    size: number,
    private readonly operator: HessianOperator,
    private readonly expired: () => boolean = () => false,
    private readonly maxIterations = Math.max(50, Math.min(2 * size, 1000)),
  ) {
    this.remainder = new Float64Array(size);
    this.scaled = new Float64Array(size);
    this.search = new Float64Array(size);
    this.product = new Float64Array(size);
    this.preconditioner = new Float64Array(size);
  }

  load(x: Float64Array): boolean {
    if (!this.operator.load(x)) return false;
    this.operator.diagonal(this.preconditioner);
    let largest = 0;
    for (const entry of this.preconditioner) largest = Math.max(largest, Math.abs(entry));
    const smallest = Math.max(1e-8 * largest, 1e-12);
    for (let j = 0; j < this.preconditioner.length; j++) {
      this.preconditioner[j] = 1 / Math.max(Math.abs(this.preconditioner[j]!), smallest);
    }
    return true;
  }

  multiply(vector: Float64Array, values: Float64Array): void {
    this.operator.multiply(vector, values);
  }

  diagonal(values: Float64Array): void {
    this.operator.diagonal(values);
  }

  direction(free: Uint8Array, residual: Float64Array, relativeTolerance: number, values: Float64Array): DirectionKind {
    const { remainder, scaled, search, product, preconditioner } = this;
    const size = values.length;
    values.fill(0);
    let rho = 0;
    for (let j = 0; j < size; j++) {
      const open = free[j] === 1;
      remainder[j] = open ? -residual[j]! : 0;
      scaled[j] = open ? preconditioner[j]! * remainder[j]! : 0;
      search[j] = scaled[j]!;
      rho += remainder[j]! * scaled[j]!;
    }
    if (rho === 0) return 'none';
    const target = rho * relativeTolerance * relativeTolerance;
    for (let iteration = 0; iteration < this.maxIterations; iteration++) {
      // What there is so far descends as well.
      if ((iteration & 7) === 0 && this.expired()) return iteration === 0 ? 'none' : 'newton';
      this.operator.multiply(search, product);
      let curvature = 0;
      let searchNorm = 0;
      for (let j = 0; j < size; j++) {
        if (free[j] !== 1) product[j] = 0;
        curvature += search[j]! * product[j]!;
        searchNorm += (search[j]! * search[j]!) / preconditioner[j]!;
      }
      if (!(curvature > 1e-14 * searchNorm)) {
        if (iteration === 0 || !Number.isFinite(curvature)) {
          if (iteration === 0) values.set(search);
          return 'curvature';
        }
        addCurvature(values, search, residual);
        return 'curvature';
      }
      const step = rho / curvature;
      for (let j = 0; j < size; j++) {
        values[j]! += step * search[j]!;
        remainder[j]! -= step * product[j]!;
        scaled[j] = preconditioner[j]! * remainder[j]!;
      }
      let next = 0;
      for (let j = 0; j < size; j++) next += remainder[j]! * scaled[j]!;
      if (next <= target) return 'newton';
      const ratio = next / rho;
      rho = next;
      for (let j = 0; j < size; j++) search[j] = scaled[j]! + ratio * search[j]!;
    }
    return 'newton';
  }
}

/** Extends the truncated step far along the direction of negative curvature, on its downhill side. */
function addCurvature(values: Float64Array, search: Float64Array, residual: Float64Array): void {
  let slope = 0;
  let stepNorm = 0;
  let searchNorm = 0;
  for (let j = 0; j < values.length; j++) {
    slope += search[j]! * residual[j]!;
    stepNorm = Math.max(stepNorm, Math.abs(values[j]!));
    searchNorm = Math.max(searchNorm, Math.abs(search[j]!));
  }
  const factor = ((slope > 0 ? -10 : 10) * Math.max(stepNorm, 1e-8)) / Math.max(searchNorm, 1e-300);
  for (let j = 0; j < values.length; j++) values[j]! += factor * search[j]!;
}
