import { add, divide, multiply, one, point, subtract, zero, type Interval } from './interval.js';
import { admissibleChoices, bandHertz, couplingLimits, shareRange, type CouplingLimit } from './limits.js';
import type { Reader } from './reader.js';
import { loadTime, roundWork, stageLoad, stagesOf, type Form, type Load, type Stage } from './round.js';
import { shareHertz, type StatedDevice, type Statement } from './statement.js';

/** Prices of what devices share; none negative. */
export type Prices = Readonly<Record<(typeof priceNames)[number], number>>;
const priceNames = ['perHertz', 'perShare', 'perByte', 'perBit', 'perAccuracy', 'perSecond'] as const;

export function readPrices(reader: Reader): Prices {
  const price = (member: Reader) => {
    const value = member.optional((given) => given.number()) ?? 0;
    member.require('prices not negative', value >= 0, `${value} is negative`);
    return value;
  };
  return reader.members((at) => Object.fromEntries(priceNames.map((name) => [name, price(at(name))])) as Prices);
}

/** Evidence for one device's open choices, entries in their order; NaN where there is none. */
export interface Witnesses {
  /** A share, hertz or resource blocks, at which a line is taken. */
  readonly at: Float64Array;
  /** Weight of an efficiency limit's line against Shannon's law where the two meet. */
  readonly mixture: Float64Array;
  /** The stage whose time the line is of. */
  readonly stage: Float64Array;
}

export function readWitnesses(reader: Reader, count: number): Witnesses {
  const column = (member: Reader) =>
    member.optional((list) => list.numbers(count, 0, true)) ?? new Float64Array(count).fill(NaN);
  return reader.members((at) => ({ at: column(at('at')), mixture: column(at('mixture')), stage: column(at('stage')) }));
}

export interface Evidence {
  readonly prices: Prices;
  readonly witnesses: readonly Witnesses[];
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
  readonly atLow: number;
  readonly atHigh: number;
}

const impossible: ChoicePrice = { axis: 0, atLow: Infinity, atHigh: Infinity };

interface PricedDevice {
  readonly device: StatedDevice;
  readonly least: number;
  readonly most: number;
  /** What being left out adds to each coupling limit. */
  readonly leftOut: readonly Interval[];
  /** By choice: server work, what it adds to each coupling limit, and each stage's load with its least time. */
  readonly choices: readonly {
    readonly work: Interval;
    readonly amounts: readonly Interval[];
    readonly loads: readonly { readonly load: Load; readonly waiting: Load; readonly fastest: number }[];
  }[];
}

/** Prices what a choice needs for thresholds in a box; what depends neither on prices nor on the box is kept. */
export class Pricer {
  readonly stages: readonly Stage[];
  private readonly couplings: readonly CouplingLimit[];
  private readonly devices: readonly PricedDevice[];
  /** Of the server a device may be given, limits passed by τ. */
  private readonly mostServer: Interval;

  constructor(
    private readonly statement: Statement,
    form: Form,
  ) {
    this.stages = stagesOf(statement, form);
    this.couplings = couplingLimits(statement, statement.tolerance);
    this.mostServer = add(one, statement.tolerance);
    this.devices = statement.devices.map((device) => {
      const range = shareRange(statement, device);
      const choices: PricedDevice['choices'][number][] = [];
      for (const j of admissibleChoices(statement, device)) choices[j] = this.measured(device, j, range.most);
      const leftOut = this.couplings.map(({ amount }) => amount(device, -1));
      return { device, ...range, choices, leftOut };
    });
  }

  private measured(device: StatedDevice, j: number, most: number): PricedDevice['choices'][number] {
    const work = roundWork(this.statement, device, j);
    // Own work on the server, with the largest share of it.
    const { sharing } = this.statement;
    const own = sharing === 'batched' ? zero : sharing === 'equal' ? work : divide(work, this.mostServer);
    const loads = this.stages.map((stage) => {
      const load = stageLoad(device, j, stage);
      const waiting = { ...load, seconds: add(load.seconds, own) };
      return {
        load,
        waiting,
        fastest: most > 0 ? loadTime(device, j, waiting, shareHertz(this.statement, most)).value.lo : Infinity,
      };
    });
    return { work, loads, amounts: this.couplings.map(({ amount }) => amount(device, j)) };
  }

  /** λ·B + μ + Σ price·limit + τ·t: what all there is costs. */
  limits(prices: Prices, seconds: number): Interval {
    let sum = multiply(point(prices.perHertz), bandHertz(this.statement));
    sum = add(sum, multiply(point(prices.perShare), this.mostServer));
    for (const { price, limit } of this.couplings) sum = add(sum, multiply(point(prices[price]), limit));
    return add(sum, multiply(point(prices.perSecond), point(seconds)));
  }

  /** The price of what a device adds to coupling limits. */
  private coupled(prices: Prices, amounts: readonly Interval[], from: Interval): Interval {
    let sum = from;
    for (let c = 0; c < amounts.length; c++)
      sum = add(sum, multiply(point(prices[this.couplings[c]!.price]), amounts[c]!));
    return sum;
  }

  /** A lower bound on the price of choice j of device n, its k-th open one, for all thresholds in the box; ∞: it is late. */
  price(n: number, j: number, k: number, { prices, witnesses }: Evidence, { low, high }: Part): ChoicePrice {
    const { statement } = this;
    const { device, leftOut, least, most, choices } = this.devices[n]!;
    if (j < 0) {
      const { lo } = this.coupled(prices, leftOut, zero);
      return { axis: 0, atLow: lo, atHigh: lo };
    }
    const { work, loads, amounts } = choices[j]!;
    if (!(least <= most)) return impossible;
    for (let r = 0; r < loads.length; r++) if (loads[r]!.fastest > high[r]!) return impossible;
    const fixed = this.coupled(
      prices,
      amounts,
      statement.sharing === 'batched' ? multiply(point(prices.perSecond), work) : zero,
    );
    const constant = (value: Interval): ChoicePrice => {
      const { lo } = add(fixed, value);
      return { axis: 0, atLow: lo, atHigh: lo };
    };
    const perHertz = point(prices.perHertz);
    const at = witnesses[n]!.at[k]!;
    const isDivided = statement.sharing === 'allocated' && work.hi > 0 && prices.perShare > 0;
    if (high[0] === Infinity || (!isDivided && !(at >= 0))) {
      return constant(multiply(perHertz, shareHertz(statement, least)));
    }
    if (isDivided) {
      const tangent = { seconds: high[0]!, at, mixture: witnesses[n]!.mixture[k]! };
      return constant(point(this.leastTogether(n, j, { load: loads[0]!.load, work }, prices, tangent)));
    }
    if (statement.blocks) {
      const hertz = shareHertz(statement, at);
      const isLate = loads.some(({ waiting }, r) => loadTime(device, j, waiting, hertz).value.lo > high[r]!);
      return constant(multiply(perHertz, shareHertz(statement, at >= least && isLate ? Math.floor(at) + 1 : least)));
    }
    const axis = Math.min(loads.length - 1, Math.floor(witnesses[n]!.stage[k]! || 0));
    const { value, slope } = loadTime(device, j, loads[axis]!.waiting, point(at));
    if (!(slope.hi < 0)) return constant(multiply(perHertz, point(least)));
    // value + slope·(b − at) ≤ time ≤ X gives b ≥ at + (X − value)/slope. One line only: the larger of two would not be affine in X.
    const end = (threshold: number) => {
      const share = add(point(at), divide(subtract(point(threshold), value), slope));
      return add(fixed, multiply(perHertz, share)).lo;
    };
    const atHigh = end(high[axis]!);
    return { axis, atHigh, atLow: low[axis] === high[axis] ? atHigh : end(low[axis]!) };
  }

  /** A lower bound on λ·b + μ·w/(t − time(b)), convex in b, over the shares there may be: by its slopes at `at`. */
  private leastTogether(
    n: number,
    j: number,
    { load, work }: { readonly load: Load; readonly work: Interval },
    prices: Prices,
    { seconds, at, mixture }: { readonly seconds: number; readonly at: number; readonly mixture: number },
  ): number {
    const { statement } = this;
    const { device, least, most } = this.devices[n]!;
    const priced = multiply(point(prices.perShare), work);
    const price = (share: number) => {
      const hertz = shareHertz(statement, share);
      const { value: time, slope } = loadTime(device, j, load, hertz, mixture);
      const left = subtract(point(seconds), time);
      // Where no time is left the price is infinite; where that is not sure, it may be.
      const largest = left.hi > 0 ? divide(priced, point(left.hi)).lo : Infinity;
      const server = left.lo > 0 ? divide(priced, left) : { lo: largest, hi: Infinity };
      const rise = add(point(prices.perHertz), divide(multiply(server, slope), left));
      return { value: add(multiply(point(prices.perHertz), hertz), server), rise, isInTime: left.lo > 0 };
    };
    const isInRange = at > 0 && (!statement.blocks || (Number.isInteger(at) && at >= least && at <= most));
    const found = isInRange ? price(at) : undefined;
    const here = found?.isInTime ? at : most;
    const { value, rise, isInTime } = found?.isInTime ? found : price(most);
    if (!isInTime) return 0;
    // Slopes towards larger and smaller shares; with whole blocks those to the neighbours.
    const right = here >= most ? 0 : (statement.blocks ? subtract(price(here + 1).value, value) : rise).lo;
    const left = here <= least ? 0 : (statement.blocks ? subtract(value, price(here - 1).value) : rise).hi;
    const towards = (end: number, slope: number) =>
      add(value, multiply(point(slope), subtract(point(end), point(here)))).lo;
    const atEnds = [right < 0 ? towards(most, right) : Infinity, left > 0 ? towards(least, left) : Infinity];
    return Math.max(0, Math.min(value.lo, ...atEnds));
  }
}
