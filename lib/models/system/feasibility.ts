import { allowedUse, choiceCosts, leastEnergyJoule, roundTrafficBits, sumLimit, type ChoiceCosts } from './choices.js';
import type { Device, DevicePlan, Plan, PlanningProblem } from './problem.js';
import { exceeds, fallsShort, limitTolerance } from './tolerance.js';
import { roundEnergyJoule } from './usage.js';

/** How a plan uses the limits that couple devices. */
export interface LimitUse {
  /** Sum of the bandwidths, Hz. */
  readonly bandwidthHz: number;
  /** Sum of the server's shares, 0…1. */
  readonly serverShare: number;
  /** Memory of the server for all devices, bytes. */
  readonly serverMemoryBytes: number;
  /** All devices together, both directions and adapters, bits a round. */
  readonly trafficBits: number;
  /** The weighted mean, or the least of the devices with scope `each`; 1 when nobody takes part or is counted. */
  readonly accuracy: number;
  /** Sums of the extra limits of scope `sum`, by name; absent without any. */
  readonly extra?: Readonly<Record<string, number>>;
}

/** What plans are limited by. */
export const limitNames = [
  'bandwidth',
  'device-bandwidth',
  'server-share',
  'server-memory',
  'traffic',
  'device-memory',
  'device-energy',
  'device-traffic',
  'accuracy',
  'deadline',
  'pinned',
  'participation',
  'resource-block',
  'split',
  'tied-ratios',
  'extra',
] as const;
/** Name of a limit of plans. */
export type LimitName = (typeof limitNames)[number];

/** A limit that a plan breaks. */
export interface LimitViolation {
  /** Which limit. */
  readonly limit: LimitName;
  /** Name of the device for a limit of its own. */
  readonly device?: string;
  /** Name of an `extra` limit. */
  readonly extra?: string;
  /** What was found, in the limit's unit. */
  readonly found: number;
  /** What is allowed, in the same unit. */
  readonly allowed: number;
}

/**
 * What a plan uses, summed over its devices.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param plan - One decision for each device, in the order of the problem's devices.
 * @example
 * ```ts
 * import { parseProblemFile, planTwoTimescale } from 'sft-opt';
 * import { limitUse } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan } = planTwoTimescale(problem);
 * if (plan) console.log(limitUse(problem, plan).bandwidthHz <= problem.bandwidthHz * (1 + 1e-9)); // true
 * ```
 */
export function limitUse(problem: PlanningProblem, plan: Plan): LimitUse {
  let bandwidthHz = 0;
  let serverShare = 0;
  let serverMemoryBytes = 0;
  let trafficBits = 0;
  let weightSum = 0;
  let weightedAccuracy = 0;
  let leastAccuracy = 1;
  const summed = (problem.extraLimits ?? []).map(() => 0);
  plan.devices.forEach((decision, n) => {
    const device = problem.devices[n]!;
    if (!decision.participates) {
      const { leftOutAccuracy } = problem.accuracy;
      if (leftOutAccuracy === undefined) return;
      weightSum += device.weight;
      weightedAccuracy += device.weight * leftOutAccuracy;
      return;
    }
    const costs = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
    bandwidthHz += decision.bandwidthHz;
    if (costs.serverSeconds > 0) serverShare += decision.serverShare;
    serverMemoryBytes += costs.serverMemoryBytes;
    trafficBits += roundTrafficBits(problem, costs);
    weightSum += device.weight;
    weightedAccuracy += device.weight * costs.accuracy;
    leastAccuracy = Math.min(leastAccuracy, costs.accuracy);
    costs.extraUse.forEach((use, k) => (summed[k]! += use));
  });
  const mean = weightSum > 0 ? weightedAccuracy / weightSum : 1;
  const accuracy = problem.accuracy.scope === 'mean' ? mean : leastAccuracy;
  const extra = (problem.extraLimits ?? []).flatMap(({ scope, name }, k) =>
    scope === 'sum' ? [[name, summed[k]!] as const] : [],
  );
  return {
    bandwidthHz,
    serverShare,
    serverMemoryBytes,
    trafficBits,
    accuracy,
    ...(extra.length > 0 && { extra: Object.fromEntries(extra) }),
  };
}

/** One limit and how a plan stands to it. */
export interface LimitCheck extends LimitViolation {
  /** On which side of the limit the value must be. */
  readonly sense: 'at most' | 'at least' | 'exactly';
  /** Within `limitTolerance`. */
  readonly kept: boolean;
}

/**
 * Every limit of the problem with what the plan makes of it, for plans of any origin: also whether its choices are among those
 * of the problem at all. The deadline needs the plan's delay.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param plan - One decision for each device, in the order of the problem's devices.
 * @param totalSeconds - Delay of the plan's round, seconds.
 * @example
 * ```ts
 * import { parseProblemFile, planTwoTimescale } from 'sft-opt';
 * import { planLimits } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan, totalSeconds } = planTwoTimescale(problem);
 * if (plan) console.log(planLimits(problem, plan, totalSeconds).every(({ kept }) => kept)); // true
 * ```
 */
export function planLimits(problem: PlanningProblem, plan: Plan, totalSeconds: number): LimitCheck[] {
  const checks = strangeChoices(problem, plan);
  visitLimits(problem, plan, totalSeconds, (check) => checks.push(check));
  return checks;
}

/**
 * Every limit that the plan breaks by more than `limitTolerance`; the deadline needs the plan's delay.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param plan - One decision for each device, in the order of the problem's devices.
 * @param totalSeconds - Delay of the plan's round, seconds.
 * @example
 * ```ts
 * import { parseProblemFile, planTwoTimescale, planViolations } from 'sft-opt';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan, totalSeconds } = planTwoTimescale(problem);
 * if (plan) console.log(planViolations(problem, plan, totalSeconds)); // []
 * ```
 */
export function planViolations(problem: PlanningProblem, plan: Plan, totalSeconds: number): LimitViolation[] {
  const violations: LimitViolation[] = [];
  visitLimits(problem, plan, totalSeconds, ({ kept, sense: _sense, ...check }) => {
    if (!kept) violations.push(check);
  });
  return violations;
}

function visitLimits(
  problem: PlanningProblem,
  plan: Plan,
  totalSeconds: number,
  note: (check: LimitCheck) => void,
): void {
  const add = (
    sense: LimitCheck['sense'],
    kept: boolean,
    limit: LimitName,
    found: number,
    allowed: number,
    device?: string,
    extra?: string,
  ) =>
    note({
      limit,
      found,
      allowed,
      ...(device !== undefined && { device }),
      ...(extra !== undefined && { extra }),
      sense,
      kept,
    });
  const atMost = (limit: LimitName, found: number, allowed: number, device?: string) => {
    add('at most', !exceeds(found, allowed), limit, found, allowed, device);
  };
  const atLeast = (limit: LimitName, found: number, allowed: number, device?: string) => {
    add('at least', !fallsShort(found, allowed), limit, found, allowed, device);
  };
  plan.devices.forEach((decision, n) => {
    const device = problem.devices[n]!;
    if (!decision.participates) {
      if (!device.optional) add('exactly', false, 'participation', 0, 1, device.name);
      return;
    }
    const costs = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
    atMost('device-memory', costs.deviceMemoryBytes, device.memoryBytes, device.name);
    if (device.energyLimitJoule !== undefined) {
      atMost('device-energy', energyNeeded(problem, device, decision, costs), device.energyLimitJoule, device.name);
    }
    if (device.trafficLimitBits !== undefined) {
      atMost('device-traffic', roundTrafficBits(problem, costs), device.trafficLimitBits, device.name);
    }
    if (problem.sharing === 'allocated' && !(decision.serverShare >= 0)) {
      add('at least', false, 'server-share', decision.serverShare, 0, device.name);
    }
    problem.extraLimits?.forEach((limit, k) => {
      if (limit.scope !== 'each') return;
      const [found, allowed] = [costs.extraUse[k]!, allowedUse(limit, device)];
      add('at most', !exceeds(found, allowed), 'extra', found, allowed, device.name, limit.name);
    });
    atMost('device-bandwidth', decision.bandwidthHz, device.maximumBandwidthHz, device.name);
    atLeast('device-bandwidth', decision.bandwidthHz, device.minimumBandwidthHz, device.name);
    for (const [found, pinned] of pinnedPairs(decision, device.pinned)) {
      const kept = Math.abs(found - pinned) <= limitTolerance * Math.max(1, Math.abs(pinned));
      add('exactly', kept, 'pinned', found, pinned, device.name);
    }
    if (problem.resourceBlockHz !== undefined) {
      const blocks = decision.bandwidthHz / problem.resourceBlockHz;
      const whole = Math.max(1, Math.round(blocks));
      const kept = Math.abs(blocks - whole) <= limitTolerance * Math.max(1, blocks);
      add('exactly', kept, 'resource-block', blocks, whole, device.name);
    }
  });
  // A round of nobody takes no time and trains nothing.
  if (plan.devices.every(({ participates }) => !participates)) add('at least', false, 'participation', 0, 1);
  const use = limitUse(problem, plan);
  atMost('bandwidth', use.bandwidthHz, problem.bandwidthHz);
  if (problem.sharing === 'allocated') atMost('server-share', use.serverShare, 1);
  atMost('server-memory', use.serverMemoryBytes, problem.serverMemoryBytes);
  if (problem.trafficLimitBits !== undefined) atMost('traffic', use.trafficBits, problem.trafficLimitBits);
  problem.extraLimits?.forEach(({ scope, name, limit }) => {
    if (scope !== 'sum') return;
    const [found, allowed] = [use.extra![name]!, sumLimit({ limit, name })];
    add('at most', !exceeds(found, allowed), 'extra', found, allowed, undefined, name);
  });
  if (problem.accuracy.minimum > -Infinity) atLeast('accuracy', use.accuracy, problem.accuracy.minimum);
  if (problem.deadlineSeconds !== undefined) atMost('deadline', totalSeconds, problem.deadlineSeconds);
}

function pinnedPairs(
  decision: Plan['devices'][number],
  pinned: PlanningProblem['devices'][number]['pinned'],
): [number, number][] {
  const pairs: [number, number][] = [];
  if (pinned.blocks !== undefined) pairs.push([decision.blocks, pinned.blocks]);
  if (pinned.upPoint !== undefined) pairs.push([decision.upPoint, pinned.upPoint]);
  if (pinned.downPoint !== undefined) pairs.push([decision.downPoint, pinned.downPoint]);
  if (pinned.bandwidthHz !== undefined) pairs.push([decision.bandwidthHz, pinned.bandwidthHz]);
  return pairs;
}

/** Splits outside the range, and two points where ratios are tied. */
function strangeChoices(problem: PlanningProblem, plan: Plan): LimitCheck[] {
  return problem.devices.flatMap((device, n): LimitCheck[] => {
    const { participates, blocks, upPoint, downPoint } = plan.devices[n]!;
    if (!participates) return [];
    const strange = (limit: LimitName, found: number, allowed: number): LimitCheck => {
      return { limit, found, allowed, device: device.name, sense: 'exactly', kept: false };
    };
    const { allowedBlocks, downValues } = device.costs;
    return [
      ...(allowedBlocks.includes(blocks) ? [] : [strange('split', blocks, nearestOf(allowedBlocks, blocks))]),
      ...(problem.tiedRatios && upPoint !== downPoint && downValues[blocks]! > 0
        ? [strange('tied-ratios', downPoint, upPoint)]
        : []),
    ];
  });
}

function nearestOf(values: readonly number[], wanted: number): number {
  return values.reduce((best, value) => (Math.abs(value - wanted) < Math.abs(best - wanted) ? value : best), Infinity);
}

/** Energy of a round; where the limit leaves too little to send anything, what sending without any hurry would take. */
function energyNeeded(problem: PlanningProblem, device: Device, decision: DevicePlan, costs: ChoiceCosts): number {
  if (costs.uplinkEfficiencyLimit > 0) return roundEnergyJoule(problem, device, decision);
  return leastEnergyJoule(problem, device, costs);
}
