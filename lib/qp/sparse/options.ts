import * as z from '../../schema/index.js';
import { defineOptions } from '../../solver/index.js';
import { commonQpOptions } from '../options.js';

/** Options of `solveQp` with all methods, and of `ArrowheadSolver`. */
export const qpOptions = defineOptions({
  ...commonQpOptions,
  method: z
    .enum(['auto', 'active-set', 'interior-point', 'structured'])
    .default('auto')
    .describe(
      'Solver to begin with; another one takes over when it stalls. `auto`: from 100 variables on the structured method if ' +
        'the problem has that structure (`structured`: at any size), else the dense active set for small or dense ' +
        'problems and the sparse interior point for the others.',
    ),
  fallback: z.boolean().default(true).describe('Whether another method may take over when the first one stalls.'),
  eliminateEqualities: z
    .enum(['auto', 'always', 'never'])
    .default('auto')
    .describe(
      'Null-space elimination of equality rows before the dense active set: `auto` when they are at least a quarter of ' +
        'the variables and few variables are bounded. Solves problems that are convex only where the equalities hold.',
    ),
  presolve: z.boolean().default(true).describe('Remove fixed variables, empty, singleton and duplicate rows first.'),
});

/** Options of `solveQp` with their defaults filled in. */
export type QpOptions = typeof qpOptions.defaults;
/** Options of `solveQp`; what is absent has its default. */
export type QpOptionsInput = NonNullable<Parameters<typeof qpOptions.resolve>[0]>;
