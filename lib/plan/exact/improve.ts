import type { PlanBound } from '../bound/index.js';
import { BoxOracle } from '../bound/box-oracle.js';
import type { ChoiceColumns } from '../bound/columns.js';
import { SeparateOracle } from '../bound/separate-oracle.js';
import type { Combination, CombinationEvaluator } from './combination.js';
import { repairAndExchange } from './exchange.js';
import { mixtures } from './plan-tree.js';

/** Rounds of re-pricing at the delay of the plan just found. */
const pricingRounds = 4;
/** Up to this many devices every exchange of one device is tried with its own best shares. */
const exactExchangeLimit = 16;

/**
 * Good combinations from a dual solution: its answers are mixed and rounded, repaired to meet memory and accuracy, and
 * improved by exchanges priced at the dual's multipliers; then priced again at the delay that came out.
 */
export function improveCombination(
  columns: ChoiceColumns,
  evaluator: CombinationEvaluator,
  root: PlanBound,
  starts: readonly Int32Array[],
  ended: () => boolean,
): Combination | undefined {
  let best: Combination | undefined;
  const offer = (choices: Int32Array) => {
    const totalSeconds = evaluator.delay(choices);
    if (totalSeconds < (best?.totalSeconds ?? Infinity)) best = { choices: Int32Array.from(choices), totalSeconds };
    return totalSeconds;
  };
  starts.forEach(offer);
  const seeds = root.recovery.choices.length > 0 ? mixtures(inColumns(columns, root), 4) : [];
  if (seeds.length === 0) seeds.push(Int32Array.from({ length: columns.deviceCount }, (_, n) => columns.start[n]!));
  if (best) seeds.push(Int32Array.from(best.choices));
  const aggregation = columns.problem.aggregationSeconds;
  const reference = root.boundSeconds > aggregation ? root.boundSeconds - aggregation : (best?.totalSeconds ?? 1);
  for (const seed of columns.deviceCount > 2000 ? seeds.slice(0, 1) : seeds) {
    let seconds = reference;
    const choices = Int32Array.from(seed);
    for (let round = 0; round < pricingRounds; round++) {
      if (best && ended()) return best;
      if (!repairAndExchange(columns, choicePrices(columns, root, seconds), choices)) break;
      const found = offer(choices);
      if (found === Infinity) seconds *= 1.3;
      else if (Math.abs(found - aggregation - seconds) <= 1e-4 * seconds) break;
      else seconds = found - aggregation;
    }
  }
  if (best && columns.deviceCount <= exactExchangeLimit) best = exchangeExactly(columns, evaluator, best, ended);
  return best;
}

/** Single exchanges evaluated with their own best shares, first improvement, until none helps. */
function exchangeExactly(
  columns: ChoiceColumns,
  evaluator: CombinationEvaluator,
  start: Combination,
  ended: () => boolean,
): Combination {
  const choices = Int32Array.from(start.choices);
  let totalSeconds = start.totalSeconds;
  for (let improved = true; improved;) {
    improved = false;
    for (let n = 0; n < columns.deviceCount; n++) {
      for (let j = columns.start[n]!; j < columns.start[n + 1]!; j++) {
        const before = choices[n]!;
        if (j === before) continue;
        if (ended()) return { choices, totalSeconds };
        choices[n] = j;
        const found = evaluator.delay(choices);
        if (found < totalSeconds * (1 - 1e-12)) {
          totalSeconds = found;
          improved = true;
        } else choices[n] = before;
      }
    }
  }
  return { choices, totalSeconds };
}

/** What each choice costs in band and server at the dual's multipliers if the round takes `seconds`. */
function choicePrices(columns: ChoiceColumns, root: PlanBound, seconds: number): Float64Array {
  const prices = new Float64Array(columns.index.length).fill(Infinity);
  const lambda = root.multipliers.bandwidth ?? 1;
  if (columns.problem.sharing === 'batched') return batchedPrices(columns, lambda, seconds, prices);
  const oracle = new SeparateOracle(columns);
  oracle.setThreshold(seconds);
  const mu = root.multipliers['server-share'] ?? 0;
  for (let n = 0; n < columns.deviceCount; n++) {
    for (let j = columns.start[n]!; j < columns.start[n + 1]!; j++) {
      if (oracle.floors[j]! <= seconds) prices[j] = oracle.price(n, j, lambda, mu);
    }
  }
  return prices;
}

/** The thresholds are taken in proportion to their floors. */
function batchedPrices(columns: ChoiceColumns, lambda: number, seconds: number, prices: Float64Array): Float64Array {
  const oracle = new BoxOracle(columns);
  const weights = columns.requirementWeights;
  const floors = oracle.floors.reduce((sum, floor, r) => sum + weights[r]! * floor, 0);
  const left = Math.max(floors * 1.001, seconds - oracle.leastServerSeconds);
  const point = oracle.floors.map((floor) => (floors > 0 ? (floor * left) / floors : left / 3));
  oracle.setBox(point, point);
  for (let j = 0; j < prices.length; j++) {
    const share = oracle.shareOf(j);
    if (share >= 0) prices[j] = columns.serverSeconds[j]! + lambda * share;
  }
  return prices;
}

/** The root's recovery in entries of these columns, which may list more choices than the root's own. */
function inColumns(columns: ChoiceColumns, root: PlanBound) {
  if (root.columns === columns) return root.recovery;
  const entryOf = (n: number, j: number) => {
    const index = root.columns.index[j] ?? -2;
    for (let k = columns.start[n]!; k < columns.start[n + 1]!; k++) if (columns.index[k] === index) return k;
    return columns.start[n]!;
  };
  const choices = root.recovery.choices.map((answer) => answer.map((j, n) => entryOf(n, j)));
  return { ...root.recovery, choices };
}
