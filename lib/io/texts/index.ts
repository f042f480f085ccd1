export { readJsonLines, type TextExample, type TextProblem } from './json-lines.js';
export { labelledRows, packedRows, paddedRows, type TokenisedText } from './rows.js';
