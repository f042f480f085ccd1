import type { CompiledAllocation } from './compile.js';
import { CoveringProgram } from './covering-program.js';
import { evaluateRow, reciprocalForValue, rowValue, steepestSlope } from './delay-rows.js';
import type { ThresholdAnswer } from './threshold-search.js';
import { trimShares } from './trim-shares.js';

/** Gap of the best shares to the lower bound of the cuts at which the search ends, relative to the round. */
const gapTolerance = 1e-10;
const maxCuts = 400;
/** From the best thresholds known towards the program's: how far the next cut is sought. */
const towardsProgram = 0.5;
/** A kink's slope is taken this far on the side of smaller shares: right of it a law may be flat. */
const besideKink = 1 + 1e-10;

/**
 * The same problem as `searchThresholds`, for laws of which nothing but concavity is known. The band that thresholds t need,
 *
 *   G(t) = Σ_n max_r b_{n,r}(t_r),   b_{n,r} the least share that keeps row r of device n within t_r,
 *
 * is convex and falls, whatever kinks and flat stretches the rates have. Cutting planes (Kelley 1960) G(t_k) + g_k·(t − t_k) ≤ 1
 * leave a linear program in the two or three thresholds; a cut is taken between its answer and the best thresholds known
 * (the in-out method of Ben-Ameur & Neto 2007). The program's value is a lower bound, its multipliers are those of the rows.
 */
export function cutThresholds(compiled: CompiledAllocation, start: ArrayLike<number>): ThresholdAnswer {
  return new ThresholdCuts(compiled).solve(start);
}

interface Cut {
  /** The row of each device that decides its share; −1 for none. */
  readonly deciding: Int8Array;
  /** d share / d threshold of that row, ≤ 0. */
  readonly slope: Float64Array;
  readonly scale: number;
}

class ThresholdCuts {
  private readonly kinds: number;
  /** Longest of each row at the largest shares: no thresholds lie below. */
  private readonly floors: Float64Array;
  /** Device that sets each floor. */
  private readonly floorDevice: Int32Array;
  private readonly program: CoveringProgram;
  private readonly cuts: Cut[] = [];
  private readonly reciprocal: Float64Array;
  private readonly gradient: Float64Array;
  private readonly out = new Float64Array(3);
  private readonly best: Float64Array;
  private readonly bestReciprocal: Float64Array;
  private readonly reached: Float64Array;
  private bestDelay = Infinity;

  constructor(private readonly compiled: CompiledAllocation) {
    const { count, rowWeights } = compiled;
    this.kinds = rowWeights.length;
    this.floors = new Float64Array(this.kinds);
    this.floorDevice = new Int32Array(this.kinds);
    this.reciprocal = new Float64Array(count);
    this.gradient = new Float64Array(this.kinds);
    this.reached = new Float64Array(this.kinds);
    this.best = new Float64Array(this.kinds);
    this.bestReciprocal = new Float64Array(count);
    this.program = new CoveringProgram(rowWeights);
    this.findFloors();
  }

  solve(start: ArrayLike<number>): ThresholdAnswer {
    const { rowWeights } = this.compiled;
    const floorDelay = rowWeights.reduce((sum, weight, r) => sum + weight * this.floors[r]!, 0);
    const point = Float64Array.from(this.floors, (floor, r) => Math.max(floor, start[r]!));
    this.cutAt(point);
    const round = () => Math.abs(this.bestDelay + this.compiled.constantSeconds);
    for (let step = 1; step < maxCuts; step++) {
      if (!this.program.solve()) break;
      if (this.bestDelay - (floorDelay + this.program.value) <= gapTolerance * round()) break;
      // Every third cut at the program's own answer: among straight pieces it ends the search.
      const part = step % 3 === 0 ? 1 : towardsProgram;
      for (let r = 0; r < this.kinds; r++) {
        const target = this.floors[r]! + this.program.point[r]!;
        point[r] = this.best[r]! + part * (target - this.best[r]!);
      }
      this.cutAt(point);
    }
    return this.answer();
  }

  private findFloors(): void {
    const { count, rows, leastReciprocal, greatestReciprocal } = this.compiled;
    for (let n = 0; n < count; n++) {
      const w = Math.min(Math.max(1, leastReciprocal[n]!), greatestReciprocal[n]!);
      for (let r = 0; r < this.kinds; r++) {
        const row = n * this.kinds + r;
        const seconds = rows.floor[row]! + (steepestSlope(rows, row) > 0 ? rowValue(rows, row, w) : 0);
        if (seconds < this.floors[r]!) continue;
        this.floors[r] = seconds;
        this.floorDevice[r] = n;
      }
    }
  }

  /** Shares for the thresholds, the cut that they give, and the thresholds that those shares reach within the band. */
  private cutAt(thresholds: Float64Array): void {
    const { count, greatestReciprocal, leastReciprocal, rows } = this.compiled;
    const deciding = new Int8Array(count).fill(-1);
    const slope = new Float64Array(count);
    this.gradient.fill(0);
    let use = 0;
    for (let n = 0; n < count; n++) {
      let w = greatestReciprocal[n]!;
      for (let r = 0; r < this.kinds; r++) {
        const row = n * this.kinds + r;
        if (steepestSlope(rows, row) === 0) continue;
        const left = thresholds[r]! - rows.floor[row]!;
        const enough = reciprocalForValue(rows, row, left, this.reciprocal[n]! > 0 ? this.reciprocal[n]! : Infinity);
        if (enough >= w) continue;
        w = enough;
        deciding[n] = r;
      }
      w = Math.max(w, Math.min(Math.max(1, leastReciprocal[n]!), greatestReciprocal[n]!));
      this.reciprocal[n] = w;
      use += 1 / w;
      if (deciding[n]! < 0) continue;
      const r = deciding[n]!;
      evaluateRow(rows, n * this.kinds + r, Math.min(w * besideKink, greatestReciprocal[n]!), this.out);
      // b = 1/w: db/dt = −1/(w²·h'(w)).
      slope[n] = -1 / (w * w * this.out[1]!);
      this.gradient[r]! += slope[n]!;
    }
    let scale = 0;
    let side = use - 1;
    for (let r = 0; r < this.kinds; r++) {
      scale = Math.max(scale, -this.gradient[r]! / this.compiled.rowWeights[r]!);
      side -= this.gradient[r]! * (thresholds[r]! - this.floors[r]!);
    }
    if (scale > 0 && scale < Infinity) {
      this.program.add(
        this.gradient.map((value) => -value / scale),
        side / scale,
      );
      this.cuts.push({ deciding, slope, scale });
    }
    this.consider(use, slope);
  }

  /** Keeps the shares of the last cut, brought within the band, where they are the fastest so far. */
  private consider(use: number, slope: Float64Array): void {
    if (use <= 1) {
      this.keepFaster(this.reciprocal);
      return;
    }
    this.keepFaster(this.scaledBack());
    this.keepFaster(this.takenBack(use - 1, slope));
  }

  /** What shares have beyond their least, in proportion, until all fit. */
  private scaledBack(): Float64Array {
    const { greatestReciprocal } = this.compiled;
    let least = 0;
    let beyond = 0;
    this.reciprocal.forEach((w, n) => {
      least += 1 / greatestReciprocal[n]!;
      beyond += 1 / w - 1 / greatestReciprocal[n]!;
    });
    const part = Math.max(0, 1 - least) / beyond;
    return this.reciprocal.map(
      (w, n) => 1 / (1 / greatestReciprocal[n]! + part * (1 / w - 1 / greatestReciprocal[n]!)),
    );
  }

  /** First from those whose rows feel it least: on almost flat stretches thresholds have too few digits to say how much. */
  private takenBack(beyond: number, slope: Float64Array): Float64Array {
    const { greatestReciprocal } = this.compiled;
    const taken = Float64Array.from(this.reciprocal);
    const order = Array.from(slope, (_, n) => n).sort((a, b) => slope[a]! - slope[b]!);
    let left = beyond;
    for (const n of order) {
      const part = Math.min(left, 1 / taken[n]! - 1 / greatestReciprocal[n]!);
      if (!(part > 0)) continue;
      taken[n] = 1 / (1 / taken[n]! - part);
      left -= part;
    }
    return taken;
  }

  private keepFaster(reciprocal: Float64Array): void {
    const { count, rows, rowWeights, leastReciprocal, greatestReciprocal } = this.compiled;
    const { reached } = this;
    reached.fill(0);
    for (let n = 0; n < count; n++) {
      const w = Math.min(Math.max(reciprocal[n]!, leastReciprocal[n]!), greatestReciprocal[n]!);
      for (let r = 0; r < this.kinds; r++) {
        const row = n * this.kinds + r;
        const sending = steepestSlope(rows, row) > 0 ? rowValue(rows, row, w) : 0;
        reached[r] = Math.max(reached[r]!, rows.floor[row]! + sending);
      }
    }
    const delay = rowWeights.reduce((sum, weight, r) => sum + weight * reached[r]!, 0);
    if (!(delay < this.bestDelay)) return;
    this.bestDelay = delay;
    this.best.set(reached);
    this.bestReciprocal.set(reciprocal);
  }

  private answer(): ThresholdAnswer {
    const { rowWeights } = this.compiled;
    const { thresholds, reciprocal, bandwidthUse } = trimShares(this.compiled, this.bestReciprocal);
    const { price, rowMultipliers } = this.multipliers();
    return {
      delaySeconds: rowWeights.reduce((sum, weight, r) => sum + weight * thresholds[r]!, 0),
      thresholds,
      reciprocal,
      bandwidthUse,
      bandwidthPrice: -price,
      rowMultipliers,
      iterations: this.cuts.length,
    };
  }

  /** Each cut's weight, on the rows that decided it; what is left of a kind's weight is its floor's. */
  private multipliers(): { price: number; rowMultipliers: Float64Array } {
    const { count, rowWeights } = this.compiled;
    const rowMultipliers = new Float64Array(count * this.kinds);
    const weights = this.program.multipliers();
    let price = 0;
    const used = new Float64Array(this.kinds);
    this.cuts.forEach(({ deciding, slope, scale }, k) => {
      const weight = weights[k]! / scale;
      if (weight === 0) return;
      price += weight;
      for (let n = 0; n < count; n++) {
        const r = deciding[n]!;
        if (r < 0) continue;
        rowMultipliers[n * this.kinds + r]! -= weight * slope[n]!;
        used[r]! -= weight * slope[n]!;
      }
    });
    for (let r = 0; r < this.kinds; r++) {
      rowMultipliers[this.floorDevice[r]! * this.kinds + r]! += Math.max(0, rowWeights[r]! - used[r]!);
    }
    return { price, rowMultipliers };
  }
}
