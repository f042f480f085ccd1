/** One thing wrong with a definition: where, what was found, what is allowed. */
export interface DefinitionIssue {
  /** As in `devices[2].uplink` or `extraLimits[0].use`. */
  readonly path: string;
  /** What was found. */
  readonly found: string;
  /** What is allowed. */
  readonly allowed: string;
}

/** Everything that is wrong with a definition, at once. */
export class ProblemDefinitionError extends Error {
  /** Name of the class. */
  override readonly name = 'ProblemDefinitionError';
  /** Stays; docs/errors.md says what to do. */
  readonly code = 'problem-definition';

  constructor(readonly issues: readonly DefinitionIssue[]) {
    super(issues.map(({ path, found, allowed }) => `${path}: found ${found}, allowed: ${allowed}`).join('\n'));
  }
}

/** Collects issues; its checks return whether a value may be used. */
export class Issues {
  /** What was found wrong so far. */
  readonly list: DefinitionIssue[] = [];

  /** Notes an issue; always false, so that a check can return it. */
  add(path: string, found: unknown, allowed: string): false {
    this.list.push({ path, found: shown(found), allowed });
    return false;
  }

  /** Whether a value is a number that `isAllowed` takes; else notes an issue. */
  number(path: string, value: unknown, allowed: string, isAllowed: (value: number) => boolean): value is number {
    return typeof value === 'number' && isAllowed(value) ? true : this.add(path, value, allowed);
  }

  /** Whether a value is a finite number above 0; else notes an issue. */
  positive(path: string, value: unknown): value is number {
    return this.number(path, value, 'a finite number above 0', (x) => x > 0 && x < Infinity);
  }

  /** Whether a value is a finite number from 0 on; else notes an issue. */
  nonNegative(path: string, value: unknown): value is number {
    return this.number(path, value, 'a finite number from 0 on', (x) => x >= 0 && x < Infinity);
  }

  /** Whether a value is a number from 0 on, or Infinity; else notes an issue. */
  limit(path: string, value: unknown): value is number {
    return this.number(path, value, 'a number from 0 on, or Infinity', (x) => x >= 0);
  }

  /** Whether a value is a whole number from `least` to `most`; else notes an issue. */
  integer(path: string, value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): value is number {
    const range = most < Number.MAX_SAFE_INTEGER ? `from ${least} to ${most}` : `from ${least} on`;
    return this.number(path, value, `a whole number ${range}`, (x) => Number.isInteger(x) && x >= least && x <= most);
  }

  /** Whether a value is one of the words allowed; else notes an issue. */
  oneOf(path: string, value: unknown, allowed: readonly string[]): boolean {
    return (typeof value === 'string' && allowed.includes(value)) || this.add(path, value, allowed.join(', '));
  }

  /** What a function of the caller's returns; undefined with an issue where it throws or returns nothing. */
  call(path: string, run: () => unknown): unknown {
    try {
      const value = run();
      if (value === undefined) this.add(path, value, 'a number');
      return value;
    } catch (error) {
      this.add(path, `an exception (${error instanceof Error ? error.message : String(error)})`, 'a number');
      return undefined;
    }
  }

  /** Throws `ProblemDefinitionError` with all issues, if there are any. */
  throwIfAny(): void {
    if (this.list.length > 0) throw new ProblemDefinitionError(this.list);
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
