import { FileIssuesError, parseSource, placeIssues, rawIssues } from '../../lib/io/reading/index.js';
import { studySchema, type StudySettings } from './settings.js';

/** A study file that is not right; carries every problem found. */
export class StudyFileError extends FileIssuesError {
  override readonly name = 'StudyFileError';
  override readonly code = 'study-file';
}

/** Settings of a study from the text of its file (YAML or JSON). Throws `StudyFileError`. */
export function readStudy(text: string, fileName: string): StudySettings {
  const source = parseSource(text, { merge: true });
  if (source.issues.length > 0) throw new StudyFileError(source.issues, fileName);
  const outcome = studySchema.safeParse(source.value);
  if (outcome.success) return outcome.data;
  throw new StudyFileError(placeIssues(rawIssues(outcome.error.issues, source.value), source), fileName);
}
