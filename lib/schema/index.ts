/**
 * Checked options with one source of type, default, check and documentation, in the part of zod's vocabulary that
 * solvers, planner and codec need: `import * as z from '../schema/index.js'`. Files that people write are checked by zod.
 */
import { Field } from './field.js';
import { NumberField } from './number.js';
import { ObjectField, type Shape } from './object.js';

export { Field, type SchemaIssue } from './field.js';
export { NumberField } from './number.js';
export { ObjectField, type Shape } from './object.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- every field, whatever it takes and gives
export type input<Given extends Field<any, any>> = Given['_input'];
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- every field, whatever it takes and gives
export type output<Given extends Field<any, any>> = Given['_output'];

/** A finite number. */
export const number = (): NumberField => new NumberField();

/** A whole number that a double holds exactly. */
export const int = (): NumberField => number().int();

export const boolean = (): Field<boolean> =>
  new Field<boolean>((value, issues, path) => {
    if (typeof value === 'boolean') return value;
    const message = `Invalid input: expected boolean, received ${value === null ? 'null' : typeof value}`;
    issues.push({ code: 'invalid_type', expected: 'boolean', path, message, input: value });
    return undefined;
  });

/** A text that is not empty. */
export const text = (): Field<string> =>
  new Field<string>((value, issues, path) => {
    if (typeof value === 'string' && value !== '') return value;
    const message = `Invalid input: expected a text, received ${value === '' ? 'an empty one' : typeof value}`;
    issues.push({ code: 'invalid_type', expected: 'string', path, message, input: value });
    return undefined;
  });

/** Just this value. */
export const literal = <const Value extends string | number>(only: Value): Field<Value> =>
  new Field<Value>((value, issues, path) => {
    if (Object.is(value, only)) return only;
    const message = `Invalid input: expected ${JSON.stringify(only)}`;
    issues.push({ code: 'invalid_value', values: [only], path, message, input: value });
    return undefined;
  });

const enumeration = <const Value extends string>(choices: readonly Value[]): Field<Value> =>
  Object.assign(
    new Field<Value>((value, issues, path) => {
      if (choices.includes(value as Value)) return value as Value;
      const message = `Invalid option: expected one of ${choices.map((choice) => `"${choice}"`).join('|')}`;
      issues.push({ code: 'invalid_value', values: [...choices], path, message, input: value });
      return undefined;
    }),
    { choices },
  );
/** One of some texts. */
export { enumeration as enum };

/** An object with these options and no others. */
export const strictObject = <const Fields extends Shape>(shape: Fields): ObjectField<Fields> => new ObjectField(shape);

/** Values from text, as command lines and environment variables have them. */
export const coerce = {
  number: (): NumberField => new NumberField({ whole: false, coerced: true, limits: [] }),
};
