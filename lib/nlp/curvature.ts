import { euclideanNorm, leastEigenpair, type LinearOperator } from '../linalg/index.js';
import type { KktPoint } from '../problem/index.js';
import { addTransposeProduct } from './conclusion.js';
import { allFinite, type Evaluator } from './evaluator.js';
import { HeldSpace, largestEntry, RowGradients } from './held-space.js';

/** Variables beyond which curvature is not sought with differences of gradients. */
const mostDifferenced = 200;
/** Products for one direction, and directions without curvature that are followed. */
const steps = 15;
const mostDirections = 3;
/** Evaluations a variable that the products may take in any case. */
const affordedEach = 10;
/** Curvature, relative to the largest one seen or to the objective's size, below which it may be nothing but rounding. */
const flat = 1e-4;
/** Parts of the gradient that held rows and bounds may leave uncovered, relative to it and to the objective's size. */
const uncovered = 1e-2;
const leastSlope = 1e-3;
/** Lengths of the trial steps relative to max(1, ‖x‖∞). */
const lengths = [1, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4];
const corrections = 5;
/** Steps for differences of gradients, relative to max(1, ‖x‖∞): of given ones, and of such that are differences. */
const gradientStep = 1e-5;
const differenceStep = 1e-3;

/** What the search for lower points works with. */
export interface CurvatureProbe {
  readonly evaluator: Evaluator;
  readonly point: KktPoint;
  /** How much the objective changes over the size of the variables. */
  readonly objectiveSize: number;
  /** True if the first derivatives are the problem's own, not differences. */
  readonly exact: boolean;
  /** Objective evaluations that were spent on finding the point, and that are left. */
  readonly spent: number;
  readonly left: number;
  readonly expired: () => boolean;
  /** Asked after every trial point was evaluated: true if it is lower by more than tolerances explain. */
  readonly isLower: () => boolean;
}

/**
 * Second-order necessary conditions at a first-order point: seeks directions of negative curvature of the Lagrangian, or of
 * none, within what the multipliers hold (Nocedal & Wright 2006, Theorem 12.5), or of descent where the held gradients
 * depend on each other, and evaluates points along them, brought back to bounds and rows. True if one of them is feasible
 * and lower. Finding none proves nothing.
 */
export function findsLowerPoint(probe: CurvatureProbe): boolean {
  const { evaluator, point, expired } = probe;
  const { meta } = evaluator;
  const jacobian = new Float64Array(evaluator.jacobianLength);
  if (!allFinite(point.gradient) || !evaluator.jacobian(point.x, jacobian)) return false;
  const rows = new RowGradients(evaluator, jacobian);
  const held = HeldSpace.at(meta, point, rows, expired);
  if (!held || held.freedom <= 0) return false;
  const descent = point.gradient.map((value) => -value);
  held.project(descent);
  const slope = euclideanNorm(descent);
  const isUncovered =
    slope > uncovered * euclideanNorm(point.gradient) && slope > leastSlope * Math.max(1, probe.objectiveSize);
  if (isUncovered && triesAlong(probe, rows, descent, [1])) return true;
  const directions = flatDirections(probe, held);
  for (const [k, direction] of directions.entries()) {
    if (triesAlong(probe, rows, direction, [1, -1])) return true;
    for (const other of directions.slice(0, k)) {
      for (const sign of [1, -1]) {
        const mixed = direction.map((value, j) => value + sign * other[j]!);
        if (triesAlong(probe, rows, mixed, [1, -1])) return true;
      }
    }
  }
  return false;
}

/** Orthogonal directions in which the Lagrangian is curved downwards or not clearly upwards, the first ones found. */
function flatDirections(probe: CurvatureProbe, held: HeldSpace): Float64Array[] {
  const { evaluator, exact, spent, left, expired } = probe;
  const n = evaluator.meta.variableCount;
  const product = lagrangianProduct(probe);
  if (!product) return [];
  const free = exact || evaluator.hasHessian || evaluator.hasHessianProduct;
  const evaluations = Math.min(Math.max(spent, affordedEach * (n + 1)), left / 2);
  let affordable = free ? Infinity : Math.floor(evaluations / (2 * (n + 1)));
  const directions: Float64Array[] = [];
  const project = (vector: Float64Array): void => {
    held.project(vector);
    for (const direction of directions) removeUnitPart(vector, direction);
  };
  while (directions.length < Math.min(mostDirections, held.freedom) && affordable >= 1) {
    const least = leastEigenpair(
      (vector, target) => {
        const inside = vector.slice();
        project(inside);
        affordable--;
        if (expired()) target.fill(NaN);
        else product(inside, target);
        project(target);
      },
      n,
      Math.min(steps, affordable, held.freedom + 1),
    );
    if (!least || least.value > flat * Math.max(least.scale, probe.objectiveSize)) break;
    project(least.vector);
    const length = euclideanNorm(least.vector);
    if (!(length > 1e-8)) break;
    directions.push(least.vector.map((value) => value / length));
    // Clearly negative curvature needs no other direction.
    if (least.value < -flat * Math.max(least.scale, probe.objectiveSize)) break;
  }
  return directions;
}

function removeUnitPart(vector: Float64Array, unit: Float64Array): void {
  const along = vector.reduce((sum, value, j) => sum + value * unit[j]!, 0);
  for (let j = 0; j < vector.length; j++) vector[j]! -= along * unit[j]!;
}

function triesAlong(
  probe: CurvatureProbe,
  rows: RowGradients,
  direction: Float64Array,
  signs: readonly number[],
): boolean {
  const { evaluator, point, expired, isLower } = probe;
  const length = euclideanNorm(direction);
  if (!(length > 1e-8)) return false;
  const scale = Math.max(1, largestEntry(point.x)) / length;
  for (const share of lengths) {
    let lower = false;
    for (const sign of signs) {
      if (expired()) return lower;
      const trial = point.x.map((value, j) => value + sign * share * scale * direction[j]!);
      restore(probe, rows, trial);
      evaluator.objective(trial);
      lower = isLower() || lower;
    }
    if (lower) return true;
  }
  return false;
}

/** Brings a trial point back within bounds and rows by projections onto one violated row after the other. */
function restore({ evaluator, exact }: CurvatureProbe, base: RowGradients, trial: Float64Array): void {
  const { meta } = evaluator;
  const values = new Float64Array(meta.constraintCount);
  const jacobian = new Float64Array(exact ? evaluator.jacobianLength : 0);
  for (let pass = 0; pass <= corrections; pass++) {
    for (let j = 0; j < trial.length; j++) trial[j] = Math.min(Math.max(trial[j]!, meta.lower[j]!), meta.upper[j]!);
    if (values.length === 0 || !evaluator.constraints(trial, values) || pass === corrections) return;
    let rows: RowGradients | undefined;
    for (let i = 0; i < values.length; i++) {
      const excess =
        Math.max(0, values[i]! - meta.constraintUpper[i]!) - Math.max(0, meta.constraintLower[i]! - values[i]!);
      if (excess === 0) continue;
      rows ??= exact && evaluator.jacobian(trial, jacobian) ? new RowGradients(evaluator, jacobian) : base;
      const square = rows.square(i);
      if (!(square > 0)) return;
      rows.forEach(i, (column, value) => (trial[column]! -= (excess / square) * value));
    }
    if (!rows) return;
  }
}

function lagrangianProduct(probe: CurvatureProbe): LinearOperator | undefined {
  const { evaluator, point } = probe;
  const { x, multipliers } = point;
  if (evaluator.hasHessianProduct) {
    return (vector, target) => {
      if (!evaluator.hessianProduct(x, 1, multipliers, vector, target)) target.fill(NaN);
    };
  }
  if (!evaluator.hasHessian) return x.length <= mostDifferenced ? differencedProduct(probe) : undefined;
  const values = new Float64Array(evaluator.hessianLength);
  if (!evaluator.hessian(x, 1, multipliers, values)) return undefined;
  const { hessianPattern } = evaluator.meta;
  return (vector, target) => {
    target.fill(0);
    const add = (i: number, j: number, value: number): void => {
      target[i]! += value * vector[j]!;
      if (i !== j) target[j]! += value * vector[i]!;
    };
    if (hessianPattern) values.forEach((v, k) => add(hessianPattern.rows[k]!, hessianPattern.columns[k]!, v));
    else for (let i = 0, k = 0; i < x.length; i++) for (let j = 0; j <= i; j++, k++) add(i, j, values[k]!);
  };
}

/** Products by central differences of the Lagrangian's gradient, about a point as far inside the bounds as the step. */
function differencedProduct({ evaluator, point, exact }: CurvatureProbe): LinearOperator {
  const { meta, problem } = evaluator;
  const { x, multipliers } = point;
  const jacobian = new Float64Array(evaluator.jacobianLength);
  const pattern = problem.jacobian ? meta.jacobianPattern : undefined;
  const step = (exact ? gradientStep : differenceStep) * Math.max(1, largestEntry(x));
  const inside = x.map((value, j) => {
    const room = Math.min(step, 0.5 * (meta.upper[j]! - meta.lower[j]!));
    return Math.min(Math.max(value, meta.lower[j]! + room), meta.upper[j]! - room);
  });
  const other = new Float64Array(x.length);
  const gradientAt = (vector: Float64Array, length: number, target: Float64Array): boolean => {
    const shifted = inside.map((value, j) =>
      Math.min(Math.max(value + length * vector[j]!, meta.lower[j]!), meta.upper[j]!),
    );
    if (!evaluator.gradient(shifted, exact ? NaN : evaluator.objective(shifted), target)) return false;
    if (meta.constraintCount === 0) return true;
    if (!evaluator.jacobian(shifted, jacobian)) return false;
    addTransposeProduct(meta, pattern, jacobian, multipliers, target);
    return true;
  };
  return (vector, target) => {
    const size = largestEntry(vector);
    if (size === 0) return void target.fill(0);
    const length = step / size;
    if (!gradientAt(vector, length, target) || !gradientAt(vector, -length, other)) return void target.fill(NaN);
    for (let j = 0; j < x.length; j++) target[j] = (target[j]! - other[j]!) / (2 * length);
  };
}
