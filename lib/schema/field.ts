/** One thing that is wrong with a value; codes and messages are those of zod, so that both are reported by one code. */
export type SchemaIssue = { readonly path: (string | number)[]; readonly message: string } & (
  | {
      readonly code: 'invalid_type';
      readonly expected: 'number' | 'int' | 'boolean' | 'object' | 'string';
      readonly input: unknown;
    }
  | { readonly code: 'invalid_value'; readonly values: (string | number)[]; readonly input: unknown }
  | {
      readonly code: 'too_small';
      readonly origin: 'number';
      readonly minimum: number;
      readonly inclusive: boolean;
      readonly input: number;
    }
  | {
      readonly code: 'too_big';
      readonly origin: 'number';
      readonly maximum: number;
      readonly inclusive: boolean;
      readonly input: number;
    }
  | { readonly code: 'unrecognized_keys'; readonly keys: string[]; readonly input: Record<string, unknown> }
);

/** What a check came to: the value, defaults filled in, or everything that is wrong with it. */
export type ParseOutcome<Output> =
  | { readonly success: true; readonly data: Output }
  | { readonly success: false; readonly error: { readonly issues: SchemaIssue[] } };

type Check<Output> = (value: unknown, issues: SchemaIssue[], path: (string | number)[]) => Output | undefined;

/**
 * One option: its type, its default, its check and its documentation. A small part of zod's vocabulary, so that solvers
 * carry no more than they need. `Input` is what a caller may pass, `Output` what the algorithm works with.
 */
export class Field<Output = unknown, Input = Output> {
  declare readonly _output: Output;
  declare readonly _input: Input;
  readonly description: string | undefined;
  /** What stands in for an absent value. */
  readonly defaultValue: Output | undefined;
  /** The values of an enumeration. */
  readonly choices: readonly string[] | undefined;

  /** `run` returns the value to work with, or adds to `issues` what is wrong. */
  constructor(readonly run: Check<Output>) {}

  /** Gives the option its documentation. */
  describe(description: string): this {
    return this.with({ description });
  }

  /** The option may be absent; then it has this value. */
  default(defaultValue: Output): Field<Output, Input | undefined> {
    const absent = structuredClone(defaultValue);
    return new Field<Output, Input | undefined>((value, issues, path) =>
      value === undefined ? absent : this.run(value, issues, path),
    ).with({ defaultValue: absent, choices: this.choices, description: this.description });
  }

  /** The option may be absent. */
  optional(): Field<Output | undefined, Input | undefined> {
    return new Field<Output | undefined, Input | undefined>((value, issues, path) =>
      value === undefined ? undefined : this.run(value, issues, path),
    ).with({ choices: this.choices, description: this.description });
  }

  /** Takes what either of the two takes; what is wrong is said in the words of the first. */
  or<OtherOutput, OtherInput>(other: Field<OtherOutput, OtherInput>): Field<Output | OtherOutput, Input | OtherInput> {
    return new Field<Output | OtherOutput, Input | OtherInput>((value, issues, path) => {
      const second = other.safeParse(value);
      return second.success ? second.data : this.run(value, issues, path);
    });
  }

  /** Works with another value than was given; only for values that pass. */
  transform<Changed>(change: (value: Output) => Changed): Field<Changed, Input> {
    return new Field<Changed, Input>((value, issues, path) => {
      const before = issues.length;
      const checked = this.run(value, issues, path);
      return issues.length === before ? change(checked as Output) : undefined;
    });
  }

  /** The checked value, or every problem at once. */
  safeParse(value: unknown): ParseOutcome<Output> {
    const issues: SchemaIssue[] = [];
    const data = this.run(value, issues, []);
    return issues.length === 0 ? { success: true, data: data as Output } : { success: false, error: { issues } };
  }

  /** The checked value. Throws `TypeError` naming every problem. */
  parse(value: unknown): Output {
    const outcome = this.safeParse(value);
    if (outcome.success) return outcome.data;
    throw new TypeError(outcome.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
  }

  protected with(changes: object): this {
    const copy: unknown = Object.assign(Object.create(Object.getPrototypeOf(this) as object) as object, this, changes);
    return copy as this;
  }
}

/** What was found, in zod's words. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value !== 'number') return typeof value;
  return Number.isFinite(value) ? 'number' : String(value);
}
