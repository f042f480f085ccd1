import { FileIssuesError, rawIssues, settledText } from '../../lib/io/reading/index.js';
import { studySchema, type StudySettings } from './settings.js';

/** A study file that is not right; carries every problem found. */
export class StudyFileError extends FileIssuesError {
  override readonly name = 'StudyFileError';
  override readonly code = 'study-file';
}

/** Settings of a study from the text of its file (YAML or JSON) with some of its keys set otherwise. Throws `StudyFileError`. */
export function readStudy(text: string, fileName: string, settings: readonly string[] = []): StudySettings {
  const settled = settledText(text, settings);
  if ('issues' in settled) throw new StudyFileError(settled.issues, fileName);
  const { document, refused, placed } = settled;
  const outcome = studySchema.safeParse(document);
  if (outcome.success && refused.length === 0) return outcome.data;
  const issues = outcome.success ? [] : rawIssues(outcome.error.issues, document);
  throw new StudyFileError([...refused, ...placed(issues)], fileName);
}
