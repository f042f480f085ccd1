import type { Curve } from './curve.js';
import {
  levenbergMarquardt,
  totalLoss,
  weightedResiduals,
  type LeastSquaresResult,
  type SearchOptions,
} from './least-squares.js';
import { nelderMead } from './nelder-mead.js';
import { groupMedians, type Sample } from './observations.js';
import { startingPoints, withRelativeScales } from './starts.js';
import { robustDeviation } from './statistics.js';
import { PlacedCurve } from './placed-curve.js';

/** Huber's δ in deviations: 95 % as efficient as least squares where errors are normal. */
export const huberThreshold = 1.345;

/** A curve fitted to a sample. */
export interface FittedCurve extends LeastSquaresResult {
  readonly curve: Curve;
  readonly delta: number;
}

/** Relative fall of the loss at which a search over the medians ends. */
const veryRoughly = 1e-3;
/** The same of a first search over all runs. */
const roughly = 1e-5;
/** The same where forms are compared. */
const finely = 1e-8;
/** Relative distance of losses within which a rough search leaves open which end is better. */
const closely = 0.01;

/** A curve fitted roughly, with other ends of the search that may turn out better. */
export interface RoughFit extends FittedCurve {
  readonly rivals: readonly Float64Array[];
}

/** Ends of a search that differ by less, in logarithms or accuracy, are one. */
const together = 0.02;

/** What the searches of all forms have in common. */
export class SearchGround {
  /** One observation a group, where there are repeats. */
  private readonly medians: Sample;
  /** The additive and the product form of a family have the same ones, but for the unit of their scales. */
  private readonly starts = new Map<string, Float64Array[]>();

  constructor(
    readonly sample: Sample,
    private readonly seed: number,
  ) {
    this.medians = sample.groups < sample.size ? groupMedians(sample) : sample;
  }

  /** Searches roughly: from all starts over the groups' medians, from the best two ends that differ over all runs. */
  fitRoughly(curve: Curve, delta: number): RoughFit {
    const { sample, medians } = this;
    const starts = this.startsOf(curve);
    const search = (from: Sample, options: SearchOptions, points: readonly Float64Array[]) =>
      points.map((start) => levenbergMarquardt(curve, from, start, options)).sort((a, b) => a.loss - b.loss);
    const ends =
      medians === sample
        ? starts
        : search(medians, { delta: Infinity, tolerance: veryRoughly }, starts)
            .map(({ theta }) => theta)
            .filter((theta, k, all) => all.findIndex((other) => distance(theta, other) < together) === k)
            .slice(0, 2);
    const [best, ...others] = search(sample, { delta, tolerance: roughly }, ends);
    const rivals = others.filter(({ loss }) => loss <= best!.loss * (1 + closely)).map(({ theta }) => theta);
    return { ...best!, curve, delta, rivals: rivals.slice(0, 1) };
  }

  private startsOf(curve: Curve): Float64Array[] {
    const { family, cut, directions } = curve.form;
    const key = `${family} ${cut} ${directions === 'one' ? 1 : 2}`;
    const known = this.starts.get(key) ?? startingPoints(curve.asAdditive(), this.medians, this.seed);
    this.starts.set(key, known);
    const starts = directions === 'product' ? known.map((theta) => withRelativeScales(curve, theta)) : known;
    return starts.length > 0 ? starts : [centre(curve)];
  }
}

/** Goes on from the best end, and from the next one where that may turn out better, as far as comparing forms needs. */
export function refined({ curve, delta, theta, rivals }: RoughFit, sample: Sample): FittedCurve {
  const ends = [theta, ...rivals].map((end) => levenbergMarquardt(curve, sample, end, { delta, tolerance: finely }));
  return { ...ends.reduce((best, end) => (end.loss < best.loss ? end : best)), curve, delta };
}

/**
 * The simplex search from the end of the other one. Where it finds less by more than rounding, the other goes on from
 * there: two methods of different kind agree on what is returned.
 */
export function polished(rough: FittedCurve, sample: Sample): FittedCurve {
  const { curve, delta } = rough;
  const fitted = { ...levenbergMarquardt(curve, sample, rough.theta, { delta }), curve, delta };
  const outside = (theta: Float64Array) =>
    theta.some((value, k) => value < curve.parameters[k]!.lower || value > curve.parameters[k]!.upper);
  const direct = nelderMead(
    (theta) => (outside(theta) ? Infinity : totalLoss(curve, sample, theta, delta)),
    fitted.theta,
    { size: 0.05, evaluations: 60 * curve.size },
  );
  if (direct.value >= fitted.loss * (1 - 1e-6)) return fitted;
  const again = levenbergMarquardt(curve, sample, direct.point, { delta });
  return again.loss < fitted.loss ? { ...again, curve, delta } : fitted;
}

/** Deviation of the residuals of a fit whose δ follows from it: least squares first, then until it settles. */
export function settledDeviation(leastSquares: FittedCurve, sample: Sample): number {
  let deviation = deviationOf(leastSquares, sample);
  let { theta } = leastSquares;
  for (let k = 0; k < 4; k++) {
    const delta = huberThreshold * Math.max(deviation, 1e-12);
    const { curve } = leastSquares;
    const next = levenbergMarquardt(curve, sample, theta, { delta, tolerance: roughly });
    theta = next.theta;
    const now = deviationOf({ ...next, curve, delta }, sample);
    const settled = Math.abs(now - deviation) <= 1e-2 * deviation;
    deviation = now;
    if (settled) break;
  }
  return deviation;
}

export function residualsOf({ curve, theta }: FittedCurve, sample: Sample): number[] {
  return [...weightedResiduals(new PlacedCurve(curve, theta), sample)];
}

export function deviationOf(fitted: FittedCurve, sample: Sample): number {
  return robustDeviation(residualsOf(fitted, sample), fitted.curve.size);
}

function distance(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, value, k) => Math.max(most, Math.abs(value - b[k]!)), 0);
}

function centre(curve: Curve): Float64Array {
  return Float64Array.from(curve.parameters, ({ lower, upper }) => (lower + upper) / 2);
}
