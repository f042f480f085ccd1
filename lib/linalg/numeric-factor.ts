/** How pivots are treated in `SparseSymmetricFactor.factor`. */
export interface PivotRules {
  /**
   * Sign that each pivot must have (quasi-definite matrices: 1 in the first block, −1 in the second). A pivot of the
   * other sign or of at most `smallest` is replaced by ±`replacement` and counted in `replacedPivots`.
   */
  readonly signs?: Int8Array;
  /** Default 1e-14·max|A|. */
  readonly smallest?: number;
  /** Default 1e-8·max|A|. */
  readonly replacement?: number;
  /** More negative pivots than this end the factorisation, which then returns false. Default: no limit. */
  readonly mostNegative?: number;
  /** Asked every few milliseconds; true ends the factorisation, which then returns false. */
  readonly stop?: () => boolean;
}

/** Pivot rules with their defaults filled in. */
export interface ResolvedPivotRules {
  readonly signs: Int8Array | undefined;
  readonly smallest: number;
  readonly replacement: number;
  readonly mostNegative: number;
  readonly stop: (() => boolean) | undefined;
}

/** The numerical part of an LDLᵀ factorisation of a permuted matrix. */
export interface NumericFactor {
  /** Pivots in the order of elimination. */
  readonly diagonal: Float64Array;
  readonly replacedPivots: number;
  readonly growth: number;
  /** Values of the caller's lower triangle, as analysed; false if a pivot is zero or not finite, or when stopped. */
  factor(values: Float64Array, rules: ResolvedPivotRules): boolean;
  /** Overwrites a permuted right-hand side with the permuted solution. */
  solve(work: Float64Array): void;
}

/** The pivot as the rules want it: one of the wrong sign, or too small, is replaced. */
export function ruledPivot(pivot: number, sign: number, rules: ResolvedPivotRules): number {
  return pivot * sign > rules.smallest ? pivot : sign * Math.max(rules.replacement, Number.MIN_VALUE);
}
