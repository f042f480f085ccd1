export { builtInCases, unmeasured, type ValidationCase } from './cases.js';
export { coldRound } from './cold-round.js';
export {
  compareCase,
  planChoice,
  summariseCases,
  type ComparedCase,
  type PlanChoice,
  type ValidationSummary,
} from './compare.js';
export { stageNames, type MeasuredMemory, type Measurement, type Stages } from './measurement.js';
export { calibrationCuts, type CodecPoint } from './points.js';
export { predict, problemOf, type Prediction } from './predict.js';
export { problemCases, ValidationProblemError } from './problem-cases.js';
