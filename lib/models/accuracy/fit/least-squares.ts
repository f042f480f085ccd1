import { DenseCholesky } from '../../../linalg/index.js';
import type { Curve } from './curve.js';
import type { Sample } from './observations.js';
import { PlacedCurve } from './placed-curve.js';

/** Where a search ended. */
export interface LeastSquaresResult {
  readonly theta: Float64Array;
  /** Σ w·h(r), h(r) = r²/2 near 0 and δ|r| − δ²/2 beyond δ (Huber 1964), r the weighted residual. */
  readonly loss: number;
  readonly iterations: number;
}

/** Sum of the losses of the weighted residuals; `delta` Infinity gives half the sum of squares. */
export function totalLoss(curve: Curve, sample: Sample, theta: Float64Array, delta: number): number {
  const residuals = weightedResiduals(new PlacedCurve(curve, theta), sample);
  let loss = 0;
  for (let i = 0; i < residuals.length; i++) {
    const z = Math.abs(residuals[i]!);
    loss += z <= delta ? 0.5 * z * z : delta * (z - 0.5 * delta);
  }
  return loss;
}

/** √w·(A − Â) of the observations; `jacobian` takes the derivatives of Â. */
export function weightedResiduals(placed: PlacedCurve, sample: Sample, jacobian?: Float64Array): Float64Array {
  const values = new Float64Array(sample.size);
  placed.values(sample, values, jacobian);
  for (let i = 0; i < values.length; i++) {
    values[i] = sample.rootWeight[i]! * (sample.accuracy[i]! - values[i]!);
  }
  return values;
}

/** Normal equations at a point: JᵀWJ (lower triangle and above), and JᵀWr. */
export interface NormalEquations {
  readonly matrix: Float64Array;
  readonly right: Float64Array;
}

/** Residuals beyond δ count by δ/|r|; with δ = ∞ all count alike. */
export function normalEquations(curve: Curve, sample: Sample, theta: Float64Array, delta: number): NormalEquations {
  const order = curve.size;
  const matrix = new Float64Array(order * order);
  const right = new Float64Array(order);
  const jacobian = new Float64Array(sample.size * order);
  const residuals = weightedResiduals(new PlacedCurve(curve, theta), sample, jacobian);
  for (let i = 0; i < sample.size; i++) {
    const z = residuals[i]!;
    const root = sample.rootWeight[i]!;
    const share = Math.abs(z) <= delta ? 1 : delta / Math.abs(z);
    const row = i * order;
    for (let a = 0; a < order; a++) {
      const scaled = share * root * jacobian[row + a]!;
      if (scaled === 0) continue;
      right[a]! += scaled * z;
      for (let b = 0; b <= a; b++) matrix[a * order + b]! += scaled * root * jacobian[row + b]!;
    }
  }
  for (let a = 0; a < order; a++) for (let b = 0; b < a; b++) matrix[b * order + a] = matrix[a * order + b]!;
  return { matrix, right };
}

export interface SearchOptions {
  readonly delta: number;
  /** Parameters that stay where they are. */
  readonly fixed?: ReadonlySet<number>;
  readonly maximumIterations?: number;
  /** Relative fall of the loss below which the search ends; by default as far as rounding allows. */
  readonly tolerance?: number;
}

/**
 * Levenberg–Marquardt within the parameters' bounds: damped Gauss–Newton steps over the parameters that are free to
 * move, cut off at the bounds, damping by Marquardt's diagonal (Moré 1978 for the scaling), renewed by
 * the gain that a step brought over the one foreseen (Nielsen 1999).
 */
export function levenbergMarquardt(
  curve: Curve,
  sample: Sample,
  start: Float64Array,
  { delta, fixed, maximumIterations = 200, tolerance = 0 }: SearchOptions,
): LeastSquaresResult {
  const order = curve.size;
  const cholesky = new DenseCholesky(order);
  const theta = start.map((value, k) => clamp(value, curve.parameters[k]!));
  let loss = totalLoss(curve, sample, theta, delta);
  let damping = 1e-3;
  let iterations = 0;
  while (iterations < maximumIterations) {
    iterations++;
    const { matrix, right } = normalEquations(curve, sample, theta, delta);
    const free = freeParameters(curve, theta, right, fixed);
    if (free.length === 0) break;
    let improved = false;
    let change = 0;
    let drop = 0;
    while (damping < 1e12) {
      const step = dampedStep(cholesky, matrix, right, free, order, damping);
      if (!step) {
        damping *= 10;
        continue;
      }
      const trial = theta.slice();
      free.forEach((k, j) => (trial[k] = clamp(theta[k]! + Math.max(-5, Math.min(5, step[j]!)), curve.parameters[k]!)));
      const trialLoss = totalLoss(curve, sample, trial, delta);
      if (trialLoss <= loss) {
        const gain = (loss - trialLoss) / predictedDrop(step, free, matrix, right, order, damping);
        change = free.reduce((most, k) => Math.max(most, Math.abs(trial[k]! - theta[k]!)), 0);
        drop = loss - trialLoss;
        theta.set(trial);
        loss = trialLoss;
        damping = Math.max(1e-15, damping * Math.max(1 / 9, Math.min(4, 1 - (2 * gain - 1) ** 3)));
        improved = true;
        break;
      }
      damping *= 4;
    }
    if (!improved || drop < tolerance * loss || change < 1e-13 || (drop <= 1e-16 * loss && change < 1e-9)) break;
  }
  return { theta, loss, iterations };
}

/** Fall of the loss that the linear model foresees of a step: half of sᵀ(λDs + g). */
function predictedDrop(
  step: Float64Array,
  free: readonly number[],
  matrix: Float64Array,
  right: Float64Array,
  order: number,
  damping: number,
): number {
  let sum = 0;
  for (let j = 0; j < free.length; j++) {
    const k = free[j]!;
    sum += step[j]! * (damping * matrix[k * order + k]! * step[j]! + right[k]!);
  }
  return sum / 2;
}

/** Those that are neither held nor pressed against a bound. */
function freeParameters(
  curve: Curve,
  theta: Float64Array,
  descent: Float64Array,
  fixed: ReadonlySet<number> | undefined,
): number[] {
  const free: number[] = [];
  for (let k = 0; k < theta.length; k++) {
    const { lower, upper } = curve.parameters[k]!;
    const pressed = (theta[k]! <= lower && descent[k]! < 0) || (theta[k]! >= upper && descent[k]! > 0);
    if (!pressed && !fixed?.has(k)) free.push(k);
  }
  return free;
}

function dampedStep(
  cholesky: DenseCholesky,
  matrix: Float64Array,
  right: Float64Array,
  free: readonly number[],
  order: number,
  damping: number,
): Float64Array | undefined {
  const size = free.length;
  const reduced = new Float64Array(size * size);
  const step = new Float64Array(size);
  let largest = 0;
  for (const k of free) largest = Math.max(largest, matrix[k * order + k]!);
  for (let a = 0; a < size; a++) {
    for (let b = 0; b < size; b++) reduced[a * size + b] = matrix[free[a]! * order + free[b]!]!;
    reduced[a * size + a]! += damping * Math.max(reduced[a * size + a]!, 1e-14 * largest);
    step[a] = right[free[a]!]!;
  }
  if (cholesky.factor(reduced, size, 0, 1e-15) >= 0) return undefined;
  cholesky.solve(step);
  return step;
}

function clamp(value: number, { lower, upper }: { readonly lower: number; readonly upper: number }): number {
  return Math.max(lower, Math.min(upper, value));
}
