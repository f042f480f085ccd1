import type { Budget } from '../../solver/index.js';
import { isWithinCoupling, type PlanChoices } from '../choices/index.js';
import type { Evaluation, PlanEvaluator } from './evaluation.js';
import { applyExchange, bestExchanges } from './exchange.js';
import type { ChoicePricing } from './pricing.js';

/** With more choices than this computing the round of each change takes too long. */
const sweptChoices = 1000;
/** First moves from which a second is sought, and second moves tried at the prices of each. */
const firstMoves = 24;
const secondMoves = 4;

/**
 * For small problems whose prices only estimate: the round after every change of one device is computed; then, from the
 * changes that look best (whether or not they keep accuracy and memory), the second move that prices there suggest.
 */
export class SweepSearch {
  constructor(
    private readonly choices: PlanChoices,
    private readonly pricing: ChoicePricing,
    private readonly evaluator: PlanEvaluator,
  ) {}

  improve(current: Evaluation, budget: Budget): Evaluation | undefined {
    if (this.choices.blocks.length > sweptChoices) return undefined;
    const moves = this.singleMoves(current, budget);
    let best: Evaluation | undefined;
    for (const plan of moves) {
      if (!(plan.totalSeconds < (best ?? current).totalSeconds * (1 - 1e-10))) continue;
      if (isWithinCoupling(this.choices, plan.entries)) best = plan;
    }
    return best ?? this.secondMove(current, moves, budget);
  }

  private singleMoves(current: Evaluation, budget: Budget): Evaluation[] {
    const { choices, evaluator } = this;
    const moves: Evaluation[] = [];
    const entries = current.entries.slice();
    for (let device = 0; device < choices.deviceCount; device++) {
      const own = entries[device]!;
      for (let entry = choices.start[device]!; entry < choices.start[device + 1]!; entry++) {
        if (entry === own) continue;
        if (budget.exhausted(0, 0)) return moves;
        entries[device] = entry;
        const plan = evaluator.evaluate(entries);
        if (plan.totalSeconds < Infinity) moves.push(plan);
      }
      entries[device] = own;
    }
    return moves;
  }

  private secondMove(current: Evaluation, moves: Evaluation[], budget: Budget): Evaluation | undefined {
    moves.sort((a, b) => a.totalSeconds - b.totalSeconds);
    let best: Evaluation | undefined;
    for (const move of moves.slice(0, firstMoves)) {
      this.pricing.price(move);
      const { entries } = move;
      for (const exchange of bestExchanges(this.choices, this.pricing.cost, entries, Infinity, secondMoves)) {
        if (budget.exhausted(0, 0)) return best;
        const moved = applyExchange(this.choices, entries, exchange);
        best = this.evaluator.ifBetter(moved, best ?? current) ?? best;
      }
    }
    return best;
  }
}
