import type { PlanningProblem } from '../../models/index.js';
import type { LimitMultipliers } from '../bound/index.js';
import type { StatedProblem } from './state-problem.js';
import { WitnessFinder, type NaturalPrices } from './witnesses.js';

/** Choices still open for each device; −1 stands for leaving it out. Undefined: all. */
export type OpenChoices = readonly (readonly number[])[];

export interface DeviceWitnesses {
  readonly at: readonly (number | null)[];
  readonly mixture?: readonly (number | null)[];
  readonly tooSmall: readonly (number | null)[];
}

export interface ThresholdLeaf {
  readonly kind: 'threshold';
  readonly prices: NaturalPrices;
  readonly witnesses: readonly DeviceWitnesses[];
}

/** Prices of a whole band, server, memory and of the weighted mean accuracy, for a hertz, a share, a byte and a unit of weight × accuracy. */
export function naturalPrices(problem: PlanningProblem, multipliers: LimitMultipliers): NaturalPrices {
  const weights = problem.devices.reduce((sum, device) => sum + device.weight, 0);
  const { serverMemoryBytes: memory } = problem;
  const meanCounts = problem.accuracy.scope === 'mean' && problem.accuracy.minimum > -Infinity;
  return {
    perHertz: (multipliers.bandwidth ?? 0) / problem.bandwidthHz,
    perShare: problem.sharing === 'allocated' ? (multipliers['server-share'] ?? 0) : 0,
    perByte: memory < Infinity ? (multipliers['server-memory'] ?? 0) / (memory > 0 ? memory : 1) : 0,
    perAccuracy: meanCounts ? (multipliers.accuracy ?? 0) / weights : 0,
  };
}

/** All choices that a device's own limits do not rule out, as the checker lists them. */
export function openChoices(stated: StatedProblem): OpenChoices {
  const relaxed = 1 + stated.limitTolerance;
  return stated.devices.map(({ choices, memoryBytes, optional }) => {
    const list = choices.blocks.flatMap((_, j) => {
      const tooLarge = memoryBytes !== null && choices.deviceMemoryBytes[j]! > memoryBytes * relaxed * (1 + 1e-15);
      const minimum = stated.accuracyScope === 'each' ? stated.accuracyMinimum : null;
      const required = minimum === null ? -Infinity : minimum - stated.limitTolerance * Math.abs(minimum) - 1e-15;
      return tooLarge || choices.uplinkEfficiencyLimit[j] === 0 || choices.accuracy[j]! < required ? [] : [j];
    });
    return optional ? [-1, ...list] : list;
  });
}

/** Evidence that no plan over the open choices is as fast as `seconds`, at given prices. */
export function thresholdLeaf(
  problem: PlanningProblem,
  stated: StatedProblem,
  open: OpenChoices | undefined,
  seconds: number,
  prices: NaturalPrices,
): ThresholdLeaf {
  const left = seconds - problem.aggregationSeconds;
  const witnesses = (open ?? openChoices(stated)).map((list, n) => {
    const finder = new WitnessFinder(problem, stated, problem.devices[n]!, stated.devices[n]!);
    const found = list.filter((j) => j >= 0).map((j) => finder.find(j, left, prices));
    const kinks = found.some(({ mixture }) => mixture !== null);
    return {
      at: found.map((witness) => witness.at),
      ...(kinks && { mixture: found.map((witness) => witness.mixture) }),
      tooSmall: found.map((witness) => witness.tooSmall),
    };
  });
  return { kind: 'threshold', prices, witnesses };
}
