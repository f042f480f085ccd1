import { boundOfMultipliers, excludesBox } from './certificate.js';
import { CondensedTableau } from './condensed-tableau.js';

/** How a solve ended. `failed`: out of pivots or of precision; nothing is claimed. */
export type SimplexEnd = 'optimal' | 'infeasible' | 'unbounded' | 'failed';

const feasibilityTolerance = 1e-9;
const optimalityTolerance = 1e-9;
const pivotTolerance = 1e-8;
/** Pivots after which the tableau is computed anew. */
const pivotsBeforeRebuild = 150;
/** Steps without progress after which ties are broken by index (Bland 1977). */
const degenerateSteps = 60;

/**
 * Linear programs min cᵀx, rowLower ≤ Ax ≤ rowUpper, lower ≤ x ≤ upper. Bounds may change and rows come and go while the
 * tableau stays: the next solve starts where the last ended, by the dual simplex method with bound flipping (Maros 2003),
 * and by the primal one for what is dual infeasible.
 *
 * Made for the relaxations of a tree: up to some hundred rows and columns.
 */
export class Simplex extends CondensedTableau {
  readonly x: Float64Array;
  objective = NaN;
  private basicValues = new Float64Array(16);
  private readonly nonbasicValues: Float64Array;
  private infeasibleRow = -1;
  private crossedBounds = false;

  constructor(columnCount: number, cost: Float64Array) {
    super(columnCount, cost);
    this.x = new Float64Array(columnCount);
    this.nonbasicValues = new Float64Array(columnCount);
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

  /** True if the nonbasic variable in this place stands at its upper bound. */
  isAtUpper(place: number): boolean {
    const variable = this.nonbasic[place]!;
    return this.nonbasicValues[place] === this.upper[variable] && this.upper[variable] !== this.lower[variable];
  }

  private solveOnce(maxPivots: number): SimplexEnd {
    this.infeasibleRow = -1;
    for (let variable = 0; variable < this.columnCount + this.rows.length; variable++) {
      if (!(this.lower[variable]! - this.upper[variable]! > 0)) continue;
      // No row is needed: the bounds themselves leave nothing.
      this.crossedBounds = true;
      this.infeasibleRow = 0;
      return 'infeasible';
    }
    const shifted = this.placeNonbasic();
    this.computeBasic();
    const end = this.dual(maxPivots);
    if (end !== 'optimal' || !shifted) return end;
    this.computeReduced();
    return this.primal(maxPivots);
  }

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
    if (this.basicValues.length < this.rows.length) this.basicValues = new Float64Array(this.basic.length);
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
