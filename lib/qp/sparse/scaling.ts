import type { SparseMatrix } from '../../linalg/index.js';

/** P (lower triangle), A and q of a problem in sparse form, with its n + m conditions: bounds first, then rows. */
export interface SparseProgram {
  readonly variableCount: number;
  readonly constraintCount: number;
  /** Lower triangle of P. */
  readonly hessian: SparseMatrix;
  readonly constraintMatrix: SparseMatrix;
  readonly linear: Float64Array;
  /** Sides of the conditions, length n + m. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** x = variableScale·x̂, y = rowScale·ŷ/costScale, z = ẑ/(variableScale·costScale). */
export interface ScaledProgram {
  readonly program: SparseProgram;
  readonly variableScale: Float64Array;
  readonly rowScale: Float64Array;
  readonly costScale: number;
}

const scalingPasses = 12;
const scaleLimit = 1e6;
const costLimit = 1e16;
const reachableSide = 1e8;

/**
 * Ruiz equilibration (2001) of the KKT matrix [P Aᵀ; A 0] to rows of max-norm 1, then of the cost. With a `size` the
 * scaled variables are those divided by it as well: the size that a solution has in the equilibrated problem.
 */
export function equilibrate(source: SparseProgram, size = 1): ScaledProgram {
  const { variableCount: n, constraintCount: m } = source;
  const hessian = { ...source.hessian, values: source.hessian.values.slice() };
  const constraintMatrix = { ...source.constraintMatrix, values: source.constraintMatrix.values.slice() };
  const variableScale = new Float64Array(n).fill(1);
  const rowScale = new Float64Array(m).fill(1);
  const columnNorm = new Float64Array(n);
  const rowNorm = new Float64Array(m);
  for (let pass = 0; pass < scalingPasses; pass++) {
    columnNorm.fill(0);
    rowNorm.fill(0);
    gatherNorms(hessian, columnNorm, columnNorm);
    gatherNorms(constraintMatrix, rowNorm, columnNorm);
    let deviation = 0;
    for (let j = 0; j < n; j++) {
      deviation = Math.max(deviation, distanceFromOne(columnNorm[j]!));
      columnNorm[j] = limitedInverseRoot(columnNorm[j]!, variableScale[j]!);
      variableScale[j]! *= columnNorm[j]!;
    }
    for (let i = 0; i < m; i++) {
      deviation = Math.max(deviation, distanceFromOne(rowNorm[i]!));
      rowNorm[i] = limitedInverseRoot(rowNorm[i]!, rowScale[i]!);
      rowScale[i]! *= rowNorm[i]!;
    }
    scaleEntries(hessian, columnNorm, columnNorm);
    scaleEntries(constraintMatrix, rowNorm, columnNorm);
    if (deviation < 0.1) break;
  }
  let bend = 0;
  for (let k = 0; k < hessian.values.length; k++) {
    hessian.values[k]! *= size * size;
    bend = Math.max(bend, Math.abs(hessian.values[k]!));
  }
  for (let j = 0; j < n; j++) variableScale[j]! *= size;
  for (let i = 0; i < m; i++) rowScale[i]! /= size;
  const linear = new Float64Array(n);
  let largest = 0;
  for (let j = 0; j < n; j++) {
    linear[j] = source.linear[j]! * variableScale[j]!;
    largest = Math.max(largest, Math.abs(linear[j]!));
  }
  const costScale = 1 / Math.min(costLimit, Math.max(1 / costLimit, Math.max(bend, largest) || 1));
  for (let j = 0; j < n; j++) linear[j]! *= costScale;
  for (let k = 0; k < hessian.values.length; k++) hessian.values[k]! *= costScale;
  const lower = source.lower.slice();
  const upper = source.upper.slice();
  for (let c = 0; c < n + m; c++) {
    const factor = c < n ? 1 / variableScale[c]! : rowScale[c - n]!;
    lower[c]! *= factor;
    upper[c]! *= factor;
  }
  return {
    program: { variableCount: n, constraintCount: m, hessian, constraintMatrix, linear, lower, upper },
    variableScale,
    rowScale,
    costScale,
  };
}

/** The largest finite side of a program, at least 1 and at most 10⁸: sides beyond that are there to be out of reach. */
export function largestSide({ lower, upper }: SparseProgram): number {
  let largest = 1;
  for (let c = 0; c < lower.length; c++) {
    for (const side of [Math.abs(lower[c]!), Math.abs(upper[c]!)]) {
      if (side > largest && side <= reachableSide) largest = side;
    }
  }
  return largest;
}

function distanceFromOne(norm: number): number {
  return norm === 0 ? 0 : Math.abs(1 - norm);
}

function limitedInverseRoot(norm: number, present: number): number {
  if (norm === 0) return 1;
  const factor = 1 / Math.sqrt(norm);
  return Math.min(scaleLimit / present, Math.max(1 / scaleLimit / present, factor));
}

function gatherNorms(matrix: SparseMatrix, rowNorm: Float64Array, columnNorm: Float64Array): void {
  const { columns, columnStarts, rowIndices, values } = matrix;
  for (let j = 0; j < columns; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      const size = Math.abs(values[k]!);
      const i = rowIndices[k]!;
      if (size > rowNorm[i]!) rowNorm[i] = size;
      if (size > columnNorm[j]!) columnNorm[j] = size;
    }
  }
}

function scaleEntries(matrix: SparseMatrix, rowFactor: Float64Array, columnFactor: Float64Array): void {
  const { columns, columnStarts, rowIndices, values } = matrix;
  for (let j = 0; j < columns; j++) {
    for (let k = columnStarts[j]!; k < columnStarts[j + 1]!; k++) {
      values[k]! *= rowFactor[rowIndices[k]!]! * columnFactor[j]!;
    }
  }
}
