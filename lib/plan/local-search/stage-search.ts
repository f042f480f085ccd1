import type { PlanningProblem } from '../../models/index.js';
import type { Budget } from '../../solver/index.js';
import type { PlanChoices } from '../choices/index.js';
import type { Evaluation, PlanEvaluator } from './evaluation.js';
import { LeastPrice, PriceRounding } from './price-rounding.js';
import { outOfReach, type BatchPricing } from './pricing.js';

/** Relative steps of the thresholds; smaller ones change the choices of few devices. */
const firstStep = 0.32;
const lastStep = 0.015;
const coarseDevices = 2000;
/** Relative precision of prices: the exchanges that follow use up what is left. */
const precision = 1e-3;

interface Point {
  readonly thresholds: Float64Array;
  /** Σ weight_r·threshold_r + K·Σ W, seconds; Infinity where no assignment keeps the thresholds. */
  readonly seconds: number;
  readonly entries: Int32Array | undefined;
}

/**
 * Global moves for `batched`: with the thresholds of the stages fixed, the least common server time within band, accuracy and
 * memory is a problem of prices, device by device; a pattern search (Hooke & Jeeves 1961) moves the thresholds. All
 * devices change at once, which exchanges cannot: one block more on every device lengthens each chain but shortens the batch.
 */
export class StageSearch {
  private readonly weights: readonly number[];
  private readonly cost: Float64Array;
  private readonly rounding: PriceRounding;
  private readonly bandPrice = new LeastPrice(precision);

  constructor(
    private readonly problem: PlanningProblem,
    private readonly choices: PlanChoices,
    private readonly pricing: BatchPricing,
    private readonly evaluator: PlanEvaluator,
  ) {
    const steps = problem.stepsPerRound;
    this.weights = steps > 1 ? [1, steps - 1, 1] : [1, 1];
    this.cost = new Float64Array(choices.blocks.length);
    this.rounding = new PriceRounding(choices, precision);
  }

  /** The best plan met from the thresholds of `start`; undefined if none is better. */
  improve(start: Evaluation, budget: Budget): Evaluation | undefined {
    if (!start.thresholds || !(start.totalSeconds < Infinity)) return undefined;
    let current = this.assess(start.thresholds, start.totalSeconds);
    let best: Evaluation | undefined;
    const offer = (point: Point) => {
      if (!point.entries || !(point.seconds < 1.2 * start.totalSeconds)) return;
      const found = this.evaluator.evaluate(point.entries);
      if (found.totalSeconds < (best ?? start).totalSeconds * (1 - 1e-10)) best = found;
    };
    offer(current);
    const smallest = this.choices.deviceCount > coarseDevices ? 0.1 : lastStep;
    for (let step = firstStep; step >= smallest; step /= 2) {
      for (let round = 0; round < 4; round++) {
        let moved = false;
        for (const direction of this.directions()) {
          if (budget.exhausted(0, 0)) return best;
          const trial = this.assess(
            current.thresholds.map((value, r) => value * (1 + step) ** direction[r]!),
            start.totalSeconds,
          );
          if (!(trial.seconds < current.seconds)) continue;
          current = trial;
          moved = true;
        }
        if (!moved) break;
      }
      offer(current);
    }
    return best;
  }

  /** All thresholds together, then one after another, longer and shorter. */
  private directions(): number[][] {
    const axes = this.weights.map((_, r) => this.weights.map((_, q) => (q === r ? 1 : 0)));
    const all = this.weights.map(() => 1);
    return [all, ...axes].flatMap((direction) => [direction, direction.map((value) => -value)]);
  }

  private assess(thresholds: Float64Array, scaleSeconds: number): Point {
    const { choices, pricing, cost } = this;
    const steps = this.problem.stepsPerRound;
    pricing.setThresholds(thresholds);
    const withBandPrice = (price: number) => {
      for (let j = 0; j < cost.length; j++) {
        const share = pricing.share[j]!;
        const server = (steps * choices.serverSeconds[j]!) / scaleSeconds;
        cost[j] = share < Infinity ? server + price * share : outOfReach;
      }
      const entries = this.rounding.round(cost);
      return entries && { entries, use: this.bandUse(entries) };
    };
    const found = this.bandPrice.find(withBandPrice, (sums) => sums !== undefined && sums.use <= 1);
    if (!found) return { thresholds, seconds: Infinity, entries: undefined };
    let seconds = this.problem.aggregationSeconds;
    for (let r = 0; r < thresholds.length; r++) seconds += this.weights[r]! * thresholds[r]!;
    for (const entry of found.entries) seconds += steps * choices.serverSeconds[entry]!;
    return { thresholds, seconds, entries: found.entries };
  }

  private bandUse(entries: Int32Array): number {
    let use = 0;
    for (const entry of entries) use += this.pricing.share[entry]!;
    return use;
  }
}
