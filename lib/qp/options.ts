import * as z from '../schema/index.js';
import { commonOptions, defineOptions } from '../solver/index.js';

/** Options of every solver of quadratic programs here. */
export const qpOptions = defineOptions({
  ...commonOptions,
  maxIterations: z
    .int()
    .positive()
    .default(10_000)
    .describe('Steps before giving up, of all methods together: dual steps (active set) or Newton steps (the others).'),
  method: z
    .enum(['auto', 'active-set', 'interior-point', 'structured'])
    .default('auto')
    .describe(
      'Solver to begin with; another one takes over when it stalls. `auto`: from 100 variables on the structured method if ' +
        'the problem has that structure (`structured`: at any size), else the dense active set for small or dense ' +
        'problems and the sparse interior point for the others.',
    ),
  fallback: z.boolean().default(true).describe('Whether another method may take over when the first one stalls.'),
  gapTolerance: z
    .number()
    .positive()
    .default(1e-6)
    .describe('Largest difference of primal and dual objective of an optimal point, relative to 1 + |objective|.'),
  elastic: z
    .enum(['off', 'sum', 'maximum'])
    .default('off')
    .describe('Relax the rows of an infeasible problem at a cost: ℓ1 (`sum`) or ℓ∞ (`maximum`) of their violation.'),
  elasticPenalty: z
    .number()
    .positive()
    .default(1e4)
    .describe('Cost of a unit of relaxation in the elastic mode, relative to 1 + max|q|.'),
  eliminateEqualities: z
    .enum(['auto', 'always', 'never'])
    .default('auto')
    .describe(
      'Null-space elimination of equality rows before the dense active set: `auto` when they are at least a quarter of ' +
        'the variables and few variables are bounded. Solves problems that are convex only where the equalities hold.',
    ),
  presolve: z.boolean().default(true).describe('Remove fixed variables, empty, singleton and duplicate rows first.'),
  regularization: z
    .number()
    .positive()
    .default(1e-7)
    .describe('Proximal weight, relative to the largest Hessian entry, that makes a singular Hessian definite.'),
});

/** Options of `solveQp` with their defaults filled in. */
export type QpOptions = typeof qpOptions.defaults;
/** Options of `solveQp`; what is absent has its default. */
export type QpOptionsInput = NonNullable<Parameters<typeof qpOptions.resolve>[0]>;
