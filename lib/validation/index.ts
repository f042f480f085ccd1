export { builtInCases, unmeasured, type ValidationCase } from './cases.js';
export { calibrationCuts, type CodecPoint } from './points.js';
export { predict, problemOf, type Prediction } from './predict.js';
export { problemCases, ValidationProblemError } from './problem-cases.js';
