import { multiplyLowerTriangle, transpose, type SparseMatrix } from '../../linalg/index.js';
import type { InteriorPoint } from './interior-iterate.js';
import type { SparseProgram } from './scaling.js';
import { selected, type ReducedProgram } from './selection.js';

export interface Presolved extends ReducedProgram {
  /** False where nothing was found to remove. */
  readonly isSmaller: boolean;
}

/** One reduction, in the order made; duals are recovered in the reverse order. */
type Reduction =
  | { readonly kind: 'fixed'; readonly variable: number }
  | { readonly kind: 'singleton'; readonly row: number; readonly variable: number; readonly coefficient: number }
  | { readonly kind: 'duplicate'; readonly row: number; readonly kept: number; readonly factor: number };

const contradictionTolerance = 1e-9;

/**
 * Removes fixed variables, rows without sides or entries, singleton rows (they become bounds) and rows parallel to
 * another one. Undefined when the sides contradict each other on the way: the proof of that is left to the solver.
 */
export function presolve(program: SparseProgram): Presolved | undefined {
  const reducer = new Reducer(program);
  return reducer.run() ? reducer.finish() : undefined;
}

class Reducer {
  private readonly lower: Float64Array;
  private readonly upper: Float64Array;
  private readonly rows: SparseMatrix;
  private readonly rowAlive: Uint8Array;
  private readonly rowCount: Int32Array;
  private readonly fixed: Uint8Array;
  private readonly x: Float64Array;
  /** Row that gave a bound or side its present value, −1 for its own. */
  private readonly lowerSource: Int32Array;
  private readonly upperSource: Int32Array;
  private readonly reductions: Reduction[] = [];
  private readonly queue: number[] = [];

  constructor(private readonly program: SparseProgram) {
    const { variableCount: n, constraintCount: m } = program;
    this.lower = program.lower.slice();
    this.upper = program.upper.slice();
    this.rows = transpose(program.constraintMatrix);
    this.rowAlive = new Uint8Array(m).fill(1);
    this.rowCount = new Int32Array(m);
    this.fixed = new Uint8Array(n);
    this.x = new Float64Array(n);
    this.lowerSource = new Int32Array(n + m).fill(-1);
    this.upperSource = new Int32Array(n + m).fill(-1);
  }

  run(): boolean {
    const { variableCount: n, constraintCount: m } = this.program;
    for (let i = 0; i < m; i++) {
      this.rowCount[i] = this.entriesOf(i).values.length;
      if (this.lower[n + i] === -Infinity && this.upper[n + i] === Infinity) this.rowAlive[i] = 0;
      else if (this.rowCount[i]! <= 1) this.queue.push(i);
    }
    for (let j = 0; j < n; j++) if (this.lower[j] === this.upper[j]) this.fix(j);
    if (!this.emptyQueue()) return false;
    return this.mergeDuplicates() && this.emptyQueue();
  }

  private emptyQueue(): boolean {
    for (let row = this.queue.pop(); row !== undefined; row = this.queue.pop()) {
      if (this.rowAlive[row] === 0) continue;
      if (!(this.rowCount[row] === 0 ? this.dropEmpty(row) : this.turnIntoBound(row))) return false;
    }
    return true;
  }

  private fix(variable: number): void {
    const { constraintMatrix: matrix, variableCount: n } = this.program;
    const value = this.lower[variable]!;
    this.fixed[variable] = 1;
    this.x[variable] = value;
    this.reductions.push({ kind: 'fixed', variable });
    for (let k = matrix.columnStarts[variable]!; k < matrix.columnStarts[variable + 1]!; k++) {
      const row = matrix.rowIndices[k]!;
      if (matrix.values[k] === 0) continue;
      this.lower[n + row]! -= matrix.values[k]! * value;
      this.upper[n + row]! -= matrix.values[k]! * value;
      this.rowCount[row]! -= 1;
      if (this.rowAlive[row] === 1 && this.rowCount[row]! <= 1) this.queue.push(row);
    }
  }

  private dropEmpty(row: number): boolean {
    const { variableCount: n } = this.program;
    const tolerance = contradictionTolerance * this.sideScale(row);
    if (this.lower[n + row]! > tolerance || this.upper[n + row]! < -tolerance) return false;
    this.rowAlive[row] = 0;
    return true;
  }

  /** Size of a row's own sides: what rounding in the reduced ones is relative to. */
  private sideScale(row: number): number {
    const { variableCount: n, lower, upper } = this.program;
    const size = Math.min(Math.abs(lower[n + row]!), Math.abs(upper[n + row]!));
    return Math.max(1, Number.isFinite(size) ? size : 1);
  }

  private turnIntoBound(row: number): boolean {
    const { lower, upper } = this;
    const { columns, values } = this.entriesOf(row);
    const variable = columns[0]!;
    const coefficient = values[0]!;
    if (!this.tighten(variable, row, coefficient, () => Math.max(1, Math.abs(lower[variable]!)))) return false;
    this.reductions.push({ kind: 'singleton', row, variable, coefficient });
    if (lower[variable] === upper[variable]) this.fix(variable);
    return true;
  }

  /** Finds parallel rows by a hash of their columns and ratios, and intersects their sides. */
  private mergeDuplicates(): boolean {
    const groups = new Map<string, number[]>();
    for (let i = 0; i < this.program.constraintCount; i++) {
      if (this.rowAlive[i] === 0) continue;
      const key = this.signature(i);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [i]);
      else group.push(i);
    }
    for (const group of groups.values()) {
      const kept = group[0]!;
      for (let k = 1; k < group.length; k++) {
        const factor = this.ratio(kept, group[k]!);
        if (factor !== undefined && !this.intersect(kept, group[k]!, factor)) return false;
      }
    }
    return true;
  }

  /** Columns and values of the entries of a row that are not zero and whose variables are not fixed. */
  private entriesOf(row: number): { readonly columns: readonly number[]; readonly values: readonly number[] } {
    const { rows, fixed } = this;
    const columns: number[] = [];
    const values: number[] = [];
    for (let k = rows.columnStarts[row]!; k < rows.columnStarts[row + 1]!; k++) {
      if (fixed[rows.rowIndices[k]!] === 1 || rows.values[k] === 0) continue;
      columns.push(rows.rowIndices[k]!);
      values.push(rows.values[k]!);
    }
    return { columns, values };
  }

  private signature(row: number): string {
    const { columns, values } = this.entriesOf(row);
    const ratioSum = values.reduce((sum, value) => sum + value / values[0]!, 0);
    return `${columns.join()};${ratioSum.toPrecision(6)}`;
  }

  /** c with row = c·kept, or undefined when the rows are not parallel. */
  private ratio(kept: number, row: number): number | undefined {
    const first = this.entriesOf(kept).values;
    const second = this.entriesOf(row).values;
    if (first.length !== second.length || first.length === 0) return undefined;
    const factor = second[0]! / first[0]!;
    const parallel = first.every((value, k) => Math.abs(second[k]! - factor * value) <= 1e-13 * Math.abs(second[k]!));
    return parallel ? factor : undefined;
  }

  private intersect(kept: number, row: number, factor: number): boolean {
    const { variableCount: n } = this.program;
    if (!this.tighten(n + kept, row, factor, () => this.sideScale(kept))) return false;
    this.reductions.push({ kind: 'duplicate', row, kept, factor });
    return true;
  }

  /**
   * Gives a condition the sides of a row that is `factor` times it, where those are the narrower ones, and drops the row.
   * False where they contradict by more than rounding, of which `scale` is the size.
   */
  private tighten(condition: number, row: number, factor: number, scale: () => number): boolean {
    const { variableCount: n } = this.program;
    const { lower, upper } = this;
    const first = lower[n + row]! / factor;
    const second = upper[n + row]! / factor;
    const low = Math.min(first, second);
    const high = Math.max(first, second);
    if (low > lower[condition]!) {
      lower[condition] = low;
      this.lowerSource[condition] = row;
    }
    if (high < upper[condition]!) {
      upper[condition] = high;
      this.upperSource[condition] = row;
    }
    const width = upper[condition]! - lower[condition]!;
    if (width < -contradictionTolerance * scale()) return false;
    if (width < 0) lower[condition] = upper[condition]!;
    this.rowAlive[row] = 0;
    return true;
  }

  finish(): Presolved {
    const { program, fixed, rowAlive, lower, upper } = this;
    const { variableCount: n, constraintCount: m } = program;
    const variables = Int32Array.from({ length: n }, (_, j) => j).filter((j) => fixed[j] === 0);
    const rows = Int32Array.from({ length: m }, (_, i) => i).filter((i) => rowAlive[i] === 1);
    const linear = this.gradient(this.x);
    const selection = selected({ ...program, linear, lower, upper }, variables, rows, this.x);
    const isSmaller = this.reductions.length > 0 || rows.length < m;
    return { reduced: selection.reduced, isSmaller, recover: (point) => this.recover(selection.recover(point)) };
  }

  /** Px + q. */
  private gradient(x: Float64Array): Float64Array {
    const { hessian, linear } = this.program;
    const gradient = new Float64Array(x.length);
    multiplyLowerTriangle(hessian, x, gradient);
    return gradient.map((value, j) => value + linear[j]!);
  }

  private recover(point: InteriorPoint): InteriorPoint {
    const gradient = this.gradient(point.x);
    for (let r = this.reductions.length - 1; r >= 0; r--) this.undo(this.reductions[r]!, gradient, point);
    return point;
  }

  private undo(reduction: Reduction, gradient: Float64Array, point: InteriorPoint): void {
    const { multipliers: y, boundMultipliers: z, sides } = point;
    const { constraintMatrix: matrix, variableCount: n } = this.program;
    switch (reduction.kind) {
      case 'fixed': {
        const { variable } = reduction;
        let sum = gradient[variable]!;
        for (let k = matrix.columnStarts[variable]!; k < matrix.columnStarts[variable + 1]!; k++) {
          sum += matrix.values[k]! * y[matrix.rowIndices[k]!]!;
        }
        z[variable] = -sum;
        sides[variable] = sum > 0 ? -1 : 1;
        return;
      }
      case 'singleton': {
        const { row, variable, coefficient } = reduction;
        const side = sides[variable]!;
        const source = side > 0 ? this.upperSource[variable]! : this.lowerSource[variable]!;
        if (side === 0 || source !== row) return;
        y[row] = z[variable]! / coefficient;
        sides[n + row] = side * Math.sign(coefficient);
        z[variable] = 0;
        sides[variable] = 0;
        return;
      }
      case 'duplicate': {
        const { row, kept, factor } = reduction;
        const side = y[kept] === 0 ? sides[n + kept]! : Math.sign(y[kept]!);
        const source = side > 0 ? this.upperSource[n + kept]! : this.lowerSource[n + kept]!;
        if (side === 0 || source !== row) return;
        y[row] = y[kept]! / factor;
        sides[n + row] = side * Math.sign(factor);
        y[kept] = 0;
        sides[n + kept] = 0;
      }
    }
  }
}
