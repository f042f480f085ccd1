import {
  choiceCosts,
  decibelFromRatio,
  limitUse,
  planLimits,
  planViolations,
  roundDelay,
  roundEnergyJoule,
  roundTraffic,
  type LimitViolation,
  type Plan,
  type PlanningProblem,
  type StageSeconds,
} from '../models/index.js';
import { judgeInTurn } from '../plan/in-turn.js';
import type { DeviceRound } from './record.js';
import type { DeviceMoment } from './world.js';

/** A plan in a round, by the models. */
export interface JudgedRound {
  readonly plan: Plan;
  readonly delaySeconds: number;
  readonly chainSeconds: Float64Array;
  readonly stages: readonly (StageSeconds | undefined)[];
  readonly violations: readonly LimitViolation[];
}

/** Delay and broken limits of a plan. */
export function judgeRound(problem: PlanningProblem, plan: Plan, order: 'parallel' | 'in-turn'): JudgedRound {
  if (order === 'in-turn') {
    const { totalSeconds: delaySeconds, ...judged } = judgeInTurn(problem, plan);
    return { plan, delaySeconds, ...judged };
  }
  const { totalSeconds, chainSeconds, stages } = roundDelay(problem, plan);
  return {
    plan,
    delaySeconds: totalSeconds,
    chainSeconds,
    stages,
    violations: planViolations(problem, plan, totalSeconds),
  };
}

/** The same with splits outside the range of the problem and untied ratios as broken limits: plans of any origin may have them. */
export function judgeAnyPlan(problem: PlanningProblem, plan: Plan, order: 'parallel' | 'in-turn'): JudgedRound {
  const judged = judgeRound(problem, plan, order);
  const strange = planLimits(problem, plan, judged.delaySeconds)
    .filter(({ kept, limit }) => !kept && (limit === 'split' || limit === 'tied-ratios'))
    .map(({ kept: _kept, sense: _sense, ...violation }): LimitViolation => violation);
  return { ...judged, violations: [...strange, ...judged.violations] };
}

/** What a plan takes besides time. */
export function roundUse(problem: PlanningProblem, { plan }: JudgedRound) {
  let uplinkBits = 0;
  let downlinkBits = 0;
  let memoryUse: number | null = null;
  const energyJoule = plan.devices.map((decision, n) => roundEnergyJoule(problem, problem.devices[n]!, decision));
  plan.devices.forEach((decision, n) => {
    if (!decision.participates) return;
    const device = problem.devices[n]!;
    const traffic = roundTraffic(problem, device, decision);
    uplinkBits += traffic.uplinkBits;
    downlinkBits += traffic.downlinkBits;
    if (device.memoryBytes === Infinity) return;
    const { deviceMemoryBytes } = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
    memoryUse = Math.max(memoryUse ?? 0, deviceMemoryBytes / device.memoryBytes);
  });
  const { accuracy, serverMemoryBytes } = limitUse(problem, plan);
  return { uplinkBits, downlinkBits, memoryUse, energyJoule, accuracy, serverMemoryBytes };
}

/** Each participant of a round. */
export function perDevice(
  problem: PlanningProblem,
  { plan, chainSeconds, stages }: JudgedRound,
  moments: ReadonlyMap<string, DeviceMoment>,
  energyJoule: readonly number[],
): DeviceRound[] {
  return plan.devices.flatMap((decision, n): DeviceRound[] => {
    if (!decision.participates) return [];
    const { name } = problem.devices[n]!;
    const { gain, channel } = moments.get(name)!;
    return [
      {
        device: name,
        gainDecibel: decibelFromRatio(gain),
        distanceMetre: channel.distanceMetre,
        blocks: decision.blocks,
        upPoint: problem.upPoints[decision.upPoint]!.name,
        downPoint: problem.downPoints[decision.downPoint]!.name,
        bandwidthHz: decision.bandwidthHz,
        serverShare: decision.serverShare,
        chainSeconds: chainSeconds[n]!,
        stages: stages[n]!,
        energyJoule: energyJoule[n]!,
      },
    ];
  });
}
