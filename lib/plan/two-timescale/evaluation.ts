import type { PlanningProblem } from '../../models/index.js';
import { allocateLoads } from '../bandwidth/index.js';
import { loadsOfEntries, type PlanChoices } from './choice-columns.js';

/** Delay of an assignment with its best shares, and what resources are worth there. */
export interface Evaluation {
  readonly entries: Int32Array;
  /** Round with aggregation; Infinity where no shares exist. */
  readonly totalSeconds: number;
  /** ∂T for a whole further band, ≤ 0. */
  readonly bandPrice: number;
  /** Price of the server over that of the band, ≥ 0. */
  readonly priceRatio: number;
}

/** Evaluates assignments of one entry a device. */
export class PlanEvaluator {
  evaluations = 0;
  private readonly open: PlanningProblem;

  constructor(
    problem: PlanningProblem,
    readonly choices: PlanChoices,
  ) {
    // The deadline is judged at the end: on the way there a late plan is better than none.
    const { deadlineSeconds: _, ...open } = problem;
    this.open = open;
  }

  evaluate(entries: Int32Array): Evaluation {
    this.evaluations++;
    const loads = loadsOfEntries(this.choices, entries);
    const infeasible = { entries: entries.slice(), totalSeconds: Infinity, bandPrice: 0, priceRatio: 0 };
    if (loads.device.length === 0) return infeasible;
    const found = allocateLoads(this.open, loads);
    if (found.status === 'infeasible') return infeasible;
    const prices = this.open.resourceBlockHz === undefined ? found.prices : this.continuousPrices(entries);
    const bandPrice = prices.bandwidthSecondsPerHz * this.open.bandwidthHz;
    return {
      entries: entries.slice(),
      totalSeconds: found.totalSeconds,
      bandPrice,
      priceRatio: bandPrice < 0 ? prices.serverSecondsPerShare / bandPrice : prices.serverSecondsPerShare < 0 ? 1e6 : 0,
    };
  }

  /** With whole blocks there are no prices: those of divisible bandwidth stand in. */
  private continuousPrices(entries: Int32Array) {
    const { resourceBlockHz: _, ...continuous } = this.open;
    const found = allocateLoads(continuous, loadsOfEntries(this.choices, entries));
    return found.status === 'optimal' ? found.prices : { bandwidthSecondsPerHz: 0, serverSecondsPerShare: 0 };
  }
}
