import {
  addTransposedProduct,
  factorWithInertia,
  inertiaCorrection,
  RefinedSolve,
  type InertiaCorrection,
  type Iterate,
  type KktMatrix,
  type KktRequest,
} from '../kkt/index.js';
import { RowKind, rowResidual, type BarrierBlock } from './barrier.js';

/** Relative residual of a solution from which a weaker regularisation is tried. */
const inaccurate = 1e-11;
const weaker = 1e-2;
const weakest = 1e-4;

/**
 * The primal–dual Newton system with slacks and bound multipliers eliminated:
 * [W + Σ_x + δI, Aᵀ; A, −Σ_s⁻¹ − γI]·[Δx; Δy], equality rows having no Σ_s⁻¹.
 */
export class NewtonSystem {
  readonly rowStep: Float64Array;
  /** A·Δx of the last step. */
  private readonly request: { -readonly [Key in keyof KktRequest]: KktRequest[Key] };
  private readonly baseVariables: Float64Array;
  private readonly baseRows: Float64Array;
  private readonly rightHandSide: Float64Array;
  private readonly gradientWork: Float64Array;
  private readonly zeroHessian: Float64Array;
  private readonly wanted: Float64Array;
  private readonly refined: RefinedSolve;
  /** True once a weaker regularisation has not made the solution more accurate. */
  private regularizationSettled = false;
  readonly correction: InertiaCorrection = inertiaCorrection();

  constructor(
    private readonly matrix: KktMatrix,
    private readonly iterate: Iterate,
    private readonly variables: BarrierBlock,
    private readonly slacks: BarrierBlock,
  ) {
    const n = variables.size;
    const m = slacks.size;
    this.rowStep = new Float64Array(m);
    this.request = {
      hessian: iterate.model.hessian,
      jacobian: iterate.model.jacobian,
      variableDiagonal: new Float64Array(n),
      rowDiagonal: new Float64Array(m),
      held: new Int8Array(n),
      active: new Int8Array(m),
    };
    this.baseVariables = new Float64Array(n);
    this.baseRows = new Float64Array(m);
    this.rightHandSide = new Float64Array(n + m);
    this.wanted = new Float64Array(n + m);
    this.gradientWork = new Float64Array(n);
    this.zeroHessian = new Float64Array(iterate.model.hessian.length);
    this.refined = new RefinedSolve(matrix, n, m);
  }

  /** Forgets what earlier problems needed. */
  reset(): void {
    Object.assign(this.correction, inertiaCorrection());
    this.regularizationSettled = this.matrix.regularizationScale === undefined;
    if (!this.regularizationSettled) this.matrix.regularizationScale = 1;
  }

  /** Fixed variables drop out, rows without sides do not take part. */
  setStructure(kinds: Uint8Array): void {
    const { request, variables } = this;
    for (let j = 0; j < variables.size; j++) request.held[j] = variables.used[j] === 0 ? 1 : 0;
    for (let i = 0; i < kinds.length; i++) request.active[i] = kinds[i] === RowKind.absent ? 0 : 1;
  }

  /** Factors the system at the present point; false if no shift makes its inertia right. */
  factor(kinds: Uint8Array, minimumShift: number): boolean {
    const { baseVariables, baseRows, variables, slacks } = this;
    for (let j = 0; j < variables.size; j++) baseVariables[j] = variables.curvature(j);
    for (let i = 0; i < slacks.size; i++) {
      baseRows[i] = kinds[i] === RowKind.inequality ? 1 / Math.max(slacks.curvature(i), 1e-20) : 0;
    }
    this.request.hessian = this.iterate.model.hessian;
    return factorWithInertia(this.matrix, this.request, baseVariables, baseRows, minimumShift, this.correction);
  }

  /** Steps of variables, slacks and rows for the residuals given by `residual`; false when not finite. */
  solve(kinds: Uint8Array, rowMultipliers: Float64Array, mu: number, residual: (i: number) => number): boolean {
    const { rightHandSide, variables, slacks, iterate, gradientWork, request, rowStep, baseRows } = this;
    const n = variables.size;
    gradientWork.set(iterate.model.gradient);
    addTransposedProduct(iterate.structure, iterate.model.jacobian, rowMultipliers, gradientWork);
    for (let j = 0; j < n; j++) {
      rightHandSide[j] =
        request.held[j] !== 0 ? 0 : -gradientWork[j]! - variables.gradient(j, mu) - variables.offsetGradient(j);
    }
    for (let i = 0; i < rowMultipliers.length; i++) {
      if (kinds[i] === RowKind.absent) rightHandSide[n + i] = 0;
      else {
        // At the barrier's optimum of a slack its multiplier is −βᵢ = the barrier's slope there.
        const offset =
          kinds[i] === RowKind.inequality
            ? baseRows[i]! * (rowMultipliers[i]! - slacks.gradient(i, mu) - slacks.offsetGradient(i))
            : 0;
        rightHandSide[n + i] = -residual(i) + offset;
      }
    }
    this.solveAccurately();
    let finite = true;
    for (let j = 0; j < n; j++) {
      variables.step[j] = rightHandSide[j]!;
      if (!Number.isFinite(variables.step[j]!)) finite = false;
    }
    for (let i = 0; i < rowStep.length; i++) {
      rowStep[i] = rightHandSide[n + i]!;
      if (kinds[i] === RowKind.inequality) {
        slacks.step[i] =
          baseRows[i]! * (rowMultipliers[i]! + rowStep[i]! - slacks.gradient(i, mu) - slacks.offsetGradient(i));
      }
      if (!Number.isFinite(rowStep[i]!) || !Number.isFinite(slacks.step[i]!)) finite = false;
    }
    return finite;
  }

  /** Slope of the barrier objective along the step. */
  barrierSlope(mu: number): number {
    const { variables, slacks } = this;
    const { gradient } = this.iterate.model;
    let slope = 0;
    for (let j = 0; j < variables.size; j++) slope += (gradient[j]! + variables.gradient(j, mu)) * variables.step[j]!;
    for (let i = 0; i < slacks.size; i++) slope += slacks.gradient(i, mu) * slacks.step[i]!;
    return slope;
  }

  /**
   * Solves with the right-hand side in place; weakens the regularisation of the factors as long as that makes the
   * solution more accurate: directions that curve less than it would else take many steps.
   */
  private solveAccurately(): void {
    const { matrix, refined, request, rightHandSide, wanted } = this;
    const { structure } = this.iterate;
    wanted.set(rightHandSide);
    let residual = refined.solve(structure, request, rightHandSide);
    while (residual > inaccurate && !this.regularizationSettled) {
      const scale = matrix.regularizationScale!;
      if (scale <= weakest) return;
      matrix.regularizationScale = weaker * scale;
      const regular = matrix.factor(request) === 'regular';
      rightHandSide.set(wanted);
      const now = regular ? refined.solve(structure, request, rightHandSide) : Infinity;
      if (matrix.expired?.() === true) return;
      if (now <= 0.5 * residual) {
        residual = now;
        continue;
      }
      this.regularizationSettled = true;
      matrix.regularizationScale = scale;
      matrix.factor(request);
      rightHandSide.set(wanted);
      refined.solve(structure, request, rightHandSide);
    }
  }

  /** Least-squares multipliers into `rowMultipliers`; false (array untouched) if the fit fails or is larger than `largest`. */
  estimateMultipliers(kinds: Uint8Array, rowMultipliers: Float64Array, largest: number): boolean {
    const { request, variables, slacks, rightHandSide, iterate, baseVariables, baseRows } = this;
    const n = variables.size;
    baseVariables.fill(1);
    for (let i = 0; i < kinds.length; i++) baseRows[i] = kinds[i] === RowKind.inequality ? 1 : 0;
    request.hessian = this.zeroHessian;
    const done = factorWithInertia(this.matrix, request, baseVariables, baseRows, 0, inertiaCorrection());
    if (!done) return false;
    for (let j = 0; j < n; j++) {
      rightHandSide[j] = request.held[j] !== 0 ? 0 : -iterate.model.gradient[j]! - variables.net(j);
    }
    for (let i = 0; i < kinds.length; i++) {
      rightHandSide[n + i] = kinds[i] === RowKind.inequality ? -slacks.net(i) : 0;
    }
    this.refined.solve(iterate.structure, request, rightHandSide);
    for (let i = 0; i < kinds.length; i++) if (!(Math.abs(rightHandSide[n + i]!) <= largest)) return false;
    for (let i = 0; i < kinds.length; i++) rowMultipliers[i] = rightHandSide[n + i]!;
    return true;
  }

  /** Largest component of ∇f + Aᵀy + z, and of the slacks' −y + v. */
  dualResidual(kinds: Uint8Array, rowMultipliers: Float64Array): number {
    const { gradientWork, iterate, variables, slacks } = this;
    gradientWork.set(iterate.model.gradient);
    addTransposedProduct(iterate.structure, iterate.model.jacobian, rowMultipliers, gradientWork);
    let largest = 0;
    for (let j = 0; j < variables.size; j++) {
      if (variables.used[j] === 0) continue;
      largest = Math.max(largest, Math.abs(gradientWork[j]! + variables.net(j)));
    }
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] !== RowKind.inequality) continue;
      largest = Math.max(largest, Math.abs(slacks.net(i) - rowMultipliers[i]!));
    }
    return largest;
  }

  /** Net multipliers of the bounds for the caller's conditions; fixed variables get what balances their equation. */
  boundMultipliers(rowMultipliers: Float64Array, target: Float64Array): void {
    const { gradientWork, iterate, variables } = this;
    gradientWork.set(iterate.model.gradient);
    addTransposedProduct(iterate.structure, iterate.model.jacobian, rowMultipliers, gradientWork);
    for (let j = 0; j < variables.size; j++) {
      target[j] = variables.used[j] === 0 ? -gradientWork[j]! : variables.net(j);
    }
  }

  /** Residuals of the rows at the present point. */
  presentResidual(kinds: Uint8Array, i: number): number {
    const { iterate, slacks } = this;
    return rowResidual(iterate.evaluation, kinds, iterate.current, slacks.value, i);
  }
}
