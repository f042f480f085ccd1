import type { HessianModel, HessianModelSource } from '../bound/index.js';
import type { Evaluator } from '../nlp/index.js';
import type { NlpMeta, NonlinearProgram } from '../problem/index.js';
import { JacobianRows } from './jacobian-rows.js';
import type { SubproblemState } from './subproblem-state.js';
import { SubproblemModel } from './subproblem-model.js';

/**
 * The augmented Lagrangian of Powell, Hestenes and Rockafellar for two-sided rows, itself a bound-constrained problem:
 *
 *   L(x) = w·f(x) + Σ ψᵢ,   tᵢ = c̃ᵢ(x) + λᵢ/ρ,   ψᵢ = λᵢ·d + ½ρ·d²  with d = c̃ᵢ − side   where tᵢ leaves [lᵢ, uᵢ],
 *                                              ψᵢ = −λᵢ²/(2ρ)                      where it does not,
 *
 * with c̃ᵢ = wᵢ·cᵢ and scaled sides. Its gradient is w·∇f + J̃ᵀμ with the first-order multipliers μᵢ = ρ(tᵢ − P(tᵢ)), its
 * (generalised) Hessian w·∇²f + Σ μᵢ∇²c̃ᵢ + ρ·J̃ₐᵀJ̃ₐ over the rows that leave their interval; products with it never form
 * JᵀJ. Weight, penalty and multipliers may be changed between solves. Objective and constraints at one point are
 * evaluated once, however often they are needed.
 */
export class AugmentedLagrangian implements NonlinearProgram, HessianModelSource, SubproblemState {
  readonly meta: NlpMeta;
  /** The Jacobian by rows, at the point last prepared. */
  readonly rows: JacobianRows;
  /** λ in scaled terms, length constraintCount. */
  readonly multipliers: Float64Array;
  /** wᵢ, one per constraint. */
  readonly constraintWeights: Float64Array;
  /** μ at the point last evaluated. */
  readonly firstOrderMultipliers: Float64Array;
  /** c at the point last evaluated, unscaled. */
  readonly constraintValues: Float64Array;
  /** w, the weight of the objective, > 0; may be set between solves. */
  objectiveWeight = 1;
  /** ρ, the penalty parameter, > 0; may be set between solves. */
  penalty = 1;
  /** f at the point last evaluated, unscaled. */
  objectiveValue = NaN;
  private readonly point: Float64Array;
  private pointKnown = false;
  private constraintsDefined = false;
  /** wᵢ·μᵢ at the point last evaluated. */
  readonly weighted: Float64Array;
  /** c̃ − side of the rows that leave their interval. */
  readonly offsets: Float64Array;
  /** 1 where the row leaves its interval at the point last evaluated. */
  readonly active: Uint8Array;
  /** Facts of the problem with its constraints. */
  readonly constrained: NlpMeta;

  constructor(
    readonly evaluator: Evaluator,
    private readonly denseLimit: number,
  ) {
    const { meta, problem } = evaluator;
    this.constrained = meta;
    const { variableCount, constraintCount, lower, upper, start } = meta;
    const none = new Float64Array(0);
    this.meta = {
      variableCount,
      constraintCount: 0,
      lower,
      upper,
      start,
      constraintLower: none,
      constraintUpper: none,
      ...(meta.variableNames && { variableNames: meta.variableNames }),
    };
    this.rows = new JacobianRows(meta, problem.jacobian ? meta.jacobianPattern : undefined);
    this.multipliers = new Float64Array(constraintCount);
    this.constraintWeights = new Float64Array(constraintCount).fill(1);
    this.firstOrderMultipliers = new Float64Array(constraintCount);
    this.constraintValues = new Float64Array(constraintCount);
    this.weighted = new Float64Array(constraintCount);
    this.offsets = new Float64Array(constraintCount);
    this.active = new Uint8Array(constraintCount);
    this.point = new Float64Array(variableCount);
  }

  /** Forgets weights, multipliers and the last point. */
  reset(): void {
    this.objectiveWeight = 1;
    this.penalty = 1;
    this.constraintWeights.fill(1);
    this.multipliers.fill(0);
    this.pointKnown = false;
  }

  /** Evaluates f and c at x unless they are known there; false when either is not finite. */
  evaluateAt(x: Float64Array): boolean {
    if (!this.isCurrent(x)) {
      this.point.set(x);
      this.pointKnown = true;
      this.objectiveValue = this.evaluator.objective(x);
      this.constraintsDefined =
        Number.isFinite(this.objectiveValue) && this.evaluator.constraints(x, this.constraintValues);
    }
    return this.constraintsDefined && Number.isFinite(this.objectiveValue);
  }

  private isCurrent(x: Float64Array): boolean {
    if (!this.pointKnown) return false;
    for (let j = 0; j < x.length; j++) if (x[j] !== this.point[j]) return false;
    return true;
  }

  /**
   * Which rows leave their interval after the shift by λ/ρ, and how far c̃ is beyond the side they leave it at; with
   * `values` at these (unscaled) instead of those at the point last evaluated.
   */
  updateRows(values: Float64Array = this.constraintValues): void {
    const { constraintLower, constraintUpper } = this.constrained;
    for (let i = 0; i < this.multipliers.length; i++) {
      const weight = this.constraintWeights[i]!;
      const value = weight * values[i]!;
      const shift = this.multipliers[i]! / this.penalty;
      const low = weight * constraintLower[i]!;
      const high = weight * constraintUpper[i]!;
      const above = value + shift > high || low === high;
      this.active[i] = above || value + shift < low ? 1 : 0;
      this.offsets[i] = above ? value - high : this.active[i] ? value - low : 0;
    }
  }

  /** μ at x into `firstOrderMultipliers`; requires f and c to be known there. */
  updateFirstOrderMultipliers(): void {
    this.updateRows();
    for (let i = 0; i < this.multipliers.length; i++) {
      this.firstOrderMultipliers[i] = this.active[i] ? this.multipliers[i]! + this.penalty * this.offsets[i]! : 0;
    }
  }

  objective(x: Float64Array): number {
    if (!this.evaluateAt(x)) return NaN;
    let value = this.objectiveWeight * this.objectiveValue;
    this.updateRows();
    for (let i = 0; i < this.multipliers.length; i++) {
      const offset = this.offsets[i]!;
      const multiplier = this.multipliers[i]!;
      value += this.active[i]
        ? offset * (multiplier + 0.5 * this.penalty * offset)
        : (-0.5 * multiplier * multiplier) / this.penalty;
    }
    return value;
  }

  gradient(x: Float64Array, values: Float64Array): void {
    const { evaluator, rows, weighted } = this;
    if (!this.evaluateAt(x) || !evaluator.gradient(x, this.objectiveValue, values)) {
      values.fill(NaN);
      return;
    }
    for (let j = 0; j < values.length; j++) values[j]! *= this.objectiveWeight;
    if (weighted.length === 0) return;
    if (!evaluator.jacobian(x, rows.values)) {
      values.fill(NaN);
      return;
    }
    this.weighMultipliers();
    rows.addTransposeProduct(weighted, values);
  }

  /** wᵢ·μᵢ into `weighted`. */
  private weighMultipliers(): void {
    this.updateFirstOrderMultipliers();
    for (let i = 0; i < this.weighted.length; i++) {
      this.weighted[i] = this.constraintWeights[i]! * this.firstOrderMultipliers[i]!;
    }
  }

  /** True if the subproblem can be minimised with second derivatives. */
  get hasSecondDerivatives(): boolean {
    const { evaluator } = this;
    return evaluator.hasGradient && evaluator.hasJacobian && (evaluator.hasHessian || evaluator.hasHessianProduct);
  }

  /** The generalised Hessian as dense matrix or by products, whichever suits its size. */
  createHessianModel(): HessianModel {
    return new SubproblemModel(this, this.denseLimit);
  }

  /** Jacobian into `rows`, μ and w·μ at x; false when not finite. */
  prepareDerivatives(x: Float64Array): boolean {
    if (!this.evaluateAt(x) || !this.evaluator.jacobian(x, this.rows.values)) return false;
    this.weighMultipliers();
    return true;
  }
}
