import type { WorkingSet } from '../kkt/index.js';
import type { SolveContext } from '../nlp/index.js';
import type { SolverResult, Termination } from '../solver/index.js';

/** What a caller may hand over besides the problem and the options. */
export interface SqpCall extends SolveContext {
  /** Prediction of the sides that hold at the solution, for instance of an earlier result. */
  readonly workingSet?: WorkingSet | undefined;
  /** Whether to leave a problem, as `stalled`, whose working sets take too many factorisations to find. */
  readonly mayGiveWay?: boolean | undefined;
}

/** One try of the algorithm. */
export interface SqpAttempt {
  /** As in `filter` or `merit function`. */
  readonly strategy: string;
  /** Why it ended. */
  readonly termination: Termination;
  /** Iterations of this try. */
  readonly iterations: number;
}

/** Result of `solveSqp`. */
export interface SqpResult extends SolverResult {
  /** Sides held at x: −1 lower, 1 upper, 0 free. May be handed to the next solve. */
  readonly workingSet: WorkingSet;
  /** Feasibility restorations. */
  readonly restorations: number;
  /** Factorisations of linear systems. */
  readonly factorizations: number;
  /** True if the problem was left because its working sets took too many factorisations to find. */
  readonly gaveWay: boolean;
  /** What was tried, in order; more than one entry when the first strategy did not end at a solution. */
  readonly attempts: readonly SqpAttempt[];
}
