import { CertificateError, type Reader } from '../reader.js';
import { Dyadic } from './dyadic.js';

/** What a certificate of a program is checked for beyond its form. Each bears load: without it some forgery would pass. */
export const programObligations = [
  'bounds kept',
  'rows kept',
  'integers whole',
  'value reached',
  'ray within bounds',
  'ray within rows',
  'ray flat',
  'ray descends',
  'hessian convex',
  'objective in steps',
  'tightening implied',
  'bound crossed',
  'dual value',
  'ray refutes',
  'branching on integers',
] as const;
/** Name of a condition that the checker of programs proves. */
export type ProgramObligation = (typeof programObligations)[number];

/** Meets obligations or refuses, and counts the work that a certificate asks for. */
export class Duty {
  private work = 0;

  constructor(
    private readonly maximumWork: number,
    private readonly excluded: ReadonlySet<ProgramObligation>,
    private readonly maximumWords = 3e7,
  ) {}

  require(obligation: ProgramObligation, place: string, isMet: boolean, reason: string): void {
    if (!isMet && !this.excluded.has(obligation)) throw new CertificateError(place, reason);
  }

  /** Refuses what would hold more at a time: a number of each entry, all as long as the longest of a vector. */
  hold(words: number, place: string): void {
    if (words > this.maximumWords) throw new CertificateError(place, `asks for more than ${this.maximumWords} words`);
  }

  spend(operations: number, place: string): void {
    this.work += operations;
    if (this.work > this.maximumWork) throw new CertificateError(place, `asks for more than ${this.maximumWork} steps`);
  }
}

type Side = Dyadic | undefined;

/** Entries of a sparse row. */
export interface SparseRow {
  readonly columns: number[];
  readonly values: Dyadic[];
}

/** min ½xᵀPx + qᵀx + c within rows and bounds, some x integer; every number is the double that is written. */
export interface ProgramStatement {
  readonly constant: Dyadic;
  readonly linear: readonly Dyadic[];
  /** Lower triangle of P. */
  readonly hessian: readonly SparseRow[];
  readonly rows: readonly SparseRow[];
  readonly rowLower: readonly Side[];
  readonly rowUpper: readonly Side[];
  readonly lower: readonly Side[];
  readonly upper: readonly Side[];
  readonly isInteger: Uint8Array;
  readonly isLinear: boolean;
  /** Entries of both matrices and both dimensions: the work of one pass. */
  readonly size: number;
}

export function readProgram(reader: Reader): ProgramStatement {
  const at = reader.members('kind constant linear hessian matrix constraintLower constraintUpper lower upper integers');
  at.kind.oneOf('quadratic-program');
  const n = lengthOf(at.linear);
  const m = lengthOf(at.constraintLower);
  const exact = (part: Reader, length: number): Dyadic[] =>
    Array.from(part.numbers(length), (value) => Dyadic.of(value));
  const sides = (part: Reader, length: number): Side[] =>
    Array.from(part.numbers(length, -Infinity, true), (value) => (Number.isNaN(value) ? undefined : Dyadic.of(value)));
  const isInteger = new Uint8Array(n);
  for (const j of indices(at.integers, n)) {
    if (isInteger[j] === 1) at.integers.fail(`variable ${j} is listed twice`);
    isInteger[j] = 1;
  }
  const hessian = readEntries(at.hessian, n, n);
  const rows = readEntries(at.matrix, m, n);
  hessian.forEach(({ columns }, i) => {
    if (columns.some((j) => j > i)) at.hessian.fail('entries of the lower triangle are expected');
  });
  const entries = (parts: readonly SparseRow[]): number => parts.reduce((sum, { columns }) => sum + columns.length, 0);
  return {
    constant: Dyadic.of(at.constant.number()),
    linear: exact(at.linear, n),
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

/** A sparse matrix by rows: entries strictly in the order of rows and, within them, of columns. */
export function readEntries(reader: Reader, rowCount: number, columnCount: number): SparseRow[] {
  const at = reader.members('rows columns values');
  const count = lengthOf(at.values);
  const rows = indices(at.rows, rowCount, count);
  const columns = indices(at.columns, columnCount, count);
  const values = at.values.numbers(count);
  const matrix = Array.from({ length: rowCount }, (): SparseRow => ({ columns: [], values: [] }));
  for (let k = 0; k < count; k++) {
    const isNext = k === 0 || rows[k]! > rows[k - 1]! || (rows[k] === rows[k - 1] && columns[k]! > columns[k - 1]!);
    if (!isNext) at.rows.fail(`entry ${k} is not in order`);
    matrix[rows[k]!]!.columns.push(columns[k]!);
    matrix[rows[k]!]!.values.push(Dyadic.of(values[k]!));
  }
  return matrix;
}

function lengthOf(reader: Reader): number {
  return reader.list().length;
}

function indices(reader: Reader, limit: number, length = lengthOf(reader)): Float64Array {
  const list = reader.numbers(length, 0);
  if (!list.every((value) => Number.isInteger(value) && value < limit))
    reader.fail(`whole numbers below ${limit} are expected`);
  return list;
}

/** A vector of rationals: entries, doubles or decimal integers as texts, over one positive integer. */
export interface RationalVector {
  readonly over: Dyadic;
  readonly entries: readonly Dyadic[];
  /** Machine words of the largest number: what an operation with it costs. */
  readonly words: number;
}

const longestInteger = 100_000;

export function readVector(reader: Reader, over: Reader, length: number): RationalVector {
  const list = reader.list();
  if (list.length !== length) reader.fail(`${length} entries are expected`);
  let longest = 1;
  const integer = (value: unknown, place: Reader): Dyadic => {
    if (typeof value !== 'string' || value.length > longestInteger || !/^-?\d+$/u.test(value)) {
      place.fail(`a finite number or an integer of at most ${longestInteger} digits as a text is expected`);
    }
    longest = Math.max(longest, value.length);
    return new Dyadic(BigInt(value), 0);
  };
  const denominator = over.isNull
    ? Dyadic.one
    : integer(
        over.optional((part) => part.text()),
        over,
      );
  if (denominator.sign <= 0) over.fail('a positive integer is expected');
  const entries = list.map((value) =>
    typeof value === 'number' && Number.isFinite(value) ? Dyadic.of(value) : integer(value, reader),
  );
  return { over: denominator, entries, words: Math.ceil(longest / 19) };
}
