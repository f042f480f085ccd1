import { addScaled, dot, euclideanNorm } from './vector.js';

/** target ← (operator)·x; must not keep or change x. */
export type LinearOperator = (x: Float64Array, target: Float64Array) => void;

/** Stopping rule and preconditioner of a Krylov method. */
export interface KrylovOptions {
  /** Stop when ‖b − Ax‖ ≤ relativeTolerance·‖b‖ + absoluteTolerance (in the preconditioner's norm for `minres`). */
  readonly relativeTolerance?: number;
  /** See `relativeTolerance`; default 0. */
  readonly absoluteTolerance?: number;
  /** Products with A before giving up; default 10·n. */
  readonly maxIterations?: number;
  /** Application of a symmetric positive definite M⁻¹. */
  readonly preconditioner?: LinearOperator;
}

/**
 * - `converged`: the stopping rule holds;
 * - `negative-curvature`: CG met a direction d with dᵀAd ≤ 0: A is not positive definite;
 * - `least-squares`: MINRES cannot lower the residual further: the system is singular and inconsistent;
 * - `iteration-limit`: gave up; the best point so far is returned;
 * - `breakdown`: not finite, or the preconditioner is not positive definite.
 */
export type KrylovEnd = 'converged' | 'negative-curvature' | 'least-squares' | 'iteration-limit' | 'breakdown';

/** Solution of a linear system and how it was reached. */
export interface KrylovResult {
  /** The last iterate. */
  readonly x: Float64Array;
  /** Why the method stopped. */
  readonly end: KrylovEnd;
  /** Products with A. */
  readonly iterations: number;
  /** ‖b − Ax‖, computed anew at the end. */
  readonly residualNorm: number;
  /** The direction, when CG met negative curvature. */
  readonly direction?: Float64Array;
}

/**
 * Conjugate gradients (Hestenes & Stiefel 1952), preconditioned, for a symmetric positive definite A given by its
 * products, from x = 0. A direction of non-positive curvature ends it, as a Newton method wants to know.
 *
 * @param multiply - Writes A times its first argument into its second.
 * @param rightHandSide - b, as long as A has rows; it is kept.
 * @param options - Tolerances, limit and preconditioner.
 * @example
 * ```ts
 * import { conjugateGradients } from 'sft-opt/linalg';
 *
 * const multiply = (v: Float64Array, out: Float64Array) => void out.set([2 * v[0]!, 4 * v[1]!]);
 * console.log(conjugateGradients(multiply, Float64Array.of(2, 4)).x); // Float64Array(2) [ 1, 1 ]
 * ```
 */
export function conjugateGradients(
  multiply: LinearOperator,
  rightHandSide: Float64Array,
  options: KrylovOptions = {},
): KrylovResult {
  const n = rightHandSide.length;
  const { relativeTolerance = 1e-10, absoluteTolerance = 0, maxIterations = 10 * n, preconditioner } = options;
  const x = new Float64Array(n);
  const residual = rightHandSide.slice();
  const preconditioned = new Float64Array(n);
  const direction = new Float64Array(n);
  const product = new Float64Array(n);
  const goal = relativeTolerance * euclideanNorm(rightHandSide) + absoluteTolerance;
  const precondition = (): number => {
    if (preconditioner === undefined) preconditioned.set(residual);
    else preconditioner(residual, preconditioned);
    return dot(residual, preconditioned);
  };
  const finish = (end: KrylovEnd, iterations: number): KrylovResult => ({
    x,
    end,
    iterations,
    residualNorm: trueResidual(multiply, rightHandSide, x),
    ...(end === 'negative-curvature' && { direction }),
  });
  if (euclideanNorm(residual) <= goal) return finish('converged', 0);
  let weight = precondition();
  direction.set(preconditioned);
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    if (!(weight > 0)) return finish('breakdown', iteration - 1);
    multiply(direction, product);
    const curvature = dot(direction, product);
    if (Number.isNaN(curvature)) return finish('breakdown', iteration);
    if (curvature <= 0) return finish('negative-curvature', iteration);
    const length = weight / curvature;
    addScaled(x, length, direction);
    addScaled(residual, -length, product);
    if (euclideanNorm(residual) <= goal) return finish('converged', iteration);
    const previous = weight;
    weight = precondition();
    const ratio = weight / previous;
    for (let j = 0; j < n; j++) direction[j] = preconditioned[j]! + ratio * direction[j]!;
  }
  return finish('iteration-limit', maxIterations);
}

/**
 * MINRES (Paige & Saunders 1975), preconditioned, for a symmetric A that may be indefinite or singular, from x = 0: the
 * residual norm falls in every step. For a singular inconsistent system it ends at a least-squares solution.
 *
 * @param multiply - Writes A times its first argument into its second.
 * @param rightHandSide - b, as long as A has rows; it is kept.
 * @param options - Tolerances, limit and preconditioner.
 * @example
 * ```ts
 * import { minres } from 'sft-opt/linalg';
 *
 * const multiply = (v: Float64Array, out: Float64Array) => void out.set([2 * v[0]!, -4 * v[1]!]);
 * console.log(minres(multiply, Float64Array.of(2, 4)).x); // Float64Array(2) [ 1, -1 ]
 * ```
 */
export function minres(
  multiply: LinearOperator,
  rightHandSide: Float64Array,
  options: KrylovOptions = {},
): KrylovResult {
  const n = rightHandSide.length;
  const { relativeTolerance = 1e-10, absoluteTolerance = 0, maxIterations = 10 * n, preconditioner } = options;
  const x = new Float64Array(n);
  let before = new Float64Array(n);
  let current = rightHandSide.slice();
  const y = new Float64Array(n);
  const v = new Float64Array(n);
  let w = new Float64Array(n);
  let wBefore = new Float64Array(n);
  let wNext = new Float64Array(n);
  const product = new Float64Array(n);
  const precondition = (): number => {
    if (preconditioner === undefined) y.set(current);
    else preconditioner(current, y);
    return dot(current, y);
  };
  const finish = (end: KrylovEnd, iterations: number): KrylovResult => ({
    x,
    end,
    iterations,
    residualNorm: trueResidual(multiply, rightHandSide, x),
  });
  const squared = precondition();
  if (squared === 0) return finish('converged', 0);
  if (!(squared > 0)) return finish('breakdown', 0);
  const start = Math.sqrt(squared);
  const goal = relativeTolerance * start + absoluteTolerance;
  let beta = start;
  let betaBefore = 0;
  let deltaBar = 0;
  let epsilon = 0;
  let phiBar = start;
  let cosine = -1;
  let sine = 0;
  let normSquared = 0;
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    for (let j = 0; j < n; j++) v[j] = y[j]! / beta;
    multiply(v, product);
    if (iteration > 1) addScaled(product, -beta / betaBefore, before);
    const alpha = dot(v, product);
    addScaled(product, -alpha / beta, current);
    // The three-term recurrence keeps the last two unnormalised Lanczos vectors.
    const spare = before;
    before = current;
    current = spare;
    current.set(product);
    betaBefore = beta;
    const nextSquared = precondition();
    if (Number.isNaN(nextSquared) || nextSquared < -1e-14 * start * start) return finish('breakdown', iteration);
    beta = Math.sqrt(Math.max(0, nextSquared));
    normSquared += alpha * alpha + beta * beta + betaBefore * betaBefore * (iteration > 1 ? 1 : 0);
    const oldEpsilon = epsilon;
    const delta = cosine * deltaBar + sine * alpha;
    const gammaBar = sine * deltaBar - cosine * alpha;
    epsilon = sine * beta;
    deltaBar = -cosine * beta;
    const root = Math.hypot(gammaBar, deltaBar);
    const gamma = Math.max(Math.hypot(gammaBar, beta), Number.MIN_VALUE);
    const size = Math.sqrt(normSquared);
    // ‖Ar‖ = φ̄·root: nothing more to gain once it is rounding.
    if (root <= Math.max(1e-12, relativeTolerance) * size && phiBar > goal) return finish('least-squares', iteration);
    cosine = gammaBar / gamma;
    sine = beta / gamma;
    const phi = cosine * phiBar;
    phiBar *= sine;
    for (let j = 0; j < n; j++) wNext[j] = (v[j]! - oldEpsilon * wBefore[j]! - delta * w[j]!) / gamma;
    const oldest = wBefore;
    wBefore = w;
    w = wNext;
    wNext = oldest;
    addScaled(x, phi, w);
    if (phiBar <= goal) return finish('converged', iteration);
    if (beta <= 1e-15 * size) return finish('least-squares', iteration);
  }
  return finish('iteration-limit', maxIterations);
}

function trueResidual(multiply: LinearOperator, rightHandSide: Float64Array, x: Float64Array): number {
  const residual = new Float64Array(x.length);
  multiply(x, residual);
  for (let j = 0; j < x.length; j++) residual[j] = rightHandSide[j]! - residual[j]!;
  return euclideanNorm(residual);
}
