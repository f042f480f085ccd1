import { leastMeeting } from '../bound/verify-arithmetic.js';
import type { CompiledAllocation } from './compile.js';
import { rowValue, steepestSlope } from './delay-rows.js';
import type { JointAnswer } from './joint-search.js';

/** Gap between the shortest delay found possible and the longest found impossible at which the search ends, relative to the round. */
const delayTolerance = 1e-11;
const maxDelays = 100;
/** Logarithms of the price ratio between which the band costs all and nothing. */
const ratioLimit = 80;
const ratioTolerance = 1e-11;
const maxRatios = 90;
const golden = (Math.sqrt(5) - 1) / 2;
const sections = 70;
/** Change of the delay, relative, over which prices are taken. */
const priceStep = 1e-6;

/**
 * Least T over shares of the band, and of the server where they are decisions, for laws of which nothing but concavity is known
 * (kinks, flat stretches, slopes that are not to be trusted). Whether a T can be kept is a convex question: device n
 * takes at a price ratio θ the share that minimises b + θ·V_n/(T − h_n(b)), found by sections of a convex function; θ is bisected until
 * Σ b = 1, and where the shares jump there, the answer lies between the two: the constraint set is convex, so a mixture
 * keeps T with no more of the server than the mixture of theirs. T is bisected between what the slower search reached and what
 * no device can pass.
 */
export function searchCustomShares(compiled: CompiledAllocation, reachedSeconds: number): JointAnswer {
  return new CustomSearch(compiled).solve(reachedSeconds);
}

/** Shares of the band, and what they take of both. */
interface Division {
  readonly shares: Float64Array;
  readonly band: number;
  readonly server: number;
}

interface Attempt {
  /** Shares that keep the delay, if any do. */
  readonly kept: Division | undefined;
  /** Price of the server over that of the band, at which the delay is decided. */
  readonly ratio: number;
}

class CustomSearch {
  private readonly least: Float64Array;
  private readonly most: Float64Array;
  private readonly hasServer: boolean;
  private passes = 0;

  constructor(private readonly compiled: CompiledAllocation) {
    const { greatestReciprocal, leastReciprocal } = compiled;
    this.least = greatestReciprocal.map((w) => 1 / w);
    this.most = leastReciprocal.map((w, n) => Math.max(this.least[n]!, 1 / Math.max(1, w)));
    this.hasServer = compiled.serverSeconds.some((work) => work > 0);
  }

  solve(reachedSeconds: number): JointAnswer {
    const { count, serverSeconds, constantSeconds } = this.compiled;
    let low = 0;
    for (let n = 0; n < count; n++) low = Math.max(low, this.seconds(n, this.most[n]!) + serverSeconds[n]!);
    let high = Math.max(low, reachedSeconds);
    let found = this.attempt(high);
    // Shares that were found keep it but for rounding.
    for (let k = 0; !found.kept && k < 60; k++) {
      low = high;
      high += 2 ** k * delayTolerance * (high + constantSeconds);
      found = this.attempt(high);
    }
    if (!found.kept) throw new RangeError('no shares keep the delay that shares were found for');
    for (let k = 0; k < maxDelays && high - low > delayTolerance * (high + constantSeconds); k++) {
      const middle = (low + high) / 2;
      const tried = this.attempt(middle);
      if (tried.kept) {
        high = middle;
        found = tried;
      } else low = middle;
    }
    return this.answer(high, found.kept!, found.ratio);
  }

  private seconds(n: number, share: number): number {
    const { rows } = this.compiled;
    return rows.floor[n]! + (steepestSlope(rows, n) > 0 ? rowValue(rows, n, 1 / share) : 0);
  }

  /** Shares that keep a delay with no more than all of band and server. */
  private attempt(delay: number): Attempt {
    const low = new Float64Array(this.compiled.count);
    for (let n = 0; n < low.length; n++) {
      const needed = leastMeeting(
        (share) => this.seconds(n, share) + this.compiled.serverSeconds[n]! <= delay,
        this.least[n]!,
        this.most[n]!,
      );
      if (needed === undefined) return { kept: undefined, ratio: 1 };
      // Just above the point below which the delay is missed.
      low[n] = Math.min(this.most[n]!, needed * (1 + 2e-13));
    }
    const thrifty = this.division(low, delay);
    if (thrifty.band > 1) return { kept: undefined, ratio: 0 };
    if (!this.hasServer || thrifty.server <= 1) return { kept: thrifty, ratio: 0 };
    return this.balance(low, delay, thrifty);
  }

  /** The price ratio at which the band is just used up, and the shares there. */
  private balance(low: Float64Array, delay: number, thrifty: Division): Attempt {
    let [below, above] = [-ratioLimit, ratioLimit];
    let frugal = thrifty;
    let lavish = this.at(Math.exp(above), low, delay);
    if (lavish.band <= 1) return { kept: lavish.server <= 1 ? lavish : undefined, ratio: Math.exp(above) };
    for (let k = 0; k < maxRatios && above - below > ratioTolerance; k++) {
      const middle = (below + above) / 2;
      const tried = this.at(Math.exp(middle), low, delay);
      if (tried.band <= 1) {
        below = middle;
        frugal = tried;
        if (tried.server <= 1) return { kept: tried, ratio: Math.exp(middle) };
      } else {
        above = middle;
        lavish = tried;
      }
    }
    const part = lavish.band > frugal.band ? (1 - frugal.band) / (lavish.band - frugal.band) : 0;
    const mixed = frugal.shares.map((share, n) => share + part * (lavish.shares[n]! - share));
    const mixture = this.division(mixed, delay);
    return { kept: mixture.server <= 1 ? mixture : undefined, ratio: Math.exp(below) };
  }

  private at(ratio: number, low: Float64Array, delay: number): Division {
    const { serverSeconds } = this.compiled;
    const shares = low.map((from, n) => {
      const work = serverSeconds[n]!;
      if (work === 0 || from >= this.most[n]!) return from;
      return convexArgument(
        (share) => share + ratio * (work / Math.max(delay - this.seconds(n, share), work)),
        from,
        this.most[n]!,
      );
    });
    return this.division(shares, delay);
  }

  private division(shares: Float64Array, delay: number): Division {
    this.passes++;
    let [band, server] = [0, 0];
    for (let n = 0; n < shares.length; n++) {
      band += shares[n]!;
      server += this.serverShare(n, shares[n]!, delay);
    }
    return { shares, band, server };
  }

  private serverShare(n: number, share: number, delay: number): number {
    const work = this.compiled.serverSeconds[n]!;
    return work > 0 ? work / Math.max(delay - this.seconds(n, share), work) : 0;
  }

  private answer(delaySeconds: number, { shares, band, server }: Division, ratio: number): JointAnswer {
    const price = this.price(delaySeconds, ratio);
    return {
      delaySeconds,
      reciprocal: shares.map((share) => 1 / share),
      serverShare: shares.map((share, n) => this.serverShare(n, share, delaySeconds)),
      bandwidthUse: band,
      serverUse: server,
      bandwidthPrice: -price,
      serverPrice: -ratio * price,
      passes: this.passes,
    };
  }

  /** Seconds for a whole further band: what the cost at the ratio falls by with a longer delay, by a difference. */
  private price(delaySeconds: number, ratio: number): number {
    const step = priceStep * (delaySeconds + this.compiled.constantSeconds);
    const cost = (delay: number) => {
      const low = this.least.map(
        (least, n) =>
          leastMeeting(
            (share) => this.seconds(n, share) + this.compiled.serverSeconds[n]! <= delay,
            least,
            this.most[n]!,
          ) ?? this.most[n]!,
      );
      const { band, server } = ratio > 0 ? this.at(ratio, low, delay) : this.division(low, delay);
      return band + ratio * server;
    };
    const fall = cost(delaySeconds) - cost(delaySeconds + step);
    return fall > 0 ? step / fall : 0;
  }
}

/** Where a convex function on [low, high] is least, by golden sections of the logarithm. */
function convexArgument(f: (x: number) => number, low: number, high: number): number {
  let [a, b] = [Math.log(Math.max(low, 1e-300)), Math.log(high)];
  let x = b - golden * (b - a);
  let y = a + golden * (b - a);
  let atX = f(Math.exp(x));
  let atY = f(Math.exp(y));
  for (let k = 0; k < sections && b - a > 1e-13; k++) {
    if (atX <= atY) {
      b = y;
      y = x;
      atY = atX;
      x = b - golden * (b - a);
      atX = f(Math.exp(x));
    } else {
      a = x;
      x = y;
      atX = atY;
      y = a + golden * (b - a);
      atY = f(Math.exp(y));
    }
  }
  const [value, least] = [f(low), Math.exp((a + b) / 2)];
  return value <= Math.min(atX, atY) ? low : least;
}
