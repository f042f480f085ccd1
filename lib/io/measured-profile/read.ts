import { profileProblems } from './problems.js';
import { measuredProfileSchema, profileKind, type MeasuredProfile } from './schema.js';

/** A file that is no measured profile. */
export class MeasuredProfileError extends Error {
  /** Name of the class. */
  override readonly name = 'MeasuredProfileError';
  /** Stays; docs/errors.md says what to do. */
  readonly code = 'measured-profile';
}

/**
 * Reads a profile. Throws `MeasuredProfileError` saying all that is wrong.
 *
 * @param text - Content of the file.
 * @throws MeasuredProfileError that says all that is wrong.
 * @example
 * ```ts
 * import { MeasuredProfileError, readMeasuredProfile } from 'sft-opt/io';
 *
 * try {
 *   readMeasuredProfile('{}');
 * } catch (error) {
 *   console.log(error instanceof MeasuredProfileError); // true
 * }
 * ```
 */
export function readMeasuredProfile(text: string): MeasuredProfile {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw new MeasuredProfileError('the profile is not JSON', { cause });
  }
  const kind = typeof data === 'object' && data !== null && 'kind' in data ? data.kind : undefined;
  if (kind !== profileKind) {
    const what = typeof kind === 'string' ? `its kind is \`${kind.slice(0, 40)}\`` : 'it says no `kind`';
    throw new MeasuredProfileError(`no profile of \`sft-opt calibrate\` but some other file: ${what}`);
  }
  const parsed = measuredProfileSchema.safeParse(data);
  const problems = parsed.success
    ? profileProblems(parsed.data)
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new MeasuredProfileError(`no profile of \`sft-opt calibrate\`: ${problems.slice(0, 10).join('; ')}`);
}
