import type { PlanningProblem } from '../../models/index.js';
import { allocateLoads, type SharesFound } from '../bandwidth/index.js';
import { loadsOfEntries, type PlanChoices } from './choice-columns.js';
import type { PricedPlan } from './pricing.js';

/** Delay of an assignment with its best shares (Infinity where none exist), and what resources are worth there. */
export interface Evaluation extends PricedPlan {
  /** Σ b over the band. */
  readonly bandwidthUse: number;
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
    this.open = divides(problem) ? withoutBlocks(open) : open;
  }

  evaluate(entries: Int32Array): Evaluation {
    this.evaluations++;
    const loads = loadsOfEntries(this.choices, entries);
    const nothing = { bandPrice: 0, priceRatio: 0, bandwidthUse: 0 };
    const infeasible = { entries: entries.slice(), totalSeconds: Infinity, ...nothing };
    if (loads.device.length === 0) return infeasible;
    const found = allocateLoads(this.open, loads);
    if (found.status === 'infeasible') return infeasible;
    const { prices, thresholds } = this.open.resourceBlockHz === undefined ? found : this.continuous(entries);
    const bandPrice = prices.bandwidthSecondsPerHz * this.open.bandwidthHz;
    return {
      entries: entries.slice(),
      totalSeconds: found.totalSeconds,
      bandPrice,
      priceRatio: bandPrice < 0 ? prices.serverSecondsPerShare / bandPrice : prices.serverSecondsPerShare < 0 ? 1e6 : 0,
      thresholds,
      bandwidthUse: found.bandwidthHz.reduce((sum, share) => sum + share, 0) / this.open.bandwidthHz,
    };
  }

  /** The assignment's evaluation where it differs from the known plan and is faster. */
  ifBetter(entries: Int32Array, known: Evaluation): Evaluation | undefined {
    if (entries.every((entry, n) => entry === known.entries[n])) return undefined;
    const found = this.evaluate(entries);
    return found.totalSeconds < known.totalSeconds * (1 - 1e-10) ? found : undefined;
  }

  /** With whole blocks there are no prices: those of divisible bandwidth stand in. */
  private continuous(entries: Int32Array): Pick<SharesFound, 'prices' | 'thresholds'> {
    const found = allocateLoads(withoutBlocks(this.open), loadsOfEntries(this.choices, entries));
    return found.status === 'optimal' ? found : { prices: { bandwidthSecondsPerHz: 0, serverSecondsPerShare: 0 } };
  }
}

/** Whole blocks for a common batch take a search of their own: with more devices than this it waits for the final plan. */
const blockSearchDevices = 5;

function divides({ sharing, devices }: PlanningProblem): boolean {
  return sharing === 'batched' && devices.length > blockSearchDevices;
}

function withoutBlocks({ resourceBlockHz: _, ...continuous }: PlanningProblem): PlanningProblem {
  return continuous;
}
