import { Field, type SchemaIssue, typeName } from './field.js';

interface Limit {
  readonly at: number;
  readonly side: 'least' | 'most';
  readonly inclusive: boolean;
}

interface NumberRules {
  readonly whole: boolean;
  /** Texts that are numbers count as numbers. */
  readonly coerced: boolean;
  readonly limits: readonly Limit[];
}

/** A finite number within limits. */
export class NumberField extends Field<number> {
  constructor(private readonly rules: NumberRules = { whole: false, coerced: false, limits: [] }) {
    super((value, issues, path) => checkNumber(rules, value, issues, path));
  }

  int(): NumberField {
    return this.changed({ whole: true });
  }

  /** At least this. */
  min(at: number): NumberField {
    return this.limited({ at, side: 'least', inclusive: true });
  }

  /** At most this. */
  max(at: number): NumberField {
    return this.limited({ at, side: 'most', inclusive: true });
  }

  /** More than this. */
  gt(at: number): NumberField {
    return this.limited({ at, side: 'least', inclusive: false });
  }

  /** Less than this. */
  lt(at: number): NumberField {
    return this.limited({ at, side: 'most', inclusive: false });
  }

  positive(): NumberField {
    return this.gt(0);
  }

  nonnegative(): NumberField {
    return this.min(0);
  }

  negative(): NumberField {
    return this.lt(0);
  }

  private limited(limit: Limit): NumberField {
    return this.changed({ limits: [...this.rules.limits, limit] });
  }

  private changed(changes: Partial<NumberRules>): NumberField {
    const changed = new NumberField({ ...this.rules, ...changes });
    return this.description === undefined ? changed : changed.describe(this.description);
  }
}

function checkNumber(
  { whole, coerced, limits }: NumberRules,
  given: unknown,
  issues: SchemaIssue[],
  path: (string | number)[],
): number | undefined {
  const value = coerced ? Number(given) : given;
  if (typeof value !== 'number' || !(Number.isFinite(value) || (coerced && Math.abs(value) === Infinity))) {
    const message = `Invalid input: expected number, received ${typeName(value)}`;
    issues.push({ code: 'invalid_type', expected: 'number', path, message, input: given });
    return undefined;
  }
  if (whole && !Number.isSafeInteger(value)) {
    const message = 'Invalid input: expected int, received number';
    issues.push({ code: 'invalid_type', expected: 'int', path, message, input: given });
    return undefined;
  }
  for (const { at, side, inclusive } of limits) {
    const beyond = side === 'least' ? value < at : value > at;
    if (!beyond && (inclusive || value !== at)) continue;
    const sign = `${side === 'least' ? '>' : '<'}${inclusive ? '=' : ''}`;
    const message = `Too ${side === 'least' ? 'small' : 'big'}: expected number to be ${sign}${at}`;
    const common = { origin: 'number', inclusive, path, message, input: value } as const;
    issues.push(
      side === 'least' ? { code: 'too_small', minimum: at, ...common } : { code: 'too_big', maximum: at, ...common },
    );
  }
  return value;
}
