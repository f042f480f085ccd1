import type { Budget } from '../../solver/index.js';
import type { Candidate, NodeBound, TreeResult } from '../tree.js';

/** Limits and tolerances of the structured search. */
export interface StructuredOptions {
  /** Gap at which the answer counts as the optimum. */
  readonly relativeGap: number;
  /** Most nodes. */
  readonly maxNodes: number;
  /** Most wall time, seconds. */
  readonly timeLimitSeconds: number;
  /** Accepted violation of rows and bounds. */
  readonly feasibilityTolerance: number;
  /** How far from whole a value counts as whole. */
  readonly integralityTolerance: number;
}

/** What the structured search needs from its caller. */
export interface StructuredTools {
  /** A feasible point of the problem within other bounds, from a start; undefined if none was met. */
  improve(lower: Float64Array, upper: Float64Array, start: Float64Array): Candidate<Float64Array> | undefined;
  /** A uniform random number. */
  readonly random: () => number;
  /** What time and evaluations are left; the search ends with it. */
  readonly budget: Budget;
  /** A solution known before. */
  readonly incumbent?: Candidate<Float64Array> | undefined;
}

/** What the structured search found and proved. */
export interface StructuredResult extends TreeResult<Float64Array> {
  /** Why the problem has no solution, where it is known without a search. */
  readonly reason?: string;
  /** The relaxation falls without end: nothing is claimed. */
  readonly isUnbounded: boolean;
  /** Simplex pivots of all nodes. */
  readonly pivots: number;
}

/** Ranges of all slots, and how they came about. */
export interface Node {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** The parent's relaxed point. */
  readonly point?: Float64Array;
  readonly step?: {
    readonly variable: number;
    readonly direction: 0 | 1;
    readonly distance: number;
    readonly parent: number;
  };
}

export interface Bound extends NodeBound<Float64Array> {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly point?: Float64Array;
}
