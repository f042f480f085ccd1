import { toSparse, transpose, type SymmetricMatrix } from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';
import { Dyadic } from '../verify/programs/index.js';

/** Entries of a sparse matrix in the order of rows, then columns. */
export interface StatedMatrix {
  /** Row of each entry. */
  readonly rows: readonly number[];
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
  /** Quadratic part of the objective. */
  readonly hessian: StatedMatrix;
  /** The rows. */
  readonly matrix: StatedMatrix;
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
    hessian: problem.hessian === undefined ? empty : lowerPart(problem.hessian),
    matrix: constraintMatrix === undefined ? empty : byRows(toSparse(constraintMatrix)),
    constraintLower: side(constraintLower, 'constraintLower', -Infinity),
    constraintUpper: side(constraintUpper, 'constraintUpper', Infinity),
    lower: side(lower, 'lower', -Infinity),
    upper: side(upper, 'upper', Infinity),
    integers: [...integers].sort((a, b) => a - b),
  };
}

const empty: StatedMatrix = { rows: [], columns: [], values: [] };

function byRows(matrix: ReturnType<typeof toSparse>): StatedMatrix {
  // Columns of the transpose are rows.
  const transposed = transpose(matrix);
  const entries: { rows: number[]; columns: number[]; values: number[] } = { rows: [], columns: [], values: [] };
  for (let i = 0; i < transposed.columns; i++) {
    for (let k = transposed.columnStarts[i]!; k < transposed.columnStarts[i + 1]!; k++) {
      if (transposed.values[k] === 0) continue;
      entries.rows.push(i);
      entries.columns.push(transposed.rowIndices[k]!);
      entries.values.push(transposed.values[k]!);
    }
  }
  return entries;
}

function lowerPart(hessian: SymmetricMatrix): StatedMatrix {
  if (hessian.kind === 'diagonal')
    return fromEntries(hessian.values.length, (i) => [[i, Dyadic.of(hessian.values[i]!)]]);
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
    return fromEntries(diagonal.length, (i) => Array.from({ length: i + 1 }, (_, j) => [j, entry(i, j)]));
  }
  const all = byRows(toSparse(hessian));
  const place = new Map(all.values.map((value, k) => [all.rows[k]! * hessian.columns + all.columns[k]!, value]));
  all.values.forEach((value, k) => {
    const [i, j] = [all.rows[k]!, all.columns[k]!];
    if (place.get(j * hessian.columns + i) !== value) {
      throw new NotCertifiable(`the Hessian has ${value} at (${i}, ${j}) and another number at (${j}, ${i})`);
    }
  });
  const kept = all.values.map((_, k) => k).filter((k) => all.columns[k]! <= all.rows[k]!);
  return {
    rows: kept.map((k) => all.rows[k]!),
    columns: kept.map((k) => all.columns[k]!),
    values: kept.map((k) => all.values[k]!),
  };
}

function fromEntries(n: number, row: (i: number) => (readonly [number, Dyadic])[]): StatedMatrix {
  const entries: { rows: number[]; columns: number[]; values: number[] } = { rows: [], columns: [], values: [] };
  for (let i = 0; i < n; i++) {
    for (const [j, exact] of row(i)) {
      if (exact.n === 0n) continue;
      entries.rows.push(i);
      entries.columns.push(j);
      entries.values.push(asDouble(exact, `entry (${i}, ${j}) of the Hessian`));
    }
  }
  return entries;
}

/** The double that a number is; throws NotCertifiable if it is none. */
export function asDouble(exact: Dyadic, what: string): number {
  const value = Number(exact.n) * 2 ** exact.e;
  if (Number.isFinite(value) && Dyadic.of(value).minus(exact).n === 0n) return value;
  throw new NotCertifiable(`${what} is no double: its exact value cannot be stated`);
}
