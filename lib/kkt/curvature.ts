import type { KktMatrix, KktRequest } from './kkt-matrix.js';

const firstShift = 1e-4;
const smallestShift = 1e-20;
const largestShift = 1e20;
/** A search never starts above this, so that one bad system does not freeze the steps after it. */
const largestStart = 1e4;
/** Variables from which a factorisation costs more than a step with a shift that was not needed. */
const costlyOrder = 200;
/** Of so many systems in a row that need a shift, one is tried without. */
const unshiftedTrials = 4;
const rowRegularization = 1e-9;

/** Shift δ of the Hessian and regularisation γ of the rows that the last factorisation needed. */
export interface InertiaCorrection {
  /** δ; 0 when the matrix was right as it stood. */
  shift: number;
  /** γ. */
  rowShift: number;
  /** Last non-zero δ, where the next search starts. */
  lastShift: number;
  /** Factorisations in a row that needed a shift. */
  shifted: number;
}

export function inertiaCorrection(): InertiaCorrection {
  return { shift: 0, rowShift: 0, lastShift: 0, shifted: 0 };
}

/**
 * Factors the system with the smallest tried δ that makes the Hessian positive definite on the null space of the active
 * rows (Wächter & Biegler 2006, Algorithm IC), starting at `minimumShift`. Dependent rows get −γ on their diagonal.
 * `base` holds diagonals without δ and γ; `request` is overwritten. False if no shift helps.
 */
export function factorWithInertia(
  matrix: KktMatrix,
  request: KktRequest,
  baseVariableDiagonal: Float64Array | undefined,
  baseRowDiagonal: Float64Array | undefined,
  minimumShift: number,
  correction: InertiaCorrection,
): boolean {
  let shift = minimumShift;
  if (shift === 0 && request.held.length >= costlyOrder && correction.shifted % unshiftedTrials !== 0) {
    // Where the Hessian was indefinite just now, that it still is need not be found out each time.
    shift = Math.min(largestStart, Math.max(smallestShift, correction.lastShift / 3));
  }
  let rowShift = 0;
  let increases = 0;
  for (let attempt = 0; attempt < 60; attempt++) {
    fill(request.variableDiagonal, baseVariableDiagonal, shift);
    fill(request.rowDiagonal, baseRowDiagonal, rowShift);
    const verdict = matrix.factor(request);
    if (verdict === 'regular') {
      correction.shift = shift;
      correction.rowShift = rowShift;
      if (shift > 0) correction.lastShift = shift;
      correction.shifted = shift > 0 ? correction.shifted + 1 : 0;
      return true;
    }
    if (matrix.expired?.() === true) return false;
    if (verdict === 'rank-deficient' && rowShift < 1e-4) {
      rowShift = rowShift === 0 ? rowRegularization : 100 * rowShift;
      continue;
    }
    if (shift === 0) {
      shift =
        correction.lastShift === 0
          ? firstShift
          : Math.min(largestStart, Math.max(smallestShift, correction.lastShift / 3));
    } else {
      shift *= correction.lastShift === 0 || increases >= 3 ? 100 : 8;
      increases++;
    }
    if (shift > largestShift) return false;
  }
  return false;
}

function fill(target: Float64Array, base: Float64Array | undefined, shift: number): void {
  if (base === undefined) target.fill(shift);
  else for (let k = 0; k < target.length; k++) target[k] = base[k]! + shift;
}
