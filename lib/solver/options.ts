import * as z from '../schema/index.js';

/**
 * Options of an algorithm: one object is the source of types, defaults, checks and documentation. Every field has
 * `.default(…)` and `.describe(…)`; `z.input` is what a caller may pass, `z.output` what the algorithm works with.
 */
export interface OptionSet<Fields extends z.Shape> {
  /** What the options are checked by; holds each one's description. */
  readonly schema: z.ObjectField<Fields>;
  /** Every option's default. */
  readonly defaults: z.output<z.ObjectField<Fields>>;
  /** Complete, checked options. Throws `OptionsError` naming every problem at once. */
  resolve(given?: Partial<z.input<z.ObjectField<Fields>>>): z.output<z.ObjectField<Fields>>;
}

/** One thing that is wrong with the given options. */
export interface OptionIssue {
  /** Name of the option. */
  readonly path: string;
  /** What is wrong with it and what is allowed. */
  readonly message: string;
}

/** All problems of one set of options. */
export class OptionsError extends Error {
  /** Stays; docs/errors.md says what to do. */
  readonly code = 'options';
  constructor(readonly issues: readonly OptionIssue[]) {
    super(issues.map(({ path, message }) => `option ${path || '(root)'}: ${message}`).join('\n'));
    this.name = 'OptionsError';
  }
}

/**
 * Makes an option set; unknown keys are refused.
 *
 * @param shape - Schema of each option, with default and description.
 * @throws Error where an option has no default; `resolve` of the set throws OptionsError.
 * @example
 * ```ts
 * import { commonOptions, defineOptions } from 'sft-opt';
 *
 * const own = defineOptions({ maxIterations: commonOptions.maxIterations });
 * console.log(own.defaults.maxIterations, own.resolve({ maxIterations: 7 }).maxIterations); // 1000 7
 * ```
 */
export function defineOptions<const Fields extends z.Shape>(shape: Fields): OptionSet<Fields> {
  const schema = z.strictObject(shape);
  const defaults = schema.parse({});
  return {
    schema,
    defaults,
    resolve(given) {
      if (given === undefined) return defaults;
      const outcome = schema.safeParse(given);
      if (outcome.success) return outcome.data;
      throw new OptionsError(
        outcome.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
      );
    },
  };
}

/** A positive limit; Infinity stands for none. */
const positiveLimit = z.number().positive().or(z.literal(Infinity));

/** Fields that every iterative solver shares; spread into the shape given to `defineOptions`. */
export const commonOptions = {
  optimalityTolerance: z
    .number()
    .positive()
    .default(1e-6)
    .describe('Largest scaled stationarity and complementarity of a point called optimal.'),
  feasibilityTolerance: z
    .number()
    .positive()
    .default(1e-6)
    .describe('Largest violation of a constraint or bound, relative to max(1, |side|), of a point called feasible.'),
  maxIterations: z.int().positive().default(1000).describe('Iterations before giving up; the best point is returned.'),
  maxEvaluations: positiveLimit
    .default(Infinity)
    .describe('Objective evaluations before giving up; the best point is returned.'),
  timeLimitSeconds: positiveLimit.default(Infinity).describe('Wall time before giving up; the best point is returned.'),
} as const;
