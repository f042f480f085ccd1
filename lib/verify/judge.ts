import { add, below, divide, larger, multiply, negate, point } from './interval.js';
import { productBelow, subtract, sumBelow, zero, type Interval } from './interval.js';
import * as model from './problem.js';
import type { Reader } from './reader.js';

/** Prices of what devices share; none negative. */
export interface Prices {
  /** Of a share of 1 of the bandwidth. */
  readonly perShare: number;
  /** Of the whole server, where it is divided. */
  readonly perServer: number;
  /** Of the round itself. */
  readonly perSecond: number;
  /** Of a unit of each shared limit. */
  readonly perUnit: ArrayLike<number>;
}

export function readPrices(reader: Reader, limitCount: number): Prices {
  const list = reader.numbers(3 + limitCount);
  reader.require(
    'prices not negative',
    list.every((price) => price >= 0),
    'one is negative',
  );
  const [perShare, perServer, perSecond] = list as unknown as [number, number, number];
  return { perShare, perServer, perSecond, perUnit: list.subarray(3) };
}

/** Along a device's open choices: a share at which lines are taken, and the stage whose time they are of; NaN where there is none. */
export interface Witnesses {
  readonly at: Float64Array;
  readonly stage: Float64Array;
}

export function readWitnesses(given: Record<'at' | 'stage', Reader>, open: Part['open']): Witnesses[] {
  const table = (member: Reader) => {
    const rows = member.optional((list) => list.array(open.length));
    return open.map(({ length }, n) => rows?.[n]!.numbers(length, 0, true) ?? new Float64Array(length).fill(NaN));
  };
  const [at, stage] = [table(given.at), table(given.stage)];
  return at.map((shares, n) => ({ at: shares, stage: stage[n]! }));
}

/** What plans are still considered: choices of each device (−1: left out), and a box that holds their thresholds. */
export interface Part {
  readonly open: readonly (readonly number[])[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Along a device's open choices: a lower bound on the price of each, affine along one threshold, at the two ends of the box. */
export interface ChoicePrices {
  readonly axis: Uint8Array;
  readonly atLow: Float64Array;
  readonly atHigh: Float64Array;
}

/** The price of the k-th choice at a corner of the box, whose bits say which thresholds are high. */
export function priceAt({ axis, atLow, atHigh }: ChoicePrices, k: number, corner: number): number {
  return ((corner >> axis[k]!) & 1) === 1 ? atHigh[k]! : atLow[k]!;
}

/** What evidence shows of a part. */
export interface Judgement {
  readonly prices: readonly ChoicePrices[];
  /** At each corner of the box, the least price of each device. */
  readonly least: readonly Float64Array[];
  /** No plan of the part that is within the claim has the k-th open choice of device n. */
  readonly isRefuted: (n: number, k: number) => boolean;
}

/** A choice's load by thresholds, its own work at the largest share of the server, and the least times. */
interface Choice {
  readonly loads: model.Load[];
  readonly own: Interval;
  readonly fastest: number[];
  /** The line found last: evidence of one node names the shares of the one before. */
  last: { readonly at: number; readonly axis: number; readonly line: model.Line } | undefined;
}

/** Judges evidence against the claim that a plan has a round within `seconds`, aggregation apart; ∞: that there is a plan. */
export class BoundChecker {
  /** How often a round has what each threshold is of. */
  readonly factors: readonly number[];
  private readonly ranges: readonly { readonly least: number; readonly most: number }[];
  private readonly choices: readonly Choice[][];

  constructor(
    readonly problem: model.Problem,
    private readonly byStages: boolean,
    private readonly seconds: number,
  ) {
    this.factors = byStages ? problem.stages : [1];
    this.ranges = problem.devices.map((device) => model.shareRange(problem, device));
    this.choices = problem.devices.map(() => []);
  }

  private choice(n: number, j: number): Choice {
    return (this.choices[n]![j] ??= this.newChoice(n, j));
  }

  private newChoice(n: number, j: number): Choice {
    const { problem, ranges } = this;
    const device = problem.devices[n]!;
    const loads = model.loadsOf(problem, device, j, this.byStages);
    const own = problem.isBatched ? zero : divide(point(device.serverSeconds[j]!), problem.passed);
    const fastest = loads.map((load) => add(model.loadTime(device, j, load, ranges[n]!.most).value, own).lo);
    return { loads, own, fastest, last: undefined };
  }

  /** All that a plan within the claim may be. */
  root(open: Part['open']): Part {
    const { seconds, factors } = this;
    if (!this.problem.isBatched) return { open, low: [seconds], high: [seconds] };
    const high = factors.map((factor) => larger(divide(point(seconds), point(factor)), zero).hi);
    return { open, low: high.map(() => 0), high };
  }

  /**
   * For thresholds X, the least prices of what the devices need and ρ·Σ factor·X are at most what all there is costs if the part has a
   * plan within the claim. Each price is at least one that is affine in X, so that the sum is concave: its least value is at a corner.
   */
  judge(part: Part, prices: Prices, witnesses: readonly Witnesses[]): Judgement {
    const { low, high, open } = part;
    const available = this.available(prices);
    const priced = open.map((_, n) => this.prices(n, prices, part, witnesses[n]!));
    const isPoint = low.every((value, r) => value === high[r]);
    const corners = Array.from({ length: isPoint ? 1 : 1 << low.length }, (_, corner) => corner);
    const least = corners.map((corner) => Float64Array.from(priced, (list) => leastOf(list, corner)));
    // What is left to pay for dearer choices, at most.
    const spare = corners.map((corner) => {
      let needed = 0;
      this.factors.forEach((factor, r) => {
        const threshold = point(((corner >> r) & 1 ? high : low)[r]!);
        needed = sumBelow(needed, multiply(point(prices.perSecond), multiply(point(factor), threshold)).lo);
      });
      for (const price of least[corner]!) needed = sumBelow(needed, price);
      return least[corner]!.includes(Infinity) ? -Infinity : -sumBelow(-available, needed);
    });
    // A price is above the least by more than is left; ∞, that of what is late, is always.
    const isDearer = (price: number, cheapest: number, left: number) =>
      price === Infinity || left === -Infinity || sumBelow(price, -cheapest) > left;
    const isRefuted = (n: number, k: number) =>
      corners.every((corner) => isDearer(priceAt(priced[n]!, k, corner), least[corner]![n]!, spare[corner]!));
    return { prices: priced, least, isRefuted };
  }

  /** At most what all there is costs: λ·all shares + μ + Σ price·limit + ρ·t. */
  private available({ perShare, perServer, perSecond, perUnit }: Prices): number {
    const { problem } = this;
    const { limits, tolerance, passed } = problem;
    let sum = multiply(point(perShare), point(model.mostShares(problem)));
    sum = add(sum, multiply(point(perServer), passed));
    limits.forEach((limit, k) => (sum = add(sum, multiply(point(perUnit[k]!), model.endOf(limit, tolerance)))));
    return add(sum, multiply(point(perSecond), point(this.seconds))).hi;
  }

  private prices(n: number, prices: Prices, part: Part, { at, stage }: Witnesses): ChoicePrices {
    const list = part.open[n]!;
    const found = {
      axis: new Uint8Array(list.length),
      atLow: new Float64Array(list.length),
      atHigh: new Float64Array(list.length),
    };
    for (let k = 0; k < list.length; k++) this.price(n, list[k]!, prices, part, at[k]!, stage[k]!, found, k);
    return found;
  }

  /** Writes a lower bound on the price of choice j of device n for all thresholds in the box; ∞: it is late. */
  private price(
    n: number,
    j: number,
    prices: Prices,
    { low, high }: Part,
    at: number,
    stage: number,
    found: ChoicePrices,
    k: number,
  ): void {
    const { isBatched, devices, hasWholeShares } = this.problem;
    const device = devices[n]!;
    const { perUnit, perShare, perServer, perSecond } = prices;
    let fixed = 0;
    for (let c = 0; c < perUnit.length; c++) {
      if (perUnit[c]! > 0) fixed = sumBelow(fixed, productBelow(perUnit[c]!, model.sharedUse(device, c, j)));
    }
    found.atLow[k] = found.atHigh[k] = fixed;
    if (j < 0) return;
    const choice = this.choice(n, j);
    const { loads, own, fastest, last } = choice;
    for (let r = 0; r < fastest.length; r++) {
      if (fastest[r]! <= high[r]!) continue;
      found.atLow[k] = found.atHigh[k] = Infinity;
      return;
    }
    const work = device.serverSeconds[j]!;
    if (isBatched) fixed = sumBelow(fixed, productBelow(perSecond, work));
    else if (work > 0 && perServer > 0) {
      found.atLow[k] = found.atHigh[k] = sumBelow(fixed, this.together(n, j, prices, high[0]!, at));
      return;
    }
    const { least } = this.ranges[n]!;
    const axis = Math.min(loads.length - 1, Math.floor(stage || 0));
    let [atLow, atHigh] = [least, least];
    if (at > 0 && high[axis]! < Infinity) {
      const isKnown = last?.at === at && last.axis === axis;
      const line = isKnown ? last.line : model.loadTime(device, j, loads[axis]!, at);
      if (!isKnown) choice.last = { at, axis, line };
      if (line.right.hi < 0) {
        // One line only: the larger of two would not be affine in X.
        const start = add(line.value, own).lo;
        const ends = [shareAt(start, line.right, at, low[axis]!), shareAt(start, line.right, at, high[axis]!)] as const;
        const lowest = hasWholeShares ? Math.ceil(ends[1]) : ends[0];
        const highest = hasWholeShares ? lowest : ends[1];
        if (Math.max(lowest, highest) > least) [atLow, atHigh] = [lowest, highest];
      }
    }
    found.axis[k] = axis;
    found.atLow[k] = sumBelow(fixed, productBelow(perShare, atLow));
    found.atHigh[k] = sumBelow(fixed, productBelow(perShare, atHigh));
  }

  /** A lower bound on λ·b + μ·w/(t − time(b)), convex in b, over the shares there may be: by its slopes at `at`. */
  private together(n: number, j: number, { perShare, perServer }: Prices, seconds: number, at: number): number {
    const { hasWholeShares, devices } = this.problem;
    const { least, most } = this.ranges[n]!;
    const isShare = at > 0 && (!hasWholeShares || (Number.isInteger(at) && at >= least && at <= most));
    if (!isShare) return 0;
    const cost = multiply(point(perServer), point(devices[n]!.serverSeconds[j]!));
    const lambda = point(perShare);
    const price = (share: number) => {
      const {
        value: time,
        left: toLess,
        right: toMore,
      } = model.loadTime(devices[n]!, j, this.choice(n, j).loads[0]!, share);
      const rest = subtract(point(seconds), time);
      // Where no time is left the price is infinite; where that is not sure, it may be.
      const atLeast = rest.hi > 0 ? divide(cost, point(rest.hi)).lo : Infinity;
      const server = rest.lo > 0 ? divide(cost, rest) : { lo: atLeast, hi: Infinity };
      const slope = (fall: Interval) => add(lambda, divide(multiply(server, fall), rest));
      return { value: add(multiply(lambda, point(share)), server), left: slope(toLess), right: slope(toMore) };
    };
    const { value, left, right } = price(at);
    if (value.hi === Infinity) return 0;
    let lowest = value.lo;
    const towards = (end: number, step: 1 | -1, slope: Interval) => {
      if (!((end - at) * step > 0)) return;
      // With whole shares the slopes are those to the neighbours.
      const rise = hasWholeShares ? subtract(price(at + step).value, value) : slope;
      const distance = step > 0 ? subtract(point(end), point(at)) : subtract(point(at), point(end));
      lowest = Math.min(lowest, add(value, multiply(point(Math.min(0, rise.lo)), distance)).lo);
    };
    towards(least, -1, negate(left));
    towards(most, 1, right);
    return Math.max(0, lowest);
  }
}

/** The least share b of start + slope·(b − at) ≤ time ≤ a threshold, for a slope below 0. */
function shareAt(start: number, slope: Interval, at: number, threshold: number): number {
  const slack = -sumBelow(-threshold, start);
  return sumBelow(at, below(slack / (slack >= 0 ? slope.hi : slope.lo)));
}

function leastOf(prices: ChoicePrices, corner: number): number {
  let least = Infinity;
  for (let k = 0; k < prices.axis.length; k++) least = Math.min(least, priceAt(prices, k, corner));
  return least;
}
