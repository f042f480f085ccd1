import type { Evaluator } from '../nlp/index.js';
import type { NlpMeta } from '../problem/index.js';
import type { JacobianRows } from './jacobian-rows.js';

/** What the second-order model reads of the augmented Lagrangian at the point last evaluated. */
export interface SubproblemState {
  /** Evaluates the problem with its constraints. */
  readonly evaluator: Evaluator;
  /** Facts of the subproblem: bounds, no constraints. */
  readonly meta: NlpMeta;
  /** Facts of the problem with its constraints. */
  readonly constrained: NlpMeta;
  /** The Jacobian by rows, at the point last prepared. */
  readonly rows: JacobianRows;
  /** w, the weight of the objective, > 0. */
  readonly objectiveWeight: number;
  /** ρ, the penalty parameter, > 0. */
  readonly penalty: number;
  /** λ in scaled terms. */
  readonly multipliers: Float64Array;
  /** wᵢ, one per constraint, > 0. */
  readonly constraintWeights: Float64Array;
  /** μ in scaled terms. */
  readonly firstOrderMultipliers: Float64Array;
  /** wᵢ·μᵢ. */
  readonly weighted: Float64Array;
  /** c at the point last evaluated, unscaled. */
  readonly constraintValues: Float64Array;
  /** 1 where the row leaves its interval. */
  readonly active: Uint8Array;
  /** c̃ − side of these rows. */
  readonly offsets: Float64Array;
  /** Jacobian, μ and wᵢ·μᵢ at x; false when not finite. */
  prepareDerivatives(x: Float64Array): boolean;
  /** `active` and `offsets` for given (unscaled) constraint values. */
  updateRows(values: Float64Array): void;
}
