import type { PlanningProblem } from '../../models/index.js';
import type { PlanChoices } from './choice-columns.js';
import { ShareCost } from './share-cost.js';

/** What the price of a choice depends on: the plan around which exchanges are sought. */
export interface PricedPlan {
  readonly entries: Int32Array;
  readonly totalSeconds: number;
  /** ∂T for a whole further band, ≤ 0. */
  readonly bandPrice: number;
  /** Price of the server over that of the band, ≥ 0. */
  readonly priceRatio: number;
  /** With `batched`: the longest of each stage, seconds. */
  readonly thresholds?: Float64Array | undefined;
}

/** Costs of all choices at the prices of a plan: in bands, or in parts of band and server together. */
export interface ChoicePricing {
  /** Infinity where the plan's times are out of reach. */
  readonly cost: Float64Array;
  price(plan: PricedPlan): void;
}

/** A hair below the plan's delay: what holds the round must move. */
const shortened = 1 - 1e-9;
/** A hair above a stage's threshold: the plan that set it must stay within reach. */
const lengthened = 1 + 1e-9;

/**
 * The least b/B + θ·s with which a device's chain meets T. With `allocated` and `equal` the sum of these costs exceeds 1 + θ
 * for any assignment unless it can be done within T (weak duality), so only exchanges that lower the sum can shorten a
 * round. With `batched` T is that of the longest chain, a near relation of the round where K is large, and the common
 * server time is priced in.
 */
export class ChainPricing implements ChoicePricing {
  readonly cost: Float64Array;
  private readonly shares: ShareCost;

  constructor(
    private readonly problem: PlanningProblem,
    private readonly choices: PlanChoices,
  ) {
    this.cost = new Float64Array(choices.blocks.length);
    this.shares = new ShareCost(problem, choices.blocks.length);
  }

  price(plan: PricedPlan): void {
    const { choices, problem } = this;
    const { sharing, stepsPerRound: steps } = problem;
    const { serverSeconds } = choices;
    const batched = sharing === 'batched';
    let target = plan.totalSeconds * shortened - problem.aggregationSeconds;
    if (batched) for (const entry of plan.entries) target -= steps * serverSeconds[entry]!;
    const batchPrice = batched ? steps * bandsPerSecond(plan) : 0;
    const equalFactor = sharing === 'equal' ? problem.devices.length : 0;
    const ratio = sharing !== 'allocated' ? 0 : plan.bandPrice < 0 || plan.priceRatio > 0 ? plan.priceRatio : 1;
    // Prices add up to one, so that no choice within reach costs more than one, whichever resource binds.
    const unit = 1 / (1 + ratio);
    for (let n = 0; n < choices.deviceCount; n++) {
      for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
        if (choices.blocks[j]! < 0) {
          this.cost[j] = 0;
          continue;
        }
        const work = serverSeconds[j]!;
        const constant = steps * (choices.preSeconds[j]! + choices.postSeconds[j]! + equalFactor * work);
        const upBits = steps * choices.uplinkBits[j]! + choices.adapterBits[j]!;
        const downBits = steps * choices.downlinkBits[j]! + choices.adapterBits[j]!;
        const own = sharing === 'allocated' ? steps * work : 0;
        const cost = this.shares.least(j, n, target - constant, upBits, downBits, own, ratio);
        this.cost[j] = unit * cost + batchPrice * work;
      }
    }
  }
}

/**
 * For `batched`: the share with which a device keeps every stage within the plan's thresholds, and its part of the common
 * server time at what a second of the round is worth in bands.
 */
export class StagePricing implements ChoicePricing {
  readonly cost: Float64Array;
  /** Share of the band that each choice needs at the thresholds last priced; Infinity out of reach. */
  readonly share: Float64Array;
  private readonly shares: ShareCost;

  constructor(
    private readonly problem: PlanningProblem,
    private readonly choices: PlanChoices,
  ) {
    const total = choices.blocks.length;
    this.cost = new Float64Array(total);
    this.share = new Float64Array(total);
    this.shares = new ShareCost(problem, 3 * total);
  }

  price(plan: PricedPlan): void {
    const thresholds = plan.thresholds;
    if (!thresholds) return;
    this.setThresholds(thresholds);
    const { serverSeconds } = this.choices;
    const batchPrice = this.problem.stepsPerRound * bandsPerSecond(plan);
    for (let j = 0; j < this.cost.length; j++) this.cost[j] = this.share[j]! + batchPrice * serverSeconds[j]!;
  }

  /** Fills `share` for thresholds of the stages (before the server, a whole step where K > 1, after the server with adapters). */
  setThresholds(thresholds: Float64Array): void {
    const { choices, shares } = this;
    const total = choices.blocks.length;
    const [before, wholeStep, after] =
      thresholds.length === 3
        ? [lengthened * thresholds[0]!, lengthened * thresholds[1]!, lengthened * thresholds[2]!]
        : [lengthened * thresholds[0]!, Infinity, lengthened * thresholds[1]!];
    for (let n = 0; n < choices.deviceCount; n++) {
      for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
        if (choices.blocks[j]! < 0) {
          this.share[j] = 0;
          continue;
        }
        const pre = choices.preSeconds[j]!;
        const post = choices.postSeconds[j]!;
        const up = choices.uplinkBits[j]!;
        const down = choices.downlinkBits[j]!;
        const adapter = choices.adapterBits[j]!;
        let share = shares.least(j, n, before - pre, up, 0, 0, 0);
        if (wholeStep < Infinity && share < Infinity) {
          share = Math.max(share, shares.least(total + j, n, wholeStep - pre - post, up, down, 0, 0));
        }
        if (share < Infinity) {
          share = Math.max(share, shares.least(2 * total + j, n, after - post, adapter, down + adapter, 0, 0));
        }
        this.share[j] = share;
      }
    }
  }
}

/** What a second of the round is worth, in bands; where bandwidth is free, more than all of it. */
function bandsPerSecond({ bandPrice, totalSeconds }: PricedPlan): number {
  return bandPrice < 0 ? -1 / bandPrice : 1e3 / totalSeconds;
}
