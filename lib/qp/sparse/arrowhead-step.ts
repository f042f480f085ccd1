import { maxNorm } from '../../linalg/index.js';
import type { ArrowheadQuadraticProgram } from './arrowhead-program.js';
import type { ArrowheadState } from './arrowhead-state.js';

/**
 * Puts shared bounds and coupling rows in or out of the working set by the sign rules of their natural residuals;
 * returns the size of those residuals, each relative to its own scale.
 */
export function updateSides(state: ArrowheadState, program: ArrowheadQuadraticProgram): number {
  const { sharedCount: k, couplingCount: r, shared, sharedForce, coupling, couplingValue, side } = state;
  const forceScale = 1 + maxNorm(program.sharedLinear);
  let residual = 0;
  for (let c = 0; c < k; c++) {
    const force = sharedForce[c]!;
    if (shared[c]! <= state.sharedLower[c]! && force >= 0) side[c] = -1;
    else if (shared[c]! >= state.sharedUpper[c]! && force <= 0) side[c] = 1;
    else {
      side[c] = 0;
      residual = Math.max(residual, Math.abs(force) / forceScale);
    }
  }
  for (let i = 0; i < r; i++) {
    const lower = program.couplingLower[i]!;
    const upper = program.couplingUpper[i]!;
    const multiplier = coupling[i]!;
    // min(scale·μ, slack) of the side that the multiplier points to, in units of the row.
    const near = Math.abs(couplingValue[i]! - lower) < Math.abs(couplingValue[i]! - upper) ? lower : upper;
    const scale = Math.max(1, Math.abs(near)) / forceScale;
    const rowScale = scale * forceScale;
    const aim = couplingValue[i]! + scale * multiplier;
    let distance: number;
    if (lower === upper || aim > upper) {
      side[k + i] = 1;
      distance = couplingValue[i]! - upper;
    } else if (aim < lower) {
      side[k + i] = -1;
      distance = couplingValue[i]! - lower;
    } else {
      side[k + i] = 0;
      distance = scale * multiplier;
    }
    residual = Math.max(residual, Math.abs(distance) / rowScale);
  }
  return residual;
}

/** Direction that the small system gives: free shared variables and held coupling rows move, others let go. */
export function newtonDirection(state: ArrowheadState, program: ArrowheadQuadraticProgram): boolean {
  const { sharedCount: k, couplingCount: r, system, compact, rightHandSide, positions, coupling, side } = state;
  const { sharedStep, couplingStep } = state;
  const order = k + r;
  let size = 0;
  for (let c = 0; c < order; c++) {
    const moves = c < k ? side[c] === 0 : side[c] !== 0;
    if (moves) positions[size++] = c;
  }
  sharedStep.fill(0);
  couplingStep.fill(0);
  for (let i = 0; i < r; i++) if (side[k + i] === 0) couplingStep[i] = -coupling[i]!;
  let largest = 0;
  for (let a = 0; a < size; a++) {
    const row = positions[a]!;
    for (let b = 0; b <= a; b++) {
      const value = system[row * order + positions[b]!]!;
      compact[a * size + b] = value;
      largest = Math.max(largest, Math.abs(value));
    }
    let target: number;
    if (row < k) target = -state.sharedForce[row]!;
    else {
      const i = row - k;
      target = (side[row]! > 0 ? program.couplingUpper[i]! : program.couplingLower[i]!) - state.couplingValue[i]!;
    }
    for (let i = 0; i < r; i++) {
      if (side[k + i] !== 0) continue;
      const entry = row > k + i ? system[row * order + k + i]! : system[(k + i) * order + row]!;
      target -= entry * couplingStep[i]!;
    }
    rightHandSide[a] = target;
  }
  if (!Number.isFinite(largest)) return false;
  if (size === 0) return true;
  // A vanishing diagonal (no curvature, nothing free) is made definite far below the other entries.
  const tiny = 1e-13 * (largest || 1);
  for (let a = 0; a < size; a++) compact[a * size + a]! += positions[a]! < k ? tiny : -tiny;
  state.factor.factor(compact, size, 0);
  const solution = rightHandSide.subarray(0, size);
  state.factor.solve(solution);
  for (let a = 0; a < size; a++) {
    const index = positions[a]!;
    if (!Number.isFinite(solution[a]!)) return false;
    if (index < k) sharedStep[index] = solution[a]!;
    else couplingStep[index - k] = solution[a]!;
  }
  return true;
}
