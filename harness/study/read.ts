import {
  applySettings,
  FileIssuesError,
  parseSource,
  placeIssues,
  rawIssues,
  refusedSettings,
} from '../../lib/io/reading/index.js';
import { studySchema, type StudySettings } from './settings.js';

/** A study file that is not right; carries every problem found. */
export class StudyFileError extends FileIssuesError {
  override readonly name = 'StudyFileError';
  override readonly code = 'study-file';
}

/** Settings of a study from the text of its file (YAML or JSON) with some of its keys set otherwise. Throws `StudyFileError`. */
export function readStudy(text: string, fileName: string, settings: readonly string[] = []): StudySettings {
  const source = parseSource(text, { merge: true });
  if (source.issues.length > 0) throw new StudyFileError(source.issues, fileName);
  const applied = applySettings(source.value, settings);
  const refused = refusedSettings(applied);
  const outcome = studySchema.safeParse(applied.document);
  if (outcome.success && refused.length === 0) return outcome.data;
  const issues = outcome.success ? [] : rawIssues(outcome.error.issues, applied.document);
  const placed = placeIssues(issues, { ...source, value: applied.document }, applied.places);
  throw new StudyFileError([...refused, ...placed], fileName);
}
