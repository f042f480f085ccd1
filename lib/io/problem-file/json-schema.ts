import * as z from 'zod';
import { problemFileSchema } from './schema/index.js';
import { dimensions, nameDimension, quantityPattern, type Dimension } from './units/index.js';

/**
 * JSON Schema (draft 2020-12) of what a problem file may hold; editors complete from it.
 *
 * @example
 * ```ts
 * import { problemFileJsonSchema } from 'sft-opt/io';
 *
 * console.log(problemFileJsonSchema()['type']); // object
 * ```
 */
export function problemFileJsonSchema(): Record<string, unknown> {
  const schema = describeQuantities(problemFileSchema);
  // Keys that hold what anchors refer to.
  return { ...schema, patternProperties: { '^x-': {} }, $id: 'sft-opt-problem-v1' };
}

/** JSON Schema of what may be written for a schema, its quantities with their units. */
export function describeQuantities(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, {
    io: 'input',
    reused: 'inline',
    override: ({ jsonSchema }) => describeQuantity(jsonSchema),
  });
}

/** A quantity is a number in its SI unit, or text that a pattern checks as it is typed. */
function describeQuantity(schema: Record<string, unknown>): void {
  const dimension = schema['quantity'];
  if (typeof dimension !== 'string' || !(dimension in dimensions)) return;
  const { plainUnit, examples } = dimensions[dimension as Dimension];
  const shown = examples.map((example) => `"${example}"`).join(' or ');
  const pattern = quantityPattern(dimension as Dimension);
  schema['anyOf'] = [
    { type: 'number', description: `In ${plainUnit}.` },
    { type: 'string', pattern, description: `As ${nameDimension(dimension as Dimension)}, such as ${shown}.` },
  ];
}
