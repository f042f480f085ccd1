import {
  huber,
  levenbergMarquardt as search,
  type LeastSquaresModel,
  type LeastSquaresResult,
  type NormalEquations,
  type SearchOptions as GeneralOptions,
} from '../../../least-squares/index.js';
import type { Curve } from './curve.js';
import type { Sample } from './observations.js';
import { PlacedCurve } from './placed-curve.js';

export type { LeastSquaresResult } from '../../../least-squares/index.js';

/** Sum of the losses of the weighted residuals; `delta` Infinity gives half the sum of squares. */
export function totalLoss(curve: Curve, sample: Sample, theta: Float64Array, delta: number): number {
  const residuals = weightedResiduals(new PlacedCurve(curve, theta), sample);
  const robust = huber(delta);
  let loss = 0;
  for (let i = 0; i < residuals.length; i++) loss += robust.value(residuals[i]!);
  return loss;
}

/** √w·(A − Â) of the observations; `jacobian` takes the derivatives of Â. */
export function weightedResiduals(placed: PlacedCurve, sample: Sample, jacobian?: Float64Array): Float64Array {
  const values = new Float64Array(sample.size);
  placed.values(sample, values, jacobian);
  for (let i = 0; i < values.length; i++) {
    values[i] = sample.rootWeight[i]! * (sample.accuracy[i]! - values[i]!);
  }
  return values;
}

/** Residuals beyond δ count by δ/|r|; with δ = ∞ all count alike. */
export function normalEquations(curve: Curve, sample: Sample, theta: Float64Array, delta: number): NormalEquations {
  const order = curve.size;
  const matrix = new Float64Array(order * order);
  const right = new Float64Array(order);
  const jacobian = new Float64Array(sample.size * order);
  const residuals = weightedResiduals(new PlacedCurve(curve, theta), sample, jacobian);
  const robust = huber(delta);
  for (let i = 0; i < sample.size; i++) {
    const z = residuals[i]!;
    const root = sample.rootWeight[i]!;
    const share = robust.weight(z);
    const row = i * order;
    for (let a = 0; a < order; a++) {
      const scaled = share * root * jacobian[row + a]!;
      if (scaled === 0) continue;
      right[a]! += scaled * z;
      for (let b = 0; b <= a; b++) matrix[a * order + b]! += scaled * root * jacobian[row + b]!;
    }
  }
  for (let a = 0; a < order; a++) for (let b = 0; b < a; b++) matrix[b * order + a] = matrix[a * order + b]!;
  return { matrix, right };
}

export interface SearchOptions extends Omit<GeneralOptions, 'longestStep'> {
  /** Huber's δ. */
  readonly delta: number;
}

/** Levenberg–Marquardt on the curve's parameters; they are logarithms mostly, of which a step changes none by more than 5. */
export function levenbergMarquardt(
  curve: Curve,
  sample: Sample,
  start: Float64Array,
  { delta, ...options }: SearchOptions,
): LeastSquaresResult {
  const model: LeastSquaresModel = {
    size: curve.size,
    lower: curve.parameters.map(({ lower }) => lower),
    upper: curve.parameters.map(({ upper }) => upper),
    loss: (theta) => totalLoss(curve, sample, theta, delta),
    normalEquations: (theta) => normalEquations(curve, sample, theta, delta),
  };
  return search(model, start, { ...options, longestStep: 5 });
}
