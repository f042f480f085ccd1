export { replayedSeconds } from './measure.js';
export { validate, type ValidationReport } from './validate.js';
