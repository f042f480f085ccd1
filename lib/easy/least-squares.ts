import { ArgumentError } from '../errors/index.js';
import {
  cauchy,
  huber,
  inverseOfNormalMatrix,
  levenbergMarquardt,
  softAbsolute,
  squares,
  type LeastSquaresModel,
  type Loss,
} from '../least-squares/index.js';
import type { Termination } from '../solver/index.js';
import { byName, InputCheck, readBounds, type Bounds } from './input.js';
import type { Point } from './row.js';
import { reported, type Reported } from './report.js';

/** How much residuals count: all by their squares, or far ones less. */
export type LossName = 'squares' | 'huber' | 'soft-l1' | 'cauchy';

/** What `leastSquares` takes beside residuals and start. */
export interface LeastSquaresSpec<Start extends readonly number[]> {
  /** Bounds of the parameters. Default: none. */
  readonly bounds?: Bounds;
  /** Weights wᵢ ≥ 0, one a residual; the sum is over ρ(√wᵢ·rᵢ). 1/σᵢ² for data with deviations σᵢ. Default: 1. */
  readonly weights?: ArrayLike<number>;
  /** `squares`, or a loss for data with outliers. Default `squares`. */
  readonly loss?: LossName;
  /** δ: the weighted residual from which the robust losses bend away from the squares, in its unit. Default 1. */
  readonly lossScale?: number;
  /** Rows of ∂rᵢ/∂xⱼ, one a residual. Default: central differences, within the bounds. */
  readonly jacobian?: (x: Point<Start>) => readonly ArrayLike<number>[];
  /** True if the weights are 1/σᵢ² with known σᵢ: errors are then not scaled by the fit's own deviation. Default false. */
  readonly absoluteWeights?: boolean;
  /** Names of the parameters, for `values` and `bounds`. Default: none. */
  readonly names?: readonly string[];
  /** Steps before giving up. Default 200. */
  readonly maxIterations?: number;
}

/** Parameters with their errors. */
export interface LeastSquaresFit<Start extends readonly number[]> extends Reported {
  /** Why the fit ended. */
  readonly termination: Termination;
  /** The same in words. */
  readonly message: string;
  /** The parameters, in the order of the start. */
  readonly x: Float64Array;
  /** The parameters as a list of numbers, of the length of the start. */
  readonly point: Point<Start>;
  /** Σ ρ(√wᵢ·rᵢ): half the weighted sum of squares for `squares`. */
  readonly objective: number;
  /** rᵢ at x, without weights. */
  readonly residualValues: Float64Array;
  /** Covariance of the parameters, a row each; 0 for those at a bound. Of robust losses Huber's (Huber & Ronchetti 2009, §7.6). */
  readonly covariance: readonly Float64Array[];
  /** Roots of the covariance's diagonal; 0 at a bound, Infinity where the data do not determine a parameter. */
  readonly standardErrors: Float64Array;
  /** Residuals minus free parameters. */
  readonly degreesOfFreedom: number;
  /** Parameters by name; present where names were given. */
  readonly values?: Readonly<Record<string, number>>;
  /** Steps tried. */
  readonly iterations: number;
}

const losses: Readonly<Record<LossName, (delta: number) => Loss>> = {
  squares: () => squares,
  huber,
  'soft-l1': softAbsolute,
  cauchy,
};

/**
 * Least squares, weighted and robust if wanted: the parameters x at which Σ ρ(√wᵢ·rᵢ(x)) is locally least within bounds,
 * by Levenberg–Marquardt, with covariance and standard errors.
 *
 * @param residuals r(x), data minus model or the other way round; as many numbers at every x.
 * @param start x0, finite; moved into the bounds.
 * @param spec Bounds, weights, loss, Jacobian, names.
 * @throws InputError naming everything that is wrong with the input.
 * @example
 * ```ts
 * import { leastSquares } from 'sft-opt/easy';
 *
 * console.log(leastSquares((x) => [x[0] - 1, 2 * (x[1] - 3)], [0, 0]).point); // [ 1, 3 ]
 * ```
 */
export function leastSquares<const Start extends readonly number[]>(
  residuals: (x: Point<Start>) => ArrayLike<number>,
  start: Start,
  spec: LeastSquaresSpec<Start> = {},
): LeastSquaresFit<Start> {
  const check = new InputCheck();
  const n = start.length;
  const { names, weights, loss = 'squares', lossScale = 1, maxIterations = 200 } = spec;
  const { lower, upper } = readBounds(check, spec.bounds, n, names);
  const origin = check.numbers('start', start, n);
  if (!(loss in losses)) check.add('loss', loss, Object.keys(losses).join(', '));
  if (!(lossScale > 0)) check.add('lossScale', String(lossScale), 'a positive number');
  check.done();
  const listOf = (x: Float64Array): Point<Start> => Array.from(x) as unknown as Point<Start>;
  origin.forEach((value, j) => (origin[j] = Math.min(upper[j]!, Math.max(lower[j]!, value))));
  const first = residuals(listOf(origin));
  const m = first.length;
  const root =
    weights === undefined ? new Float64Array(m).fill(1) : check.numbers('weights', weights, m).map(Math.sqrt);
  root.forEach(
    (value, i) => Number.isNaN(value) && check.add(`weights[${i}]`, String(weights![i]), 'no negative number'),
  );
  check.numbers('residuals at the start', first, m);
  if (m === 0) check.add('residuals at the start', 'none', 'at least one');
  if (names !== undefined && names.length !== n) check.add('names', `${names.length} names`, `${n}`);
  check.done();
  const model = new ResidualModel({
    residuals: (x) => residuals(listOf(x)),
    root,
    lower,
    upper,
    loss: losses[loss](lossScale),
  });
  if (spec.jacobian) {
    const jacobian = spec.jacobian;
    model.rows = (x) => jacobian(listOf(x));
  }
  const found = levenbergMarquardt(model, origin, { maximumIterations: maxIterations });
  const limited = found.iterations >= maxIterations;
  const { theta: x } = found;
  const errors = model.errors(x, spec.absoluteWeights === true);
  return reported({
    termination: limited ? ('iteration-limit' as const) : ('locally-optimal' as const),
    message: limited
      ? 'The iterations ran out; the best parameters are returned.'
      : 'No step makes the sum of the losses smaller.',
    x,
    point: listOf(x),
    objective: found.loss,
    residualValues: Float64Array.from(residuals(listOf(x))),
    ...errors,
    ...(names && { values: byName(names, x) }),
    iterations: found.iterations,
  });
}

/**
 * Fits y ≈ model(t, x) by least squares: `leastSquares` of the residuals yᵢ − model(tᵢ, x).
 *
 * @param model The curve at one t for parameters x.
 * @param t Where the data were taken: numbers, or anything the model takes.
 * @param y Data, one a t.
 * @param start First guess of the parameters, finite.
 * @param spec As for `leastSquares`; `jacobian` is that of the residuals.
 * @throws InputError naming everything that is wrong with the input.
 * @example
 * ```ts
 * import { fitCurve } from 'sft-opt/easy';
 *
 * const fit = fitCurve((t: number, [a, k]) => a * Math.exp(-k * t), [0, 1, 2], [2, 1, 0.5], [1, 1]);
 * console.log(fit.point); // [ 2, 0.693147 ]
 * ```
 */
export function fitCurve<T, const Start extends readonly number[]>(
  model: (t: T, x: Point<Start>) => number,
  t: ArrayLike<T>,
  y: ArrayLike<number>,
  start: Start,
  spec: LeastSquaresSpec<Start> = {},
): LeastSquaresFit<Start> {
  const check = new InputCheck();
  check.numbers('y', y, t.length);
  check.done();
  return leastSquares((x) => Float64Array.from(y, (value, i) => value - model(t[i]!, x)), start, spec);
}

interface ModelParts {
  readonly residuals: (x: Float64Array) => ArrayLike<number>;
  readonly root: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly loss: Loss;
}

/** Share of the least of two numbers that a difference must keep apart. */
const stepRoot = Math.cbrt(Number.EPSILON);

class ResidualModel implements LeastSquaresModel {
  readonly size: number;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** ∂r/∂x of the caller's, by rows. */
  rows: ((x: Float64Array) => readonly ArrayLike<number>[]) | undefined;

  constructor(private readonly parts: ModelParts) {
    this.lower = parts.lower;
    this.upper = parts.upper;
    this.size = parts.lower.length;
  }

  loss(x: Float64Array): number {
    const weighted = this.weighted(x);
    let sum = 0;
    for (let i = 0; i < weighted.length; i++) sum += this.parts.loss.value(weighted[i]!);
    return Number.isNaN(sum) ? Infinity : sum;
  }

  /** In the search's sign: r is data − model, so that JᵀWr leads downhill. */
  normalEquations(x: Float64Array): { matrix: Float64Array; right: Float64Array } {
    const { loss } = this.parts;
    return this.products(x, (z) => loss.weight(z));
  }

  /** Covariance, standard errors and degrees of freedom at x. */
  errors(x: Float64Array, absoluteWeights: boolean) {
    const { size, lower, upper } = this;
    const { loss } = this.parts;
    const { matrix } = this.products(x, () => 1);
    const largest = Math.max(...Array.from({ length: size }, (_, k) => matrix[k * size + k]!));
    const atBound = (k: number): boolean => x[k] === lower[k] || x[k] === upper[k];
    const undetermined = (k: number): boolean => !(matrix[k * size + k]! > 1e-30 * largest);
    const free = Array.from({ length: size }, (_, k) => k).filter((k) => !atBound(k) && !undetermined(k));
    const weighted = this.weighted(x);
    const degreesOfFreedom = weighted.length - free.length;
    let psiSquares = 0;
    let curvature = 0;
    for (const z of weighted) {
      psiSquares += (z * loss.weight(z)) ** 2;
      curvature += loss.curvature(z) / weighted.length;
    }
    const inner = Math.max(curvature, 1 / weighted.length);
    const correction = 1 + ((free.length / weighted.length) * (1 - inner)) / inner;
    const own = degreesOfFreedom > 0 ? (correction ** 2 * psiSquares) / degreesOfFreedom / inner ** 2 : Infinity;
    const variance = absoluteWeights ? 1 : own;
    const inverse = inverseOfNormalMatrix(matrix, free, size).map((value) => (value === 0 ? 0 : value * variance));
    const covariance = Array.from({ length: size }, (_, k) => inverse.slice(k * size, (k + 1) * size));
    const standardErrors = Float64Array.from(covariance, (row, k) => {
      if (atBound(k)) return 0;
      // Beyond what rounding can tell from a flat direction.
      return undetermined(k) || row[k]! * matrix[k * size + k]! > 1e13 * variance ? Infinity : Math.sqrt(row[k]!);
    });
    return { covariance, standardErrors, degreesOfFreedom };
  }

  private weighted(x: Float64Array): Float64Array {
    const { residuals, root } = this.parts;
    const values = residuals(x);
    if (values.length !== root.length) {
      throw new ArgumentError(`residuals must have ${root.length} numbers at every x, found ${values.length}`);
    }
    return Float64Array.from(values, (value, i) => root[i]! * value);
  }

  private products(x: Float64Array, weight: (z: number) => number): { matrix: Float64Array; right: Float64Array } {
    const { size } = this;
    const weighted = this.weighted(x);
    const columns = this.derivatives(x);
    const matrix = new Float64Array(size * size);
    const right = new Float64Array(size);
    for (let i = 0; i < weighted.length; i++) {
      const share = weight(weighted[i]!);
      for (let a = 0; a < size; a++) {
        const scaled = share * columns[a]![i]!;
        right[a]! -= scaled * weighted[i]!;
        for (let b = 0; b < size; b++) matrix[a * size + b]! += scaled * columns[b]![i]!;
      }
    }
    return { matrix, right };
  }

  /** √w·∂r/∂xⱼ, a column each. */
  private derivatives(x: Float64Array): Float64Array[] {
    const { size, lower, upper, rows } = this;
    const { root } = this.parts;
    if (rows !== undefined) {
      const given = rows(x);
      return Array.from({ length: size }, (_, j) => root.map((factor, i) => factor * given[i]![j]!));
    }
    const point = x.slice();
    return Array.from({ length: size }, (_, j) => {
      const step = stepRoot * Math.max(Math.abs(x[j]!), 1e-3);
      const ahead = Math.min(upper[j]!, x[j]! + step);
      const behind = Math.max(lower[j]!, x[j]! - step);
      if (ahead === behind) return new Float64Array(root.length);
      point[j] = ahead;
      const high = this.weighted(point);
      point[j] = behind;
      const low = this.weighted(point);
      point[j] = x[j]!;
      return high.map((value, i) => (value - low[i]!) / (ahead - behind));
    });
  }
}
