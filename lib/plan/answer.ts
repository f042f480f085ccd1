import {
  choiceCosts,
  limitTolerance,
  limitUse,
  plannedPowerWatt,
  roundDelay,
  roundEnergyJoule,
  roundTraffic,
  roundTrafficBits,
  type DevicePlan,
  type LimitUse,
  type Plan,
  type PlanningProblem,
  type RateLaw,
  type RoundDelay,
} from '../models/index.js';
import type { ActiveLimit, BandPrice, Conventions, DeviceReport, PlanAnswer, TrafficReport } from './report.js';

/** A limit used to within this fraction counts as active. */
const activeFraction = 1e-3;
/** Chains within this fraction of the longest decide the round. */
const longestFraction = 1e-6;

/** Everything that follows from a plan: delay, use of limits, traffic, energy. */
export function describePlan(problem: PlanningProblem, plan: Plan, bandPrice: BandPrice | undefined): PlanAnswer {
  const delay = roundDelay(problem, plan);
  const use = limitUse(problem, plan);
  const devices = problem.devices.map((_, n) => describeDevice(problem, n, plan.devices[n]!, delay));
  return {
    plan,
    delay,
    use,
    activeLimits: activeLimits(problem, plan, delay, use),
    devices,
    traffic: sumTraffic(problem, plan),
    ...(bandPrice && { bandPrice }),
  };
}

function describeDevice(
  problem: PlanningProblem,
  deviceIndex: number,
  decision: DevicePlan,
  delay: RoundDelay,
): DeviceReport {
  const device = problem.devices[deviceIndex]!;
  const stages = delay.stages[deviceIndex];
  if (!stages) {
    return {
      name: device.name,
      participates: false,
      ratioUp: 0,
      ratioDown: 0,
      accuracy: problem.accuracy.leftOutAccuracy ?? 0,
      memoryBytes: 0,
      uplinkBitsPerRound: 0,
      downlinkBitsPerRound: 0,
      energyJoulePerRound: 0,
      chainSeconds: 0,
    };
  }
  const costs = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
  const traffic = roundTraffic(problem, device, decision);
  return {
    name: device.name,
    participates: true,
    ratioUp: problem.upPoints[decision.upPoint]!.ratio,
    ratioDown: problem.downPoints[decision.downPoint]!.ratio,
    accuracy: costs.accuracy,
    memoryBytes: costs.deviceMemoryBytes,
    uplinkBitsPerRound: traffic.uplinkBits,
    downlinkBitsPerRound: traffic.downlinkBits,
    energyJoulePerRound: roundEnergyJoule(problem, device, decision),
    ...(decision.transmitPowerWatt !== undefined && { transmitPowerWatt: plannedPowerWatt(device, decision) }),
    ...(device.energyLimitJoule !== undefined && { energyLimitJoule: device.energyLimitJoule }),
    chainSeconds: delay.chainSeconds[deviceIndex]!,
  };
}

function sumTraffic(problem: PlanningProblem, plan: Plan): TrafficReport {
  let uplinkBitsPerRound = 0;
  let downlinkBitsPerRound = 0;
  let uncompressedBitsPerRound = 0;
  plan.devices.forEach((decision, n) => {
    const traffic = roundTraffic(problem, problem.devices[n]!, decision);
    uplinkBitsPerRound += traffic.uplinkBits;
    downlinkBitsPerRound += traffic.downlinkBits;
    uncompressedBitsPerRound += traffic.uncompressedBits;
  });
  return { uplinkBitsPerRound, downlinkBitsPerRound, uncompressedBitsPerRound };
}

/** Limits that hold the answer: shared ones, the accuracy, each device's own, and the longest chains. */
function activeLimits(problem: PlanningProblem, plan: Plan, delay: RoundDelay, use: LimitUse): ActiveLimit[] {
  const active: ActiveLimit[] = [];
  const near = (limit: ActiveLimit['limit'], used: number, allowed: number, device?: string) => {
    if (Number.isFinite(allowed) && used >= allowed * (1 - activeFraction)) {
      active.push({ limit, used, allowed, ...(device !== undefined && { device }) });
    }
  };
  near('bandwidth', use.bandwidthHz, problem.bandwidthHz);
  if (problem.sharing === 'allocated') near('server-share', use.serverShare, 1);
  near('server-memory', use.serverMemoryBytes, problem.serverMemoryBytes);
  near('traffic', use.trafficBits, problem.trafficLimitBits ?? Infinity);
  if (problem.deadlineSeconds !== undefined) near('deadline', delay.totalSeconds, problem.deadlineSeconds);
  const { minimum } = problem.accuracy;
  if (minimum > 0 && use.accuracy <= minimum * (1 + activeFraction)) {
    active.push({ limit: 'accuracy', used: use.accuracy, allowed: minimum });
  }
  const longest = Math.max(...delay.chainSeconds);
  problem.devices.forEach((device, n) => {
    const decision = plan.devices[n]!;
    if (!decision.participates) return;
    const costs = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
    near('device-memory', costs.deviceMemoryBytes, device.memoryBytes, device.name);
    if (device.energyLimitJoule !== undefined) {
      near('device-energy', roundEnergyJoule(problem, device, decision), device.energyLimitJoule, device.name);
    }
    if (device.trafficLimitBits !== undefined) {
      near('device-traffic', roundTrafficBits(problem, costs), device.trafficLimitBits, device.name);
    }
    near('device-bandwidth', decision.bandwidthHz, device.maximumBandwidthHz, device.name);
    if (device.minimumBandwidthHz > 0 && decision.bandwidthHz <= device.minimumBandwidthHz * (1 + activeFraction)) {
      active.push({
        limit: 'device-bandwidth',
        device: device.name,
        used: decision.bandwidthHz,
        allowed: device.minimumBandwidthHz,
      });
    }
    const chain = delay.chainSeconds[n]!;
    if (chain >= longest * (1 - longestFraction)) {
      active.push({ limit: 'round-delay', device: device.name, used: chain, allowed: longest });
    }
  });
  return active;
}

/** The modelling choices that the numbers of a report rest on. */
export function conventionsOf(problem: PlanningProblem): Conventions {
  const kinds = (laws: readonly RateLaw[]) =>
    [...new Set(laws.map((law) => (law.kind === 'custom' ? (law.name ?? law.kind) : law.kind)))].sort();
  const { model, scope } = problem.accuracy;
  return {
    barrier: problem.sharing === 'batched' ? 'one server batch a step' : 'longest chain',
    sharing: problem.sharing,
    uplinkRateLaws: kinds(problem.devices.map((device) => device.uplink)),
    downlinkRateLaws: kinds(problem.devices.map((device) => device.downlink)),
    accuracyFamily: [model.up.family.kind, ...(model.down ? [model.down.family.kind] : [])].join(' × '),
    accuracyScope: scope,
    limitTolerance,
  };
}
