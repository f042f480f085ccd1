import type { NlpMeta } from '../problem/index.js';

/**
 * Projects x onto the bounds in place.
 *
 * @param meta - Sizes, bounds, sides and patterns.
 * @param x - Point, length variableCount.
 * @example
 * ```ts
 * import { projectOntoBounds } from 'sft-opt/nlp';
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
 * const x = Float64Array.of(-1, 9);
 * projectOntoBounds(problem.meta, x);
 * console.log(x); // Float64Array(2) [ 0, 4 ]
 * ```
 */
export function projectOntoBounds(meta: NlpMeta, x: Float64Array): void {
  for (let j = 0; j < x.length; j++) {
    const value = Number.isNaN(x[j]) ? 0 : x[j]!;
    x[j] = Math.min(Math.max(value, meta.lower[j]!), meta.upper[j]!);
  }
}

/**
 * Index of the first variable whose bounds cross (or are NaN), −1 if none does.
 *
 * @param lower - Lower bounds, length variableCount.
 * @param upper - Upper bounds, length variableCount.
 * @example
 * ```ts
 * import { crossedBound } from 'sft-opt/nlp';
 *
 * console.log(crossedBound(Float64Array.of(0, 2), Float64Array.of(1, 1))); // 1
 * ```
 */
export function crossedBound(lower: Float64Array, upper: Float64Array): number {
  for (let j = 0; j < lower.length; j++) if (!(lower[j]! <= upper[j]!)) return j;
  return -1;
}

const inwardFraction = 1e-2;
const perturbations = [1e-4, 1e-3, 1e-2, 1e-1, 1, 3];

/**
 * Looks for a point near the start at which `defined` holds: the start itself, the start moved inside its bounds (for
 * functions that are singular on a bound), then deterministic perturbations of growing size, then points closer and
 * closer to the origin. Returns false, with x the
 * projected start, if none is found.
 *
 * @param meta - Sizes, bounds, sides and patterns.
 * @param x - Start, moved in place.
 * @param defined - Whether the functions are finite at a point.
 * @example
 * ```ts
 * import { findDefinedStart } from 'sft-opt/nlp';
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
 * const x = Float64Array.of(0, 0);
 * console.log(findDefinedStart(problem.meta, x, ([first]) => Number.isFinite(Math.log(first!))), x[0]! > 0); // true true
 * ```
 */
export function findDefinedStart(meta: NlpMeta, x: Float64Array, defined: (x: Float64Array) => boolean): boolean {
  projectOntoBounds(meta, x);
  if (defined(x)) return true;
  const start = x.slice();
  for (let j = 0; j < x.length; j++) x[j] = movedInside(start[j]!, meta.lower[j]!, meta.upper[j]!);
  if (defined(x)) return true;
  const inside = x.slice();
  for (const size of perturbations) {
    for (const sign of [1, -1]) {
      for (let j = 0; j < x.length; j++) {
        // Quasi-random fractions keep components apart that start out equal.
        const fraction = 0.5 + (((j + 1) * 0.6180339887498949) % 0.5);
        x[j] = inside[j]! + sign * size * fraction * Math.max(1, Math.abs(inside[j]!));
      }
      projectOntoBounds(meta, x);
      for (let j = 0; j < x.length; j++) x[j] = movedInside(x[j]!, meta.lower[j]!, meta.upper[j]!);
      if (defined(x)) return true;
    }
  }
  for (let share = 0.5; share > 1e-2; share /= 2) {
    for (let j = 0; j < x.length; j++) x[j] = share * start[j]!;
    projectOntoBounds(meta, x);
    for (let j = 0; j < x.length; j++) x[j] = movedInside(x[j]!, meta.lower[j]!, meta.upper[j]!);
    if (defined(x)) return true;
  }
  x.set(start);
  return false;
}

/** At least a hundredth of max(1, |bound|), or of the interval, away from either bound. */
function movedInside(value: number, lower: number, upper: number): number {
  const width = upper - lower;
  const fromLower = lower + inwardFraction * Math.min(Math.max(1, Math.abs(lower)), width);
  const fromUpper = upper - inwardFraction * Math.min(Math.max(1, Math.abs(upper)), width);
  if (!(width > 0)) return value;
  return Math.min(
    Math.max(value, Number.isFinite(fromLower) ? fromLower : -Infinity),
    Number.isFinite(fromUpper) ? fromUpper : Infinity,
  );
}
