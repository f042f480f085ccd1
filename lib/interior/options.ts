import * as z from '../schema/index.js';
import { defineOptions } from '../solver/index.js';
import { nlpOptions } from '../nlp/index.js';

/** Options of `solveInterior`. */
export const interiorOptions = defineOptions({
  ...nlpOptions,
  denseLimit: z
    .int()
    .nonnegative()
    .default(80)
    .describe('Largest number of variables for which the linear systems are stored as dense matrices.'),
  firstBarrier: z.number().positive().default(0.1).describe('μ with which the solve begins.'),
  sharpTolerance: z
    .number()
    .positive()
    .default(1e-8)
    .describe(
      'Scaled error of the barrier-free conditions at which the solve ends; a point that meets only the tolerances is taken when no more progress is made.',
    ),
  scaling: z
    .boolean()
    .default(true)
    .describe('Scale objective and constraints so that no gradient at the start is longer than 100 (max-norm).'),
  secondOrderCorrections: z
    .int()
    .nonnegative()
    .default(4)
    .describe('Corrections for the curvature of the constraints tried after a rejected first trial.'),
  maxRestorations: z.int().nonnegative().default(12).describe('Feasibility restorations before giving up.'),
  unboundedThreshold: z
    .number()
    .positive()
    .default(1e8)
    .describe(
      'Where the objective is below minus this (and again each time that it has fallen by a factor of 100) the problem is searched for a ray along which it falls without end.',
    ),
});

/** Complete options of `solveInterior`. */
export type InteriorOptions = typeof interiorOptions.defaults;
