import { median } from '../../lib/statistics/index.js';
import type { CodecPoint } from '../../lib/validation/index.js';
import { isCompressed, plainPoint } from './points.js';
import { localSteps, type CalibrateOptions } from './steady-run.js';
import type { TimedRun } from './timed-run.js';

/** What a time limit allows. */
export interface Budget {
  /** The uncompressed one first. */
  readonly points: readonly CodecPoint[];
  /** How often every run is made, one pass after the other: a minute of the machine is not taken for a cut. */
  readonly passes: number;
}

/** Points and passes for which there is time; points are left out before the one pass is. */
export function affordable({ rounds }: Pick<TimedRun, 'rounds'>, options: CalibrateOptions): Budget {
  const { points, batchSizes, memoryModes, steps, timeLimitSeconds, mostPasses = 3, onProgress } = options;
  const ordered = [plainPoint, ...points.filter(isCompressed)];
  const stepSeconds = median(rounds.map(({ record }) => record.wallSeconds)) / localSteps;
  const perBatchSize = batchSizes.reduce((sum, size) => sum + size, 0) / batchSizes[0]!;
  // A round or more warms each run up; recomputing takes half as much again.
  const perRun = 1.5 * steps * stepSeconds * perBatchSize;
  const others = (memoryModes.length * 12 + (memoryModes.length - 1) * 3) * 1.25 * perRun;
  const count = Math.max(1, Math.min(ordered.length, Math.floor((timeLimitSeconds - others) / (3 * perRun))));
  const leftOut = ordered.slice(count).map(({ keptFraction, bits }) => `${100 * keptFraction} % at ${bits} bits`);
  if (leftOut.length > 0) onProgress?.(`the time limit leaves these points out: ${leftOut.join(', ')}`);
  const passes = Math.floor(timeLimitSeconds / (others + 3 * perRun * count));
  return { points: ordered.slice(0, count), passes: Math.max(1, Math.min(mostPasses, passes)) };
}
