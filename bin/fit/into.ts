import { formatIssue, readProblemFile } from '../../lib/io/index.js';
import { entriesOf, type ProblemParts } from './block.js';
import { withEntries } from './splice.js';

/** A problem file that would not be right with the new parts. */
export class IntoError extends Error {
  override readonly name = 'IntoError';
  readonly code = 'fit-into';
}

/**
 * The text of a problem file with the model in place of what it had; comments and everything else stay as they are.
 * `readFile` gives the text of files that it names. Throws `IntoError` where the outcome would be refused.
 */
export function withParts(text: string, parts: ProblemParts, readFile: (path: string) => string): string {
  let changed: string;
  try {
    changed = withEntries(text, entriesOf(parts));
  } catch (error) {
    throw new IntoError(error instanceof Error ? error.message : String(error));
  }
  const outcome = readProblemFile(changed, { readFile });
  if (!outcome.ok) throw new IntoError(outcome.issues.map((issue) => formatIssue(issue)).join('\n'));
  return changed;
}
