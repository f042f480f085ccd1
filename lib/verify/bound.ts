import { point, subtract } from './interval.js';
import { BoundChecker, readPrices, readWitnesses, type Judgement, type Part } from './judge.js';
import { admissibleChoices, relaxed, type Device, type Problem } from './problem.js';
import { Reader } from './reader.js';
import { verifyTree } from './tree.js';

/** Proves that no admissible plan has a round of `seconds` or less (∞: that there is none). */
export function verifyBoundClaim(reader: Reader, problem: Problem): { seconds: number; leaves: number } {
  const at = reader.members('roundSeconds form replacedBy nodes');
  const seconds = at.roundSeconds.optional((claimed) => claimed.number(0)) ?? Infinity;
  // Stages are of a server that serves all at once.
  const form = problem.sharing === 'batched' ? at.form.oneOf('chain', 'stages') : at.form.oneOf('chain');
  const replaced = at.replacedBy.optional((list) => list.array(problem.devices.length));
  const open = problem.devices.map((device, n) => {
    const admissible = admissibleChoices(problem, device);
    const kept = replaced ? unreplaced(replaced[n]!, device, admissible) : admissible;
    return device.optional ? [-1, ...kept] : kept;
  });
  const checker = new BoundChecker(problem, form, withoutAggregation(problem, seconds));
  const size = open.reduce((sum, list) => sum + 1 + list.length, 0);
  at.nodes.spend(stepsPerChoice * size * at.nodes.list().length);
  const leaves = verifyTree(at.nodes, checker.root(open), (node, part) => {
    if (node.has('device')) return split(node, part);
    return node.has('threshold') ? cut(node, part) : proven(node, part, checker);
  });
  const { deadlineSeconds, tolerance } = problem;
  const isLate = deadlineSeconds !== undefined && seconds >= relaxed(deadlineSeconds, tolerance).hi;
  return { seconds: isLate ? Infinity : seconds, leaves };
}

/** Of work, to judge a choice once. */
const stepsPerChoice = 20;

/** An upper bound on what a claim leaves for a round without aggregation. */
export function withoutAggregation({ aggregationSeconds }: Problem, seconds: number): number {
  return seconds === Infinity ? Infinity : subtract(point(seconds), point(aggregationSeconds)).hi;
}

/** Whether every plan with choice j of a device stays admissible and gets no slower with the other. */
export function isAsGood(device: Device, other: number, j: number): boolean {
  const { loads, serverSeconds, sharedUse, ownUse, uplinkLimit } = device;
  const costs = [...loads.flat(), serverSeconds, ...sharedUse, ...ownUse];
  return uplinkLimit[other]! >= uplinkLimit[j]! && costs.every((cost) => cost[other]! <= cost[j]!);
}

/** The choices but for those with another in their place. */
function unreplaced(reader: Reader, device: Device, admissible: readonly number[]): number[] {
  const by = reader.numbers(device.count, 0, true);
  const kept = admissible.filter((j) => Number.isNaN(by[j]));
  const isKept = new Set(kept);
  for (const j of admissible.filter((choice) => !isKept.has(choice))) {
    reader.require('replacement is open', isKept.has(by[j]!), `choice ${by[j]} is not open`);
    reader.require('replacement is as good', isAsGood(device, by[j]!, j), `choice ${by[j]} does not replace ${j}`);
  }
  return kept;
}

/** One device's open choices are those listed, or the others. */
function split(node: Reader, part: Part): Part[] {
  const { device, choices } = node.members('device choices');
  const n = device.integer(0, part.open.length - 1);
  const chosen = choiceSet(choices);
  return [false, true].map((isChosen) => filtered(part, (m, j) => m !== n || chosen.has(j) === isChosen));
}

/** A threshold is at most, or at least, a value. */
function cut(node: Reader, { open, low, high }: Part): Part[] {
  const { threshold, at } = node.members('threshold at');
  const axis = threshold.integer(0, low.length - 1);
  const value = at.number();
  const above = low.map((end, r) => (r === axis ? Math.max(end, value) : end));
  const below = high.map((end, r) => (r === axis ? Math.min(end, value) : end));
  return [
    { open, low: above, high },
    { open, low, high: below },
  ];
}

/** Evidence that no plan within the claim has any of some choices, or that so many have none that no plan is left. */
function proven(node: Reader, part: Part, checker: BoundChecker): Part[] {
  const { open } = part;
  const at = node.members('prices witnesses without');
  const given = at.witnesses.optional((list) => list.array(open.length));
  const witnesses = open.map((list, n) =>
    readWitnesses(given?.[n] ?? new Reader({}), list.length - Number(list[0] === -1)),
  );
  const prices = readPrices(at.prices, checker.problem.limits.length);
  const { isRefuted } = checker.judge(part, prices, witnesses);
  const dropped = at.without.optional((list) => list.array(open.length).map(choiceSet));
  if (dropped) {
    const isShown = open.every((list, n) => list.every((j, k) => !dropped[n]!.has(j) || isRefuted(n, k)));
    node.require('choices dropped', isShown, 'does not prove that no plan within the claim has one of these choices');
    return [filtered(part, (n, j) => !dropped[n]!.has(j))];
  }
  node.require('leaf refuted', isEmptied(part, isRefuted), 'does not prove that no plan here is within the claim');
  return [];
}

/** Whether some device has no choice left, or none takes part. */
export function isEmptied({ open }: Part, isRefuted: Judgement['isRefuted']): boolean {
  return (
    open.some((list, n) => list.every((_, k) => isRefuted(n, k))) ||
    open.every((list, n) => list.every((j, k) => j < 0 || isRefuted(n, k)))
  );
}

function filtered({ open, low, high }: Part, isKept: (n: number, j: number) => boolean): Part {
  return { open: open.map((list, n) => list.filter((j) => isKept(n, j))), low, high };
}

function choiceSet(reader: Reader): Set<number> {
  return new Set(reader.array().map((choice) => choice.integer(-1)));
}
