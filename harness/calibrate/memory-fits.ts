import type { MeasuredAffine, MeasuredEntry } from '../../lib/io/index.js';
import type { FitRow } from '../../lib/statistics/index.js';
import type { Tf } from '../backend/tensorflow.js';
import type { MemoryMode } from '../model/parts.js';
import { affineFit, batchFit } from './fits.js';
import { devicePeakBytes, serverBytes } from './memory.js';
import type { ProcessProbes } from './probes.js';
import type { TimingWorkload } from './workload.js';

/** What a profile says of bytes at one batch size and memory mode. */
export type MeasuredBytes = Pick<
  MeasuredEntry,
  'deviceBytes' | 'serverStateBytes' | 'serverActivationBytes' | 'serverBatchBytes' | 'processBytes'
>;

/** Bytes of a device and of the server by their blocks; those of a process where a probe is given. */
export async function measuredMemory(
  tf: Tf,
  workload: TimingWorkload,
  probes: ProcessProbes | undefined,
  batchSize: number,
  memoryMode: MemoryMode,
  cuts: readonly number[],
): Promise<MeasuredBytes> {
  const { blocks } = workload.config;
  const device: FitRow[] = [];
  let atOneBlock = NaN;
  const state: FitRow[] = [];
  const activations: FitRow[] = [];
  const batch: FitRow[] = [];
  const resident: FitRow[] = [];
  for (const cut of cuts) {
    const peak = await devicePeakBytes(tf, workload, cut, batchSize, memoryMode);
    if (cut === 1) atOneBlock = peak;
    if (cut > 1 || cuts.length < 3) device.push({ regressors: [1, cut], value: peak });
    const server = await serverBytes(tf, workload, [cut], batchSize, memoryMode, 'allocated');
    if (probes) resident.push({ regressors: [1, cut], value: await probes.memory(cut, batchSize, memoryMode) });
    state.push({ regressors: [1, blocks - cut], value: server.state });
    activations.push({ regressors: [1, blocks - cut], value: server.activations });
    for (const count of [2, 4]) {
      const all = Array.from({ length: count }, () => cut);
      const found = await serverBytes(tf, workload, all, batchSize, memoryMode, 'batched');
      batch.push({ regressors: [1, blocks - cut, count, count * (blocks - cut)], value: found.activations });
    }
  }
  return {
    deviceBytes: { ...affineFit(device), atOneBlock },
    serverStateBytes: affineFit(state),
    serverActivationBytes: affineFit(activations),
    serverBatchBytes: batchFit(batch),
    ...(resident.length > 1 && { processBytes: affineFit(resident) }),
  };
}

/** Frozen weights of the server by its blocks. */
export async function modelBytes(tf: Tf, workload: TimingWorkload, batchSize: number): Promise<MeasuredAffine> {
  const { blocks } = workload.config;
  const rows: FitRow[] = [];
  for (const cut of [1, blocks - 1]) {
    const { model } = await serverBytes(tf, workload, [cut], batchSize, 'recompute', 'allocated');
    rows.push({ regressors: [1, blocks - cut], value: model });
  }
  return affineFit(rows);
}
