import { maxNorm } from '../../linalg/index.js';
import type { Budget } from '../../solver/index.js';
import type { QpWarmStart } from '../result.js';
import { evaluate } from './arrowhead-pieces.js';
import { tightenShared, type ArrowheadQuadraticProgram } from './arrowhead-program.js';
import type { ArrowheadState } from './arrowhead-state.js';
import { newtonDirection, updateSides } from './arrowhead-step.js';

const maxNewtonSteps = 60;
const shortestStep = 1e-4;
/** Steps without a smaller residual before giving up. */
const patience = 12;
/** Natural residuals up to this are rounding. */
const roundingResidual = 1e-13;
/** Proximal weight, relative to the other curvatures, that makes a private variable without curvature definite. */
const proximalFraction = 1e-9;

/**
 * Primal–dual active-set method that changes the working set in blocks (Hintermüller, Ito & Kunisch 2003): for given
 * shared variables t and coupling multipliers μ every private variable has a closed form, whose pieces (free, held by its
 * row, held by a bound) are the working set; one small symmetric system of order k + r then moves t and μ to where those
 * pieces meet the shared conditions. Newton steps with line search until the pieces stay as they are; false when they do
 * not settle.
 */
export function iterate(
  state: ArrowheadState,
  program: ArrowheadQuadraticProgram,
  warmStart: QpWarmStart | undefined,
  budget: Budget,
  maxSteps: number,
): boolean {
  begin(state, program, warmStart);
  if (state.sharedCount === 1 && state.sharedLower[0]! > state.sharedUpper[0]!) return false;
  const { shared, coupling, baseShared, baseCoupling, sharedStep, couplingStep } = state;
  evaluate(state, program);
  let residual = updateSides(state, program);
  state.changes += acceptPieces(state);
  const limit = Math.min(maxSteps, maxNewtonSteps);
  let least = Infinity;
  let idle = 0;
  while (state.steps < limit && budget.exhausted(0, 0) === undefined) {
    if (!Number.isFinite(residual) || !newtonDirection(state, program)) return false;
    state.steps++;
    baseShared.set(shared);
    baseCoupling.set(coupling);
    state.center.set(state.x);
    let length = 1;
    let updated = Infinity;
    for (; length > shortestStep; length *= 0.5) {
      for (let c = 0; c < shared.length; c++) {
        const moved = baseShared[c]! + length * sharedStep[c]!;
        shared[c] = Math.min(state.sharedUpper[c]!, Math.max(state.sharedLower[c]!, moved));
      }
      for (let i = 0; i < coupling.length; i++) coupling[i] = baseCoupling[i]! + length * couplingStep[i]!;
      evaluate(state, program);
      updated = updateSides(state, program);
      if (updated <= (1 - 1e-4 * length) * residual || updated <= roundingResidual) break;
    }
    residual = updated;
    if (residual < 0.9 * least) {
      least = residual;
      idle = 0;
    } else if (++idle > patience) return false;
    const changed = acceptPieces(state);
    state.changes += changed;
    if (changed === 0 && length === 1 && centered(state)) return true;
  }
  return false;
}

function begin(state: ArrowheadState, program: ArrowheadQuadraticProgram, warmStart: QpWarmStart | undefined): void {
  const { privateCount: n, sharedCount: k, couplingCount: r } = state;
  const rowCount = program.privateRows === undefined ? 0 : n;
  state.changes = 0;
  state.steps = 0;
  state.proximal = proximalFraction * (maxNorm(program.privateHessian) || 1);
  const tightened = tightenShared(program);
  state.sharedLower.set(tightened.lower);
  state.sharedUpper.set(tightened.upper);
  state.lowerSource = tightened.lowerSource;
  state.upperSource = tightened.upperSource;
  for (let j = 0; j < n; j++) {
    const start = warmStart?.x?.[j] ?? 0;
    state.center[j] = Math.min(program.privateUpper[j]!, Math.max(program.privateLower[j]!, start));
  }
  for (let c = 0; c < k; c++) {
    const start = warmStart?.x?.[n + c] ?? 0;
    state.shared[c] = Math.min(state.sharedUpper[c]!, Math.max(state.sharedLower[c]!, start));
    state.previousSide[c] = warmStart?.workingSet?.bounds[n + c] ?? 0;
  }
  for (let i = 0; i < r; i++) {
    state.coupling[i] = warmStart?.multipliers?.[rowCount + i] ?? 0;
    state.previousSide[k + i] = warmStart?.workingSet?.constraints[rowCount + i] ?? 0;
  }
  state.previousPiece.fill(0);
  if (warmStart?.workingSet === undefined) return;
  const { bounds, constraints } = warmStart.workingSet;
  for (let j = 0; j < n; j++) {
    const row = rowCount > 0 ? constraints[j]! : 0;
    state.previousPiece[j] = row !== 0 ? 2 * row : bounds[j]!;
  }
}

/** Takes the pieces and sides of the present point as the working set; returns how many are new. */
function acceptPieces(state: ArrowheadState): number {
  const { piece, previousPiece, side, previousSide } = state;
  let changed = 0;
  for (let j = 0; j < piece.length; j++) {
    if (piece[j] !== previousPiece[j]) changed++;
    previousPiece[j] = piece[j]!;
  }
  for (let c = 0; c < side.length; c++) {
    if (side[c] !== previousSide[c]) changed++;
    previousSide[c] = side[c]!;
  }
  return changed;
}

/** True when the proximal terms have faded: the free variables stay where they were. */
function centered(state: ArrowheadState): boolean {
  let distance = 0;
  let size = 1;
  for (let j = 0; j < state.privateCount; j++) {
    if (state.piece[j] !== 0) continue;
    distance = Math.max(distance, Math.abs(state.x[j]! - state.center[j]!));
    size = Math.max(size, Math.abs(state.x[j]!));
  }
  return state.proximal * distance <= 1e-12 * size;
}
