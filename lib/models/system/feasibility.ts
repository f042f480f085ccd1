import { choiceCosts } from './choices.js';
import type { Plan, PlanningProblem } from './problem.js';
import { exceeds, fallsShort, limitTolerance } from './tolerance.js';

/** How a plan uses the limits that couple devices. */
export interface LimitUse {
  readonly bandwidthHz: number;
  readonly serverShare: number;
  readonly serverMemoryBytes: number;
  /** The weighted mean, or the least of the devices with scope `each`; 1 when nobody takes part. */
  readonly accuracy: number;
}

/** A limit that a plan breaks. */
export interface LimitViolation {
  readonly limit:
    | 'bandwidth'
    | 'device-bandwidth'
    | 'server-share'
    | 'server-memory'
    | 'device-memory'
    | 'accuracy'
    | 'deadline'
    | 'pinned'
    | 'participation'
    | 'resource-block';
  /** Name of the device for a limit of its own. */
  readonly device?: string;
  readonly found: number;
  readonly allowed: number;
}

/** What a plan uses, summed over its devices. */
export function limitUse(problem: PlanningProblem, plan: Plan): LimitUse {
  let bandwidthHz = 0;
  let serverShare = 0;
  let serverMemoryBytes = 0;
  let weightSum = 0;
  let weightedAccuracy = 0;
  let leastAccuracy = 1;
  plan.devices.forEach((decision, n) => {
    if (!decision.participates) return;
    const device = problem.devices[n]!;
    const costs = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
    bandwidthHz += decision.bandwidthHz;
    if (costs.serverSeconds > 0) serverShare += decision.serverShare;
    serverMemoryBytes += costs.serverMemoryBytes;
    weightSum += device.weight;
    weightedAccuracy += device.weight * costs.accuracy;
    leastAccuracy = Math.min(leastAccuracy, costs.accuracy);
  });
  const mean = weightSum > 0 ? weightedAccuracy / weightSum : 1;
  const accuracy = problem.accuracy.scope === 'mean' ? mean : leastAccuracy;
  return { bandwidthHz, serverShare, serverMemoryBytes, accuracy };
}

/** Every limit that the plan breaks by more than `limitTolerance`; the deadline needs the plan's delay. */
export function planViolations(problem: PlanningProblem, plan: Plan, totalSeconds: number): LimitViolation[] {
  const violations: LimitViolation[] = [];
  const atMost = (limit: LimitViolation['limit'], found: number, allowed: number, device?: string) => {
    if (exceeds(found, allowed)) violations.push({ limit, found, allowed, ...(device !== undefined && { device }) });
  };
  const atLeast = (limit: LimitViolation['limit'], found: number, allowed: number, device?: string) => {
    if (fallsShort(found, allowed)) violations.push({ limit, found, allowed, ...(device !== undefined && { device }) });
  };
  plan.devices.forEach((decision, n) => {
    const device = problem.devices[n]!;
    if (!decision.participates) {
      if (!device.optional) violations.push({ limit: 'participation', device: device.name, found: 0, allowed: 1 });
      return;
    }
    const costs = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
    atMost('device-memory', costs.deviceMemoryBytes, device.memoryBytes, device.name);
    atMost('device-bandwidth', decision.bandwidthHz, device.maximumBandwidthHz, device.name);
    atLeast('device-bandwidth', decision.bandwidthHz, device.minimumBandwidthHz, device.name);
    for (const [found, pinned] of pinnedPairs(decision, device.pinned)) {
      if (Math.abs(found - pinned) > limitTolerance * Math.max(1, Math.abs(pinned))) {
        violations.push({ limit: 'pinned', device: device.name, found, allowed: pinned });
      }
    }
    if (problem.resourceBlockHz !== undefined) {
      const blocks = decision.bandwidthHz / problem.resourceBlockHz;
      if (Math.abs(blocks - Math.round(blocks)) > limitTolerance * Math.max(1, blocks) || Math.round(blocks) < 1) {
        violations.push({ limit: 'resource-block', device: device.name, found: blocks, allowed: Math.round(blocks) });
      }
    }
  });
  const use = limitUse(problem, plan);
  atMost('bandwidth', use.bandwidthHz, problem.bandwidthHz);
  if (problem.sharing === 'allocated') atMost('server-share', use.serverShare, 1);
  atMost('server-memory', use.serverMemoryBytes, problem.serverMemoryBytes);
  if (problem.accuracy.minimum > -Infinity) atLeast('accuracy', use.accuracy, problem.accuracy.minimum);
  if (problem.deadlineSeconds !== undefined) atMost('deadline', totalSeconds, problem.deadlineSeconds);
  return violations;
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
