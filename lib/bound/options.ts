import { z } from 'zod';
import {
  commonOptions,
  defineOptions,
  type Budget,
  type IterationCallback,
  type SolverResult,
  type StopSignal,
} from '../solver/index.js';
import type { NonlinearProgram } from '../problem/index.js';

/** Options of the bound-constrained minimisers. */
export const boundOptions = defineOptions({
  ...commonOptions,
  initialRadius: z
    .number()
    .positive()
    .optional()
    .describe('First trust-region radius relative to max(1, |x|); chosen from the start point when absent.'),
  memory: z.int().positive().default(12).describe('Pairs of differences that the limited-memory method keeps.'),
  denseLimit: z
    .int()
    .nonnegative()
    .default(160)
    .describe(
      'Largest number of variables for which Newton steps are exact (Cholesky) rather than by conjugate gradients.',
    ),
  unboundedObjective: z
    .number()
    .negative()
    .default(-1e18)
    .describe('Objective value below which further points along the last direction are tried for unboundedness.'),
  escapeSaddle: z
    .boolean()
    .default(true)
    .describe('Try one step of negative curvature at a stationary point whose Hessian is indefinite.'),
});

export type BoundOptions = Partial<import('zod').z.input<typeof boundOptions.schema>>;
export type ResolvedBoundOptions = typeof boundOptions.defaults;

/** What a caller may hand over besides options. */
export interface SolveContext {
  /** Where to start instead of `meta.start`; projected onto the bounds. */
  readonly start?: Float64Array | undefined;
  /** Initial guess of the constraint multipliers instead of `meta.startMultipliers`. */
  readonly multipliers?: Float64Array | undefined;
  /** Initial guess of the bound multipliers instead of `meta.startBoundMultipliers`, for solvers that can use one. */
  readonly boundMultipliers?: Float64Array | undefined;
  readonly signal?: StopSignal | undefined;
  readonly onIteration?: IterationCallback | undefined;
  /** Start from ten times the trust-region radius with which the same minimiser's last solve ended. */
  readonly continueRadius?: boolean | undefined;
  /** Overrides the limits of the options: what is left of a caller's budget. */
  readonly budget?: Budget | undefined;
}

/** Any solver of problems without constraints other than bounds. Throws RangeError when the problem has constraints. */
export type BoundMinimizer = (
  problem: NonlinearProgram,
  options?: BoundOptions,
  context?: SolveContext,
) => SolverResult;
