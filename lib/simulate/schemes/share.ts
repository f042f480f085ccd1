import { equalShares } from '../../plan/restricted/index.js';
import { planBandwidth } from '../../plan/index.js';
import type { Plan, PlanningProblem } from '../../models/index.js';
import type { SharedRound, SharingState } from '../scheme.js';

/** Bandwidths by SQP from the plan in force; the server's shares with them where they belong to the small time scale. */
export function shareBySqp({ problem, plan, serverShares }: SharingState): SharedRound | undefined {
  return shared(problem, plan, serverShares);
}

/** Equal bandwidths for those that take part. */
export function shareEqually({ problem, plan, serverShares }: SharingState): SharedRound | undefined {
  const [shares] = equalShares(problem).values;
  if (!shares) return undefined;
  const devices = plan.devices.map((decision, n) =>
    decision.participates ? { ...decision, bandwidthHz: shares[n]! } : decision,
  );
  if (problem.sharing !== 'allocated' || serverShares === 'large') return { plan: { devices } };
  const pinned: PlanningProblem = {
    ...problem,
    devices: problem.devices.map((device, n) => ({ ...device, pinned: { ...device.pinned, bandwidthHz: shares[n]! } })),
  };
  return shared(pinned, { devices }, 'small');
}

function shared(problem: PlanningProblem, plan: Plan, serverShares: 'large' | 'small'): SharedRound | undefined {
  const open = serverShares === 'small' && problem.sharing === 'allocated';
  // Without shares of the server to keep, they are found together with the bandwidths.
  const warm = open ? { devices: plan.devices.map((decision) => ({ ...decision, serverShare: 0 })) } : plan;
  const found = planBandwidth(problem, warm);
  if (!found.plan) return undefined;
  const { steps } = found.statistics;
  return { plan: found.plan, ...(steps !== undefined && { steps }) };
}
