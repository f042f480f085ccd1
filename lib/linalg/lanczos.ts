import type { LinearOperator } from './krylov.js';
import { addScaled, dot, euclideanNorm } from './vector.js';

/** An estimate of the least eigenvalue of a symmetric operator, from above, and a unit vector with that Rayleigh quotient. */
export interface LeastEigenpair {
  /** The Rayleigh quotient of `vector`, never below the least eigenvalue by more than rounding. */
  readonly value: number;
  /** Unit vector, length of the operator's order. */
  readonly vector: Float64Array;
  /** Largest |eigenvalue| seen, for judging how far the least one is from zero. */
  readonly scale: number;
}

/** Residuals this much smaller than the operator end the recurrence, and such whose squares would vanish. */
const invariant = 1e-10;
const vanishing = 1e-140;

/**
 * Least eigenpair by Lanczos' recurrence with full reorthogonalisation (Golub & Van Loan §10.3), from a fixed start that
 * favours no coordinate. `steps` products at most; few find a clearly negative eigenvalue, none proves that there is not one.
 * Undefined when a product is not finite.
 *
 * @param multiply - Writes A times its first argument into its second; A symmetric.
 * @param size - Order of A.
 * @param steps - Most products with A.
 * @example
 * ```ts
 * import { leastEigenpair } from 'sft-opt/linalg';
 *
 * const multiply = (v: Float64Array, out: Float64Array) => void out.set([2 * v[0]!, -4 * v[1]!]);
 * console.log(leastEigenpair(multiply, 2)?.value); // -4
 * ```
 */
export function leastEigenpair(multiply: LinearOperator, size: number, steps = 30): LeastEigenpair | undefined {
  const basis: Float64Array[] = [startVector(size)];
  const diagonal: number[] = [];
  const offDiagonal: number[] = [];
  let scale = 0;
  while (basis.length > diagonal.length && diagonal.length < Math.min(steps, size)) {
    const last = basis.at(-1)!;
    const next = new Float64Array(size);
    multiply(last, next);
    diagonal.push(dot(last, next));
    for (let pass = 0; pass < 2; pass++) {
      for (const vector of basis) addScaled(next, -dot(vector, next), vector);
    }
    const norm = euclideanNorm(next);
    if (!Number.isFinite(norm) || !Number.isFinite(diagonal.at(-1)!)) return undefined;
    scale = Math.max(scale, Math.abs(diagonal.at(-1)!), norm);
    if (norm <= Math.max(invariant * scale, vanishing)) break;
    for (let i = 0; i < size; i++) next[i]! /= norm;
    offDiagonal.push(norm);
    basis.push(next);
  }
  const order = diagonal.length;
  const value = leastOfTridiagonal(diagonal, offDiagonal);
  const weights = tridiagonalVector(diagonal, offDiagonal, value);
  const vector = new Float64Array(size);
  for (let k = 0; k < order; k++) addScaled(vector, weights[k]!, basis[k]!);
  return { value, vector, scale };
}

/** Fractional parts of multiples of the golden ratio, centred. */
function startVector(size: number): Float64Array {
  const vector = Float64Array.from({ length: size }, (_, i) => (((i + 1) * 0.6180339887498949) % 1) - 0.45);
  const norm = euclideanNorm(vector);
  return vector.map((value) => value / norm);
}

/** Least eigenvalue of a symmetric tridiagonal matrix by bisection on Sturm counts. */
function leastOfTridiagonal(diagonal: readonly number[], offDiagonal: readonly number[]): number {
  let low = Infinity;
  let high = Infinity;
  for (let k = 0; k < diagonal.length; k++) {
    const off = (k > 0 ? offDiagonal[k - 1]! : 0) + (k < diagonal.length - 1 ? offDiagonal[k]! : 0);
    low = Math.min(low, diagonal[k]! - off);
    high = Math.min(high, diagonal[k]!);
  }
  for (let k = 0; k < 100 && high - low > 1e-14 * Math.max(Math.abs(low), Math.abs(high)); k++) {
    const middle = 0.5 * (low + high);
    if (hasEigenvalueBelow(diagonal, offDiagonal, middle)) high = middle;
    else low = middle;
  }
  return high;
}

function hasEigenvalueBelow(diagonal: readonly number[], offDiagonal: readonly number[], bound: number): boolean {
  let pivot = 1;
  for (let k = 0; k < diagonal.length; k++) {
    pivot = diagonal[k]! - bound - (k > 0 ? offDiagonal[k - 1]! ** 2 / pivot : 0);
    if (pivot < 0) return true;
    if (pivot === 0) pivot = Number.MIN_VALUE;
  }
  return false;
}

/** Unit eigenvector of a symmetric tridiagonal matrix to an eigenvalue, by inverse iteration just below it. */
function tridiagonalVector(diagonal: readonly number[], offDiagonal: readonly number[], value: number): Float64Array {
  const order = diagonal.length;
  const size = Math.max(...diagonal.map(Math.abs), ...offDiagonal, 1e-100);
  // Below the least eigenvalue the matrix is positive definite: elimination needs no pivots.
  const shift = value - 1e-10 * size;
  const factor = new Float64Array(order);
  let vector = new Float64Array(order).fill(1);
  for (let round = 0; round < 4; round++) {
    const next = vector.slice();
    factor[0] = diagonal[0]! - shift;
    for (let k = 1; k < order; k++) {
      const ratio = offDiagonal[k - 1]! / factor[k - 1]!;
      factor[k] = diagonal[k]! - shift - ratio * offDiagonal[k - 1]!;
      next[k]! -= ratio * next[k - 1]!;
    }
    for (let k = order - 1; k >= 0; k--) {
      const above = k < order - 1 ? offDiagonal[k]! * next[k + 1]! : 0;
      next[k] = (next[k]! - above) / factor[k]!;
    }
    const norm = euclideanNorm(next);
    vector = next.map((entry) => entry / norm);
  }
  return vector;
}
