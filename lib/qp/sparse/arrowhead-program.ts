import { ArgumentError } from '../../errors/index.js';
import { assembleSparse, type DenseMatrix } from '../../linalg/index.js';
import type { QuadraticProgram } from '../../problem/index.js';

/**
 * A quadratic program of n private variables x, k shared variables t and few coupling rows:
 *
 *   minimise   ½ Σ dⱼxⱼ² + qᵀx + ½ tᵀTt + pᵀt
 *   subject to rowLowerⱼ ≤ aⱼxⱼ + sⱼᵀt ≤ rowUpperⱼ        one row for each private variable,
 *              couplingLower ≤ Cx + Gt ≤ couplingUpper     r rows,
 *              bounds on x and t.
 *
 * Each private row has one private column and the few shared ones, so that with the rows ordered last but one the
 * matrix looks like an arrowhead. Epigraph forms of min–max problems are of this kind (k = 1, pᵀt = t), and so are
 * separable programs with few rows (no private rows, k = 0) and diagonal-plus-low-rank Hessians (t = Vᵀx).
 * ±Infinity for an absent side.
 */
export interface ArrowheadQuadraticProgram {
  /** d ≥ 0, length n. */
  readonly privateHessian: Float64Array;
  /** q, length n. */
  readonly privateLinear: Float64Array;
  /** Lower bounds of x, length n. */
  readonly privateLower: Float64Array;
  /** Upper bounds of x, length n. */
  readonly privateUpper: Float64Array;
  /** T, k × k, positive semidefinite; absent: zero. */
  readonly sharedHessian?: DenseMatrix;
  /** p, length k. */
  readonly sharedLinear: Float64Array;
  /** Lower bounds of t, length k. */
  readonly sharedLower: Float64Array;
  /** Upper bounds of t, length k. */
  readonly sharedUpper: Float64Array;
  /** The private rows; absent: none. */
  readonly privateRows?: {
    /** a, length n; a zero entry leaves a row on t alone. */
    readonly privateCoefficients: Float64Array;
    /** s, n × k. */
    readonly sharedCoefficients: DenseMatrix;
    readonly lower: Float64Array;
    readonly upper: Float64Array;
  };
  /** C, r × n. */
  readonly couplingPrivate: DenseMatrix;
  /** G, r × k; absent: zero. */
  readonly couplingShared?: DenseMatrix;
  /** Lower sides of the coupling rows, length r. */
  readonly couplingLower: Float64Array;
  /** Upper sides of the coupling rows, length r. */
  readonly couplingUpper: Float64Array;
}

/** Numbers of private variables, shared variables and coupling rows. */
export interface ArrowheadShape {
  /** Private variables n. */
  readonly privateCount: number;
  /** Shared variables k. */
  readonly sharedCount: number;
  /** Coupling rows r. */
  readonly couplingCount: number;
}

/**
 * Sizes of a program; throws RangeError when its parts do not fit together.
 *
 * @param program - Private rows and variables with few shared ones.
 * @throws ArgumentError where the parts do not fit together.
 * @example
 * ```ts
 * import { denseMatrix } from 'sft-opt/linalg';
 * import { arrowheadShape } from 'sft-opt/qp/sparse';
 *
 * const program = {
 *   privateHessian: Float64Array.of(1, 1),
 *   privateLinear: Float64Array.of(-1, -2),
 *   privateLower: Float64Array.of(0, 0),
 *   privateUpper: Float64Array.of(5, 5),
 *   sharedLinear: new Float64Array(0),
 *   sharedLower: new Float64Array(0),
 *   sharedUpper: new Float64Array(0),
 *   couplingPrivate: denseMatrix(1, 2, Float64Array.of(1, 1)),
 *   couplingLower: Float64Array.of(-Infinity),
 *   couplingUpper: Float64Array.of(2),
 * };
 * console.log(arrowheadShape(program)); // { privateCount: 2, sharedCount: 0, couplingCount: 1 }
 * ```
 */
export function arrowheadShape(program: ArrowheadQuadraticProgram): ArrowheadShape {
  const n = program.privateLinear.length;
  const k = program.sharedLinear.length;
  const r = program.couplingLower.length;
  const expectLength = (name: string, found: number, wanted: number): void => {
    if (found !== wanted) throw new ArgumentError(`${name} must have length ${wanted}, found ${found}`);
  };
  expectLength('privateHessian', program.privateHessian.length, n);
  expectLength('privateLower', program.privateLower.length, n);
  expectLength('privateUpper', program.privateUpper.length, n);
  expectLength('sharedLower', program.sharedLower.length, k);
  expectLength('sharedUpper', program.sharedUpper.length, k);
  expectLength('sharedHessian', program.sharedHessian?.values.length ?? k * k, k * k);
  expectLength('couplingPrivate', program.couplingPrivate.values.length, r * n);
  expectLength('couplingShared', program.couplingShared?.values.length ?? r * k, r * k);
  expectLength('couplingUpper', program.couplingUpper.length, r);
  const rows = program.privateRows;
  if (rows !== undefined) {
    expectLength('privateCoefficients', rows.privateCoefficients.length, n);
    expectLength('sharedCoefficients', rows.sharedCoefficients.values.length, n * k);
    expectLength('privateRows.lower', rows.lower.length, n);
    expectLength('privateRows.upper', rows.upper.length, n);
  }
  return { privateCount: n, sharedCount: k, couplingCount: r };
}

/**
 * The same problem in general form: variables (x, t), rows first the private ones (if any), then the coupling rows.
 *
 * @param program - Private rows and variables with few shared ones.
 * @example
 * ```ts
 * import { denseMatrix } from 'sft-opt/linalg';
 * import { arrowheadToQuadraticProgram, solveQp } from 'sft-opt/qp/sparse';
 *
 * const program = {
 *   privateHessian: Float64Array.of(1, 1),
 *   privateLinear: Float64Array.of(-1, -2),
 *   privateLower: Float64Array.of(0, 0),
 *   privateUpper: Float64Array.of(5, 5),
 *   sharedLinear: new Float64Array(0),
 *   sharedLower: new Float64Array(0),
 *   sharedUpper: new Float64Array(0),
 *   couplingPrivate: denseMatrix(1, 2, Float64Array.of(1, 1)),
 *   couplingLower: Float64Array.of(-Infinity),
 *   couplingUpper: Float64Array.of(2),
 * };
 * console.log(solveQp(arrowheadToQuadraticProgram(program)).x); // Float64Array(2) [ 0.5, 1.5 ]
 * ```
 */
export function arrowheadToQuadraticProgram(program: ArrowheadQuadraticProgram): QuadraticProgram {
  const { privateCount: n, sharedCount: k, couplingCount: r } = arrowheadShape(program);
  const privateRows = program.privateRows;
  const rowCount = privateRows === undefined ? 0 : n;
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  const put = (row: number, column: number, value: number): void => {
    if (value === 0) return;
    rows.push(row);
    columns.push(column);
    values.push(value);
  };
  if (privateRows !== undefined) {
    for (let j = 0; j < n; j++) {
      put(j, j, privateRows.privateCoefficients[j]!);
      for (let c = 0; c < k; c++) put(j, n + c, privateRows.sharedCoefficients.values[j * k + c]!);
    }
  }
  for (let i = 0; i < r; i++) {
    for (let j = 0; j < n; j++) put(rowCount + i, j, program.couplingPrivate.values[i * n + j]!);
    for (let c = 0; c < k; c++) put(rowCount + i, n + c, program.couplingShared?.values[i * k + c] ?? 0);
  }
  const hessianRows: number[] = [];
  const hessianColumns: number[] = [];
  const hessianValues: number[] = [];
  for (let j = 0; j < n; j++) {
    hessianRows.push(j);
    hessianColumns.push(j);
    hessianValues.push(program.privateHessian[j]!);
  }
  for (let a = 0; a < k; a++) {
    for (let b = 0; b < k; b++) {
      hessianRows.push(n + a);
      hessianColumns.push(n + b);
      hessianValues.push(program.sharedHessian?.values[a * k + b] ?? 0);
    }
  }
  const join = (first: Float64Array | undefined, second: Float64Array): Float64Array => {
    const result = new Float64Array((first?.length ?? 0) + second.length);
    if (first !== undefined) result.set(first);
    result.set(second, first?.length ?? 0);
    return result;
  };
  return {
    hessian: assembleSparse(n + k, n + k, hessianRows, hessianColumns, hessianValues).matrix,
    linear: join(program.privateLinear, program.sharedLinear),
    constraintMatrix: assembleSparse(rowCount + r, n + k, rows, columns, values).matrix,
    constraintLower: join(privateRows?.lower, program.couplingLower),
    constraintUpper: join(privateRows?.upper, program.couplingUpper),
    lower: join(program.privateLower, program.sharedLower),
    upper: join(program.privateUpper, program.sharedUpper),
  };
}

/** Bounds on the shared variables, and the private rows that they come from (−1: their own). */
export interface TightenedShared {
  /** Lower bounds of t. */
  readonly lower: Float64Array;
  /** Upper bounds of t. */
  readonly upper: Float64Array;
  /** Private row behind the lower bound; −1 for its own. */
  readonly lowerSource: number;
  /** Private row behind the upper bound; −1 for its own. */
  readonly upperSource: number;
}

/**
 * With one shared variable each private row and the bounds of its variable together bound t: with t kept within the
 * tightest of these no private interval is ever empty. With none or several the bounds are their own.
 *
 * @param program - Private rows and variables with few shared ones.
 * @example
 * ```ts
 * import { denseMatrix } from 'sft-opt/linalg';
 * import { tightenShared } from 'sft-opt/qp/sparse';
 *
 * const program = {
 *   privateHessian: Float64Array.of(1, 1),
 *   privateLinear: Float64Array.of(-1, -2),
 *   privateLower: Float64Array.of(0, 0),
 *   privateUpper: Float64Array.of(5, 5),
 *   sharedLinear: new Float64Array(0),
 *   sharedLower: new Float64Array(0),
 *   sharedUpper: new Float64Array(0),
 *   couplingPrivate: denseMatrix(1, 2, Float64Array.of(1, 1)),
 *   couplingLower: Float64Array.of(-Infinity),
 *   couplingUpper: Float64Array.of(2),
 * };
 * console.log(tightenShared(program).lower); // Float64Array(0) []
 * ```
 */
export function tightenShared(program: ArrowheadQuadraticProgram): TightenedShared {
  const lower = program.sharedLower.slice();
  const upper = program.sharedUpper.slice();
  let lowerSource = -1;
  let upperSource = -1;
  const rows = program.privateRows;
  if (rows !== undefined && lower.length === 1) {
    for (let j = 0; j < program.privateLinear.length; j++) {
      const s = rows.sharedCoefficients.values[j]!;
      if (s === 0) continue;
      const a = rows.privateCoefficients[j]!;
      const atLower = a === 0 ? 0 : a * program.privateLower[j]!;
      const atUpper = a === 0 ? 0 : a * program.privateUpper[j]!;
      const first = (rows.lower[j]! - Math.max(atLower, atUpper)) / s;
      const second = (rows.upper[j]! - Math.min(atLower, atUpper)) / s;
      const low = s > 0 ? first : second;
      const high = s > 0 ? second : first;
      if (low > lower[0]!) {
        lower[0] = low;
        lowerSource = j;
      }
      if (high < upper[0]!) {
        upper[0] = high;
        upperSource = j;
      }
    }
  }
  return { lower, upper, lowerSource, upperSource };
}
