import { assembleSparse, emptySparse, toSparse, type SparseMatrix, type SymmetricMatrix } from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';

/** A relaxation of a problem's rows, and where its extra variables are. */
export interface RelaxedProgram {
  readonly problem: QuadraticProgram;
  /** Amount added to each row's activity by a solution of the relaxation. */
  relaxation(solution: Float64Array): Float64Array;
}

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

/** Appends columns, given as (row, column offset, value) triplets, to a matrix. */
function appendColumns(
  matrix: SparseMatrix,
  extra: number,
  rows: readonly number[],
  columns: readonly number[],
  values: readonly number[],
): SparseMatrix {
  const added = assembleSparse(matrix.rows, extra, rows, columns, values).matrix;
  const count = matrix.columnStarts[matrix.columns]!;
  const columnStarts = new Int32Array(matrix.columns + extra + 1);
  columnStarts.set(matrix.columnStarts);
  for (let j = 1; j <= extra; j++) columnStarts[matrix.columns + j] = count + added.columnStarts[j]!;
  const rowIndices = new Int32Array(count + added.rowIndices.length);
  rowIndices.set(matrix.rowIndices.subarray(0, count));
  rowIndices.set(added.rowIndices, count);
  return {
    kind: 'sparse',
    rows: matrix.rows,
    columns: matrix.columns + extra,
    columnStarts,
    rowIndices,
    values: concatenate(matrix.values.subarray(0, count), added.values),
  };
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
): RelaxedProgram {
  const n = problem.linear.length;
  const m = problem.constraintLower.length;
  const matrix = problem.constraintMatrix === undefined ? emptySparse(m, n) : toSparse(problem.constraintMatrix);
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  const rowOf: number[] = [];
  const signOf: number[] = [];
  for (let i = 0; i < m; i++) {
    for (const sign of [1, -1]) {
      const side = sign > 0 ? problem.constraintLower[i]! : problem.constraintUpper[i]!;
      if (!Number.isFinite(side)) continue;
      rows.push(i);
      columns.push(rowOf.length);
      values.push(sign);
      rowOf.push(i);
      signOf.push(sign);
    }
  }
  const slackCount = rowOf.length;
  const common = norm === 'maximum' ? 1 : 0;
  const total = n + slackCount + common;
  let constraintMatrix = appendColumns(matrix, slackCount + common, rows, columns, values);
  let { constraintLower, constraintUpper } = problem;
  if (common === 1) {
    // One row more for each slack: slack ≤ t.
    constraintMatrix = appendCommonRows(constraintMatrix, n, slackCount);
    constraintLower = concatenate(constraintLower, new Float64Array(slackCount).fill(-Infinity));
    constraintUpper = concatenate(constraintUpper, new Float64Array(slackCount));
  }
  const costs = new Float64Array(slackCount + common).fill(common === 1 ? 0 : penalty);
  if (common === 1) costs[slackCount] = penalty;
  const hessian = objective ? extendHessian(problem.hessian, n, total) : undefined;
  return {
    problem: {
      ...(hessian && { hessian }),
      linear: concatenate(objective ? problem.linear : new Float64Array(n), costs),
      constraintMatrix,
      constraintLower,
      constraintUpper,
      lower: concatenate(problem.lower, new Float64Array(slackCount + common)),
      upper: concatenate(problem.upper, new Float64Array(slackCount + common).fill(Infinity)),
    },
    relaxation: (solution) => {
      const amounts = new Float64Array(m);
      for (let k = 0; k < slackCount; k++) amounts[rowOf[k]!]! += signOf[k]! * solution[n + k]!;
      return amounts;
    },
  };
}

function appendCommonRows(matrix: SparseMatrix, n: number, slackCount: number): SparseMatrix {
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  for (let j = 0; j < matrix.columns; j++) {
    for (let k = matrix.columnStarts[j]!; k < matrix.columnStarts[j + 1]!; k++) {
      rows.push(matrix.rowIndices[k]!);
      columns.push(j);
      values.push(matrix.values[k]!);
    }
  }
  for (let k = 0; k < slackCount; k++) {
    rows.push(matrix.rows + k, matrix.rows + k);
    columns.push(n + k, n + slackCount);
    values.push(1, -1);
  }
  return assembleSparse(matrix.rows + slackCount, matrix.columns, rows, columns, values).matrix;
}

/**
 * The problem of the steepest recession direction: minimise qᵀd subject to Pd = 0, Ad and d within the recession cone
 * of the sides, −1 ≤ d ≤ 1. It is feasible and bounded; a negative optimum is a ray of endless descent.
 */
export function rayProgram(problem: QuadraticProgram): QuadraticProgram {
  const n = problem.linear.length;
  const m = problem.constraintLower.length;
  const matrix = problem.constraintMatrix === undefined ? emptySparse(m, n) : toSparse(problem.constraintMatrix);
  const hessian = hessianRows(problem.hessian, n);
  const hessianRowCount = hessian.rows;
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  for (const [part, shift] of [
    [matrix, 0],
    [hessian, m],
  ] as const) {
    for (let j = 0; j < n; j++) {
      for (let k = part.columnStarts[j]!; k < part.columnStarts[j + 1]!; k++) {
        rows.push(part.rowIndices[k]! + shift);
        columns.push(j);
        values.push(part.values[k]!);
      }
    }
  }
  const cone = (side: number): number => (Number.isFinite(side) ? 0 : side);
  const box = (side: number): number => (Number.isFinite(side) ? 0 : Math.sign(side));
  const scale = problem.linear.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
  return {
    linear: problem.linear.map((value) => value / scale),
    constraintMatrix: assembleSparse(m + hessianRowCount, n, rows, columns, values).matrix,
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
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  const diagonal = hessian.kind === 'diagonal' ? hessian.values : hessian.diagonal;
  for (let j = 0; j < n; j++) {
    rows.push(j);
    columns.push(j);
    values.push(diagonal[j]!);
  }
  let count = n;
  if (hessian.kind === 'diagonal-plus-low-rank') {
    // D ≥ 0 and w ≥ 0: dᵀPd = 0 exactly when Dd = 0 and Vᵀd = 0.
    const { factor } = hessian;
    for (let c = 0; c < factor.columns; c++) {
      for (let j = 0; j < n; j++) {
        rows.push(n + c);
        columns.push(j);
        values.push(factor.values[j * factor.columns + c]!);
      }
    }
    count += factor.columns;
  }
  return assembleSparse(count, n, rows, columns, values).matrix;
}
