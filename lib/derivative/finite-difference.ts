import type { NonlinearProgram } from '../problem/index.js';

/** Relative steps that balance truncation and round-off. */
const forwardStep = Math.sqrt(Number.EPSILON);
const centralStep = Math.cbrt(Number.EPSILON);

/** One-sided differences, or two-sided ones at twice the evaluations. */
export type DifferenceScheme = 'forward' | 'central';

/**
 * Step for one variable, directed so that x + step stays within the bounds; 0 where the bounds leave no room.
 *
 * @param value - The variable.
 * @param lower - Lower side; −Infinity for none.
 * @param upper - Upper side; Infinity for none.
 * @param scheme - `forward` (one evaluation, half of the digits) or `central` (two, two thirds of them).
 * @example
 * ```ts
 * import { differenceStep } from 'sft-opt/derivative';
 *
 * console.log(differenceStep(1, -Infinity, Infinity, 'central') > 0, differenceStep(1, 1, 1, 'central')); // true 0
 * ```
 */
export function differenceStep(value: number, lower: number, upper: number, scheme: DifferenceScheme): number {
  const size = (scheme === 'forward' ? forwardStep : centralStep) * Math.max(1, Math.abs(value));
  const above = Math.max(0, upper - value);
  const below = Math.max(0, value - lower);
  const step = above >= size ? size : below >= size ? -size : above >= below ? above : -below;
  // The step that is really taken after rounding.
  return clamped(value + step, Math.min(lower, value), Math.max(upper, value)) - value;
}

/**
 * Two points about `value` for a difference of second order: either side where there is room, both on the roomier side
 * where there is not. Neither lies outside the bounds; both are `value` itself where the bounds leave no room.
 *
 * @param value - The variable.
 * @param lower - Lower side; −Infinity for none.
 * @param upper - Upper side; Infinity for none.
 * @example
 * ```ts
 * import { differencePair } from 'sft-opt/derivative';
 *
 * console.log(differencePair(2, 2, 2), differencePair(0, -1, 1)[0] > 0); // [ 2, 2 ] true
 * ```
 */
export function differencePair(value: number, lower: number, upper: number): readonly [number, number] {
  const size = centralStep * Math.max(1, Math.abs(value));
  if (value + size <= upper && value - size >= lower) return [value + size, value - size];
  const above = Math.max(0, upper - value);
  const below = Math.max(0, value - lower);
  const reach = above >= below ? Math.min(2 * size, above) : -Math.min(2 * size, below);
  // A value outside its bounds stays where it is.
  const low = Math.min(lower, value);
  const high = Math.max(upper, value);
  return [clamped(value + 0.5 * reach, low, high), clamped(value + reach, low, high)];
}

function clamped(value: number, lower: number, upper: number): number {
  return Math.min(Math.max(value, lower), upper);
}

/**
 * Slope at 0 of the parabola through (0, base), (first, ahead) and (second, behind); of the line through two of them where
 * the third is not finite or coincides with another; 0 where all coincide, NaN where too little is defined.
 *
 * @param base - Value at 0.
 * @param first - Abscissa of one point.
 * @param ahead - Value at `first`.
 * @param second - Abscissa of the other.
 * @param behind - Value at `second`.
 * @example
 * ```ts
 * import { slopeThrough } from 'sft-opt/derivative';
 *
 * console.log(slopeThrough(0, 1, 1, -1, 1), slopeThrough(0, 1, 3, -1, 1)); // 0 1
 * ```
 */
export function slopeThrough(base: number, first: number, ahead: number, second: number, behind: number): number {
  const hasFirst = first !== 0 && Number.isFinite(ahead);
  const hasSecond = second !== 0 && second !== first && Number.isFinite(behind);
  if (hasFirst && hasSecond) {
    if (first === -second) return (ahead - behind) / (first - second);
    return (((ahead - base) * second) / first - ((behind - base) * first) / second) / (second - first);
  }
  if (hasFirst) return (ahead - base) / first;
  if (hasSecond) return (behind - base) / second;
  return first === 0 && second === 0 ? 0 : NaN;
}

/**
 * ∇f by differences that stay within the bounds: `central` ones cost two evaluations a variable (on one side where a bound
 * is near), `forward` ones one. `base` is f(x), evaluated once where it is needed and not given. The component of a
 * variable that its bounds fix is 0.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @param x - Point, length variableCount.
 * @param scheme - `forward` (one evaluation, half of the digits) or `central` (two, two thirds of them).
 * @param values - The gradient is written to it.
 * @param base - f(x), where it is known.
 * @example
 * ```ts
 * import { differenceGradient } from 'sft-opt/derivative';
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
 * const values = new Float64Array(2);
 * differenceGradient(problem, Float64Array.of(1, 1), 'central', values);
 * console.log(values.map((value) => Math.round(1e6 * value) / 1e6)); // Float64Array(2) [ -2, 4 ]
 * ```
 */
export function differenceGradient(
  problem: NonlinearProgram,
  x: Float64Array,
  scheme: DifferenceScheme,
  values: Float64Array,
  base?: number,
): void {
  const { lower, upper } = problem.meta;
  const point = x.slice();
  let atBase = base;
  for (let j = 0; j < point.length; j++) {
    const held = point[j]!;
    const at = (position: number): number => {
      if (position === held) return NaN;
      point[j] = position;
      const value = problem.objective(point);
      point[j] = held;
      return value;
    };
    if (scheme === 'forward') {
      const step = differenceStep(held, lower[j]!, upper[j]!, scheme);
      values[j] = step === 0 ? 0 : (at(held + step) - (atBase ??= problem.objective(point))) / step;
      continue;
    }
    const [first, second] = differencePair(held, lower[j]!, upper[j]!);
    const ahead = at(first);
    const behind = at(second);
    const symmetric = first - held === held - second && Number.isFinite(ahead) && Number.isFinite(behind);
    if (!symmetric && first !== held) atBase ??= problem.objective(point);
    values[j] = slopeThrough(atBase ?? NaN, first - held, ahead, second - held, behind);
  }
}
