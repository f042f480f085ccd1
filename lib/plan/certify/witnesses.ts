import {
  secondsPerBit,
  secondsPerBitSlope,
  withEfficiencyLimit,
  type Device,
  type PlanningProblem,
  type RateLaw,
} from '../../models/index.js';
import { loadsOf, shareRange, type Prices, type Problem } from '../../verify/evidence.js';

/** Where a choice's price is shown: a share, and the stage that decides it. */
export interface Witness {
  readonly at: number | null;
  readonly stage: number | null;
}

/** Columns as a certificate has them; what is null throughout is left out. */
export interface WitnessColumns {
  readonly at?: readonly (number | null)[];
  readonly stage?: readonly (number | null)[];
}

/** Shares in so many significant digits; none at all with 0. */
export function withDigits({ at, stage }: WitnessColumns, digits: number): WitnessColumns {
  if (!at || digits === 0) return {};
  const rounded = at.map((share) => (share === null ? share : Number(share.toPrecision(digits))));
  return { at: rounded, ...(stage && { stage }) };
}

/** Entries of `other` where they are enough, else those of `given`. */
export function mergeColumns(
  given: WitnessColumns,
  other: WitnessColumns,
  count: number,
  isEnough: (k: number) => boolean,
): WitnessColumns {
  const places = Array.from({ length: count }, (_, k) => isEnough(k));
  const column = (name: keyof WitnessColumns) => {
    const list = places.map((isOther, k) => (isOther ? other : given)[name]?.[k] ?? null);
    return list.some((entry) => entry !== null) && { [name]: list };
  };
  return { ...column('at'), ...column('stage') };
}

const none: Witness = { at: null, stage: null };
/** Rounding of a computed time, relative to it, with room to spare. */
const roundingPart = 3e-14;

/** Finds the witnesses of one device's choices. */
export class WitnessFinder {
  private readonly least: number;
  private readonly most: number;
  private readonly hertz: number;
  private readonly stageCount: number;
  /** By choice and stage: seconds, bits up, bits down. */
  private readonly loads: readonly (readonly (readonly number[])[])[];
  private readonly uplinks: readonly RateLaw[];
  private readonly stated: Problem['devices'][number];

  constructor(
    problem: PlanningProblem,
    private readonly statement: Problem,
    byStages: boolean,
    n: number,
    private readonly device: Device = problem.devices[n]!,
  ) {
    this.stated = statement.devices[n]!;
    this.stageCount = byStages ? statement.stages.length : 1;
    this.loads = Array.from({ length: this.stated.count }, (_, j) => {
      return loadsOf(statement, this.stated, j, byStages).map((load) => load.map(({ hi }) => hi));
    });
    ({ least: this.least, most: this.most } = shareRange(statement, this.stated));
    this.hertz = problem.resourceBlockHz ?? 1;
    this.uplinks = Array.from(this.stated.uplinkLimit, (limit) => withEfficiencyLimit(device.uplink, limit));
  }

  /** Witnesses of some choices for thresholds up to `high`, in columns; none of −1, which takes no share. */
  columns(choices: readonly number[], high: readonly number[], prices: Prices): WitnessColumns {
    const list = choices.map((j) => (j < 0 ? none : this.find(j, high, prices)));
    const column = (name: keyof Witness) =>
      list.some((entry) => entry[name] !== null) && { [name]: list.map((entry) => entry[name]) };
    return { ...column('at'), ...(this.stageCount > 1 && column('stage')) };
  }

  private find(j: number, high: readonly number[], prices: Prices): Witness {
    if (high[0] === Infinity || !(this.least <= this.most)) return none;
    const work = this.stated.serverSeconds[j]!;
    if (this.statement.isBatched || work === 0 || prices.perServer === 0) return this.latest(j, high);
    const left = (share: number) => high[0]! - this.seconds(j, 0, share);
    if (left(this.most) < work) return { ...none, at: this.most };
    return this.flattest(j, left, prices);
  }

  /** Time of stage r at a share, with what it needs of the server at least if that is own work. */
  private seconds(j: number, r: number, share: number, isWaiting = false): number {
    const own = !isWaiting || this.statement.isBatched ? 0 : this.stated.serverSeconds[j]!;
    const [computing, up, down] = this.loads[j]![r]! as [number, number, number];
    const hertz = share * this.hertz;
    const sending = up > 0 ? up * secondsPerBit(this.uplinks[j]!, hertz) : 0;
    return computing + own + sending + (down > 0 ? down * secondsPerBit(this.device.downlink, hertz) : 0);
  }

  /** The least share that meets every threshold, and the stage that needs it. */
  private latest(j: number, high: readonly number[]): Witness {
    const isLate = (r: number, share: number) => {
      const limit = high[r]!;
      return this.seconds(j, r, share, true) > limit + roundingPart * Math.abs(limit);
    };
    const stages = Array.from({ length: this.stageCount }, (_, r) => r);
    if (stages.some((r) => isLate(r, this.most))) return none;
    let found = none;
    let share = this.statement.hasWholeShares ? this.least : Math.max(this.least, this.most * 1e-12);
    stages.forEach((r) => {
      if (!isLate(r, share)) return;
      share = this.bisect(share, (b) => isLate(r, b));
      found = { at: share, stage: r };
    });
    return found.at === null ? none : { ...found, at: this.rounded(found.at) };
  }

  /** Where λ·b + μ·w/(t − time(b)) is least: its slope changes sign there. */
  private flattest(j: number, left: (share: number) => number, { perShare, perServer }: Prices): Witness {
    const priced = perServer * this.stated.serverSeconds[j]!;
    if (this.statement.hasWholeShares) {
      const price = (count: number) => (left(count) > 0 ? perShare * count + priced / left(count) : Infinity);
      let low = this.least;
      let high = this.most;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if (price(middle) < Infinity && price(middle + 1) >= price(middle)) high = middle;
        else low = middle + 1;
      }
      return { ...none, at: low };
    }
    const [, up, down] = this.loads[j]![0]! as [number, number, number];
    const slope = (share: number) => {
      const time = left(share);
      if (!(time > 0)) return -Infinity;
      const fall =
        (up > 0 ? up * secondsPerBitSlope(this.uplinks[j]!, share) : 0) +
        (down > 0 ? down * secondsPerBitSlope(this.device.downlink, share) : 0);
      return perShare + (priced * fall) / (time * time);
    };
    const least = Math.max(this.least, this.most * 1e-12);
    if (slope(this.most) <= 0) return { ...none, at: this.most };
    return { ...none, at: this.rounded(this.bisect(least, (share) => slope(share) < 0)) };
  }

  /** The last share, or number of blocks, above `low` of which something holds that does not hold of the largest. */
  private bisect(low: number, holds: (share: number) => boolean): number {
    let high = this.most;
    if (this.statement.hasWholeShares) {
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (holds(middle)) low = middle;
        else high = middle;
      }
      return low;
    }
    for (let k = 0; k < 120 && high - low > 1e-13 * high; k++) {
      const middle = high > 4 * low ? Math.sqrt(low * high) : (low + high) / 2;
      if (holds(middle)) low = middle;
      else high = middle;
    }
    return high;
  }

  private rounded(share: number): number {
    return this.statement.hasWholeShares ? share : Math.min(this.most, Number(share.toPrecision(13)));
  }
}
