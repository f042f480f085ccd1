import { multiply, point, subtract } from './interval.js';
import { BoundChecker, readPrices, readWitnesses, type Judgement, type Part } from './judge.js';
import { admissibleChoices, type Device, type Problem } from './problem.js';
import type { Reader } from './reader.js';
import { verifyTree } from './tree.js';

/** Proves that no admissible plan has a round of `seconds` or less (∞: that there is none). */
export function verifyBoundClaim(reader: Reader, problem: Problem): { seconds: number; leaves: number } {
  const at = reader.members('roundSeconds byStages nodes');
  const seconds = at.roundSeconds.optional((claimed) => claimed.number(0)) ?? Infinity;
  const open = openChoices(problem);
  const size = open.reduce((sum, list) => sum + 1 + list.length, 0);
  at.nodes.spend(stepsPerChoice * size * at.nodes.list().length);
  const checker = new BoundChecker(problem, at.byStages.oneOf(true, false), withoutAggregation(problem, seconds));
  const leaves = verifyTree(at.nodes, checker.root(open), (node, part) => {
    if (node.has('device')) return split(node, part);
    return node.has('threshold') ? cut(node, part) : reduced(node, part, checker);
  });
  const isLate = seconds >= multiply(point(problem.deadlineSeconds), problem.passed).hi;
  return { seconds: isLate ? Infinity : seconds, leaves };
}

/** Of work, to judge a choice once. */
const stepsPerChoice = 20;

/** An upper bound on what a claim leaves for a round without aggregation. */
export function withoutAggregation({ aggregationSeconds }: Problem, seconds: number): number {
  return seconds === Infinity ? Infinity : subtract(point(seconds), point(aggregationSeconds)).hi;
}

/** Of each device what is open at the root: the admissible choices, preceded by −1 if it may be left out. */
export function openChoices(problem: Problem): number[][] {
  return problem.devices.map((device) => [...(device.optional ? [-1] : []), ...admissibleChoices(problem, device)]);
}

/** Whether every plan with choice j of a device stays admissible and gets no slower with the other. */
export function isAsGood(device: Device, other: number, j: number): boolean {
  const { loads, serverSeconds, sharedUse, ownUse, uplinkLimit } = device;
  const isLess = (cost: Float64Array) => cost[other]! <= cost[j]!;
  const isLessOfAll = (costs: readonly Float64Array[]) => costs.every(isLess);
  if (!(uplinkLimit[other]! >= uplinkLimit[j]! && isLess(serverSeconds))) return false;
  return loads.every(isLessOfAll) && isLessOfAll(sharedUse) && isLessOfAll(ownUse);
}

/** One device's open choices are those listed, or the others. */
function split(node: Reader, { open, ...box }: Part): Part[] {
  const { device, choices } = node.members('device choices');
  const n = device.integer(0, open.length - 1);
  const chosen = choiceSet(choices);
  const side = (isChosen: boolean) => open[n]!.filter((j) => chosen.has(j) === isChosen);
  return [false, true].map((isChosen) => ({ ...box, open: replaced(open, n, side(isChosen)) }));
}

/** A threshold is at most, or at least, a value. */
function cut(node: Reader, { open, low, high }: Part): Part[] {
  const { threshold, at } = node.members('threshold at');
  const r = threshold.integer(0, low.length - 1);
  const value = at.number();
  return [
    { open, low: replaced(low, r, Math.max(low[r]!, value)), high },
    { open, low, high: replaced(high, r, Math.min(high[r]!, value)) },
  ];
}

function replaced<T>(list: readonly T[], at: number, value: T): T[] {
  return list.map((entry, k) => (k === at ? value : entry));
}

/** Goes on without choices that no plan within the claim has or that others replace, unless no plan is left. */
function reduced(node: Reader, part: Part, checker: BoundChecker): Part[] {
  const { devices, limits } = checker.problem;
  const { open, ...box } = part;
  const at = node.members('prices at stage without');
  const prices = readPrices(at.prices, limits.length);
  const witnesses = readWitnesses(at, open);
  const without = at.without.array(open.length).map(choiceSet);
  const kept = open.map((list, n) => list.filter((j) => !without[n]!.has(j)));
  let judgement: Judgement | undefined;
  const isRefuted = (n: number, k: number) => (judgement ??= checker.judge(part, prices, witnesses)).isRefuted(n, k);
  const isReplaced = (n: number, j: number) =>
    j >= 0 && kept[n]!.some((other) => other >= 0 && isAsGood(devices[n]!, other, j));
  // What is likelier first: without prices only what is late is refuted.
  const isPriced = prices.perShare > 0 || prices.perServer > 0 || prices.perSecond > 0;
  const isNeedless = (n: number, j: number, k: number) =>
    isPriced ? isRefuted(n, k) || isReplaced(n, j) : isReplaced(n, j) || isRefuted(n, k);
  const isShown = open.every((list, n) => list.every((j, k) => !without[n]!.has(j) || isNeedless(n, j, k)));
  node.require('choices dropped', isShown, 'does not prove that no plan within the claim needs one of these choices');
  return isEmptied(kept) ? [] : [{ open: kept, ...box }];
}

/** Whether some device has no choice left, or none takes part. */
export function isEmptied(open: Part['open']): boolean {
  return open.some((list) => list.length === 0) || open.every((list) => list.every((j) => j < 0));
}

function choiceSet(reader: Reader): Set<number> {
  return new Set(reader.array().map((choice) => choice.integer(-Number.MAX_SAFE_INTEGER)));
}
