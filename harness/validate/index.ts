export { builtInCases, unmeasured, type ValidationCase } from './cases.js';
export { summariseCases, type ComparedCase } from './compare.js';
export { replayedSeconds, stageNames } from './measure.js';
export { problemCases, ValidationProblemError } from './problem-cases.js';
export { predict, problemOf } from './predict.js';
export { validate, type ValidationReport } from './validate.js';
