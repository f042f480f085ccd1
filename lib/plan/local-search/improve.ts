import type { PlanningProblem } from '../../models/index.js';
import type { Budget } from '../../solver/index.js';
import { isWithinCoupling, type PlanChoices } from '../choices/index.js';
import type { Evaluation, PlanEvaluator } from './evaluation.js';
import { applyExchange, bestExchanges, exchangeWithinSlack, isPairwise } from './exchange.js';
import { priceRounding } from './price-rounding.js';
import { BatchPricing, ChainPricing, outOfReach, type ChoicePricing, type PricedPlan } from './pricing.js';
import { repair } from './repair.js';
import { StageSearch } from './stage-search.js';
import { SweepSearch } from './sweep-search.js';

/** Exchanges whose rounds are computed before a plan counts as locally optimal. */
const triedExchanges = 24;
const maxRounds = 60;
/** With more devices than this all choices are made anew at the prices instead of changing one after another. */
const repairedDevices = 40;

/** Improves assignments by exchanges of one and two devices, guided by the prices at the assignment itself. */
export class LocalImprovement {
  exchanges = 0;
  private readonly pricing: ChoicePricing;
  /** Other prices, neighbourhoods of other kinds: for a common batch, where prices only estimate what a change does. */
  private readonly chains: ChoicePricing | undefined;
  private readonly stages: StageSearch | undefined;
  private readonly sweep: SweepSearch | undefined;

  constructor(
    problem: PlanningProblem,
    private readonly choices: PlanChoices,
    private readonly evaluator: PlanEvaluator,
  ) {
    if (problem.sharing !== 'batched') {
      this.pricing = new ChainPricing(choices);
      return;
    }
    const pricing = new BatchPricing(choices, 'stages');
    this.pricing = pricing;
    this.chains = new BatchPricing(choices, 'chain');
    this.stages = new StageSearch(problem, choices, pricing, evaluator);
    this.sweep = new SweepSearch(choices, pricing, evaluator);
  }

  /** Costs of all choices at the prices of a plan whose stages are not known (a relaxation's): by the chain. */
  costsAt(plan: PricedPlan): Float64Array {
    const pricing = this.chains ?? this.pricing;
    pricing.price(plan);
    return pricing.cost;
  }

  /** An assignment made to keep accuracy and memory at the least cost at the prices of `costsAt`; undefined if none is found. */
  repaired(cost: Float64Array, entries: Int32Array): Int32Array | undefined {
    const { choices } = this;
    if (isWithinCoupling(choices, entries)) return entries;
    const byPrices = () => priceRounding(choices, cost);
    return choices.deviceCount <= repairedDevices ? (repair(choices, cost, entries) ?? byPrices()) : byPrices();
  }

  improve(start: Evaluation, budget: Budget): Evaluation {
    let current = start;
    for (let round = 0; round < maxRounds && !budget.exhausted(0, 0); round++) {
      this.pricing.price(current);
      const better =
        this.byPrices(current) ??
        this.byExchange(current, this.pricing, budget) ??
        this.byChains(current, budget) ??
        this.stages?.improve(current, budget) ??
        this.sweep?.improve(current, budget);
      if (!better) break;
      current = better;
      this.exchanges++;
    }
    return current;
  }

  /** Every device's best choice at the prices, then pairs within the slack that is left. */
  private byPrices(current: Evaluation): Evaluation | undefined {
    const { choices, pricing } = this;
    const rounded = priceRounding(choices, pricing.cost);
    if (!rounded) return undefined;
    if (!isPairwise(choices)) {
      exchangeWithinSlack(choices, pricing.cost, rounded, pairsFor(choices));
    }
    return this.evaluator.ifBetter(rounded, current);
  }

  private byChains(current: Evaluation, budget: Budget): Evaluation | undefined {
    if (!this.chains) return undefined;
    this.chains.price(current);
    return this.byExchange(current, this.chains, budget);
  }

  private byExchange(current: Evaluation, pricing: ChoicePricing, budget: Budget): Evaluation | undefined {
    const { choices } = this;
    if (!isPairwise(choices)) {
      const entries = current.entries.slice();
      exchangeWithinSlack(choices, pricing.cost, entries, pairsFor(choices));
      return this.evaluator.ifBetter(entries, current);
    }
    const most = this.stages ? 0.1 : pricing.budget - totalCost(pricing.cost, current.entries);
    let best: Evaluation | undefined;
    for (const exchange of bestExchanges(choices, pricing.cost, current.entries, most, triedExchanges)) {
      if (budget.exhausted(0, 0)) break;
      best = this.evaluator.ifBetter(applyExchange(choices, current.entries, exchange), best ?? current) ?? best;
    }
    return best;
  }
}

function totalCost(cost: Float64Array, entries: Int32Array): number {
  let sum = 0;
  for (const entry of entries) sum += Math.min(cost[entry]!, outOfReach);
  return sum;
}

function pairsFor(choices: PlanChoices): number {
  return Math.max(10, Math.min(200, Math.floor(2e7 / choices.blocks.length)));
}
