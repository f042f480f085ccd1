import {
  denseMatrix,
  toSparse,
  transpose,
  type DenseMatrix,
  type SparseMatrix,
  type SymmetricMatrix,
} from '../../linalg/index.js';
import type { QuadraticProgram } from '../../problem/index.js';
import type { QpCandidate } from '../candidate.js';
import type { QpWarmStart } from '../result.js';
import type { ArrowheadQuadraticProgram } from './arrowhead-program.js';

/** Most coupling rows, and most shared variables, of a program that counts as structured. */
const couplingLimit = 12;
const sharedLimit = 4;
/** A column with entries in this fraction of the rows is shared. */
const sharedFraction = 0.25;

/** A program found to have arrowhead structure, and the ways there and back. */
export interface StructuredProgram {
  readonly arrowhead: ArrowheadQuadraticProgram;
  /** A point of the original program in the order of the arrowhead. */
  order(warmStart: QpWarmStart): QpWarmStart;
  /** A candidate of the arrowhead as one of the original program. */
  recover(candidate: QpCandidate): QpCandidate;
}

/** Where the parts of the original program are in the arrowhead. */
interface Layout {
  readonly privateColumns: Int32Array;
  readonly sharedColumns: Int32Array;
  /** Row of the original program at each private variable, −1 for none. */
  readonly privateRows: Int32Array;
  readonly couplingRows: Int32Array;
}

/** Hessian D + V·diag(w)·Vᵀ, diagonal apart from the shared variables; V absent for a diagonal one. */
interface HessianParts {
  readonly diagonal: Float64Array;
  readonly factor?: DenseMatrix;
  readonly weights?: Float64Array;
  /** Off-diagonal entries (row, column, value) of one triangle. */
  readonly offDiagonal: readonly (readonly [number, number, number])[];
}

/**
 * Looks for arrowhead structure: a Hessian that is diagonal (or diagonal plus low rank) with positive entries for all
 * but the shared variables, and rows that are few, or have one private variable each beside few shared ones. Undefined
 * where there is none. A low-rank part becomes shared variables t = Vᵀx with curvature w.
 */
export function findStructure(problem: QuadraticProgram): StructuredProgram | undefined {
  const parts = hessianParts(problem.hessian);
  if (parts === undefined) return undefined;
  const n = problem.linear.length;
  const m = problem.constraintLower.length;
  const matrix = problem.constraintMatrix === undefined ? undefined : toSparse(problem.constraintMatrix);
  const rank = parts.weights?.length ?? 0;
  if (rank > sharedLimit || (parts.weights?.some((value) => !(value > 0)) ?? false)) return undefined;
  const layout = findLayout(n, m, matrix, rank);
  if (layout === undefined || !fits(parts, layout)) return undefined;
  return {
    arrowhead: assemble(problem, matrix, parts, layout),
    order: (warmStart) => order(warmStart, layout, parts),
    recover: (candidate) => ({
      ...recover(candidate, layout, n, m),
      ...(parts.offDiagonal.length === 0 && { convex: true }),
    }),
  };
}

function hessianParts(hessian: SymmetricMatrix | undefined): HessianParts | undefined {
  if (hessian === undefined || hessian.kind === 'dense') return undefined;
  if (hessian.kind === 'diagonal') return { diagonal: hessian.values, offDiagonal: [] };
  if (hessian.kind === 'diagonal-plus-low-rank') {
    return { diagonal: hessian.diagonal, factor: hessian.factor, weights: hessian.weights, offDiagonal: [] };
  }
  const diagonal = new Float64Array(hessian.rows);
  const offDiagonal: [number, number, number][] = [];
  for (let j = 0; j < hessian.columns; j++) {
    for (let k = hessian.columnStarts[j]!; k < hessian.columnStarts[j + 1]!; k++) {
      const i = hessian.rowIndices[k]!;
      if (i === j) diagonal[j]! += hessian.values[k]!;
      else if (hessian.values[k] !== 0) offDiagonal.push([i, j, hessian.values[k]!]);
      if (offDiagonal.length > sharedLimit * sharedLimit) return undefined;
    }
  }
  return { diagonal, offDiagonal };
}

function findLayout(n: number, m: number, matrix: SparseMatrix | undefined, rank: number): Layout | undefined {
  const all = Int32Array.from({ length: n }, (_, j) => j);
  if (matrix === undefined || m <= couplingLimit - rank) {
    const rows = Int32Array.from({ length: m }, (_, i) => i);
    return {
      privateColumns: all,
      sharedColumns: new Int32Array(0),
      privateRows: new Int32Array(0),
      couplingRows: rows,
    };
  }
  const entriesOf = (j: number): number => matrix.columnStarts[j + 1]! - matrix.columnStarts[j]!;
  const isShared = (j: number): boolean => entriesOf(j) >= sharedFraction * m;
  const sharedColumns = all.filter(isShared);
  if (rank > 0 || sharedColumns.length > sharedLimit) return undefined;
  const privateColumns = all.filter((j) => !isShared(j));
  const position = new Int32Array(n).fill(-1);
  privateColumns.forEach((j, p) => (position[j] = p));
  const privateRows = new Int32Array(privateColumns.length).fill(-1);
  const couplingRows: number[] = [];
  const rows = transpose(matrix);
  for (let i = 0; i < m; i++) {
    let own = -1;
    let count = 0;
    for (let k = rows.columnStarts[i]!; k < rows.columnStarts[i + 1]!; k++) {
      const p = position[rows.rowIndices[k]!]!;
      if (p < 0 || rows.values[k] === 0) continue;
      own = p;
      count++;
    }
    if (count === 1 && privateRows[own] === -1) privateRows[own] = i;
    else couplingRows.push(i);
    if (couplingRows.length > couplingLimit) return undefined;
  }
  return { privateColumns, sharedColumns, privateRows, couplingRows: Int32Array.from(couplingRows) };
}

/** True if every private variable has curvature of its own and none is tied to another one. */
function fits({ diagonal, offDiagonal }: HessianParts, { privateColumns, sharedColumns }: Layout): boolean {
  if (privateColumns.some((j) => !(diagonal[j]! > 0)) || sharedColumns.some((j) => !(diagonal[j]! >= 0))) return false;
  const shared = new Set(sharedColumns);
  return offDiagonal.every(([i, j]) => shared.has(i) && shared.has(j));
}

function assemble(
  problem: QuadraticProgram,
  matrix: SparseMatrix | undefined,
  parts: HessianParts,
  { privateColumns, sharedColumns, privateRows, couplingRows }: Layout,
): ArrowheadQuadraticProgram {
  const n = privateColumns.length;
  const rank = parts.weights?.length ?? 0;
  const own = sharedColumns.length;
  const k = own + rank;
  const r = couplingRows.length + rank;
  const pick = (values: Float64Array, indices: Int32Array): Float64Array =>
    Float64Array.from(indices, (i) => values[i]!);
  const padded = (values: Float64Array, length: number, filler: number): Float64Array => {
    const result = new Float64Array(length).fill(filler);
    result.set(values);
    return result;
  };
  const sharedValues = new Float64Array(k * k);
  sharedColumns.forEach((j, c) => (sharedValues[c * k + c] = parts.diagonal[j]!));
  for (const [i, j, value] of parts.offDiagonal) {
    sharedValues[sharedColumns.indexOf(i) * k + sharedColumns.indexOf(j)]! += value;
  }
  for (let c = 0; c < rank; c++) sharedValues[(own + c) * k + own + c] = parts.weights![c]!;
  const couplingPrivate = new Float64Array(r * n);
  const couplingShared = new Float64Array(r * k);
  const coefficients = new Float64Array(n);
  const sharedCoefficients = new Float64Array(n * k);
  const m = problem.constraintLower.length;
  const couplingOf = new Int32Array(m).fill(-1);
  couplingRows.forEach((row, i) => (couplingOf[row] = i));
  const ownerOf = new Int32Array(m).fill(-1);
  privateRows.forEach((row, p) => {
    if (row >= 0) ownerOf[row] = p;
  });
  const scatter = (column: number, position: number, shared: boolean): void => {
    if (matrix === undefined) return;
    for (let e = matrix.columnStarts[column]!; e < matrix.columnStarts[column + 1]!; e++) {
      const row = matrix.rowIndices[e]!;
      const value = matrix.values[e]!;
      const i = couplingOf[row]!;
      if (i >= 0) {
        if (shared) couplingShared[i * k + position]! += value;
        else couplingPrivate[i * n + position]! += value;
      } else if (shared) sharedCoefficients[ownerOf[row]! * k + position]! += value;
      else if (ownerOf[row] === position) coefficients[position]! += value;
    }
  };
  privateColumns.forEach((j, p) => scatter(j, p, false));
  sharedColumns.forEach((j, c) => scatter(j, c, true));
  // Rows Vᵀx − t = 0 of a low-rank part.
  for (let c = 0; c < rank; c++) {
    const row = couplingRows.length + c;
    privateColumns.forEach((j, p) => (couplingPrivate[row * n + p] = parts.factor!.values[j * rank + c]!));
    couplingShared[row * k + own + c] = -1;
  }
  const side = (values: Float64Array, absent: number): Float64Array =>
    Float64Array.from(privateRows, (row) => (row < 0 ? absent : values[row]!));
  return {
    privateHessian: pick(parts.diagonal, privateColumns),
    privateLinear: pick(problem.linear, privateColumns),
    privateLower: pick(problem.lower, privateColumns),
    privateUpper: pick(problem.upper, privateColumns),
    sharedHessian: denseMatrix(k, k, sharedValues),
    sharedLinear: padded(pick(problem.linear, sharedColumns), k, 0),
    sharedLower: padded(pick(problem.lower, sharedColumns), k, -Infinity),
    sharedUpper: padded(pick(problem.upper, sharedColumns), k, Infinity),
    ...(privateRows.length > 0 && {
      privateRows: {
        privateCoefficients: coefficients,
        sharedCoefficients: denseMatrix(n, k, sharedCoefficients),
        lower: side(problem.constraintLower, -Infinity),
        upper: side(problem.constraintUpper, Infinity),
      },
    }),
    couplingPrivate: denseMatrix(r, n, couplingPrivate),
    couplingShared: denseMatrix(r, k, couplingShared),
    couplingLower: padded(pick(problem.constraintLower, couplingRows), r, 0),
    couplingUpper: padded(pick(problem.constraintUpper, couplingRows), r, 0),
  };
}

/** Positions of the arrowhead's variables and rows in the original program, −1 for those that it has not. */
function positions({ privateColumns, sharedColumns, privateRows, couplingRows }: Layout, rank: number) {
  const extra = Array.from({ length: rank }, () => -1);
  return {
    columns: [...privateColumns, ...sharedColumns, ...extra],
    rows: [...privateRows, ...couplingRows, ...extra],
  };
}

function order(warmStart: QpWarmStart, layout: Layout, { factor, weights }: HessianParts): QpWarmStart {
  const { x, multipliers, boundMultipliers, workingSet } = warmStart;
  const rank = weights?.length ?? 0;
  const { columns, rows } = positions(layout, rank);
  const gather = (values: Float64Array | undefined, indices: number[]): Float64Array | undefined =>
    values && Float64Array.from(indices, (i) => (i < 0 ? 0 : values[i]!));
  const sides = (values: Int8Array, indices: number[]): Int8Array =>
    Int8Array.from(indices, (i) => (i < 0 ? 0 : values[i]!));
  const point = gather(x, columns);
  if (x !== undefined && point !== undefined && factor !== undefined) {
    for (let c = 0; c < rank; c++) {
      let sum = 0;
      for (let j = 0; j < x.length; j++) sum += factor.values[j * rank + c]! * x[j]!;
      point[columns.length - rank + c] = sum;
    }
  }
  return {
    x: point,
    multipliers: gather(multipliers, rows),
    boundMultipliers: gather(boundMultipliers, columns),
    workingSet: workingSet && {
      bounds: sides(workingSet.bounds, columns),
      constraints: sides(workingSet.constraints, rows),
    },
  };
}

function recover(candidate: QpCandidate, layout: Layout, n: number, m: number): QpCandidate {
  const { columns, rows } = positions(layout, 0);
  const x = new Float64Array(n);
  const boundMultipliers = new Float64Array(n);
  const bounds = new Int8Array(n);
  const multipliers = new Float64Array(m);
  const constraints = new Int8Array(m);
  columns.forEach((j, p) => {
    x[j] = candidate.x[p]!;
    boundMultipliers[j] = candidate.boundMultipliers[p]!;
    bounds[j] = candidate.workingSet.bounds[p]!;
  });
  rows.forEach((i, p) => {
    if (i < 0) return;
    multipliers[i] = candidate.multipliers[p]!;
    constraints[i] = candidate.workingSet.constraints[p]!;
  });
  return { ...candidate, x, multipliers, boundMultipliers, workingSet: { bounds, constraints } };
}
