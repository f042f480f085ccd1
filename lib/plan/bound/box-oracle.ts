import type { ChoiceOracle, OracleResponse } from '../../lagrangian/index.js';
import { addConstantUse, constantPrice, type ChoiceColumns } from './columns.js';
import type { ShareLimits } from './links.js';

/** Part of a block that counts as none: more than a recomputation allows for rounding, so that it never finds fewer blocks. */
const countSlack = 2e-6;

/**
 * The dual of `batched` for thresholds X anywhere in a box [low, high]: minimise Σ weight_r·X_r + Σ_n K·W_n over choices whose
 * bandwidths b(X) fit the band. b_j(X) = max over r of the least share that meets requirement r within X_r is convex, so
 *
 *   b_j(X) ≥ b_j(high) + slope·(X_r − high_r)   with r the requirement that decides at `high`,
 *
 * and with these linear prices the Lagrangian is concave in X for fixed multipliers: the least of its values at the box's
 * corners bounds the box. (At low = high it is the plain dual at that point.)
 */
export class BoxOracle implements ChoiceOracle {
  /** Devices. */
  readonly blockCount: number;
  /** Coupling rows. */
  readonly rowCount: number;
  readonly available: Float64Array;
  /** For each requirement the largest over devices of the least seconds any choice needs with the whole band. */
  readonly floors: Float64Array;
  /** Σ over devices of the least K·W. */
  leastServerSeconds = 0;
  /** Corner that decided the last evaluation. */
  readonly corner: Float64Array;
  private readonly axes: number;
  private readonly low: Float64Array;
  private readonly high: Float64Array;
  private readonly choiceFloors: readonly Float64Array[];
  private readonly starts: readonly Float64Array[];
  /** Share at `high` (−1: impossible), price of the lower corner, and the deciding requirement, by choice. */
  private readonly share: Float64Array;
  private readonly extra: Float64Array;
  private readonly axis: Uint8Array;
  private readonly least: Float64Array;
  private readonly leastChoice: Int32Array;
  private readonly limits: ShareLimits = { least: 0, most: 1, start: 1, upLimit: Infinity };
  private activeStart: Int32Array;
  private active: Int32Array;

  constructor(readonly columns: ChoiceColumns) {
    const total = columns.blocks.length;
    this.axes = columns.requirements.length;
    this.blockCount = columns.deviceCount;
    this.rowCount = columns.rows.length;
    this.available = columns.available;
    this.corner = new Float64Array(this.axes);
    this.low = new Float64Array(this.axes);
    this.high = new Float64Array(this.axes);
    this.starts = columns.requirements.map(() => new Float64Array(total));
    this.share = new Float64Array(total);
    this.extra = new Float64Array(total);
    this.axis = new Uint8Array(total);
    this.least = new Float64Array(2 * this.axes * columns.deviceCount);
    this.leastChoice = new Int32Array(2 * this.axes * columns.deviceCount);
    this.activeStart = columns.start;
    this.active = Int32Array.from({ length: total }, (_, k) => k);
    this.choiceFloors = this.measureFloors();
    this.floors = new Float64Array(this.axes);
    this.measureLimits();
  }

  /** Floors and least server time of the active choices; to be called after `setActive`. */
  measureLimits(): void {
    this.choiceFloors.forEach((floors, r) => (this.floors[r] = this.largestLeast(floors)));
    this.leastServerSeconds = 0;
    for (let n = 0; n < this.blockCount; n++) this.leastServerSeconds += this.leastOf(this.columns.workSeconds, n);
  }

  /** Restricts device n to the choices active[start[n]] … active[start[n+1] − 1]; call `setBox` afterwards. */
  setActive(start: Int32Array, active: Int32Array): void {
    this.activeStart = start;
    this.active = active;
  }

  /** Share of the band that a choice needs at the upper corner of the box; −1 if it cannot meet it. */
  shareOf(j: number): number {
    return this.share[j]!;
  }

  /** Prepares all choices for a box; `evaluate` then costs a few additions a choice. */
  setBox(low: Float64Array, high: Float64Array): void {
    this.low.set(low);
    this.high.set(high);
    for (let n = 0; n < this.blockCount; n++) {
      for (let at = this.activeStart[n]!; at < this.activeStart[n + 1]!; at++) this.prepare(n, this.active[at]!);
    }
  }

  evaluate(multipliers: Float64Array, response: OracleResponse): void {
    this.priceAll(multipliers);
    const vertex = this.worstCorner(multipliers);
    response.usage.fill(0);
    response.slope = 0;
    response.constant = 0;
    for (let r = 0; r < this.axes; r++) {
      this.corner[r] = (vertex >> r) & 1 ? this.high[r]! : this.low[r]!;
      response.constant += this.columns.requirementWeights[r]! * this.corner[r]!;
    }
    response.cost = response.constant;
    for (let n = 0; n < this.blockCount; n++) {
      const at = this.cornerEntry(n, vertex);
      const j = this.leastChoice[at]!;
      response.values[n] = this.least[at]!;
      response.choices[n] = j;
      if (j < 0) continue;
      response.cost += this.columns.workSeconds[j]!;
      const atLow = ((vertex >> this.axis[j]!) & 1) === 0;
      response.usage[0]! += this.share[j]! + (atLow ? this.extra[j]! : 0);
      addConstantUse(this.columns, j, response.usage);
    }
  }

  /**
   * At every corner of the box, the price of each of `choices` and the most that a combination may add up to if its round
   * is to be below `cutoff`: a combination with thresholds in the box keeps within that at one corner at least.
   */
  cornerTests(choices: Int32Array, multipliers: Float64Array, cutoff: number) {
    const { columns } = this;
    const lambda = multipliers[0]!;
    let priced = 0;
    for (let r = 0; r < this.rowCount; r++) priced += multipliers[r]! * this.available[r]!;
    const values: Float64Array[] = [];
    const limits: number[] = [];
    for (let vertex = 0; vertex < 1 << this.axes; vertex++) {
      let thresholds = 0;
      for (let r = 0; r < this.axes; r++) {
        thresholds += columns.requirementWeights[r]! * ((vertex >> r) & 1 ? this.high[r]! : this.low[r]!);
      }
      values.push(
        Float64Array.from(choices, (j) => {
          const share = this.share[j]!;
          if (share < 0) return Infinity;
          const atLow = ((vertex >> this.axis[j]!) & 1) === 0;
          const bandwidth = share + (atLow ? this.extra[j]! : 0);
          return columns.workSeconds[j]! + lambda * bandwidth + constantPrice(columns, multipliers, j);
        }),
      );
      limits.push(cutoff - thresholds + priced + 1e-11 * (cutoff + priced));
    }
    return { values, limits };
  }

  /** For each device, axis and end of the axis: the cheapest choice that this axis decides. */
  private priceAll(multipliers: Float64Array): void {
    const { columns, axes } = this;
    const lambda = multipliers[0]!;
    this.least.fill(Infinity);
    this.leastChoice.fill(-1);
    for (let n = 0; n < this.blockCount; n++) {
      for (let at = this.activeStart[n]!; at < this.activeStart[n + 1]!; at++) {
        const j = this.active[at]!;
        const share = this.share[j]!;
        if (share < 0) continue;
        const value = columns.workSeconds[j]! + constantPrice(columns, multipliers, j) + lambda * share;
        const lower = 2 * (n * axes + this.axis[j]!);
        const atLow = value + lambda * this.extra[j]!;
        if (atLow < this.least[lower]!) {
          this.least[lower] = atLow;
          this.leastChoice[lower] = j;
        }
        if (value < this.least[lower + 1]!) {
          this.least[lower + 1] = value;
          this.leastChoice[lower + 1] = j;
        }
      }
    }
  }

  /** Bit r of the answer: axis r at its high end. */
  private worstCorner(_multipliers: Float64Array): number {
    let worst = 0;
    let least = Infinity;
    for (let vertex = 0; vertex < 1 << this.axes; vertex++) {
      let value = 0;
      for (let r = 0; r < this.axes; r++) {
        value += this.columns.requirementWeights[r]! * ((vertex >> r) & 1 ? this.high[r]! : this.low[r]!);
      }
      for (let n = 0; n < this.blockCount; n++) value += this.least[this.cornerEntry(n, vertex)]!;
      if (value < least) {
        least = value;
        worst = vertex;
      }
    }
    return worst;
  }

  private cornerEntry(n: number, vertex: number): number {
    let best = 2 * n * this.axes + (vertex & 1);
    for (let r = 1; r < this.axes; r++) {
      const at = 2 * (n * this.axes + r) + ((vertex >> r) & 1);
      if (this.least[at]! < this.least[best]!) best = at;
    }
    return best;
  }

  private prepare(n: number, j: number): void {
    const { columns, limits } = this;
    this.share[j] = -1;
    this.extra[j] = 0;
    this.axis[j] = 0;
    if (columns.blocks[j]! < 0) {
      this.share[j] = 0;
      return;
    }
    limits.least = columns.leastBandwidth[n]!;
    limits.most = columns.mostBandwidth[n]!;
    limits.upLimit = columns.uplinkEfficiencyLimit[j]!;
    let share = limits.least;
    let slope = 0;
    for (let r = 0; r < this.axes; r++) {
      if (this.choiceFloors[r]![j]! > this.high[r]!) return;
      const { seconds, upBits, downBits } = columns.requirements[r]!;
      const start = this.starts[r]![j]!;
      limits.start = start > 0 ? start : limits.most / 2;
      const needed = columns.links.solve(n, upBits[j]!, downBits[j]!, this.high[r]! - seconds[j]!, 0, limits);
      this.starts[r]![j] = needed;
      // Between equals the first decides: a recomputation must not choose by rounding.
      if (needed > share * (1 + 1e-9)) {
        share = needed;
        slope = columns.links.slope < 0 ? 1 / columns.links.slope : 0;
        this.axis[j] = r;
      }
    }
    if (columns.resourceBlock > 0) {
      // Whole blocks: a step function that no tangent follows; at `high` it is what the whole box needs at least.
      share = columns.resourceBlock * Math.max(1, Math.ceil(share / columns.resourceBlock - countSlack));
      if (share > limits.most * (1 + 1e-12)) return;
      slope = 0;
    }
    const r = this.axis[j];
    this.share[j] = share;
    this.extra[j] = slope * (this.low[r]! - this.high[r]!);
  }

  private measureFloors(): Float64Array[] {
    const { columns } = this;
    return columns.requirements.map(({ seconds, upBits, downBits }) => {
      const floors = new Float64Array(columns.blocks.length);
      for (let n = 0; n < columns.deviceCount; n++) {
        const most = columns.mostBandwidth[n]!;
        const possible = most > 0 && most >= columns.leastBandwidth[n]!;
        for (let j = columns.start[n]!; j < columns.start[n + 1]!; j++) {
          if (columns.blocks[j]! < 0) continue;
          columns.links.evaluate(n, upBits[j]!, downBits[j]!, most, columns.uplinkEfficiencyLimit[j]!);
          floors[j] = possible ? (seconds[j]! + columns.links.value) * (1 - 1e-13) : Infinity;
        }
      }
      return floors;
    });
  }

  private largestLeast(values: Float64Array): number {
    let largest = 0;
    for (let n = 0; n < this.blockCount; n++) largest = Math.max(largest, this.leastOf(values, n));
    return largest;
  }

  private leastOf(values: Float64Array, n: number): number {
    let least = Infinity;
    for (let at = this.activeStart[n]!; at < this.activeStart[n + 1]!; at++) {
      least = Math.min(least, values[this.active[at]!]!);
    }
    return least;
  }
}
