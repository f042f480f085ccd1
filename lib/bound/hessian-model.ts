/**
 * Second-order information at one point, as the box-constrained quadratic model needs it.
 *
 * A problem may bring its own model (for instance one that knows a sparse factorisation) by implementing
 * `HessianModelSource`; otherwise one is chosen from what the problem can evaluate.
 */
export interface HessianModel {
  /** Most faces of the box worth trying in one step, where a direction costs a factorisation. */
  readonly maxRounds?: number;
  /** Evaluates the Hessian at x; false when it is not finite there. */
  load(x: Float64Array): boolean;
  /** H·vector into `values`. */
  multiply(vector: Float64Array, values: Float64Array): void;
  /**
   * For models that are only piecewise quadratic: value at a step (0 at the zero step) with the model's gradient there
   * into `residual`. `multiply` and `direction` then refer to the piece of the last `choosePiece`.
   */
  evaluate?(step: Float64Array, gradient: Float64Array, residual: Float64Array): number;
  /** Makes the piece that holds at `step` the current one. Comes with `evaluate`. */
  choosePiece?(step: Float64Array): void;
  /** Estimate of diag(H) into `values` (any sign), used to scale the trust region. */
  diagonal(values: Float64Array): void;
  /**
   * Direction d, zero outside the free variables, that reduces the model from a point with gradient `residual`: the
   * Newton direction −H_FF⁻¹·r_F where H_FF is positive definite (or singular, up to a shift of rounding size), otherwise a descent direction of a shifted matrix or of
   * negative curvature.
   */
  direction(free: Uint8Array, residual: Float64Array, relativeTolerance: number, values: Float64Array): DirectionKind;
}

/** `curvature`: the free block is not positive definite; the direction should be followed as far as the box allows. */
export type DirectionKind = 'newton' | 'curvature' | 'none';

/** A problem that brings its own second-order model. */
export interface HessianModelSource {
  /** A fresh model of this problem's Hessian; its memory is its own. */
  createHessianModel(): HessianModel;
}

/**
 * Whether a problem makes a model of its Hessian itself.
 *
 * @param problem - Any object.
 * @example
 * ```ts
 * import { hasHessianModel } from 'sft-opt/bound';
 *
 * console.log(hasHessianModel({ createHessianModel: () => undefined }), hasHessianModel({})); // true false
 * ```
 */
export function hasHessianModel(problem: object): problem is HessianModelSource {
  return 'createHessianModel' in problem && typeof problem.createHessianModel === 'function';
}
