/** Where a solve stands, from every method and every part of a solve; `fraction` is absent where the end is not known. */
export interface SolveProgress {
  /** What is being worked on. */
  readonly phase: 'search' | 'bound' | 'baselines' | 'what-if' | 'trade-off' | 'explanation';
  /** Part of the phase that is done, 0 … 1. */
  readonly fraction?: number;
  /** Round of the best plan so far, seconds. */
  readonly totalSeconds?: number;
  /** No plan is faster than this, seconds, as far as shown. */
  readonly boundSeconds?: number;
  /** One step of an algorithm inside a phase; such a note has no other figures. */
  readonly iteration?: SolveIteration;
}

/**
 * A step of the dual of the whole problem, of the relaxation in cuts and ratios, or of the bandwidths' SQP. Steps count from 0 (an
 * algorithm may run more than once).
 */
export interface SolveIteration {
  /** Whose step it is. */
  readonly algorithm: 'dual' | 'relaxation' | 'bandwidth';
  /** Number of the step, from 0. */
  readonly iteration: number;
  /** Round of the iterate, seconds: of a fractional point with `relaxation`. */
  readonly totalSeconds?: number;
  /** With `dual`: no plan is faster than this, seconds; the best so far. */
  readonly boundSeconds?: number;
  /** Largest violation of a limit, in the algorithm's scale. */
  readonly violation?: number;
  /** What is left of the optimality conditions, in the algorithm's scale. */
  readonly residual?: number;
}

export type IterationListener = (iteration: SolveIteration) => void;
