import { above, add, divide, multiply, point, subtract, zero, type Interval } from './interval.js';
import {
  chain,
  couplingPrice,
  leastOnLine,
  pricedLimits,
  roundWork,
  shareHertz,
  shareRange,
  timeAt,
  timeLine,
  type Prices,
  type Requirement,
  type Witnesses,
} from './price.js';
import type { StatedDevice, Statement } from './statement.js';

/** Choices still open at a node of a tree, for each device; −1 stands for leaving an optional device out. */
export type OpenChoices = readonly (readonly number[])[];

/** Prices with the points that bound what the open choices cost at them. */
export interface Evidence {
  readonly prices: Prices;
  readonly witnesses: readonly Witnesses[];
}

/**
 * True if no admissible plan over the open choices has T ≤ `seconds` (aggregation apart; ∞: no plan at all): the least prices of
 * what the devices need then exceed the price of all there is.
 */
export function refutes(statement: Statement, open: OpenChoices, seconds: number, evidence: Evidence): boolean {
  const sum = open.reduce<Interval>(
    (total, _, n) => add(total, point(leastOf(choiceValues(statement, open, seconds, evidence, n)))),
    zero,
  );
  return sum.lo > pricedLimits(statement, evidence.prices).hi;
}

/** True if no such plan has one of the `dropped` choices: with it and the least prices of all others the sum is too large. */
export function refutesEach(
  statement: Statement,
  open: OpenChoices,
  seconds: number,
  evidence: Evidence,
  dropped: OpenChoices,
): boolean {
  const values = open.map((_, n) => choiceValues(statement, open, seconds, evidence, n));
  const least = values.map(leastOf);
  const before = [zero];
  least.forEach((value, n) => before.push(add(before[n]!, point(value))));
  const limits = pricedLimits(statement, evidence.prices).hi;
  let after = zero;
  for (let n = open.length - 1; n >= 0; n--) {
    const others = add(before[n]!, after);
    for (const j of dropped[n]!) {
      const value = values[n]![open[n]!.indexOf(j)];
      if (value === undefined || !(add(others, point(value)).lo > limits)) return false;
    }
    after = add(after, point(least[n]!));
  }
  return true;
}

/** Lower bounds on the prices of one device's open choices. */
function choiceValues(
  statement: Statement,
  open: OpenChoices,
  seconds: number,
  { prices, witnesses }: Evidence,
  n: number,
): number[] {
  const device = statement.devices[n]!;
  const list = open[n]!;
  const out = list[0] === -1 ? 1 : 0;
  return list.map((j, k) => {
    if (j === -1) return 0;
    const share = leastSharePrice(statement, device, j, seconds, prices, witnesses[n]!, k - out);
    return share === Infinity ? Infinity : add(couplingPrice(statement, device, j, prices), point(share)).lo;
  });
}

function leastOf(values: readonly number[]): number {
  return values.reduce((least, value) => (value < least ? value : least), Infinity);
}

/** What a choice asks of its share b, and the server's work that is divided by a share of its own (or comes on top). */
interface Demand {
  readonly need: Requirement;
  readonly work: Interval;
  readonly divided: boolean;
  readonly seconds: number;
}

/** A lower bound on perHertz·b + perShare·s of one choice within `seconds`; ∞ if it cannot be in time. */
function leastSharePrice(
  statement: Statement,
  device: StatedDevice,
  j: number,
  seconds: number,
  prices: Prices,
  witnesses: Witnesses,
  place: number,
): number {
  const range = shareRange(statement, device);
  let { least } = range;
  const { most } = range;
  if (!(least <= most)) return Infinity;
  const hertzPrice = (share: number) => multiply(point(prices.perHertz), shareHertz(statement, share));
  if (seconds === Infinity) return hertzPrice(least).lo;
  const work = roundWork(statement, device, j);
  const divided = statement.sharing === 'allocated' && work.hi > 0;
  const demand: Demand = { need: chain(statement, device, j), work, divided, seconds };
  const late = (share: number) => {
    const server = divided ? divide(work, point(statement.relaxed.hi)) : work;
    return add(timeAt(device, demand.need, shareHertz(statement, share)), server).lo > seconds;
  };
  if (late(most)) return Infinity;
  const tooSmall = witnesses.tooSmall[place]!;
  if (tooSmall >= least && tooSmall > 0 && tooSmall < most && late(tooSmall)) {
    least = statement.blocks ? Math.floor(tooSmall) + 1 : tooSmall;
  }
  if (!divided || prices.perShare === 0) return hertzPrice(least).lo;
  const shortest = serverPrice(statement, device, demand, prices, most);
  const apart = shortest ? add(hertzPrice(least), point(shortest.lo)).lo : hertzPrice(least).lo;
  const at = witnesses.at[place]!;
  if (!(at > 0 && at <= most)) return apart;
  const together = statement.blocks
    ? leastInBlocks(statement, device, demand, prices, { least, most, at })
    : leastByLine(device, demand, prices, { least, most, at, mixture: witnesses.mixture[place]! });
  return Math.max(apart, together);
}

/** perShare·w/(T − time(b)); undefined unless the time left is surely positive. */
function serverPrice(statement: Statement, device: StatedDevice, demand: Demand, prices: Prices, share: number) {
  const left = subtract(point(demand.seconds), timeAt(device, demand.need, shareHertz(statement, share)));
  return left.lo > 0 ? divide(multiply(point(prices.perShare), demand.work), left) : undefined;
}

/** perHertz·b + perShare·w/(T − time(b)) is convex in b: it lies above its tangent, and that above its lower end. */
function leastByLine(
  device: StatedDevice,
  { need, work, seconds }: Demand,
  { perHertz, perShare }: Prices,
  { least, most, at, mixture }: { least: number; most: number; at: number; mixture: number },
): number {
  const line = timeLine(device, need, at, mixture);
  const left = subtract(point(seconds), line.value);
  if (!(left.lo > 0)) return 0;
  const server = divide(multiply(point(perShare), work), left);
  const value = add(multiply(point(perHertz), point(at)), server);
  const slope = add(point(perHertz), divide(multiply(server, line.slope), left));
  return leastOnLine(value, slope, at, least, most);
}

/** The same over whole blocks: beyond its neighbours the price lies above the lines through it and them. */
function leastInBlocks(
  statement: Statement,
  device: StatedDevice,
  demand: Demand,
  prices: Prices,
  { least, most, at }: { least: number; most: number; at: number },
): number {
  if (!Number.isInteger(at) || at < least) return 0;
  const price = (count: number) => {
    const server = serverPrice(statement, device, demand, prices, count);
    return server && add(multiply(point(prices.perHertz), shareHertz(statement, count)), server);
  };
  const here = price(at);
  if (!here) return 0;
  const beyond = (count: number, steps: number) => {
    const there = price(count);
    if (!there) return 0;
    const rise = subtract(there, here).lo;
    return rise >= 0 ? there.lo : add(there, multiply(point(steps), point(rise))).lo;
  };
  return Math.min(
    here.lo,
    at < most ? beyond(at + 1, most - at - 1) : Infinity,
    at > least ? beyond(at - 1, at - 1 - least) : Infinity,
  );
}

/** The seconds left for a round without aggregation; an upper bound on them. */
export function withoutAggregation(statement: Statement, roundSeconds: number): number {
  return roundSeconds === Infinity ? Infinity : above(roundSeconds - statement.aggregationSeconds);
}
