import {
  choiceCosts,
  deviceStages,
  exceeds,
  planViolations,
  type LimitViolation,
  type Plan,
  type PlanningProblem,
  type StageSeconds,
} from '../models/index.js';

/** A plan whose devices take turns, by the models. */
export interface JudgedTurns {
  /** All chains after one another, seconds; nothing is aggregated. */
  readonly totalSeconds: number;
  /** Each device's own chain, seconds; 0 for a device left out. */
  readonly chainSeconds: Float64Array;
  readonly stages: readonly (StageSeconds | undefined)[];
  /** Limits that the plan breaks. */
  readonly violations: readonly LimitViolation[];
}

/** Limits that devices one after another do not share. */
const sharedLimits: readonly LimitViolation['limit'][] = ['bandwidth', 'server-share', 'server-memory', 'deadline'];

/** One device after another: the chains add up, each with band, server and server memory to itself. */
export function judgeInTurn(problem: PlanningProblem, plan: Plan): JudgedTurns {
  const stages = plan.devices.map((decision, n) =>
    decision.participates ? deviceStages(problem, n, decision) : undefined,
  );
  const chainSeconds = Float64Array.from(stages, (stage) => (stage ? chainOf(problem, stage) : 0));
  const totalSeconds = chainSeconds.reduce((sum, each) => sum + each, 0);
  const violations = planViolations(problem, plan, totalSeconds).filter(({ limit }) => !sharedLimits.includes(limit));
  plan.devices.forEach((decision, n) => {
    if (!decision.participates) return;
    const { blocks, upPoint, downPoint } = decision;
    const device = problem.devices[n]!;
    const own = (limit: LimitViolation['limit'], found: number, allowed: number) => {
      if (exceeds(found, allowed)) violations.push({ limit, device: device.name, found, allowed });
    };
    const { serverMemoryBytes } = choiceCosts(problem, device, blocks, upPoint, downPoint);
    own('server-memory', serverMemoryBytes, problem.serverMemoryBytes);
    own('bandwidth', decision.bandwidthHz, problem.bandwidthHz);
    if (problem.sharing === 'allocated') own('server-share', decision.serverShare, 1);
  });
  const { deadlineSeconds = Infinity } = problem;
  if (exceeds(totalSeconds, deadlineSeconds)) {
    violations.push({ limit: 'deadline', found: totalSeconds, allowed: deadlineSeconds });
  }
  return { totalSeconds, chainSeconds, stages, violations };
}

function chainOf({ stepsPerRound }: PlanningProblem, stage: StageSeconds): number {
  const { adapterUplink, adapterDownlink, adapterCodec, ...step } = stage;
  const stepSeconds = Object.values(step).reduce((sum: number, each: number) => sum + each, 0);
  return stepsPerRound * stepSeconds + adapterUplink + adapterDownlink + adapterCodec;
}
