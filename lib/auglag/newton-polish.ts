import { allFinite, assess, meetsTolerances, type Evaluator, type Evidence, type Tolerances } from '../nlp/index.js';
import { DenseSymmetricFactor } from '../linalg/index.js';
import { JacobianRows } from './jacobian-rows.js';

/** Share of the tolerances at which a point is exact enough. */
const exactShare = 1e-3;
const equilibrationPasses = 4;

/** A point to be polished and what comes back. */
export interface PolishPoint {
  /** The point, length variableCount. */
  readonly x: Float64Array;
  /** y, unscaled. */
  readonly multipliers: Float64Array;
}

/** A polished point with its evidence; `solved` when the residuals meet the tolerances. */
export interface PolishedPoint extends PolishPoint {
  /** Residuals and bound multipliers at the point, from fresh evaluations. */
  readonly evidence: Evidence;
  /** Whether the residuals meet the tolerances. */
  readonly solved: boolean;
}

/** Takes a point near a solution to more digits, or returns undefined where it cannot. */
export interface Polisher {
  /** At most `maxSteps` Newton steps from `start`; undefined where they lead nowhere better. */
  polish(start: PolishPoint, tolerances: Tolerances, maxSteps: number): PolishedPoint | undefined;
}

/** Makes a polisher for a problem; `orderLimit` is the largest dense system that it may factor. */
export type PolisherFactory = (evaluator: Evaluator, orderLimit: number) => Polisher;

/**
 * A few Newton steps on the first-order conditions of the active set (Birgin & Martínez 2008, "acceleration"). Bounds and
 * rows join when they are violated and leave when their multiplier has the wrong sign. Stops without a result when the
 * KKT matrix has the wrong inertia, so that it never converges to a maximum or saddle point of the active set.
 */
export class NewtonPolish implements Polisher {
  private readonly rows: JacobianRows;
  private readonly hessian: Float64Array;
  private readonly gradient: Float64Array;
  private readonly constraintValues: Float64Array;
  private readonly bindingBounds: Int8Array;
  private readonly bindingRows: Int8Array;
  private readonly position: Int32Array;
  private matrix = new Float64Array(0);
  private right = new Float64Array(0);
  private factor: DenseSymmetricFactor | undefined;

  constructor(
    private readonly evaluator: Evaluator,
    private readonly orderLimit: number,
  ) {
    const { meta, problem } = evaluator;
    const { variableCount, constraintCount } = meta;
    this.rows = new JacobianRows(meta, problem.jacobian ? meta.jacobianPattern : undefined);
    this.hessian = new Float64Array(evaluator.hasHessian ? evaluator.hessianLength : 0);
    this.gradient = new Float64Array(variableCount);
    this.constraintValues = new Float64Array(constraintCount);
    this.bindingBounds = new Int8Array(variableCount);
    this.bindingRows = new Int8Array(constraintCount);
    this.position = new Int32Array(variableCount);
  }

  /** Whether the problem's derivatives, second ones included, allow it. */
  get available(): boolean {
    const { evaluator } = this;
    return evaluator.hasHessian && evaluator.hasGradient && evaluator.hasJacobian;
  }

  /** `objective` evaluates nothing: it is only passed on to the evidence. */
  polish(start: PolishPoint, tolerances: Tolerances, maxSteps: number): PolishedPoint | undefined {
    if (!this.available) return undefined;
    let current: PolishPoint = { x: start.x.slice(), multipliers: start.multipliers.slice() };
    let best: PolishedPoint | undefined;
    let bestError = Infinity;
    let worsened = 0;
    this.guessActiveSet(current);
    for (let step = 0; step <= maxSteps; step++) {
      const evidence = assess(this.evaluator, { ...current, objective: 0 });
      const { stationarity, primalInfeasibility, complementarity } = evidence.residuals;
      const { optimalityTolerance, feasibilityTolerance } = tolerances;
      const error = Math.max(
        stationarity / optimalityTolerance,
        primalInfeasibility / feasibilityTolerance,
        complementarity / optimalityTolerance,
      );
      if (!Number.isFinite(error)) break;
      worsened = error < 0.5 * bestError ? 0 : worsened + 1;
      if (error < bestError) {
        bestError = error;
        best = { ...current, evidence, solved: meetsTolerances(evidence.residuals, tolerances) };
      }
      if (error <= exactShare || worsened > 3 || step === maxSteps) break;
      const next = this.step(current);
      if (!next) break;
      current = next;
    }
    return best;
  }

  /** Bounds and rows that hold the point, from multipliers and slacks. */
  private guessActiveSet({ x, multipliers }: PolishPoint): void {
    const { lower, upper, constraintLower, constraintUpper } = this.evaluator.meta;
    this.load(x, multipliers);
    const reduced = this.gradient.slice();
    this.rows.addTransposeProduct(multipliers, reduced);
    for (let j = 0; j < x.length; j++) {
      const slackLow = x[j]! - lower[j]!;
      const slackHigh = upper[j]! - x[j]!;
      const near = (slack: number): boolean => slack <= 1e-9 || slack < 0.1 * Math.abs(reduced[j]!);
      this.bindingBounds[j] =
        lower[j] === upper[j] ? 2 : reduced[j]! > 0 && near(slackLow) ? -1 : reduced[j]! < 0 && near(slackHigh) ? 1 : 0;
    }
    for (let i = 0; i < multipliers.length; i++) {
      const y = multipliers[i]!;
      const value = this.constraintValues[i]!;
      if (constraintLower[i] === constraintUpper[i]) this.bindingRows[i] = 2;
      else if (y > 0 && constraintUpper[i] !== Infinity) this.bindingRows[i] = 1;
      else if (y < 0 && constraintLower[i] !== -Infinity) this.bindingRows[i] = -1;
      else this.bindingRows[i] = value > constraintUpper[i]! ? 1 : value < constraintLower[i]! ? -1 : 0;
    }
  }

  private load(x: Float64Array, multipliers: Float64Array): boolean {
    const { evaluator } = this;
    return (
      evaluator.constraints(x, this.constraintValues) &&
      evaluator.gradient(x, 0, this.gradient) &&
      evaluator.jacobian(x, this.rows.values) &&
      evaluator.hessian(x, 1, multipliers, this.hessian)
    );
  }

  private step({ x, multipliers }: PolishPoint): PolishPoint | undefined {
    const { meta } = this.evaluator;
    if (!this.load(x, multipliers)) return undefined;
    const order = this.assemble(x);
    if (order === undefined) return undefined;
    const { free, active } = order;
    const total = free + active;
    if (total > 0) {
      if (!this.solveSystem(free, total)) return undefined;
      if (!allFinite(this.right.subarray(0, total))) return undefined;
    }
    const next = { x: x.slice(), multipliers: new Float64Array(multipliers.length) };
    for (let j = 0; j < x.length; j++) {
      if (this.bindingBounds[j] !== 0) next.x[j] = this.bindingBounds[j] === 1 ? meta.upper[j]! : meta.lower[j]!;
      else next.x[j]! += this.right[this.position[j]!]!;
    }
    for (let i = 0, k = free; i < multipliers.length; i++) {
      if (this.bindingRows[i] !== 0) next.multipliers[i] = this.right[k++]!;
    }
    this.updateActiveSet(next);
    return next;
  }

  /**
   * Solves for the step; false where the inertia is wrong. Rows whose sizes lie so far apart that some count as zero are brought to
   * one size first.
   */
  private solveSystem(free: number, total: number): boolean {
    const { matrix, right } = this;
    const factor = this.factor!;
    let inertia = factor.factor(matrix, total);
    let scale: Float64Array | undefined;
    if (inertia.zero > 0) {
      scale = equilibrate(matrix, total, free);
      inertia = factor.factor(matrix, total);
    }
    if (inertia.positive !== free) return false;
    const size = (k: number): number => scale?.[k] ?? 1;
    for (let k = 0; k < total; k++) right[k]! *= size(k);
    factor.solve(right);
    for (let k = 0; k < total; k++) right[k]! *= size(k);
    return true;
  }

  /** KKT matrix (lower triangle, row-major) and right-hand side; undefined when too large. */
  private assemble(x: Float64Array): { free: number; active: number } | undefined {
    const { meta } = this.evaluator;
    let free = 0;
    let active = 0;
    for (let j = 0; j < x.length; j++) this.position[j] = this.bindingBounds[j] === 0 ? free++ : -1;
    for (const binding of this.bindingRows) if (binding !== 0) active++;
    const order = free + active;
    if (order > this.orderLimit) return undefined;
    if (!this.factor || this.factor.capacity < order) {
      this.factor = new DenseSymmetricFactor(order);
      this.matrix = new Float64Array(order * order);
      this.right = new Float64Array(order);
    }
    const { matrix, right, position } = this;
    matrix.fill(0, 0, order * order);
    right.fill(0);
    const moved = new Float64Array(x.length);
    for (let j = 0; j < x.length; j++) {
      const binding = this.bindingBounds[j];
      if (binding === 0) right[position[j]!] = -this.gradient[j]!;
      else moved[j] = (binding === 1 ? meta.upper[j]! : meta.lower[j]!) - x[j]!;
    }
    this.addHessian(order, moved);
    for (let i = 0, k = free; i < this.bindingRows.length; i++) {
      const binding = this.bindingRows[i]!;
      if (binding === 0) continue;
      const side = binding === -1 ? meta.constraintLower[i]! : meta.constraintUpper[i]!;
      right[k] = side - this.constraintValues[i]! - this.rows.rowProduct(i, moved);
      for (let p = this.rows.rowStarts[i]!; p < this.rows.rowStarts[i + 1]!; p++) {
        const column = position[this.rows.columns[p]!]!;
        if (column >= 0) matrix[k * order + column]! += this.rows.values[this.rows.positions[p]!]!;
      }
      k++;
    }
    return { free, active };
  }

  /** Free block of the Hessian into the matrix, its product with the fixed variables' move into the right-hand side. */
  private addHessian(order: number, moved: Float64Array): void {
    const { matrix, right, position, hessian } = this;
    const pattern = this.evaluator.meta.hessianPattern;
    const add = (row: number, column: number, value: number): void => {
      const left = position[row]!;
      const other = position[column]!;
      if (left >= 0 && other >= 0) {
        matrix[Math.max(left, other) * order + Math.min(left, other)]! += value;
      } else if (left >= 0) right[left]! -= value * moved[column]!;
      else if (other >= 0) right[other]! -= value * moved[row]!;
    };
    if (pattern) {
      for (let k = 0; k < pattern.rows.length; k++) add(pattern.rows[k]!, pattern.columns[k]!, hessian[k]!);
      return;
    }
    for (let i = 0, k = 0; i < position.length; i++) for (let j = 0; j <= i; j++, k++) add(i, j, hessian[k]!);
  }

  /** Takes in what the step violates, lets go what it pulls at from the wrong side; moves x back inside its bounds. */
  private updateActiveSet({ x, multipliers }: PolishPoint): void {
    const { lower, upper, constraintLower, constraintUpper } = this.evaluator.meta;
    for (let i = 0; i < multipliers.length; i++) {
      const binding = this.bindingRows[i]!;
      const wrong = (binding === 1 && multipliers[i]! < 0) || (binding === -1 && multipliers[i]! > 0);
      if (!wrong) continue;
      this.bindingRows[i] = 0;
      multipliers[i] = 0;
    }
    const violated = this.evaluator.constraints(x, this.constraintValues);
    for (let i = 0; violated && i < multipliers.length; i++) {
      if (this.bindingRows[i] !== 0) continue;
      if (this.constraintValues[i]! > constraintUpper[i]!) this.bindingRows[i] = 1;
      else if (this.constraintValues[i]! < constraintLower[i]!) this.bindingRows[i] = -1;
    }
    const reduced = this.gradient;
    this.evaluator.gradient(x, 0, reduced);
    if (this.evaluator.jacobian(x, this.rows.values)) this.rows.addTransposeProduct(multipliers, reduced);
    for (let j = 0; j < x.length; j++) {
      if (x[j]! < lower[j]!) this.bindingBounds[j] = -1;
      else if (x[j]! > upper[j]!) this.bindingBounds[j] = 1;
      else if (this.bindingBounds[j] === -1 && reduced[j]! < 0) this.bindingBounds[j] = 0;
      else if (this.bindingBounds[j] === 1 && reduced[j]! > 0) this.bindingBounds[j] = 0;
      x[j] = Math.min(Math.max(x[j]!, lower[j]!), upper[j]!);
    }
  }
}

/**
 * Scales the lower triangle of [H Aᵀ; A 0] to rows of max-norm about 1 (Ruiz 2001), then H to entries of at most 1 by a unit of the
 * objective, which leaves A as it is. Returns the scale of each row.
 */
function equilibrate(matrix: Float64Array, order: number, free: number): Float64Array {
  const scale = new Float64Array(order).fill(1);
  const largest = new Float64Array(order);
  const scaleBy = (factors: Float64Array): void => {
    for (let i = 0; i < order; i++) {
      scale[i]! *= factors[i]!;
      for (let j = 0; j <= i; j++) matrix[i * order + j]! *= factors[i]! * factors[j]!;
    }
  };
  for (let pass = 0; pass < equilibrationPasses; pass++) {
    largest.fill(0);
    for (let i = 0; i < order; i++) {
      for (let j = 0; j <= i; j++) {
        const size = Math.abs(matrix[i * order + j]!);
        if (size > largest[i]!) largest[i] = size;
        if (size > largest[j]!) largest[j] = size;
      }
    }
    scaleBy(largest.map((size) => (size > 0 ? 1 / Math.sqrt(size) : 1)));
  }
  let curvature = 0;
  for (let i = 0; i < free; i++) {
    for (let j = 0; j <= i; j++) curvature = Math.max(curvature, Math.abs(matrix[i * order + j]!));
  }
  const unit = curvature > 0 ? Math.sqrt(curvature) : 1;
  scaleBy(largest.map((_, i) => (i < free ? 1 / unit : unit)));
  return scale;
}
