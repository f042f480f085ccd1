import { keepsExtra, type CouplingUse, type PlanChoices } from '../choices/index.js';
import { outOfReach } from './pricing.js';

/**
 * Best assignment for cost + α·loss + μ·memory + τ·traffic with the least α, μ and τ that keep the limits: what the prices of
 * the relaxation make of each device on its own. Extra limits share the price of traffic. Undefined where no prices keep the limits.
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
  private readonly trafficPrice: LeastPrice;

  constructor(
    private readonly choices: PlanChoices,
    precision: number,
  ) {
    this.lossPrice = new LeastPrice(precision);
    this.memoryPrice = new LeastPrice(precision);
    this.trafficPrice = new LeastPrice(precision);
  }

  round(cost: Float64Array): Int32Array | undefined {
    const { choices } = this;
    const atPrices = (memoryPrice: number, trafficPrice: number): Assignment | undefined => {
      const use = (lossPrice: number) => assign(choices, cost, lossPrice, memoryPrice, trafficPrice);
      return this.lossPrice.find(use, (sums) => !choices.limitsMean || sums.loss <= 0);
    };
    const keepsMemory = (sums: Assignment | undefined) => sums !== undefined && sums.memory <= choices.memoryLimit;
    const keepsRest = (sums: Assignment | undefined) =>
      sums !== undefined && sums.traffic <= choices.trafficLimit && keepsExtra(choices, sums.extra);
    const withTrafficPrice = (price: number) =>
      this.memoryPrice.find((memoryPrice) => atPrices(memoryPrice, price), keepsMemory);
    return this.trafficPrice.find(withTrafficPrice, keepsRest)?.entries;
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

function assign(
  choices: PlanChoices,
  cost: Float64Array,
  lossPrice: number,
  memoryPrice: number,
  trafficPrice: number,
): Assignment {
  const { start, loss, memory, traffic, extra } = choices;
  const entries = new Int32Array(choices.deviceCount);
  let lossSum = 0;
  let memorySum = 0;
  let trafficSum = 0;
  const extraSums = extra.map(() => 0);
  for (let n = 0; n < choices.deviceCount; n++) {
    let best = start[n]!;
    let least = Infinity;
    for (let j = start[n]!; j < start[n + 1]!; j++) {
      let coupling = lossPrice * loss[j]! + memoryPrice * memory[j]! + trafficPrice * traffic[j]!;
      for (let r = 0; r < extra.length; r++) coupling += trafficPrice * extra[r]!.use[j]!;
      const value = Math.min(cost[j]!, outOfReach) + coupling;
      if (value < least) {
        least = value;
        best = j;
      }
    }
    entries[n] = best;
    lossSum += loss[best]!;
    memorySum += memory[best]!;
    trafficSum += traffic[best]!;
    for (let r = 0; r < extra.length; r++) extraSums[r]! += extra[r]!.use[best]!;
  }
  return { loss: lossSum, memory: memorySum, traffic: trafficSum, extra: extraSums, entries };
}
