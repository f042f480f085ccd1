import * as z from '../schema/index.js';
import { defineOptions } from '../solver/index.js';
import { nlpOptions } from '../nlp/index.js';

/** Options of `solveSqp`. */
export const sqpOptions = defineOptions({
  ...nlpOptions,
  hessian: z
    .enum(['auto', 'exact', 'quasi-newton'])
    .default('auto')
    .describe(
      'Curvature of the Lagrangian: `exact` needs the problem’s Hessian, `quasi-newton` is damped BFGS (a dense matrix up to `denseLimit` variables, of limited memory beyond), `auto` takes the exact one where there is one.',
    ),
  denseLimit: z
    .int()
    .nonnegative()
    .default(120)
    .describe('Largest number of variables for which the linear systems are stored as dense matrices.'),
  memory: z.int().positive().default(10).describe('Pairs that a quasi-Newton matrix of limited memory is made of.'),
  scaling: z
    .boolean()
    .default(true)
    .describe('Scale objective and constraints so that no gradient at the start is longer than 100 (max-norm).'),
  secondOrderCorrections: z
    .int()
    .nonnegative()
    .default(2)
    .describe('Corrections for the curvature of the constraints tried after a rejected full step.'),
  watchdogTrigger: z
    .int()
    .nonnegative()
    .default(10)
    .describe('Shortened steps in a row after which full steps are tolerated for a while; 0: never.'),
  watchdogSteps: z
    .int()
    .positive()
    .default(3)
    .describe('Full steps that the watchdog tolerates before it goes back to where it began.'),
  maxRestorations: z.int().nonnegative().default(20).describe('Feasibility restorations before giving up.'),
  retries: z
    .int()
    .nonnegative()
    .default(3)
    .describe('Further attempts with another strategy after one that stalled or ended at a point of least violation.'),
  polishSteps: z
    .int()
    .nonnegative()
    .default(40)
    .describe(
      'Iterations past the tolerances while the objective still moves by more than 1e-8 + 1e-6·|f| or large multipliers hide a residual, as on degenerate problems.',
    ),
  unboundedThreshold: z
    .number()
    .positive()
    .default(1e8)
    .describe(
      'Where the objective is below minus this (and again each time that it has fallen by a factor of 100) the problem is searched for a ray along which it falls without end.',
    ),
});

/** Complete options of `solveSqp`. */
export type SqpOptions = typeof sqpOptions.defaults;
