import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z as zod } from 'zod';
import * as own from '../../../lib/schema/index.js';

/** The same schema twice: zod is the judge of what passes, what comes out and what is said. */
type Vocabulary = typeof own & typeof zod;
const schemas: Readonly<Record<string, (z: Vocabulary) => own.Field>> = {
  positive: (z) => z.number().positive(),
  nonnegative: (z) => z.int().nonnegative(),
  negative: (z) => z.number().negative(),
  between: (z) => z.number().gt(0).max(1),
  open: (z) => z.number().min(-2).lt(3),
  whole: (z) => z.int().min(1).max(8),
  wholeByMethod: (z) => z.number().int().positive(),
  boolean: (z) => z.boolean(),
  choice: (z) => z.enum(['auto', 'sqp', 'bb']),
  literal: (z) => z.literal(Infinity as never),
  defaulted: (z) => z.number().positive().default(3),
  optional: (z) => z.int().positive().optional(),
  limit: (z) => z.number().positive().or(z.literal(Infinity)).default(Infinity),
  changed: (z) =>
    z
      .number()
      .gt(0)
      .transform((value) => Math.fround(value)),
  coerced: (z) => z.coerce.number().int().min(0).max(15).default(0),
  coercedLimit: (z) => z.coerce.number().nonnegative().default(1e-6),
  object: (z) =>
    z.strictObject({
      tolerance: z.number().positive().default(1e-6),
      steps: z.int().positive().optional(),
      method: z.enum(['auto', 'sqp']).default('auto'),
      on: z.boolean(),
    }),
};

const values = fc.oneof(
  fc.double(),
  fc.integer({ min: -3, max: 20 }),
  fc.constantFrom(
    0,
    -0,
    1,
    8,
    3,
    Infinity,
    -Infinity,
    NaN,
    undefined,
    null,
    true,
    false,
    'auto',
    'sqp',
    'guess',
    '7',
    '',
  ),
  fc.constantFrom([], {}, [1]),
);
const objects = fc.record(
  {
    tolerance: fc.oneof(fc.constantFrom(1e-3, undefined), values),
    steps: fc.oneof(fc.constantFrom(3, undefined), values),
    method: fc.oneof(fc.constantFrom('auto', 'sqp'), values),
    on: fc.oneof(fc.boolean(), values),
    tolerence: values,
  },
  { requiredKeys: [] },
);

function outcomeOf(schema: {
  safeParse(value: unknown): { success: boolean; data?: unknown; error?: { issues: readonly unknown[] } | undefined };
}) {
  return (value: unknown) => {
    const { success, data, error } = schema.safeParse(value);
    return { success, data, codes: error?.issues.map((issue) => facts(issue as own.SchemaIssue)) };
  };
}

function facts(issue: own.SchemaIssue): object {
  const { code, path } = issue;
  const limit = 'minimum' in issue ? issue.minimum : 'maximum' in issue ? issue.maximum : undefined;
  const keys = 'keys' in issue ? issue.keys : undefined;
  return { code: code === ('invalid_union' as string) ? 'invalid_type' : code, path, limit, keys };
}

describe('schemas of options', () => {
  it.each(Object.entries(schemas))('%s: takes, gives and refuses what zod does', (name, make) => {
    const mine = outcomeOf(make(own as Vocabulary));
    const judge = outcomeOf(make(zod as unknown as Vocabulary));
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(name === 'object' ? fc.oneof(objects, values) : values, (value) => {
        const expected = judge(value);
        if (expected.success) accepted++;
        else refused++;
        // zod reads texts, booleans and lists as numbers just as Number does, Infinity included or not by its release.
        if (name.startsWith('coerced') && Math.abs(Number(value)) === Infinity) return;
        // Whole numbers beyond 2^53 and infinite ones are refused by both, by zod as too large or too small.
        if (JSON.stringify(expected.codes ?? '').includes('900719925474099')) expect(mine(value).success).toBe(false);
        else expect(mine(value)).toEqual(expected);
      }),
      { numRuns: 1000, seed: 5 },
    );
    expect(Math.min(accepted, refused)).toBeGreaterThan(name === 'object' ? 10 : 0);
  });

  it('says what is wrong in the same words', () => {
    const cases: [(z: Vocabulary) => own.Field, unknown][] = [
      [(z) => z.number().positive(), 0],
      [(z) => z.int().max(8), 9],
      [(z) => z.int().max(8), 'many'],
      [(z) => z.int(), 1.5],
      [(z) => z.boolean(), 3],
      [(z) => z.enum(['a', 'b']), 'c'],
      [(z) => z.strictObject({}), { x: 1, y: 2 }],
      [(z) => z.strictObject({}), null],
    ];
    for (const [make, value] of cases) {
      const [mine, judge] = [own as Vocabulary, zod as unknown as Vocabulary].map((z) => {
        const outcome = make(z).safeParse(value);
        return outcome.success ? [] : outcome.error.issues.map(({ message }) => message);
      });
      expect(mine).toEqual(judge);
    }
  });

  it('takes infinite numbers where they come from text, as limits do', () => {
    expect(own.coerce.number().positive().parse('Infinity')).toBe(Infinity);
    expect(own.coerce.number().positive().safeParse('x').success).toBe(false);
  });

  it('keeps documentation, default and choices with the field', () => {
    const field = own.enum(['a', 'b']).default('b').describe('One of two.');
    expect(field).toMatchObject({ description: 'One of two.', defaultValue: 'b', choices: ['a', 'b'] });
    expect(own.int().describe('Count.').min(1).description).toBe('Count.');
  });

  it('gives every problem at once', () => {
    const schema = own.strictObject({ a: own.int(), b: own.boolean(), c: own.number().optional() });
    expect(() => schema.parse({ a: 1.5, d: 1 })).toThrow(/a: .*\nb: .*\n.*Unrecognized key: "d"/u);
    expect(schema.parse({ a: 1, b: true, c: undefined })).toEqual({ a: 1, b: true, c: undefined });
  });
});
