import {
  DenseHessianModel,
  OperatorHessianModel,
  addDiagonal,
  addPatternToTriangle,
  addSymmetricProduct,
  type DirectionKind,
  type HessianModel,
} from '../bound/index.js';
import type { SubproblemState } from './subproblem-state.js';

/**
 * Second-order model of the augmented Lagrangian in which the penalty terms keep their kinks: the Hessian of the
 * Lagrangian is constant, the constraints are linear, and a row that leaves or enters its interval along the step does so
 * in the model too. Minimising it settles which rows are active, as an SQP subproblem would.
 */
export class SubproblemModel implements HessianModel {
  private readonly linearChange: Float64Array;
  private readonly linearised: Float64Array;
  private readonly baseConstraints: Float64Array;
  private readonly rowWeights: Float64Array;
  private readonly lagrangianValues: Float64Array;
  private readonly lagrangianDiagonal: Float64Array;
  private readonly point: Float64Array;
  private readonly probe: Float64Array;
  private readonly base: HessianModel;
  private readonly dense: DenseHessianModel | undefined;
  private readonly lagrangianTriangle: Float64Array;
  private readonly baseMultipliers: Float64Array;
  /** 1 for the rows whose curvature is in the current piece. */
  private readonly piece: Uint8Array;

  constructor(
    private readonly subproblem: SubproblemState,
    denseLimit: number,
  ) {
    const { evaluator, meta, multipliers } = subproblem;
    const size = meta.variableCount;
    const stored = evaluator.hasHessian;
    const dense = stored && size <= denseLimit;
    this.linearChange = new Float64Array(multipliers.length);
    this.linearised = new Float64Array(multipliers.length);
    this.baseConstraints = new Float64Array(multipliers.length);
    this.rowWeights = new Float64Array(multipliers.length);
    this.piece = new Uint8Array(multipliers.length);
    this.baseMultipliers = new Float64Array(multipliers.length);
    this.lagrangianValues = new Float64Array(stored ? evaluator.hessianLength : 0);
    this.lagrangianDiagonal = new Float64Array(size);
    this.point = new Float64Array(size);
    this.probe = new Float64Array(stored ? 0 : size);
    this.lagrangianTriangle = new Float64Array(dense ? (size * (size + 1)) / 2 : 0);
    this.dense = dense ? new DenseHessianModel(size, (_x, triangle) => this.fillTriangle(triangle)) : undefined;
    this.base =
      this.dense ??
      new OperatorHessianModel(size, {
        load: () => true,
        multiply: (vector, values) => this.multiply(vector, values),
        diagonal: (values) => this.diagonal(values),
      });
  }

  load(x: Float64Array): boolean {
    const { subproblem, point } = this;
    if (!subproblem.prepareDerivatives(x)) return false;
    point.set(x);
    this.baseConstraints.set(subproblem.constraintValues);
    this.baseMultipliers.set(subproblem.firstOrderMultipliers);
    if (!this.loadLagrangian()) return false;
    return this.usePiece(subproblem.active);
  }

  private loadLagrangian(): boolean {
    const { subproblem, point, lagrangianValues, lagrangianDiagonal, probe } = this;
    const { evaluator, objectiveWeight, weighted, constrained } = subproblem;
    const size = point.length;
    lagrangianDiagonal.fill(0);
    if (evaluator.hasHessian) {
      if (!evaluator.hessian(point, objectiveWeight, weighted, lagrangianValues)) return false;
      addDiagonal(constrained.hessianPattern, size, lagrangianValues, lagrangianDiagonal);
      if (this.dense) {
        this.lagrangianTriangle.fill(0);
        if (constrained.hessianPattern) {
          addPatternToTriangle(constrained.hessianPattern, lagrangianValues, this.lagrangianTriangle);
        } else this.lagrangianTriangle.set(lagrangianValues);
      }
      return true;
    }
    // Exact where the Hessian is diagonal, of the right order where the diagonal dominates.
    for (let j = 0; j < size; j++) probe[j] = j % 2 === 0 ? 1 : -1;
    if (!evaluator.hessianProduct(point, objectiveWeight, weighted, probe, lagrangianDiagonal)) return false;
    for (let j = 0; j < size; j++) lagrangianDiagonal[j]! *= probe[j]!;
    return true;
  }

  /** Makes these the rows whose curvature counts. */
  private usePiece(active: Uint8Array): boolean {
    const { subproblem, rowWeights } = this;
    const { penalty, constraintWeights } = subproblem;
    this.piece.set(active);
    for (let i = 0; i < rowWeights.length; i++) {
      rowWeights[i] = active[i] ? penalty * constraintWeights[i]! * constraintWeights[i]! : 0;
    }
    return this.base.load(this.point);
  }

  choosePiece(step: Float64Array): void {
    this.updateLinearChange(step);
    this.subproblem.updateRows(this.linearised);
    const { active } = this.subproblem;
    for (let i = 0; i < active.length; i++) {
      if (active[i] === this.piece[i]) continue;
      this.usePiece(active);
      return;
    }
  }

  private updateLinearChange(step: Float64Array): void {
    const { rows } = this.subproblem;
    for (let i = 0; i < this.linearChange.length; i++) {
      this.linearChange[i] = rows.rowProduct(i, step);
      this.linearised[i] = this.baseConstraints[i]! + this.linearChange[i]!;
    }
  }

  /** ½sᵀWs + the exact change of the penalty terms of linear constraints + (w∇f)ᵀs. */
  evaluate(step: Float64Array, gradient: Float64Array, residual: Float64Array): number {
    const { subproblem, baseMultipliers, linearChange } = this;
    const { rows, multipliers, offsets, active, constraintWeights, penalty } = subproblem;
    this.lagrangianProduct(step, residual);
    let value = 0;
    for (let j = 0; j < step.length; j++) {
      value += step[j]! * (gradient[j]! + 0.5 * residual[j]!);
      residual[j]! += gradient[j]!;
    }
    this.updateLinearChange(step);
    subproblem.updateRows(this.linearised);
    for (let i = 0; i < multipliers.length; i++) {
      const weight = constraintWeights[i]!;
      const movement = weight * linearChange[i]!;
      const next = active[i] ? multipliers[i]! + penalty * offsets[i]! : 0;
      const before = baseMultipliers[i]!;
      if (next === before && movement === 0) continue;
      // ψ(after) − ψ(before) − ψ'(before)·movement, with ψ = (μ² − λ²)/(2ρ) plus its linear part, free of cancellation.
      value += ((next - before) * (next + before)) / (2 * penalty) - before * movement;
      if (next !== before) rows.addRow(i, weight * (next - before), residual);
    }
    return value;
  }

  private lagrangianProduct(vector: Float64Array, values: Float64Array): void {
    const { subproblem, point, lagrangianValues } = this;
    const { evaluator, objectiveWeight, weighted, constrained } = subproblem;
    values.fill(0);
    if (evaluator.hasHessian) {
      addSymmetricProduct(constrained.hessianPattern, point.length, lagrangianValues, vector, values);
    } else if (!evaluator.hessianProduct(point, objectiveWeight, weighted, vector, values)) values.fill(NaN);
  }

  multiply(vector: Float64Array, values: Float64Array): void {
    const { rowWeights } = this;
    const { rows } = this.subproblem;
    this.lagrangianProduct(vector, values);
    for (let i = 0; i < rowWeights.length; i++) {
      if (rowWeights[i] !== 0) rows.addRow(i, rowWeights[i]! * rows.rowProduct(i, vector), values);
    }
  }

  diagonal(values: Float64Array): void {
    const { rowWeights } = this;
    const { rows } = this.subproblem;
    values.set(this.lagrangianDiagonal);
    for (let i = 0; i < rowWeights.length; i++) {
      if (rowWeights[i] === 0) continue;
      for (let k = rows.rowStarts[i]!; k < rows.rowStarts[i + 1]!; k++) {
        const entry = rows.values[rows.positions[k]!]!;
        values[rows.columns[k]!]! += rowWeights[i]! * entry * entry;
      }
    }
  }

  direction(free: Uint8Array, residual: Float64Array, relativeTolerance: number, values: Float64Array): DirectionKind {
    return this.base.direction(free, residual, relativeTolerance, values);
  }

  private fillTriangle(triangle: Float64Array): boolean {
    const { rowStarts, columns, positions, values } = this.subproblem.rows;
    triangle.set(this.lagrangianTriangle);
    for (let i = 0; i < this.rowWeights.length; i++) {
      const weight = this.rowWeights[i]!;
      if (weight === 0) continue;
      for (let k = rowStarts[i]!; k < rowStarts[i + 1]!; k++) {
        const left = weight * values[positions[k]!]!;
        if (left === 0) continue;
        const row = columns[k]!;
        const start = (row * (row + 1)) / 2;
        for (let other = rowStarts[i]!; other < rowStarts[i + 1]!; other++) {
          const column = columns[other]!;
          if (column <= row) triangle[start + column]! += left * values[positions[other]!]!;
        }
      }
    }
    return true;
  }
}
