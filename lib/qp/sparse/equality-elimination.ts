import {
  copySymmetricToDense,
  copyToDense,
  denseMatrix,
  dotRange,
  multiplyRows,
  PivotedQr,
  type DenseMatrix,
} from '../../linalg/index.js';
import type { QuadraticProgram } from '../../problem/index.js';
import type { QpCandidate } from '../candidate.js';

/** Dependent equalities may contradict each other by this much, relative to max(1, |side|), and be dropped. */
const consistencyTolerance = 1e-10;

/** A program without its equality rows, and the way back. */
export interface EliminatedProgram {
  /** The program without its equality rows. */
  readonly reduced: QuadraticProgram;
  /** Candidate of the original program from one of the reduced one. */
  recover(candidate: QpCandidate): QpCandidate;
}

/**
 * Indices of the equality rows.
 *
 * @param program - Its sides alone matter.
 * @example
 * ```ts
 * import { denseMatrix } from 'sft-opt/linalg';
 * import { equalityRows } from 'sft-opt/qp/sparse';
 *
 * const problem = {
 *   hessian: { kind: 'diagonal' as const, values: Float64Array.of(2, 2) },
 *   linear: Float64Array.of(-2, -4),
 *   constraintMatrix: denseMatrix(1, 2, Float64Array.of(1, 1)),
 *   constraintLower: Float64Array.of(-Infinity),
 *   constraintUpper: Float64Array.of(2),
 *   lower: Float64Array.of(0, 0),
 *   upper: Float64Array.of(Infinity, Infinity),
 * };
 * console.log(equalityRows({ ...problem, constraintLower: Float64Array.of(2) })); // Int32Array(1) [ 0 ]
 * ```
 */
export function equalityRows({ constraintLower, constraintUpper }: QuadraticProgram): Int32Array {
  const all = Int32Array.from(constraintLower, (_, i) => i);
  return all.filter((i) => constraintLower[i] === constraintUpper[i]);
}

/**
 * Null-space elimination of the equality rows Ex = e (Nocedal & Wright 2006, §16.2): with EᵀΠ = QR and Z the last
 * columns of Q, every solution of them is x = x₀ + Zw, and what is left is a program in w,
 *
 *   ½wᵀ(ZᵀPZ)w + (Zᵀ(Px₀ + q))ᵀw   subject to the inequality rows A(x₀ + Zw) and bounds x₀ + Zw, now rows.
 *
 * Its Hessian is definite wherever P is definite on the null space of E, however singular P itself is. Undefined when
 * there are no equality rows or dependent ones contradict each other. Dense: O(n³).
 *
 * @param problem - Hessian, costs, rows and bounds; P symmetric positive semidefinite where a solution is wanted.
 * @example
 * ```ts
 * import { denseMatrix } from 'sft-opt/linalg';
 * import { eliminateEqualities } from 'sft-opt/qp/sparse';
 *
 * const problem = {
 *   hessian: { kind: 'diagonal' as const, values: Float64Array.of(2, 2) },
 *   linear: Float64Array.of(-2, -4),
 *   constraintMatrix: denseMatrix(1, 2, Float64Array.of(1, 1)),
 *   constraintLower: Float64Array.of(-Infinity),
 *   constraintUpper: Float64Array.of(2),
 *   lower: Float64Array.of(0, 0),
 *   upper: Float64Array.of(Infinity, Infinity),
 * };
 * const eliminated = eliminateEqualities({ ...problem, constraintLower: Float64Array.of(2) });
 * console.log(eliminated?.reduced.linear.length); // 1
 * ```
 */
export function eliminateEqualities(problem: QuadraticProgram): EliminatedProgram | undefined {
  const equalities = equalityRows(problem);
  if (equalities.length === 0 || problem.constraintMatrix === undefined) return undefined;
  const n = problem.linear.length;
  const m = problem.constraintLower.length;
  const matrix = new Float64Array(m * n);
  copyToDense(problem.constraintMatrix, matrix);
  const transposed = denseMatrix(n, equalities.length);
  equalities.forEach((row, c) => {
    for (let j = 0; j < n; j++) transposed.values[j * equalities.length + c] = matrix[row * n + j]!;
  });
  const factor = new PivotedQr(transposed);
  const point = particularSolution(problem, equalities, factor);
  for (const row of equalities) {
    const side = problem.constraintLower[row]!;
    const error = Math.abs(dotRange(matrix, row * n, point, 0, n) - side);
    if (!(error <= consistencyTolerance * Math.max(1, Math.abs(side)))) return undefined;
  }
  const basis = factor.complementBasis();
  const hessian = new Float64Array(n * n);
  copySymmetricToDense(problem.hessian, n, hessian);
  const inequalities = Int32Array.from({ length: m }, (_, i) => i).filter(
    (i) => problem.constraintLower[i] !== problem.constraintUpper[i],
  );
  const bounded = Int32Array.from({ length: n }, (_, j) => j).filter(
    (j) => problem.lower[j] !== -Infinity || problem.upper[j] !== Infinity,
  );
  const gradient = new Float64Array(n);
  multiplyRows(hessian, n, n, point, gradient);
  for (let j = 0; j < n; j++) gradient[j]! += problem.linear[j]!;
  const parts: Parts = { problem, matrix, hessian, equalities, inequalities, bounded, point, basis, factor };
  return {
    reduced: reducedProgram(parts, gradient),
    recover: (candidate) => recover(parts, gradient, candidate),
  };
}

interface Parts {
  readonly problem: QuadraticProgram;
  /** A and P, dense and row-major. */
  readonly matrix: Float64Array;
  readonly hessian: Float64Array;
  readonly equalities: Int32Array;
  readonly inequalities: Int32Array;
  /** Variables with a finite bound. */
  readonly bounded: Int32Array;
  /** x₀. */
  readonly point: Float64Array;
  /** Z, n × (n − rank). */
  readonly basis: DenseMatrix;
  /** QR of Eᵀ. */
  readonly factor: PivotedQr;
}

/** The solution of the equalities nearest to the origin. */
function particularSolution(problem: QuadraticProgram, equalities: Int32Array, factor: PivotedQr): Float64Array {
  const work = new Float64Array(factor.rows);
  for (let k = 0; k < factor.rank; k++) work[k] = problem.constraintLower[equalities[factor.permutation[k]!]!]!;
  factor.solveUpperTransposed(work);
  factor.multiply(work);
  return work;
}

function reducedProgram(parts: Parts, gradient: Float64Array): QuadraticProgram {
  const { problem, matrix, hessian, inequalities, bounded, point, basis } = parts;
  const n = point.length;
  const width = basis.columns;
  const columns = Array.from({ length: width }, (_, c) =>
    Float64Array.from({ length: n }, (__, j) => basis.values[j * width + c]!),
  );
  const reducedHessian = denseMatrix(width, width);
  const product = new Float64Array(n);
  columns.forEach((column, c) => {
    multiplyRows(hessian, n, n, column, product);
    for (let d = 0; d <= c; d++) {
      const value = dotRange(columns[d]!, 0, product, 0, n);
      reducedHessian.values[c * width + d] = value;
      reducedHessian.values[d * width + c] = value;
    }
  });
  const rowCount = inequalities.length + bounded.length;
  const rows = denseMatrix(rowCount, width);
  const lower = new Float64Array(rowCount);
  const upper = new Float64Array(rowCount);
  inequalities.forEach((i, r) => {
    const offset = dotRange(matrix, i * n, point, 0, n);
    lower[r] = problem.constraintLower[i]! - offset;
    upper[r] = problem.constraintUpper[i]! - offset;
    columns.forEach((column, c) => (rows.values[r * width + c] = dotRange(matrix, i * n, column, 0, n)));
  });
  bounded.forEach((j, b) => {
    const r = inequalities.length + b;
    lower[r] = problem.lower[j]! - point[j]!;
    upper[r] = problem.upper[j]! - point[j]!;
    for (let c = 0; c < width; c++) rows.values[r * width + c] = basis.values[j * width + c]!;
  });
  return {
    hessian: reducedHessian,
    linear: Float64Array.from(columns, (column) => dotRange(column, 0, gradient, 0, n)),
    constraintMatrix: rows,
    constraintLower: lower,
    constraintUpper: upper,
    lower: new Float64Array(width).fill(-Infinity),
    upper: new Float64Array(width).fill(Infinity),
  };
}

/** x = x₀ + Zw; the multipliers of the equalities from stationarity, Eᵀy = −(∇f + Aᵀy + z). */
function recover(parts: Parts, gradient: Float64Array, candidate: QpCandidate): QpCandidate {
  const { problem, matrix, hessian, equalities, inequalities, bounded, point, basis, factor } = parts;
  const n = point.length;
  const m = problem.constraintLower.length;
  const step = new Float64Array(n);
  multiplyRows(basis.values, n, basis.columns, candidate.x, step);
  const x = point.map((value, j) => value + step[j]!);
  const multipliers = new Float64Array(m);
  const boundMultipliers = new Float64Array(n);
  const constraints = new Int8Array(m);
  const bounds = new Int8Array(n);
  const target = new Float64Array(n);
  multiplyRows(hessian, n, n, step, target);
  for (let j = 0; j < n; j++) target[j] = -(target[j]! + gradient[j]!);
  inequalities.forEach((i, r) => {
    const multiplier = candidate.multipliers[r]!;
    multipliers[i] = multiplier;
    constraints[i] = candidate.workingSet.constraints[r]!;
    if (multiplier !== 0) for (let j = 0; j < n; j++) target[j]! -= multiplier * matrix[i * n + j]!;
  });
  bounded.forEach((j, b) => {
    const r = inequalities.length + b;
    boundMultipliers[j] = candidate.multipliers[r]!;
    bounds[j] = candidate.workingSet.constraints[r]!;
    target[j]! -= boundMultipliers[j];
  });
  factor.multiplyTransposed(target);
  factor.solveUpper(target);
  for (let k = 0; k < factor.rank; k++) multipliers[equalities[factor.permutation[k]!]!] = target[k]!;
  for (const i of equalities) constraints[i] = 1;
  const { farkas: _farkas, ray, ...rest } = candidate;
  const direction = ray && new Float64Array(n);
  if (ray && direction) multiplyRows(basis.values, n, basis.columns, ray, direction);
  return {
    ...rest,
    x,
    multipliers,
    boundMultipliers,
    workingSet: { bounds, constraints },
    ...(direction && { ray: direction }),
  };
}
