export { builtInCases, unmeasured, type CaseDevice, type ValidationCase } from './cases.js';
export {
  compareCase,
  relativeError,
  summarise,
  summariseCases,
  type ComparedCase,
  type ErrorSummary,
  type Pair,
  type StagePair,
  type ValidationSummary,
} from './compare.js';
export {
  devicePlans,
  measure,
  measureMemory,
  replayedSeconds,
  stageNames,
  type Measurement,
  type Stages,
} from './measure.js';
export { problemCases, ValidationProblemError } from './problem-cases.js';
export { predict, problemOf, bandHz, type Prediction } from './predict.js';
export { validate, type ValidateOptions, type ValidationReport } from './validate.js';
