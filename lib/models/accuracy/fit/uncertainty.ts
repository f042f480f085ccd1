import { inverseOfNormalMatrix } from '../../../least-squares/index.js';
import { accuracy, type AccuracyModel } from '../model.js';
import { residualsOf, type FittedCurve } from './candidate.js';
import { levenbergMarquardt, normalEquations } from './least-squares.js';
import { makeSample, type Sample } from './observations.js';
import { curvePoints, PlacedCurve } from './placed-curve.js';
import { studentQuantile } from '../../../statistics/index.js';

/** What is known of a fitted curve's uncertainty. */
export interface Uncertainty {
  /** Covariance of the free parameters, row-major over all; 0 for those at a bound. */
  readonly covariance: Float64Array;
  /** n − p. */
  readonly degreesOfFreedom: number;
  /** Deviation of an observation of weight 1. */
  readonly deviation: number;
  /** Parameters the data do not determine: at a bound, or without influence. */
  readonly undetermined: ReadonlySet<number>;
}

/**
 * Covariance of Huber's estimate (Huber & Ronchetti 2009, §7.6): K²·[Σψ²/(n − p)]/[mean ψ′]²·(JᵀWJ)⁻¹ with
 * K = 1 + (p/n)(1 − m)/m, m = mean ψ′. With δ = ∞ it is the usual one of least squares.
 */
export function uncertaintyOf(fitted: FittedCurve, sample: Sample): Uncertainty {
  const { curve, theta, delta } = fitted;
  const order = curve.size;
  const undetermined = atBounds(fitted);
  const { matrix } = normalEquations(curve, sample, theta, Infinity);
  for (let k = 0; k < order; k++) if (matrix[k * order + k]! < 1e-14 * matrix[0]!) undetermined.add(k);
  const free = Array.from({ length: order }, (_, k) => k).filter((k) => !undetermined.has(k));
  const degreesOfFreedom = sample.size - free.length;
  const { psiSquares, inner } = huberMoments(residualsOf(fitted, sample), delta);
  const correction = 1 + ((free.length / sample.size) * (1 - inner)) / inner;
  const variance = (correction ** 2 * psiSquares) / Math.max(1, degreesOfFreedom) / inner ** 2;
  const covariance = inverseOfNormalMatrix(matrix, free, order);
  for (let k = 0; k < covariance.length; k++) covariance[k]! *= variance;
  return { covariance, degreesOfFreedom, deviation: Math.sqrt(variance), undetermined };
}

/** Σψ(r)² and the share of residuals within δ. */
function huberMoments(residuals: readonly number[], delta: number) {
  let psiSquares = 0;
  let within = 0;
  for (const r of residuals) {
    psiSquares += Math.min(Math.abs(r), delta) ** 2;
    if (Math.abs(r) <= delta) within++;
  }
  return { psiSquares, inner: Math.max(within, 1) / residuals.length };
}

function atBounds({ curve, theta }: FittedCurve): Set<number> {
  const found = new Set<number>();
  curve.parameters.forEach(({ lower, upper, logarithmic }, k) => {
    // A decay of 0 is an answer, not a failure to find one; it is held all the same.
    const near = logarithmic ? 1e-6 : 1e-9;
    if (theta[k]! <= lower + near || theta[k]! >= upper - near) found.add(k);
  });
  return found;
}

/** A fitted accuracy with its interval. */
export interface AccuracyBand {
  /** Expected accuracy, 0…1. */
  readonly accuracy: number;
  /** Lower end of the interval, 0…1. */
  readonly lower: number;
  /** Upper end of the interval, 0…1. */
  readonly upper: number;
}

/** Pointwise confidence interval of the curve by the delta method with Student's t. */
export function bandAt(
  fitted: FittedCurve,
  { covariance, degreesOfFreedom }: Uncertainty,
  confidence: number,
  [upRatio, downRatio, cut]: readonly [number, number, number],
): AccuracyBand {
  const { curve, theta } = fitted;
  const gradient = new Float64Array(curve.size);
  const value = new PlacedCurve(curve, theta).value(upRatio, downRatio, cut, gradient);
  let variance = 0;
  for (let a = 0; a < curve.size; a++) {
    for (let b = 0; b < curve.size; b++) variance += gradient[a]! * covariance[a * curve.size + b]! * gradient[b]!;
  }
  const reach = studentQuantile((1 + confidence) / 2, Math.max(1, degreesOfFreedom)) * Math.sqrt(Math.max(0, variance));
  return { accuracy: value, lower: value - reach, upper: Math.min(1, value + reach) };
}

/** Interval of a parameter in plain units; an end that the data leave open is infinite (or 0 for positive ones). */
export interface ParameterInterval {
  /** Lower end of the interval. */
  readonly lower: number;
  /** Upper end of the interval. */
  readonly upper: number;
}

/** A factor of ten thousand: a positive parameter that may be so far from its estimate is as good as unknown. */
const widest = Math.log(1e4);

/**
 * Profile-likelihood interval (Bates & Watts 1988): all values at which the other parameters can be chosen so that the
 * loss rises by less than t² deviations.
 */
export function profileInterval(
  fitted: FittedCurve,
  sample: Sample,
  uncertainty: Uncertainty,
  confidence: number,
  parameter: number,
): ParameterInterval {
  const { curve, theta, delta, loss } = fitted;
  const { degreesOfFreedom } = uncertainty;
  const { psiSquares, inner } = huberMoments(residualsOf(fitted, sample), delta);
  const t = studentQuantile((1 + confidence) / 2, Math.max(1, degreesOfFreedom));
  const rise = (0.5 * t * t * psiSquares) / Math.max(1, degreesOfFreedom) / inner;
  const { lower, upper, logarithmic } = curve.parameters[parameter]!;
  const fixed = new Set([parameter]);
  const order = curve.size;
  const { covariance } = uncertainty;
  const variance = covariance[parameter * order + parameter]!;
  const spread = Math.sqrt(variance) || 0.1;
  const end = (sign: 1 | -1): number => {
    const bound = sign > 0 ? upper : lower;
    let warm = theta;
    const excess = (at: number) => {
      // The others begin where their correlation with this one puts them.
      const move = (at - warm[parameter]!) / (variance || 1);
      const start = warm.map((value, k) => value + move * covariance[k * order + parameter]!);
      start[parameter] = at;
      const searchFrom = (point: Float64Array) =>
        levenbergMarquardt(curve, sample, point, { delta, fixed, maximumIterations: 60, tolerance: 1e-5 });
      let found = searchFrom(start);
      if (found.loss - loss > rise) {
        const plainly = warm.slice();
        plainly[parameter] = at;
        const other = searchFrom(plainly);
        if (other.loss < found.loss) found = other;
      }
      const risen = Math.max(0, found.loss - loss);
      if (risen < rise) warm = found.theta;
      // The root of a loss grows almost linearly.
      return Math.sqrt(risen) - Math.sqrt(rise);
    };
    let inside = theta[parameter]!;
    let insideExcess = -Math.sqrt(rise);
    // Steps of a factor e at most to begin with: from afar the others are not found again.
    let reach = Math.min(spread * t, logarithmic ? 1 : Infinity);
    let outside = inside;
    let outsideExcess = 0;
    for (let k = 0; k < 12; k++) {
      outside = sign > 0 ? Math.min(bound, inside + reach) : Math.max(bound, inside - reach);
      outsideExcess = excess(outside);
      if (outsideExcess > 0) break;
      if (outside === bound) return sign > 0 && logarithmic ? Infinity : logarithmic ? -Infinity : bound;
      inside = outside;
      insideExcess = outsideExcess;
      if (logarithmic && Math.abs(inside - theta[parameter]!) > widest) return sign * Infinity;
      reach *= 2;
    }
    // Regula falsi (Illinois): an end that stays counts half from then on.
    let stayed = 0;
    for (let k = 0; k < 20 && Math.abs(outside - inside) > 1e-3 * spread; k++) {
      const share = -insideExcess / (outsideExcess - insideExcess);
      const middle = inside + Math.min(0.95, Math.max(0.05, share)) * (outside - inside);
      const found = excess(middle);
      if (Math.abs(found) <= 1e-3 * Math.sqrt(rise)) return middle;
      if (found > 0) {
        outside = middle;
        outsideExcess = found;
        if (stayed > 0) insideExcess /= 2;
        stayed = 1;
      } else {
        inside = middle;
        insideExcess = found;
        if (stayed < 0) outsideExcess /= 2;
        stayed = -1;
      }
    }
    return (inside + outside) / 2;
  };
  const plain = (value: number) => (logarithmic ? Math.exp(value) : value);
  return { lower: plain(end(-1)), upper: plain(end(1)) };
}

/** Points at which a curve is drawn or bounded: ratios and cut. */
export type CurvePoint = readonly [upRatio: number, downRatio: number, cut: number];

/**
 * A model of the same form that lies nowhere above the lower edge of the band at the given points: fitted to the edge,
 * then lowered until it does. For plans whose accuracy must hold in spite of the fit's error.
 */
export function lowerModel(
  fitted: FittedCurve,
  uncertainty: Uncertainty,
  confidence: number,
  points: readonly CurvePoint[],
  fittedRatio: AccuracyModel['fittedRatio'],
): AccuracyModel {
  const edge = points.map((point) => bandAt(fitted, uncertainty, confidence, point).lower);
  const column = (k: 0 | 1 | 2) => Float64Array.from(points, (point) => point[k]);
  const sample = makeSample(curvePoints(column(0), column(1), column(2)), {
    accuracy: Float64Array.from(edge),
    weight: new Float64Array(points.length).fill(1),
    group: Int32Array.from(points, (_, k) => k),
    groups: points.length,
    cuts: fitted.curve.cuts,
    repeatDeviation: undefined,
  });
  const { theta } = levenbergMarquardt(fitted.curve, sample, fitted.theta, { delta: Infinity });
  const model = fitted.curve.model(theta, fittedRatio);
  const excess = (candidate: AccuracyModel) =>
    points.reduce((most, [up, down, cut], k) => Math.max(most, accuracy(candidate, up, down, cut) - edge[k]!), 0);
  // In the product form a lower limit lowers all values by less than itself: a few rounds.
  let lowered = model;
  for (let k = 0; k < 50 && excess(lowered) > 0; k++) {
    lowered = { ...lowered, limit: Math.max(0, lowered.limit - excess(lowered) - 1e-12) };
  }
  return lowered;
}
