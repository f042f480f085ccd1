import { factorWithInertia, type InertiaCorrection } from './curvature.js';
import { addTransposedProduct, type KktMatrix, type KktRequest } from './kkt-matrix.js';
import type { QuadraticModel, WorkingSet } from './quadratic-model.js';

/**
 * Least-squares multipliers: min ‖g + A_Wᵀy‖₂ over the variables that are not held. Multipliers of wrong sign are
 * dropped and the rest fitted again, a few times.
 */
export class MultiplierEstimator {
  private readonly request: { -readonly [Key in keyof KktRequest]: KktRequest[Key] };
  private readonly unit: Float64Array;
  private readonly zeroHessian: Float64Array;
  private readonly rightHandSide: Float64Array;

  constructor(
    private readonly matrix: KktMatrix,
    private readonly variableCount: number,
    private readonly rowCount: number,
    hessianLength: number,
    private readonly correction: InertiaCorrection,
  ) {
    this.request = {
      hessian: new Float64Array(0),
      jacobian: new Float64Array(0),
      variableDiagonal: new Float64Array(variableCount),
      rowDiagonal: new Float64Array(rowCount),
      held: new Int8Array(variableCount),
      active: new Int8Array(rowCount),
    };
    this.unit = new Float64Array(variableCount).fill(1);
    this.zeroHessian = new Float64Array(hessianLength);
    this.rightHandSide = new Float64Array(variableCount + rowCount);
  }

  /** Fills both arrays of multipliers; false (arrays untouched) when the fit is not possible. */
  estimate(
    model: QuadraticModel,
    active: WorkingSet,
    rowMultipliers: Float64Array,
    boundMultipliers: Float64Array,
  ): boolean {
    const { request, variableCount: n, rowCount: m, rightHandSide } = this;
    request.hessian = this.zeroHessian;
    request.jacobian = model.jacobian;
    request.held.set(active.variables);
    request.active.set(active.rows);
    for (let pass = 0; pass < 5; pass++) {
      if (!factorWithInertia(this.matrix, request, this.unit, undefined, 0, { ...this.correction })) return false;
      for (let j = 0; j < n; j++) rightHandSide[j] = request.held[j] !== 0 ? 0 : -model.gradient[j]!;
      rightHandSide.fill(0, n);
      this.matrix.solve(rightHandSide);
      let dropped = false;
      for (let i = 0; i < m; i++) {
        if (request.active[i] === 0 || model.rowLower[i] === model.rowUpper[i]) continue;
        if (active.rows[i]! * rightHandSide[n + i]! >= 0) continue;
        request.active[i] = 0;
        dropped = true;
      }
      if (!dropped) break;
    }
    for (let i = 0; i < m; i++) {
      const value = request.active[i] === 0 ? 0 : rightHandSide[n + i]!;
      if (!Number.isFinite(value)) return false;
      rightHandSide[n + i] = value;
    }
    for (let i = 0; i < m; i++) rowMultipliers[i] = rightHandSide[n + i]!;
    boundMultipliers.set(model.gradient);
    addTransposedProduct(model.structure, model.jacobian, rowMultipliers, boundMultipliers);
    for (let j = 0; j < n; j++) {
      const state = active.variables[j]!;
      const fixed = model.stepLower[j] === model.stepUpper[j];
      const value = -boundMultipliers[j]!;
      boundMultipliers[j] = state !== 0 && (fixed || state * value > 0) ? value : 0;
    }
    return true;
  }
}

/** Sides that hold the point: rows and bounds within `tolerance` of their side (or beyond it). */
export function activeSides(model: QuadraticModel, tolerance: number, target: WorkingSet): void {
  for (let i = 0; i < target.rows.length; i++) {
    target.rows[i] = activeSide(model.rowLower[i]!, model.rowUpper[i]!, tolerance);
  }
  for (let j = 0; j < target.variables.length; j++) {
    target.variables[j] = activeSide(model.stepLower[j]!, model.stepUpper[j]!, tolerance);
  }
}

/** Sides relative to the present value: lower ≤ 0 ≤ upper when satisfied. */
function activeSide(lower: number, upper: number, tolerance: number): number {
  if (lower === upper) return 1;
  const below = -lower <= tolerance;
  const above = upper <= tolerance;
  if (below && above) return -lower < upper ? -1 : 1;
  return below ? -1 : above ? 1 : 0;
}
