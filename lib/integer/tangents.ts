import { denseMatrix, type DiagonalMatrix } from '../linalg/index.js';
import type { NonlinearProgram, QuadraticProgram } from '../problem/index.js';
import type { Termination } from '../solver/index.js';

/** A solver of convex quadratic programs whose claim of infeasibility is certified. */
export type QuadraticSolver = (program: QuadraticProgram) => { readonly termination: Termination };

/** Larger ones would cost more than the relaxations that they may save. */
const mostEntries = 100_000;

/** Rows by which every point of a convex program that is better than a cutoff lies, from the tangents at one point. */
export interface Tangents {
  readonly x: Float64Array;
  readonly objective: number;
  /** Rows of the constraints that may be used, then the objective's gradient; dense, row-major. */
  readonly rows: Float64Array;
  /** Sides of those rows, the objective's not among them, widened by the tolerance. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/**
 * Tangents of objective and constraints of a convex program at x (the cuts of outer approximation: Duran & Grossmann 1986);
 * undefined where there are no derivatives or where they are not finite.
 */
export function tangentsAt(problem: NonlinearProgram, x: Float64Array, tolerance: number): Tangents | undefined {
  const { meta } = problem;
  const { variableCount: n, constraintCount: m, linearConstraints, jacobianPattern } = meta;
  if (!problem.gradient || (m > 0 && !problem.jacobian) || (m + 1) * n > mostEntries) return undefined;
  const gradient = new Float64Array(n);
  const values = new Float64Array(m);
  const jacobian = new Float64Array(m > 0 ? (jacobianPattern?.rows.length ?? m * n) : 0);
  let objective: number;
  try {
    objective = problem.objective(x);
    problem.gradient(x, gradient);
    problem.constraints?.(x, values);
    problem.jacobian?.(x, jacobian);
  } catch {
    return undefined;
  }
  const isFinite = [[objective], gradient, values, jacobian].every((part) => part.every(Number.isFinite));
  if (!isFinite) return undefined;
  const all = new Float64Array(m * n);
  jacobian.forEach((value, k) => {
    const row = jacobianPattern ? jacobianPattern.rows[k]! : Math.floor(k / n);
    const column = jacobianPattern ? jacobianPattern.columns[k]! : k % n;
    all[row * n + column]! += value;
  });
  // A curved row with two sides is convex on one of them at most: its tangent bounds nothing for certain.
  const used = Array.from(values.keys()).filter(
    (row) =>
      linearConstraints?.[row] === 1 ||
      meta.constraintLower[row] === -Infinity ||
      meta.constraintUpper[row] === Infinity,
  );
  const rows = new Float64Array((used.length + 1) * n);
  const side = (row: number, k: number, value: number, outwards: -1 | 1) => {
    let constant = values[row]!;
    for (let j = 0; j < n; j++) constant -= rows[k * n + j]! * x[j]!;
    return value + outwards * tolerance * Math.max(1, Math.abs(value)) - constant;
  };
  used.forEach((row, k) => rows.set(all.subarray(row * n, (row + 1) * n), k * n));
  rows.set(gradient, used.length * n);
  return {
    x: x.slice(),
    objective,
    rows,
    lower: Float64Array.from(used, (row, k) => side(row, k, meta.constraintLower[row]!, -1)),
    upper: Float64Array.from(used, (row, k) => side(row, k, meta.constraintUpper[row]!, 1)),
  };
}

/**
 * Whether the tangents leave no point of the box with an objective below `cutoff`: asked of a quadratic program that seeks
 * the nearest such point to where they touch.
 */
export function excludes(
  { x, objective, rows, lower, upper }: Tangents,
  solve: QuadraticSolver,
  boxLower: Float64Array,
  boxUpper: Float64Array,
  cutoff: number,
): boolean {
  const n = x.length;
  const count = lower.length;
  let atOrigin = objective;
  for (let j = 0; j < n; j++) atOrigin -= rows[count * n + j]! * x[j]!;
  const identity: DiagonalMatrix = { kind: 'diagonal', values: new Float64Array(n).fill(1) };
  const { termination } = solve({
    hessian: identity,
    linear: x.map((value) => -value),
    constraintMatrix: denseMatrix(count + 1, n, rows),
    constraintLower: Float64Array.from([...lower, -Infinity]),
    constraintUpper: Float64Array.from([...upper, cutoff + 1e-9 * Math.max(1, Math.abs(cutoff)) - atOrigin]),
    lower: boxLower,
    upper: boxUpper,
  });
  return termination === 'infeasible';
}
