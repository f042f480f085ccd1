import { gradientScaling, type ProblemScaling } from '../transform/index.js';
import { absoluteViolation, relativeViolation, type NlpMeta, type NonlinearProgram } from '../problem/index.js';

/** Functions and derivatives at one point, in scaled units. */
export interface PointValues {
  readonly x: Float64Array;
  objective: number;
  readonly constraints: Float64Array;
}

export function pointValues(meta: NlpMeta): PointValues {
  return {
    x: new Float64Array(meta.variableCount),
    objective: NaN,
    constraints: new Float64Array(meta.constraintCount),
  };
}

export function copyPoint(from: PointValues, to: PointValues): void {
  to.x.set(from.x);
  to.objective = from.objective;
  to.constraints.set(from.constraints);
}

/**
 * The problem as the algorithm sees it: scaled, and never throwing. An evaluation that throws, or leaves a value that
 * is not finite, returns false. The best point seen (feasible with the lowest objective, else the least violated) is
 * kept in the problem's own units.
 */
export class Evaluation {
  readonly meta: NlpMeta;
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
  readonly incumbent: Float64Array;
  incumbentObjective = NaN;
  incumbentViolation = Infinity;
  scaling: ProblemScaling;
  /** Set when f was −∞ at a point that satisfies the constraints. */
  objectiveFellToMinusInfinity = false;
  private readonly rawConstraints: Float64Array;
  private readonly weightedMultipliers: Float64Array;
  private readonly argument: Float64Array;

  constructor(
    readonly problem: NonlinearProgram,
    private readonly feasibilityTolerance: number,
  ) {
    const meta = problem.meta;
    this.meta = meta;
    const m = meta.constraintCount;
    this.rowLower = Float64Array.from(meta.constraintLower);
    this.rowUpper = Float64Array.from(meta.constraintUpper);
    this.incumbent = new Float64Array(meta.variableCount);
    this.rawConstraints = new Float64Array(m);
    this.weightedMultipliers = new Float64Array(m);
    this.argument = new Float64Array(meta.variableCount);
    this.scaling = { objective: 1, constraints: new Float64Array(m).fill(1) };
  }

  /** Forgets the incumbent and the scaling. */
  reset(): void {
    this.incumbentObjective = NaN;
    this.incumbentViolation = Infinity;
    this.objectiveFellToMinusInfinity = false;
    this.setScaling({ objective: 1, constraints: new Float64Array(this.meta.constraintCount).fill(1) });
  }

  setScaling(scaling: ProblemScaling): void {
    this.scaling = scaling;
    for (let i = 0; i < this.meta.constraintCount; i++) {
      this.rowLower[i] = this.meta.constraintLower[i]! * scaling.constraints[i]!;
      this.rowUpper[i] = this.meta.constraintUpper[i]! * scaling.constraints[i]!;
    }
  }

  /** Chooses the scaling from the derivatives at a point (unscaled units at the time of the call). */
  chooseScaling(gradient: Float64Array, jacobianRows: Int32Array, jacobian: Float64Array): void {
    this.setScaling(gradientScaling(this.meta.constraintCount, gradient, jacobianRows, jacobian));
  }

  /** c and f at `point.x` into `point`; false when something is not defined there. */
  functions(point: PointValues): boolean {
    return this.constraints(point) && this.objective(point);
  }

  constraints(point: PointValues): boolean {
    const { rawConstraints, problem } = this;
    const m = rawConstraints.length;
    if (m === 0) return true;
    rawConstraints.fill(NaN);
    if (!this.attempt((x) => problem.constraints!(x, rawConstraints), point.x)) return false;
    for (let i = 0; i < m; i++) {
      const value = rawConstraints[i]!;
      if (!Number.isFinite(value)) return false;
      point.constraints[i] = value * this.scaling.constraints[i]!;
    }
    return true;
  }

  /** f at a point whose constraints are known; records the incumbent. */
  objective(point: PointValues): boolean {
    let value = NaN;
    if (!this.attempt((x) => (value = this.problem.objective(x)), point.x)) return false;
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      if (value === -Infinity && this.relativeViolation(point) <= this.feasibilityTolerance) {
        this.objectiveFellToMinusInfinity = true;
      }
      return false;
    }
    point.objective = value * this.scaling.objective;
    this.record(point, value);
    return true;
  }

  private record(point: PointValues, objective: number): void {
    const violation = this.relativeViolation(point);
    const feasible = violation <= this.feasibilityTolerance;
    const better =
      Number.isNaN(this.incumbentObjective) ||
      (feasible
        ? this.incumbentViolation > this.feasibilityTolerance || objective < this.incumbentObjective
        : violation < this.incumbentViolation);
    if (!better) return;
    this.incumbent.set(point.x);
    this.incumbentObjective = objective;
    this.incumbentViolation = violation;
  }

  gradient(x: Float64Array, values: Float64Array): boolean {
    values.fill(NaN);
    if (!this.attempt((argument) => this.problem.gradient!(argument, values), x)) return false;
    return scaleFinite(values, this.scaling.objective);
  }

  jacobian(x: Float64Array, rows: Int32Array, values: Float64Array): boolean {
    if (this.rawConstraints.length === 0) return true;
    values.fill(NaN);
    if (!this.attempt((argument) => this.problem.jacobian!(argument, values), x)) return false;
    const scale = this.scaling.constraints;
    let finite = true;
    for (let k = 0; k < values.length; k++) {
      const value = values[k]! * scale[rows[k]!]!;
      values[k] = value;
      if (!Number.isFinite(value)) finite = false;
    }
    return finite;
  }

  /** Hessian of objectiveWeight·f + yᵀc in scaled units. */
  hessian(x: Float64Array, objectiveWeight: number, multipliers: Float64Array, values: Float64Array): boolean {
    const { weightedMultipliers } = this;
    for (let i = 0; i < weightedMultipliers.length; i++) {
      weightedMultipliers[i] = multipliers[i]! * this.scaling.constraints[i]!;
    }
    values.fill(NaN);
    const weight = objectiveWeight * this.scaling.objective;
    if (!this.attempt((argument) => this.problem.hessian!(argument, weight, weightedMultipliers, values), x)) {
      return false;
    }
    return scaleFinite(values, 1);
  }

  /** Σ of the violations of the rows, scaled units. */
  violation(point: PointValues): number {
    let sum = 0;
    for (let i = 0; i < point.constraints.length; i++) {
      sum += absoluteViolation(point.constraints[i]!, this.rowLower[i]!, this.rowUpper[i]!);
    }
    return sum;
  }

  /** Largest violation of a row or bound relative to its side, in the problem's own units. */
  relativeViolation(point: PointValues): number {
    const { meta, scaling } = this;
    let largest = 0;
    for (let i = 0; i < meta.constraintCount; i++) {
      const value = point.constraints[i]! / scaling.constraints[i]!;
      largest = Math.max(largest, relativeViolation(value, meta.constraintLower[i]!, meta.constraintUpper[i]!));
    }
    for (let j = 0; j < meta.variableCount; j++) {
      largest = Math.max(largest, relativeViolation(point.x[j]!, meta.lower[j]!, meta.upper[j]!));
    }
    return largest;
  }

  /** Calls with a copy of x, so that a function that writes into its argument does no harm. */
  private attempt(call: (x: Float64Array) => unknown, x: Float64Array): boolean {
    this.argument.set(x);
    try {
      call(this.argument);
      return true;
    } catch {
      return false;
    }
  }
}

function scaleFinite(values: Float64Array, factor: number): boolean {
  let finite = true;
  for (let k = 0; k < values.length; k++) {
    const value = values[k]! * factor;
    values[k] = value;
    if (!Number.isFinite(value)) finite = false;
  }
  return finite;
}
