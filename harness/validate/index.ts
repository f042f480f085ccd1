export { builtInCases, unmeasured, type ValidationCase } from './cases.js';
export {
  relativeError,
  summarise,
  summariseCases,
  type ComparedCase,
  type ErrorSummary,
  type Pair,
} from './compare.js';
export { replayedSeconds, stageNames } from './measure.js';
export { problemCases, ValidationProblemError } from './problem-cases.js';
export { predict, problemOf } from './predict.js';
export { validate, type ValidationReport } from './validate.js';
