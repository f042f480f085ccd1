import { boundOfMultipliers, excludesBox, type LinearRow } from './certificate.js';

/** How a solve ended. `failed`: out of pivots or of precision; nothing is claimed. */
export type SimplexEnd = 'optimal' | 'infeasible' | 'unbounded' | 'failed';

const feasibilityTolerance = 1e-9;
const optimalityTolerance = 1e-9;
const pivotTolerance = 1e-8;
/** Pivots after which the tableau is computed anew. */
const pivotsBeforeRebuild = 150;
/** Steps without progress after which ties are broken by index (Bland 1977). */
const degenerateSteps = 60;

/** Everything that a later solve starts from. */
export interface SimplexState {
  readonly rowCount: number;
  readonly tableau: Float64Array;
  readonly costs: Float64Array;
  readonly basic: Int32Array;
  readonly nonbasic: Int32Array;
}

/**
 * Linear programs min cᵀx, rowLower ≤ Ax ≤ rowUpper, lower ≤ x ≤ upper on a dense condensed tableau: with the row
 * activities s = Ax as variables of their own the basic variables are x_B = T·x_N, whatever the bounds are. Bounds may
 * therefore change, and rows come and go, while T stays: the next solve starts where the last ended, by the dual simplex
 * method with bound flipping (Maros 2003), and by the primal one for what is dual infeasible.
 *
 * Made for the relaxations of a tree: up to some hundred rows and columns.
 */
export class Simplex {
  /** Bounds of the columns, then of the rows. */
  lower: Float64Array;
  upper: Float64Array;
  readonly x: Float64Array;
  objective = NaN;
  pivots = 0;
  private rows: LinearRow[] = [];
  private tableau: Float64Array;
  private basic: Int32Array;
  private basicValues: Float64Array;
  private readonly nonbasic: Int32Array;
  private readonly nonbasicValues: Float64Array;
  private reduced: Float64Array;
  private readonly scratch: Float64Array;
  private sinceRebuild = 0;

  constructor(
    readonly columnCount: number,
    private cost: Float64Array,
  ) {
    const n = columnCount;
    this.lower = new Float64Array(n + 16).fill(-Infinity);
    this.upper = new Float64Array(n + 16).fill(Infinity);
    this.x = new Float64Array(n);
    this.tableau = new Float64Array(16 * n);
    this.basic = new Int32Array(16);
    this.basicValues = new Float64Array(16);
    this.nonbasic = Int32Array.from({ length: n }, (_, j) => j);
    this.nonbasicValues = new Float64Array(n);
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

  /** Solves within the present bounds. */
  solve(maxPivots = 20_000): SimplexEnd {
    for (let attempt = 0; attempt < 3; attempt++) {
      if (attempt > 0 || this.sinceRebuild > pivotsBeforeRebuild) this.rebuild();
      const end = this.solveOnce(maxPivots);
      if (end === 'infeasible') {
        if (this.infeasibleRow >= 0 && this.provesInfeasible()) return end;
      } else if (end === 'failed') {
        if (attempt > 0) return end;
      } else {
        this.readPoint();
        if (this.isAccurate()) return end;
      }
    }
    return 'failed';
  }

  /** A lower bound on cᵀx over rows and bounds, computed anew from the data and safe from the tableau's rounding. */
  safeBound(): number {
    return boundOfMultipliers(this.cost, this.rows, this.multipliers(), this.lower, this.upper);
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

  /** True if the nonbasic variable in this place stands at its upper bound. */
  isAtUpper(place: number): boolean {
    const variable = this.nonbasic[place]!;
    return this.nonbasicValues[place] === this.upper[variable] && this.upper[variable] !== this.lower[variable];
  }

  private infeasibleRow = -1;

  private grow(): void {
    const n = this.columnCount;
    const capacity = Math.max(16, 2 * this.basic.length);
    this.tableau = enlarged(this.tableau, capacity * n);
    this.basic = Int32Array.from({ length: capacity }, (_, i) => this.basic[i] ?? 0);
    this.basicValues = enlarged(this.basicValues, capacity);
    this.lower = enlarged(this.lower, n + capacity);
    this.upper = enlarged(this.upper, n + capacity);
  }

  private computeReduced(): void {
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
  private rebuild(): void {
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

  private solveOnce(maxPivots: number): SimplexEnd {
    this.infeasibleRow = -1;
    for (let variable = 0; variable < this.columnCount + this.rows.length; variable++) {
      const gap = this.lower[variable]! - this.upper[variable]!;
      if (gap > 0) return this.crossed(variable);
    }
    const shifted = this.placeNonbasic();
    this.computeBasic();
    const end = this.dual(maxPivots);
    if (end !== 'optimal' || !shifted) return end;
    this.computeReduced();
    return this.primal(maxPivots);
  }

  private crossed(_variable: number): SimplexEnd {
    // No row is needed: the bounds themselves leave nothing.
    this.crossedBounds = true;
    this.infeasibleRow = 0;
    return 'infeasible';
  }

  private crossedBounds = false;

  /** Puts nonbasic variables where their reduced costs want them; those with no bound there have the cost taken off. */
  private placeNonbasic(): boolean {
    let shifted = false;
    this.crossedBounds = false;
    for (let j = 0; j < this.columnCount; j++) {
      const variable = this.nonbasic[j]!;
      const low = this.lower[variable]!;
      const high = this.upper[variable]!;
      const d = this.reduced[j]!;
      const wantsUpper = d < 0 || (d === 0 && (low === -Infinity || this.nonbasicValues[j] === high));
      let value = wantsUpper ? high : low;
      if (!Number.isFinite(value)) {
        value = Number.isFinite(low) ? low : Number.isFinite(high) ? high : 0;
        if (Math.abs(d) > 0) {
          if (Math.abs(d) > optimalityTolerance) shifted = true;
          this.reduced[j] = 0;
        }
      }
      this.nonbasicValues[j] = value;
    }
    return shifted;
  }

  private computeBasic(): void {
    const n = this.columnCount;
    for (let i = 0; i < this.rows.length; i++) {
      let sum = 0;
      const start = i * n;
      for (let j = 0; j < n; j++) sum += this.tableau[start + j]! * this.nonbasicValues[j]!;
      this.basicValues[i] = sum;
    }
  }

  private dual(maxPivots: number): SimplexEnd {
    let degenerate = 0;
    for (let step = 0; step < maxPivots; step++) {
      const bland = degenerate > degenerateSteps;
      const row = this.leavingRow(bland);
      if (row < 0) return 'optimal';
      const variable = this.basic[row]!;
      const value = this.basicValues[row]!;
      const below = value < this.lower[variable]!;
      const target = below ? this.lower[variable]! : this.upper[variable]!;
      const place = this.enteringPlace(row, below, Math.abs(value - target), bland);
      if (place < 0) {
        this.infeasibleRow = row;
        return 'infeasible';
      }
      degenerate = Math.abs(this.reduced[place]!) <= 1e-12 ? degenerate + 1 : 0;
      this.exchange(row, place, target);
    }
    return 'failed';
  }

  /** The basic variable furthest outside its bounds, measured along its row (dual steepest edge with exact norms). */
  private leavingRow(bland: boolean): number {
    const n = this.columnCount;
    let best = -1;
    let bestScore = 0;
    for (let i = 0; i < this.rows.length; i++) {
      const variable = this.basic[i]!;
      const value = this.basicValues[i]!;
      const violation = Math.max(this.lower[variable]! - value, value - this.upper[variable]!);
      const size = feasibilityTolerance * Math.max(1, Math.abs(value));
      if (!(violation > size)) continue;
      if (bland) {
        if (best < 0 || variable < this.basic[best]!) best = i;
        continue;
      }
      let norm = 1;
      for (let k = i * n; k < (i + 1) * n; k++) norm += this.tableau[k]! * this.tableau[k]!;
      const score = (violation * violation) / norm;
      if (score > bestScore) {
        bestScore = score;
        best = i;
      }
    }
    return best;
  }

  /**
   * The nonbasic variable that takes the leaving one's place. Boxed ones whose reduced cost changes sign before are
   * moved to their other bound, as long as the row stays violated.
   */
  private enteringPlace(row: number, below: boolean, violation: number, bland: boolean): number {
    const n = this.columnCount;
    const start = row * n;
    const sign = below ? 1 : -1;
    const candidates: { readonly place: number; readonly size: number; readonly ratio: number }[] = [];
    for (let j = 0; j < n; j++) {
      const variable = this.nonbasic[j]!;
      const low = this.lower[variable]!;
      const high = this.upper[variable]!;
      if (low === high) continue;
      const entry = sign * this.tableau[start + j]!;
      if (Math.abs(entry) < pivotTolerance) continue;
      const value = this.nonbasicValues[j]!;
      const isFree = low === -Infinity && high === Infinity;
      const canHelp = isFree || (entry > 0 ? value < high : value > low);
      if (canHelp)
        candidates.push({ place: j, size: Math.abs(entry), ratio: Math.abs(this.reduced[j]!) / Math.abs(entry) });
    }
    if (candidates.length === 0) return -1;
    if (bland) {
      const least = candidates.reduce((ratio, candidate) => Math.min(ratio, candidate.ratio), Infinity);
      let best = -1;
      for (const { place, ratio } of candidates) {
        if (ratio <= least + 1e-13 && (best < 0 || this.nonbasic[place]! < this.nonbasic[best]!)) best = place;
      }
      return best;
    }
    candidates.sort((a, b) => a.ratio - b.ratio || b.size - a.size);
    let slope = violation;
    let from = 0;
    while (from < candidates.length - 1) {
      const { place, size } = candidates[from]!;
      const variable = this.nonbasic[place]!;
      const next = slope - size * (this.upper[variable]! - this.lower[variable]!);
      if (!(next > 0)) break;
      slope = next;
      from++;
    }
    // Among those about as early as the first that stops, the largest pivot (Harris 1973).
    const { ratio, size } = candidates[from]!;
    let best = from;
    for (let k = from + 1; k < candidates.length && candidates[k]!.ratio <= ratio + optimalityTolerance / size; k++) {
      if (candidates[k]!.size > candidates[best]!.size) best = k;
    }
    for (let k = 0; k < from; k++) this.flip(candidates[k]!.place);
    return candidates[best]!.place;
  }

  private flip(place: number): void {
    const n = this.columnCount;
    const variable = this.nonbasic[place]!;
    const value = this.nonbasicValues[place]!;
    const other = value === this.lower[variable] ? this.upper[variable]! : this.lower[variable]!;
    const change = other - value;
    this.nonbasicValues[place] = other;
    for (let i = 0; i < this.rows.length; i++) this.basicValues[i]! += change * this.tableau[i * n + place]!;
  }

  /** Brings the basic variable of a row to `target` by moving the nonbasic one, and lets them change places. */
  private exchange(row: number, place: number, target: number): void {
    const n = this.columnCount;
    const step = (target - this.basicValues[row]!) / this.tableau[row * n + place]!;
    for (let i = 0; i < this.rows.length; i++) this.basicValues[i]! += step * this.tableau[i * n + place]!;
    const entered = this.nonbasicValues[place]! + step;
    this.pivot(row, place);
    this.basicValues[row] = entered;
    this.nonbasicValues[place] = target;
  }

  private pivot(row: number, place: number): void {
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

  /** From a vertex within the bounds down to the optimum. */
  private primal(maxPivots: number): SimplexEnd {
    const n = this.columnCount;
    let degenerate = 0;
    for (let step = 0; step < maxPivots; step++) {
      const bland = degenerate > degenerateSteps;
      let place = -1;
      let steepest = 0;
      for (let j = 0; j < n; j++) {
        const variable = this.nonbasic[j]!;
        const [low, high, value, d] = [
          this.lower[variable]!,
          this.upper[variable]!,
          this.nonbasicValues[j]!,
          this.reduced[j]!,
        ];
        if (low === high || Math.abs(d) <= optimalityTolerance) continue;
        if (!(d < 0 ? value < high : value > low)) continue;
        if (bland) {
          if (place < 0 || variable < this.nonbasic[place]!) place = j;
        } else if (Math.abs(d) > steepest) {
          steepest = Math.abs(d);
          place = j;
        }
      }
      if (place < 0) return 'optimal';
      const variable = this.nonbasic[place]!;
      const direction = this.reduced[place]! < 0 ? 1 : -1;
      let length = this.upper[variable]! - this.lower[variable]!;
      let row = -1;
      let size = 0;
      for (let i = 0; i < this.rows.length; i++) {
        const rate = direction * this.tableau[i * n + place]!;
        if (Math.abs(rate) < pivotTolerance) continue;
        const own = this.basic[i]!;
        const side = rate > 0 ? this.upper[own]! : this.lower[own]!;
        const room = Math.max(0, (side - this.basicValues[i]!) / rate);
        if (room < length - 1e-12 || (room <= length + 1e-12 && Math.abs(rate) > size && row >= 0)) {
          length = Math.min(length, room);
          row = i;
          size = Math.abs(rate);
        }
      }
      if (length === Infinity) return 'unbounded';
      degenerate = length <= 1e-12 ? degenerate + 1 : 0;
      if (row < 0) {
        this.flip(place);
        continue;
      }
      const rate = direction * this.tableau[row * n + place]!;
      const own = this.basic[row]!;
      this.exchange(row, place, rate > 0 ? this.upper[own]! : this.lower[own]!);
    }
    return 'failed';
  }

  private readPoint(): void {
    const n = this.columnCount;
    for (let j = 0; j < n; j++) if (this.nonbasic[j]! < n) this.x[this.nonbasic[j]!] = this.nonbasicValues[j]!;
    for (let i = 0; i < this.rows.length; i++) {
      const variable = this.basic[i]!;
      if (variable >= n) continue;
      this.x[variable] = Math.min(Math.max(this.basicValues[i]!, this.lower[variable]!), this.upper[variable]!);
    }
    this.objective = this.cost.reduce((sum, value, j) => (value === 0 ? sum : sum + value * this.x[j]!), 0);
  }

  /** Whether the point satisfies the rows as they were given. */
  private isAccurate(): boolean {
    return this.rows.every(({ indices, values }, r) => {
      let sum = 0;
      let size = 1;
      for (let k = 0; k < indices.length; k++) {
        const term = values[k]! * this.x[indices[k]!]!;
        sum += term;
        size += Math.abs(term);
      }
      const n = this.columnCount;
      return sum >= this.lower[n + r]! - 1e-7 * size && sum <= this.upper[n + r]! + 1e-7 * size;
    });
  }

  /** After `infeasible`: y of the rows with which yᵀ(Ax − s) = 0 has no solution within the bounds; 0 if bounds cross. */
  infeasibilityMultipliers(): Float64Array {
    const y = new Float64Array(this.rows.length);
    if (this.crossedBounds || this.infeasibleRow < 0) return y;
    const n = this.columnCount;
    const row = this.infeasibleRow;
    if (this.basic[row]! >= n) y[this.basic[row]! - n] = -1;
    for (let j = 0; j < n; j++) {
      const variable = this.nonbasic[j]!;
      if (variable >= n) y[variable - n]! += this.tableau[row * n + j]!;
    }
    return y;
  }

  private provesInfeasible(): boolean {
    if (this.crossedBounds) return true;
    return excludesBox(this.rows, this.infeasibilityMultipliers(), this.lower, this.upper, this.columnCount);
  }
}

function enlarged(values: Float64Array, size: number): Float64Array {
  const copy = new Float64Array(Math.max(size, values.length));
  copy.set(values);
  return copy;
}
