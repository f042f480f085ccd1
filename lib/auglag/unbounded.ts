import { largestViolation, type Evaluator } from '../nlp/index.js';
import type { Budget } from '../solver/index.js';

/**
 * True if the objective falls without fading at five points ever further along the line from `from` through `x`, all of
 * them feasible up to what rounding costs at their size.
 */
export function feasibleRay(
  evaluator: Evaluator,
  x: Float64Array,
  from: Float64Array,
  { feasibilityTolerance }: { readonly feasibilityTolerance: number },
  budget: Budget,
): boolean {
  const { meta } = evaluator;
  const values = new Float64Array(meta.constraintCount);
  const point = new Float64Array(x.length);
  let previous = evaluator.objective(x);
  for (let k = 0; k < 5; k++) {
    if (budget.exhausted(0, evaluator.counts.objective) !== undefined) return false;
    const factor = 10 ** k;
    let size = 0;
    for (let j = 0; j < x.length; j++) {
      const goal = x[j]! + factor * (x[j]! - from[j]!);
      point[j] = Math.min(Math.max(goal, meta.lower[j]!), meta.upper[j]!);
      size = Math.max(size, Math.abs(point[j]!));
    }
    const value = evaluator.objective(point);
    if (!Number.isFinite(value) || !evaluator.constraints(point, values)) return false;
    if (largestViolation(meta, point, values) > feasibilityTolerance * Math.max(1, 1e-7 * size)) return false;
    if (!(value < previous * (k === 0 ? 1.2 : 2))) return false;
    previous = value;
  }
  return true;
}
