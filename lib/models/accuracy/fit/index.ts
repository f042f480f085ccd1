export { AccuracyFitError } from './checks.js';
export { fitAccuracy, type AccuracyFit, type FittedParameter, type FormAssessment, type TriedForm } from './fit.js';
export type { HeldOutError } from './held-out.js';
export { nelderMead, type DirectSearchResult } from './nelder-mead.js';
export type { AccuracyObservation } from './observations.js';
export { fitOptions, type FitOptions } from './options.js';
export {
  fitPairedLoss,
  type LossBand,
  type LossSpread,
  type PairedFit,
  type PairedObservation,
  type PairedTask,
} from './paired.js';
export { studentQuantile } from '../../../statistics/index.js';
export type { AccuracyBand, ParameterInterval } from './uncertainty.js';
