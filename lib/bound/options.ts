import * as z from '../schema/index.js';
import { defineOptions, type SolverResult } from '../solver/index.js';
import { nlpOptions, type SolveContext } from '../nlp/index.js';
import type { NonlinearProgram } from '../problem/index.js';

/** Options of the bound-constrained minimisers. */
export const boundOptions = defineOptions({
  ...nlpOptions,
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
    .default(-1e8)
    .describe(
      'Objective below which (and again each time that it has fallen by a factor of 100) the problem is searched for a ray along which it falls without end.',
    ),
  escapeSaddle: z
    .boolean()
    .default(true)
    .describe('Try one step of negative curvature at a stationary point whose Hessian is indefinite.'),
});

/** Options of `boundPlan`; `boundOptions` has each with its default and meaning. */
export type BoundOptions = Partial<z.input<typeof boundOptions.schema>>;
/** The options of `boundPlan` with their defaults filled in. */
export type ResolvedBoundOptions = typeof boundOptions.defaults;

/** Any solver of problems without constraints other than bounds. Throws RangeError when the problem has constraints. */
export type BoundMinimizer = (
  problem: NonlinearProgram,
  options?: BoundOptions,
  context?: SolveContext,
) => SolverResult;
