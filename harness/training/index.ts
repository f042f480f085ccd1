export * from './averaging.js';
export * from './evaluate.js';
export * from './optimizer.js';
export { AdapterFileError, readPeft, writePeft } from '../../lib/io/peft/index.js';
export * from './score.js';
