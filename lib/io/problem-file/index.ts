export { readProblemFile, parseProblemFile, ProblemFileError, type ReadOutcome, type ReadOverrides } from './read.js';
export { presetNames, problemFileSchema, type ProblemFile, type ProblemFileInput } from './schema/index.js';
export { problemFileJsonSchema } from './json-schema.js';
export { resolveFile, type DeviceSummary, type ResolvedFile, type ResolvedLink } from './resolve/index.js';
export { formatIssue, formatIssues, sourceLimits, type FileIssue, type SourcePosition } from './source/index.js';
export {
  dimensions as dimensionTables,
  formatQuantity,
  parseQuantity,
  significant,
  type Dimension,
} from './units/index.js';
