import type * as z from 'zod';
import { nearest } from '../units/index.js';
import { otherName } from './other-names.js';
import type { IssuePath, RawIssue } from './issue.js';

type ZodIssue = z.core.$ZodIssue;

/** Issues of parsing `data`, which stands at `prefix`, in words for people; of a union those of the alternative meant. */
export function rawIssues(issues: readonly ZodIssue[], data: unknown, prefix: IssuePath = []): RawIssue[] {
  return issues
    .flatMap((issue) => describeIssue(issue, data, []))
    .map((issue) => ({ ...issue, path: [...prefix, ...issue.path] }));
}

/** What stands at a path, or undefined. */
export function valueAt(data: unknown, path: IssuePath): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** A value shortened to one line. */
export function showValue(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number') return `\`${value}\``;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (value !== null && typeof value === 'object') return `keys ${shorten(Object.keys(value).join(', '))}`;
  return `\`${shorten(typeof value === 'string' ? value : JSON.stringify(value))}\``;
}

function shorten(text: string): string {
  const oneLine = text.replaceAll(/\s+/gu, ' ');
  return oneLine.length > 60 ? `${oneLine.slice(0, 57)}…` : oneLine;
}

function describeIssue(issue: ZodIssue, data: unknown, prefix: IssuePath): RawIssue[] {
  const path = [...prefix, ...(issue.path as (string | number)[])];
  const found = valueAt(data, path);
  if (typeof found === 'number' && !Number.isFinite(found)) {
    const words = 'not a finite number; where there is no limit, leave the key out';
    return [{ path, message: issue.message.startsWith('not a finite') ? issue.message : words }];
  }
  switch (issue.code) {
    case 'unrecognized_keys': {
      // The sections' own message has one line a key.
      const messages = issue.message.split('\n');
      return issue.keys.map((key, index) => ({
        path: [...path, key],
        message: messages[index] ?? 'unknown key',
        atKey: true,
      }));
    }
    case 'invalid_union': {
      // The key that tells the alternatives apart has none of their values.
      if ('options' in issue) return [{ path, message: valueMessage(issue.options, valueAt(data, path)) }];
      const forms = strangeForm(issue.errors, valueAt(data, path));
      if (forms !== undefined) return [{ path, message: forms }];
      const meant = meantAlternative(issue.errors, valueAt(data, path));
      return meant
        ? meant.flatMap((inner) => describeIssue(inner, data, path))
        : [{ path, message: requirement(issue.message, data, path) }];
    }
    case 'invalid_type':
      return [{ path, message: requirement(typeMessage(issue), data, path) }];
    case 'invalid_value':
      return [{ path, message: valueMessage(issue.values, valueAt(data, path)) }];
    case 'too_small':
    case 'too_big':
      return [{ path, message: sizeMessage(issue) }];
    default:
      return [{ path, message: issue.message }];
  }
}

/**
 * Words for a section none of whose keys belongs to any of several forms, such as a distribution that there is not. Undefined
 * where a key does, or is nearly right.
 */
function strangeForm(alternatives: readonly (readonly ZodIssue[])[], found: unknown): string | undefined {
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined;
  // A form whose keys are right is meant, whatever is wrong inside.
  if (alternatives.some((issues) => issues.every(({ path }) => path.length > 0))) return undefined;
  const keys = Object.keys(found);
  const forms = alternatives.flatMap((issues) => {
    const strange = issues.find((issue) => issue.path.length === 0 && issue.code === 'unrecognized_keys');
    return strange?.code === 'unrecognized_keys' ? [strange] : [];
  });
  if (keys.length === 0 || forms.length < 2) return undefined;
  if (forms.some((form) => form.keys.length < keys.length || form.message.includes('did you mean'))) return undefined;
  const allowed = forms.map(({ message }) => /\(allowed: (.*)\)/u.exec(message)?.[1] ?? '');
  return `none of the forms there are; a section here has the keys ${allowed.join(', or ')}`;
}

/** The alternative whose type fits: the one with fewest strange or missing keys. Undefined where none fits. */
function meantAlternative(
  alternatives: readonly (readonly ZodIssue[])[],
  found: unknown,
): readonly ZodIssue[] | undefined {
  let best: readonly ZodIssue[] | undefined;
  let bestStrangeness = Infinity;
  for (const issues of alternatives) {
    const strangeness = issues.reduce((sum, issue) => sum + strangenessOf(issue, found), 0);
    if (strangeness < bestStrangeness) {
      best = issues;
      bestStrangeness = strangeness;
    }
  }
  return best;
}

/** How far an issue speaks against its alternative: Infinity for a value of another kind, most for strange keys. */
function strangenessOf(issue: ZodIssue, found: unknown): number {
  if (issue.path.length > 1) return 1;
  const isRoot = issue.path.length === 0;
  switch (issue.code) {
    case 'unrecognized_keys':
      // A key that is nearly right speaks for its alternative.
      return isRoot ? (issue.message.includes('did you mean') ? 6 : 8) * issue.keys.length : 1;
    case 'invalid_type':
      return isRoot ? Infinity : 4;
    case 'invalid_value':
      if (!isRoot) return 4;
      return issue.values.some((value) => typeof value === typeof found) ? 2 : Infinity;
    case 'invalid_union': {
      if (!isRoot) return 1;
      const inner = meantAlternative(issue.errors, found);
      return inner ? inner.reduce((sum, nested) => sum + strangenessOf(nested, found), 0) : Infinity;
    }
    default:
      return 1;
  }
}

function typeMessage(issue: Extract<ZodIssue, { code: 'invalid_type' }>): string {
  const names: Record<string, string> = {
    object: 'a section of keys and values',
    record: 'a section of keys and values',
    array: 'a list',
    tuple: 'a list of two',
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
  };
  return issue.message.startsWith('Invalid input')
    ? `must be ${names[issue.expected] ?? issue.expected}`
    : issue.message;
}

/** Says that a thing is missing rather than of the wrong kind where it is not there at all. */
function requirement(message: string, data: unknown, path: IssuePath): string {
  return valueAt(data, path) === undefined ? `missing; it ${message}` : message;
}

function valueMessage(values: readonly unknown[], found: unknown): string {
  const allowed = values.map(String);
  const near = typeof found === 'string' ? (otherName(found, allowed) ?? nearest(found, allowed)) : undefined;
  const hint = near === undefined ? '' : `; did you mean \`${near}\`?`;
  const missing = found === undefined ? 'missing; it ' : '';
  return `${missing}must be ${allowed.length === 1 ? '' : 'one of '}${allowed.join(', ')}${hint}`;
}

function sizeMessage(issue: Extract<ZodIssue, { code: 'too_small' | 'too_big' }>): string {
  const isMinimum = issue.code === 'too_small';
  const limit = isMinimum ? issue.minimum : issue.maximum;
  if (issue.origin === 'array') {
    return isMinimum ? `must list at least ${limit}` : `must list no more than ${limit}`;
  }
  if (issue.origin === 'string') return isMinimum ? `must not be empty` : `must have no more than ${limit} characters`;
  const inclusive = issue.inclusive ?? true;
  if (isMinimum) return inclusive ? `must be at least ${limit}` : `must be more than ${limit}`;
  return inclusive ? `must be at most ${limit}` : `must be less than ${limit}`;
}
