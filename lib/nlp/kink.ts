import { euclideanNorm } from '../linalg/index.js';
import { randomStream } from '../random/index.js';
import type { Evaluator } from './evaluator.js';
import { allFinite } from './evaluator.js';

/** Distances, relative to max(1, |x|), at which gradients are compared; the first one gives their usual size. */
const radii = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5];
/** Gradients a variable at each distance. */
const samples = 6;
/** Share of the differences ten times further out that smooth functions do not keep, and share of a gradient that counts. */
const kept = 0.5;
const considerable = 1e-2;
/** Steps and accuracy, relative to the gradients, of the search for the shortest combination. */
const combinationSteps = 1000;
const vanishing = 2e-2;

/** What gradients around a point show of a kink there. */
export interface Kink {
  /** Distance up to which gradients differ although they should agree, relative to max(1, |x|). */
  readonly radius: number;
  /** Length of the shortest convex combination of the gradients there, within the bounds, relative to the longest gradient. */
  readonly shortest: number;
  /** True if no direction descends as far as those gradients tell (Goldstein's condition, as in gradient sampling). */
  readonly isStationary: boolean;
}

/**
 * A kink of the objective near x: gradients around it whose differences do not shrink with the distance. Undefined where there
 * is none, or gradients are not defined. Takes 5(6n + 4) gradients.
 *
 * @param evaluator - Evaluates the problem and counts how often.
 * @param x - Point, length variableCount.
 * @param expired - Asked now and then; true ends the work.
 * @example
 * ```ts
 * import { Evaluator, kinkNear } from 'sft-opt/nlp';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 1,
 *     constraintCount: 0,
 *     lower: Float64Array.of(-9),
 *     upper: Float64Array.of(9),
 *     constraintLower: new Float64Array(0),
 *     constraintUpper: new Float64Array(0),
 *     start: Float64Array.of(1),
 *   },
 *   objective: ([x]: Float64Array) => Math.abs(x!),
 *   gradient: ([x]: Float64Array, g: Float64Array) => void (g[0] = Math.sign(x!)),
 * };
 * console.log(kinkNear(new Evaluator(problem), Float64Array.of(1e-9), () => false) !== undefined); // true
 * ```
 */
export function kinkNear(evaluator: Evaluator, x: Float64Array, expired: () => boolean): Kink | undefined {
  const { lower, upper } = evaluator.meta;
  const n = x.length;
  const stream = randomStream(1, 'kinks');
  const gradientAt = (point: Float64Array): Float64Array | undefined => {
    if (expired()) return undefined;
    const gradient = new Float64Array(n);
    const known = evaluator.gradient(point, evaluator.objective(point), gradient);
    return known && allFinite(gradient) ? gradient : undefined;
  };
  let usual = 0;
  let kink: Kink | undefined;
  let before = NaN;
  for (const radius of radii) {
    const around: Float64Array[] = [];
    for (let k = 0; k < samples * n + 4; k++) {
      const point = x.map((value, j) => {
        const moved = value + radius * Math.max(1, Math.abs(value)) * (2 * stream.uniform() - 1);
        return Math.min(Math.max(moved, lower[j]!), upper[j]!);
      });
      const gradient = gradientAt(point);
      if (!gradient) return undefined;
      around.push(gradient);
    }
    usual = Math.max(usual, ...around.map(euclideanNorm));
    let spread = 0;
    for (const gradient of around) spread = Math.max(spread, distance(gradient, around[0]!));
    if (spread > kept * before && spread > considerable * usual) {
      const longest = Math.max(...around.map(euclideanNorm));
      const shortest = shortestCombination(around, x, lower, upper) / longest;
      // Further out gradients may combine to nothing although x is no minimum: the nearest differences decide.
      kink = { radius, shortest, isStationary: shortest <= vanishing };
    }
    before = spread;
  }
  return kink;
}

function distance(a: Float64Array, b: Float64Array): number {
  let square = 0;
  for (let j = 0; j < a.length; j++) square += (a[j]! - b[j]!) ** 2;
  return Math.sqrt(square);
}

/** Length of the shortest convex combination, without what bounds hold back, by Frank and Wolfe's steps. */
function shortestCombination(
  gradients: readonly Float64Array[],
  x: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
): number {
  const combination = gradients[0]!.slice();
  const reduced = (): Float64Array =>
    combination.map((g, j) => ((g > 0 && x[j]! <= lower[j]!) || (g < 0 && x[j]! >= upper[j]!) ? 0 : g));
  for (let step = 0; step < combinationSteps; step++) {
    const target = reduced();
    let best = gradients[0]!;
    let least = Infinity;
    for (const gradient of gradients) {
      const along = gradient.reduce((sum, g, j) => sum + g * target[j]!, 0);
      if (along < least) [least, best] = [along, gradient];
    }
    let slope = 0;
    let square = 0;
    for (let j = 0; j < x.length; j++) {
      if (target[j] === 0) continue;
      const change = best[j]! - combination[j]!;
      slope -= change * combination[j]!;
      square += change * change;
    }
    if (!(slope > 0) || square === 0) break;
    const length = Math.min(1, slope / square);
    for (let j = 0; j < x.length; j++) combination[j]! += length * (best[j]! - combination[j]!);
  }
  return euclideanNorm(reduced());
}
