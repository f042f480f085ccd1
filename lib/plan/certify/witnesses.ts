import {
  secondsPerBit,
  secondsPerBitSlope,
  withEfficiencyLimit,
  type Device,
  type PlanningProblem,
} from '../../models/index.js';
import type { StatedDevice, StatedProblem } from './state-problem.js';

/** Prices of the shared limits in natural units, as a certificate has them. */
export interface NaturalPrices {
  readonly perHertz: number;
  readonly perShare: number;
  readonly perByte: number;
  readonly perAccuracy: number;
}

/** What the search for a witness found: the points, and the price they prove up to rounding. */
export interface Witness {
  readonly at: number | null;
  readonly mixture: number | null;
  readonly tooSmall: number | null;
  readonly price: number;
}

/** Rounding of a computed time, relative to it, with room to spare. */
const roundingPart = 3e-14;

/** Everything about one device that its witnesses need. */
export class WitnessFinder {
  readonly least: number;
  readonly most: number;
  private readonly block: number;
  private readonly relaxed: number;

  constructor(
    private readonly problem: PlanningProblem,
    private readonly stated: StatedProblem,
    private readonly device: Device,
    private readonly choices: StatedDevice,
  ) {
    this.relaxed = 1 + stated.limitTolerance;
    this.block = stated.resourceBlockHz ?? 0;
    const least = choices.minimumBandwidthHz * (2 - this.relaxed);
    const most = Math.min(choices.maximumBandwidthHz ?? Infinity, stated.bandwidthHz) * this.relaxed;
    if (this.block > 0) {
      this.least = Math.max(1, Math.ceil(least / this.block - 1e-12));
      this.most = Math.min(stated.resourceBlocks!, Math.floor(most / this.block + 1e-12));
    } else {
      this.least = least;
      this.most = most;
    }
  }

  private hertz(share: number): number {
    return this.block > 0 ? share * this.block : share;
  }

  private figures(j: number) {
    const { choices, stated } = this;
    const steps = stated.stepsPerRound;
    const cost = choices.choices;
    const work = steps * cost.serverSeconds[j]! * (stated.sharing === 'equal' ? stated.devices.length : 1);
    return {
      seconds: steps * (cost.preSeconds[j]! + cost.postSeconds[j]!),
      up: steps * cost.uplinkBits[j]! + cost.adapterBits[j]!,
      down: steps * cost.downlinkBits[j]! + cost.adapterBits[j]!,
      work,
      divided: stated.sharing === 'allocated' && work > 0,
    };
  }

  /** The least perHertz·b + perShare·s of choice j within `seconds`, and the points that show it. */
  find(j: number, seconds: number, prices: NaturalPrices): Witness {
    const none = (price: number) => ({ at: null, mixture: null, tooSmall: null, price });
    if (!(this.least <= this.most)) return none(Infinity);
    if (seconds === Infinity) return none(prices.perHertz * this.hertz(this.least));
    const { seconds: local, up, down, work, divided } = this.figures(j);
    const { device } = this;
    const uplink = withEfficiencyLimit(device.uplink, this.choices.choices.uplinkEfficiencyLimit[j] ?? Infinity);
    const left = (share: number) => {
      const b = this.hertz(share);
      return (
        seconds -
        local -
        (up > 0 ? up * secondsPerBit(uplink, b) : 0) -
        (down > 0 ? down * secondsPerBit(device.downlink, b) : 0)
      );
    };
    const wanted = divided ? work / this.relaxed : work;
    if (left(this.most) < wanted) return none(Infinity);
    // Late by more than the checker's rounding can hide, however little the time depends on the share.
    const surelyLate = wanted - roundingPart * seconds;
    const short = this.lastShort((share) => left(share) < surelyLate);
    const first = short === undefined ? this.least : this.block > 0 ? Math.floor(short) + 1 : short;
    const tooSmall = short ?? null;
    if (!divided || prices.perShare === 0)
      return { at: null, mixture: null, tooSmall, price: prices.perHertz * this.hertz(first) };
    const price = (share: number) => {
      const time = left(share);
      return time > 0 ? prices.perHertz * this.hertz(share) + (prices.perShare * work) / time : Infinity;
    };
    const slope = (share: number) => {
      const b = this.hertz(share);
      const time = left(share);
      if (!(time > 0)) return -Infinity;
      const fall =
        (up > 0 ? up * secondsPerBitSlope(uplink, b) : 0) +
        (down > 0 ? down * secondsPerBitSlope(device.downlink, b) : 0);
      return prices.perHertz + (prices.perShare * work * fall) / (time * time);
    };
    const at = this.block > 0 ? this.bestCount(price, first) : this.flat(slope, first);
    const mixture = this.block > 0 ? null : kinkWeight(slope(at * (1 - 1e-9)), slope(at * (1 + 1e-9)), prices.perHertz);
    return { at, mixture, tooSmall, price: price(at) };
  }

  /** A share just below the first that is in time, none if the least is. */
  private lastShort(short: (share: number) => boolean): number | undefined {
    if (this.block > 0) {
      if (!short(this.least)) return undefined;
      let low = this.least;
      let high = this.most;
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (short(middle)) low = middle;
        else high = middle;
      }
      return low;
    }
    let low = Math.max(this.least, this.most * 1e-12);
    if (!short(low)) return undefined;
    let high = this.most;
    for (let k = 0; k < 120 && high - low > 1e-14 * high; k++) {
      const middle = high > 4 * low ? Math.sqrt(low * high) : (low + high) / 2;
      if (short(middle)) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Where the convex price's slope changes its sign. */
  private flat(slope: (share: number) => number, first: number): number {
    let low = Math.max(first, this.most * 1e-12);
    let high = this.most;
    if (slope(high) <= 0) return high;
    for (let k = 0; k < 100 && high - low > 1e-11 * high; k++) {
      const middle = high > 4 * low ? Math.sqrt(low * high) : (low + high) / 2;
      if (slope(middle) < 0) low = middle;
      else high = middle;
    }
    return Math.min(this.most, Number(high.toPrecision(12)));
  }

  private bestCount(price: (count: number) => number, first: number): number {
    let low = first;
    let high = this.most;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (price(middle + 1) >= price(middle) && price(middle) < Infinity) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Weight of the line left of a kink that makes its mean with the line on the right flat; null where the slope does not jump. */
function kinkWeight(left: number, right: number, perHertz: number): number | null {
  return left < 0 && right > 0 && right - left > 1e-6 * perHertz ? right / (right - left) : null;
}
