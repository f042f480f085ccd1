import type { Plan, PlanningProblem } from '../../models/index.js';
import type { StopSignal } from '../../solver/index.js';
import { entriesOfPlan, isWithinCoupling, listChoices, type PlanChoices } from '../choices/index.js';
import { PlanEvaluator, type Evaluation } from './evaluation.js';
import { BatchPricing, ChainPricing, type ChoicePricing } from './pricing.js';

/** Delays and bandwidths this near, relative, count as equal. */
const equalWithin = 1e-9;
/** With more choices than this ties between them are left as they are. */
const comparedChoices = 2500;

/**
 * Between plans whose rounds are equal within 1e-9 the one with less bandwidth, then with fewer blocks on devices, then the
 * first in the order of choices: single changes of a plan that is as fast as any known, until none is preferred. Undefined if
 * the plan itself is.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param plan - One decision for each device, in the order of the problem's devices.
 * @param signal - Ends the work once aborted.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { breakTies, planTwoTimescale } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan } = planTwoTimescale(problem);
 * if (plan) console.log(breakTies(problem, plan)); // undefined
 * ```
 */
export function breakTies(problem: PlanningProblem, plan: Plan, signal?: StopSignal): Plan | undefined {
  const choices = listChoices(problem, { keepDominated: true });
  if (choices.blocks.length > comparedChoices) return undefined;
  const entries = entriesOfPlan(choices, plan);
  if (entries.includes(-1)) return undefined;
  const preferred = new TieBreaker(problem, choices, signal).settle(entries);
  if (preferred === entries) return undefined;
  return new PlanEvaluator(problem, choices).plan(problem, preferred);
}

/** Moves an assignment to the preferred one of those that are as fast. */
class TieBreaker {
  private readonly evaluator: PlanEvaluator;
  private readonly pricing: ChoicePricing;

  constructor(
    problem: PlanningProblem,
    private readonly choices: PlanChoices,
    private readonly signal: StopSignal | undefined,
  ) {
    this.evaluator = new PlanEvaluator(problem, choices);
    this.pricing = problem.sharing === 'batched' ? new BatchPricing(choices, 'stages') : new ChainPricing(choices);
  }

  settle(start: Int32Array): Int32Array {
    const fastest = this.evaluator.evaluate(start);
    if (fastest.totalSeconds === Infinity) return start;
    let current = fastest;
    for (let moved = true; moved;) {
      moved = false;
      this.pricing.price({ ...current, totalSeconds: fastest.totalSeconds * (1 + 3 * equalWithin) });
      for (const entries of this.candidates(current)) {
        if (this.signal?.aborted) return current === fastest ? start : current.entries;
        const found = this.evaluator.evaluate(entries);
        if (found.totalSeconds > fastest.totalSeconds * (1 + equalWithin) || !this.isPreferred(found, current))
          continue;
        current = found;
        moved = true;
        break;
      }
    }
    return current === fastest ? start : current.entries;
  }

  /** Changes of one device within accuracy and memory that may leave the round as long as it is. */
  private *candidates(current: Evaluation): Generator<Int32Array> {
    const { choices, pricing } = this;
    // Where the band binds weak duality excludes all changes that cost more of it.
    const most = current.bandPrice > 0 ? 10 * equalWithin : Infinity;
    for (let n = 0; n < choices.deviceCount; n++) {
      const own = current.entries[n]!;
      for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
        if (j === own || pricing.cost[j] === Infinity || !(pricing.cost[j]! - pricing.cost[own]! <= most)) continue;
        const entries = current.entries.slice();
        entries[n] = j;
        if (isWithinCoupling(choices, entries)) yield entries;
      }
    }
  }

  private isPreferred(found: Evaluation, current: Evaluation): boolean {
    const less = found.bandwidthUse - current.bandwidthUse;
    if (Math.abs(less) > equalWithin) return less < 0;
    const fewer = this.blockSum(found.entries) - this.blockSum(current.entries);
    if (fewer !== 0) return fewer < 0;
    const first = found.entries.findIndex((entry, n) => entry !== current.entries[n]);
    return first >= 0 && found.entries[first]! < current.entries[first]!;
  }

  private blockSum(entries: Int32Array): number {
    let sum = 0;
    for (const entry of entries) sum += Math.max(0, this.choices.blocks[entry]!);
    return sum;
  }
}
