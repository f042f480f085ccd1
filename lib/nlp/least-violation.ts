import type { NonlinearProgram } from '../problem/index.js';
import { addTransposeProduct, type Evidence } from './conclusion.js';

/** Rate, relative to the violation, at which it may still fall at a point of least violation. */
const stationaryRate = 1e-3;

/** True if neither the least-squares violation nor the one that the multipliers weight falls to first order within the bounds. */
export function violationIsStationary({ point }: Evidence, problem: NonlinearProgram): boolean {
  const { meta } = problem;
  const { x, constraintValues, multipliers } = point;
  const violations = constraintValues.map(
    (value, i) => value - Math.min(Math.max(value, meta.constraintLower[i]!), meta.constraintUpper[i]!),
  );
  const stated = multipliers.map((multiplier, i) => (multiplier * violations[i]! > 0 ? multiplier : 0));
  const pattern = problem.jacobian ? meta.jacobianPattern : undefined;
  const jacobian = new Float64Array(pattern ? pattern.rows.length : meta.variableCount * meta.constraintCount);
  if (!problem.jacobian) return false;
  problem.jacobian(x, jacobian);
  return [violations, stated].some((weights) => {
    const norm = Math.hypot(...weights);
    if (!(norm > 0) || !Number.isFinite(norm)) return false;
    const forces = new Float64Array(x.length);
    addTransposeProduct(meta, pattern, jacobian, weights, forces);
    return forces.every((force, j) => {
      const moved = Math.min(Math.max(x[j]! - force / norm, meta.lower[j]!), meta.upper[j]!);
      return Math.abs(x[j]! - moved) <= stationaryRate;
    });
  });
}
