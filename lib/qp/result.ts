import type { SolverResult } from '../solver/index.js';

/**
 * Which side of each row and bound is held with equality: 1 the upper, −1 the lower, 0 none. Equality rows always count
 * as held.
 */
export interface WorkingSet {
  /** Length m. */
  readonly constraints: Int8Array;
  /** Length n. */
  readonly bounds: Int8Array;
}

/** Where to start from: any part of an earlier result. */
export interface QpWarmStart {
  /** A point near the solution. */
  readonly x?: Float64Array | undefined;
  /** Of the rows, as in an earlier result. */
  readonly multipliers?: Float64Array | undefined;
  /** Of the bounds, as in an earlier result. */
  readonly boundMultipliers?: Float64Array | undefined;
  /** Active rows and bounds of an earlier result. */
  readonly workingSet?: WorkingSet | undefined;
}

/**
 * Proof of infeasibility (Farkas): Aᵀy + z = 0 while the largest value of yᵀ(row) + zᵀ(x) over the rows' and bounds'
 * sides is negative, which no x can satisfy.
 */
export interface FarkasCertificate {
  /** y, length m, max-norm 1 together with z. */
  readonly multipliers: Float64Array;
  /** z, length n. */
  readonly boundMultipliers: Float64Array;
  /** −(largest value of yᵀ(row) + zᵀx over the sides) > 0. */
  readonly gap: number;
  /** ‖Aᵀy + z‖∞. */
  readonly residual: number;
}

/** A direction of endless descent: Pd = 0, qᵀd < 0, and x + t·d stays within all sides for every t ≥ 0. */
export interface UnboundedRay {
  /** d, length n, max-norm 1. */
  readonly direction: Float64Array;
  /** qᵀd < 0. */
  readonly slope: number;
  /** Largest violation of Pd = 0 and of the recession cone. */
  readonly residual: number;
}

/** What the elastic mode relaxed. */
export interface ElasticReport {
  /** How far each row lies outside its sides, length m. */
  readonly violation: Float64Array;
  /** Rows that are relaxed by more than the feasibility tolerance. */
  readonly relaxedRows: Int32Array;
}

/** Name of a method for quadratic programs. */
export type QpMethod = 'active-set' | 'interior-point' | 'structured' | 'none';

/** Result of a quadratic program; `optimal`, `infeasible` and `unbounded` are claimed only after an independent check. */
export interface QpResult extends SolverResult {
  /** Rows and bounds that hold with equality: a warm start for the next solve. */
  readonly workingSet: WorkingSet;
  /** Rows and bounds that entered or left the working set. */
  readonly workingSetChanges: number;
  /** |primal − dual objective| at (x, y, z); Infinity when the dual value is −∞. */
  readonly dualityGap: number;
  /** Method that gave this answer. */
  readonly method: QpMethod;
  /** Present when termination is `infeasible`. */
  readonly certificate?: FarkasCertificate;
  /** Present when termination is `unbounded`. */
  readonly ray?: UnboundedRay;
  /** Present when the elastic mode was used. */
  readonly elastic?: ElasticReport;
}
