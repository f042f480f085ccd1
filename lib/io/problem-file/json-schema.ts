import { z } from 'zod';
import { problemFileSchema } from './schema/index.js';
import { dimensions, nameDimension, quantityPattern, type Dimension } from './units/index.js';

/** JSON Schema (draft 2020-12) of what a problem file may hold; editors complete from it. */
export function problemFileJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(problemFileSchema, {
    io: 'input',
    reused: 'inline',
    override: ({ jsonSchema }) => describeQuantity(jsonSchema),
  });
  return { ...schema, $id: 'sft-opt-problem-v1' };
}

/** A quantity is a number in its SI unit, or text that a pattern checks as it is typed. */
function describeQuantity(schema: Record<string, unknown>): void {
  const dimension = schema['quantity'];
  if (typeof dimension !== 'string' || !(dimension in dimensions)) return;
  const { plainUnit, examples } = dimensions[dimension as Dimension];
  const shown = examples.map((example) => `"${example}"`).join(' or ');
  const meaning = `${nameDimension(dimension as Dimension)}, such as ${shown}; a plain number is in ${plainUnit}`;
  const own = typeof schema['description'] === 'string' ? `${schema['description']} (${meaning})` : meaning;
  schema['description'] = own;
  schema['anyOf'] = [{ type: 'number' }, { type: 'string', pattern: quantityPattern(dimension as Dimension) }];
  delete schema['quantity'];
  delete schema['plainUnit'];
}
