import type { PlanningProblem } from '../../models/index.js';
import type { Prices } from '../../verify/evidence.js';
import type { LimitMultipliers } from '../bound/index.js';

/** Prices of all of each limit as those of a hertz, a share, a byte, a unit of weight × accuracy; `perSecond` of the round itself. */
export function naturalPrices(problem: PlanningProblem, multipliers: LimitMultipliers, perSecond: number): Prices {
  const weights = problem.devices.reduce((sum, device) => sum + device.weight, 0);
  const { serverMemoryBytes: memory } = problem;
  return {
    perHertz: (multipliers.bandwidth ?? 0) / problem.bandwidthHz,
    perShare: problem.sharing === 'allocated' ? (multipliers['server-share'] ?? 0) : 0,
    perByte: memory < Infinity ? (multipliers['server-memory'] ?? 0) / (memory > 0 ? memory : 1) : 0,
    perBit: (multipliers.traffic ?? 0) / (problem.trafficLimitBits ?? Infinity),
    perAccuracy: (multipliers.accuracy ?? 0) / weights,
    perSecond,
  };
}

export const noPrices: Prices = { perHertz: 0, perShare: 0, perByte: 0, perBit: 0, perAccuracy: 0, perSecond: 0 };
