import {
  exceeds,
  leastSecondsPerBit,
  limitTolerance,
  roundDelay,
  type DevicePlan,
  type LimitViolation,
  type Plan,
  type PlanningProblem,
} from '../../models/index.js';
import {
  compileLoads,
  loadsOfDecisions,
  type CompiledAllocation,
  type FixedDecision,
  type StepLoads,
} from './compile.js';
import { searchCustomShares } from './custom-search.js';
import { isProvenBest, loneAnswer } from './custom-shares.js';
import { rowValue } from './delay-rows.js';
import { JointSearch } from './joint-search.js';
import { blockLimits, searchBlocks } from './resource-blocks.js';
import { searchShares } from './share-search.js';
import { cutThresholds } from './threshold-cuts.js';
import { searchThresholds } from './threshold-search.js';

/** Marginal delay at the fixed choices; ≤ 0, and 0 where the resource does not bind or comes in whole blocks. */
export interface AllocationPrices {
  /** dT/dB, s/Hz. */
  readonly bandwidthSecondsPerHz: number;
  /** dT for one more whole server, s; 0 where shares of the server are no decision. */
  readonly serverSecondsPerShare: number;
}

/** Shares for the participants of `loads`, in their order. */
export interface SharesFound {
  readonly status: 'optimal';
  /** Round with aggregation, seconds. */
  readonly totalSeconds: number;
  /** Bandwidth of each participant, Hz. */
  readonly bandwidthHz: Float64Array;
  /** Share of the server of each participant, 0 … 1. */
  readonly serverShare: Float64Array;
  /** What a little more of each limit is worth. */
  readonly prices: AllocationPrices;
  /** False for resource blocks under a common batch whose search was cut short, and for custom laws whose shares no bound confirms. */
  readonly exact: boolean;
  /** Passes over all devices that the search took. */
  readonly passes: number;
  /** With `batched` and divisible bandwidth: the longest of each stage (`rowWeights` of `CompiledAllocation`), seconds. */
  readonly thresholds?: Float64Array;
}

/** No shares meet the limits. */
export interface NoShares {
  readonly status: 'infeasible';
  /** The deadline was missed by shares that no bound confirms as the best (`exact: false`): no proof that none meet it. */
  readonly unproven?: true;
  /** Limits that contradict each other. */
  readonly conflicts: readonly LimitViolation[];
}

/** Best shares at fixed choices, as a plan. */
export interface Allocated {
  readonly status: 'optimal';
  /** The choices with their shares. */
  readonly plan: Plan;
  /** `roundDelay` of the plan. */
  readonly totalSeconds: number;
  /** What a little more of each limit is worth. */
  readonly prices: AllocationPrices;
  /** False where the shares are good but not proven best; see `SharesFound`. */
  readonly exact: boolean;
  /** Passes over all devices that the search took. */
  readonly passes: number;
}

/**
 * Best shares of band and server for fixed decisions, to rounding (`exact`; of custom laws only where a bound confirms them). All
 * sharings, limits of shares, pinned bandwidths and resource blocks; a deadline that the best shares miss is a conflict. Devices
 * with time to spare get no more bandwidth than the round needs.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param decisions - Participation, cut and points of each device of the problem.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { allocate } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const decision = { participates: true, blocks: 2, upPoint: 0, downPoint: 0 };
 * console.log(allocate(problem, [decision, decision]).status); // optimal
 * ```
 */
export function allocate(problem: PlanningProblem, decisions: readonly FixedDecision[]): Allocated | NoShares {
  const loads = loadsOfDecisions(problem, decisions);
  const found = allocateLoads(problem, loads);
  if (found.status === 'infeasible') return found;
  const plan = planOf(problem, decisions, loads, found);
  return {
    status: 'optimal',
    plan,
    totalSeconds: roundDelay(problem, plan).totalSeconds,
    prices: found.prices,
    exact: found.exact,
    passes: found.passes,
  };
}

/**
 * The same from compiled loads, without objects per device: for searches that try many decisions. With `serverShares` (one
 * a participant) only the band is divided. With a cut-off, an answer that is not faster than it need not be the least.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param loads - Loads as `loadsOfDecisions` makes them.
 * @param serverShares - Share of the server of each participant; a decision when absent.
 * @param cutoffSeconds - Answers from here on need not be the best.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { allocateLoads, loadsOfDecisions } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const decision = { participates: true, blocks: 2, upPoint: 0, downPoint: 0 };
 * const loads = loadsOfDecisions(problem, [decision, decision]);
 * console.log(allocateLoads(problem, loads).status); // optimal
 * ```
 */
export function allocateLoads(
  problem: PlanningProblem,
  loads: StepLoads,
  serverShares?: Float64Array,
  cutoffSeconds = Infinity,
): SharesFound | NoShares {
  const lacking = energyConflicts(problem, loads);
  if (lacking.length > 0) return { status: 'infeasible', conflicts: lacking };
  const compiled = compileLoads(problem, loads, serverShares);
  const conflicts = shareConflicts(problem, compiled);
  if (conflicts.length > 0) return { status: 'infeasible', conflicts };
  const found = problem.resourceBlockHz
    ? allocateBlocks(problem, compiled, problem.resourceBlockHz, cutoffSeconds)
    : allocateContinuous(compiled);
  if (found.status === 'infeasible') return found;
  const deadline = problem.deadlineSeconds;
  if (deadline !== undefined && exceeds(found.totalSeconds, deadline)) {
    const missed = deadlineConflicts(problem, compiled, found.totalSeconds, deadline);
    return { status: 'infeasible', conflicts: missed, ...(!found.exact && { unproven: true }) };
  }
  return serverShares ? { ...found, serverShare: serverShares } : withServerShares(problem, found);
}

/**
 * The plan of fixed decisions with the shares found.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param decisions - Participation, cut and points of each device of the problem.
 * @param loads - Loads of these decisions.
 * @param found - Shares of the participants.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { allocateLoads, loadsOfDecisions, planOf } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const decision = { participates: true, blocks: 2, upPoint: 0, downPoint: 0 };
 * const loads = loadsOfDecisions(problem, [decision, decision]);
 * const found = allocateLoads(problem, loads);
 * if (found.status === 'optimal') console.log(planOf(problem, [decision, decision], loads, found).devices.length); // 2
 * ```
 */
export function planOf(
  problem: PlanningProblem,
  decisions: readonly FixedDecision[],
  loads: StepLoads,
  found: Pick<SharesFound, 'bandwidthHz' | 'serverShare'>,
): Plan {
  const devices: DevicePlan[] = problem.devices.map(() => leftOut);
  loads.device.forEach((n, k) => {
    const { blocks, upPoint, downPoint } = decisions[n]!;
    devices[n] = {
      participates: true,
      blocks,
      upPoint,
      downPoint,
      bandwidthHz: found.bandwidthHz[k]!,
      serverShare: found.serverShare[k]!,
    };
  });
  return { devices };
}

const leftOut: DevicePlan = {
  participates: false,
  blocks: 0,
  upPoint: 0,
  downPoint: 0,
  bandwidthHz: 0,
  serverShare: 0,
};

function allocateContinuous(compiled: CompiledAllocation): SharesFound | NoShares {
  if (!compiled.rows.customTerms) return continuousShares(compiled, searchContinuous(compiled), true);
  if (compiled.count === 1) return continuousShares(compiled, loneAnswer(compiled), true);
  const answer = searchContinuous(compiled);
  if (isProvenBest(compiled, answer)) return continuousShares(compiled, answer, true);
  const again =
    answer.thresholds === undefined
      ? searchCustomShares(compiled, answer.delaySeconds)
      : { ...answer, ...cutThresholds(compiled, answer.thresholds) };
  return continuousShares(compiled, again, isProvenBest(compiled, again));
}

function searchContinuous(compiled: CompiledAllocation): ContinuousAnswer {
  const none = { serverShare: new Float64Array(compiled.count), serverUse: 0 };
  if (compiled.rowWeights.length > 1) return { ...searchThresholds(compiled), ...none };
  if (compiled.serverSeconds.some((work) => work > 0)) return new JointSearch(compiled).solve();
  return { ...searchShares(compiled), ...none };
}

interface ContinuousAnswer {
  readonly delaySeconds: number;
  readonly reciprocal: Float64Array;
  readonly serverShare: Float64Array;
  readonly bandwidthUse: number;
  readonly serverUse: number;
  readonly bandwidthPrice: number;
  readonly serverPrice?: number;
  readonly passes?: number;
  readonly iterations?: number;
  readonly thresholds?: Float64Array;
  readonly rowMultipliers?: Float64Array;
}

function continuousShares(compiled: CompiledAllocation, answer: ContinuousAnswer, exact: boolean): SharesFound {
  const bandwidthHz = sharesInHz(compiled, answer);
  const serverScale = 1 / Math.max(1, answer.serverUse);
  return {
    status: 'optimal',
    totalSeconds: answer.delaySeconds + compiled.constantSeconds,
    bandwidthHz,
    serverShare: answer.serverShare.map((share) => share * serverScale),
    prices: {
      bandwidthSecondsPerHz: answer.bandwidthPrice / compiled.bandwidthHz,
      serverSecondsPerShare: answer.serverPrice ?? 0,
    },
    exact,
    passes: answer.passes ?? answer.iterations ?? 0,
    ...(answer.thresholds && { thresholds: answer.thresholds }),
  };
}

/** Bandwidths; a use beyond the band by rounding is scaled away, from the devices within their limits, rather than left to the tolerance. */
export function sharesInHz(
  compiled: CompiledAllocation,
  answer: Pick<ContinuousAnswer, 'reciprocal' | 'bandwidthUse'>,
): Float64Array {
  const { leastReciprocal, greatestReciprocal, bandwidthHz } = compiled;
  const atLimit = (k: number) =>
    answer.reciprocal[k] === leastReciprocal[k] || answer.reciprocal[k] === greatestReciprocal[k];
  let held = 0;
  if (answer.bandwidthUse > 1) answer.reciprocal.forEach((w, k) => (held += atLimit(k) ? 1 / w : 0));
  const scale = answer.bandwidthUse > 1 && held < 1 ? (1 - held) / (answer.bandwidthUse - held) : 1;
  return Float64Array.from(answer.reciprocal, (w, k) => (bandwidthHz / w) * (atLimit(k) ? 1 : scale));
}

function allocateBlocks(
  problem: PlanningProblem,
  compiled: CompiledAllocation,
  blockHz: number,
  cutoffSeconds: number,
): SharesFound | NoShares {
  const limits = blockLimits(compiled, blockHz);
  const conflicts: LimitViolation[] = [];
  let needed = 0;
  for (let k = 0; k < compiled.count; k++) {
    needed += limits.least[k]!;
    if (limits.least[k]! > limits.most[k]!) {
      const device = problem.devices[compiled.device[k]!]!.name;
      conflicts.push({ limit: 'resource-block', device, found: limits.least[k]!, allowed: limits.most[k]! });
    }
  }
  if (needed > limits.total) conflicts.push({ limit: 'resource-block', found: needed, allowed: limits.total });
  if (conflicts.length > 0) return { status: 'infeasible', conflicts };
  const answer = searchBlocks(compiled, blockHz, limits, cutoffSeconds - compiled.constantSeconds);
  return {
    status: 'optimal',
    totalSeconds: answer.delaySeconds + compiled.constantSeconds,
    bandwidthHz: Float64Array.from(answer.blocks, (count) => count * blockHz),
    serverShare: answer.serverShare,
    prices: { bandwidthSecondsPerHz: 0, serverSecondsPerShare: 0 },
    exact: answer.exact,
    passes: 0,
  };
}

function withServerShares(problem: PlanningProblem, found: SharesFound): SharesFound {
  if (problem.sharing === 'allocated') return found;
  const share = problem.sharing === 'equal' ? 1 / problem.devices.length : 1;
  return { ...found, serverShare: found.serverShare.map(() => share) };
}

/** Limits of shares that contradict each other whatever the delay. */
export function shareConflicts(problem: PlanningProblem, compiled: CompiledAllocation): LimitViolation[] {
  const conflicts: LimitViolation[] = [];
  let leastUse = 0;
  for (let k = 0; k < compiled.count; k++) {
    const least = compiled.leastReciprocal[k]!;
    const greatest = compiled.greatestReciprocal[k]!;
    const device = problem.devices[compiled.device[k]!]!;
    leastUse += 1 / greatest;
    if (least > greatest * (1 + limitTolerance)) {
      const limits = { found: device.minimumBandwidthHz, allowed: device.maximumBandwidthHz };
      conflicts.push({ limit: 'device-bandwidth', device: device.name, ...limits });
    }
    for (let r = 0; r < compiled.rowWeights.length; r++) {
      const row = k * compiled.rowWeights.length + r;
      const atMost = compiled.rows.floor[row]! + (least > 0 ? rowValue(compiled.rows, row, least) : 0);
      if (Number.isFinite(atMost)) continue;
      conflicts.push({ limit: 'device-bandwidth', device: device.name, found: 0, allowed: device.maximumBandwidthHz });
      break;
    }
  }
  if (exceeds(leastUse, 1)) {
    conflicts.push({ limit: 'bandwidth', found: leastUse * compiled.bandwidthHz, allowed: compiled.bandwidthHz });
  }
  return conflicts;
}

/** Devices whose energy does not suffice for their decisions at any share. */
export function energyConflicts(problem: PlanningProblem, loads: StepLoads): LimitViolation[] {
  const conflicts: LimitViolation[] = [];
  loads.device.forEach((n, k) => {
    if (loads.uplinkEfficiencyLimit[k] !== 0) return;
    const { name, uplink, transmitPowerWatt, computePowerWatt, energyLimitJoule } = problem.devices[n]!;
    const steps = problem.stepsPerRound;
    const bits = steps * loads.uplinkBits[k]! + loads.adapterBits[k]!;
    const stepSeconds = loads.preSeconds[k]! + loads.postSeconds[k]!;
    const computing = computePowerWatt * (steps * stepSeconds + loads.exchangeSeconds[k]!);
    const sending = bits * transmitPowerWatt * (uplink.frameFraction ?? 1) * leastSecondsPerBit(uplink);
    const found = computing + (bits > 0 ? sending : 0);
    conflicts.push({ limit: 'device-energy', device: name, found, allowed: energyLimitJoule! });
  });
  return conflicts;
}

/** The missed deadline, and every device whose floor alone is at or beyond it. */
function deadlineConflicts(
  problem: PlanningProblem,
  compiled: CompiledAllocation,
  totalSeconds: number,
  deadline: number,
): LimitViolation[] {
  const conflicts: LimitViolation[] = [{ limit: 'deadline', found: totalSeconds, allowed: deadline }];
  if (compiled.rowWeights.length > 1) return conflicts;
  for (let k = 0; k < compiled.count; k++) {
    const least = compiled.leastReciprocal[k]!;
    const atMost = compiled.rows.floor[k]! + (least > 0 ? rowValue(compiled.rows, k, least) : 0);
    const found = atMost + compiled.serverSeconds[k]! + compiled.constantSeconds;
    if (found >= deadline) {
      conflicts.push({
        limit: 'deadline',
        device: problem.devices[compiled.device[k]!]!.name,
        found,
        allowed: deadline,
      });
    }
  }
  return conflicts;
}
