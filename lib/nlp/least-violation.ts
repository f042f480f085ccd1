import { euclideanNorm, leastEigenpair, maxNorm } from '../linalg/index.js';
import type { NonlinearProgram } from '../problem/index.js';
import { addTransposeProduct, type Evidence } from './conclusion.js';
import { allFinite } from './evaluator.js';

/** Slopes over a step of one unit, absolute and relative to the violation, that count as none. */
const stationarySlope = 1e-3;
const stationaryShare = 0.1;
/** Variables up to which all axes are probed, and products that seek a direction in which the violation bends downwards. */
const mostAxes = 20;
const products = 10;
/** Step for differences of the violation's gradient, and lengths of the probes, relative to max(1, ‖x‖∞). */
const differenceStep = 1e-4;
const lengths = [1, 0.1, 0.01];
/** Share of the violation that a probe must take off, and multiple of what the remaining slope explains. */
const leastFall = 1e-3;
const explained = 2;

/** What became of a claim that no point near violates the constraints less. */
export interface LeastViolationVerdict {
  readonly isLeast: boolean;
  /** A point within the bounds at which the violation is smaller. */
  readonly lower?: Float64Array;
}

/**
 * Judges from the problem itself whether its violation has a positive local minimum at a point. Two tests, of the Euclidean
 * norm of the violations and of their sum as the multipliers weight it, one of which must pass both: its slope within the
 * bounds is small, also against its own size (where no constraint qualification holds, as in t² ≤ 0, the slope vanishes
 * together with the violation), and no probe along the axes and along the direction of least curvature finds it lower (at
 * a maximum or a saddle the slope vanishes as well).
 */
export function judgeLeastViolation(
  { point }: Evidence,
  problem: NonlinearProgram,
  expired: () => boolean,
): LeastViolationVerdict {
  if (!problem.jacobian) return { isLeast: false };
  const { x, multipliers } = point;
  let lower: Float64Array | undefined;
  for (const weights of [undefined, multipliers]) {
    const violation = new Violation(problem, x, weights);
    const gradient = new Float64Array(x.length);
    const value = violation.gradient(x, gradient);
    if (!(value > 0) || !Number.isFinite(value)) continue;
    const slope = violation.slopeWithinBounds(x, gradient);
    if (!(slope <= Math.min(stationarySlope, stationaryShare * value))) continue;
    const found = lowerPoint(violation, x, value, slope, expired);
    if (!found) return { isLeast: true };
    lower ??= found;
  }
  return { isLeast: false, ...(lower && { lower }) };
}

/** ‖v(x)‖, or Σ wᵢ|vᵢ(x)| with the part w of given multipliers that pushes against the violations at a point, ‖w‖ = 1. */
class Violation {
  private readonly values: Float64Array;
  private readonly excess: Float64Array;
  private readonly forces: Float64Array;
  private readonly jacobian: Float64Array;
  private readonly weights: Float64Array | undefined;

  constructor(
    private readonly problem: NonlinearProgram,
    x: Float64Array,
    multipliers: Float64Array | undefined,
  ) {
    const { variableCount: n, constraintCount: m, jacobianPattern } = problem.meta;
    this.values = new Float64Array(m);
    this.excess = new Float64Array(m);
    this.forces = new Float64Array(m);
    this.jacobian = new Float64Array(jacobianPattern ? jacobianPattern.rows.length : n * m);
    if (!multipliers) return;
    this.load(x);
    const stated = multipliers.map((y, i) => (y * this.excess[i]! > 0 ? Math.abs(y) : 0));
    const norm = euclideanNorm(stated);
    this.weights = stated.map((weight) => weight / norm);
  }

  /** x + length·direction, moved into the bounds. */
  within(x: Float64Array, length: number, direction: Float64Array): Float64Array {
    const { lower, upper } = this;
    return x.map((at, j) => Math.min(Math.max(at + length * direction[j]!, lower[j]!), upper[j]!));
  }

  get lower(): Float64Array {
    return this.problem.meta.lower;
  }

  get upper(): Float64Array {
    return this.problem.meta.upper;
  }

  private load(x: Float64Array): void {
    const { constraintLower, constraintUpper } = this.problem.meta;
    this.problem.constraints!(x, this.values);
    for (let i = 0; i < this.values.length; i++) {
      const value = this.values[i]!;
      this.excess[i] = value - Math.min(Math.max(value, constraintLower[i]!), constraintUpper[i]!);
    }
  }

  value(x: Float64Array): number {
    this.load(x);
    const { weights, excess } = this;
    if (!weights) return euclideanNorm(excess);
    return weights.reduce((sum, weight, i) => sum + weight * Math.abs(excess[i]!), 0);
  }

  /** Writes the gradient and returns the value; NaN where one of them is not defined. */
  gradient(x: Float64Array, target: Float64Array): number {
    const value = this.value(x);
    const { excess, weights, forces, jacobian, problem } = this;
    for (let i = 0; i < forces.length; i++) {
      forces[i] = weights ? weights[i]! * Math.sign(excess[i]!) : excess[i]! / value;
    }
    problem.jacobian!(x, jacobian);
    target.fill(0);
    addTransposeProduct(problem.meta, problem.meta.jacobianPattern, jacobian, forces, target);
    return allFinite(target) ? value : NaN;
  }

  /** Largest component of a step of −gradient that the bounds let happen. */
  slopeWithinBounds(x: Float64Array, gradient: Float64Array): number {
    let largest = 0;
    for (let j = 0; j < x.length; j++) {
      const moved = Math.min(Math.max(x[j]! - gradient[j]!, this.lower[j]!), this.upper[j]!);
      largest = Math.max(largest, Math.abs(x[j]! - moved));
    }
    return largest;
  }
}

/** A point around x at which the violation is smaller by more than the slope there explains. */
function lowerPoint(
  violation: Violation,
  x: Float64Array,
  value: number,
  slope: number,
  expired: () => boolean,
): Float64Array | undefined {
  const scale = Math.max(1, maxNorm(x));
  for (const direction of probes(violation, x, scale)) {
    for (const length of lengths) {
      for (const sign of [1, -1]) {
        if (expired()) return undefined;
        const trial = violation.within(x, sign * length * scale, direction);
        const fall = value - violation.value(trial);
        if (fall > leastFall * value && fall > explained * slope * length * scale * x.length) return trial;
      }
    }
  }
  return undefined;
}

/** Unit vectors: the one of least curvature, and the axes where they are few. */
function probes(violation: Violation, x: Float64Array, scale: number): Float64Array[] {
  const n = x.length;
  const directions: Float64Array[] = [];
  const step = differenceStep * scale;
  const behind = new Float64Array(n);
  // Differences about a point as far inside the bounds as the step, so that none is taken outside.
  const inside = x.map((at, j) => {
    const room = Math.min(step, 0.5 * (violation.upper[j]! - violation.lower[j]!));
    return Math.min(Math.max(at, violation.lower[j]! + room), violation.upper[j]! - room);
  });
  const least = leastEigenpair(
    (vector, target) => {
      const ahead = violation.gradient(violation.within(inside, step, vector), target);
      const back = violation.gradient(violation.within(inside, -step, vector), behind);
      for (let j = 0; j < n; j++) target[j] = (target[j]! - behind[j]!) / (2 * step);
      if (!Number.isFinite(ahead + back)) target.fill(NaN);
    },
    n,
    Math.min(products, n),
  );
  if (least && euclideanNorm(least.vector) > 0) directions.push(least.vector);
  if (n <= mostAxes) {
    for (let j = 0; j < n; j++) directions.push(Float64Array.from({ length: n }, (_, k) => (k === j ? 1 : 0)));
  }
  return directions;
}
