import * as z from 'zod';
import { dimensions, nameDimension, nearest, parseQuantity, type Dimension } from '../units/index.js';

/** Bounds of a quantity in its SI unit, each with the text shown for it. */
export interface QuantityLimits {
  readonly above?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** A number in the SI unit or text with a unit; parsed to the SI value. */
export function quantity(dimension: Dimension, limits: QuantityLimits = {}) {
  const table = dimensions[dimension];
  const examples = table.examples.map((example) => `\`${example}\``).join(' or ');
  return z
    .union([z.number(), z.string()], {
      error: ({ input }) =>
        typeof input === 'number'
          ? `not a finite number; write ${nameDimension(dimension)} such as ${examples}`
          : `must be ${nameDimension(dimension)} such as ${examples} (a plain number is in ${table.plainUnit})`,
    })
    .meta({ quantity: dimension, plainUnit: table.plainUnit, examples: [...table.examples] })
    .transform((written, context): number => {
      const parsed = parseQuantity(written, dimension);
      const message = parsed.ok ? limitMessage(parsed.value, limits, table.plainUnit) : parsed.message;
      if (!parsed.ok || message !== undefined) {
        context.addIssue({ code: 'custom', message: message ?? '', input: written });
        return z.NEVER;
      }
      return parsed.value;
    });
}

function limitMessage(value: number, limits: QuantityLimits, unit: string): string | undefined {
  const in_ = unit.includes('…') || unit.includes(' ') ? '' : ` ${unit}`;
  if (limits.above !== undefined && !(value > limits.above)) return `must be more than ${limits.above}${in_}`;
  if (limits.minimum !== undefined && !(value >= limits.minimum)) return `must be at least ${limits.minimum}${in_}`;
  if (limits.maximum !== undefined && !(value <= limits.maximum)) return `must be at most ${limits.maximum}${in_}`;
  return undefined;
}

/**
 * An object that refuses unknown keys, naming the nearest known one. Its fields are made when it is first used: a program
 * that reads no file does not make them.
 */
export function section<Shape extends z.ZodRawShape>(makeShape: () => Shape) {
  let shape: Shape | undefined;
  const fields = () => (shape ??= makeShape());
  const definition: z.core.$ZodObjectDef = {
    type: 'object',
    get shape() {
      return fields();
    },
    catchall: z.never(),
    error: (issue: z.core.$ZodRawIssue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownKeyMessage(key, Object.keys(fields()))).join('\n')
        : undefined,
  };
  return new z.ZodObject(definition) as unknown as z.ZodObject<z.core.util.Writeable<Shape>, z.core.$strict>;
}

/** Says that a key is not known, and which was probably meant or which there are. */
export function unknownKeyMessage(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined ? `unknown key (allowed: ${known.join(', ')})` : `unknown key; did you mean \`${near}\`?`;
}

/** A value that may differ from device to device: one value, or a seeded distribution to draw each device's from. */
export function sampled<Schema extends z.ZodType<number, number | string>>(schema: Schema) {
  return z.union([
    schema,
    section(() => ({
      uniform: z.tuple([schema, schema]).describe('Least and largest value; every one between is as likely.'),
    })),
    section(() => ({
      logNormal: section(() => ({
        median: schema.describe('Half of the devices lie below.'),
        sigma: z.number().positive().max(5).describe('Standard deviation of the natural logarithm.'),
      })),
    })).describe('Log-normal distribution.'),
    section(() => ({
      choice: z.array(schema).min(1).max(1000).describe('Values to choose from.'),
      weights: z.array(z.number().positive()).optional().describe('How often each is chosen; equally when absent.'),
    })),
  ]);
}

/** A distribution read from a file, or one value for all. */
export type Sampled =
  | number
  | { readonly uniform: readonly [number, number] }
  | { readonly logNormal: { readonly median: number; readonly sigma: number } }
  | { readonly choice: readonly number[]; readonly weights?: readonly number[] | undefined };

export const fraction = () => quantity('fraction', { minimum: 0, maximum: 1 });

/** Text that is shown to people: no control characters and none that turn the reading direction; line breaks where it may have them. */
export function shownText(longest: number, { lines = false } = {}) {
  const allowed = lines
    ? /^(?:[^\p{Cc}\u202a-\u202e\u2066-\u2069]|[\t\n\r])*$/u
    : /^[^\p{Cc}\u202a-\u202e\u2066-\u2069]*$/u;
  return z.string().max(longest).regex(allowed, 'must not hold control characters');
}
