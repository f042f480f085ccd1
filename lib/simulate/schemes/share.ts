import { equalShares } from '../../plan/restricted/index.js';
import { planBandwidth, planTwoTimescale } from '../../plan/index.js';
import type { Plan, PlanningProblem } from '../../models/index.js';
import type { SharedRound, SharingState } from '../scheme.js';

/**
 * Bandwidths by SQP from the plan in force, with the server's shares where those belong to the small time scale; where points do,
 * all of it by the planner, with participants and cuts as they are.
 *
 * @param state - Problem, plan in force and what the small time scale decides.
 * @example
 * ```ts
 * import { parseProblemFile, planTwoTimescale } from 'sft-opt';
 * import { randomStream } from 'sft-opt/models';
 * import { shareBySqp } from 'sft-opt/simulate';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan } = planTwoTimescale(problem);
 * const own = { random: randomStream(1, 'scheme'), seed: 1 };
 * const state = { round: 0, seconds: 0, problem, plan: plan!, serverShares: 'large', points: 'large', ...own } as const;
 * console.log(shareBySqp(state)?.plan.devices.length); // 2
 * ```
 */
export function shareBySqp(state: SharingState): SharedRound | undefined {
  const { problem, plan, serverShares } = state;
  return choosesPoints(state) ? withPoints(state) : shared(problem, plan, serverShares);
}

/**
 * Equal bandwidths for those that take part.
 *
 * @param state - Problem, plan in force and what the small time scale decides.
 * @example
 * ```ts
 * import { parseProblemFile, planTwoTimescale } from 'sft-opt';
 * import { randomStream } from 'sft-opt/models';
 * import { shareEqually } from 'sft-opt/simulate';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan } = planTwoTimescale(problem);
 * const own = { random: randomStream(1, 'scheme'), seed: 1 };
 * const state = { round: 0, seconds: 0, problem, plan: plan!, serverShares: 'large', points: 'large', ...own } as const;
 * const shares = shareEqually(state)!.plan.devices.map(({ bandwidthHz }) => bandwidthHz);
 * console.log(shares[0] === shares[1]); // true
 * ```
 */
export function shareEqually(state: SharingState): SharedRound | undefined {
  const { problem, plan, serverShares } = state;
  const [shares] = equalShares(problem).values;
  if (!shares) return undefined;
  const devices = plan.devices.map((decision, n) =>
    decision.participates ? { ...decision, bandwidthHz: shares[n]! } : decision,
  );
  const isAllocated = problem.sharing === 'allocated' && serverShares === 'small';
  if (!isAllocated && !choosesPoints(state)) return { plan: { devices } };
  const pinned: PlanningProblem = {
    ...problem,
    devices: problem.devices.map((device, n) => ({ ...device, pinned: { ...device.pinned, bandwidthHz: shares[n]! } })),
  };
  return shareBySqp({ ...state, problem: pinned, plan: { devices } });
}

function choosesPoints({ points, problem: { upPoints, downPoints } }: SharingState): boolean {
  return points === 'small' && upPoints.length * downPoints.length > 1;
}

/** Never slower than with the points in force: they are one of the starts. */
function withPoints({ problem, plan, seed }: SharingState): SharedRound | undefined {
  const found = planTwoTimescale(withChoicesOf(problem, plan), { seed, starts: 1 }, { starts: [plan] });
  return found.plan && { plan: found.plan };
}

/** The problem with participants and cuts of a plan. */
function withChoicesOf(problem: PlanningProblem, plan: Plan): PlanningProblem {
  const devices = problem.devices.map((device, n) => {
    const { participates, blocks } = plan.devices[n]!;
    return participates
      ? { ...device, optional: false, pinned: { ...device.pinned, blocks } }
      : { ...device, costs: { ...device.costs, allowedBlocks: [] } };
  });
  return { ...problem, devices };
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
