import type { PlanningProblem } from '../../models/index.js';
import type { PlanChoices } from './choice-columns.js';
import type { RelaxedPlan } from './relaxation.js';

/** Costs beyond this stand for "out of reach". */
export const outOfReach = 1e3;

/** What an assignment takes of the limits that couple choices. */
export interface CouplingUse {
  readonly loss: number;
  readonly memory: number;
}

export function couplingUse(choices: PlanChoices, entries: Int32Array): CouplingUse {
  let loss = 0;
  let memory = 0;
  for (let n = 0; n < entries.length; n++) {
    loss += choices.loss[entries[n]!]!;
    memory += choices.memory[entries[n]!]!;
  }
  return { loss, memory };
}

export function keepsCoupling(choices: PlanChoices, use: CouplingUse): boolean {
  return use.loss <= choices.lossLimit && use.memory <= choices.memoryLimit;
}

/** The allowed choice of each device nearest to the relaxed plan, in units of one block and one operating point. */
export function nearestEntries(problem: PlanningProblem, choices: PlanChoices, relaxed: RelaxedPlan): Int32Array {
  const upLogs = problem.upPoints.map(({ ratio }) => Math.log(ratio));
  const downLogs = problem.downPoints.map(({ ratio }) => Math.log(ratio));
  const upUnit = spacing(upLogs);
  const downUnit = spacing(downLogs);
  return Int32Array.from({ length: choices.deviceCount }, (_, n) => {
    let best = choices.start[n]!;
    let least = Infinity;
    for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
      if (choices.blocks[j]! < 0 && choices.start[n + 1]! - choices.start[n]! > 1) continue;
      const cut = choices.blocks[j]! - relaxed.cut[n]!;
      const up = (upLogs[choices.upPoint[j]!]! - relaxed.logUp[n]!) / upUnit;
      const down = (downLogs[choices.downPoint[j]!]! - relaxed.logDown[n]!) / downUnit;
      const distance = cut * cut + up * up + (problem.tiedRatios ? 0 : down * down);
      if (distance < least) {
        least = distance;
        best = j;
      }
    }
    return best;
  });
}

function spacing(logs: readonly number[]): number {
  return logs.length > 1 ? Math.max(1e-9, (logs.at(-1)! - logs[0]!) / (logs.length - 1)) : 1;
}

/**
 * Makes an assignment keep accuracy and server memory: as long as one is broken, the single change with the least added cost for
 * the violation it removes. Undefined where that leads nowhere.
 */
export function repair(choices: PlanChoices, cost: Float64Array, entries: Int32Array): Int32Array | undefined {
  const repaired = entries.slice();
  for (let change = 0; change < 4 * entries.length + 8; change++) {
    const use = couplingUse(choices, repaired);
    if (keepsCoupling(choices, use)) return repaired;
    const now = violation(choices, use);
    let bestDevice = -1;
    let bestEntry = -1;
    let bestRate = Infinity;
    for (let n = 0; n < repaired.length; n++) {
      const own = repaired[n]!;
      for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
        const removed =
          now -
          violation(choices, {
            loss: use.loss + choices.loss[j]! - choices.loss[own]!,
            memory: use.memory + choices.memory[j]! - choices.memory[own]!,
          });
        if (!(removed > 1e-12 * now)) continue;
        const rate = (Math.min(cost[j]!, outOfReach) - Math.min(cost[own]!, outOfReach)) / removed;
        if (rate < bestRate) {
          bestRate = rate;
          bestDevice = n;
          bestEntry = j;
        }
      }
    }
    if (bestDevice < 0) return undefined;
    repaired[bestDevice] = bestEntry;
  }
  return undefined;
}

/** Sum of violations, accuracy in units of the span that the choices offer. */
function violation(choices: PlanChoices, use: CouplingUse): number {
  const loss = Number.isFinite(choices.lossLimit) ? Math.max(0, use.loss - choices.lossLimit) : 0;
  const memory = Number.isFinite(choices.memoryLimit) ? Math.max(0, use.memory - choices.memoryLimit) : 0;
  return 10 * loss + memory;
}

/**
 * Best assignment for cost + α·loss + μ·memory with the least α and μ that keep both limits: what the prices of the relaxation
 * make of each device on its own. Undefined where no prices keep the limits.
 */
export function priceRounding(choices: PlanChoices, cost: Float64Array): Int32Array | undefined {
  return new PriceRounding(choices, 1e-9).round(cost);
}

interface Assignment extends CouplingUse {
  readonly entries: Int32Array;
}

/** The same again and again for similar costs: each search for prices starts at the last ones. */
export class PriceRounding {
  private readonly lossPrice: LeastPrice;
  private readonly memoryPrice: LeastPrice;

  constructor(
    private readonly choices: PlanChoices,
    precision: number,
  ) {
    this.lossPrice = new LeastPrice(precision);
    this.memoryPrice = new LeastPrice(precision);
  }

  round(cost: Float64Array): Int32Array | undefined {
    const { choices } = this;
    const withMemoryPrice = (memoryPrice: number): Assignment | undefined => {
      const use = (lossPrice: number) => assign(choices, cost, lossPrice, memoryPrice);
      return this.lossPrice.find(use, (sums) => sums.loss <= choices.lossLimit);
    };
    const keeps = (sums: Assignment | undefined) => sums !== undefined && sums.memory <= choices.memoryLimit;
    return this.memoryPrice.find(withMemoryPrice, keeps)?.entries;
  }
}

/** The least price ≥ 0 at which something holds that holds for every greater one. */
export class LeastPrice {
  private last = 0;

  constructor(private readonly precision: number) {}

  /** What `evaluate` said there; undefined if no price does. */
  find<Sums>(evaluate: (price: number) => Sums, keeps: (sums: Sums) => boolean): Sums | undefined {
    let found = evaluate(0);
    if (keeps(found)) return found;
    const holds = (price: number) => {
      const sums = evaluate(price);
      if (!keeps(sums)) return false;
      found = sums;
      return true;
    };
    const bracket = this.bracket(holds);
    if (!bracket) return undefined;
    let [low, high] = bracket;
    for (let k = 0; k < 60 && high - low > this.precision * high; k++) {
      const middle = low > 0 ? Math.sqrt(low * high) : high / 8;
      if (holds(middle)) high = middle;
      else low = middle;
    }
    this.last = high;
    return found;
  }

  /** A price that does not hold (or 0) and one that does; the steps from the last price grow. */
  private bracket(holds: (price: number) => boolean): [number, number] | undefined {
    let factor = this.last > 0 ? 1 + 32 * this.precision : 8;
    let low = 0;
    let high = this.last > 0 ? this.last : 1e-3;
    if (this.last > 0 && holds(high)) {
      for (; high > 1e-12; factor *= factor) {
        low = high / factor;
        if (!holds(low)) return [low, high];
        high = low;
      }
      return [0, high];
    }
    while (!holds(high)) {
      low = high;
      high *= factor;
      if (high > 1e15) return undefined;
      if (this.last > 0) factor = Math.min(factor * factor, 64);
    }
    return [low, high];
  }
}

function assign(choices: PlanChoices, cost: Float64Array, lossPrice: number, memoryPrice: number): Assignment {
  const { start, loss, memory } = choices;
  const entries = new Int32Array(choices.deviceCount);
  let lossSum = 0;
  let memorySum = 0;
  for (let n = 0; n < choices.deviceCount; n++) {
    let best = start[n]!;
    let least = Infinity;
    for (let j = start[n]!; j < start[n + 1]!; j++) {
      const value = Math.min(cost[j]!, outOfReach) + lossPrice * loss[j]! + memoryPrice * memory[j]!;
      if (value < least) {
        least = value;
        best = j;
      }
    }
    entries[n] = best;
    lossSum += loss[best]!;
    memorySum += memory[best]!;
  }
  return { loss: lossSum, memory: memorySum, entries };
}
