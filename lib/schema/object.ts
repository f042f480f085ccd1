import { Field, typeName } from './field.js';

/** Options by name. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- every field, whatever it takes and gives
export type Shape = Readonly<Record<string, Field<any, any>>>;

type OptionalKeys<Types> = { [Key in keyof Types]: undefined extends Types[Key] ? Key : never }[keyof Types];
/** Keys that may be undefined may be left out. */
type Loose<Types> = { [Key in keyof Types as Key extends OptionalKeys<Types> ? never : Key]: Types[Key] } & {
  [Key in OptionalKeys<Types>]?: Types[Key];
};
type Flat<Types> = { [Key in keyof Types]: Types[Key] };

export type ShapeInput<Fields extends Shape> = Flat<Loose<{ [Key in keyof Fields]: Fields[Key]['_input'] }>>;
export type ShapeOutput<Fields extends Shape> = Flat<Loose<{ [Key in keyof Fields]: Fields[Key]['_output'] }>>;

/** An object of options; keys that it does not know are refused. */
export class ObjectField<Fields extends Shape> extends Field<ShapeOutput<Fields>, ShapeInput<Fields>> {
  constructor(readonly shape: Fields) {
    super((value, issues, path) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        const message = `Invalid input: expected object, received ${typeName(value)}`;
        issues.push({ code: 'invalid_type', expected: 'object', path, message, input: value });
        return undefined;
      }
      const given = value as Record<string, unknown>;
      const checked: Record<string, unknown> = {};
      for (const [key, field] of Object.entries(shape)) {
        const isGiven = Object.hasOwn(given, key) || key in given;
        const output: unknown = field.run(isGiven ? given[key] : undefined, issues, [...path, key]);
        if (isGiven || output !== undefined) checked[key] = output;
      }
      const keys = Object.keys(given).filter((key) => !Object.hasOwn(shape, key));
      if (keys.length > 0) {
        const names = keys.map((key) => `"${key}"`).join(', ');
        const message = `Unrecognized ${keys.length > 1 ? 'keys' : 'key'}: ${names}`;
        issues.push({ code: 'unrecognized_keys', keys, path, message, input: given });
      }
      return checked as ShapeOutput<Fields>;
    });
  }
}
