import { toSparse, transpose, type SymmetricMatrix } from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';
import { Dyadic } from '../verify/programs/index.js';

/** A row of a sparse matrix. */
export interface StatedRow {
  /** Column of each entry. */
  readonly columns: readonly number[];
  /** Value of each entry. */
  readonly values: readonly number[];
}

/** A program as certificates state it (docs/certificate/README.md). */
export interface StatedProgram {
  readonly kind: 'quadratic-program';
  /** Added to the objective. */
  readonly constant: number;
  /** Linear part of the objective. */
  readonly linear: readonly number[];
  /** Quadratic part of the objective, by rows: a symmetric matrix. */
  readonly hessian: readonly StatedRow[];
  /** The rows. */
  readonly matrix: readonly StatedRow[];
  /** Lower sides of the rows; null for none. */
  readonly constraintLower: readonly (number | null)[];
  /** Upper sides of the rows; null for none. */
  readonly constraintUpper: readonly (number | null)[];
  /** Lower bounds; null for none. */
  readonly lower: readonly (number | null)[];
  /** Upper bounds; null for none. */
  readonly upper: readonly (number | null)[];
  /** Indices of the variables that are whole. */
  readonly integers: readonly number[];
}

/** Why a program cannot be certified. */
export class NotCertifiable extends Error {
  /** Name of the class. */
  override name = 'NotCertifiable';
  /** Stays; docs/errors.md says what to do. */
  readonly code = 'not-certifiable';
}

/** Throws NotCertifiable where the program is not one of doubles: an infinite side that nothing meets, a Hessian of products. */
export function stateProgram(problem: QuadraticProgram, integers: readonly number[]): StatedProgram {
  const side = (values: Float64Array, name: string, absent: number): (number | null)[] =>
    Array.from(values, (value, i) => {
      if (value === absent) return null;
      if (!Number.isFinite(value)) throw new NotCertifiable(`${name}[${i}] is ${value}: no point can keep it`);
      return value + 0;
    });
  const { linear, constraintMatrix, constraintLower, constraintUpper, lower, upper } = problem;
  return {
    kind: 'quadratic-program',
    constant: (problem.constant ?? 0) + 0,
    linear: Array.from(linear, (value) => value + 0),
    hessian: problem.hessian === undefined ? emptyRows(linear.length) : hessianRows(problem.hessian),
    matrix: constraintMatrix === undefined ? emptyRows(constraintLower.length) : byRows(toSparse(constraintMatrix)),
    constraintLower: side(constraintLower, 'constraintLower', -Infinity),
    constraintUpper: side(constraintUpper, 'constraintUpper', Infinity),
    lower: side(lower, 'lower', -Infinity),
    upper: side(upper, 'upper', Infinity),
    integers: [...integers].sort((a, b) => a - b),
  };
}

function emptyRows(count: number): StatedRow[] {
  return Array.from({ length: count }, () => ({ columns: [], values: [] }));
}

function byRows(matrix: ReturnType<typeof toSparse>): StatedRow[] {
  // Columns of the transpose are rows.
  const transposed = transpose(matrix);
  return Array.from({ length: transposed.columns }, (_, i) => {
    const row: { columns: number[]; values: number[] } = { columns: [], values: [] };
    for (let k = transposed.columnStarts[i]!; k < transposed.columnStarts[i + 1]!; k++) {
      if (transposed.values[k] === 0) continue;
      row.columns.push(transposed.rowIndices[k]!);
      row.values.push(transposed.values[k]!);
    }
    return row;
  });
}

function hessianRows(hessian: SymmetricMatrix): StatedRow[] {
  if (hessian.kind === 'diagonal')
    return Array.from(hessian.values, (value, i) =>
      value === 0 ? emptyRows(1)[0]! : { columns: [i], values: [value] },
    );
  if (hessian.kind === 'diagonal-plus-low-rank') {
    const { diagonal, factor, weights } = hessian;
    const entry = (i: number, j: number): Dyadic => {
      let sum = i === j ? Dyadic.of(diagonal[i]!) : Dyadic.zero;
      weights.forEach((weight, k) => {
        const [a, b] = [factor.values[i * factor.columns + k]!, factor.values[j * factor.columns + k]!];
        if (a !== 0 && b !== 0) sum = sum.plus(Dyadic.of(weight).times(Dyadic.of(a)).times(Dyadic.of(b)));
      });
      return sum;
    };
    return fromTriangle(diagonal.length, entry);
  }
  const rows = byRows(toSparse(hessian));
  const places = rows.map(({ columns, values }) => new Map(columns.map((j, k) => [j, values[k]!])));
  rows.forEach(({ columns, values }, i) =>
    columns.forEach((j, k) => {
      if (places[j]!.get(i) === values[k]) return;
      throw new NotCertifiable(`the Hessian has ${values[k]} at (${i}, ${j}) and another number at (${j}, ${i})`);
    }),
  );
  return rows;
}

/** Rows of the symmetric matrix whose entries at and below the diagonal are given. */
function fromTriangle(n: number, entry: (i: number, j: number) => Dyadic): StatedRow[] {
  const rows = Array.from({ length: n }, (): { columns: number[]; values: number[] } => ({ columns: [], values: [] }));
  const put = (i: number, j: number, value: number): void => {
    rows[i]!.columns.push(j);
    rows[i]!.values.push(value);
  };
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const exact = entry(i, j);
      if (exact.n === 0n) continue;
      const value = asDouble(exact, `entry (${i}, ${j}) of the Hessian`);
      put(i, j, value);
      if (i !== j) put(j, i, value);
    }
  }
  return rows;
}

/** The double that a number is; throws NotCertifiable if it is none. */
export function asDouble(exact: Dyadic, what: string): number {
  const value = Number(exact.n) * 2 ** exact.e;
  if (Number.isFinite(value) && Dyadic.of(value).minus(exact).n === 0n) return value;
  throw new NotCertifiable(`${what} is no double: its exact value cannot be stated`);
}
