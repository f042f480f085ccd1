import type { Device, DevicePlan, Plan, PlanningProblem } from '../../models/index.js';
import { mayHold, maySend, type PointPair } from './common-values.js';
import type { EqualShares, LevelInterval } from './equal-shares.js';

/** Values of the common decisions; what is absent is free. */
export interface CommonDecisions {
  readonly cut?: number;
  readonly point?: PointPair;
  readonly shares?: EqualShares;
  /** Shares between two levels, in place of one: a relaxation. */
  readonly between?: LevelInterval;
}

/**
 * The problem with common decisions pinned. Its choices are those of the problem that have these values and no others: an
 * optional device that has none of them can only be left out.
 */
export function withCommonDecisions(problem: PlanningProblem, common: CommonDecisions): PlanningProblem {
  return { ...problem, devices: problem.devices.map((device, n) => pinDevice(device, n, common)) };
}

function pinDevice(device: Device, n: number, { cut, point, shares, between }: CommonDecisions): Device {
  const share = shares?.[n];
  const barred =
    (cut !== undefined && !mayHold(device, cut)) ||
    (point !== undefined && !maySend(device, point)) ||
    (share !== undefined && Number.isNaN(share));
  if (barred) return { ...device, costs: { ...device.costs, allowedBlocks: [] } };
  return {
    ...device,
    ...(between && {
      minimumBandwidthHz: Math.max(device.minimumBandwidthHz, between.least[n]!),
      maximumBandwidthHz: Math.min(device.maximumBandwidthHz, between.most[n]!),
    }),
    pinned: {
      ...device.pinned,
      ...(cut !== undefined && { blocks: cut }),
      ...(point !== undefined && { upPoint: point.up, downPoint: point.down }),
      ...(share !== undefined && { bandwidthHz: share }),
    },
  };
}

/** The same plan as `problem` lists it: a direction in which nothing travels has the pinned point, else the first. */
export function inTermsOf(problem: PlanningProblem, plan: Plan): Plan {
  return {
    devices: plan.devices.map((decision, n) => (decision.participates ? listed(problem, n, decision) : decision)),
  };
}

function listed(problem: PlanningProblem, n: number, decision: DevicePlan): DevicePlan {
  const { costs, pinned } = problem.devices[n]!;
  const sendsUp = costs.upValues[decision.blocks]! > 0;
  const sendsDown = costs.downValues[decision.blocks]! > 0;
  const upPoint = sendsUp ? decision.upPoint : (pinned.upPoint ?? 0);
  if (problem.tiedRatios) return { ...decision, upPoint, downPoint: upPoint };
  return { ...decision, upPoint, downPoint: sendsDown ? decision.downPoint : (pinned.downPoint ?? 0) };
}
