import { denseMatrix, type DenseMatrix, type DiagonalMatrix } from '../linalg/index.js';
import type { NonlinearProgram, QuadraticProgram } from '../problem/index.js';
import type { Termination } from '../solver/index.js';

/** A solver of convex quadratic programs whose claim of infeasibility is certified. */
export type QuadraticSolver = (program: QuadraticProgram) => { readonly termination: Termination };

/** Larger ones would cost more than the relaxations that they may save. */
const mostEntries = 100_000;

/** Rows that every point of a convex program better than a cutoff keeps, from the tangents at one point. */
export interface Tangents {
  readonly x: Float64Array;
  /** Gradients of the constraints that may be used, and last of the objective; row-major. */
  readonly rows: DenseMatrix;
  /** Sides of rows·y, those of the constraints widened by the tolerance; the objective's upper one leaves out the cutoff. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/**
 * Tangents of objective and constraints of a convex program at x (the cuts of outer approximation: Duran & Grossmann 1986);
 * undefined where there are no derivatives or where they are not finite.
 */
export function tangentsAt(problem: NonlinearProgram, x: Float64Array, tolerance: number): Tangents | undefined {
  const { variableCount: n, constraintCount: m, linearConstraints, constraintLower, constraintUpper } = problem.meta;
  if (!problem.gradient || (m > 0 && !problem.jacobian) || (m + 1) * n > mostEntries) return undefined;
  const gradient = new Float64Array(n);
  const values = new Float64Array(m);
  let objective: number;
  let jacobian: Float64Array[];
  try {
    objective = problem.objective(x);
    problem.gradient(x, gradient);
    problem.constraints?.(x, values);
    jacobian = m > 0 ? denseJacobian(problem, x) : [];
  } catch {
    return undefined;
  }
  const isFinite = [[objective], gradient, values, ...jacobian].every((part) => part.every(Number.isFinite));
  if (!isFinite) return undefined;
  // A curved row with two sides is convex on one of them at most: its tangent bounds nothing for certain.
  const used = Array.from(values.keys()).filter(
    (row) => linearConstraints?.[row] === 1 || constraintLower[row] === -Infinity || constraintUpper[row] === Infinity,
  );
  const slopes = [...used.map((row) => jacobian[row]!), gradient];
  /** Value at x less that of the gradient there. */
  const constants = [...used.map((row) => values[row]!), objective].map((value, k) =>
    slopes[k]!.reduce((rest, slope, j) => rest - slope * x[j]!, value),
  );
  const sides = (given: Float64Array, outwards: -1 | 1, ofObjective: number) =>
    Float64Array.from(constants, (constant, k) => {
      if (k === used.length) return ofObjective - constant;
      const side = given[used[k]!]!;
      return side + outwards * tolerance * Math.max(1, Math.abs(side)) - constant;
    });
  const rows = denseMatrix(slopes.length, n);
  slopes.forEach((slope, k) => rows.values.set(slope, k * n));
  return {
    x: x.slice(),
    rows,
    lower: sides(constraintLower, -1, -Infinity),
    upper: sides(constraintUpper, 1, 0),
  };
}

/** The rows of the Jacobian at x. */
export function denseJacobian(problem: NonlinearProgram, x: Float64Array): Float64Array[] {
  const { variableCount: n, constraintCount: m, jacobianPattern } = problem.meta;
  const rows = Array.from({ length: m }, () => new Float64Array(n));
  const values = new Float64Array(jacobianPattern ? jacobianPattern.rows.length : m * n);
  problem.jacobian!(x, values);
  values.forEach((value, k) => {
    const row = jacobianPattern ? jacobianPattern.rows[k]! : Math.floor(k / n);
    const column = jacobianPattern ? jacobianPattern.columns[k]! : k % n;
    rows[row]![column]! += value;
  });
  return rows;
}

/**
 * Whether the tangents leave no point of the box with an objective below `cutoff`: asked of a quadratic program that seeks
 * the nearest such point to where they touch.
 */
export function excludes(
  { x, rows, lower, upper }: Tangents,
  solve: QuadraticSolver,
  boxLower: Float64Array,
  boxUpper: Float64Array,
  cutoff: number,
): boolean {
  const identity: DiagonalMatrix = { kind: 'diagonal', values: new Float64Array(x.length).fill(1) };
  const belowCutoff = upper.slice();
  belowCutoff[upper.length - 1]! += cutoff + 1e-9 * Math.max(1, Math.abs(cutoff));
  const { termination } = solve({
    hessian: identity,
    linear: x.map((value) => -value),
    constraintMatrix: rows,
    constraintLower: lower,
    constraintUpper: belowCutoff,
    lower: boxLower,
    upper: boxUpper,
  });
  return termination === 'infeasible';
}
