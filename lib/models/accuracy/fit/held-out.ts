import { accuracy, type AccuracyModel } from '../model.js';
import type { FittedCurve } from './candidate.js';
import { levenbergMarquardt } from './least-squares.js';
import { groupMeans, withoutGroup, type Sample } from './observations.js';
import { fitTable } from './table.js';
import { PlacedCurve } from './placed-curve.js';

/** Error at operating points that the fit did not see, each left out in turn with all its repeats. */
export interface HeldOutError {
  /** Root mean square over operating points, 0 … 1. */
  readonly rmse: number;
  /** The same over points that lose at most `usefulLoss` against the best one; NaN without any. */
  readonly usefulRmse: number;
}

/** Accuracy lost beyond which a point is of no use to a plan. */
export const usefulLoss = 0.15;

/** Leave-one-out error of a curve, or of a table with the given form of the cut. */
export function crossValidate(
  fit: FittedCurve | { readonly cut: 'constant' | 'measured'; readonly fittedRatio: AccuracyModel['fittedRatio'] },
  sample: Sample,
): HeldOutError {
  const mean = (values: Float64Array) => groupMeans(values, sample.group, sample.groups);
  const [up, down, cut, measured] = [sample.upRatio, sample.downRatio, sample.cut, sample.accuracy].map(mean);
  const best = Math.max(...measured!);
  const squares: number[] = [];
  const useful: number[] = [];
  for (let g = 0; g < sample.groups; g++) {
    const rest = withoutGroup(sample, g);
    const predicted = predictor(fit, rest)(up![g]!, down![g]!, cut![g]!);
    const square = (predicted - measured![g]!) ** 2;
    squares.push(square);
    if (best - measured![g]! <= usefulLoss) useful.push(square);
  }
  return { rmse: rootMean(squares), usefulRmse: rootMean(useful) };
}

function predictor(fit: Parameters<typeof crossValidate>[0], rest: Sample) {
  if ('curve' in fit) {
    const { curve, theta: start, delta } = fit;
    const { theta } = levenbergMarquardt(curve, rest, start, { delta, maximumIterations: 30, tolerance: 1e-4 });
    const placed = new PlacedCurve(curve, theta);
    // Nothing is less accurate than always wrong, however far a curve is continued.
    return (up: number, down: number, cut: number) => Math.max(0, placed.value(up, down, cut));
  }
  const { model } = fitTable(rest, fit.cut, fit.fittedRatio);
  return (up: number, down: number, cut: number) => accuracy(model, up, down, cut);
}

function rootMean(squares: readonly number[]): number {
  return Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length);
}
