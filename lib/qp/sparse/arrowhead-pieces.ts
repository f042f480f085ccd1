import type { ArrowheadQuadraticProgram } from './arrowhead-program.js';
import type { ArrowheadState } from './arrowhead-state.js';

/**
 * Private variables and their pieces for the present t and μ, the force on each t, the value of each coupling row,
 * and the matrix of the small system.
 */
export function evaluate(state: ArrowheadState, program: ArrowheadQuadraticProgram): void {
  const {
    privateCount: n,
    sharedCount: k,
    couplingCount: r,
    system,
    sharedForce,
    couplingValue,
    shared,
    coupling,
  } = state;
  const order = k + r;
  const rows = program.privateRows;
  const couplingPrivate = program.couplingPrivate.values;
  const couplingShared = program.couplingShared?.values;
  startSystem(state, program);
  for (let j = 0; j < n; j++) {
    let slope = program.privateLinear[j]! - state.proximal * state.center[j]!;
    for (let i = 0; i < r; i++) slope += couplingPrivate[i * n + j]! * coupling[i]!;
    const curvature = program.privateHessian[j]! + state.proximal;
    let low = program.privateLower[j]!;
    let high = program.privateUpper[j]!;
    let lowPiece = -1;
    let highPiece = 1;
    const a = rows === undefined ? 0 : rows.privateCoefficients[j]!;
    if (rows !== undefined && a !== 0) {
      let offset = 0;
      for (let c = 0; c < k; c++) offset += rows.sharedCoefficients.values[j * k + c]! * shared[c]!;
      const rowLow = (a > 0 ? rows.lower[j]! - offset : rows.upper[j]! - offset) / a;
      const rowHigh = (a > 0 ? rows.upper[j]! - offset : rows.lower[j]! - offset) / a;
      if (rowLow > low) {
        low = rowLow;
        lowPiece = a > 0 ? -2 : 2;
      }
      if (rowHigh < high) {
        high = rowHigh;
        highPiece = a > 0 ? 2 : -2;
      }
    }
    const free = -slope / curvature;
    let piece = 0;
    let value = free;
    if (free <= low) {
      value = low;
      piece = lowPiece;
    } else if (free >= high) {
      value = high;
      piece = highPiece;
    }
    state.x[j] = value;
    state.piece[j] = piece;
    const force = -(curvature * value + slope);
    state.y[j] = 0;
    state.z[j] = 0;
    for (let i = 0; i < r; i++) couplingValue[i]! += couplingPrivate[i * n + j]! * value;
    if (piece === 1 || piece === -1) state.z[j] = force;
    else if (piece === 0) {
      for (let i = 0; i < r; i++) {
        const factor = couplingPrivate[i * n + j]! / curvature;
        if (factor === 0) continue;
        for (let h = 0; h <= i; h++) system[(k + i) * order + k + h]! -= factor * couplingPrivate[h * n + j]!;
      }
    } else if (rows !== undefined) {
      const multiplier = force / a;
      state.y[j] = multiplier;
      for (let c = 0; c < k; c++) {
        const ratio = rows.sharedCoefficients.values[j * k + c]! / a;
        sharedForce[c]! += rows.sharedCoefficients.values[j * k + c]! * multiplier;
        for (let h = 0; h <= c; h++) {
          system[c * order + h]! += (curvature * ratio * rows.sharedCoefficients.values[j * k + h]!) / a;
        }
        for (let i = 0; i < r; i++) system[(k + i) * order + c]! -= ratio * couplingPrivate[i * n + j]!;
      }
    }
  }
  for (let i = 0; i < r; i++) {
    for (let c = 0; c < k; c++) couplingValue[i]! += (couplingShared?.[i * k + c] ?? 0) * shared[c]!;
  }
}

/** The parts of force, values and system that do not depend on the private variables. */
function startSystem(state: ArrowheadState, program: ArrowheadQuadraticProgram): void {
  const { sharedCount: k, couplingCount: r, system, sharedForce, couplingValue, shared, coupling } = state;
  const order = k + r;
  system.fill(0);
  couplingValue.fill(0);
  for (let c = 0; c < k; c++) {
    let force = program.sharedLinear[c]!;
    for (let h = 0; h < k; h++) {
      const entry = program.sharedHessian?.values[c * k + h] ?? 0;
      force += entry * shared[h]!;
      if (h <= c) system[c * order + h] = entry;
    }
    for (let i = 0; i < r; i++) {
      const entry = program.couplingShared?.values[i * k + c] ?? 0;
      force += entry * coupling[i]!;
      system[(k + i) * order + c] = entry;
    }
    sharedForce[c] = force;
  }
}
