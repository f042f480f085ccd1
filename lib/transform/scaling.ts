/** Factors by which the objective and each constraint are multiplied. */
export interface ProblemScaling {
  readonly objective: number;
  readonly constraints: Float64Array;
}

/** Longest gradient (max-norm) that is left as it is. */
const longestGradient = 100;
/** No factor is smaller, so that one huge derivative does not erase its function. */
const smallestFactor = 1e-8;

/**
 * Gradient-based scaling (Wächter & Biegler 2006, §3.8): each function is multiplied by min(1, 100/‖its gradient‖∞) at
 * the given point, at least 1e-8. `jacobian` and `jacobianRows` are the non-zeros and their rows.
 */
export function gradientScaling(
  constraintCount: number,
  gradient: Float64Array,
  jacobianRows: Int32Array,
  jacobian: Float64Array,
): ProblemScaling {
  let objectiveNorm = 0;
  for (const value of gradient) objectiveNorm = Math.max(objectiveNorm, Math.abs(value));
  const constraints = new Float64Array(constraintCount);
  for (let k = 0; k < jacobian.length; k++) {
    const row = jacobianRows[k]!;
    constraints[row] = Math.max(constraints[row]!, Math.abs(jacobian[k]!));
  }
  for (let i = 0; i < constraintCount; i++) constraints[i] = factorFor(constraints[i]!);
  return { objective: factorFor(objectiveNorm), constraints };
}

function factorFor(norm: number): number {
  return norm > longestGradient ? Math.max(smallestFactor, longestGradient / norm) : 1;
}
