import type { LinearRow } from './certificate.js';

/** Everything that a later solve starts from. */
export interface SimplexState {
  readonly rowCount: number;
  readonly tableau: Float64Array;
  readonly costs: Float64Array;
  readonly basic: Int32Array;
  readonly nonbasic: Int32Array;
}

/**
 * The dense condensed tableau of a linear program: with the row activities s = Ax as variables of their own the basic
 * variables are x_B = T·x_N, whatever the bounds are. Rows come and go, and pivots exchange variables, while T is kept.
 */
export class CondensedTableau {
  /** Bounds of the columns, then of the rows. */
  lower: Float64Array;
  upper: Float64Array;
  pivots = 0;
  protected rows: LinearRow[] = [];
  protected tableau: Float64Array;
  protected basic: Int32Array;
  protected readonly nonbasic: Int32Array;
  protected reduced: Float64Array;
  /** Pivots since the tableau was computed from the rows. */
  protected sinceRebuild = 0;
  private readonly scratch: Float64Array;

  constructor(
    readonly columnCount: number,
    protected cost: Float64Array,
  ) {
    const n = columnCount;
    this.lower = new Float64Array(n + 16).fill(-Infinity);
    this.upper = new Float64Array(n + 16).fill(Infinity);
    this.tableau = new Float64Array(16 * n);
    this.basic = new Int32Array(16);
    this.nonbasic = Int32Array.from({ length: n }, (_, j) => j);
    this.reduced = Float64Array.from(cost);
    this.scratch = new Float64Array(n);
  }

  get rowCount(): number {
    return this.rows.length;
  }

  row(index: number): LinearRow {
    return this.rows[index]!;
  }

  setCost(cost: Float64Array): void {
    this.cost = Float64Array.from(cost);
    this.computeReduced();
  }

  addRow(row: LinearRow): void {
    const n = this.columnCount;
    const index = this.rows.length;
    if ((index + 1) * n > this.tableau.length) this.grow();
    this.rows.push(row);
    const entry = this.scratch.fill(0);
    for (let k = 0; k < row.indices.length; k++) entry[row.indices[k]!] = entry[row.indices[k]!]! + row.values[k]!;
    const start = index * n;
    for (let j = 0; j < n; j++) {
      const variable = this.nonbasic[j]!;
      this.tableau[start + j] = variable < n ? entry[variable]! : 0;
    }
    for (let i = 0; i < index; i++) {
      const variable = this.basic[i]!;
      if (variable >= n || entry[variable] === 0) continue;
      const factor = entry[variable]!;
      const from = i * n;
      for (let j = 0; j < n; j++) this.tableau[start + j]! += factor * this.tableau[from + j]!;
    }
    this.basic[index] = n + index;
    this.lower[n + index] = row.lower;
    this.upper[n + index] = row.upper;
  }

  /** Takes out the rows from `first` on that `drop` names and that no vertex rests on; the others keep their order. */
  removeRows(first: number, drop: (row: LinearRow) => boolean): void {
    const n = this.columnCount;
    const place = new Int32Array(this.rows.length).fill(-1);
    for (let i = 0; i < this.rows.length; i++) if (this.basic[i]! >= n) place[this.basic[i]! - n] = i;
    const renumber = new Int32Array(this.rows.length);
    const kept: LinearRow[] = [];
    const dropped = new Uint8Array(this.rows.length);
    this.rows.forEach((row, r) => {
      if (r >= first && place[r]! >= 0 && drop(row)) dropped[r] = 1;
      else {
        renumber[r] = kept.length;
        this.lower[n + kept.length] = this.lower[n + r]!;
        this.upper[n + kept.length] = this.upper[n + r]!;
        kept.push(row);
      }
    });
    if (kept.length === this.rows.length) return;
    let to = 0;
    for (let i = 0; i < this.rows.length; i++) {
      const variable = this.basic[i]!;
      if (variable >= n && dropped[variable - n] === 1) continue;
      this.tableau.copyWithin(to * n, i * n, (i + 1) * n);
      this.basic[to] = variable >= n ? n + renumber[variable - n]! : variable;
      to++;
    }
    for (let j = 0; j < n; j++) {
      const variable = this.nonbasic[j]!;
      if (variable >= n) this.nonbasic[j] = n + renumber[variable - n]!;
    }
    this.rows = kept;
  }

  save(): SimplexState {
    const size = this.rows.length;
    return {
      rowCount: size,
      tableau: this.tableau.slice(0, size * this.columnCount),
      costs: this.reduced.slice(),
      basic: this.basic.slice(0, size),
      nonbasic: this.nonbasic.slice(),
    };
  }

  /** Back to a saved basis of the same rows. */
  restore(state: SimplexState): void {
    this.tableau.set(state.tableau);
    this.reduced.set(state.costs);
    this.basic.set(state.basic);
    this.nonbasic.set(state.nonbasic);
  }

  /** Multipliers y of the rows: the marginal of each row's activity. */
  multipliers(): Float64Array {
    const n = this.columnCount;
    const y = new Float64Array(this.rows.length);
    for (let j = 0; j < n; j++) if (this.nonbasic[j]! >= n) y[this.nonbasic[j]! - n] = this.reduced[j]!;
    return y;
  }

  /** Reduced costs of the columns; 0 of the basic ones. */
  reducedCosts(): Float64Array {
    const n = this.columnCount;
    const d = new Float64Array(n);
    for (let j = 0; j < n; j++) if (this.nonbasic[j]! < n) d[this.nonbasic[j]!] = this.reduced[j]!;
    return d;
  }

  /** The row of the tableau of a basic column: its variable is Σ entries·value over nonbasic variables; undefined if nonbasic. */
  tableauRow(variable: number): Float64Array | undefined {
    for (let i = 0; i < this.rows.length; i++) {
      if (this.basic[i] === variable) return this.tableau.subarray(i * this.columnCount, (i + 1) * this.columnCount);
    }
    return undefined;
  }

  /** Variables beside `tableauRow`; those from `columnCount` on are rows. */
  get nonbasicVariables(): Int32Array {
    return this.nonbasic;
  }

  private grow(): void {
    const n = this.columnCount;
    const capacity = Math.max(16, 2 * this.basic.length);
    this.tableau = enlarged(this.tableau, capacity * n);
    this.basic = Int32Array.from({ length: capacity }, (_, i) => this.basic[i] ?? 0);
    this.lower = enlarged(this.lower, n + capacity);
    this.upper = enlarged(this.upper, n + capacity);
  }

  protected computeReduced(): void {
    const n = this.columnCount;
    for (let j = 0; j < n; j++) this.reduced[j] = this.nonbasic[j]! < n ? this.cost[this.nonbasic[j]!]! : 0;
    for (let i = 0; i < this.rows.length; i++) {
      const variable = this.basic[i]!;
      const factor = variable < n ? this.cost[variable]! : 0;
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) this.reduced[j]! += factor * this.tableau[i * n + j]!;
    }
  }

  /** The tableau of the present basis from the rows. */
  protected rebuild(): void {
    const n = this.columnCount;
    const m = this.rows.length;
    const wanted = new Uint8Array(n + m);
    for (let i = 0; i < m; i++) wanted[this.basic[i]!] = 1;
    this.tableau.fill(0, 0, m * n);
    this.rows.forEach(({ indices, values }, r) => {
      for (let k = 0; k < indices.length; k++) this.tableau[r * n + indices[k]!]! += values[k]!;
      this.basic[r] = n + r;
    });
    for (let j = 0; j < n; j++) this.nonbasic[j] = j;
    const free = Uint8Array.from({ length: m }, (_, r) => (wanted[n + r] === 1 ? 0 : 1));
    for (let column = 0; column < n; column++) {
      if (wanted[column] === 0) continue;
      let best = -1;
      let largest = 1e-7;
      for (let i = 0; i < m; i++) {
        const size = Math.abs(this.tableau[i * n + column]!);
        if (free[i] === 1 && size > largest) {
          largest = size;
          best = i;
        }
      }
      if (best < 0) continue;
      free[best] = 0;
      this.pivot(best, column);
    }
    this.computeReduced();
    this.sinceRebuild = 0;
  }

  protected pivot(row: number, place: number): void {
    const n = this.columnCount;
    const { tableau, reduced } = this;
    const start = row * n;
    const inverse = 1 / tableau[start + place]!;
    for (let j = 0; j < n; j++) tableau[start + j] = -tableau[start + j]! * inverse;
    tableau[start + place] = inverse;
    for (let i = 0; i < this.rows.length; i++) {
      if (i === row) continue;
      const from = i * n;
      const factor = tableau[from + place]!;
      if (factor === 0) continue;
      tableau[from + place] = 0;
      for (let j = 0; j < n; j++) tableau[from + j]! += factor * tableau[start + j]!;
    }
    const cost = reduced[place]!;
    if (cost !== 0) {
      reduced[place] = 0;
      for (let j = 0; j < n; j++) reduced[j]! += cost * tableau[start + j]!;
    }
    const variable = this.basic[row]!;
    this.basic[row] = this.nonbasic[place]!;
    this.nonbasic[place] = variable;
    this.pivots++;
    this.sinceRebuild++;
  }
}

function enlarged(values: Float64Array, size: number): Float64Array {
  const copy = new Float64Array(Math.max(size, values.length));
  copy.set(values);
  return copy;
}
