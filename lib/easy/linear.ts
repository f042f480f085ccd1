import { certifyProgram, type CertifyProgramOptions, type ProgramCertification } from '../certify/index.js';
import { assembleSparse, type SparseMatrix } from '../linalg/index.js';
import { minimize, type MinimizeOptions } from '../minimize/index.js';
import type { MixedIntegerNonlinearProgram, QuadraticProgram } from '../problem/index.js';
import { solveQp, type QpOptionsInput } from '../qp/sparse/index.js';
import type { SolverResult, StopSignal, Termination } from '../solver/index.js';
import {
  byName,
  InputCheck,
  readBounds,
  readIntegers,
  readSides,
  type Bounds,
  type Integers,
  type Side,
} from './input.js';
import { reported, type Reported } from './report.js';

/** A row by name: coefficients of the variables it has, and its sides. */
export interface NamedRow<Name extends string> {
  /** Coefficients by variable; absent ones are 0. */
  readonly of: Readonly<Partial<Record<Name, number>>>;
  /** Least value of the row. */
  readonly atLeast?: Side;
  /** Most that the row may be. */
  readonly atMost?: Side;
  /** Value that the row must have, in place of the other two. */
  readonly equals?: Side;
}

/** An entry of a sparse matrix: row, column, value; entries of equal place add up. */
export type Triplet = readonly [row: number, column: number, value: number];

/** Costs as a list. Exactly one of `minimize` and `maximize`. */
interface ListedLinearProgram {
  readonly minimize?: readonly number[];
  readonly maximize?: readonly number[];
  /** Rows of the matrix, each with a number a variable. Default: none. */
  readonly rows?: readonly (readonly number[])[];
  /** The matrix by its non-zero entries, instead of `rows`. */
  readonly triplets?: readonly Triplet[];
  /** Lower sides of the rows; null for none. Default: none. */
  readonly atLeast?: readonly Side[];
  /** Upper sides of the rows; null for none. Default: none. */
  readonly atMost?: readonly Side[];
  /** Values that rows must have; null where they need not. Default: none. */
  readonly equals?: readonly Side[];
  /** Bounds of the variables. Default: [0, null], as linear programs mostly have it. */
  readonly bounds?: Bounds;
}

/** Costs, rows and bounds by name. Exactly one of `minimize` and `maximize`, which names all variables. */
interface NamedLinearProgram<Name extends string> {
  readonly minimize?: Readonly<Record<Name, number>>;
  readonly maximize?: Readonly<Record<Name, number>>;
  /** Rows by name. Default: none. */
  readonly rows?: Readonly<Record<string, NamedRow<NoInfer<Name>>>>;
  /** Bounds of the variables. Default: [0, null]. */
  readonly bounds?: Bounds;
}

/** A linear program: by lists, or by names. */
export type LinearProgram<Name extends string = string> = ListedLinearProgram | NamedLinearProgram<Name>;

/** A linear program with integer variables. */
export type MixedIntegerLinearProgram<Name extends string = string> = LinearProgram<Name> & {
  /** Variables that must be integers: all, or by index or name. Default: all. */
  readonly integers?: Integers;
};

/** A convex quadratic program by lists; ½xᵀPx counts beside the linear cost. */
export interface ListedQuadraticProgram extends Omit<ListedLinearProgram, 'maximize'> {
  /** Rows of P, symmetric and positive semidefinite: both triangles. */
  readonly hessian: readonly (readonly number[])[];
  /** Linear costs. Default: 0. */
  readonly minimize?: readonly number[];
}

/** Answer to a linear program. */
export interface LinearResult<Name extends string = string> extends Reported {
  /** Why the solver ended. */
  readonly termination: Termination;
  /** The same in words. */
  readonly message: string;
  /** Cost at x, in the sense in which it was given: a maximum is not negated. */
  readonly objective: number;
  /** Values of the variables. */
  readonly x: Float64Array;
  /** Values of the rows. */
  readonly rowValues: Float64Array;
  /** What the objective changes by when the side that holds a row moves by one, for each row. */
  readonly prices: Float64Array;
  /** x by name; of a program given by lists under "0", "1", …. */
  readonly values: Readonly<Record<Name, number>>;
  /** Prices by the names of the rows; present where rows are named. */
  readonly pricesByName?: Readonly<Record<string, number>>;
  /** Iterations made. */
  readonly iterations: number;
  /** Wall time, seconds. */
  readonly timeSeconds: number;
  /** With `certificate: true`: a proof of the answer that others can check, or why there is none. A maximum is stated negated. */
  readonly certification?: ProgramCertification;
}

/** What the solvers here take beside their own options. */
export interface LinearOptions {
  readonly signal?: StopSignal;
  /** Whether to prove the answer in exact arithmetic. Default: false. */
  readonly certificate?: boolean;
}

/** Answer to a linear program with integers. Prices are those with the integers held. */
export interface MixedIntegerLinearResult<Name extends string = string> extends LinearResult<Name> {
  /** Nodes and the bound on the objective, in the sense in which it was given. */
  readonly search: { readonly nodeCount: number; readonly bound: number };
}

interface Assembled {
  readonly sign: 1 | -1;
  readonly cost: Float64Array;
  readonly matrix: SparseMatrix;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
  readonly names: readonly string[] | undefined;
  readonly rowNames: readonly string[] | undefined;
}

/**
 * Solves a linear program: minimise or maximise cᵀx over rows and bounds. Variables are ≥ 0 unless `bounds` say otherwise.
 *
 * @param program Costs, rows, sides and bounds, by lists or by names.
 * @param options Those of `solveQp`, a stop signal, and `certificate`.
 * @returns x, objective, prices; `infeasible` and `unbounded` are said only with a certificate that was checked.
 * @throws InputError naming everything that is wrong.
 * @example
 * ```ts
 * import { solveLp } from 'sft-opt/easy';
 *
 * console.log(solveLp({ maximize: [3, 2], rows: [[1, 1], [1, 3]], atMost: [4, 6] }).x); // Float64Array(2) [ 4, 0 ]
 * ```
 * @example
 * ```ts
 * import { solveLp } from 'sft-opt/easy';
 *
 * const { values } = solveLp({
 *   maximize: { chairs: 3, tables: 2 },
 *   rows: { wood: { of: { chairs: 1, tables: 1 }, atMost: 4 } },
 * });
 * console.log(values.chairs); // 4
 * ```
 */
export function solveLp<const Name extends string = string>(
  program: LinearProgram<Name>,
  { signal, certificate, ...options }: QpOptionsInput & LinearOptions = {},
): LinearResult<Name> {
  const check = new InputCheck();
  const parts = assemble(check, program);
  check.done();
  const stated = programOf(parts);
  const result = solveQp(stated, { ...sharp, ...options }, undefined, { signal, convex: true });
  return conclude<Name>(
    result,
    parts,
    certificate ? certifyProgram(stated, { ...limits(options, signal), result }) : undefined,
  );
}

/**
 * Solves a convex quadratic program: minimise ½xᵀPx + cᵀx over rows and bounds. Variables are free unless `bounds` say
 * otherwise.
 *
 * @param program P by its rows, and costs, rows, sides and bounds by lists as for `solveLp`.
 * @param options Those of `solveQp`, a stop signal, and `certificate`.
 * @returns x, objective, prices; a P that is not positive semidefinite ends as `stalled`.
 * @throws InputError naming everything that is wrong, and RangeError for a P that is not symmetric.
 * @example
 * ```ts
 * import { solveQuadratic } from 'sft-opt/easy';
 *
 * const program = { hessian: [[2, 0], [0, 2]], minimize: [-2, -5], rows: [[1, 1]], atMost: [1] };
 * console.log(solveQuadratic(program).x); // Float64Array(2) [ -0.25, 1.25 ]
 * ```
 */
export function solveQuadratic(
  { hessian, ...rest }: ListedQuadraticProgram,
  { signal, certificate, ...options }: QpOptionsInput & LinearOptions = {},
): LinearResult {
  const check = new InputCheck();
  const n = hessian.length;
  const parts = assemble(check, { minimize: new Array<number>(n).fill(0), bounds: [null, null], ...rest });
  if (parts.cost.length !== n) check.add('minimize', `${parts.cost.length} numbers`, `${n}, one a row of hessian`);
  const values = new Float64Array(n * n);
  hessian.forEach((row, i) => values.set(check.numbers(`hessian[${i}]`, row, n), i * n));
  check.done();
  const stated = { hessian: { kind: 'dense', rows: n, columns: n, values }, ...programOf(parts) } as const;
  const result = solveQp(stated, { ...sharp, ...options }, undefined, { signal });
  return conclude(
    result,
    parts,
    certificate ? certifyProgram(stated, { ...limits(options, signal), result }) : undefined,
  );
}

/** A vertex, or the solution on a working set, costs no more than its neighbourhood. */
const sharp = { optimalityTolerance: 1e-9, feasibilityTolerance: 1e-9, gapTolerance: 1e-9 } as const;

function limits(
  { timeLimitSeconds }: { readonly timeLimitSeconds?: number | undefined },
  signal: StopSignal | undefined,
): CertifyProgramOptions {
  return { ...(timeLimitSeconds !== undefined && { timeLimitSeconds }), ...(signal && { signal }) };
}

function programOf({ cost, matrix, lower, upper, rowLower, rowUpper }: Assembled): QuadraticProgram {
  return { linear: cost, constraintMatrix: matrix, lower, upper, constraintLower: rowLower, constraintUpper: rowUpper };
}

/**
 * Solves a linear program some or all of whose variables are integers, by branch and bound. Variables are ≥ 0 unless
 * `bounds` say otherwise, and all integers unless `integers` say otherwise.
 *
 * @param program As for `solveLp`, with `integers`.
 * @param options Those of `minimize`, a stop signal, and `certificate`.
 * @returns x with exact integers, objective, nodes and bound; `optimal` means proven.
 * @throws InputError naming everything that is wrong.
 * @example
 * ```ts
 * import { solveMilp } from 'sft-opt/easy';
 *
 * const program = { maximize: [8, 11, 6, 4], rows: [[5, 7, 4, 3]], atMost: [14] };
 * console.log(solveMilp({ ...program, bounds: [0, 1] }).x); // Float64Array(4) [ 0, 1, 1, 1 ]
 * ```
 */
export function solveMilp<const Name extends string = string>(
  program: MixedIntegerLinearProgram<Name>,
  { signal, certificate, ...options }: MinimizeOptions & LinearOptions = {},
): MixedIntegerLinearResult<Name> {
  const check = new InputCheck();
  const parts = assemble(check, program);
  const { sign, cost, matrix, lower, upper, rowLower, rowUpper, names, rowNames } = parts;
  const n = cost.length;
  const integerVariables = readIntegers(check, program.integers ?? 'all', n, names);
  check.done();
  const columns = new Int32Array(matrix.values.length);
  for (let j = 0; j < n; j++) columns.fill(j, matrix.columnStarts[j], matrix.columnStarts[j + 1]);
  const clamp = (j: number): number => Math.min(upper[j]!, Math.max(lower[j]!, 0));
  const structured: MixedIntegerNonlinearProgram = {
    meta: {
      variableCount: n,
      constraintCount: rowLower.length,
      lower,
      upper,
      constraintLower: rowLower,
      constraintUpper: rowUpper,
      start: Float64Array.from({ length: n }, (_, j) => clamp(j)),
      linearConstraints: new Uint8Array(rowLower.length).fill(1),
      objectiveShape: 'linear',
      convex: true,
      jacobianPattern: { rows: matrix.rowIndices, columns },
      hessianPattern: { rows: new Int32Array(0), columns: new Int32Array(0) },
      ...(names && { variableNames: names }),
      ...(rowNames && { constraintNames: rowNames }),
    },
    integerVariables,
    objective: (x) => cost.reduce((sum, c, j) => sum + c * x[j]!, 0),
    gradient: (_x, values) => values.set(cost),
    constraints: (x, values) => values.set(product(matrix, x)),
    jacobian: (_x, values) => values.set(matrix.values),
    hessian: () => undefined,
  };
  const result = minimize(structured, options, { signal });
  const bound = sign * (result.search?.bound ?? (result.termination === 'optimal' ? result.objective : -Infinity));
  const request = { ...limits(options, signal), integers: integerVariables, x: result.x };
  return {
    ...conclude<Name>(result, parts, certificate ? certifyProgram(programOf(parts), request) : undefined),
    search: { nodeCount: result.search?.nodeCount ?? 0, bound },
  };
}

function conclude<Name extends string>(
  result: SolverResult,
  { matrix, sign, names, rowNames }: Assembled,
  certification: ProgramCertification | undefined,
): LinearResult<Name> {
  const prices = result.multipliers.map((y) => (y === 0 ? 0 : -sign * y));
  return reported({
    termination: result.termination,
    message: result.message,
    objective: sign * result.objective,
    // No −0 among them.
    x: result.x.map((value) => value + 0),
    rowValues: product(matrix, result.x),
    prices,
    values: byName(
      names ?? Array.from(result.x, (_, j) => String(j)),
      result.x.map((value) => value + 0),
    ) as Record<Name, number>,
    ...(rowNames && { pricesByName: byName(rowNames, prices) }),
    iterations: result.iterations,
    timeSeconds: result.timeSeconds,
    ...(certification && { certification }),
  });
}

function product(matrix: SparseMatrix, x: Float64Array): Float64Array {
  const values = new Float64Array(matrix.rows);
  for (let j = 0; j < matrix.columns; j++) {
    for (let k = matrix.columnStarts[j]!; k < matrix.columnStarts[j + 1]!; k++) {
      values[matrix.rowIndices[k]!]! += matrix.values[k]! * x[j]!;
    }
  }
  return values;
}

function assemble(check: InputCheck, program: LinearProgram): Assembled {
  const { minimize: costs, maximize: gains, bounds } = program;
  if ((costs === undefined) === (gains === undefined)) {
    check.add('minimize, maximize', costs === undefined ? 'none of them' : 'both', 'exactly one of them');
  }
  const given = gains ?? costs ?? [];
  const sign = gains === undefined ? 1 : -1;
  const isListed = Array.isArray(given);
  const names = isListed ? undefined : Object.keys(given);
  const plainCosts = Object.values(given as Record<string, number>);
  const n = plainCosts.length;
  const cost = check
    .numbers(gains === undefined ? 'minimize' : 'maximize', plainCosts, n)
    .map((c) => (c === 0 ? 0 : sign * c));
  const sides = readBounds(check, bounds, n, names, [0, null]);
  const entries: Triplet[] = [];
  const ranges: [number, number][] = [];
  let rowNames: readonly string[] | undefined;
  if (isListed) readListed(check, program as ListedLinearProgram, n, entries, ranges);
  else {
    const rows = (program as NamedLinearProgram<string>).rows ?? {};
    rowNames = Object.keys(rows);
    rowNames.forEach((name, i) => {
      ranges.push(readSides(check, `rows.${name}`, rows[name]!));
      for (const [variable, value] of Object.entries(rows[name]!.of)) {
        const j = names!.indexOf(variable);
        if (j < 0) check.add(`rows.${name}.of.${variable}`, 'a name without a cost', names!.join(', '));
        else entries.push([i, j, check.number(`rows.${name}.of.${variable}`, value)]);
      }
    });
  }
  const inside = entries.filter(([i, j]) => i >= 0 && i < ranges.length && j >= 0 && j < n);
  const { matrix } = assembleSparse(
    ranges.length,
    n,
    inside.map(([i]) => i),
    inside.map(([, j]) => j),
    inside.map(([, , value]) => value),
  );
  return {
    sign,
    cost,
    matrix,
    ...sides,
    rowLower: Float64Array.from(ranges, ([low]) => low),
    rowUpper: Float64Array.from(ranges, ([, high]) => high),
    names,
    rowNames,
  };
}

function readListed(
  check: InputCheck,
  { rows, triplets, atLeast, atMost, equals }: ListedLinearProgram,
  n: number,
  entries: Triplet[],
  ranges: [number, number][],
): void {
  if (rows !== undefined && triplets !== undefined) check.add('rows, triplets', 'both', 'one of them');
  const m = rows?.length ?? Math.max(atLeast?.length ?? 0, atMost?.length ?? 0, equals?.length ?? 0);
  for (const [name, list] of Object.entries({ atLeast, atMost, equals })) {
    if (list !== undefined && list.length !== m) check.add(name, `${list.length} sides`, `${m}, one a row`);
  }
  for (let i = 0; i < m; i++) {
    ranges.push(readSides(check, `row ${i}`, { atLeast: atLeast?.[i], atMost: atMost?.[i], equals: equals?.[i] }));
  }
  rows?.forEach((row, i) => {
    check.numbers(`rows[${i}]`, row, n).forEach((value, j) => value !== 0 && entries.push([i, j, value]));
  });
  triplets?.forEach(([i, j, value], k) => {
    const isInside = Number.isInteger(i) && i >= 0 && i < m && Number.isInteger(j) && j >= 0 && j < n;
    if (!isInside) check.add(`triplets[${k}]`, `(${i}, ${j})`, `rows below ${m} and columns below ${n}`);
    else entries.push([i, j, check.number(`triplets[${k}]`, value)]);
  });
}
