/** What files for people are read with, so that all of them report problems alike: line, path, what is allowed. */
export { settledText } from '../problem-file/read.js';
export { quantity, section, shownText } from '../problem-file/schema/building-blocks.js';
export { FileIssuesError, rawIssues, type RawIssue } from '../problem-file/source/index.js';
