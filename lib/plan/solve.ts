import { ArgumentError } from '../errors/index.js';
import * as z from '../schema/index.js';
import {
  sourceOf,
  type DecidedFrame,
  type Plan,
  type PlanningProblem,
  type ProblemSource,
  type RoundDelay,
} from '../models/index.js';
import { commonOptions, defineOptions, type StopSignal, type Termination } from '../solver/index.js';
import { conventionsOf, describePlan } from './answer.js';
import { compareSchemes, findSchemes, planBits, plansOfSchemes, type Scheme } from './baselines/index.js';
import { Clock } from './clock.js';
import { bandPrice, explainInfeasibility, whatIf } from './explain/index.js';
import { decideFrame } from './frame/index.js';
import { fastestFeasible, judgePlan, relativeGapOf } from './judge.js';
import { runMethod, type MethodOutcome } from './methods.js';
import { solverOracle } from './oracle.js';
import type { Planner } from './planner.js';
import type { SolveProgress } from './progress.js';
import { provenBound, provesSomething } from './proven-bound.js';
import { sparePower } from './spare-power.js';
import { tradeOffCurve } from './trade-off/index.js';
import { bandwidthMethods, planMethods, type BoundReport, type PlanReport, type PlanStatus } from './report.js';

/** Options of `solvePlan`: types, defaults and meanings. */
export const solveOptions = defineOptions({
  method: z
    .enum(planMethods)
    .default('two-timescale')
    .describe(
      'two-timescale: augmented Lagrangian, rounding and SQP; exact: branch and bound; bandwidth: only the shares, choices from an earlier plan.',
    ),
  bandwidthMethod: z
    .enum(bandwidthMethods)
    .default('sqp')
    .describe('sqp: sequential quadratic programming in epigraph form; scalar: search on the round delay.'),
  timeLimitSeconds: commonOptions.timeLimitSeconds,
  seed: z.int().min(0).default(1).describe('Seed of everything random: starts of the search and the random baseline.'),
  gapTolerance: z
    .number()
    .min(0)
    .default(1e-6)
    .describe('The exact method stops when (T − bound) / T is no larger than this.'),
  baselines: z.boolean().default(true).describe('Compute conventional schemes to compare with.'),
  whatIf: z
    .enum(['auto', 'always', 'never'])
    .default('auto')
    .describe('Solve the problem again with one thing changed; auto: up to 100 devices.'),
  tradeOff: z
    .enum(['none', 'traffic', 'energy'])
    .default('none')
    .describe('Delay against what each device may use of this in a round.'),
});
/** Options of `solvePlan`; `solveOptions` has each with its default and meaning. */
export type SolveOptions = z.input<typeof solveOptions.schema>;
/** The options of `solvePlan` with their defaults filled in. */
export type ResolvedSolveOptions = z.output<typeof solveOptions.schema>;

/** What a caller of `solvePlan` may pass beside options: a signal, plans to start from, progress. */
export interface SolveHooks {
  /** Ends the search with the best plan so far once aborted. */
  readonly signal?: StopSignal | undefined;
  /** Choices and shares to start from; required by the `bandwidth` method. */
  readonly warm?: Plan | undefined;
  /** Further plans to start from, of any origin: the answer is no slower than one of them that keeps all limits. */
  readonly starts?: readonly Plan[] | undefined;
  /** Called when the best plan or the bound improves. */
  readonly onProgress?: ((progress: SolveProgress) => void) | undefined;
  /** Told of the best plan so far whenever there is a faster one; each keeps all limits of the problem. */
  readonly onPlan?: ((plan: Plan) => void) | undefined;
}

/** Largest instance whose what-if questions `auto` answers. */
const whatIfDevices = 100;
/** Part of a time limit for the search; bound and recomputation need the rest. */
const searchShare = 0.6;
/** Time given to the exact method to decide whether anything is feasible when the search found nothing. */
const decisionSeconds = 20;

/**
 * Solves a planning problem and proves how good the answer is. Changed problems (what-if, remedies, prices) are rebuilt from
 * its source: give a `ProblemSource`, such as a problem file as it was read; a bare problem is its own source (`sourceOf`).
 * Never throws for an infeasible problem; throws `OptionsError` for bad options and `RangeError` if `bandwidth` is asked for
 * without a plan to start from.
 *
 * @param from - A problem, or a source that knows how to change it.
 * @param given - Method, limits, seed and what to explain; what is absent takes its default.
 * @param hooks - Plans to start from, signal and callbacks.
 * @throws OptionsError for options that do not fit, ArgumentError for `bandwidth` without a plan to start from.
 * @example
 * ```ts
 * import { parseProblemFile, solvePlan } from 'sft-opt';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { status, bound } = solvePlan(problem, { whatIf: 'never', baselines: false });
 * console.log(status, bound.verified); // solved true
 * ```
 */
export function solvePlan(
  from: PlanningProblem | ProblemSource,
  given: Partial<SolveOptions> = {},
  hooks: SolveHooks = {},
): PlanReport {
  const source = 'rebuild' in from ? from : sourceOf(from);
  const options = solveOptions.resolve(given);
  const clock = new Clock(options.timeLimitSeconds);
  if (source.frame) return solveWithFrame(source, source.frame, options, hooks, clock);
  return solveSource(source, options, hooks, clock);
}

/** Part of a time limit for the division of the frame; what the answer is compared with needs the rest. */
const frameShare = 0.7;

/**
 * Decides the division of the frame, then solves at that fraction from the plan found; the bound is that of all fractions. Where no
 * fraction has a plan the explanation is that of the fraction that stands for all.
 */
function solveWithFrame(
  source: ProblemSource,
  frame: DecidedFrame,
  options: ResolvedSolveOptions,
  hooks: SolveHooks,
  clock: Clock,
): PlanReport {
  if (options.method === 'bandwidth') {
    throw new ArgumentError(
      'the method `bandwidth` keeps an earlier plan: give the part of the frame for the uplink',
      'unsuitable',
    );
  }
  hooks.onProgress?.({ phase: 'search' });
  const frameClock = new Clock(frameShare * clock.left());
  const decision = decideFrame(frame, source.problem, {
    planner: plannerOf(options, hooks, frameClock),
    plansIntervals: options.method === 'exact',
    prove: (problem, outcome) => provenBound(problem, outcome, frameClock, hooks.signal),
    signal: frameClock.signal(hooks.signal),
    starts: [...(hooks.warm ? [hooks.warm] : []), ...(hooks.starts ?? [])],
  });
  const { uplinkFraction, plan, intervals, fractions, finished, verified } = decision;
  const report = solveSource(
    frame.at(uplinkFraction),
    options,
    { ...hooks, warm: undefined, starts: plan ? [plan] : [] },
    clock,
  );
  const decided = { uplinkFraction, intervals, fractions };
  if (!report.answer) {
    // One fraction without a plan proves nothing of the others.
    const proven = decision.boundSeconds === Infinity && verified;
    if (proven && report.status === 'infeasible') {
      const message = 'no plan keeps all limits at any division of the frame; why, and remedies, are those of one half';
      return { ...report, message, frame: decided };
    }
    if (report.status !== 'infeasible') return { ...report, frame: decided };
    const { infeasibility: _, ...rest } = report;
    const message = 'no feasible plan was found at any division of the frame, and none is proven not to exist';
    const bound = { ...report.bound, boundSeconds: decision.boundSeconds, source: 'intervals' } as const;
    return { ...rest, status: 'unknown', termination: 'stalled', message, bound, frame: decided };
  }
  const { totalSeconds } = report.answer.delay;
  const { certificate: _, ...own } = report.bound;
  const boundSeconds = Math.min(decision.boundSeconds, totalSeconds);
  const bound: BoundReport = {
    ...own,
    boundSeconds,
    relativeGap: relativeGapOf(totalSeconds, boundSeconds),
    verified,
    source: boundSeconds > 0 ? 'intervals' : 'none',
  };
  const proves = provesSomething(source.problem, bound);
  const status: PlanStatus = report.status === 'solved' && finished && proves ? 'solved' : 'feasible';
  const termination = finished || report.termination !== 'optimal' ? report.termination : 'stalled';
  return {
    ...report,
    status,
    termination:
      termination === 'optimal' && bound.relativeGap! > options.gapTolerance ? 'locally-optimal' : termination,
    message: `${messageOf(source.problem, status, termination, totalSeconds, bound)}, at any division of the frame (${(100 * uplinkFraction).toPrecision(4)} % for the uplink)`,
    timeSeconds: clock.elapsed(),
    bound,
    frame: decided,
  };
}

function solveSource(
  source: ProblemSource,
  options: ResolvedSolveOptions,
  hooks: SolveHooks,
  clock: Clock,
): PlanReport {
  const { problem } = source;
  hooks.onProgress?.({ phase: 'search' });
  const onPlan = hooks.onPlan && fasterOnly(problem, hooks.onPlan);
  const outcome = searchPlan(problem, options, { ...hooks, onPlan }, clock);
  if (outcome.plan) onPlan?.(outcome.plan);
  hooks.onProgress?.({ phase: 'bound', ...(outcome.plan && { totalSeconds: outcome.totalSeconds }) });
  const bound = provenBound(problem, outcome, clock, hooks.signal);
  const base = {
    method: options.method,
    bandwidthMethod: options.bandwidthMethod,
    seed: options.seed,
    conventions: conventionsOf(problem),
    statistics: outcome.statistics,
  };
  if (!outcome.plan) return withoutPlan(source, options, hooks, clock, outcome, bound, base);

  const priceFound = stopped(hooks, clock) ? undefined : bandPrice(source, outcome.plan);
  const planner = plannerOf(options, hooks, clock);
  const schemes =
    options.baselines && !stopped(hooks, clock)
      ? schemesOf(source, planner, options, hooks, clock, bound.boundSeconds)
      : [];
  const plan = noSlowerThan(schemes, problem, outcome.plan, options, hooks, clock);
  const price = plan === outcome.plan ? priceFound : bandPrice(source, plan);
  const answer = describePlan(problem, sparePower(problem, plan), price);
  const { totalSeconds } = answer.delay;
  const cutShort = outcome.termination !== 'optimal' && outcome.termination !== 'locally-optimal';
  const status: PlanStatus = cutShort || !provesSomething(problem, bound) ? 'feasible' : 'solved';
  const asksWhatIf =
    options.whatIf === 'always' || (options.whatIf === 'auto' && problem.devices.length <= whatIfDevices);
  const changes =
    asksWhatIf && !stopped(hooks, clock) ? changesOf(source, plan, answer.delay, planner, hooks, clock) : [];
  return {
    ...base,
    status,
    termination: outcome.termination,
    message: messageOf(problem, status, outcome.termination, totalSeconds, bound),
    timeSeconds: clock.elapsed(),
    answer,
    bound: {
      ...bound,
      relativeGap: relativeGapOf(totalSeconds, bound.boundSeconds),
      ...(bound.batchedForm === 'chain' && { chainFormGap: chainFormGap(answer.delay) }),
    },
    baselines: compareSchemes(schemes, { totalSeconds, bitsPerRound: planBits(problem, plan) }),
    whatIf: changes,
    ...tradeOffOf(problem, plan, bound.boundSeconds, planner, options, hooks, clock),
  };
}

/** (T − the longest chain) / T: what the chain form of a common batch leaves out of this plan's round. */
function chainFormGap({ totalSeconds, aggregationSeconds, chainSeconds }: RoundDelay): number {
  const longest = chainSeconds.reduce((most, each) => Math.max(most, each), 0);
  return Math.max(0, (totalSeconds - aggregationSeconds - longest) / totalSeconds);
}

/** The chosen method; where it finds nothing and proves nothing, branch and bound decides whether there is a plan. */
function searchPlan(
  problem: PlanningProblem,
  options: ResolvedSolveOptions,
  hooks: SolveHooks,
  clock: Clock,
): MethodOutcome {
  const outcome = runMethod(problem, options, { ...hooks, timeLimitSeconds: searchShare * clock.left() });
  const undecided = !outcome.plan && outcome.termination === 'locally-infeasible';
  if (!undecided || stopped(hooks, clock)) return outcome;
  const timeLimitSeconds = Math.min(decisionSeconds, searchShare * clock.left());
  const decided = runMethod(problem, { ...options, method: 'exact' }, { ...hooks, timeLimitSeconds });
  return { ...decided, statistics: { ...outcome.statistics, ...decided.statistics, decidedByExact: 1 } };
}

/** Passes on what keeps all limits and is faster than all before. */
function fasterOnly(problem: PlanningProblem, listener: (plan: Plan) => void): (plan: Plan) => void {
  let bestSeconds = Infinity;
  return (plan) => {
    const { isFeasible, totalSeconds } = judgePlan(problem, plan);
    if (!isFeasible || totalSeconds >= bestSeconds) return;
    bestSeconds = totalSeconds;
    listener(plan);
  };
}

type ReportBase = Pick<PlanReport, 'method' | 'bandwidthMethod' | 'seed' | 'conventions' | 'statistics'>;

/** No feasible plan was found: decide between infeasible and unknown, and explain. */
function withoutPlan(
  source: ProblemSource,
  options: ResolvedSolveOptions,
  hooks: SolveHooks,
  clock: Clock,
  outcome: MethodOutcome,
  bound: BoundReport,
  base: ReportBase,
): PlanReport {
  const proven = bound.boundSeconds === Infinity || outcome.termination === 'infeasible';
  const interrupted = hooks.signal?.aborted === true;
  const termination: Termination = proven ? 'infeasible' : interrupted ? 'interrupted' : outcome.termination;
  const status: PlanStatus = proven ? 'infeasible' : 'unknown';
  hooks.onProgress?.({ phase: 'explanation' });
  const explained = proven &&
    !interrupted && {
      infeasibility: explainInfeasibility(
        source,
        solverOracle(options.seed, () => clock.left(), hooks.signal),
      ),
    };
  return {
    ...base,
    status,
    termination,
    message: proven
      ? 'no plan keeps all limits'
      : 'no feasible plan was found, and none is proven not to exist, before the search ended',
    timeSeconds: clock.elapsed(),
    bound: proven ? { ...bound, boundSeconds: Infinity } : bound,
    baselines: [],
    whatIf: [],
    ...(explained || {}),
  };
}

function schemesOf(
  source: ProblemSource,
  planner: Planner,
  options: ResolvedSolveOptions,
  hooks: SolveHooks,
  clock: Clock,
  boundSeconds: number,
): Scheme[] {
  hooks.onProgress?.({ phase: 'baselines' });
  const signal = clock.signal(hooks.signal);
  const variant = (settings: readonly string[]) => {
    const rebuilt = source.rebuild({ settings });
    return rebuilt.ok ? rebuilt.source.problem : undefined;
  };
  return findSchemes(source.problem, { planner, seed: options.seed, signal, variant, boundSeconds });
}

/**
 * The answer, or one found from a scheme that turned out faster: what is printed beside an answer is never better. The
 * `bandwidth` method answers for the choices it was given, which a scheme may well beat.
 */
function noSlowerThan(
  schemes: readonly Scheme[],
  problem: PlanningProblem,
  plan: Plan,
  options: ResolvedSolveOptions,
  hooks: SolveHooks,
  clock: Clock,
): Plan {
  if (options.method === 'bandwidth') return plan;
  const better = fastestFeasible(problem, [plan, ...plansOfSchemes(schemes)]);
  if (!better || better.plan === plan) return plan;
  const timeLimitSeconds = Math.min(decisionSeconds, Math.max(0.1, clock.left()));
  const again = runMethod(problem, options, { signal: hooks.signal, timeLimitSeconds, starts: [better.plan] });
  return fastestFeasible(problem, again.plan ? [again.plan, better.plan] : [better.plan])!.plan;
}

function tradeOffOf(
  problem: PlanningProblem,
  plan: Plan,
  boundSeconds: number,
  planner: Planner,
  options: ResolvedSolveOptions,
  hooks: SolveHooks,
  clock: Clock,
): Pick<PlanReport, 'tradeOff'> {
  if (options.tradeOff === 'none' || stopped(hooks, clock)) return {};
  hooks.onProgress?.({ phase: 'trade-off' });
  const signal = clock.signal(hooks.signal);
  return { tradeOff: tradeOffCurve(problem, options.tradeOff, { planner, plan, boundSeconds, signal }) };
}

function changesOf(
  source: ProblemSource,
  plan: Plan,
  delay: RoundDelay,
  planner: Planner,
  hooks: SolveHooks,
  clock: Clock,
): PlanReport['whatIf'] {
  hooks.onProgress?.({ phase: 'what-if' });
  return whatIf(
    source,
    { plan, delay },
    {
      planner,
      prove: (problem, outcome) => provenBound(problem, outcome, clock, hooks.signal),
      signal: clock.signal(hooks.signal),
    },
  );
}

/** How baselines and explanations solve changed problems: quickly, with the same method unless that needs a warm plan. */
function plannerOf(options: ResolvedSolveOptions, hooks: SolveHooks, clock: Clock): Planner {
  const method = options.method === 'bandwidth' ? 'two-timescale' : options.method;
  return (changed, starts) => {
    const timeLimitSeconds = Math.min(decisionSeconds, Math.max(0.1, clock.left()));
    return runMethod(changed, { ...options, method }, { signal: hooks.signal, timeLimitSeconds, starts });
  };
}

function stopped(hooks: SolveHooks, clock: Clock): boolean {
  return hooks.signal?.aborted === true || clock.left() <= 0;
}

function messageOf(
  problem: PlanningProblem,
  status: PlanStatus,
  termination: Termination,
  totalSeconds: number,
  bound: BoundReport,
): string {
  const gap = (100 * Math.max(0, totalSeconds - bound.boundSeconds)) / totalSeconds;
  const round = `a round takes ${totalSeconds.toPrecision(5)} s`;
  const proven = provesSomething(problem, bound);
  const proof = proven ? `no plan is more than ${gap.toPrecision(2)} % faster` : 'no bound is proven';
  if (status === 'solved') return `${round}; ${proof}`;
  if (termination !== 'optimal' && termination !== 'locally-optimal') {
    return `stopped early (${termination}): ${round}; ${proof}`;
  }
  return `feasible, not proven: ${round}; ${whyUnproven(problem, bound)}`;
}

function whyUnproven({ devices }: PlanningProblem, { source }: BoundReport): string {
  if (devices.every(({ optional }) => optional)) {
    return 'no bound is proven: every device is optional, and a dual may leave all of them out';
  }
  return source === 'none'
    ? 'the recomputation did not confirm the bound that the search claimed'
    : 'the bound is no larger than the aggregation';
}
