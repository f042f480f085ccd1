import type { SolveContext } from '../nlp/index.js';
import type { SolverResult, Termination } from '../solver/index.js';
import type { MethodName } from './attempts.js';
import type { ProblemClass } from './classify.js';

/** One try of one method. */
export interface Attempt {
  /** Solver tried. */
  readonly method: MethodName;
  /** From where: the caller's start, the best point so far, or a random one. */
  readonly start: 'given' | 'best' | 'random';
  /** Why it ended. */
  readonly termination: Termination;
  /** The same in words. */
  readonly message: string;
  /** Value reached, as the caller states it. */
  readonly objective: number;
  /** Largest violation of a row or bound there. */
  readonly primalInfeasibility: number;
  /** Iterations made. */
  readonly iterations: number;
  /** Objective evaluations that the attempt used. */
  readonly evaluations: number;
}

/** What `minimize` returns. */
export interface MinimizeResult extends SolverResult {
  /** Class as which the problem was solved; `integer` where some variables are whole. */
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
