import type { PlanningProblem } from '../../models/index.js';
import type { Budget } from '../../solver/index.js';
import type { PlanChoices } from './choice-columns.js';
import type { Evaluation, PlanEvaluator } from './evaluation.js';
import { applyExchange, bestExchanges, exchangeWithinSlack, isPairwise } from './exchange.js';
import type { ChoicePricing } from './pricing.js';
import { priceRounding } from './rounding.js';

/** Exchanges whose rounds are computed before a plan counts as locally optimal. */
const triedExchanges = 24;
const maxRounds = 60;

/** Improves assignments by exchanges of one and two devices, guided by the prices at the assignment itself. */
export class LocalImprovement {
  exchanges = 0;

  constructor(
    private readonly problem: PlanningProblem,
    private readonly choices: PlanChoices,
    private readonly pricing: ChoicePricing,
    private readonly evaluator: PlanEvaluator,
  ) {}

  /** Costs of all choices at the prices of a plan, a hair below its delay: what holds the round must move. */
  price(plan: Evaluation): void {
    const { problem, choices } = this;
    let batchSeconds = 0;
    if (problem.sharing === 'batched') {
      for (const entry of plan.entries) batchSeconds += choices.serverSeconds[entry]!;
    }
    const batchPrice = plan.bandPrice < 0 ? -1 / plan.bandPrice : 1e3 / plan.totalSeconds;
    this.pricing.price(plan.totalSeconds * (1 - 1e-9), priceRatioOf(plan), batchSeconds, batchPrice);
  }

  improve(start: Evaluation, budget: Budget): Evaluation {
    let current = start;
    for (let round = 0; round < maxRounds && !budget.exhausted(0, 0); round++) {
      this.price(current);
      const better = this.byPrices(current) ?? this.byExchange(current, budget);
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
    return this.ifBetter(rounded, current);
  }

  private byExchange(current: Evaluation, budget: Budget): Evaluation | undefined {
    const { choices, pricing } = this;
    if (!isPairwise(choices)) {
      const entries = current.entries.slice();
      exchangeWithinSlack(choices, pricing.cost, entries, pairsFor(choices));
      return this.ifBetter(entries, current);
    }
    // Weak duality makes a change that raises the cost useless, save for a common batch, where the cost only estimates.
    const most = this.problem.sharing === 'batched' ? 0.1 : 0;
    let best: Evaluation | undefined;
    for (const exchange of bestExchanges(choices, pricing.cost, current.entries, most, triedExchanges)) {
      if (budget.exhausted(0, 0)) break;
      best = this.ifBetter(applyExchange(choices, current.entries, exchange), best ?? current) ?? best;
    }
    return best;
  }

  private ifBetter(entries: Int32Array, current: Evaluation): Evaluation | undefined {
    if (entries.every((entry, n) => entry === current.entries[n])) return undefined;
    const evaluation = this.evaluator.evaluate(entries);
    return evaluation.totalSeconds < current.totalSeconds * (1 - 1e-10) ? evaluation : undefined;
  }
}

function priceRatioOf(plan: Evaluation): number {
  return plan.bandPrice < 0 || plan.priceRatio > 0 ? plan.priceRatio : 1;
}

function pairsFor(choices: PlanChoices): number {
  return Math.max(10, Math.min(200, Math.floor(2e7 / choices.blocks.length)));
}
