export { summariseCases, type ComparedCase } from './compare.js';
export { replayedSeconds, stageNames } from './measure.js';
export { validate, type ValidationReport } from './validate.js';
