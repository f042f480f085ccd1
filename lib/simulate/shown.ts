/** Whether a value has keys. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** A value in a few words, for messages about what a scheme answered. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'function') return 'a function';
  return isRecord(value) ? 'an object' : String(value);
}

/** What was thrown in a few words, whatever it is: asking it may throw too. */
export function thrownText(thrown: unknown): string {
  try {
    const what: unknown = thrown instanceof Error ? thrown.message : thrown;
    return String(what);
  } catch {
    return 'what it throws cannot be shown';
  }
}
