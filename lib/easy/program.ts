import { ArgumentError } from '../errors/index.js';
import type { MixedIntegerNonlinearProgram, NlpMeta } from '../problem/index.js';
import { type InputCheck, readBounds, readIntegers, readSides, type Bounds, type Integers } from './input.js';
import type { Constraint, FunctionRow, LinearRow, Point } from './row.js';

/** The parts of a problem given as functions of lists of numbers. */
export interface ProgramParts<Start extends readonly number[]> {
  readonly bounds?: Bounds | undefined;
  readonly constraints?:
    readonly Constraint<Point<Start>>[] | Readonly<Record<string, Constraint<Point<Start>>>> | undefined;
  readonly gradient?: ((x: Point<Start>) => ArrayLike<number>) | undefined;
  readonly hessian?: ((x: Point<Start>) => readonly ArrayLike<number>[]) | undefined;
  readonly names?: readonly string[] | undefined;
  readonly integers?: Integers | undefined;
  readonly convex?: boolean | undefined;
}

type Row<X> = FunctionRow<X> | LinearRow;

function isLinear<X>(row: Row<X>): row is LinearRow {
  return 'linear' in row;
}

/** The structured program of such functions; what is wrong goes to `check`. */
export function buildProgram<Start extends readonly number[]>(
  check: InputCheck,
  f: (x: Point<Start>) => number,
  start: Start,
  parts: ProgramParts<Start>,
): MixedIntegerNonlinearProgram {
  type X = Point<Start>;
  const { names, gradient, hessian } = parts;
  const n = start.length;
  if (names !== undefined && names.length !== n) check.add('names', `${names.length} names`, `${n}`);
  if (names !== undefined && new Set(names).size < names.length) check.add('names', 'a name twice', 'different names');
  const given = parts.constraints ?? [];
  const constraintNames = Array.isArray(given) ? undefined : Object.keys(given);
  const rows: Row<X>[] = Object.values(given as Record<string, Row<X>>);
  const m = rows.length;
  const constraintLower = new Float64Array(m);
  const constraintUpper = new Float64Array(m);
  rows.forEach((row, i) => {
    const place = `constraints.${constraintNames?.[i] ?? i}`;
    [constraintLower[i], constraintUpper[i]] = readSides(check, place, row);
    if (isLinear(row)) check.numbers(`${place}.linear`, row.linear, n);
    else if (typeof row.value !== 'function')
      check.add(place, 'neither a function nor coefficients', 'value or linear');
  });
  const allLinear = rows.every(isLinear);
  if (hessian !== undefined && !allLinear) {
    check.add('hessian', 'one of f alone', 'one only where all constraints are linear');
  }
  const meta: NlpMeta = {
    variableCount: n,
    constraintCount: m,
    ...readBounds(check, parts.bounds, n, names),
    constraintLower,
    constraintUpper,
    start: check.numbers('start', start, n),
    linearConstraints: Uint8Array.from(rows, (row) => (isLinear(row) ? 1 : 0)),
    ...(names && { variableNames: names }),
    ...(constraintNames && { constraintNames }),
    ...(parts.convex !== undefined && { convex: parts.convex }),
  };
  const listOf = (x: Float64Array): X => Array.from(x) as unknown as X;
  const fill = (what: string, values: ArrayLike<number>, target: Float64Array, from: number): void => {
    if (values.length !== n) throw new ArgumentError(`${what} must have ${n} numbers, found ${values.length}`);
    for (let j = 0; j < n; j++) target[from + j] = values[j]!;
  };
  const knowsJacobian = rows.every((row) => isLinear(row) || row.gradient !== undefined);
  return {
    meta,
    integerVariables: readIntegers(check, parts.integers, n, names),
    objective: (x) => f(listOf(x)),
    ...(gradient && { gradient: (x, values) => fill('gradient', gradient(listOf(x)), values, 0) }),
    ...(m > 0 && {
      constraints: (x, values) => {
        rows.forEach((row, i) => {
          values[i] = isLinear(row) ? row.linear.reduce((sum, a, j) => sum + a * x[j]!, 0) : row.value(listOf(x));
        });
      },
    }),
    ...(m > 0 &&
      knowsJacobian && {
        jacobian: (x, values) => {
          rows.forEach((row, i) => {
            const slope = isLinear(row) ? row.linear : row.gradient!(listOf(x));
            fill(`the gradient of constraint ${constraintNames?.[i] ?? i}`, slope, values, i * n);
          });
        },
      }),
    ...(hessian &&
      allLinear && {
        hessian: (x, weight, _multipliers, values) => {
          const matrix = hessian(listOf(x));
          let k = 0;
          for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) values[k++] = weight * matrix[i]![j]!;
        },
      }),
  };
}
