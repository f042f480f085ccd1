import * as z from '../schema/index.js';
import { commonOptions, defineOptions } from '../solver/index.js';

/** Options of every solver of quadratic programs here. */
export const commonQpOptions = {
  ...commonOptions,
  maxIterations: z
    .int()
    .positive()
    .default(10_000)
    .describe('Steps before giving up, of all methods together: dual steps (active set) or Newton steps (the others).'),
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
  regularization: z
    .number()
    .positive()
    .default(1e-7)
    .describe('Proximal weight, relative to the largest Hessian entry, that makes a singular Hessian definite.'),
};

/** Options of `solveQp` with the dense active set, and of `DualActiveSetSolver`. */
export const qpOptions = defineOptions({
  ...commonQpOptions,
  method: z
    .enum(['auto', 'active-set'])
    .default('auto')
    .describe(
      'Both are the dense active set; `solveQp` of `sft-opt/qp/sparse` and of `sft-opt` has other methods as well.',
    ),
});

/** Options of `solveQp` with their defaults filled in. */
export type QpOptions = typeof qpOptions.defaults;
/** Options of `solveQp`; what is absent has its default. */
export type QpOptionsInput = NonNullable<Parameters<typeof qpOptions.resolve>[0]>;
/** Those that do not depend on which methods there are. */
export type CommonQpOptions = Omit<QpOptions, 'method'>;
