export { readProblemFile, parseProblemFile, ProblemFileError, type ReadOutcome, type ReadOverrides } from './read.js';
export { problemFileSchema, type ProblemFile, type ProblemFileInput } from './schema/index.js';
export { resolveFile, type DeviceSummary, type ResolvedFile, type ResolvedLink } from './resolve/index.js';
export { formatIssue, sourceLimits, type FileIssue, type SourcePosition } from './source/index.js';
export { formatQuantity, parseQuantity, significant, type Dimension } from './units/index.js';
