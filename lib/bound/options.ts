import * as z from '../schema/index.js';
import { commonOptions, defineOptions, type SolverResult } from '../solver/index.js';
import type { SolveContext } from '../nlp/index.js';
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

export type BoundOptions = Partial<z.input<typeof boundOptions.schema>>;
export type ResolvedBoundOptions = typeof boundOptions.defaults;

/** Any solver of problems without constraints other than bounds. Throws RangeError when the problem has constraints. */
export type BoundMinimizer = (
  problem: NonlinearProgram,
  options?: BoundOptions,
  context?: SolveContext,
) => SolverResult;
