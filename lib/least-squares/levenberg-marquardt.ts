import { DenseCholesky } from '../linalg/index.js';

/** Normal equations at a point: JᵀWJ (lower triangle and above), and JᵀWr. */
export interface NormalEquations {
  /** JᵀWJ, row-major, size × size. */
  readonly matrix: Float64Array;
  /** JᵀWr, length size. */
  readonly right: Float64Array;
}

/** A sum of losses of residuals, and its normal equations; r is data − model, J the derivative of the model. */
export interface LeastSquaresModel {
  /** Number of parameters. */
  readonly size: number;
  /** Lower bounds of the parameters, length `size`. */
  readonly lower: ArrayLike<number>;
  /** Upper bounds of the parameters, length `size`. */
  readonly upper: ArrayLike<number>;
  /** Σ ρ(rᵢ) at θ; a number that is not finite says that there is no model at θ. */
  loss(theta: Float64Array): number;
  /** Normal equations at θ, weighted by the loss; may be the same arrays every time. */
  normalEquations(theta: Float64Array): NormalEquations;
}

/** Where a search ended. */
export interface LeastSquaresResult {
  /** The parameters found. */
  readonly theta: Float64Array;
  /** Σ ρ(r). */
  readonly loss: number;
  /** Steps tried. */
  readonly iterations: number;
}

/** Options of the search. */
export interface SearchOptions {
  /** Parameters that stay where they are. */
  readonly fixed?: ReadonlySet<number>;
  /** Most steps. */
  readonly maximumIterations?: number;
  /** Relative fall of the loss below which the search ends; by default as far as rounding allows. */
  readonly tolerance?: number;
  /** Longest change of one parameter in a step; default any. */
  readonly longestStep?: number;
}

/**
 * Levenberg–Marquardt within the parameters' bounds: damped Gauss–Newton steps over the parameters that are free to
 * move, cut off at the bounds, damping by Marquardt's diagonal (Moré 1978 for the scaling), renewed by
 * the gain that a step brought over the one foreseen (Nielsen 1999).
 *
 * @param model - Loss and normal equations.
 * @param start - Where the search begins.
 * @param options - Parameters that are fixed, and when to stop.
 * @example
 * ```ts
 * import { levenbergMarquardt } from 'sft-opt/least-squares';
 *
 * // y = a·t through (1, 2) and (2, 4.2).
 * const model = {
 *   size: 1,
 *   lower: [-10],
 *   upper: [10],
 *   loss: ([a]: Float64Array) => ((2 - a!) ** 2 + (4.2 - 2 * a!) ** 2) / 2,
 *   normalEquations: ([a]: Float64Array) => ({
 *     matrix: Float64Array.of(1 + 4),
 *     right: Float64Array.of(2 - a! + 2 * (4.2 - 2 * a!)),
 *   }),
 * };
 * console.log(levenbergMarquardt(model, Float64Array.of(1)).theta); // Float64Array(1) [ 2.08 ]
 * ```
 */
export function levenbergMarquardt(
  model: LeastSquaresModel,
  start: Float64Array,
  { fixed, maximumIterations = 200, tolerance = 0, longestStep = Infinity }: SearchOptions = {},
): LeastSquaresResult {
  const order = model.size;
  const cholesky = new DenseCholesky(order);
  const theta = start.map((value, k) => clamp(value, k, model));
  let loss = model.loss(theta);
  let damping = 1e-3;
  let iterations = 0;
  while (iterations < maximumIterations) {
    iterations++;
    const { matrix, right } = model.normalEquations(theta);
    const free = freeParameters(model, theta, right, fixed);
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
      free.forEach((k, j) => {
        const change = Math.max(-longestStep, Math.min(longestStep, step[j]!));
        trial[k] = clamp(theta[k]! + change, k, model);
      });
      const trialLoss = model.loss(trial);
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
  { lower, upper }: LeastSquaresModel,
  theta: Float64Array,
  descent: Float64Array,
  fixed: ReadonlySet<number> | undefined,
): number[] {
  const free: number[] = [];
  for (let k = 0; k < theta.length; k++) {
    const pressed = (theta[k]! <= lower[k]! && descent[k]! < 0) || (theta[k]! >= upper[k]! && descent[k]! > 0);
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

function clamp(value: number, k: number, { lower, upper }: LeastSquaresModel): number {
  return Math.max(lower[k]!, Math.min(upper[k]!, value));
}
