import { factorWithInertia, inertiaCorrection, type InertiaCorrection } from './curvature.js';
import { addTransposedProduct, type KktMatrix, type KktRequest } from './kkt-matrix.js';
import type { Iterate } from './iterate.js';

/** `restored`: acceptable again; `stationary`: no first-order way to less violation; `stalled`: no way found. */
export type RestorationOutcome = 'restored' | 'stationary' | 'stalled' | 'expired';

export interface RestorationRequest {
  /** True if the trial point may be returned to the main algorithm. */
  readonly acceptable: (violation: number, objective: number) => boolean;
  /** Violation (Σ, scaled) that is small enough whatever the objective. */
  readonly goal: number;
  readonly expired: () => boolean;
  /** Called once per step, for the count of iterations. */
  readonly onStep: () => void;
  /** Second derivatives of yᵀc, if there are any. */
  readonly hessian: ((x: Float64Array, multipliers: Float64Array, values: Float64Array) => boolean) | undefined;
}

const maxSteps = 150;
/** Gauss–Newton steps before the curvature of the constraints joins in. */
const gaussNewtonSteps = 6;
const stationarityTolerance = 1e-9;
const looseStationarity = 1e-5;

/**
 * Minimises ½ Σ r(x)², r the violations of the rows, within the bounds: projected Newton steps from
 * [W + λI, A_Vᵀ; A_V, −I] over the violated rows V (a Levenberg–Marquardt step while W = 0), which is regular for
 * dependent rows and singular Jacobians. Leaves the point reached in the iterate, with its derivatives.
 */
export class Restoration {
  private readonly request: { -readonly [Key in keyof KktRequest]: KktRequest[Key] };
  private readonly residuals: Float64Array;
  private readonly violationGradient: Float64Array;
  private readonly rightHandSide: Float64Array;
  private readonly step: Float64Array;
  private readonly unitRows: Float64Array;
  private readonly curvature: Float64Array;
  private readonly correction: InertiaCorrection = inertiaCorrection();

  constructor(
    private readonly matrix: KktMatrix,
    private readonly iterate: Iterate,
  ) {
    const { variableCount: n, rowCount: m } = iterate.structure;
    this.curvature = new Float64Array(iterate.structure.hessian.rows.length);
    this.request = {
      hessian: this.curvature,
      jacobian: iterate.model.jacobian,
      variableDiagonal: new Float64Array(n),
      rowDiagonal: new Float64Array(m),
      held: new Int8Array(n),
      active: new Int8Array(m),
    };
    this.residuals = new Float64Array(m);
    this.violationGradient = new Float64Array(n);
    this.rightHandSide = new Float64Array(n + m);
    this.step = new Float64Array(n);
    this.unitRows = new Float64Array(m).fill(1);
  }

  run(request: RestorationRequest): RestorationOutcome {
    const { iterate, correction } = this;
    const { current } = iterate;
    Object.assign(correction, inertiaCorrection());
    let damping = 1e-8;
    let slowSteps = 0;
    for (let count = 0; count < maxSteps; count++) {
      if (request.expired()) return 'expired';
      const value = this.residualsAt(current.constraints);
      const slope = this.prepareStep() / Math.max(1e-3, Math.sqrt(2 * value));
      if (slope <= stationarityTolerance) return 'stationary';
      const newton = request.hessian !== undefined && (count >= gaussNewtonSteps || slowSteps >= 2);
      if (!newton || !request.hessian(current.x, this.residuals, this.curvature)) this.curvature.fill(0);
      const decrease = this.findDecrease(value, damping, request);
      if (decrease === 'expired') return 'expired';
      if (decrease === 'failed') {
        // Round-off hides the last digits of the way to a point of least violation.
        if (damping > 1e8) return slope <= looseStationarity ? 'stationary' : 'stalled';
        damping = Math.max(1e-4, damping * 100);
        continue;
      }
      request.onStep();
      slowSteps = decrease < 0.5 ? slowSteps + 1 : 0;
      damping = decrease > 0.25 ? damping / 10 : damping * 3;
      damping = Math.max(damping, 1e-12);
      const violation = iterate.evaluation.violation(current);
      if (violation <= request.goal || request.acceptable(violation, current.objective)) {
        if (iterate.evaluation.objective(current)) return 'restored';
      }
    }
    const value = this.residualsAt(current.constraints);
    return this.prepareStep() <= looseStationarity * Math.sqrt(2 * value) ? 'stationary' : 'stalled';
  }

  /** r and ½‖r‖². */
  private residualsAt(constraints: Float64Array): number {
    const { rowLower, rowUpper } = this.iterate.evaluation;
    let sum = 0;
    for (let i = 0; i < constraints.length; i++) {
      const value = constraints[i]!;
      const residual = value < rowLower[i]! ? value - rowLower[i]! : value > rowUpper[i]! ? value - rowUpper[i]! : 0;
      this.residuals[i] = residual;
      sum += residual * residual;
    }
    return sum / 2;
  }

  /** Gradient of ½‖r‖², variables that must be held, rows that count; returns the projected gradient's max-norm. */
  private prepareStep(): number {
    const { iterate, violationGradient, request, residuals } = this;
    const { lower, upper } = iterate.evaluation.meta;
    const { x } = iterate.current;
    violationGradient.fill(0);
    addTransposedProduct(iterate.structure, iterate.model.jacobian, residuals, violationGradient);
    let norm = 0;
    for (let j = 0; j < x.length; j++) {
      const slope = violationGradient[j]!;
      const margin = 1e-10 * Math.max(1, Math.abs(x[j]!));
      const atLower = x[j]! <= lower[j]! + margin && slope > 0;
      const atUpper = x[j]! >= upper[j]! - margin && slope < 0;
      request.held[j] = atLower || atUpper || lower[j] === upper[j] ? 1 : 0;
      if (request.held[j] === 0) norm = Math.max(norm, Math.abs(slope));
    }
    for (let i = 0; i < residuals.length; i++) {
      const equality = iterate.evaluation.rowLower[i] === iterate.evaluation.rowUpper[i];
      request.active[i] = equality || residuals[i] !== 0 ? 1 : 0;
    }
    return norm;
  }

  /** Takes one step; returns the share of ½‖r‖² that it removed, or why there is none. */
  private findDecrease(value: number, damping: number, request: RestorationRequest): number | 'failed' | 'expired' {
    const { iterate, rightHandSide, step, residuals } = this;
    const n = step.length;
    if (!factorWithInertia(this.matrix, this.request, undefined, this.unitRows, damping, this.correction))
      return 'failed';
    rightHandSide.fill(0, 0, n);
    for (let i = 0; i < residuals.length; i++) rightHandSide[n + i] = this.request.active[i] === 0 ? 0 : -residuals[i]!;
    this.matrix.solve(rightHandSide);
    for (let j = 0; j < n; j++) step[j] = rightHandSide[j]!;
    for (let length = 1; length > 1e-10; length *= length > 0.1 ? 0.4 : 0.1) {
      if (request.expired()) return 'expired';
      iterate.setTrial(step, length);
      const { trial, evaluation } = iterate;
      if (!evaluation.constraints(trial)) continue;
      const trialValue = this.residualsAt(trial.constraints);
      const predicted = this.predictedSlope();
      if (!(trialValue < value) || trialValue > value + 1e-4 * predicted) continue;
      // The objective has no say here, but a point where it is not defined is of no use.
      if (!evaluation.objective(trial) || !iterate.differentiateTrial()) continue;
      iterate.moveToTrial();
      return 1 - trialValue / value;
    }
    return 'failed';
  }

  /** Slope of ½‖r‖² along the (projected) move to the trial point. */
  private predictedSlope(): number {
    const { iterate, violationGradient } = this;
    let slope = 0;
    for (let j = 0; j < violationGradient.length; j++) {
      slope += violationGradient[j]! * (iterate.trial.x[j]! - iterate.current.x[j]!);
    }
    return Math.min(0, slope);
  }
}
