import { choiceCosts } from './choices.js';
import type { StageSeconds } from './delay.js';
import type { Device, DevicePlan, PlanningProblem } from './problem.js';

/** Bits of one device in one round. */
export interface RoundTraffic {
  readonly uplinkBits: number;
  readonly downlinkBits: number;
  /** What the same decisions would send without compression. */
  readonly uncompressedBits: number;
}

/** Traffic of a round: K messages in each direction and the adapters once. */
export function roundTraffic(problem: PlanningProblem, device: Device, decision: DevicePlan): RoundTraffic {
  if (!decision.participates) return { uplinkBits: 0, downlinkBits: 0, uncompressedBits: 0 };
  const costs = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
  const steps = problem.stepsPerRound;
  const { upValues, downValues, bitsPerValue, headerBits } = device.costs;
  const plain = (values: number) => (values > 0 ? values * bitsPerValue + headerBits : 0);
  return {
    uplinkBits: steps * costs.uplinkBits + costs.adapterBits,
    downlinkBits: steps * costs.downlinkBits + costs.adapterBits,
    uncompressedBits:
      steps * (plain(upValues[decision.blocks]!) + plain(downValues[decision.blocks]!)) + 2 * costs.adapterBits,
  };
}

/** Energy of a device in a round, joule: computing power while it computes, radiated power while it sends. */
export function roundEnergyJoule(problem: PlanningProblem, device: Device, stages: StageSeconds): number {
  const steps = problem.stepsPerRound;
  const computing = steps * (stages.forward + stages.encode + stages.decode + stages.backward);
  const sending = steps * stages.uplink + stages.adapterUplink;
  return device.computePowerWatt * computing + device.transmitPowerWatt * sending;
}
