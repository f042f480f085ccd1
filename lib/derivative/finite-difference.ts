import type { NonlinearProgram } from '../problem/index.js';

/** Relative steps that balance truncation and round-off. */
const forwardStep = Math.sqrt(Number.EPSILON);
const centralStep = Math.cbrt(Number.EPSILON);

export type DifferenceScheme = 'forward' | 'central';

/** Step for one variable, directed so that x + step stays within the bounds where it can. */
export function differenceStep(value: number, lower: number, upper: number, scheme: DifferenceScheme): number {
  const size = (scheme === 'forward' ? forwardStep : centralStep) * Math.max(1, Math.abs(value));
  const step = value + size <= upper ? size : value - size >= lower ? -size : size;
  // The step that is really taken after rounding.
  return value + step - value;
}

/** ∇f by differences; central ones cost two evaluations a variable, forward ones one and `base` = f(x). */
export function differenceGradient(
  problem: NonlinearProgram,
  x: Float64Array,
  scheme: DifferenceScheme,
  values: Float64Array,
  base = scheme === 'forward' ? problem.objective(x) : 0,
): void {
  const { lower, upper } = problem.meta;
  const point = x.slice();
  for (let j = 0; j < point.length; j++) {
    const held = point[j]!;
    const step = differenceStep(held, lower[j]!, upper[j]!, scheme);
    point[j] = held + step;
    const ahead = problem.objective(point);
    if (scheme === 'forward') values[j] = (ahead - base) / step;
    else {
      point[j] = held - step;
      values[j] = (ahead - problem.objective(point)) / (2 * step);
    }
    point[j] = held;
  }
}
