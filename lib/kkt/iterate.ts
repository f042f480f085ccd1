import { copyPoint, pointValues, type Evaluation, type PointValues } from './evaluation.js';
import { multiplyJacobian, type ModelStructure } from './kkt-matrix.js';
import { quadraticModel, type QuadraticModel } from './quadratic-model.js';

/** A point that may be gone back to, with its derivatives. */
export interface KeptPoint {
  readonly point: PointValues;
  readonly gradient: Float64Array;
  readonly jacobian: Float64Array;
}

/** The present point with its derivatives, and room for a trial point with its own. */
export class Iterate {
  readonly current: PointValues;
  readonly trial: PointValues;
  readonly model: QuadraticModel;
  private readonly trialGradient: Float64Array;
  private readonly trialJacobian: Float64Array;
  private readonly products: Float64Array;

  constructor(
    readonly evaluation: Evaluation,
    readonly structure: ModelStructure,
  ) {
    this.current = pointValues(evaluation.meta);
    this.trial = pointValues(evaluation.meta);
    this.model = quadraticModel(structure);
    this.trialGradient = new Float64Array(structure.variableCount);
    this.trialJacobian = new Float64Array(structure.jacobian.rows.length);
    this.products = new Float64Array(structure.rowCount);
  }

  /** Derivatives at the present point into the model. */
  differentiate(): boolean {
    const { evaluation, model, current, structure } = this;
    return (
      evaluation.gradient(current.x, model.gradient) &&
      evaluation.jacobian(current.x, structure.jacobian.rows, model.jacobian)
    );
  }

  /** Derivatives at the trial point; false when they are not defined there. */
  differentiateTrial(): boolean {
    const { evaluation, trial, structure } = this;
    return (
      evaluation.gradient(trial.x, this.trialGradient) &&
      evaluation.jacobian(trial.x, structure.jacobian.rows, this.trialJacobian)
    );
  }

  /** Makes the trial point (with its derivatives) the present one. */
  moveToTrial(): void {
    copyPoint(this.trial, this.current);
    this.model.gradient.set(this.trialGradient);
    this.model.jacobian.set(this.trialJacobian);
  }

  /** ∇f and A of the trial point, valid after `differentiateTrial`. */
  get trialDerivatives(): { readonly gradient: Float64Array; readonly jacobian: Float64Array } {
    return { gradient: this.trialGradient, jacobian: this.trialJacobian };
  }

  /** Keeps the present point with its derivatives in `kept`, or in a new record. */
  save(kept: KeptPoint = this.emptyRecord()): KeptPoint {
    copyPoint(this.current, kept.point);
    kept.gradient.set(this.model.gradient);
    kept.jacobian.set(this.model.jacobian);
    return kept;
  }

  /** Goes back to a point that was saved. */
  restore({ point, gradient, jacobian }: KeptPoint): void {
    copyPoint(point, this.current);
    this.model.gradient.set(gradient);
    this.model.jacobian.set(jacobian);
  }

  private emptyRecord(): KeptPoint {
    const { gradient, jacobian } = this.model;
    return {
      point: pointValues(this.evaluation.meta),
      gradient: new Float64Array(gradient.length),
      jacobian: new Float64Array(jacobian.length),
    };
  }

  /** Sides of the subproblem relative to the present point. */
  linearize(): void {
    const { model, current, evaluation } = this;
    const { lower, upper } = evaluation.meta;
    for (let i = 0; i < current.constraints.length; i++) {
      model.rowLower[i] = evaluation.rowLower[i]! - current.constraints[i]!;
      model.rowUpper[i] = evaluation.rowUpper[i]! - current.constraints[i]!;
      // The difference of equal sides must stay zero after rounding.
      if (evaluation.rowLower[i] === evaluation.rowUpper[i]) model.rowUpper[i] = model.rowLower[i]!;
    }
    for (let j = 0; j < current.x.length; j++) {
      model.stepLower[j] = Math.min(0, lower[j]! - current.x[j]!);
      model.stepUpper[j] = Math.max(0, upper[j]! - current.x[j]!);
    }
  }

  /** trial.x ← x + length·step, kept within the bounds. */
  setTrial(step: Float64Array, length: number): void {
    const { current, trial } = this;
    const { lower, upper } = this.evaluation.meta;
    for (let j = 0; j < trial.x.length; j++) {
      trial.x[j] = Math.min(Math.max(current.x[j]! + length * step[j]!, lower[j]!), upper[j]!);
    }
  }

  /** Σ violations of the linearised rows after `step`. */
  linearizedViolation(step: Float64Array): number {
    const { model, products } = this;
    multiplyJacobian(this.structure, model.jacobian, step, products);
    let sum = 0;
    for (let i = 0; i < products.length; i++) {
      sum += Math.max(0, model.rowLower[i]! - products[i]!, products[i]! - model.rowUpper[i]!);
    }
    return sum;
  }
}
