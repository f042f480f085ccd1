import { BoxOracle, buildColumns, SeparateOracle } from '../bound/index.js';
import type { PlanningProblem } from '../../models/index.js';
import type { PlanChoices } from '../choices/index.js';

/** Costs beyond this stand for "out of reach": no choice within reach costs more than the whole of band and server. */
export const outOfReach = 1e3;

/** What the price of a choice depends on: the plan around which exchanges are sought. */
export interface PricedPlan {
  readonly entries: Int32Array;
  readonly totalSeconds: number;
  /** What the round loses by a whole further band, and by a whole further server; seconds, ≥ 0. */
  readonly bandPrice: number;
  readonly serverPrice: number;
  /** With `batched`: the longest of each stage, seconds. */
  readonly thresholds?: Float64Array | undefined;
}

/** Costs of all choices at the prices of a plan: in bands, or in parts of band and server together. */
export interface ChoicePricing {
  /** Infinity where the plan's times are out of reach. */
  readonly cost: Float64Array;
  /** Most that an assignment faster than the plan last priced can cost in all; Infinity where prices only estimate. */
  readonly budget: number;
  price(plan: PricedPlan): void;
}

/** A hair below the plan's delay: what holds the round must move. */
const shortened = 1 - 1e-9;
/** A hair above a stage's threshold: the plan that set it must stay within reach. */
const lengthened = 1 + 1e-9;
/** Least part of the prices' sum for either resource, so that what is free is not squandered. */
const leastPart = 1e-6;

/**
 * `allocated` and `equal`: the least λ·b/B + μ·s with which a device's chain meets T, λ and μ the plan's prices scaled to a
 * sum of one. The costs of an assignment add up to more than λ + μ unless it can be done within T (weak duality), so only
 * exchanges that keep within that can shorten a round. This holds for any prices, those of pinned shares (λ = 0) included.
 */
export class ChainPricing implements ChoicePricing {
  readonly cost: Float64Array;
  budget = Infinity;
  private readonly oracle: SeparateOracle;

  constructor(choices: PlanChoices) {
    this.cost = new Float64Array(choices.blocks.length);
    this.oracle = new SeparateOracle(buildColumns(choices));
  }

  price({ totalSeconds, bandPrice, serverPrice }: PricedPlan): void {
    const sum = bandPrice + serverPrice;
    const part = (price: number) => Math.max(leastPart, sum > 0 ? price / sum : 0.5);
    this.priceAt(totalSeconds * shortened, part(bandPrice), part(serverPrice));
  }

  /** Fills `cost` for a round of `totalSeconds` and prices of the whole band and the whole server. */
  priceAt(totalSeconds: number, band: number, server: number): void {
    const { oracle, cost } = this;
    const { columns } = oracle;
    const ownShares = columns.problem.sharing === 'allocated';
    const seconds = totalSeconds - columns.problem.aggregationSeconds;
    oracle.setThreshold(seconds);
    for (let n = 0; n < columns.deviceCount; n++) {
      for (let j = columns.start[n]!; j < columns.start[n + 1]!; j++) {
        cost[j] = oracle.floors[j]! <= seconds ? oracle.price(n, j, band, ownShares ? server : 0) : Infinity;
      }
    }
    this.budget = band * columns.available[0]! + (ownShares ? server * (1 + 1e-8) : 0);
  }
}

/**
 * For `batched`: the share with which a device keeps its times within the plan's, and its part of the common server time at
 * what a second of the round is worth in bands. `stages` holds it to the longest of every stage; `chain` to the longest
 * chain, a near relation of the round where K is large. Divisible bandwidth, whatever the problem says.
 */
export class BatchPricing implements ChoicePricing {
  readonly cost: Float64Array;
  /** Share of the band that each choice needs at the thresholds last priced; Infinity out of reach. */
  readonly share: Float64Array;
  readonly budget = Infinity;
  private readonly oracle: BoxOracle;
  private readonly high: Float64Array;

  constructor(
    private readonly choices: PlanChoices,
    private readonly form: 'chain' | 'stages',
  ) {
    const total = choices.blocks.length;
    this.cost = new Float64Array(total);
    this.share = new Float64Array(total);
    this.oracle = new BoxOracle(buildColumns({ ...choices, problem: withoutBlocks(choices.problem) }, form));
    this.high = new Float64Array(this.oracle.floors.length);
  }

  price(plan: PricedPlan): void {
    const thresholds = this.form === 'stages' ? plan.thresholds : Float64Array.of(this.chainSeconds(plan));
    if (!thresholds) return;
    this.setThresholds(thresholds);
    const { serverSeconds, problem } = this.choices;
    const batchPrice = problem.stepsPerRound * bandsPerSecond(plan);
    for (let j = 0; j < this.cost.length; j++) this.cost[j] = this.share[j]! + batchPrice * serverSeconds[j]!;
  }

  /** Fills `share` for thresholds of the stages, or of the chain. */
  setThresholds(thresholds: Float64Array): void {
    const { high, oracle, share } = this;
    const factor = this.form === 'stages' ? lengthened : 1;
    for (let r = 0; r < high.length; r++) high[r] = factor * thresholds[r]!;
    oracle.setBox(high, high);
    for (let j = 0; j < share.length; j++) {
      const needed = oracle.shareOf(j);
      share[j] = needed < 0 ? Infinity : needed;
    }
  }

  /** What the plan's round leaves for the longest chain. */
  private chainSeconds({ totalSeconds, entries }: PricedPlan): number {
    const { problem, serverSeconds } = this.choices;
    let batch = 0;
    for (const entry of entries) batch += serverSeconds[entry]!;
    return totalSeconds * shortened - problem.aggregationSeconds - problem.stepsPerRound * batch;
  }
}

/** What a second of the round is worth, in bands; where bandwidth is free, more than all of it. */
function bandsPerSecond({ bandPrice, totalSeconds }: PricedPlan): number {
  return bandPrice > 0 ? 1 / bandPrice : 1e3 / totalSeconds;
}

export function withoutBlocks({ resourceBlockHz: _, ...divisible }: PlanningProblem): PlanningProblem {
  return divisible;
}
