import * as z from '../schema/index.js';
import { commonOptions } from '../solver/index.js';

/** Fields that every solver of nonlinear programs shares. */
export const nlpOptions = {
  ...commonOptions,
  derivativeCheck: z
    .enum(['directional', 'full', 'off'])
    .default('directional')
    .describe(
      'Check of given first derivatives: along one direction at the start and at a solution (two evaluations each), of every entry at the start, or none. Derivatives that the functions do not bear out are named in `warnings` and replaced by differences.',
    ),
} as const;
