import { above, add, below, divide, larger, multiply, point } from './interval.js';
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
  const at = reader.members('perShare perServer perSecond perUnit');
  const one = (price: Reader) => price.optional((given) => given.number()) ?? 0;
  const [perShare, perServer, perSecond] = [one(at.perShare), one(at.perServer), one(at.perSecond)];
  const perUnit = at.perUnit.optional((list) => list.numbers(limitCount)) ?? new Float64Array(limitCount);
  const isMet = [perShare, perServer, perSecond, ...perUnit].every((price) => price >= 0);
  reader.require('prices not negative', isMet, 'one is negative');
  return { perShare, perServer, perSecond, perUnit };
}

/** Along a device's open choices: a share at which lines are taken, and the stage whose time they are of; NaN where there is none. */
export interface Witnesses {
  readonly at: Float64Array;
  readonly stage: Float64Array;
}

export function readWitnesses(reader: Reader, count: number): Witnesses {
  const { at, stage } = reader.members('at stage');
  const column = (member: Reader) =>
    member.optional((list) => list.numbers(count, 0, true)) ?? new Float64Array(count).fill(NaN);
  return { at: column(at), stage: column(stage) };
}

/** What plans are still considered: choices of each device (−1: left out), and a box that holds their thresholds. */
export interface Part {
  readonly open: readonly (readonly number[])[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** A lower bound on a choice's price, affine along one threshold: its values at the two ends of the box. */
export interface ChoicePrice {
  readonly axis: number;
  readonly ends: readonly [atLow: number, atHigh: number];
}

/** What evidence shows of a part. */
export interface Judgement {
  /** Of each device's open choices. */
  readonly prices: readonly (readonly ChoicePrice[])[];
  /** At each corner of the box, the least price of each device. */
  readonly least: readonly (readonly number[])[];
  /** No plan of the part that is within the claim has the k-th open choice of device n. */
  readonly isRefuted: (n: number, k: number) => boolean;
}

/** A choice's load by thresholds, the same with own work at the largest share of the server, and the least time of that. */
interface Choice {
  readonly loads: model.Load[];
  readonly whole: model.Load[];
  readonly fastest: number[];
  /** The line found last: evidence of one node names the shares of the one before. */
  last: { readonly at: number; readonly axis: number; readonly line: model.Line } | undefined;
}

/** Judges evidence against the claim that a plan has a round within `seconds`, aggregation apart; ∞: that there is a plan. */
export class BoundChecker {
  /** How often a round has what each threshold is of. */
  readonly factors: readonly number[];
  private readonly ranges: readonly { readonly least: number; readonly most: number }[];
  private readonly choices: readonly (readonly Choice[])[];
  /** Of the server all may be given, limits passed by τ. */
  private readonly mostServer: Interval;

  constructor(
    readonly problem: model.Problem,
    form: model.Form,
    private readonly seconds: number,
  ) {
    this.factors = form === 'chain' ? [1] : problem.stages;
    this.mostServer = model.relaxed(1, problem.tolerance);
    this.ranges = problem.devices.map((device) => model.shareRange(problem, device));
    this.choices = problem.devices.map((device, n) => {
      const choices: Choice[] = [];
      for (const j of model.admissibleChoices(problem, device)) choices[j] = this.choice(n, j, form);
      return choices;
    });
  }

  private choice(n: number, j: number, form: model.Form): Choice {
    const { problem, mostServer, ranges } = this;
    const device = problem.devices[n]!;
    const loads = model.loadsOf(problem, device, j, form);
    const work = problem.sharing === 'batched' ? zero : point(device.serverSeconds[j]!);
    const own = problem.sharing === 'allocated' ? divide(work, mostServer) : work;
    const whole = loads.map(([seconds, ...bits]) => [add(seconds!, own), ...bits]);
    const fastest = whole.map((load) => this.time(n, j, load, ranges[n]!.most).value.lo);
    return { loads, whole, fastest, last: undefined };
  }

  private time(n: number, j: number, load: model.Load, share: number): model.Line {
    return model.loadTime(this.problem, this.problem.devices[n]!, j, load, share);
  }

  /** All that a plan within the claim may be. */
  root(open: Part['open']): Part {
    const { seconds, factors } = this;
    if (this.problem.sharing !== 'batched') return { open, low: [seconds], high: [seconds] };
    const high = factors.map((factor) => larger(divide(point(seconds), point(factor)), zero).hi);
    return { open, low: high.map(() => 0), high };
  }

  /**
   * For thresholds X, the least prices of what the devices need and ρ·Σ factor·X are at most what all there is costs if the part has a
   * plan within the claim. Each price is at least one that is affine in X, so that the sum is concave: its least value is at a corner.
   */
  judge(part: Part, prices: Prices, witnesses: readonly Witnesses[]): Judgement {
    const { low, high } = part;
    const available = this.available(prices);
    const priced = part.open.map((list, n) => {
      const { at, stage } = witnesses[n]!;
      const first = Number(list[0] === -1);
      return list.map((j, k) => this.price(n, j, prices, part, at[k - first]!, stage[k - first]!));
    });
    const isPoint = low.every((value, r) => value === high[r]);
    const corners = Array.from({ length: isPoint ? 1 : 1 << low.length }, (_, corner) => corner);
    const least = corners.map((corner) => priced.map((list) => leastOf(list, corner)));
    // What is left to pay for dearer choices, at most.
    const spare = corners.map((corner) => {
      let needed = zero;
      this.factors.forEach((factor, r) => {
        const threshold = point(((corner >> r) & 1 ? high : low)[r]!);
        needed = add(needed, multiply(point(prices.perSecond), multiply(point(factor), threshold)));
      });
      for (const price of least[corner]!) needed = add(needed, point(price));
      return least[corner]!.includes(Infinity) ? -Infinity : subtract(available, needed).hi;
    });
    const isRefuted = (n: number, k: number) => {
      const price = priced[n]![k]!;
      return corners.every((corner) => isDearer(valueAt(price, corner), least[corner]![n]!, spare[corner]!));
    };
    return { prices: priced, least, isRefuted };
  }

  /** λ·all shares + μ + Σ price·limit + ρ·t: what all there is costs. */
  private available({ perShare, perServer, perSecond, perUnit }: Prices): Interval {
    const { limits, tolerance } = this.problem;
    let sum = multiply(point(perShare), model.allShares(this.problem, tolerance));
    sum = add(sum, multiply(point(perServer), this.mostServer));
    limits.forEach(({ most, size }, k) => {
      sum = add(sum, multiply(point(perUnit[k]!), model.relaxed(most, tolerance, size)));
    });
    return add(sum, multiply(point(perSecond), point(this.seconds)));
  }

  /** A lower bound on the price of choice j of device n for all thresholds in the box; ∞: it is late. */
  private price(n: number, j: number, prices: Prices, { low, high }: Part, at: number, stage: number): ChoicePrice {
    const { sharing, devices, limits, shares } = this.problem;
    const device = devices[n]!;
    let fixed = 0;
    for (let c = 0; c < limits.length; c++) {
      fixed = sumBelow(fixed, productBelow(prices.perUnit[c]!, model.sharedUse(device, c, j).lo));
    }
    if (j < 0) return flat(fixed);
    const { least, most } = this.ranges[n]!;
    const choice = this.choices[n]![j]!;
    const { whole, fastest, last } = choice;
    if (!(most > 0 && least <= most && fastest.every((time, r) => time <= high[r]!))) return flat(Infinity);
    const work = device.serverSeconds[j]!;
    if (sharing === 'batched') fixed = sumBelow(fixed, productBelow(prices.perSecond, work));
    if (sharing === 'allocated' && work > 0 && prices.perServer > 0 && high[0]! < Infinity) {
      return flat(sumBelow(fixed, this.together(n, j, prices, high[0]!, at)));
    }
    const axis = Math.min(whole.length - 1, Math.floor(stage || 0));
    let needed = least;
    if (high[0]! < Infinity && at > 0) {
      const isKnown = last?.at === at && last.axis === axis;
      const line = isKnown ? last.line : this.time(n, j, whole[axis]!, at);
      choice.last = isKnown ? last : { at, axis, line };
      const [atLow, atHigh] = [shareAt(line, at, low[axis]!), shareAt(line, at, high[axis]!)];
      // One line only: the larger of two would not be affine in X.
      if (line.right.hi < 0 && shares.isWhole) needed = Math.max(least, Math.ceil(atHigh));
      else if (line.right.hi < 0 && Math.max(atLow, atHigh) > least) {
        return { axis, ends: [priceOf(atLow, prices, fixed), priceOf(atHigh, prices, fixed)] };
      }
    }
    return flat(priceOf(needed, prices, fixed));
  }

  /** A lower bound on λ·b + μ·w/(t − time(b)), convex in b, over the shares there may be: by its slopes at `at`. */
  private together(n: number, j: number, { perShare, perServer }: Prices, seconds: number, at: number): number {
    const { isWhole } = this.problem.shares;
    const { least, most } = this.ranges[n]!;
    const priced = multiply(point(perServer), point(this.problem.devices[n]!.serverSeconds[j]!));
    const lambda = point(perShare);
    const price = (share: number) => {
      const { value: time, left: toLess, right: toMore } = this.time(n, j, this.choices[n]![j]!.loads[0]!, share);
      const rest = subtract(point(seconds), time);
      // Where no time is left the price is infinite; where that is not sure, it may be.
      const isInTime = rest.lo > 0;
      const server = isInTime
        ? divide(priced, rest)
        : { lo: rest.hi > 0 ? divide(priced, point(rest.hi)).lo : Infinity, hi: Infinity };
      const slope = (fall: Interval) => add(lambda, divide(multiply(server, fall), rest));
      const value = add(multiply(lambda, point(share)), server);
      return { value, left: slope(toLess), right: slope(toMore), isInTime };
    };
    const isShare = at > 0 && (!isWhole || (Number.isInteger(at) && at >= least && at <= most));
    const here = isShare && price(at).isInTime ? at : most;
    const { value, left, right, isInTime } = price(here);
    if (!isInTime) return 0;
    // With whole shares the slopes are those to the neighbours.
    const rise = isWhole && here < most ? subtract(price(here + 1).value, value) : right;
    const fall = isWhole && here > least ? subtract(value, price(here - 1).value) : left;
    const towards = (end: number, slope: number) =>
      add(value, multiply(point(slope), subtract(point(end), point(here)))).lo;
    const atMost = here < most ? towards(most, Math.min(0, rise.lo)) : value.lo;
    const atLeast = here > least ? towards(least, Math.max(0, fall.hi)) : value.lo;
    return Math.max(0, Math.min(value.lo, atMost, atLeast));
  }
}

/** The least share b of value + slope·(b − at) ≤ time ≤ a threshold, for a slope below 0. */
function shareAt({ value, right }: model.Line, at: number, threshold: number): number {
  const slack = above(threshold - value.lo);
  return sumBelow(at, below(slack / (slack >= 0 ? right.hi : right.lo)));
}

function priceOf(share: number, { perShare }: Prices, fixed: number): number {
  return sumBelow(fixed, productBelow(perShare, share));
}

function flat(value: number): ChoicePrice {
  return { axis: 0, ends: [value, value] };
}

function valueAt({ axis, ends }: ChoicePrice, corner: number): number {
  return ends[(corner >> axis) & 1]!;
}

function leastOf(prices: readonly ChoicePrice[], corner: number): number {
  let least = Infinity;
  for (const price of prices) least = Math.min(least, valueAt(price, corner));
  return least;
}

/** Whether a price is above the least by more than is left; ∞, the price of what is late, is always. */
function isDearer(price: number, least: number, spare: number): boolean {
  return price === Infinity || spare === -Infinity || subtract(point(price), point(least)).lo > spare;
}
