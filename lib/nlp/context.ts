import type { Budget, IterationCallback, StopSignal } from '../solver/index.js';

/** What a caller may hand over besides options. */
export interface SolveContext {
  /** Where to start instead of `meta.start`; projected onto the bounds. */
  readonly start?: Float64Array | undefined;
  /** Initial guess of the constraint multipliers instead of `meta.startMultipliers`. */
  readonly multipliers?: Float64Array | undefined;
  /** Initial guess of the bound multipliers instead of `meta.startBoundMultipliers`, for solvers that can use one. */
  readonly boundMultipliers?: Float64Array | undefined;
  /** Ends the solve with the best point so far once aborted. */
  readonly signal?: StopSignal | undefined;
  /** Called after each iteration. */
  readonly onIteration?: IterationCallback | undefined;
  /** Start from ten times the trust-region radius with which the same minimiser's last solve ended. */
  readonly continueRadius?: boolean | undefined;
  /** Overrides the limits of the options: what is left of a caller's budget. */
  readonly budget?: Budget | undefined;
}
