/**
 * Minimise Σ_r c_r·t_r over x and t subject to
 *
 *   f_{i,r}(x_i) ≤ t_r   for all i, r,     Σ_i g_i(x_i) ≤ limit,     lower ≤ x ≤ upper,
 *
 * the epigraph form of a sum of maxima with one shared resource. Every f_{i,r} increases in its one variable and every g_i
 * falls, both smoothly; x > 0. Row i, r is entry i·R + r.
 */
export interface SeparableMinMax {
  /** Number of variables. */
  readonly count: number;
  /** c_r > 0; their number is R. */
  readonly rowWeights: readonly number[];
  /** Lower bounds, > 0, length count. */
  readonly lower: Float64Array;
  /** Upper bounds, length count. */
  readonly upper: Float64Array;
  /** Right-hand side of Σ g, > 0. */
  readonly limit: number;
  /** Constants that each t_r may not fall below, length R; −Infinity for none. */
  readonly leastThresholds: Float64Array;
  /** Values and first two derivatives of all rows and uses at x. */
  evaluate(x: Float64Array, at: SeparableValues): void;
  /** Σ g_i(x_i). */
  totalUse(x: Float64Array): number;
  /** Moves x, in place, to a near point with Σ g = limit within the bounds, or as near to it as they allow. */
  restore(x: Float64Array): void;
}

/** Rows have length count·R, uses length count. */
export interface SeparableValues {
  /** f_{i,r}(x_i). */
  readonly row: Float64Array;
  /** f'_{i,r}(x_i), > 0. */
  readonly rowSlope: Float64Array;
  /** f''_{i,r}(x_i). */
  readonly rowCurvature: Float64Array;
  /** g_i(x_i). */
  readonly use: Float64Array;
  /** g'_i(x_i), < 0. */
  readonly useSlope: Float64Array;
  /** g''_i(x_i). */
  readonly useCurvature: Float64Array;
}
