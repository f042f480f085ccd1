/** What files for people are read with, so that all of them report problems alike: line, path, what is allowed. */
export { placeIssues, refusedSettings } from '../problem-file/read.js';
export { applySettings } from '../problem-file/settings.js';
export { quantity, section } from '../problem-file/schema/building-blocks.js';
export { FileIssuesError, parseSource, rawIssues, type RawIssue } from '../problem-file/source/index.js';
