import type { Plan, PlanningProblem } from '../../models/index.js';
import { allocate, allocateLoads, type SharesFound } from '../bandwidth/index.js';
import { decisionsOfEntries, loadsOfEntries, type PlanChoices } from '../choices/index.js';
import { withoutBlocks, type PricedPlan } from './pricing.js';

/** Delay of an assignment with its best shares (Infinity where none exist), and what resources are worth there. */
export interface Evaluation extends PricedPlan {
  /** Σ b over the band. */
  readonly bandwidthUse: number;
}

/** Evaluates assignments of one entry a device. The deadline is for the judge: on the way there a late plan is better than none. */
export class PlanEvaluator {
  evaluations = 0;
  /** Some delay came from a search for whole blocks that was cut short: it may not be the least of its assignment. */
  isEstimate = false;
  private readonly open: PlanningProblem;
  /** With whole blocks there are no prices: those of divisible bandwidth stand in. */
  private readonly divisible: PlanningProblem;

  constructor(
    problem: PlanningProblem,
    readonly choices: PlanChoices,
    /** Whole blocks even where that takes a search of their own. */
    { wholeBlocks = !divides(problem) }: { readonly wholeBlocks?: boolean } = {},
  ) {
    const { deadlineSeconds: _, ...open } = problem;
    this.divisible = withoutBlocks(open);
    this.open = wholeBlocks ? open : this.divisible;
  }

  /** Least round of an assignment, seconds; Infinity where no shares exist or nobody takes part. */
  delay(entries: ArrayLike<number>): number {
    return this.shares(entries)?.totalSeconds ?? Infinity;
  }

  /** With a cut-off, a delay that is not below it need not be the least. */
  evaluate(given: Int32Array, cutoffSeconds = Infinity): Evaluation {
    const entries = given.slice();
    const found = this.shares(entries, cutoffSeconds);
    if (!found) return { entries, totalSeconds: Infinity, bandPrice: 0, serverPrice: 0, bandwidthUse: 0 };
    const { prices, thresholds } = this.open.resourceBlockHz === undefined ? found : this.divisibleShares(entries);
    const band = this.open.bandwidthHz;
    return {
      entries,
      totalSeconds: found.totalSeconds,
      bandPrice: Math.max(0, -prices.bandwidthSecondsPerHz * band),
      serverPrice: Math.max(0, -prices.serverSecondsPerShare),
      thresholds,
      bandwidthUse: found.bandwidthHz.reduce((sum, share) => sum + share, 0) / band,
    };
  }

  /** The assignment's evaluation where it differs from the known plan and is faster. */
  ifBetter(entries: Int32Array, known: Evaluation): Evaluation | undefined {
    if (entries.every((entry, n) => entry === known.entries[n])) return undefined;
    if (!this.mayBeat(entries, known.totalSeconds)) return undefined;
    const found = this.evaluate(entries, known.totalSeconds);
    return found.totalSeconds < known.totalSeconds * (1 - 1e-10) ? found : undefined;
  }

  /** False where divisible bandwidth is too slow already: whole blocks, whose search is long, can be no faster. */
  private mayBeat(entries: Int32Array, seconds: number): boolean {
    if (this.open.resourceBlockHz === undefined) return true;
    const found = allocateLoads(this.divisible, loadsOfEntries(this.choices, entries));
    return found.status === 'optimal' && (!found.exact || found.totalSeconds < seconds);
  }

  /** The plan of an assignment under all limits of the problem; undefined where none exists. */
  plan(problem: PlanningProblem, entries: ArrayLike<number>): Plan | undefined {
    const found = allocate(problem, decisionsOfEntries(this.choices, entries));
    return found.status === 'optimal' ? found.plan : undefined;
  }

  private shares(entries: ArrayLike<number>, cutoffSeconds = Infinity): SharesFound | undefined {
    this.evaluations++;
    const loads = loadsOfEntries(this.choices, entries);
    if (loads.device.length === 0) return undefined;
    const found = allocateLoads(this.open, loads, undefined, cutoffSeconds);
    if (found.status === 'infeasible') return undefined;
    this.isEstimate ||= !found.exact;
    return found;
  }

  private divisibleShares(entries: Int32Array): Pick<SharesFound, 'prices' | 'thresholds'> {
    const found = allocateLoads(this.divisible, loadsOfEntries(this.choices, entries));
    return found.status === 'optimal' ? found : { prices: { bandwidthSecondsPerHz: 0, serverSecondsPerShare: 0 } };
  }
}

const blockSearchDevices = 5;

/** Whole blocks for a common batch take a search of their own: with many devices it waits for the final plan. */
export function divides({ sharing, devices }: PlanningProblem): boolean {
  return sharing === 'batched' && devices.length > blockSearchDevices;
}
