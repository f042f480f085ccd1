import { relativeFit, type FitRow } from '../../lib/statistics/index.js';
import type { MeasuredAffine, MeasuredEntry } from '../../lib/io/index.js';

export function affineFit(rows: readonly FitRow[]): MeasuredAffine {
  const [fixed, perBlock] = relativeFit(rows) as [number, number];
  return { fixed, perBlock };
}

/** Regressors: 1, blocks, devices, devices · blocks. */
export function batchFit(rows: readonly FitRow[]): MeasuredEntry['serverBatchSeconds'] {
  const [fixed, perBlock, fixedPerDevice, perBlockPerDevice] = relativeFit(rows) as [number, number, number, number];
  return { fixed, perBlock, fixedPerDevice, perBlockPerDevice };
}
