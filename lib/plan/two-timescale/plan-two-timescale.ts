import * as z from '../../schema/index.js';
import type { LimitViolation, Plan, PlanningProblem } from '../../models/index.js';
import { randomStream } from '../../random/index.js';
import { Budget, commonOptions, defineOptions, type StopSignal, type Termination } from '../../solver/index.js';
import { allocate, planBandwidth, type PlanSearchResult } from '../bandwidth/index.js';
import { judgePlan } from '../judge.js';
import { TieBreaker } from './break-ties.js';
import { decisionsOfEntries, entriesOfPlan, listChoices, type PlanChoices } from './choice-columns.js';
import { PlanEvaluator, type Evaluation } from './evaluation.js';
import { LocalImprovement } from './improve.js';
import { Relaxation, type RelaxedPlan } from './relaxation.js';
import { couplingUse, keepsCoupling, nearestEntries, priceRounding, repair } from './rounding.js';

export const twoTimescaleOptions = defineOptions({
  seed: z.int().min(0).default(1).describe('Seed of the random starts of the relaxation.'),
  starts: z.int().min(1).optional().describe('Starts of the relaxation; by default 2 for up to 50 devices, else 1.'),
  localImprovement: z
    .boolean()
    .default(true)
    .describe('Exchange the choices of one and of two devices after rounding and repair.'),
  bandwidthMethod: z.enum(['sqp', 'scalar']).default('sqp').describe('How the last bandwidths are found.'),
  timeLimitSeconds: commonOptions.timeLimitSeconds,
});
export type TwoTimescaleOptions = z.input<typeof twoTimescaleOptions.schema>;

export interface TwoTimescaleContext {
  readonly signal?: StopSignal | undefined;
  /** Plans whose choices are starts besides those of the relaxation. */
  readonly starts?: readonly Plan[] | undefined;
  readonly onProgress?: ((progress: { readonly phase: string; readonly totalSeconds?: number }) => void) | undefined;
}

/**
 * The two-timescale method: augmented Lagrangian on the continuous relaxation in splits and compression, rounding with repair, exchanges
 * of one and two devices at the plan's own prices, then the bandwidth SQP. `infeasible` is claimed only where single limits
 * prove it; `locally-infeasible` says that no plan was found.
 */
export function planTwoTimescale(
  problem: PlanningProblem,
  given: Partial<TwoTimescaleOptions> = {},
  context: TwoTimescaleContext = {},
): PlanSearchResult {
  return new TwoTimescale(problem, given, context).solve();
}

class TwoTimescale {
  private readonly options;
  private readonly budget: Budget;
  private readonly choices: PlanChoices;
  private readonly evaluator: PlanEvaluator;
  private readonly improvement: LocalImprovement;
  private best: Evaluation | undefined;
  private relaxationIterations = 0;
  private roundedSeconds = Infinity;

  constructor(
    private readonly problem: PlanningProblem,
    given: Partial<TwoTimescaleOptions>,
    private readonly context: TwoTimescaleContext,
  ) {
    this.options = twoTimescaleOptions.resolve(given);
    this.budget = new Budget({ timeLimitSeconds: this.options.timeLimitSeconds, signal: context.signal });
    this.choices = listChoices(problem);
    this.evaluator = new PlanEvaluator(problem, this.choices);
    this.improvement = new LocalImprovement(problem, this.choices, this.evaluator);
  }

  solve(): PlanSearchResult {
    const conflicts = provenConflicts(this.problem, this.choices);
    if (conflicts.length > 0) return { ...this.nothing('infeasible'), conflicts };
    for (const plan of this.context.starts ?? []) this.startFrom(plan);
    const relaxation = new Relaxation(this.problem, this.choices);
    const starts = this.options.starts ?? defaultStarts(this.choices.deviceCount);
    for (let k = 0; k < starts && !this.ended(); k++) {
      const random = k > 0 ? randomStream(this.options.seed, `relaxation-start-${k}`) : undefined;
      const relaxed = relaxation.solve(this.relaxationBudget(), random);
      this.relaxationIterations += relaxed.outcome.iterations;
      this.context.onProgress?.({ phase: 'relaxation', totalSeconds: relaxed.totalSeconds });
      this.roundAndImprove(relaxed);
    }
    const ended = this.ended();
    if (!this.best) return this.nothing(ended ?? 'locally-infeasible');
    return this.finish(ended ? this.best.entries : this.settled(this.best.entries), ended ?? 'locally-optimal');
  }

  private ended() {
    return this.budget.exhausted(0, 0);
  }

  /** Rounding must always follow: the relaxation gets at most half of the time. */
  private relaxationBudget(): Budget {
    const { deviceCount } = this.choices;
    return new Budget({
      maxIterations: deviceCount > 2000 ? 30 : deviceCount > 50 ? 40 : 150,
      timeLimitSeconds: 0.5 * Math.max(0, this.budget.timeLimitSeconds - this.budget.elapsedSeconds()),
      signal: this.context.signal,
    });
  }

  private startFrom(plan: Plan): void {
    const { choices } = this;
    const entries = entriesOfPlan(choices, plan).map((entry, n) => (entry < 0 ? choices.start[n]! : entry));
    if (keepsCoupling(choices, couplingUse(choices, entries))) this.improveFrom([entries]);
  }

  private roundAndImprove(relaxed: RelaxedPlan): void {
    const { choices } = this;
    const nearest = nearestEntries(this.problem, choices, relaxed);
    // Prices of the unrepaired rounding: it may break accuracy, but its shares exist where any do.
    const cost = this.improvement.costsAt({
      ...this.evaluator.evaluate(nearest),
      totalSeconds: relaxed.totalSeconds,
    });
    const byPrices = priceRounding(choices, cost);
    const repaired =
      choices.deviceCount <= 40 || keepsCoupling(choices, couplingUse(choices, nearest))
        ? (repair(choices, cost, nearest) ?? byPrices)
        : byPrices;
    if (repaired) {
      const rounded = this.evaluator.evaluate(repaired);
      this.roundedSeconds = Math.min(this.roundedSeconds, rounded.totalSeconds);
      this.consider(rounded);
    }
    if (!this.options.localImprovement) return;
    const starts = [repaired, byPrices, ...this.leastDemanding()].filter((entries) => entries !== undefined);
    this.improveFrom(starts);
  }

  /** Assignments that take least of accuracy and memory, for problems whose limits leave little; only if nothing else is known. */
  private leastDemanding(): Int32Array[] {
    if (this.best && this.best.totalSeconds < Infinity) return [];
    const { choices } = this;
    const found: Int32Array[] = [];
    for (const weight of [0, 0.01, 0.1, 1, 10, 100, Infinity]) {
      const entries = new Int32Array(choices.deviceCount);
      for (let n = 0; n < entries.length; n++) {
        let least = Infinity;
        for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
          const own = weight === Infinity ? choices.memory[j]! : choices.loss[j]! + weight * choices.memory[j]!;
          if (own < least) {
            least = own;
            entries[n] = j;
          }
        }
      }
      if (keepsCoupling(choices, couplingUse(choices, entries))) found.push(entries);
    }
    return found;
  }

  private improveFrom(starts: readonly Int32Array[]): void {
    for (const entries of distinct(starts)) {
      const evaluation = this.evaluator.evaluate(entries);
      this.consider(evaluation);
      if (this.ended() || evaluation.totalSeconds === Infinity) continue;
      this.consider(this.improvement.improve(evaluation, this.budget));
    }
  }

  private consider(evaluation: Evaluation): void {
    if (!(evaluation.totalSeconds < (this.best?.totalSeconds ?? Infinity))) return;
    this.best = evaluation;
    this.context.onProgress?.({ phase: 'exchange', totalSeconds: evaluation.totalSeconds });
  }

  /** Between equally fast plans the preferred one. */
  private settled(entries: Int32Array): Int32Array {
    return new TieBreaker(this.problem, this.choices, this.context.signal).settle(entries);
  }

  /** Shares of the best choices, the bandwidths by the chosen method. */
  private finish(entries: Int32Array, termination: Termination): PlanSearchResult {
    const { problem } = this;
    const found = allocate(problem, decisionsOfEntries(this.choices, entries));
    if (found.status === 'infeasible') return { ...this.nothing('locally-infeasible'), conflicts: found.conflicts };
    const polished = planBandwidth(problem, found.plan, {
      method: this.options.bandwidthMethod,
      signal: this.context.signal,
    });
    const usePolished = polished.plan !== undefined && polished.totalSeconds <= found.totalSeconds;
    const { plan, totalSeconds, violations } = judgePlan(problem, usePolished ? polished.plan : found.plan);
    if (violations.length > 0) return { ...this.nothing('locally-infeasible'), conflicts: violations };
    return {
      plan,
      totalSeconds,
      termination,
      conflicts: violations,
      ...(problem.resourceBlockHz === undefined && {
        delayPerHertz: polished.delayPerHertz ?? found.prices.bandwidthSecondsPerHz,
      }),
      statistics: { ...this.statistics(), bandwidthSteps: polished.statistics['steps'] ?? 0 },
    };
  }

  private nothing(termination: Termination): PlanSearchResult {
    return { totalSeconds: Infinity, termination, conflicts: [], statistics: this.statistics() };
  }

  private statistics(): Record<string, number> {
    return {
      relaxationIterations: this.relaxationIterations,
      roundedSeconds: this.roundedSeconds,
      evaluations: this.evaluator.evaluations,
      exchanges: this.improvement.exchanges,
    };
  }
}

function defaultStarts(deviceCount: number): number {
  return deviceCount <= 50 ? 2 : 1;
}

function distinct(lists: readonly Int32Array[]): Int32Array[] {
  return lists.filter((list, k) => !lists.slice(0, k).some((other) => other.every((entry, n) => entry === list[n])));
}

/** Limits that no plan can keep, each proven on its own. */
function provenConflicts(problem: PlanningProblem, choices: PlanChoices): LimitViolation[] {
  const conflicts: LimitViolation[] = [];
  let loss = 0;
  let memory = 0;
  for (let n = 0; n < choices.deviceCount; n++) {
    let leastLoss = Infinity;
    let leastMemory = Infinity;
    for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
      leastLoss = Math.min(leastLoss, choices.loss[j]!);
      leastMemory = Math.min(leastMemory, choices.memory[j]!);
    }
    if (leastLoss === Infinity) {
      const { name } = problem.devices[n]!;
      conflicts.push({ limit: 'participation', device: name, found: 0, allowed: 1 });
      continue;
    }
    loss += leastLoss;
    memory += leastMemory;
  }
  if (conflicts.length > 0) return conflicts;
  // Twice the slack of the search: a limit is called unreachable only beyond the tolerance.
  if (loss > 2 * choices.lossLimit) {
    const { minimum } = problem.accuracy;
    conflicts.push({ limit: 'accuracy', found: minimum - loss, allowed: minimum });
  }
  if (memory > choices.memoryLimit + 1e-9) {
    const bytes = problem.serverMemoryBytes;
    conflicts.push({ limit: 'server-memory', found: memory * bytes, allowed: bytes });
  }
  return conflicts;
}
