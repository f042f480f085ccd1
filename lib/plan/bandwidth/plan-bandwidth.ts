import { ArgumentError } from '../../errors/index.js';
import { buildChoices, exceeds, type LimitViolation, type Plan, type PlanningProblem } from '../../models/index.js';
import { Budget, type Termination, type StopSignal } from '../../solver/index.js';
import { judgePlan } from '../judge.js';
import type { IterationListener } from '../progress.js';
import {
  allocateLoads,
  energyConflicts,
  planOf,
  shareConflicts,
  sharesInHz,
  type NoShares,
  type SharesFound,
} from './allocate.js';
import { compileLoads, loadsOfDecisions, type FixedDecision, type StepLoads } from './compile.js';
import { sqpShares } from './sqp.js';
import { trimShares } from './trim-shares.js';

/** Options of `planBandwidth`. */
export interface BandwidthOptions {
  /**
   * `sqp` needs no search over T; `scalar` is the search over T, also used where a limit of the links' efficiency (or of
   * energy) puts kinks into their rates. Resource blocks have a search of their own.
   */
  readonly method?: 'sqp' | 'scalar';
  /** Steps of the SQP before it gives up; 200 when absent. */
  readonly maxSteps?: number;
  /** Seconds before the search ends; no limit when absent. */
  readonly timeLimitSeconds?: number;
  /** Ends the search once aborted. */
  readonly signal?: StopSignal | undefined;
  /** Called after each step of the SQP. */
  readonly onIteration?: IterationListener | undefined;
}

/** A plan found by one of the planning methods. */
export interface PlanSearchResult {
  /** Absent where no plan was found. */
  readonly plan?: Plan;
  /** Round delay of the plan, seconds; Infinity without one. */
  readonly totalSeconds: number;
  /** Why the search ended. */
  readonly termination: Termination;
  /** Limits that contradict each other at the choices tried, with `infeasible`. */
  readonly conflicts: readonly LimitViolation[];
  /** dT/dB at the plan's choices and server shares, s/Hz, ≤ 0; absent with resource blocks. */
  readonly delayPerHertz?: number;
  /** Counts of work, by name. */
  readonly statistics: Readonly<Record<string, number>>;
}

/**
 * The small time scale: bandwidths for choices and server shares that stay. They come from `warm` (an earlier plan, whose
 * bandwidths also start the SQP), or from pins that leave one choice; server shares are found together with the bandwidths when
 * no plan gives them. Throws RangeError where choices are neither pinned nor given.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param warm - Plan whose choices stay.
 * @param options - Method and limits.
 * @throws ArgumentError where choices are neither pinned nor given.
 * @example
 * ```ts
 * import { parseProblemFile, planBandwidth, planTwoTimescale } from 'sft-opt';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan, totalSeconds } = planTwoTimescale(problem);
 * const again = planBandwidth(problem, plan);
 * console.log(again.termination, Math.abs(again.totalSeconds / totalSeconds - 1) < 1e-6); // optimal true
 * ```
 */
export function planBandwidth(problem: PlanningProblem, warm?: Plan, options: BandwidthOptions = {}): PlanSearchResult {
  const decisions = warm ? warm.devices : pinnedDecisions(problem);
  const loads = loadsOfDecisions(problem, decisions);
  const given = warm && problem.sharing === 'allocated' ? givenShares(warm, loads) : undefined;
  const useSqp = (options.method ?? 'sqp') === 'sqp' && problem.resourceBlockHz === undefined;
  if (useSqp) {
    const serverShare = problem.sharing === 'allocated' ? given : commonShares(problem, loads);
    if (serverShare) return bySqp(problem, decisions, loads, serverShare, warm, options);
  }
  const found = allocateLoads(problem, loads, given);
  if (found.status === 'infeasible') return withoutPlan(found);
  return useSqp
    ? bySqp(problem, decisions, loads, found.serverShare, warm, options)
    : finish(problem, decisions, loads, found, found.exact ? 'optimal' : 'stalled', { passes: found.passes });
}

function withoutPlan({ conflicts, unproven }: Pick<NoShares, 'conflicts' | 'unproven'>): PlanSearchResult {
  return { totalSeconds: Infinity, termination: unproven ? 'stalled' : 'infeasible', conflicts, statistics: {} };
}

/** Shares of the server that are no decision. */
function commonShares(problem: PlanningProblem, loads: StepLoads): Float64Array {
  return new Float64Array(loads.device.length).fill(problem.sharing === 'equal' ? 1 / problem.devices.length : 1);
}

function bySqp(
  problem: PlanningProblem,
  decisions: readonly FixedDecision[],
  loads: StepLoads,
  serverShare: Float64Array,
  warm: Plan | undefined,
  options: BandwidthOptions,
): PlanSearchResult {
  const lacking = energyConflicts(problem, loads);
  if (lacking.length > 0) return withoutPlan({ conflicts: lacking });
  const compiled = compileLoads(problem, loads, serverShare);
  const contradictions = shareConflicts(problem, compiled);
  if (contradictions.length > 0) return withoutPlan({ conflicts: contradictions });
  if (compiled.rows.kinked) {
    // Quadratic models know no kinks of the rate: the search over T does.
    const found = allocateLoads(problem, loads, serverShare);
    if (found.status === 'infeasible') return withoutPlan(found);
    return finish(problem, decisions, loads, found, found.exact ? 'optimal' : 'stalled', { passes: found.passes });
  }
  const start = warm && Float64Array.from(loads.device, (n) => warm.devices[n]!.bandwidthHz / problem.bandwidthHz);
  const budget = new Budget({
    ...(options.timeLimitSeconds !== undefined && { timeLimitSeconds: options.timeLimitSeconds }),
    signal: options.signal,
  });
  const answer = sqpShares(compiled, start, {
    budget,
    onStep:
      options.onIteration &&
      ((iteration, delaySeconds, residual) =>
        options.onIteration!({
          algorithm: 'bandwidth',
          iteration,
          totalSeconds: delaySeconds + compiled.constantSeconds,
          residual,
        })),
    ...(options.maxSteps !== undefined && { maxSteps: options.maxSteps }),
  });
  const trimmed = trimShares(compiled, answer.reciprocal);
  const found: SharesFound = {
    status: 'optimal',
    totalSeconds: answer.delaySeconds + compiled.constantSeconds,
    bandwidthHz: sharesInHz(compiled, trimmed),
    serverShare,
    prices: { bandwidthSecondsPerHz: answer.bandwidthPrice / compiled.bandwidthHz, serverSecondsPerShare: 0 },
    exact: true,
    passes: answer.steps,
  };
  const statistics = { steps: answer.steps, workingSetChanges: answer.workingSetChanges, residual: answer.residual };
  return finish(problem, decisions, loads, found, answer.termination, statistics);
}

function finish(
  problem: PlanningProblem,
  decisions: readonly FixedDecision[],
  loads: StepLoads,
  found: SharesFound,
  termination: Termination,
  statistics: Readonly<Record<string, number>>,
): PlanSearchResult {
  const plan = planOf(problem, decisions, loads, found);
  const { totalSeconds, violations: conflicts } = judgePlan(problem, plan);
  if (conflicts.length > 0) {
    // Shares that are not known to be the best prove nothing by missing a limit.
    const proven = termination === 'optimal' || termination === 'locally-optimal';
    return { totalSeconds: Infinity, termination: proven ? 'infeasible' : termination, conflicts, statistics };
  }
  const price = found.prices.bandwidthSecondsPerHz;
  return {
    plan,
    totalSeconds,
    termination,
    conflicts,
    ...(problem.resourceBlockHz === undefined && { delayPerHertz: price }),
    statistics,
  };
}

/** Server shares of an earlier plan for the participants, or undefined if they do not cover the server's work. */
function givenShares(warm: Plan, loads: StepLoads): Float64Array | undefined {
  let sum = 0;
  const shares = Float64Array.from(loads.device, (n) => warm.devices[n]!.serverShare);
  for (let k = 0; k < shares.length; k++) {
    if (loads.serverSeconds[k] === 0) continue;
    if (!(shares[k]! > 0)) return undefined;
    sum += shares[k]!;
  }
  return exceeds(sum, 1) ? undefined : shares;
}

/** The one choice that pins leave to each device. */
function pinnedDecisions(problem: PlanningProblem): FixedDecision[] {
  const open: string[] = [];
  const decisions = problem.devices.map((device) => {
    const table = buildChoices(problem, device);
    if (table.count !== 1) open.push(device.name);
    return {
      participates: true,
      blocks: table.blocks[0] ?? 0,
      upPoint: table.upPoint[0] ?? 0,
      downPoint: table.downPoint[0] ?? 0,
    };
  });
  if (open.length > 0) {
    throw new ArgumentError(
      `the bandwidth method needs an earlier plan, or pins that leave just one choice to each device; not so for ${open.join(', ')}`,
    );
  }
  return decisions;
}
