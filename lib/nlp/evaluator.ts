import {
  countEvaluations,
  zeroCounts,
  type EvaluationCounts,
  type NlpMeta,
  type NonlinearProgram,
} from '../problem/index.js';

/**
 * Evaluations that never throw and never hang on non-finite values: what is not defined at a point comes back as NaN or
 * `false`. Missing first derivatives are replaced by forward differences, missing Hessian products by differences of
 * gradients. Every call of the problem's functions is counted.
 */
export class Evaluator {
  /** Of the problem. */
  readonly meta: NlpMeta;
  /** The problem evaluated. */
  readonly problem: NonlinearProgram;
  /** Evaluations so far. */
  readonly counts: EvaluationCounts;
  private readonly point: Float64Array;
  private readonly shifted: Float64Array;
  private readonly scratch: Float64Array;
  private readonly baseConstraints: Float64Array;
  private readonly shiftedConstraints: Float64Array;
  /** Entries of the Jacobian. */
  readonly jacobianLength: number;
  /** Entries of the Hessian's lower triangle. */
  readonly hessianLength: number;

  constructor(problem: NonlinearProgram, counts: EvaluationCounts = zeroCounts()) {
    this.counts = counts;
    this.problem = countEvaluations(problem, counts);
    this.meta = problem.meta;
    const { variableCount, constraintCount, jacobianPattern, hessianPattern } = problem.meta;
    this.point = new Float64Array(variableCount);
    this.shifted = new Float64Array(
      problem.gradient && (problem.jacobian ?? constraintCount === 0) ? 0 : variableCount,
    );
    this.scratch = new Float64Array(variableCount);
    this.baseConstraints = new Float64Array(constraintCount);
    this.shiftedConstraints = new Float64Array(constraintCount);
    this.jacobianLength =
      problem.jacobian && jacobianPattern ? jacobianPattern.rows.length : variableCount * constraintCount;
    this.hessianLength = hessianPattern ? hessianPattern.rows.length : (variableCount * (variableCount + 1)) / 2;
  }

  /** Whether the problem gives its gradient. */
  get hasGradient(): boolean {
    return this.problem.gradient !== undefined;
  }

  /** Whether the problem gives its Jacobian. */
  get hasJacobian(): boolean {
    return this.problem.jacobian !== undefined || this.meta.constraintCount === 0;
  }

  /** Whether the problem gives its Hessian. */
  get hasHessian(): boolean {
    return this.problem.hessian !== undefined;
  }

  /** Whether the problem gives products with its Hessian. */
  get hasHessianProduct(): boolean {
    return this.problem.hessianProduct !== undefined;
  }

  /** Objective evaluations that one gradient costs. */
  get gradientCost(): number {
    return this.hasGradient ? 0 : this.meta.variableCount;
  }

  /** f(x); NaN where it throws or is not finite. */
  objective(x: Float64Array): number {
    this.point.set(x);
    return this.objectiveAtPoint();
  }

  private objectiveAtPoint(): number {
    try {
      const value = this.problem.objective(this.point);
      return Number.isFinite(value) ? value : NaN;
    } catch {
      return NaN;
    }
  }

  /** c(x) into `values`; false (and NaN entries) where it throws or is not finite. */
  constraints(x: Float64Array, values: Float64Array): boolean {
    if (this.meta.constraintCount === 0) return true;
    this.point.set(x);
    try {
      values.fill(0);
      this.problem.constraints!(this.point, values);
    } catch {
      values.fill(NaN);
    }
    return allFinite(values);
  }

  /** ∇f(x) into `values`; `objective` is f(x), used only by differences. */
  gradient(x: Float64Array, objective: number, values: Float64Array): boolean {
    this.point.set(x);
    if (!this.hasGradient) return this.differenceGradient(objective, values);
    try {
      values.fill(0);
      this.problem.gradient!(this.point, values);
    } catch {
      return false;
    }
    return allFinite(values);
  }

  private differenceGradient(objective: number, values: Float64Array): boolean {
    for (let j = 0; j < values.length; j++) {
      const kept = this.point[j]!;
      const step = this.differenceStep(j, kept);
      this.point[j] = kept + step;
      values[j] = (this.objectiveAtPoint() - objective) / (this.point[j]! - kept);
      if (!Number.isFinite(values[j])) {
        this.point[j] = kept - step;
        values[j] = (this.objectiveAtPoint() - objective) / (this.point[j]! - kept);
      }
      this.point[j] = kept;
      if (!Number.isFinite(values[j])) return false;
    }
    return true;
  }

  /** √ε-sized, away from the nearer bound so that the point stays where the problem is defined. */
  private differenceStep(j: number, value: number): number {
    const step = 1.5e-8 * Math.max(1, Math.abs(value));
    return value + step > this.meta.upper[j]! && value - step >= this.meta.lower[j]! ? -step : step;
  }

  /** Jacobian of c into `values` (order of the pattern, dense row-major when differenced). */
  jacobian(x: Float64Array, values: Float64Array): boolean {
    if (this.meta.constraintCount === 0) return true;
    if (!this.problem.jacobian) return this.differenceJacobian(x, values);
    this.point.set(x);
    try {
      values.fill(0);
      this.problem.jacobian(this.point, values);
    } catch {
      return false;
    }
    return allFinite(values);
  }

  private differenceJacobian(x: Float64Array, values: Float64Array): boolean {
    const { variableCount, constraintCount } = this.meta;
    if (!this.constraints(x, this.baseConstraints)) return false;
    this.shifted.set(x);
    for (let j = 0; j < variableCount; j++) {
      const kept = this.shifted[j]!;
      const step = this.differenceStep(j, kept);
      this.shifted[j] = kept + step;
      if (!this.constraints(this.shifted, this.shiftedConstraints)) {
        this.shifted[j] = kept - step;
        if (!this.constraints(this.shifted, this.shiftedConstraints)) return false;
      }
      const width = this.shifted[j]! - kept;
      for (let i = 0; i < constraintCount; i++) {
        values[i * variableCount + j] = (this.shiftedConstraints[i]! - this.baseConstraints[i]!) / width;
      }
      this.shifted[j] = kept;
    }
    return true;
  }

  /** Lower triangle of the Lagrangian's Hessian. Requires `hasHessian`. */
  hessian(x: Float64Array, objectiveWeight: number, multipliers: Float64Array, values: Float64Array): boolean {
    this.point.set(x);
    try {
      values.fill(0);
      this.problem.hessian!(this.point, objectiveWeight, multipliers, values);
    } catch {
      return false;
    }
    return allFinite(values);
  }

  /** Product with the Lagrangian's Hessian. Requires `hasHessianProduct`. */
  hessianProduct(
    x: Float64Array,
    objectiveWeight: number,
    multipliers: Float64Array,
    direction: Float64Array,
    values: Float64Array,
  ): boolean {
    this.point.set(x);
    this.scratch.set(direction);
    try {
      values.fill(0);
      this.problem.hessianProduct!(this.point, objectiveWeight, multipliers, this.scratch, values);
    } catch {
      return false;
    }
    return allFinite(values);
  }
}

/**
 * False as soon as one entry is NaN or infinite.
 *
 * @param values - Written to.
 * @example
 * ```ts
 * import { allFinite } from 'sft-opt/nlp';
 *
 * console.log(allFinite(Float64Array.of(1, 2)), allFinite(Float64Array.of(1, NaN))); // true false
 * ```
 */
export function allFinite(values: Float64Array): boolean {
  for (let k = 0; k < values.length; k++) if (!Number.isFinite(values[k])) return false;
  return true;
}
