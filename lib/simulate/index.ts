export * from './options.js';
export * from './record.js';
export * from './scheme.js';
export * from './simulate.js';
export { certifiedBound } from './certified-bound.js';
export { builtInScheme, shareBySqp, shareEqually } from './schemes/index.js';
export { Moment, World, type DeviceMoment } from './world.js';
export { SchemeAnswerError } from './check-answer.js';
export { checkScheme } from './check-scheme.js';
export { csvCell, roundColumns, roundCsv, roundCsvHeader, roundCsvRow, type RoundColumn } from './columns.js';
export {
  accuracyAfter,
  fitProgress,
  stepsToAccuracy,
  type FittedProgress,
  type TrainingLength,
  type TrainingProgress,
} from './progress.js';
export { summarise, type SchemeSummary } from './summary.js';
export { sequentialInterval, studentInterval, valuesNeeded, type Interval } from './paired.js';
