/**
 * Minimise Σ_r c_r·t_r over x and t subject to
 *
 *   f_{i,r}(x_i) ≤ t_r   for all i, r,     Σ_i g_i(x_i) ≤ limit,     lower ≤ x ≤ upper,
 *
 * the epigraph form of a sum of maxima with one shared resource. Every f_{i,r} increases in its one variable and every g_i
 * falls, both smoothly; x > 0. Row i, r is entry i·R + r.
 */
export interface SeparableMinMax {
  readonly count: number;
  /** c_r > 0; their number is R. */
  readonly rowWeights: readonly number[];
  readonly lower: Float64Array;
  readonly upper: Float64Array;
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
  readonly row: Float64Array;
  readonly rowSlope: Float64Array;
  readonly rowCurvature: Float64Array;
  readonly use: Float64Array;
  readonly useSlope: Float64Array;
  readonly useCurvature: Float64Array;
}
