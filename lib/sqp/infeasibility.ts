import type { Ending, Iterate } from '../kkt/index.js';
import { addTransposedProduct } from '../kkt/index.js';

/** A slope this much smaller than the terms it is the sum of is rounding. */
const roundOff = 1e-9;

/**
 * Tries to prove from the violations r at the present point that no point satisfies the rows: with yᵢ = rᵢ the function
 * x ↦ Σ yᵢ(cᵢ(x) − sideᵢ) is ‖r‖² here, and where it is convex (rows affine, or convex towards their violated side)
 * it stays above ‖r‖² + (Aᵀy)ᵀ(x′ − x). If that is positive over the whole box, y is a Farkas certificate. Writes y
 * (scaled units) and returns true if so.
 */
function certifyInfeasibility(iterate: Iterate, multipliers: Float64Array): boolean {
  const { evaluation, current, model, structure } = iterate;
  const { lower, upper } = evaluation.meta;
  let total = 0;
  for (let i = 0; i < multipliers.length; i++) {
    const value = current.constraints[i]!;
    const low = evaluation.rowLower[i]!;
    const high = evaluation.rowUpper[i]!;
    const residual = value < low ? value - low : value > high ? value - high : 0;
    multipliers[i] = residual;
    total += residual * residual;
  }
  const slopes = new Float64Array(current.x.length);
  addTransposedProduct(structure, model.jacobian, multipliers, slopes);
  const sizes = new Float64Array(current.x.length);
  for (let k = 0; k < model.jacobian.length; k++) {
    const j = structure.jacobian.columns[k]!;
    sizes[j] = sizes[j]! + Math.abs(model.jacobian[k]! * multipliers[structure.jacobian.rows[k]!]!);
  }
  let bound = total;
  for (let j = 0; j < slopes.length; j++) {
    const slope = slopes[j]!;
    const side = slope > 0 ? lower[j]! : upper[j]!;
    if (slope === 0) continue;
    if (Number.isFinite(side)) bound += slope * (side - current.x[j]!);
    else if (Math.abs(slope) > roundOff * Math.max(sizes[j]!, Math.sqrt(total))) return false;
  }
  return bound > 0.01 * total;
}

/** Where local infeasibility is global (linear or convex constraints), tries for a certificate. */
export function provenInfeasible(iterate: Iterate, certificate: Float64Array): Ending | undefined {
  const { meta } = iterate.evaluation;
  if (meta.convex !== true && meta.linearConstraints?.every((flag) => flag === 1) !== true) return undefined;
  if (!certifyInfeasibility(iterate, certificate)) return undefined;
  return {
    termination: 'infeasible',
    message: 'The returned multipliers are weights under which the constraints contradict each other.',
    certificate,
  };
}
