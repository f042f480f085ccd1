import type { QpCandidate } from '../candidate.js';
import type { ArrowheadQuadraticProgram } from './arrowhead-program.js';
import type { ArrowheadState } from './arrowhead-state.js';

/** Point, multipliers and working set of the present state; variables (x, t), private rows before coupling rows. */
export function arrowheadCandidate(
  state: ArrowheadState,
  program: ArrowheadQuadraticProgram,
  claim: QpCandidate['claim'],
): QpCandidate {
  const { privateCount: n, sharedCount: k, couplingCount: r } = state;
  const rowCount = program.privateRows === undefined ? 0 : n;
  const x = new Float64Array(n + k);
  const multipliers = new Float64Array(rowCount + r);
  const boundMultipliers = new Float64Array(n + k);
  const bounds = new Int8Array(n + k);
  const constraints = new Int8Array(rowCount + r);
  x.set(state.x);
  x.set(state.shared, n);
  for (let j = 0; j < n; j++) {
    const piece = state.piece[j]!;
    if (piece === 1 || piece === -1) bounds[j] = piece;
    else if (piece !== 0) constraints[j] = piece / 2;
    if (rowCount > 0) multipliers[j] = state.y[j]!;
    boundMultipliers[j] = state.z[j]!;
  }
  for (let i = 0; i < r; i++) {
    multipliers[rowCount + i] = state.coupling[i]!;
    constraints[rowCount + i] = state.side[k + i]!;
  }
  for (let c = 0; c < k; c++) {
    const side = state.side[c]!;
    if (side === 0) continue;
    bounds[n + c] = side;
    boundMultipliers[n + c] = -state.sharedForce[c]!;
  }
  passToSource(state, program, multipliers, boundMultipliers, bounds, constraints);
  return {
    claim,
    method: 'structured',
    x,
    multipliers,
    boundMultipliers,
    workingSet: { bounds, constraints },
    workingSetChanges: state.changes,
    iterations: state.steps,
  };
}

/** A multiplier of a bound on t that comes from a private row and its variable's bound belongs to those two. */
function passToSource(
  state: ArrowheadState,
  program: ArrowheadQuadraticProgram,
  multipliers: Float64Array,
  boundMultipliers: Float64Array,
  bounds: Int8Array,
  constraints: Int8Array,
): void {
  const n = state.privateCount;
  const rows = program.privateRows;
  if (rows === undefined || state.sharedCount !== 1 || state.side[0] === 0) return;
  const source = state.side[0]! > 0 ? state.upperSource : state.lowerSource;
  if (source < 0) return;
  const a = rows.privateCoefficients[source]!;
  const extra = boundMultipliers[n]! / rows.sharedCoefficients.values[source]!;
  multipliers[source]! += extra;
  constraints[source] = extra > 0 ? 1 : -1;
  boundMultipliers[n] = 0;
  bounds[n] = 0;
  if (a === 0) return;
  boundMultipliers[source]! -= a * extra;
  bounds[source] = boundMultipliers[source]! > 0 ? 1 : -1;
}
