export type { LayerSummary, LayerTensor, OutlierSummary } from './layer-summary.js';
export { summarizeLayer, summarySize } from './summary.js';
export { type AnalyticRate, analyticRate } from './analytic.js';
export {
  type DistortionPrediction,
  type RatePrediction,
  maxScaleVarianceBound,
  predictDistortion,
  predictRate,
  qsgdVarianceBound,
  topKContraction,
} from './predict.js';
export { type CodecOperatingPoint, candidateBits, candidateFractions, operatingPoints } from './operating-points.js';
