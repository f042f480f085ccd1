import type { SolveContext } from '../nlp/index.js';
import type { SolverResult, Termination } from '../solver/index.js';
import type { MethodName } from './attempts.js';
import type { ProblemClass } from './classify.js';

/** One try of one method. */
export interface Attempt {
  readonly method: MethodName;
  readonly start: 'given' | 'best' | 'random';
  readonly termination: Termination;
  readonly message: string;
  readonly objective: number;
  readonly primalInfeasibility: number;
  readonly iterations: number;
  /** Objective evaluations that the attempt used. */
  readonly evaluations: number;
}

/** What `minimize` returns. */
export interface MinimizeResult extends SolverResult {
  readonly problemClass: ProblemClass | 'integer';
  /** Method whose point is returned. */
  readonly method: MethodName | 'none';
  /** Everything that was tried, in order. */
  readonly attempts: readonly Attempt[];
  /**
   * Of a problem with integer variables: how far the search went. The bound is −Infinity unless it is a proof; the gap is
   * absent where it says nothing (no bound, no solution, or an objective of about 0).
   */
  readonly search?: {
    readonly nodeCount: number;
    readonly bound: number;
    readonly relativeGap?: number;
    readonly relaxations: number;
  };
}

/** What a caller may hand over besides options. */
export type MinimizeContext = SolveContext;
