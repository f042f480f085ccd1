import type { NlpMeta } from './nlp.js';

/**
 * First-order residuals of a point and its multipliers, from the problem's own values (never from a solver's copies).
 *
 * Scaling (Wächter & Biegler 2006, eq. 5–6): with s = max(100, (‖y‖₁ + ‖z‖₁)/(m + n))/100 the dual quantities are
 * divided by s, so that huge multipliers do not make a converged point look unconverged.
 */
export interface KktResiduals {
  /** ‖∇f + Jᵀy + z‖∞ / s. */
  readonly stationarity: number;
  /** Largest violation of a constraint or bound, each relative to max(1, |side|). */
  readonly primalInfeasibility: number;
  /** Largest violation as it stands, in the constraint's own unit. */
  readonly absoluteInfeasibility: number;
  /** Largest |multiplier| · distance to the side it belongs to, over s; one for an absent side counts whole. */
  readonly complementarity: number;
  /** s. */
  readonly dualScale: number;
}

/** What `kktResiduals` needs to know about a point. */
export interface KktPoint {
  /** Values of the variables, length n. */
  readonly x: Float64Array;
  /** y, length constraintCount. */
  readonly multipliers: Float64Array;
  /** z, length variableCount. */
  readonly boundMultipliers: Float64Array;
  /** ∇f(x). */
  readonly gradient: Float64Array;
  /** c(x). */
  readonly constraintValues: Float64Array;
  /** Jᵀy, length variableCount. */
  readonly jacobianTransposeMultipliers: Float64Array;
}

const dualScaleThreshold = 100;

/**
 * Violation of lower ≤ value ≤ upper relative to max(1, |violated side|); NaN counts as Infinity.
 *
 * @param value - What shall lie within.
 * @param lower - Lower side; −Infinity for none.
 * @param upper - Upper side; Infinity for none.
 * @example
 * ```ts
 * import { relativeViolation } from 'sft-opt';
 *
 * console.log(relativeViolation(5, 0, 4), relativeViolation(3, 0, 4)); // 0.25 0
 * ```
 */
export function relativeViolation(value: number, lower: number, upper: number): number {
  if (Number.isNaN(value)) return Infinity;
  if (value < lower) return (lower - value) / Math.max(1, Math.abs(lower));
  if (value > upper) return (value - upper) / Math.max(1, Math.abs(upper));
  return 0;
}

/**
 * How far outside [lower, upper] a value lies; NaN counts as Infinity.
 *
 * @param value - What shall lie within.
 * @param lower - Lower side; −Infinity for none.
 * @param upper - Upper side; Infinity for none.
 * @example
 * ```ts
 * import { absoluteViolation } from 'sft-opt';
 *
 * console.log(absoluteViolation(5, 0, 4), absoluteViolation(NaN, 0, 4)); // 1 Infinity
 * ```
 */
export function absoluteViolation(value: number, lower: number, upper: number): number {
  return Number.isNaN(value) ? Infinity : Math.max(0, lower - value, value - upper);
}

/**
 * Complementarity of one two-sided row: a positive multiplier belongs to the upper side, a negative one to the lower.
 * The product of multiplier and slack; a multiplier for an absent side is a dual infeasibility of its full size.
 */
function rowComplementarity(multiplier: number, value: number, lower: number, upper: number): number {
  if (multiplier === 0) return 0;
  const side = multiplier > 0 ? upper : lower;
  if (!Number.isFinite(side)) return Math.abs(multiplier);
  return Math.abs(multiplier) * Math.abs(side - value);
}

/**
 * Sets multipliers of absent sides to 0: positive ones without an upper side, negative ones without a lower side. What
 * they stood for then shows in the stationarity, so that residuals must be computed afterwards.
 *
 * @param multipliers - Changed in place.
 * @param lower - Lower sides.
 * @param upper - Upper sides.
 * @example
 * ```ts
 * import { clearAbsentSides } from 'sft-opt';
 *
 * const multipliers = Float64Array.of(-1, 2);
 * clearAbsentSides(multipliers, [-Infinity, 0], [1, 1]);
 * console.log(multipliers); // Float64Array(2) [ 0, 2 ]
 * ```
 */
export function clearAbsentSides(multipliers: Float64Array, lower: ArrayLike<number>, upper: ArrayLike<number>): void {
  for (let k = 0; k < multipliers.length; k++) {
    const multiplier = multipliers[k]!;
    if (multiplier > 0 ? upper[k] === Infinity : multiplier < 0 && lower[k] === -Infinity) multipliers[k] = 0;
  }
}

/**
 * Residuals of the first-order conditions. Lengths must match `meta`; non-finite input gives infinite residuals.
 *
 * @param meta - Sizes, bounds, sides and patterns.
 * @param point - Point, derivatives and multipliers.
 * @example
 * ```ts
 * import { kktResiduals } from 'sft-opt';
 * import { boundMultiplier } from 'sft-opt/nlp';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 0,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(4, 4),
 *     constraintLower: new Float64Array(0),
 *     constraintUpper: new Float64Array(0),
 *     start: Float64Array.of(1, 1),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 2) ** 2 + (x[1]! + 1) ** 2,
 *   gradient: (x: Float64Array, g: Float64Array) => void g.set([2 * (x[0]! - 2), 2 * (x[1]! + 1)]),
 * };
 * const x = Float64Array.of(2, 0);
 * const gradient = Float64Array.of(0, 2);
 * const none = new Float64Array(0);
 * const point = {
 *   x,
 *   gradient,
 *   multipliers: none,
 *   boundMultipliers: Float64Array.of(0, -2),
 *   constraintValues: none,
 *   jacobianTransposeMultipliers: new Float64Array(2),
 * };
 * console.log(kktResiduals(problem.meta, point).stationarity); // 0
 * ```
 */
export function kktResiduals(meta: NlpMeta, point: KktPoint): KktResiduals {
  const { variableCount, constraintCount, lower, upper, constraintLower, constraintUpper } = meta;
  const { x, multipliers, boundMultipliers, gradient, constraintValues, jacobianTransposeMultipliers } = point;
  let stationarity = 0;
  let relative = 0;
  let absolute = 0;
  let complementarity = 0;
  let multiplierSum = 0;
  for (let j = 0; j < variableCount; j++) {
    const residual = Math.abs(gradient[j]! + jacobianTransposeMultipliers[j]! + boundMultipliers[j]!);
    stationarity = Number.isNaN(residual) ? Infinity : Math.max(stationarity, residual);
    relative = Math.max(relative, relativeViolation(x[j]!, lower[j]!, upper[j]!));
    absolute = Math.max(absolute, absoluteViolation(x[j]!, lower[j]!, upper[j]!));
    complementarity = Math.max(complementarity, rowComplementarity(boundMultipliers[j]!, x[j]!, lower[j]!, upper[j]!));
    multiplierSum += Math.abs(boundMultipliers[j]!);
  }
  for (let i = 0; i < constraintCount; i++) {
    const value = constraintValues[i]!;
    const low = constraintLower[i]!;
    const high = constraintUpper[i]!;
    relative = Math.max(relative, relativeViolation(value, low, high));
    absolute = Math.max(absolute, absoluteViolation(value, low, high));
    complementarity = Math.max(complementarity, rowComplementarity(multipliers[i]!, value, low, high));
    multiplierSum += Math.abs(multipliers[i]!);
  }
  const mean = multiplierSum / Math.max(1, variableCount + constraintCount);
  const dualScale = Math.max(dualScaleThreshold, mean) / dualScaleThreshold;
  return {
    stationarity: finiteOrInfinity(stationarity / dualScale),
    primalInfeasibility: relative,
    absoluteInfeasibility: absolute,
    complementarity: finiteOrInfinity(complementarity / dualScale),
    dualScale,
  };
}

function finiteOrInfinity(value: number): number {
  return Number.isNaN(value) ? Infinity : value;
}
