import { add, divide, larger, multiply, point, subtract, zero } from './interval.js';
import { admissibleChoices, relaxed } from './limits.js';
import { Pricer, readPrices, readWitnesses, type ChoicePrice, type Evidence, type Part } from './price.js';
import { Reader } from './reader.js';
import type { Form } from './round.js';
import { costNames, type StatedDevice, type Statement } from './statement.js';

/** What evidence shows of a part. */
export interface Judgement {
  /** Of each device's open choices. */
  readonly prices: readonly (readonly ChoicePrice[])[];
  /** At each corner of the box, the least price of each device; of its taking part, where all may be left out. */
  readonly least: readonly (readonly number[])[];
  /** No plan of the part is within the claim. */
  readonly isRefuted: boolean;
  /** No plan of the part that is within the claim has choice j of device n. */
  readonly isRefutedWith: (n: number, j: number) => boolean;
}

/** Judges evidence against the claim that a plan has a round within `seconds`, aggregation apart; ∞: that there is a plan. */
export class BoundChecker {
  private readonly pricer: Pricer;

  constructor(
    private readonly statement: Statement,
    form: Form,
    private readonly seconds: number,
  ) {
    this.pricer = new Pricer(statement, form);
  }

  /** All that a plan within the claim may be. */
  root(open: Part['open']): Part {
    const { seconds } = this;
    if (this.statement.sharing !== 'batched') return { open, low: [seconds], high: [seconds] };
    const high = this.pricer.stages.map(({ weight }) => larger(divide(point(seconds), point(weight)), zero).hi);
    return { open, low: high.map(() => 0), high };
  }

  /**
   * For thresholds X, the least prices of what the devices need and τ·Σ weight·X are at most what all there is costs if the part has a
   * plan within the claim. Each price is at least one that is affine in X, so that the sum is concave: its least value is at a corner.
   * Where all may be left out, some device takes part all the same, at its least price of taking part.
   */
  judge(part: Part, evidence: Evidence): Judgement {
    const { open, low, high } = part;
    const { stages } = this.pricer;
    const limits = this.pricer.limits(evidence.prices, this.seconds);
    const prices = open.map((list, n) => {
      const isOptional = list[0] === -1;
      return list.map((j, k) => {
        return this.pricer.price(n, j, k - Number(isOptional), evidence, part);
      });
    });
    const axes = stages.length;
    const ends = prices.map((list) => leastEnds(list, axes));
    const isAllOptional = open.every((list) => list[0] === -1);
    const takingPart = isAllOptional ? prices.map((list) => leastEnds(list.slice(1), axes)) : ends;
    const isPoint = low.every((value, r) => value === high[r]);
    const corners = Array.from({ length: isPoint ? 1 : 1 << axes }, (_, corner) => {
      let sum = subtract(zero, limits);
      const least = ends.map((values) => atCorner(values, corner));
      for (const value of least) sum = add(sum, point(value));
      stages.forEach(({ weight }, r) => {
        const threshold = multiply(point(weight), point(((corner >> r) & 1 ? high : low)[r]!));
        sum = add(sum, multiply(point(evidence.prices.perSecond), threshold));
      });
      const lateDevices = least.filter((value) => value === Infinity).length;
      return { corner, least, sum, lateDevices };
    });
    const places = open.map((list) => new Map(list.map((j, k) => [j, k])));
    type Corner = (typeof corners)[number];
    // A device that has nothing in time leaves no plan, whatever all there is costs.
    const isPositiveWith = ({ least, sum, lateDevices }: Corner, n: number, value: number) =>
      value === Infinity ||
      lateDevices > Number(least[n] === Infinity) ||
      (value === least[n] ? sum : add(subtract(sum, point(least[n]!)), point(value))).lo > 0;
    return {
      prices,
      least: corners.map(({ corner }) => takingPart.map((values) => atCorner(values, corner))),
      isRefuted: corners.every((entry) =>
        takingPart.every((values, n) => isPositiveWith(entry, n, atCorner(values, entry.corner))),
      ),
      isRefutedWith: (n, j) => {
        const price = prices[n]![places[n]!.get(j) ?? -1];
        if (!price) return false;
        return corners.every((entry) =>
          isPositiveWith(entry, n, (entry.corner >> price.axis) & 1 ? price.atHigh : price.atLow),
        );
      },
    };
  }
}

/** The least of prices affine along each axis, at its two ends. */
function leastEnds(prices: readonly ChoicePrice[], axes: number): readonly number[] {
  const least = new Array<number>(2 * axes).fill(Infinity);
  for (const { axis, atLow, atHigh } of prices) {
    least[2 * axis] = Math.min(least[2 * axis]!, atLow);
    least[2 * axis + 1] = Math.min(least[2 * axis + 1]!, atHigh);
  }
  return least;
}

/** The least price at a corner is the least of those affine along some axis, at that axis's end there. */
function atCorner(ends: readonly number[], corner: number): number {
  let value = ends[corner & 1]!;
  for (let r = 1; 2 * r < ends.length; r++) value = Math.min(value, ends[2 * r + ((corner >> r) & 1)]!);
  return value;
}

/** The claim that no admissible plan has a round of `seconds` or less (∞: that there is none), proven. */
export interface BoundClaim {
  readonly seconds: number;
  readonly leaves: number;
}

export function verifyBoundClaim(reader: Reader, statement: Statement): BoundClaim {
  return reader.members((at) => {
    const seconds = at('roundSeconds').optional((claimed) => claimed.number(0)) ?? Infinity;
    // Stages are of a server that serves all at once.
    const form = at('form').oneOf(statement.sharing === 'batched' ? ['chain', 'stages'] : ['chain']);
    const replaced = at('replacedBy').optional((list) => list.array(statement.devices.length));
    const open = statement.devices.map((device, n) => {
      const admissible = admissibleChoices(statement, device);
      const kept = replaced ? unreplaced(replaced[n]!, device, admissible) : admissible;
      return device.optional ? [-1, ...kept] : kept;
    });
    const checker = new BoundChecker(statement, form, withoutAggregation(statement, seconds));
    const leaves = verifyNodes(at('nodes'), checker, checker.root(open));
    const { deadlineSeconds, tolerance } = statement;
    const isLate = deadlineSeconds !== undefined && seconds >= relaxed(deadlineSeconds, tolerance).hi;
    return { seconds: isLate ? Infinity : seconds, leaves };
  });
}

/** An upper bound on what a claim leaves for a round without aggregation. */
export function withoutAggregation({ aggregationSeconds }: Statement, seconds: number): number {
  return seconds === Infinity ? Infinity : subtract(point(seconds), point(aggregationSeconds)).hi;
}

/**
 * The choices but for those with another in their place: every plan with one of them stays admissible and gets no slower with the
 * other.
 */
function unreplaced(reader: Reader, { count, costs, uplinkLimit }: StatedDevice, admissible: readonly number[]) {
  const replacedBy = reader.numbers(count, 0, true);
  const kept = admissible.filter((j) => Number.isNaN(replacedBy[j]));
  const isKept = new Set(kept);
  for (const j of admissible) {
    const other = replacedBy[j]!;
    if (Number.isNaN(other)) continue;
    reader.require('replacement is open', isKept.has(other), `choice ${other} is not open`);
    const isAsGood =
      costNames.every((name) => costs[name][other]! <= costs[name][j]!) &&
      costs.accuracy[other]! >= costs.accuracy[j]! &&
      uplinkLimit[other]! >= uplinkLimit[j]!;
    reader.require('replacement is as good', isAsGood, `choice ${other} does not replace choice ${j}`);
  }
  return kept;
}

/** Choices that all nodes together may consider, and those in parts still to be taken. */
const largestWork = 5e8;
const largestHeld = 2e7;

/** Nodes stand in the order in which a stack takes them, root first: each is checked once. Returns the number of leaves. */
function verifyNodes(reader: Reader, checker: BoundChecker, root: Part): number {
  const nodes = reader.array();
  const stack = [root];
  const sizes = [0];
  let leaves = 0;
  let next = 0;
  let work = 0;
  let held = 0;
  for (let part = stack.pop(); part; part = stack.pop()) {
    held -= sizes.pop()!;
    const node = nodes[next++];
    if (!node) {
      reader.require('every part refuted', false, 'a part is left without a node');
      return leaves;
    }
    const parts = node.has('device')
      ? split(node, part)
      : node.has('threshold')
        ? cut(node, part)
        : proven(node, part, checker);
    if (parts.length === 0) leaves++;
    work += newSize(part, emptied) * Number(!node.has('device') && !node.has('threshold'));
    for (const found of parts) {
      const size = newSize(found, part);
      sizes.push(size);
      stack.push(found);
      held += size;
      work += size;
    }
    if (work > largestWork || held > largestHeld) node.fail('asks for more work or memory than a checker may spend');
  }
  if (next < nodes.length) reader.fail('more nodes than parts');
  return leaves;
}

const emptied: Part = { open: [], low: [], high: [] };

/** Devices and choices that a part lists anew, those lists aside that it shares with another. */
function newSize({ open }: Part, shared: Part): number {
  if (open === shared.open) return 1;
  return open.reduce((sum, list, n) => sum + (list === shared.open[n] ? 1 : 1 + list.length), 1);
}

/** One device's open choices are those listed, or the others. */
function split(node: Reader, part: Part): Part[] {
  return node.members((at) => {
    const n = at('device').integer(0, part.open.length - 1);
    const chosen = new Set(choiceList(at('choices')));
    const { open, low, high } = part;
    return [false, true].map((keep) => ({
      open: open.map((list, m) => (m === n ? list.filter((j) => chosen.has(j) === keep) : list)),
      low,
      high,
    }));
  });
}

/** A threshold is at most, or at least, a value. */
function cut(node: Reader, { open, low, high }: Part): Part[] {
  return node.members((at) => {
    const axis = at('threshold').integer(0, low.length - 1);
    const value = at('at').number();
    const above = low.map((end, r) => (r === axis ? Math.max(end, value) : end));
    const below = high.map((end, r) => (r === axis ? Math.min(end, value) : end));
    return [
      { open, low: above, high },
      { open, low, high: below },
    ];
  });
}

/** Evidence that the part holds no plan within the claim, or none with some of its choices. */
function proven(node: Reader, part: Part, checker: BoundChecker): Part[] {
  return node.members((at) => {
    const none = Reader.of({});
    const entries = at('witnesses').optional((list) => list.array(part.open.length)) ?? part.open.map(() => none);
    const witnesses = entries.map((entry, n) => readWitnesses(entry, part.open[n]!.filter((j) => j >= 0).length));
    const { isRefuted, isRefutedWith } = checker.judge(part, { prices: readPrices(at('prices')), witnesses });
    const dropped = at('without').optional((list) => list.array(part.open.length).map(choiceList));
    if (!dropped) {
      node.require('leaf refuted', isRefuted, 'does not prove that no plan here is within the claim');
      return [];
    }
    const isShown = dropped.every((list, n) => list.every((j) => isRefutedWith(n, j)));
    node.require('choices dropped', isShown, 'does not prove that no plan within the claim has one of these choices');
    const gone = dropped.map((list) => new Set(list));
    return [without(part, (n, j) => gone[n]!.has(j))];
  });
}

function without({ open, low, high }: Part, isGone: (n: number, j: number) => boolean): Part {
  return { open: open.map((list, n) => list.filter((j) => !isGone(n, j))), low, high };
}

function choiceList(reader: Reader): number[] {
  return reader.array().map((choice) => choice.integer(-1));
}
