import * as z from '../schema/index.js';
import { defineOptions } from '../solver/index.js';
import { nlpOptions } from '../nlp/index.js';

/** Names of the methods that `minimize` can be told to use. */
export const minimizeMethods = ['auto', 'qp', 'bound', 'sqp', 'auglag', 'interior', 'direct'] as const;

/** Options of `minimize`. */
export const minimizeOptions = defineOptions({
  ...nlpOptions,
  maxIterations: z
    .int()
    .positive()
    .default(3000)
    .describe(
      'Iterations over all attempts before giving up; the best point is returned. Where nothing is given, at least twice the number of variables.',
    ),
  method: z
    .enum(minimizeMethods)
    .default('auto')
    .describe(
      '`auto` chooses by the class of the problem; any other name allows that method alone (with integer variables: for the relaxations).',
    ),
  relativeGap: z
    .number()
    .nonnegative()
    .default(1e-6)
    .describe('With integer variables: stop when (incumbent − bound) / |incumbent| is at or below this.'),
  maxNodes: z.int().positive().default(100_000).describe('With integer variables: nodes before giving up.'),
  scope: z
    .enum(['local', 'global'])
    .default('local')
    .describe(
      'Of continuous problems: `global` seeks the best of all minima and proves it where the structure is known (compiled `.nl` models, declared quadratic programs), within a few dozen variables. Problems with integer variables are always taken so.',
    ),
  enumerationLimit: z
    .int()
    .nonnegative()
    .default(65_536)
    .describe(
      'With integer variables alone: boxes of at most this many integer points are looked through point by point, which proves the answer whatever the functions are; 0: never.',
    ),
  restarts: z
    .int()
    .nonnegative()
    .default(0)
    .describe(
      'Further starts from seeded random points after a solution, keeping the best: for problems with many minima.',
    ),
  seed: z.int().default(0).describe('Seed of the restarts.'),
});

/** Options of `minimize` on structured problems; what is absent has its default. */
export type MinimizeOptions = Partial<z.input<typeof minimizeOptions.schema>>;
/** The same with defaults filled in. */
export type ResolvedMinimizeOptions = typeof minimizeOptions.defaults;
