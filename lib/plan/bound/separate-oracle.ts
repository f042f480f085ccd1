import type { OracleResponse, ThresholdOracle } from '../../lagrangian/index.js';
import { addConstantUse, constantPrice, type ChoiceColumns } from './columns.js';
import type { ShareLimits } from './links.js';

/**
 * The dual of `allocated` and `equal` at a fixed round delay T. A device that picks choice j pays
 *
 *   min over b, s of  λ·b + μ·s + constant rows' prices   subject to   seconds_j + g_j(b) + w_j/s ≤ T,
 *
 * one convex minimum in b. Choices are skipped where what was learnt about them at earlier multipliers and thresholds
 * proves them worse: φ is concave and homogeneous in (λ, μ), so φ(λ', μ') ≥ min(λ'/λ, μ'/μ)·φ(λ, μ); and convex in T, so
 * φ(T') ≥ φ(T) − θ·(T' − T) with θ the price of time.
 */
export class SeparateOracle implements ThresholdOracle {
  /** Devices. */
  readonly blockCount: number;
  /** Coupling rows. */
  readonly rowCount: number;
  readonly available: Float64Array;
  readonly thresholdRows: readonly number[];
  /** Choice-wise least T at any share: seconds + g(most) + w. Without aggregation. */
  readonly floors: Float64Array;
  leastThreshold = 0;
  /** Figures of the last `price`: bandwidth, server share, price of time. */
  bandwidth = 0;
  /** Server share of the last `price`. */
  serverShare = 0;
  /** Price of a second at the last `price`: −∂φ/∂T. */
  timePrice = 0;
  private threshold = Infinity;
  private readonly shareRow: number;
  private readonly limits: ShareLimits = { least: 0, most: 1, start: 1, upLimit: Infinity };
  private readonly starts: Float64Array;
  private readonly lastPhi: Float64Array;
  private readonly lastTimePrice: Float64Array;
  /** Evaluation at which each choice was last priced, −1 for never; prices and thresholds of the evaluations. */
  private readonly lastSeen: Int32Array;
  private readonly seenLambda: number[] = [];
  private readonly seenMu: number[] = [];
  private readonly seenThreshold: number[] = [];
  private readonly lastBest: Int32Array;
  private activeStart: Int32Array;
  private active: Int32Array;

  constructor(readonly columns: ChoiceColumns) {
    const total = columns.start[columns.deviceCount]!;
    this.blockCount = columns.deviceCount;
    this.rowCount = columns.rows.length;
    this.available = columns.available;
    this.shareRow = columns.rows.indexOf('server-share');
    this.thresholdRows = this.shareRow >= 0 ? [0, this.shareRow] : [0];
    this.starts = new Float64Array(total);
    this.lastPhi = new Float64Array(total);
    this.lastTimePrice = new Float64Array(total);
    this.lastSeen = new Int32Array(total).fill(-1);
    this.lastBest = new Int32Array(columns.deviceCount).fill(-1);
    this.floors = this.choiceFloors();
    this.activeStart = columns.start;
    this.active = Int32Array.from({ length: total }, (_, k) => k);
    this.updateLeastThreshold();
  }

  /** Restricts device n to the choices active[start[n]] … active[start[n+1] − 1]. The arrays are kept, not copied. */
  setActive(start: Int32Array, active: Int32Array): void {
    this.activeStart = start;
    this.active = active;
    this.lastBest.fill(-1);
    this.updateLeastThreshold();
  }

  setThreshold(threshold: number): void {
    this.threshold = threshold;
  }

  evaluate(multipliers: Float64Array, response: OracleResponse): void {
    const lambda = multipliers[0]!;
    const mu = this.shareRow >= 0 ? multipliers[this.shareRow]! : 0;
    const evaluation = this.remember(lambda, mu);
    response.usage.fill(0);
    response.cost = 0;
    response.constant = 0;
    response.slope = 0;
    for (let n = 0; n < this.blockCount; n++) {
      const usageIndex = this.bestOf(n, lambda, mu, multipliers, evaluation);
      response.values[n] = this.bestValue;
      response.choices[n] = usageIndex;
      if (usageIndex < 0) {
        response.slope = 0;
        continue;
      }
      response.usage[0]! += this.bestBandwidth;
      if (this.shareRow >= 0) response.usage[this.shareRow]! += this.bestShare;
      addConstantUse(this.columns, usageIndex, response.usage);
      response.slope -= this.bestTimePrice;
    }
  }

  private bestValue = 0;
  private bestBandwidth = 0;
  private bestShare = 0;
  private bestTimePrice = 0;

  private bestOf(n: number, lambda: number, mu: number, multipliers: Float64Array, evaluation: number): number {
    this.bestValue = Infinity;
    let best = -1;
    const first = this.lastBest[n]!;
    const from = this.activeStart[n]!;
    const to = this.activeStart[n + 1]!;
    for (let at = first >= 0 ? from - 1 : from; at < to; at++) {
      const j = at < from ? first : this.active[at]!;
      if (at >= from && j === first) continue;
      if (this.floors[j]! > this.threshold) continue;
      const base = constantPrice(this.columns, multipliers, j);
      if (base >= this.bestValue || base + this.remembered(j, lambda, mu) > this.bestValue) continue;
      const phi = this.price(n, j, lambda, mu);
      this.lastPhi[j] = phi;
      this.lastTimePrice[j] = this.timePrice;
      this.lastSeen[j] = evaluation;
      if (base + phi < this.bestValue) {
        this.bestValue = base + phi;
        this.bestBandwidth = this.bandwidth;
        this.bestShare = this.serverShare;
        this.bestTimePrice = this.timePrice;
        best = j;
      }
    }
    this.lastBest[n] = best;
    return best;
  }

  /** A lower bound on φ of choice j from its last pricing. */
  private remembered(j: number, lambda: number, mu: number): number {
    const seen = this.lastSeen[j]!;
    if (seen < 0) return 0;
    const later = this.threshold - this.seenThreshold[seen]!;
    if (later > 0 && this.columns.resourceBlock > 0) return 0;
    let phi = this.lastPhi[j]!;
    if (later > 0) phi -= later === Infinity ? Infinity : this.lastTimePrice[j]! * later;
    if (!(phi > 0)) return 0;
    let ratio = lambda / this.seenLambda[seen]!;
    if (this.shareRow >= 0 && this.columns.workSeconds[j]! > 0) ratio = Math.min(ratio, mu / this.seenMu[seen]!);
    return ratio >= 0 ? phi * ratio * (1 - 1e-12) : 0;
  }

  /** φ of one choice: the least price of bandwidth and server share that meet the threshold; sets the three figures. */
  price(n: number, j: number, lambda: number, mu: number): number {
    const { columns, limits } = this;
    this.bandwidth = 0;
    this.serverShare = 0;
    this.timePrice = 0;
    if (columns.blocks[j]! < 0) return 0;
    limits.least = columns.leastBandwidth[n]!;
    limits.most = columns.mostBandwidth[n]!;
    limits.upLimit = columns.uplinkEfficiencyLimit[j]!;
    const { seconds, upBits, downBits } = columns.requirements[0]!;
    const slack = this.threshold - seconds[j]!;
    const work = columns.workSeconds[j]!;
    if (slack === Infinity) {
      this.bandwidth = columns.resourceBlock > 0 ? this.wholeBlocks(limits.least, true) : limits.least;
      return lambda * this.bandwidth;
    }
    if (columns.resourceBlock > 0) return this.priceInBlocks(n, j, lambda, mu, slack);
    const { links } = columns;
    const start = this.starts[j]!;
    limits.start = start > 0 ? start : limits.most / 2;
    let share = 0;
    if (mu > 0 && work > 0) {
      const root = lambda > 0 ? Math.sqrt((mu * work) / lambda) : Infinity;
      if (root === Infinity) {
        this.bandwidth = limits.most;
        links.evaluate(n, upBits[j]!, downBits[j]!, limits.most, limits.upLimit);
      } else {
        this.bandwidth = links.solve(n, upBits[j]!, downBits[j]!, slack, root, limits);
      }
      const left = slack - links.value;
      share = left > 0 ? work / left : Infinity;
      if (share <= 1) {
        this.timePrice = (mu * share * share) / work;
      }
    }
    if (work === 0 || share === 0 || share > 1) {
      // Time is short: the whole server, and only bandwidth to decide.
      this.bandwidth = links.solve(n, upBits[j]!, downBits[j]!, slack - work, 0, limits);
      share = work > 0 ? 1 : 0;
      const held = this.bandwidth <= limits.least;
      this.timePrice = held || !(links.slope < 0) ? 0 : -lambda / links.slope;
    }
    this.starts[j] = this.bandwidth;
    this.serverShare = share;
    return lambda * this.bandwidth + mu * share;
  }

  /** The same over whole resource blocks: φ is convex in b, so the neighbours of the continuous minimum suffice. */
  private priceInBlocks(n: number, j: number, lambda: number, mu: number, slack: number): number {
    const { columns, limits } = this;
    const { upBits, downBits } = columns.requirements[0]!;
    const work = columns.workSeconds[j]!;
    limits.start = this.starts[j]! > 0 ? this.starts[j]! : limits.most / 2;
    const root = lambda > 0 ? Math.sqrt((mu * work) / lambda) : 1e6;
    const middle = columns.links.solve(n, upBits[j]!, downBits[j]!, slack, root, limits);
    const least = columns.links.solve(n, upBits[j]!, downBits[j]!, slack - work, 0, limits);
    this.starts[j] = middle;
    let best = Infinity;
    const fewest = this.wholeBlocks(least, true);
    // Where `least` is a whole number but for rounding it may not meet the time, and one block more does.
    for (const candidate of [
      this.wholeBlocks(middle, false),
      this.wholeBlocks(middle, true),
      fewest,
      fewest + columns.resourceBlock,
    ]) {
      if (candidate < limits.least * (1 - 1e-12) || candidate > limits.most * (1 + 1e-12)) continue;
      columns.links.evaluate(n, upBits[j]!, downBits[j]!, candidate, limits.upLimit);
      const left = (slack - columns.links.value) * (1 + 1e-12);
      const share = work > 0 ? work / left : 0;
      if (!(left >= 0) || !(share <= 1 + 1e-9)) continue;
      const phi = lambda * candidate + mu * share;
      if (phi >= best) continue;
      best = phi;
      this.bandwidth = candidate;
      this.serverShare = share;
      this.timePrice = work > 0 ? (mu * share * share) / work : -lambda / columns.links.slope;
    }
    return best;
  }

  private wholeBlocks(share: number, up: boolean): number {
    const block = this.columns.resourceBlock;
    const count = share / block;
    return block * Math.max(1, up ? Math.ceil(count - 1e-7) : Math.floor(count + 1e-7));
  }

  private choiceFloors(): Float64Array {
    const { columns } = this;
    const { seconds, upBits, downBits } = columns.requirements[0]!;
    const floors = new Float64Array(columns.blocks.length);
    for (let n = 0; n < columns.deviceCount; n++) {
      const most = columns.mostBandwidth[n]!;
      const possible = most > 0 && most >= columns.leastBandwidth[n]!;
      for (let j = columns.start[n]!; j < columns.start[n + 1]!; j++) {
        if (columns.blocks[j]! < 0) continue;
        columns.links.evaluate(n, upBits[j]!, downBits[j]!, most, columns.uplinkEfficiencyLimit[j]!);
        floors[j] = possible
          ? (seconds[j]! + columns.links.value + columns.workSeconds[j]! / (1 + 1e-9)) * (1 - 1e-13)
          : Infinity;
      }
    }
    return floors;
  }

  private updateLeastThreshold(): void {
    let least = 0;
    for (let n = 0; n < this.blockCount; n++) {
      let lowest = Infinity;
      for (let at = this.activeStart[n]!; at < this.activeStart[n + 1]!; at++) {
        lowest = Math.min(lowest, this.floors[this.active[at]!]!);
      }
      least = Math.max(least, lowest);
    }
    this.leastThreshold = least * (1 - 1e-12);
  }

  /** Forgets pricings of long ago, whose prices would no longer exclude anything. */
  private remember(lambda: number, mu: number): number {
    this.seenLambda.push(lambda);
    this.seenMu.push(mu);
    this.seenThreshold.push(this.threshold);
    return this.seenLambda.length - 1;
  }
}
