import { createResponse } from '../../lagrangian/index.js';
import { sumLimit, type PlanningProblem } from '../../models/index.js';
import { boundPlan, SeparateOracle, type PlanBound } from '../bound/index.js';

/** What a limit on a sum costs the round. */
export interface LimitPrice {
  /** `bandwidth`, `server-share`, `server-memory`, `accuracy`, or `extra:` and the name of an extra limit. */
  readonly limit: string;
  /**
   * Seconds by which the bound falls for each unit that the limit is relaxed: Hz, the whole server, bytes, accuracy of the
   * mean, the extra limit's own unit; ≥ 0.
   */
  readonly secondsPerUnit: number;
}

/**
 * Dual prices of the limits that couple devices, those of the caller included: the derivative of the dual bound, which of many
 * devices is that of the round itself. Empty where no such price exists, because one device alone decides the bound or no plan
 * exists at all.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param bound - The bound of this problem, where it is known.
 * @example
 * ```ts
 * import { limitPrices, parseProblemFile } from 'sft-opt';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * console.log(limitPrices(problem).map(({ limit }) => limit)); // [ 'bandwidth', 'server-share', 'accuracy' ]
 * ```
 */
export function limitPrices(problem: PlanningProblem, bound: PlanBound = boundPlan(problem)): LimitPrice[] {
  const { columns, certificate, multipliers, boundSeconds } = bound;
  if (certificate.kind === 'floor' || !(boundSeconds > 0 && boundSeconds < Infinity)) return [];
  const worth = certificate.kind === 'boxes' ? 1 : secondsPerSlack(bound);
  if (!(worth > 0 && worth < Infinity)) return [];
  return columns.rows.map((limit) => ({
    limit,
    secondsPerUnit: (worth * (multipliers[limit] ?? 0)) / unitOf(problem, limit),
  }));
}

/** 1 over the speed at which the dual falls as the round grows. */
function secondsPerSlack({ columns, multipliers, boundSeconds }: PlanBound): number {
  const oracle = new SeparateOracle(columns);
  const response = createResponse(oracle);
  oracle.setThreshold(boundSeconds - columns.problem.aggregationSeconds);
  const weights = columns.problem.devices.reduce((sum, device) => sum + device.weight, 0);
  const scaled = columns.rows.map(
    (row) => (multipliers[row] ?? 0) / (row === 'accuracy' ? weights / columns.accuracyUnit : 1),
  );
  oracle.evaluate(Float64Array.from(scaled), response);
  return -1 / response.slope;
}

/** Size of a certificate's unit of a limit. */
function unitOf(problem: PlanningProblem, limit: string): number {
  if (limit === 'bandwidth') return problem.bandwidthHz;
  if (limit === 'server-memory') return problem.serverMemoryBytes || 1;
  const extra = problem.extraLimits?.find(({ name }) => limit === `extra:${name}`);
  return extra ? Math.abs(sumLimit(extra)) || 1 : 1;
}
