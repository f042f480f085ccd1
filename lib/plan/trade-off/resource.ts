import {
  choiceCosts,
  enumerateDecisions,
  isAllowed,
  leastEnergyJoule,
  roundEnergyJoule,
  roundTraffic,
  roundTrafficBits,
  type Device,
  type Plan,
  type PlanningProblem,
} from '../../models/index.js';
import type { TradeOffReport } from '../report.js';

/** Something that each device uses in a round and that may be limited: how much a plan takes, and how to limit it. */
export interface Resource {
  readonly name: TradeOffReport['resource'];
  /** What a device uses under a plan, in bits or joule. */
  readonly used: (problem: PlanningProblem, plan: Plan, device: number) => number;
  /** What a device needs whatever its choice, in the same unit; Infinity where it has no choice. */
  readonly leastNeed: (problem: PlanningProblem, device: Device) => number;
  readonly limited: (device: Device, limit: number) => Device;
  /** Why a problem does not take the limit. */
  readonly obstacle: (problem: PlanningProblem) => string | undefined;
}

const traffic: Resource = {
  name: 'traffic',
  used: (problem, plan, n) => {
    const { uplinkBits, downlinkBits } = roundTraffic(problem, problem.devices[n]!, plan.devices[n]!);
    return uplinkBits + downlinkBits;
  },
  leastNeed: (problem, device) => leastOver(problem, device, (costs) => roundTrafficBits(problem, costs)),
  limited: (device, limit) => ({ ...device, trafficLimitBits: Math.min(device.trafficLimitBits ?? Infinity, limit) }),
  obstacle: () => undefined,
};

const energy: Resource = {
  name: 'energy',
  used: (problem, plan, n) => roundEnergyJoule(problem, problem.devices[n]!, plan.devices[n]!),
  leastNeed: (problem, device) => leastOver(problem, device, (costs) => leastEnergyJoule(problem, device, costs)),
  limited: (device, limit) => ({ ...device, energyLimitJoule: Math.min(device.energyLimitJoule ?? Infinity, limit) }),
  obstacle: ({ devices }) => {
    const other = devices.find(({ uplink }) => uplink.kind !== 'shannon');
    return other && `a limit of energy needs an uplink under Shannon's law at one gain, ${other.name} has another`;
  },
};

export const resources: Readonly<Record<TradeOffReport['resource'], Resource>> = { traffic, energy };

function leastOver(
  problem: PlanningProblem,
  device: Device,
  need: (costs: ReturnType<typeof choiceCosts>) => number,
): number {
  let least = Infinity;
  for (const { blocks, upPoint, downPoint } of enumerateDecisions(problem, device)) {
    const costs = choiceCosts(problem, device, blocks, upPoint, downPoint);
    if (isAllowed(problem, device, costs)) least = Math.min(least, need(costs));
  }
  return least;
}
