import type { NonlinearProgram } from '../problem/index.js';
import { differencePair, slopeThrough } from './finite-difference.js';

/** One derivative that does not agree with the differences. */
export interface DerivativeDisagreement {
  /** Which of the problem's derivatives it is. */
  readonly what: 'gradient' | 'jacobian' | 'hessian' | 'hessianProduct';
  /** Constraint of a Jacobian entry, row of a Hessian entry; absent for the gradient. */
  readonly row?: number;
  /** Variable. */
  readonly column: number;
  /** What the problem's function returned. */
  readonly given: number;
  /** What differences of the function below it give. */
  readonly differenced: number;
  /** |given − differenced| over max(1, |given|, |differenced|). */
  readonly relativeError: number;
}

/** How given derivatives compare with differences. */
export interface DerivativeReport {
  /** True if nothing disagrees. */
  readonly agrees: boolean;
  /** Worst first. */
  readonly disagreements: readonly DerivativeDisagreement[];
  /** Largest relative error of all entries, also of those within the tolerance. */
  readonly largestError: number;
  /** Which derivatives the problem has and were compared. */
  readonly checked: readonly DerivativeDisagreement['what'][];
}

/** Differences over less than this, relative to the variable, are rounding. */
const leastReach = 1e-8;

/**
 * Compares the derivatives of a problem at x with central differences: gradient and Jacobian with those of the
 * functions, Hessian and Hessian products with those of the Lagrangian's gradient (if the problem has first
 * derivatives). Entries outside the declared sparsity pattern are compared with 0. Costs about 2n
 * evaluations of everything, none outside the bounds; variables that their bounds fix are passed over.
 * At a kink, or where rounding in f is large, differences are no judge: `tolerance` (relative, default 1e-5) bounds what
 * is reported. Throws what the problem throws.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @param x - Point, length variableCount.
 * @param tolerance - Relative difference from which a derivative is reported.
 * @throws Whatever the problem's own functions throw.
 * @example
 * ```ts
 * import { checkDerivatives } from 'sft-opt/derivative';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 0,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(4, 4),
 *     constraintLower: new Float64Array(0),
 *     constraintUpper: new Float64Array(0),
 *     start: Float64Array.of(1, 1),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 2) ** 2 + (x[1]! + 1) ** 2,
 *   gradient: (x: Float64Array, g: Float64Array) => void g.set([2 * (x[0]! - 2), 2 * (x[1]! + 1)]),
 * };
 * console.log(checkDerivatives(problem).agrees); // true
 * ```
 */
export function checkDerivatives(
  problem: NonlinearProgram,
  x: Float64Array = problem.meta.start,
  tolerance = 1e-5,
): DerivativeReport {
  const comparison = new Comparison(tolerance);
  const { variableCount: n, constraintCount: m } = problem.meta;
  const multipliers = Float64Array.from({ length: m }, (_, i) => 0.5 + ((i * 7) % 5) / 4);
  const objectiveWeight = 0.75;
  const jacobian = problem.jacobian && m > 0 ? denseJacobian(problem, x) : undefined;
  const gradient = problem.gradient ? new Float64Array(n) : undefined;
  if (gradient) problem.gradient!(x.slice(), gradient);
  const firstOrder = gradient !== undefined && (m === 0 || jacobian !== undefined);
  const hessian = problem.hessian && firstOrder ? denseHessian(problem, x, objectiveWeight, multipliers) : undefined;
  const product = new Float64Array(n);
  const unit = new Float64Array(n);
  const objective = gradient ? problem.objective(x.slice()) : NaN;
  const constraintValues = jacobian ? constraintsAt(problem, x) : undefined;
  const needsSecond = firstOrder && (hessian !== undefined || problem.hessianProduct !== undefined);
  const slopes = needsSecond ? lagrangianGradient(problem, x, objectiveWeight, multipliers) : undefined;
  for (let j = 0; j < n; j++) {
    const [first, second] = differencePair(x[j]!, problem.meta.lower[j]!, problem.meta.upper[j]!);
    // Nothing can be said of a variable that its bounds (all but) fix.
    if (Math.abs(second - x[j]!) < leastReach * Math.max(1, Math.abs(x[j]!))) continue;
    const ahead = x.slice();
    const behind = x.slice();
    ahead[j] = first;
    behind[j] = second;
    const slope = (base: number, high: number, low: number): number =>
      slopeThrough(base, first - x[j]!, high, second - x[j]!, low);
    if (gradient) {
      const differenced = slope(objective, problem.objective(ahead.slice()), problem.objective(behind.slice()));
      comparison.add({ what: 'gradient', column: j }, gradient[j]!, differenced);
    }
    if (jacobian) {
      const high = constraintsAt(problem, ahead);
      const low = constraintsAt(problem, behind);
      for (let i = 0; i < m; i++) {
        const differenced = slope(constraintValues![i]!, high[i]!, low[i]!);
        comparison.add({ what: 'jacobian', row: i, column: j }, jacobian[i * n + j]!, differenced);
      }
    }
    if (!slopes) continue;
    const high = lagrangianGradient(problem, ahead, objectiveWeight, multipliers);
    const low = lagrangianGradient(problem, behind, objectiveWeight, multipliers);
    if (problem.hessianProduct) {
      unit.fill(0);
      unit[j] = 1;
      problem.hessianProduct(x.slice(), objectiveWeight, multipliers, unit, product);
    }
    for (let i = 0; i < n; i++) {
      const differenced = slope(slopes[i]!, high[i]!, low[i]!);
      if (hessian) comparison.add({ what: 'hessian', row: i, column: j }, hessian[i * n + j]!, differenced);
      if (problem.hessianProduct)
        comparison.add({ what: 'hessianProduct', row: i, column: j }, product[i]!, differenced);
    }
  }
  return comparison.report();
}

class Comparison {
  private readonly found: DerivativeDisagreement[] = [];
  private readonly checked = new Set<DerivativeDisagreement['what']>();
  private largest = 0;

  constructor(private readonly tolerance: number) {}

  add(at: Pick<DerivativeDisagreement, 'what' | 'row' | 'column'>, given: number, differenced: number): void {
    this.checked.add(at.what);
    const error = Math.abs(given - differenced) / Math.max(1, Math.abs(given), Math.abs(differenced));
    const relativeError = Number.isNaN(error) ? Infinity : error;
    this.largest = Math.max(this.largest, relativeError);
    if (relativeError > this.tolerance) this.found.push({ ...at, given, differenced, relativeError });
  }

  report(): DerivativeReport {
    this.found.sort((a, b) => b.relativeError - a.relativeError);
    return {
      agrees: this.found.length === 0,
      disagreements: this.found,
      largestError: this.largest,
      checked: [...this.checked],
    };
  }
}

function constraintsAt(problem: NonlinearProgram, x: Float64Array): Float64Array {
  const values = new Float64Array(problem.meta.constraintCount);
  problem.constraints!(x.slice(), values);
  return values;
}

function denseJacobian(problem: NonlinearProgram, x: Float64Array): Float64Array {
  const { variableCount: n, constraintCount: m, jacobianPattern } = problem.meta;
  const dense = new Float64Array(n * m);
  if (!jacobianPattern) {
    problem.jacobian!(x.slice(), dense);
    return dense;
  }
  const values = new Float64Array(jacobianPattern.rows.length);
  problem.jacobian!(x.slice(), values);
  values.forEach((value, k) => {
    const at = jacobianPattern.rows[k]! * n + jacobianPattern.columns[k]!;
    dense[at] = dense[at]! + value;
  });
  return dense;
}

function denseHessian(
  problem: NonlinearProgram,
  x: Float64Array,
  objectiveWeight: number,
  multipliers: Float64Array,
): Float64Array {
  const { variableCount: n, hessianPattern } = problem.meta;
  const values = new Float64Array(hessianPattern ? hessianPattern.rows.length : (n * (n + 1)) / 2);
  problem.hessian!(x.slice(), objectiveWeight, multipliers, values);
  const dense = new Float64Array(n * n);
  let row = 0;
  let column = 0;
  for (let k = 0; k < values.length; k++) {
    const i = hessianPattern ? hessianPattern.rows[k]! : row;
    const j = hessianPattern ? hessianPattern.columns[k]! : column;
    dense[i * n + j] = dense[i * n + j]! + values[k]!;
    if (i !== j) dense[j * n + i] = dense[j * n + i]! + values[k]!;
    if (++column > row) {
      row++;
      column = 0;
    }
  }
  return dense;
}

function lagrangianGradient(
  problem: NonlinearProgram,
  x: Float64Array,
  objectiveWeight: number,
  multipliers: Float64Array,
): Float64Array {
  const n = x.length;
  const gradient = new Float64Array(n);
  problem.gradient!(x.slice(), gradient);
  for (let j = 0; j < n; j++) gradient[j] = gradient[j]! * objectiveWeight;
  if (multipliers.length === 0) return gradient;
  const jacobian = denseJacobian(problem, x);
  multipliers.forEach((multiplier, i) => {
    for (let j = 0; j < n; j++) gradient[j] = gradient[j]! + multiplier * jacobian[i * n + j]!;
  });
  return gradient;
}
