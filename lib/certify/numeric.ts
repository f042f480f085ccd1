import { assembleSparse } from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';
import { Reader } from '../verify/reader.js';
import { Dyadic, readProgram, type ProgramStatement, type Tightening, isImplied } from '../verify/programs/index.js';
import type { StatedProgram } from './state-program.js';

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
    const m = (this.rowCount = statement.constraintLower.length);
    const columns = Array.from({ length: n }, () => ({ rows: [] as number[], values: [] as Dyadic[] }));
    const hessianRows = Array.from({ length: n }, () => ({ columns: [] as number[], values: [] as Dyadic[] }));
    this.exact.rows.forEach((row, i) =>
      row.columns.forEach((j, k) => {
        columns[j]!.rows.push(i);
        columns[j]!.values.push(row.values[k]!);
      }),
    );
    this.exact.hessian.forEach((row, i) =>
      row.columns.forEach((j, k) => {
        hessianRows[i]!.columns.push(j);
        hessianRows[i]!.values.push(row.values[k]!);
        if (i === j) return;
        hessianRows[j]!.columns.push(i);
        hessianRows[j]!.values.push(row.values[k]!);
      }),
    );
    const { matrix } = statement;
    const rows = Array.from({ length: m }, () => ({ columns: [] as number[], values: [] as number[] }));
    matrix.values.forEach((value, k) => {
      rows[matrix.rows[k]!]!.columns.push(matrix.columns[k]!);
      rows[matrix.rows[k]!]!.values.push(value);
    });
    [this.columns, this.hessianRows, this.rows] = [columns, hessianRows, rows];
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
    const { hessian, matrix } = statement;
    const off = hessian.values.map((_, k) => k).filter((k) => hessian.rows[k] !== hessian.columns[k]);
    const both = <T>(list: readonly T[], other: readonly T[]): T[] => [...list, ...off.map((k) => other[k]!)];
    return (this.cache.program ??= {
      ...(hessian.values.length > 0 && {
        hessian: assembleSparse(
          n,
          n,
          both(hessian.rows, hessian.columns),
          both(hessian.columns, hessian.rows),
          both(hessian.values, hessian.values),
        ).matrix,
      }),
      linear: Float64Array.from(statement.linear),
      constant: statement.constant,
      ...(m > 0 && { constraintMatrix: assembleSparse(m, n, matrix.rows, matrix.columns, matrix.values).matrix }),
      constraintLower: this.rowLower,
      constraintUpper: this.rowUpper,
      lower: this.lower,
      upper: this.upper,
    });
  }

  objective(x: Float64Array): number {
    const { linear, hessian, constant } = this.statement;
    let value = constant;
    linear.forEach((cost, j) => (value += cost * x[j]!));
    hessian.values.forEach((entry, k) => {
      const [i, j] = [hessian.rows[k]!, hessian.columns[k]!];
      value += (i === j ? 0.5 : 1) * entry * x[i]! * x[j]!;
    });
    return value;
  }

  rowValue(i: number, x: Float64Array): number {
    const { columns, values } = this.rows[i]!;
    let sum = 0;
    for (let k = 0; k < columns.length; k++) sum += values[k]! * x[columns[k]!]!;
    return sum;
  }
}

/** Bounds in exact numbers, to be moved. */
export function boxOf(lower: Float64Array, upper: Float64Array): Record<Tightening['side'], (Dyadic | undefined)[]> {
  const side = (value: number): Dyadic | undefined => (Number.isFinite(value) ? Dyadic.of(value) : undefined);
  return { lower: Array.from(lower, side), upper: Array.from(upper, side) };
}

const mostRounds = 8;
/** Bounds beyond this are as good as none. */
const farthest = 1e12;

/**
 * Bounds that rows imply, each checked exactly: for variables without that bound, and with `integersToo` for integers whose interval
 * shrinks. Narrows `lower` and `upper`.
 */
export function impliedBounds(
  stated: Stated,
  lower: Float64Array,
  upper: Float64Array,
  integersToo: boolean,
): Tightening[] {
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
          const isWhole = exact.isInteger[variable] === 1;
          if (!(integersToo && isWhole) && Number.isFinite(old)) continue;
          const room = limit - (Number.isFinite(own) ? least - own : least);
          const direction = side === 'upper' ? 1 : -1;
          const margin = 1e-12 * (size / Math.abs(factor)) + 1e-300;
          const value = room / factor + direction * margin;
          if (!(Math.abs(value) < farthest)) continue;
          const next = isWhole ? (side === 'upper' ? Math.floor(value) : Math.ceil(value)) : value;
          if (!(direction * (old - next) > 0)) continue;
          const step: Tightening = { row, variable, side, value: Dyadic.of(value) };
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
