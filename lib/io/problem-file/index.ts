export {
  readProblemFile,
  parseProblemFile,
  ProblemFileError,
  type ParsedFile,
  type ReadOutcome,
  type ReadOverrides,
  type ResolvedFile,
} from './read.js';
export { resolveOrigin, type FileOrigin } from './origin.js';
export { presetNames, problemFileSchema, type ProblemFile, type ProblemFileInput } from './schema/index.js';
export { problemFileJsonSchema } from './json-schema.js';
export { resolveFile, type DeviceSummary, type ResolvedLink, type ResolvedSections } from './resolve/index.js';
export { formatIssue, formatIssues, sourceLimits, type FileIssue, type SourcePosition } from './source/index.js';
export {
  dimensions as dimensionTables,
  exactQuantity,
  formatQuantity,
  parseQuantity,
  significant,
  type Dimension,
} from './units/index.js';
