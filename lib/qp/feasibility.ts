import { emptySparse, toSparse, Triplets, type SparseMatrix, type SymmetricMatrix } from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';

function extendHessian(hessian: SymmetricMatrix | undefined, from: number, to: number): SymmetricMatrix | undefined {
  if (hessian === undefined) return undefined;
  if (hessian.kind === 'diagonal') {
    const values = new Float64Array(to);
    values.set(hessian.values);
    return { kind: 'diagonal', values };
  }
  if (hessian.kind === 'diagonal-plus-low-rank') {
    const diagonal = new Float64Array(to);
    diagonal.set(hessian.diagonal);
    const { columns } = hessian.factor;
    const values = new Float64Array(to * columns);
    values.set(hessian.factor.values.subarray(0, from * columns));
    return { ...hessian, diagonal, factor: { kind: 'dense', rows: to, columns, values } };
  }
  const sparse = toSparse(hessian);
  const columnStarts = new Int32Array(to + 1).fill(sparse.columnStarts[from]!);
  columnStarts.set(sparse.columnStarts.subarray(0, from + 1));
  return { ...sparse, rows: to, columns: to, columnStarts };
}

function concatenate(first: Float64Array, second: ArrayLike<number>): Float64Array {
  const result = new Float64Array(first.length + second.length);
  result.set(first);
  result.set(second, first.length);
  return result;
}

/**
 * The problem with rows l ≤ Ax + p − r ≤ u and p, r ≥ 0 at a cost of `penalty` a unit: of their sum (`sum`), or of one
 * t ≥ 0 common to all rows (`maximum`). It is feasible whenever the bounds are. With `objective` false the original
 * objective is left out: the phase-one problem, whose multipliers prove infeasibility when its optimum is positive.
 */
export function relaxRows(
  problem: QuadraticProgram,
  norm: 'sum' | 'maximum',
  penalty: number,
  objective: boolean,
): QuadraticProgram {
  const n = problem.linear.length;
  const m = problem.constraintLower.length;
  const isCommon = norm === 'maximum';
  const triplets = new Triplets();
  triplets.addMatrix(rowsOf(problem));
  let slackCount = 0;
  for (let i = 0; i < m; i++) {
    if (Number.isFinite(problem.constraintLower[i])) triplets.add(i, n + slackCount++, 1);
    if (Number.isFinite(problem.constraintUpper[i])) triplets.add(i, n + slackCount++, -1);
  }
  const added = slackCount + (isCommon ? 1 : 0);
  const addedRows = isCommon ? slackCount : 0;
  // One row more for each slack: slack ≤ t.
  for (let k = 0; k < addedRows; k++) {
    triplets.add(m + k, n + k, 1);
    triplets.add(m + k, n + slackCount, -1);
  }
  const costs = new Float64Array(added).fill(penalty);
  if (isCommon) costs.fill(0, 0, slackCount);
  const hessian = objective ? extendHessian(problem.hessian, n, n + added) : undefined;
  return {
    ...(hessian && { hessian }),
    linear: concatenate(objective ? problem.linear : new Float64Array(n), costs),
    constraintMatrix: triplets.assemble(m + addedRows, n + added).matrix,
    constraintLower: concatenate(problem.constraintLower, new Float64Array(addedRows).fill(-Infinity)),
    constraintUpper: concatenate(problem.constraintUpper, new Float64Array(addedRows)),
    lower: concatenate(problem.lower, new Float64Array(added)),
    upper: concatenate(problem.upper, new Float64Array(added).fill(Infinity)),
  };
}

function rowsOf({ constraintMatrix, constraintLower, linear }: QuadraticProgram): SparseMatrix {
  return constraintMatrix === undefined
    ? emptySparse(constraintLower.length, linear.length)
    : toSparse(constraintMatrix);
}

/**
 * The problem of the steepest recession direction: minimise qᵀd subject to Pd = 0, Ad and d within the recession cone
 * of the sides, −1 ≤ d ≤ 1. It is feasible and bounded; a negative optimum is a ray of endless descent.
 */
export function rayProgram(problem: QuadraticProgram): QuadraticProgram {
  const n = problem.linear.length;
  const m = problem.constraintLower.length;
  const hessian = hessianRows(problem.hessian, n);
  const hessianRowCount = hessian.rows;
  const triplets = new Triplets();
  triplets.addMatrix(rowsOf(problem));
  triplets.addMatrix(hessian, m);
  const cone = (side: number): number => (Number.isFinite(side) ? 0 : side);
  const box = (side: number): number => (Number.isFinite(side) ? 0 : Math.sign(side));
  const scale = problem.linear.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
  return {
    linear: problem.linear.map((value) => value / scale),
    constraintMatrix: triplets.assemble(m + hessianRowCount, n).matrix,
    constraintLower: concatenate(problem.constraintLower.map(cone), new Float64Array(hessianRowCount)),
    constraintUpper: concatenate(problem.constraintUpper.map(cone), new Float64Array(hessianRowCount)),
    lower: problem.lower.map(box),
    upper: problem.upper.map(box),
  };
}

/** Rows whose vanishing means Pd = 0 (for a low-rank part its factor's columns would do, but P itself is simpler). */
function hessianRows(hessian: SymmetricMatrix | undefined, n: number): SparseMatrix {
  if (hessian === undefined) return emptySparse(0, n);
  if (hessian.kind === 'dense' || hessian.kind === 'sparse') return toSparse(hessian);
  const triplets = new Triplets();
  const diagonal = hessian.kind === 'diagonal' ? hessian.values : hessian.diagonal;
  for (let j = 0; j < n; j++) triplets.add(j, j, diagonal[j]!);
  if (hessian.kind === 'diagonal') return triplets.assemble(n, n).matrix;
  // D ≥ 0 and w ≥ 0: dᵀPd = 0 exactly when Dd = 0 and Vᵀd = 0.
  const { columns, values } = hessian.factor;
  for (let c = 0; c < columns; c++) {
    for (let j = 0; j < n; j++) triplets.add(n + c, j, values[j * columns + c]!);
  }
  return triplets.assemble(n + columns, n).matrix;
}
