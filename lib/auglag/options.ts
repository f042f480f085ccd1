import * as z from '../schema/index.js';
import { defineOptions } from '../solver/index.js';
import { nlpOptions } from '../nlp/index.js';

/** Options of the augmented Lagrangian method. */
export const auglagOptions = defineOptions({
  ...nlpOptions,
  maxIterations: z
    .int()
    .positive()
    .default(3000)
    .describe('Inner iterations over all subproblems before giving up; the best point is returned.'),
  maxOuterIterations: z.int().positive().default(60).describe('Subproblems before giving up.'),
  maxInnerIterations: z.int().positive().default(500).describe('Iterations of one subproblem; raise it for large n.'),
  initialPenalty: z
    .number()
    .positive()
    .optional()
    .describe('First penalty of the scaled problem; from objective and violation at the start when absent.'),
  penaltyGrowth: z
    .number()
    .gt(1)
    .default(10)
    .describe('Factor of the penalty when the violation does not fall enough.'),
  requiredDecrease: z
    .number()
    .positive()
    .lt(1)
    .default(0.25)
    .describe('Share of the previous violation that may remain after a subproblem without raising the penalty.'),
  largestPenalty: z
    .number()
    .positive()
    .default(1e16)
    .describe('Penalty beyond which the method looks for infeasibility.'),
  multiplierBound: z.number().positive().default(1e12).describe('Multipliers are clipped to ± this in scaled terms.'),
  denseLimit: z
    .int()
    .nonnegative()
    .default(160)
    .describe('Largest number of variables for which inner Newton steps are exact rather than by conjugate gradients.'),
  polish: z.boolean().default(true).describe('Finish with Newton steps on the KKT system of the active set.'),
  polishLimit: z
    .int()
    .nonnegative()
    .default(500)
    .describe('Largest order of a KKT system that the polish factors densely.'),
  scale: z.boolean().default(true).describe('Scale objective and constraints by their gradients at the start.'),
});

/** Options of the augmented Lagrangian; what is absent has its default. */
export type AuglagOptions = Partial<z.input<typeof auglagOptions.schema>>;
/** The same with defaults filled in. */
export type ResolvedAuglagOptions = typeof auglagOptions.defaults;
