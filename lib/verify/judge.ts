import { add, divide, larger, multiply, one, point, subtract, zero, type Interval } from './interval.js';
import type { Reader } from './reader.js';
import * as model from './statement.js';
import type { Load, StatedDevice, Statement } from './statement.js';

/** Prices of what devices share; none negative. */
export interface Prices {
  readonly perHertz: number;
  /** Of the whole server, where it is divided. */
  readonly perServer: number;
  /** Of the round itself. */
  readonly perSecond: number;
  /** Of a unit of each shared limit. */
  readonly perUnit: ArrayLike<number>;
}

export function readPrices(reader: Reader, limitCount: number): Prices {
  const at = reader.members('perHertz perServer perSecond perUnit');
  const one = (price: Reader) => price.optional((given) => given.number()) ?? 0;
  const [perHertz, perServer, perSecond] = [one(at.perHertz), one(at.perServer), one(at.perSecond)];
  const perUnit = at.perUnit.optional((list) => list.numbers(limitCount)) ?? new Float64Array(limitCount);
  const isMet = [perHertz, perServer, perSecond, ...perUnit].every((price) => price >= 0);
  reader.require('prices not negative', isMet, 'one is negative');
  return { perHertz, perServer, perSecond, perUnit };
}

/** Evidence for a choice, or lists of it along a device's open choices; NaN where there is none. */
export interface Witness<Entry = number> {
  /** A share, hertz or resource blocks, at which a line is taken. */
  readonly at: Entry;
  /** Weight of an efficiency limit's line against Shannon's law where the two meet. */
  readonly mixture: Entry;
  /** The stage whose time the line is of. */
  readonly stage: Entry;
}
export type Witnesses = Witness<Float64Array>;

export function readWitnesses(reader: Reader, count: number): Witnesses {
  const { at, mixture, stage } = reader.members('at mixture stage');
  const column = (member: Reader) =>
    member.optional((list) => list.numbers(count, 0, true)) ?? new Float64Array(count).fill(NaN);
  return { at: column(at), mixture: column(mixture), stage: column(stage) };
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

interface PricedDevice {
  readonly device: StatedDevice;
  readonly least: number;
  readonly most: number;
  /** By choice: each threshold's load, the same with own work at the largest share of the server, and the least time of that. */
  readonly choices: readonly { readonly loads: Load[]; readonly whole: Load[]; readonly fastest: number[] }[];
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

/** Judges evidence against the claim that a plan has a round within `seconds`, aggregation apart; ∞: that there is a plan. */
export class BoundChecker {
  /** How often a round has what each threshold is of. */
  readonly factors: readonly number[];
  private readonly devices: readonly PricedDevice[];
  /** Of the server all may be given, limits passed by τ. */
  private readonly mostServer: Interval;

  constructor(
    readonly statement: Statement,
    form: model.Form,
    private readonly seconds: number,
  ) {
    const { sharing, tolerance } = statement;
    this.factors = form === 'chain' ? [1] : statement.stages;
    this.mostServer = model.relaxed(1, tolerance);
    const divisor = sharing === 'allocated' ? this.mostServer : one;
    this.devices = statement.devices.map((device) => {
      const { least, most } = model.shareRange(statement, device);
      const choices: PricedDevice['choices'][number][] = [];
      for (const j of model.admissibleChoices(statement, device)) {
        const loads = model.loadsOf(statement, device, j, form);
        const own = sharing === 'batched' ? zero : divide(point(device.serverSeconds[j]!), divisor);
        const whole = loads.map(([seconds, ...bits]): Load => [add(seconds, own), ...bits]);
        const fastest = whole.map(
          (load) => model.loadTime(device, j, load, model.shareHertz(statement, most)).value.lo,
        );
        choices[j] = { loads, whole, fastest };
      }
      return { device, least, most, choices };
    });
  }

  /** All that a plan within the claim may be. */
  root(open: Part['open']): Part {
    const { seconds, factors } = this;
    if (this.statement.sharing !== 'batched') return { open, low: [seconds], high: [seconds] };
    const high = factors.map((factor) => larger(divide(point(seconds), point(factor)), zero).hi);
    return { open, low: high.map(() => 0), high };
  }

  /**
   * For thresholds X, the least prices of what the devices need and ρ·Σ factor·X are at most what all there is costs if the part has a
   * plan within the claim. Each price is at least one that is affine in X, so that the sum is concave: its least value is at a corner.
   */
  judge(part: Part, prices: Prices, witnesses: readonly Witnesses[]): Judgement {
    const { low, high } = part;
    const { factors } = this;
    const available = this.available(prices);
    const priced = part.open.map((list, n) => {
      const { at, mixture, stage } = witnesses[n]!;
      const first = Number(list[0] === -1);
      return list.map((j, k) => {
        const witness = { at: at[k - first]!, mixture: mixture[k - first]!, stage: stage[k - first]! };
        return this.price(n, j, prices, witness, part);
      });
    });
    const isPoint = low.every((value, r) => value === high[r]);
    const corners = Array.from({ length: isPoint ? 1 : 1 << factors.length }, (_, corner) => {
      const least = priced.map((list) =>
        list.reduce((most, price) => Math.min(most, atCorner(price, corner)), Infinity),
      );
      let rounds = zero;
      factors.forEach((factor, r) => {
        const threshold = point(((corner >> r) & 1 ? high : low)[r]!);
        rounds = add(rounds, multiply(point(prices.perSecond), multiply(point(factor), threshold)));
      });
      const spare = subtract(rounds, available).lo;
      // Sums before and after each device: nothing is subtracted, as it may be infinite.
      const before = runningSums(least);
      const after = runningSums([...least].reverse()).reverse();
      return { least, spare, others: least.map((_, n) => sumBelow(before[n]!, after[n + 1]!)) };
    });
    return {
      prices: priced,
      least: corners.map(({ least }) => least),
      isRefuted: (n, k) =>
        corners.every(({ spare, others }, corner) => {
          const needed = sumBelow(others[n]!, atCorner(priced[n]![k]!, corner));
          return needed === Infinity || sumBelow(needed, spare) > 0;
        }),
    };
  }

  /** λ·B + μ + Σ price·limit + ρ·t: what all there is costs. */
  private available({ perHertz, perServer, perSecond, perUnit }: Prices): Interval {
    const { blocks, limits, tolerance } = this.statement;
    const band = multiply(model.allShares(this.statement, tolerance), blocks?.hertz ?? one);
    let sum = add(multiply(point(perHertz), band), multiply(point(perServer), this.mostServer));
    limits.forEach(({ most, size }, k) => {
      sum = add(sum, multiply(point(perUnit[k]!), model.relaxed(most, tolerance, size)));
    });
    return add(sum, multiply(point(perSecond), point(this.seconds)));
  }

  /** A lower bound on the price of choice j of device n for all thresholds in the box; ∞: it is late. */
  private price(
    n: number,
    j: number,
    prices: Prices,
    { at, mixture, stage }: Witness,
    { low, high }: Part,
  ): ChoicePrice {
    const { statement } = this;
    const { device, least, most, choices } = this.devices[n]!;
    let fixed = zero;
    for (let c = 0; c < statement.limits.length; c++) {
      fixed = add(fixed, multiply(point(prices.perUnit[c]!), model.sharedUse(device, c, j)));
    }
    const flat = ({ lo }: Interval): ChoicePrice => ({ axis: 0, ends: [lo, lo] });
    if (j < 0) return flat(fixed);
    const { whole, fastest } = choices[j]!;
    if (!(most > 0 && least <= most && fastest.every((time, r) => time <= high[r]!))) return flat(point(Infinity));
    const work = point(device.serverSeconds[j]!);
    if (statement.sharing === 'batched') fixed = add(fixed, multiply(point(prices.perSecond), work));
    const withBand = (hertz: Interval) => add(fixed, multiply(point(prices.perHertz), hertz));
    if (statement.sharing === 'allocated' && work.hi > 0 && prices.perServer > 0 && high[0]! < Infinity) {
      return flat(add(fixed, point(this.together(n, j, prices, { seconds: high[0]!, at, mixture }))));
    }
    if (high[0] === Infinity || !(at > 0)) return flat(withBand(model.shareHertz(statement, least)));
    if (statement.blocks) {
      const isLate = whole.some(
        (load, r) => model.loadTime(device, j, load, model.shareHertz(statement, at)).value.lo > high[r]!,
      );
      return flat(withBand(model.shareHertz(statement, isLate ? Math.max(least, Math.floor(at) + 1) : least)));
    }
    const axis = Math.min(whole.length - 1, Math.floor(stage || 0));
    const { value, slope } = model.loadTime(device, j, whole[axis]!, point(at));
    const atLeast = flat(withBand(point(least)));
    if (!(slope.hi < 0)) return atLeast;
    // value + slope·(b − at) ≤ time ≤ X gives b ≥ at + (X − value)/slope. One line only: the larger of two would not be affine in X.
    const end = (threshold: number) => withBand(add(point(at), divide(subtract(point(threshold), value), slope))).lo;
    const ends: ChoicePrice['ends'] = [end(low[axis]!), end(high[axis]!)];
    return ends.every((price) => price <= atLeast.ends[0]) ? atLeast : { axis, ends };
  }

  /** A lower bound on λ·b + μ·w/(t − time(b)), convex in b, over the shares there may be: by its slopes at `at`. */
  private together(
    n: number,
    j: number,
    { perHertz, perServer }: Prices,
    { seconds, at, mixture }: { readonly seconds: number; readonly at: number; readonly mixture: number },
  ): number {
    const { statement } = this;
    const { device, least, most, choices } = this.devices[n]!;
    const priced = multiply(point(perServer), point(device.serverSeconds[j]!));
    const price = (share: number) => {
      const hertz = model.shareHertz(statement, share);
      const time = model.loadTime(device, j, choices[j]!.loads[0]!, hertz, mixture);
      const left = subtract(point(seconds), time.value);
      // Where no time is left the price is infinite; where that is not sure, it may be.
      const isInTime = left.lo > 0;
      const lo = left.hi > 0 ? divide(priced, point(left.hi)).lo : Infinity;
      const server = isInTime ? divide(priced, left) : { lo, hi: Infinity };
      const slope = add(point(perHertz), divide(multiply(server, time.slope), left));
      return { value: add(multiply(point(perHertz), hertz), server), slope, isInTime };
    };
    const isShare = at > 0 && (!statement.blocks || (Number.isInteger(at) && at >= least && at <= most));
    const here = isShare && price(at).isInTime ? at : most;
    const { value, slope, isInTime } = price(here);
    if (!isInTime) return 0;
    // Slopes towards larger and smaller shares; with whole blocks those to the neighbours.
    const right = statement.blocks ? subtract(price(here + 1).value, value) : slope;
    const left = statement.blocks ? subtract(value, price(here - 1).value) : slope;
    const towards = (end: number, rise: number) => {
      return add(value, multiply(point(rise), subtract(point(end), point(here)))).lo;
    };
    const larger = here < most ? towards(most, Math.min(0, right.lo)) : value.lo;
    const smaller = here > least ? towards(least, Math.max(0, left.hi)) : value.lo;
    return Math.max(0, Math.min(value.lo, larger, smaller));
  }
}

function atCorner({ axis, ends }: ChoicePrice, corner: number): number {
  return ends[(corner >> axis) & 1]!;
}

/** At most the sum; ∞, the price of what is late, outweighs everything. */
function sumBelow(x: number, y: number): number {
  return x === Infinity || y === Infinity ? Infinity : add(point(x), point(y)).lo;
}

function runningSums(values: readonly number[]): number[] {
  const sums = [0];
  for (const value of values) sums.push(sumBelow(sums.at(-1)!, value));
  return sums;
}
