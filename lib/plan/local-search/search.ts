import { mixtures } from '../../lagrangian/index.js';
import type { Plan, PlanningProblem } from '../../models/index.js';
import type { Budget } from '../../solver/index.js';
import type { PlanBound } from '../bound/index.js';
import { entriesOfPlan, isWithinCoupling, type PlanChoices } from '../choices/index.js';
import { PlanEvaluator, type Evaluation } from './evaluation.js';
import { LocalImprovement } from './improve.js';

export interface LocalSearchSetting {
  readonly problem: PlanningProblem;
  readonly choices: PlanChoices;
  readonly budget: Budget;
  /** Whole blocks even where that takes a search of their own. */
  readonly wholeBlocks?: boolean;
  readonly onBetter?: ((evaluation: Evaluation) => void) | undefined;
}

/** Combinations tried of the answers that a dual solution mixes. */
const triedMixtures = 16;
/** Starts of the dual that are improved by exchanges. */
const improvedStarts = 2;

/** The best assignment met, from starts of any kind: rounded relaxations, dual solutions, earlier plans. */
export class LocalSearch {
  best: Evaluation | undefined;
  readonly evaluator: PlanEvaluator;
  readonly improvement: LocalImprovement;
  private readonly choices: PlanChoices;

  constructor(private readonly setting: LocalSearchSetting) {
    const { problem, choices, wholeBlocks } = setting;
    this.choices = choices;
    this.evaluator = new PlanEvaluator(problem, choices, wholeBlocks ? { wholeBlocks } : {});
    this.improvement = new LocalImprovement(problem, choices, this.evaluator);
  }

  get bestSeconds(): number {
    return this.best?.totalSeconds ?? Infinity;
  }

  /** Keeps an assignment within accuracy and memory if it is the fastest so far. */
  offer(entries: Int32Array): Evaluation {
    return this.consider(this.evaluator.evaluate(entries));
  }

  /** Choices of earlier plans, others where the problem does not allow them. */
  startFromPlans(plans: readonly Plan[]): void {
    const { choices } = this;
    const starts = plans.map((plan) =>
      entriesOfPlan(choices, plan).map((entry, n) => (entry < 0 ? choices.start[n]! : entry)),
    );
    this.improveFrom(starts.filter((entries) => isWithinCoupling(choices, entries)));
  }

  /** The dual's answers mixed, made to keep accuracy and memory at its own prices, the best of them improved. */
  startFromDual({ recovery, multipliers, boundSeconds }: PlanBound): void {
    if (recovery.choices.length === 0 || !(boundSeconds < Infinity)) return;
    const rounded = mixtures(recovery, triedMixtures).flatMap((entries) => {
      const cost = this.improvement.costsAt({
        entries,
        totalSeconds: boundSeconds * (1 + 1e-6),
        bandPrice: multipliers.bandwidth ?? 0,
        serverPrice: multipliers['server-share'] ?? 0,
      });
      return this.improvement.repaired(cost, entries) ?? [];
    });
    const evaluated: Evaluation[] = [];
    for (const entries of distinct(rounded)) {
      // At a limit one plan is still wanted.
      if (this.ended() && this.best) break;
      evaluated.push(this.offer(entries));
    }
    evaluated.sort((a, b) => a.totalSeconds - b.totalSeconds);
    for (const start of evaluated.slice(0, improvedStarts)) this.improve(start);
  }

  improveFrom(starts: readonly Int32Array[]): void {
    for (const entries of distinct(starts)) this.improve(this.offer(entries));
  }

  private improve(start: Evaluation): void {
    if (this.ended() || start.totalSeconds === Infinity) return;
    this.consider(this.improvement.improve(start, this.setting.budget));
  }

  private consider(evaluation: Evaluation): Evaluation {
    if (evaluation.totalSeconds < this.bestSeconds) {
      this.best = evaluation;
      this.setting.onBetter?.(evaluation);
    }
    return evaluation;
  }

  private ended(): boolean {
    return this.setting.budget.exhausted(0, 0) !== undefined;
  }
}

function distinct(lists: readonly Int32Array[]): Int32Array[] {
  return lists.filter((list, k) => !lists.slice(0, k).some((other) => other.every((entry, n) => entry === list[n])));
}
