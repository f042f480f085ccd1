import type { Reader } from '../reader.js';
import { Dyadic } from './dyadic.js';

/** Ends of an interval, undefined where there is none. */
export type Sides = readonly (Dyadic | undefined)[];

/** Bounds of the variables. */
export interface Box {
  readonly lower: Sides;
  readonly upper: Sides;
}

/** Entries of a sparse row. */
export interface SparseRow {
  readonly columns: number[];
  readonly values: Dyadic[];
}

/** min ½xᵀPx + qᵀx + c within rows and bounds, some x integer; every number is the double that is written. */
export interface ProgramStatement extends Box {
  readonly constant: Dyadic;
  readonly linear: readonly Dyadic[];
  /** P by rows, symmetric. */
  readonly hessian: readonly SparseRow[];
  readonly rows: readonly SparseRow[];
  readonly rowLower: Sides;
  readonly rowUpper: Sides;
  readonly isInteger: Uint8Array;
  readonly isLinear: boolean;
  /** Entries of both matrices and both dimensions: the work of one pass. */
  readonly size: number;
}

export function readProgram(reader: Reader): ProgramStatement {
  const at = reader.members('kind constant linear hessian matrix constraintLower constraintUpper lower upper integers');
  at.kind.oneOf('quadratic-program');
  const n = at.linear.list().length;
  const m = at.constraintLower.list().length;
  const sides = (part: Reader, length: number): Sides =>
    Array.from(part.numbers(length, -Infinity, true), (value) => (Number.isNaN(value) ? undefined : Dyadic.of(value)));
  const isInteger = new Uint8Array(n);
  for (const j of indices(at.integers, n)) isInteger[j] = 1;
  const hessian = readRows(at.hessian, n, n);
  const rows = readRows(at.matrix, n, m);
  if (!isSymmetric(hessian)) at.hessian.fail('a symmetric matrix is expected');
  const entries = (parts: readonly SparseRow[]): number => parts.reduce((sum, { columns }) => sum + columns.length, 0);
  return {
    constant: Dyadic.of(at.constant.number()),
    linear: exactly(at.linear, n),
    hessian,
    rows,
    rowLower: sides(at.constraintLower, m),
    rowUpper: sides(at.constraintUpper, m),
    lower: sides(at.lower, n),
    upper: sides(at.upper, n),
    isInteger,
    isLinear: entries(hessian) === 0,
    size: 1 + n + m + entries(hessian) + entries(rows),
  };
}

/** Doubles as what they are. */
export function exactly(reader: Reader, length: number, least?: number): Dyadic[] {
  return Array.from(reader.numbers(length, least), (value) => Dyadic.of(value));
}

/** A sparse matrix by rows; of a column that stands twice in one the last entry counts. */
export function readRows(reader: Reader, columnCount: number, rowCount?: number): SparseRow[] {
  return reader.array(rowCount).map((row) => {
    const at = row.members('columns values');
    const columns = indices(at.columns, columnCount);
    const values = exactly(at.values, columns.length);
    const entries = new Map(values.map((value, k) => [columns[k]!, value]));
    return { columns: [...entries.keys()], values: [...entries.values()] };
  });
}

function isSymmetric(rows: readonly SparseRow[]): boolean {
  const places = rows.map(({ columns, values }) => new Map(columns.map((j, k) => [j, values[k]!])));
  const isSame = (a: Dyadic | undefined, b: Dyadic) => a?.n === b.n && a.e === b.e;
  return rows.every(({ columns, values }, i) => columns.every((j, k) => isSame(places[j]!.get(i), values[k]!)));
}

function indices(reader: Reader, limit: number, length = reader.list().length): Float64Array {
  const list = reader.numbers(length, 0);
  const isKnown = list.every((value) => Number.isInteger(value) && value < limit);
  return isKnown ? list : reader.fail(`whole numbers below ${limit} are expected`);
}

/** A vector of rationals: entries, doubles or decimal integers as texts, over one integer. */
export interface RationalVector {
  readonly over: Dyadic;
  readonly entries: readonly Dyadic[];
}

const longestInteger = 100_000;
/** Words of 64 bits that may be held at a time: a number of each entry, all as long as the longest of a vector. */
const mostWords = 3e7;

/** Reads a vector and takes the work of `passes` over all of the program with it. */
export function readVector(
  reader: Reader,
  over: Reader | undefined,
  length: number,
  size: number,
  passes = 1,
): RationalVector {
  let longest = 1;
  const integer = (value: unknown): Dyadic => {
    if (typeof value !== 'string' || value.length > longestInteger || !/^-?\d+$/u.test(value))
      return reader.fail(`a finite number or an integer of at most ${longestInteger} digits as a text is expected`);
    longest = Math.max(longest, value.length);
    return new Dyadic(BigInt(value), 0);
  };
  const denominator = over?.optional((given) => integer(given.text())) ?? Dyadic.one;
  if (denominator.sign < 0) over?.fail('no negative integer is expected');
  const entries = reader
    .list(length)
    .map((value) => (typeof value === 'number' && Number.isFinite(value) ? Dyadic.of(value) : integer(value)));
  const words = size * Math.ceil(longest / 19);
  if (words > mostWords) reader.fail(`asks for more than ${mostWords} words`);
  reader.spend(passes * words);
  return { over: denominator, entries };
}
