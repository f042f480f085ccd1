import { radiatedJoulePerBit } from '../link/index.js';
import { choiceCosts, plannedPowerWatt, plannedUplink } from './choices.js';
import type { Device, DevicePlan, PlanningProblem } from './problem.js';

/** Bits of one device in one round. */
export interface RoundTraffic {
  /** Bits sent up in a round. */
  readonly uplinkBits: number;
  /** Bits sent down in a round. */
  readonly downlinkBits: number;
  /** What the same decisions would send without compression. */
  readonly uncompressedBits: number;
}

/**
 * Traffic of a round: K messages in each direction and the adapters once.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param device - One of the problem's devices.
 * @param decision - Cut, points and shares of this device.
 * @example
 * ```ts
 * import { parseProblemFile, planTwoTimescale } from 'sft-opt';
 * import { roundTraffic } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan } = planTwoTimescale(problem);
 * if (plan) console.log(roundTraffic(problem, problem.devices[0]!, plan.devices[0]!).uplinkBits > 0); // true
 * ```
 */
export function roundTraffic(problem: PlanningProblem, device: Device, decision: DevicePlan): RoundTraffic {
  if (!decision.participates) return { uplinkBits: 0, downlinkBits: 0, uncompressedBits: 0 };
  const costs = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
  const steps = problem.stepsPerRound;
  const { upValues, downValues, bitsPerValue, headerBits } = device.costs;
  const plain = (values: number) => (values > 0 ? values * bitsPerValue + headerBits : 0);
  const plainAdapters = device.costs.exchange?.plainBits[decision.blocks] ?? costs.adapterBits;
  return {
    uplinkBits: steps * costs.uplinkBits + costs.adapterBits,
    downlinkBits: steps * costs.downlinkBits + costs.adapterBits,
    uncompressedBits:
      steps * (plain(upValues[decision.blocks]!) + plain(downValues[decision.blocks]!)) + 2 * plainAdapters,
  };
}

/**
 * Energy of a device in a round, joule: computing power while it computes, and while it sends the least radiated power
 * that reaches its rate (all of it unless the efficiency of the link is limited).
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param device - One of the problem's devices.
 * @param decision - Cut, points and shares of this device.
 * @example
 * ```ts
 * import { parseProblemFile, planTwoTimescale } from 'sft-opt';
 * import { roundEnergyJoule } from 'sft-opt/models';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan } = planTwoTimescale(problem);
 * if (plan) console.log(roundEnergyJoule(problem, problem.devices[0]!, plan.devices[0]!) > 0); // true
 * ```
 */
export function roundEnergyJoule(problem: PlanningProblem, device: Device, decision: DevicePlan): number {
  if (!decision.participates) return 0;
  const costs = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
  const bits = problem.stepsPerRound * costs.uplinkBits + costs.adapterBits;
  if (bits === 0) return costs.computeJoule;
  const law = plannedUplink(device, costs, decision);
  const perBit = radiatedJoulePerBit(law, plannedPowerWatt(device, decision), decision.bandwidthHz);
  return costs.computeJoule + bits * perBit;
}
