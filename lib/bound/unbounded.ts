import type { Budget } from '../solver/index.js';
import type { Evaluator } from '../nlp/index.js';

/**
 * True if the objective keeps falling, at a rate that does not fade, at seven points further and further along a
 * direction that never leaves the bounds. `x` is where the algorithm stands, `step` how it got there.
 */
export function fallsWithoutEnd(
  evaluator: Evaluator,
  x: Float64Array,
  step: Float64Array,
  objective: number,
  budget: Budget,
): boolean {
  const { lower, upper } = evaluator.meta;
  const ray = step.slice();
  let norm = 0;
  for (let j = 0; j < ray.length; j++) {
    if (ray[j]! > 0 && upper[j] !== Infinity) ray[j] = 0;
    if (ray[j]! < 0 && lower[j] !== -Infinity) ray[j] = 0;
    norm = Math.max(norm, Math.abs(ray[j]!));
  }
  if (norm === 0) return false;
  const point = x.slice();
  let previous = objective;
  for (let k = 0; k < 7; k++) {
    if (budget.exhausted(0, evaluator.counts.objective) !== undefined) return false;
    const factor = 10 ** (2 * k);
    for (let j = 0; j < ray.length; j++) point[j] = x[j]! + factor * ray[j]!;
    const value = evaluator.objective(point);
    if (!Number.isFinite(value)) return k >= 3;
    if (!(value < previous * (k === 0 ? 1 : 1.5))) return false;
    previous = value;
  }
  return true;
}
