import type { NonlinearProgram } from '../problem/index.js';

/** Relative steps that balance truncation and round-off. */
const forwardStep = Math.sqrt(Number.EPSILON);
const centralStep = Math.cbrt(Number.EPSILON);

/** One-sided differences, or two-sided ones at twice the evaluations. */
export type DifferenceScheme = 'forward' | 'central';

/** Step for one variable, directed so that x + step stays within the bounds; 0 where the bounds leave no room. */
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
