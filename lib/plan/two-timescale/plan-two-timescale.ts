import * as z from '../../schema/index.js';
import { limitTolerance, type LimitViolation, type Plan, type PlanningProblem } from '../../models/index.js';
import { randomStream } from '../../random/index.js';
import { Budget, commonOptions, defineOptions, type StopSignal, type Termination } from '../../solver/index.js';
import { allocate, planBandwidth, type PlanSearchResult } from '../bandwidth/index.js';
import { boundPlan, type PlanBound } from '../bound/index.js';
import {
  decisionsOfEntries,
  entriesOfPlan,
  isWithinCoupling,
  listChoices,
  type PlanChoices,
} from '../choices/index.js';
import { planExact } from '../exact/index.js';
import { judgePlan } from '../judge.js';
import { breakTies, divides, LocalSearch, priceRounding, type Evaluation } from '../local-search/index.js';
import type { IterationListener, SolveProgress } from '../progress.js';
import { nearestEntries } from './nearest.js';
import { Relaxation, type RelaxedPlan } from './relaxation.js';

/** Options of `planTwoTimescale`: types, defaults and meanings. */
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
/** Options of `planTwoTimescale`; `twoTimescaleOptions` has each with its default and meaning. */
export type TwoTimescaleOptions = z.input<typeof twoTimescaleOptions.schema>;

/** What a caller of `planTwoTimescale` may pass beside options. */
export interface TwoTimescaleContext {
  /** Ends the search with the best plan so far once aborted. */
  readonly signal?: StopSignal | undefined;
  /** Plans whose choices are starts besides those of the relaxation. */
  readonly starts?: readonly Plan[] | undefined;
  /** Called when the best plan or the bound improves. */
  readonly onProgress?: ((progress: SolveProgress) => void) | undefined;
  /** Told of each faster plan as it is found; whether it keeps a deadline is for the listener to judge. */
  readonly onPlan?: ((plan: Plan) => void) | undefined;
}

/** A plan and, where the search computed it, the dual bound of the problem. */
export interface TwoTimescaleResult extends PlanSearchResult {
  /** What no plan can beat. */
  readonly bound?: PlanBound;
}

/** Nearer than this to the bound, relative, the relaxation is not solved any more. */
const settledGap = 1e-4;
/** Part of the time for the dual. */
const dualPart = 0.3;
/** Problems in which some nodes of the tree follow the exchanges, how many, and their part of what time is left. */
const treeDevices = 12;
const treeChoices = 3000;
const treeNodes = 12;
const treePart = 0.5;

/**
 * The two-timescale method: augmented Lagrangian on the continuous relaxation in splits and compression, rounding with repair, exchanges
 * of one and two devices at the plan's own prices, then the bandwidth SQP. `infeasible` is claimed only where single limits
 * prove it; `locally-infeasible` says that no plan was found.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param given - Seed and limits; what is absent takes its default.
 * @param context - Plans known before, signal and callbacks of this call.
 * @throws OptionsError for options that do not fit.
 * @example
 * ```ts
 * import { parseProblemFile, planTwoTimescale, roundDelay } from 'sft-opt';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan, totalSeconds } = planTwoTimescale(problem);
 * console.log(plan?.devices.length, totalSeconds === roundDelay(problem, plan!).totalSeconds); // 2 true
 * ```
 */
export function planTwoTimescale(
  problem: PlanningProblem,
  given: Partial<TwoTimescaleOptions> = {},
  context: TwoTimescaleContext = {},
): TwoTimescaleResult {
  return new TwoTimescale(problem, given, context).solve();
}

class TwoTimescale {
  private readonly options;
  private readonly budget: Budget;
  private readonly choices: PlanChoices;
  private readonly search: LocalSearch;
  private bound: PlanBound | undefined;
  private relaxationIterations = 0;
  private roundedSeconds = Infinity;
  private readonly note: IterationListener | undefined;

  constructor(
    private readonly problem: PlanningProblem,
    given: Partial<TwoTimescaleOptions>,
    private readonly context: TwoTimescaleContext,
  ) {
    this.options = twoTimescaleOptions.resolve(given);
    this.budget = new Budget({ timeLimitSeconds: this.options.timeLimitSeconds, signal: context.signal });
    this.choices = listChoices(problem);
    const { onProgress } = context;
    this.note = onProgress && ((iteration) => onProgress({ phase: 'search', iteration }));
    this.search = new LocalSearch({
      problem,
      choices: this.choices,
      budget: this.budget,
      onBetter: (evaluation) => this.tell(evaluation),
    });
  }

  private tell({ totalSeconds, entries }: Evaluation): void {
    const { onProgress, onPlan } = this.context;
    onProgress?.({ phase: 'search', totalSeconds });
    const plan = onPlan && this.search.evaluator.plan(this.problem, entries);
    if (plan) onPlan(plan);
  }

  solve(): TwoTimescaleResult {
    const conflicts = provenConflicts(this.problem, this.choices);
    if (conflicts.length > 0) return { ...this.nothing('infeasible'), conflicts };
    this.search.startFromPlans(this.context.starts ?? []);
    this.startFromDual();
    this.startFromRelaxations();
    this.searchTree();
    this.boundAtPlan();
    const ended = this.ended();
    const { best } = this.search;
    if (!best || best.totalSeconds === Infinity) return this.nothing(ended ?? 'locally-infeasible');
    return this.finish(best.entries, ended ?? 'locally-optimal');
  }

  private ended() {
    return this.budget.exhausted(0, 0);
  }

  /** The dual gives a start and the bound that the answer is compared with; for a common batch it costs more than the rest. */
  private startFromDual(): void {
    if (this.problem.sharing === 'batched' || this.ended()) return;
    const left = this.budget.timeLimitSeconds - this.budget.elapsedSeconds();
    this.bound = boundPlan(this.problem, left < Infinity ? { timeLimitSeconds: dualPart * left } : {}, {
      choices: this.choices,
      signal: this.context.signal,
      onIteration: this.note,
    });
    this.search.startFromDual(this.bound);
  }

  private startFromRelaxations(): void {
    const relaxation = new Relaxation(this.problem, this.choices);
    const starts = this.options.starts ?? defaultStarts(this.choices.deviceCount);
    for (let k = 0; k < starts && !this.ended() && !this.isSettled(); k++) {
      const random = k > 0 ? randomStream(this.options.seed, `relaxation-start-${k}`) : undefined;
      const relaxed = relaxation.solve(this.relaxationBudget(), random, this.note);
      this.relaxationIterations += relaxed.outcome.iterations;
      this.roundAndImprove(relaxed);
    }
  }

  /** Few devices: prices say little about single choices there, a few nodes of the tree say more. */
  private searchTree(): void {
    const { choices, search, problem } = this;
    // The tree judges its leaves with whole blocks, each of which takes longer than the rest of the search where they are many.
    const isSearched = problem.resourceBlockHz !== undefined && divides(problem);
    const small = choices.deviceCount <= treeDevices && choices.blocks.length <= treeChoices && !isSearched;
    if (!this.options.localImprovement || !small || this.ended() || this.isSettled()) return;
    const known = search.best && search.evaluator.plan(problem, search.best.entries);
    const left = this.budget.timeLimitSeconds - this.budget.elapsedSeconds();
    const { plan } = planExact(
      problem,
      { maxNodes: treeNodes, ...(left < Infinity && { timeLimitSeconds: Math.max(1e-3, treePart * left) }) },
      { signal: this.context.signal, starts: known ? [known] : [], bound: this.bound },
    );
    if (plan) search.offer(entriesOfPlan(choices, plan));
  }

  /** With whole blocks the dual jumps as the round grows: what it says just below the plan found may be more. */
  private boundAtPlan(): void {
    const { bestSeconds } = this.search;
    const { bound, problem } = this;
    if (!bound || problem.resourceBlockHz === undefined || bestSeconds === Infinity || this.ended()) return;
    if (bestSeconds <= bound.boundSeconds * (1 + 1e-8)) return;
    const again = boundPlan(
      problem,
      {},
      { choices: this.choices, signal: this.context.signal, incumbentSeconds: bestSeconds },
    );
    if (again.boundSeconds > bound.boundSeconds && again.boundSeconds < Infinity) this.bound = again;
  }

  /** So near the bound that no other start can gain much. */
  private isSettled(): boolean {
    return this.bound !== undefined && this.search.bestSeconds <= this.bound.boundSeconds * (1 + settledGap);
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

  private roundAndImprove(relaxed: RelaxedPlan): void {
    const { choices, search } = this;
    const nearest = nearestEntries(this.problem, choices, relaxed);
    // Prices of the unrepaired rounding: it may break accuracy, but its shares exist where any do.
    const cost = search.improvement.costsAt({
      ...search.evaluator.evaluate(nearest),
      totalSeconds: relaxed.totalSeconds,
    });
    const repaired = search.improvement.repaired(cost, nearest);
    const byPrices = priceRounding(choices, cost);
    if (repaired) this.roundedSeconds = Math.min(this.roundedSeconds, search.offer(repaired).totalSeconds);
    if (!this.options.localImprovement) return;
    const starts = [repaired, byPrices, ...this.leastDemanding()].filter((entries) => entries !== undefined);
    search.improveFrom(starts);
  }

  /** Assignments that take least of what is limited, for problems whose limits leave little; only if nothing else is known. */
  private leastDemanding(): Int32Array[] {
    if (this.search.bestSeconds < Infinity) return [];
    const { choices } = this;
    const found: Int32Array[] = [];
    const weights = [0, 0.01, 0.1, 1, 10, 100, Infinity];
    const limitsTraffic = Number.isFinite(choices.trafficLimit) || choices.extra.length > 0;
    const mixtures = weights.flatMap((memory) =>
      (limitsTraffic ? weights : [0]).map((traffic) => ({ memory, traffic })),
    );
    for (const mixture of mixtures) {
      const entries = new Int32Array(choices.deviceCount);
      for (let n = 0; n < entries.length; n++) {
        let least = Infinity;
        for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
          const own = mixed(choices, j, mixture);
          if (own < least) {
            least = own;
            entries[n] = j;
          }
        }
      }
      if (isWithinCoupling(choices, entries)) found.push(entries);
    }
    return found;
  }

  /** Shares of the best choices, the bandwidths by the chosen method, between equally fast plans the preferred one. */
  private finish(entries: Int32Array, termination: Termination): TwoTimescaleResult {
    const { problem } = this;
    const found = allocate(problem, decisionsOfEntries(this.choices, entries));
    if (found.status === 'infeasible') return { ...this.nothing('locally-infeasible'), conflicts: found.conflicts };
    const settled = termination === 'locally-optimal' ? breakTies(problem, found.plan, this.context.signal) : undefined;
    const chosen = settled ?? found.plan;
    const polished = planBandwidth(problem, chosen, {
      method: this.options.bandwidthMethod,
      signal: this.context.signal,
      onIteration: this.note,
    });
    const judged = judgePlan(problem, chosen);
    const { plan, totalSeconds, violations } =
      polished.plan !== undefined && polished.totalSeconds <= judged.totalSeconds
        ? judgePlan(problem, polished.plan)
        : judged;
    if (violations.length > 0) return { ...this.nothing('locally-infeasible'), conflicts: violations };
    return {
      plan,
      totalSeconds,
      termination,
      conflicts: violations,
      ...(this.bound && { bound: this.bound }),
      ...(problem.resourceBlockHz === undefined && {
        delayPerHertz: polished.delayPerHertz ?? found.prices.bandwidthSecondsPerHz,
      }),
      statistics: { ...this.statistics(), bandwidthSteps: polished.statistics['steps'] ?? 0 },
    };
  }

  private nothing(termination: Termination): TwoTimescaleResult {
    return {
      totalSeconds: Infinity,
      termination,
      conflicts: [],
      statistics: this.statistics(),
      ...(this.bound && { bound: this.bound }),
    };
  }

  private statistics(): Record<string, number> {
    return {
      relaxationIterations: this.relaxationIterations,
      roundedSeconds: this.roundedSeconds,
      evaluations: this.search.evaluator.evaluations,
      exchanges: this.search.improvement.exchanges,
    };
  }
}

/** What a choice takes of the limits that couple devices, an infinite weight drowning what stands before it. */
function mixed(choices: PlanChoices, j: number, { memory, traffic }: { memory: number; traffic: number }): number {
  const first = memory === Infinity ? choices.memory[j]! : choices.loss[j]! + memory * choices.memory[j]!;
  let rest = choices.traffic[j]!;
  for (const { use } of choices.extra) rest += use[j]!;
  return traffic === Infinity ? rest : first + traffic * rest;
}

function defaultStarts(deviceCount: number): number {
  return deviceCount <= 50 ? 2 : 1;
}

/** Limits that no plan can keep, each proven on its own. */
function provenConflicts(problem: PlanningProblem, choices: PlanChoices): LimitViolation[] {
  const conflicts: LimitViolation[] = [];
  let loss = 0;
  let memory = 0;
  let traffic = 0;
  const extra = choices.extra.map(() => 0);
  for (let n = 0; n < choices.deviceCount; n++) {
    let leastLoss = Infinity;
    let leastMemory = Infinity;
    let leastTraffic = Infinity;
    for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
      leastLoss = Math.min(leastLoss, choices.loss[j]!);
      leastMemory = Math.min(leastMemory, choices.memory[j]!);
      leastTraffic = Math.min(leastTraffic, choices.traffic[j]!);
    }
    if (leastLoss === Infinity) {
      const { name } = problem.devices[n]!;
      conflicts.push({ limit: 'participation', device: name, found: 0, allowed: 1 });
      continue;
    }
    loss += leastLoss;
    memory += leastMemory;
    traffic += leastTraffic;
    choices.extra.forEach(({ use }, r) => (extra[r]! += leastOf(use, choices.start[n]!, choices.start[n + 1]!)));
  }
  if (conflicts.length > 0) return conflicts;
  const { minimum } = problem.accuracy;
  const weights = problem.devices.reduce((sum, device) => sum + device.weight, 0);
  const short = (loss * choices.accuracyUnit) / weights;
  // Beyond the tolerance only: a search keeps a little within it.
  if (choices.limitsMean && short > limitTolerance * Math.abs(minimum)) {
    conflicts.push({ limit: 'accuracy', found: minimum - short, allowed: minimum });
  }
  if (memory > choices.memoryLimit + limitTolerance) {
    const bytes = problem.serverMemoryBytes;
    conflicts.push({ limit: 'server-memory', found: memory * bytes, allowed: bytes });
  }
  if (problem.trafficLimitBits !== undefined && traffic > choices.trafficLimit + limitTolerance) {
    const bits = problem.trafficLimitBits;
    conflicts.push({ limit: 'traffic', found: traffic * bits, allowed: bits });
  }
  choices.extra.forEach(({ name, unit, limit }, r) => {
    if (extra[r]! <= limit + limitTolerance * Math.abs(limit)) return;
    conflicts.push({ limit: 'extra', extra: name, found: extra[r]! * unit, allowed: limit * unit });
  });
  return conflicts;
}

function leastOf(values: Float64Array, from: number, to: number): number {
  let least = Infinity;
  for (let j = from; j < to; j++) least = Math.min(least, values[j]!);
  return least;
}
