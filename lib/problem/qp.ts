import type { Matrix, SymmetricMatrix } from '../linalg/index.js';

/**
 * minimise ½·xᵀPx + qᵀx + constant   subject to   constraintLower ≤ Ax ≤ constraintUpper,   lower ≤ x ≤ upper.
 *
 * ±Infinity for an absent side, equal sides for an equality. Multipliers as in `nlp.ts`: Px + q + Aᵀy + z = 0.
 */
export interface QuadraticProgram {
  /** P, symmetric; positive semidefinite for the convex solvers. Absent: a linear program. */
  readonly hessian?: SymmetricMatrix;
  /** q, length n. */
  readonly linear: Float64Array;
  /** Added to the objective; 0 when absent. */
  readonly constant?: number;
  /** A, m × n. Absent: bounds only. */
  readonly constraintMatrix?: Matrix;
  /** Lower sides of the rows, length m; −Infinity for none. */
  readonly constraintLower: Float64Array;
  /** Upper sides of the rows, length m; Infinity for none. */
  readonly constraintUpper: Float64Array;
  /** Lower bounds, length n; −Infinity for none. */
  readonly lower: Float64Array;
  /** Upper bounds, length n; Infinity for none. */
  readonly upper: Float64Array;
}
