import type { TapeState } from './sweeps.js';

/**
 * (Σ weightᵢ∇²functionᵢ)·direction by a forward sweep of tangents and a reverse sweep of their adjoints; the cost does
 * not depend on the Hessian's sparsity. `adjoints` come from `weightedAdjoints`; `tangents` and `secondAdjoints` (one a
 * slot) are scratch.
 */
export function hessianTimesVector(
  state: TapeState,
  adjoints: Float64Array,
  direction: Float64Array,
  tangents: Float64Array,
  secondAdjoints: Float64Array,
  out: Float64Array,
): void {
  const { tape, partials, secondPartials } = state;
  const { operandStarts, operands, operationBase, operationCount, variableCount } = tape;
  tangents.fill(0);
  tangents.set(direction);
  for (let operation = 0; operation < operationCount; operation++) {
    let tangent = 0;
    for (let k = operandStarts[operation]!; k < operandStarts[operation + 1]!; k++) {
      const inner = tangents[operands[k]!]!;
      if (inner !== 0) tangent += partials[k]! * inner;
    }
    tangents[operationBase + operation] = tangent;
  }
  secondAdjoints.fill(0);
  for (let operation = operationCount - 1; operation >= 0; operation--) {
    const start = operandStarts[operation]!;
    const end = operandStarts[operation + 1]!;
    const second = secondAdjoints[operationBase + operation]!;
    if (second !== 0) for (let k = start; k < end; k++) secondAdjoints[operands[k]!]! += second * partials[k]!;
    const adjoint = adjoints[operationBase + operation]!;
    if (adjoint === 0) continue;
    const aa = secondPartials[3 * operation]!;
    const ab = secondPartials[3 * operation + 1]!;
    const bb = secondPartials[3 * operation + 2]!;
    const a = operands[start]!;
    if (aa !== 0) secondAdjoints[a]! += adjoint * aa * tangents[a]!;
    if (ab === 0 && bb === 0) continue;
    const b = operands[start + 1]!;
    secondAdjoints[a]! += adjoint * ab * tangents[b]!;
    secondAdjoints[b]! += adjoint * (ab * tangents[a]! + bb * tangents[b]!);
  }
  for (let j = 0; j < variableCount; j++) out[j] = secondAdjoints[j]!;
}
