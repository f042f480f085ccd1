import type { PlanningProblem } from '../../models/index.js';
import type { Prices } from '../../verify/evidence.js';
import type { LimitMultipliers } from '../bound/index.js';
import { sharedLimits } from './state-problem.js';

/** Prices of all of each limit as those of a share of bandwidth (a hertz or a block), the server, a unit of each shared limit; `perSecond` of the round itself. */
export function naturalPrices(problem: PlanningProblem, multipliers: LimitMultipliers, perSecond: number): Prices {
  return {
    perShare: price(((multipliers.bandwidth ?? 0) / problem.bandwidthHz) * (problem.resourceBlockHz ?? 1)),
    perServer: price(problem.sharing === 'allocated' ? (multipliers['server-share'] ?? 0) : 0),
    perSecond,
    perUnit: sharedLimits(problem).map(({ multiplier, unit }) => price((multipliers[multiplier] ?? 0) / unit)),
  };
}

/** No price, or one of a size that certificates know; what is next to nothing is nothing. */
function price(value: number): number {
  return value > 1e-40 ? Math.min(value, 1e40) : 0;
}

export function noPrices(problem: PlanningProblem): Prices {
  return naturalPrices(problem, {}, 0);
}
