import type { NlpMeta, NonlinearProgram } from '../problem/index.js';
import { relativeViolation } from '../problem/index.js';

/** Distances, relative to the size of the start, up to which the objective must keep falling, and to which it is followed. */
const farEnough = 1e15;
const farthest = 1e45;
/** Decades beyond the base over which the fall must be seen. */
const fewestDecades = 4;
/** Where between start and base the fall is followed from: far out rounding may hide it. */
const nearerShares = [1, 1e-4, 1e-8, 1e-12];
/** Share of a decade's fall that the next decade must at least bring: the fall may slow down, not flatten. */
const leastGrowth = 2;
/** Fall beyond which an objective that is then no longer a number has overflown. */
const overflown = 1e100;
/** Rounding of a row at a far point, relative to the terms that it is the sum of. */
const rowRounding = 1e-9;
const roundOff = 1e-12;
/** Share of a row's terms that its value may be off by. */
const epsilon = 2 ** -50;
/** Relative step over which a row must change as its derivatives say, and how well. */
const slopeStep = 1e-5;
const slopeTolerance = 1e-2;

/**
 * A ray along which the objective falls without end, or undefined: from `base`, or from nearer to the start, along one of the directions it keeps falling at points further and
 * further away, decade after decade, without the fall flattening, all of them within the bounds and (up to the rounding of their
 * terms) within the rows, to at least 10¹⁵ times the size of the start. Beyond that rounding may hide a ray; short of it a
 * convex function with its minimum far away, or a barrier, has turned. A few dozen evaluations; undefined when `expired`.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @param start - Where the solve began: its size is the scale.
 * @param base - Where the rays begin.
 * @param directions - Directions to try.
 * @param feasibilityTolerance - Violation up to which a side counts as kept.
 * @param expired - Asked now and then; true ends the work.
 * @example
 * ```ts
 * import { fallsForever } from 'sft-opt/nlp';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 1,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(Infinity, Infinity),
 *     constraintLower: Float64Array.of(-Infinity),
 *     constraintUpper: Float64Array.of(2),
 *     start: Float64Array.of(0, 0),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 1) ** 2 + (x[1]! - 2) ** 2,
 *   constraints: (x: Float64Array, c: Float64Array) => void (c[0] = x[0]! + x[1]!),
 * };
 * const linear = { ...problem, objective: (x: Float64Array) => -x[1]!, meta: { ...problem.meta, constraintUpper: Float64Array.of(Infinity) } };
 * const [origin, up] = [Float64Array.of(0, 0), Float64Array.of(0, 1)];
 * console.log(fallsForever(linear, origin, origin, [up], 1e-6, () => false) !== undefined); // true
 * ```
 */
export function fallsForever(
  problem: NonlinearProgram,
  start: Float64Array,
  base: Float64Array,
  directions: readonly Float64Array[],
  feasibilityTolerance: number,
  expired: () => boolean,
): Float64Array | undefined {
  let scale = 1;
  for (const value of start) scale = Math.max(scale, Math.abs(value));
  const candidates = directions.flatMap((direction) => [direction, rounded(direction)]);
  for (const share of nearerShares) {
    const nearer = base.map((value, j) => start[j]! + share * (value - start[j]!));
    for (const direction of candidates) {
      const ray = rayWithinBounds(problem.meta, nearer, direction);
      if (ray && fallsAlong(problem, scale, nearer, ray, feasibilityTolerance, expired)) return ray;
    }
  }
  return undefined;
}

function fallsAlong(
  problem: NonlinearProgram,
  scale: number,
  base: Float64Array,
  ray: Float64Array,
  feasibilityTolerance: number,
  expired: () => boolean,
): boolean {
  const { constraintLower, constraintUpper } = problem.meta;
  const sizes = rowChanges(problem, base, ray);
  if (!sizes || !isSurelyFeasible(problem, base, feasibilityTolerance)) return false;
  const values = new Float64Array(constraintLower.length);
  const point = new Float64Array(base.length);
  const first = problem.objective(base);
  if (!Number.isFinite(first)) return false;
  const size = ray.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  let fallen = 0;
  for (let decade = 0, length = 1; length * size <= farthest * scale; decade++, length *= 10) {
    if (expired()) return false;
    const isFar = decade >= fewestDecades && length * size > 10 * farEnough * scale;
    for (let j = 0; j < point.length; j++) point[j] = base[j]! + length * ray[j]!;
    if (values.length > 0) problem.constraints!(point, values);
    for (let i = 0; i < values.length; i++) {
      const rounding = rowRounding * length * sizes[i]!;
      const low = constraintLower[i]! - rounding;
      if (relativeViolation(values[i]!, low, constraintUpper[i]! + rounding) > feasibilityTolerance) return isFar;
    }
    const value = problem.objective(point);
    if (value === -Infinity) return true;
    if (!Number.isFinite(value)) return !expired() && (isFar || fallen > overflown);
    const fall = first - value;
    if (decade === 0 ? !(fall > roundOff * Math.abs(first)) : !(fall >= leastGrowth * fallen)) return isFar;
    fallen = fall;
  }
  return true;
}

/**
 * True if the rows hold at a point by more than the rounding of their terms can hide: so far out that terms of 10¹⁷ cancel, contradictory
 * rows seem to hold together.
 */
function isSurelyFeasible(problem: NonlinearProgram, point: Float64Array, feasibilityTolerance: number): boolean {
  const { constraintCount: m, constraintLower, constraintUpper } = problem.meta;
  if (m === 0 || !problem.jacobian) return true;
  const values = new Float64Array(m);
  problem.constraints!(point, values);
  const rounding = new Float64Array(m);
  if (!eachDerivative(problem, point, (row, column, value) => (rounding[row]! += Math.abs(value * point[column]!))))
    return false;
  return values.every((value, i) => {
    const doubt = epsilon * rounding[i]!;
    const excess = Math.max(
      relativeViolation(value - doubt, constraintLower[i]!, Infinity),
      relativeViolation(value + doubt, -Infinity, constraintUpper[i]!),
    );
    return excess <= feasibilityTolerance;
  });
}

/** The direction with its last digits off: exact where rays of whole numbers were met with rounding. */
function rounded(direction: Float64Array): Float64Array {
  const largest = direction.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return direction.map((value) => Math.round((value / largest) * 1e5) / 1e5);
}

/** Says when an objective has fallen so far that it is time to look for a ray: first at `threshold`, then ever later. */
export class FallWatch {
  private next: number;

  constructor(private readonly threshold = 1e8) {
    this.next = -threshold;
  }

  /** Back to the first threshold. */
  reset(): void {
    this.next = -this.threshold;
  }

  /** True when the objective has passed the threshold below; the next one is then further down. */
  isDue(objective: number): boolean {
    if (!(objective < this.next)) return false;
    while (objective < this.next) this.next *= 100;
    return true;
  }
}

/** The direction without components that run into a bound, of the size of max(1, ‖base‖∞); undefined if none is left. */
function rayWithinBounds(meta: NlpMeta, base: Float64Array, direction: Float64Array): Float64Array | undefined {
  const ray = direction.slice();
  let largest = 0;
  let size = 1;
  for (let j = 0; j < ray.length; j++) {
    if (ray[j]! > 0 && meta.upper[j] !== Infinity) ray[j] = 0;
    if (ray[j]! < 0 && meta.lower[j] !== -Infinity) ray[j] = 0;
    largest = Math.max(largest, Math.abs(ray[j]!));
    size = Math.max(size, Math.abs(base[j]!));
  }
  if (!(largest > 0) || !Number.isFinite(largest)) return undefined;
  for (let j = 0; j < ray.length; j++) ray[j] = (ray[j]! / largest) * size;
  return ray;
}

/** Σⱼ |Jᵢⱼ·rayⱼ| of each row at the base; undefined where the Jacobian is not defined. */
function rowChanges(problem: NonlinearProgram, base: Float64Array, ray: Float64Array): Float64Array | undefined {
  const m = problem.meta.constraintCount;
  const sizes = new Float64Array(m);
  const slopes = new Float64Array(m);
  if (m === 0 || !problem.jacobian) return sizes;
  const areKnown = eachDerivative(problem, base, (row, column, value) => {
    sizes[row]! += Math.abs(value * ray[column]!);
    slopes[row]! += value * ray[column]!;
  });
  return areKnown && changesAsSaid(problem, base, ray, slopes, sizes) ? sizes : undefined;
}

/** Visits the entries of the Jacobian; false where it is not defined. */
function eachDerivative(
  problem: NonlinearProgram,
  point: Float64Array,
  visit: (row: number, column: number, value: number) => void,
): boolean {
  const { variableCount: n, constraintCount: m, jacobianPattern } = problem.meta;
  const entries = new Float64Array(jacobianPattern ? jacobianPattern.rows.length : n * m);
  problem.jacobian!(point, entries);
  for (let k = 0; k < entries.length; k++) {
    if (!Number.isFinite(entries[k])) return false;
    const row = jacobianPattern ? jacobianPattern.rows[k]! : Math.floor(k / n);
    visit(row, jacobianPattern ? jacobianPattern.columns[k]! : k % n, entries[k]!);
  }
  return true;
}

/** False where the rows do not change along the ray as their derivatives say: such a problem proves nothing. */
function changesAsSaid(
  problem: NonlinearProgram,
  base: Float64Array,
  ray: Float64Array,
  slopes: Float64Array,
  sizes: Float64Array,
): boolean {
  const here = new Float64Array(slopes.length);
  const there = here.slice();
  problem.constraints!(base, here);
  problem.constraints!(
    base.map((value, j) => value + slopeStep * ray[j]!),
    there,
  );
  return slopes.every((slope, i) => {
    const rounding = (10 * roundOff * Math.abs(here[i]!)) / slopeStep;
    return Math.abs((there[i]! - here[i]!) / slopeStep - slope) <= slopeTolerance * sizes[i]! + rounding;
  });
}
