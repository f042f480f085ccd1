import * as z from 'zod';
import { codecSettingsSchema } from '../../codec/index.js';
import type { Field } from '../../schema/index.js';

type Fields = typeof codecSettingsSchema.shape;

/** The codec's settings as fields of files: with the codec's own checks, defaults and documentation. */
export const codecFields = Object.fromEntries(
  Object.entries(codecSettingsSchema.shape).map(([name, field]) => [name, fileField(field as Field)]),
) as unknown as { readonly [Name in keyof Fields]: z.ZodDefault<z.ZodType<Fields[Name]['_output']>> };

function fileField(field: Field): z.ZodType {
  const checked = z.unknown().transform((value, context) => {
    const outcome = field.safeParse(value);
    if (outcome.success) return outcome.data;
    for (const issue of outcome.error.issues) context.issues.push(issue);
    return z.NEVER;
  });
  return checked.default(field.defaultValue as never).describe(field.description ?? '');
}
