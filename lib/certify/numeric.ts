import { assembleSparse, type SparseMatrix } from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';
import { Reader } from '../verify/reader.js';
import { Dyadic, readProgram, type ProgramStatement } from '../verify/programs/index.js';
import type { StatedProgram, StatedRow } from './state-program.js';

/** A stated program in exact numbers and in doubles. */
export class Stated {
  readonly exact: ProgramStatement;
  readonly variableCount: number;
  readonly rowCount: number;
  /** Entries of the rows by columns. */
  readonly columns: readonly { readonly rows: number[]; readonly values: Dyadic[] }[];
  /** All entries of P by rows. */
  readonly hessianRows: readonly { readonly columns: number[]; readonly values: Dyadic[] }[];
  readonly rows: readonly { readonly columns: readonly number[]; readonly values: readonly number[] }[];
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;

  constructor(readonly statement: StatedProgram) {
    this.exact = readProgram(new Reader(statement, 'problem'));
    const n = (this.variableCount = statement.linear.length);
    this.rowCount = statement.constraintLower.length;
    const columns = Array.from({ length: n }, () => ({ rows: [] as number[], values: [] as Dyadic[] }));
    this.exact.rows.forEach((row, i) =>
      row.columns.forEach((j, k) => {
        columns[j]!.rows.push(i);
        columns[j]!.values.push(row.values[k]!);
      }),
    );
    [this.columns, this.hessianRows, this.rows] = [columns, this.exact.hessian, statement.matrix];
    const sides = (list: readonly (number | null)[], absent: number): Float64Array =>
      Float64Array.from(list, (value) => value ?? absent);
    this.lower = sides(statement.lower, -Infinity);
    this.upper = sides(statement.upper, Infinity);
    this.rowLower = sides(statement.constraintLower, -Infinity);
    this.rowUpper = sides(statement.constraintUpper, Infinity);
  }

  /** The program for the solvers, within other bounds. */
  within(lower: Float64Array, upper: Float64Array): QuadraticProgram {
    return { ...this.solvable, lower, upper };
  }

  private readonly cache: { program?: QuadraticProgram } = {};

  private get solvable(): QuadraticProgram {
    const { statement, variableCount: n, rowCount: m } = this;
    return (this.cache.program ??= {
      ...(!this.exact.isLinear && { hessian: assembled(statement.hessian, n) }),
      linear: Float64Array.from(statement.linear),
      constant: statement.constant,
      ...(m > 0 && { constraintMatrix: assembled(statement.matrix, n) }),
      constraintLower: this.rowLower,
      constraintUpper: this.rowUpper,
      lower: this.lower,
      upper: this.upper,
    });
  }

  rowValue(i: number, x: Float64Array): number {
    const { columns, values } = this.rows[i]!;
    let sum = 0;
    for (let k = 0; k < columns.length; k++) sum += values[k]! * x[columns[k]!]!;
    return sum;
  }
}

function assembled(rows: readonly StatedRow[], columnCount: number): SparseMatrix {
  const places = rows.flatMap(({ columns }, i) => columns.map(() => i));
  const columns = rows.flatMap((row) => row.columns);
  const values = rows.flatMap((row) => row.values);
  return assembleSparse(rows.length, columnCount, places, columns, values).matrix;
}

/** Bounds in exact numbers, to be moved. */
export function boxOf(lower: Float64Array, upper: Float64Array): Record<'lower' | 'upper', (Dyadic | undefined)[]> {
  const side = (value: number): Dyadic | undefined => (Number.isFinite(value) ? Dyadic.of(value) : undefined);
  return { lower: Array.from(lower, side), upper: Array.from(upper, side) };
}

const mostRounds = 8;
/** Bounds beyond this are as good as none. */
const farthest = 1e12;

/** A bound of a whole variable that a row and the bounds of its other variables imply; `sign` is that of the row's multiplier. */
export interface Tightening {
  readonly row: number;
  readonly sign: 1 | -1;
  readonly variable: number;
  readonly side: 'lower' | 'upper';
  readonly value: number;
}

/** Bounds of whole variables that rows imply, each checked exactly. Narrows `lower` and `upper`. */
export function impliedBounds(stated: Stated, lower: Float64Array, upper: Float64Array): Tightening[] {
  const { exact } = stated;
  const steps: Tightening[] = [];
  const box = boxOf(lower, upper);
  for (let round = 0; round < mostRounds; round++) {
    const before = steps.length;
    stated.rows.forEach(({ columns, values }, row) => {
      for (const isUpperSide of [true, false]) {
        const limit = isUpperSide ? stated.rowUpper[row]! : -stated.rowLower[row]!;
        if (limit === Infinity) continue;
        const sign = isUpperSide ? 1 : -1;
        let least = 0;
        let size = Math.abs(limit);
        let open = 0;
        const term = (k: number): number => {
          const factor = sign * values[k]!;
          return factor * (factor > 0 ? lower[columns[k]!]! : upper[columns[k]!]!);
        };
        for (let k = 0; k < columns.length; k++) {
          const own = term(k);
          if (Number.isFinite(own)) least += own;
          else open++;
          if (Number.isFinite(own)) size += Math.abs(own);
        }
        if (open > 1) continue;
        for (let k = 0; k < columns.length; k++) {
          const own = term(k);
          if (open === 1 && Number.isFinite(own)) continue;
          const variable = columns[k]!;
          const factor = sign * values[k]!;
          const side = factor > 0 ? 'upper' : 'lower';
          const bounds = side === 'upper' ? upper : lower;
          const old = bounds[variable]!;
          if (exact.isInteger[variable] === 0) continue;
          const room = limit - (Number.isFinite(own) ? least - own : least);
          const direction = side === 'upper' ? 1 : -1;
          const margin = 1e-12 * (size / Math.abs(factor)) + 1e-300;
          const value = room / factor + direction * margin;
          if (!(Math.abs(value) < farthest)) continue;
          const next = side === 'upper' ? Math.floor(value) : Math.ceil(value);
          if (!(direction * (old - next) > 0)) continue;
          const step: Tightening = { row, sign, variable, side, value: next };
          if (!isImplied(exact, box, step)) continue;
          bounds[variable] = next;
          box[side][variable] = Dyadic.of(next);
          steps.push(step);
        }
      }
    });
    if (steps.length === before) break;
  }
  return steps;
}

/** Whether a row refutes the whole variable one beyond the bound. */
function isImplied(
  { rows, rowLower, rowUpper }: ProgramStatement,
  box: ReturnType<typeof boxOf>,
  { row, sign, variable, side, value }: Tightening,
): boolean {
  const { columns, values } = rows[row]!;
  const limit = sign > 0 ? rowUpper[row] : rowLower[row]?.negated();
  if (!limit) return false;
  const beyond = Dyadic.of(value + (side === 'upper' ? 1 : -1));
  let least = Dyadic.zero;
  for (let k = 0; k < columns.length; k++) {
    const factor = sign > 0 ? values[k]! : values[k]!.negated();
    const at = columns[k] === variable ? beyond : (factor.sign > 0 ? box.lower : box.upper)[columns[k]!];
    if (!at && factor.sign !== 0) return false;
    if (at) least = least.plus(factor.times(at));
  }
  return least.minus(limit).sign > 0;
}
