import { readFileSync } from 'node:fs';
import { meterLiveBytes, type LiveBytes } from '../backend/live-bytes.js';
import type { Tensor, Tf } from '../backend/tensorflow.js';
import { readBatch, type Batch } from '../data/index.js';
import { tokenCount } from '../model/config.js';
import { FrozenWeights } from '../model/frozen-weights.js';
import { DevicePart, ServerPart, type MemoryMode, type PartOptions } from '../model/parts.js';
import { BatchMember, batchStep } from '../server/batch-part.js';
import type { ServerSharing } from '../server/index.js';
import { defaultAdamW, Optimizer } from '../training/index.js';
import type { TimingWorkload } from './workload.js';

/** Peak bytes of live tensors of one device over a few steps: weights, adapters with moments, activations. */
export async function devicePeakBytes(
  tf: Tf,
  workload: TimingWorkload,
  cut: number,
  batchSize: number,
  memoryMode: MemoryMode,
  steps = 2,
): Promise<number> {
  const batch = await sampleBatch(workload, batchSize);
  return metered(tf, (meter) => {
    const part = new DevicePart(tf, partOptions(workload, memoryMode), cut);
    const optimizer = new Optimizer(tf, defaultAdamW, part.variables);
    for (let step = 0; step < steps; step++) {
      const input = tf.tensor(batch.inputs, [...batch.shape]);
      const pending = part.start(input);
      const values = pending.activations.dataSync() as Float32Array;
      input.dispose();
      const gradient = tf.tensor(values, pending.activations.shape);
      const gradients = pending.backward(gradient);
      gradient.dispose();
      optimizer.apply(gradients);
      tf.dispose(gradients);
    }
    optimizer.dispose();
    part.dispose();
    return meter.peak;
  });
}

/** Most memory that this process has ever held: what its backend and runtime take, and what allocators keep, included. */
export function peakResidentBytes(): number {
  const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
  const kibibytes = /^VmHWM:\s+(\d+) kB$/mu.exec(status)?.[1] ?? process.resourceUsage().maxRSS;
  return 1024 * Number(kibibytes);
}

/** Where the server's bytes of live tensors go. */
export interface ServerBytes {
  /** Frozen weights. */
  readonly model: number;
  /** Adapters and moments of all devices. */
  readonly state: number;
  /** What comes on top at the worst moment of a step. */
  readonly activations: number;
  readonly peak: number;
}

/**
 * Live tensors of the server over a few steps. With `batched` all devices are in one batch; else it serves them one after
 * the other, and holds the activations of one at a time.
 */
export async function serverBytes(
  tf: Tf,
  workload: TimingWorkload,
  cuts: readonly number[],
  batchSize: number,
  memoryMode: MemoryMode,
  sharing: ServerSharing,
): Promise<ServerBytes> {
  const batch = await sampleBatch(workload, batchSize);
  const { config, weights } = workload;
  const shape = [batchSize, tokenCount(config), config.width];
  return metered(tf, (meter) => {
    const frozen = new FrozenWeights(tf, config, weights);
    const options = { ...partOptions(workload, memoryMode), frozen };
    frozen.head();
    for (let block = Math.min(...cuts); block < config.blocks; block++) frozen.block(block);
    const model = meter.live;
    const parts = cuts.map((cut) => {
      return sharing === 'batched' ? new BatchMember(tf, options, cut) : new ServerPart(tf, options, cut);
    });
    const optimizers = parts.map(({ variables }) => new Optimizer(tf, defaultAdamW, variables));
    const state = meter.live - model;
    meter.resetPeak();
    const update = (k: number, gradients: readonly Tensor[]) => {
      optimizers[k]!.apply(gradients);
      tf.dispose([...gradients]);
    };
    for (let step = 0; step < 2; step++) {
      if (sharing === 'batched') {
        const entries = parts.map((part) => ({
          member: part as BatchMember,
          activations: tf.randomNormal(shape),
          labels: batch.targets,
        }));
        const results = batchStep(tf, options, entries, step);
        results.forEach(({ gradient, adapterGradients }, k) => {
          gradient?.dispose();
          entries[k]!.activations.dispose();
          update(k, adapterGradients);
        });
        continue;
      }
      parts.forEach((part, k) => {
        const activations = tf.randomNormal(shape);
        const { gradient, adapterGradients } = (part as ServerPart).step(activations, batch.targets);
        activations.dispose();
        gradient?.dispose();
        update(k, adapterGradients);
      });
    }
    const { peak } = meter;
    for (const optimizer of optimizers) optimizer.dispose();
    for (const part of parts) part.dispose();
    frozen.dispose();
    return { model, state, activations: peak - model - state, peak };
  });
}

function partOptions(workload: TimingWorkload, memoryMode: MemoryMode): PartOptions {
  const { config, weights, settings, adapters } = workload;
  return { config, weights, settings, adapters, memoryMode };
}

function sampleBatch({ dataset }: TimingWorkload, batchSize: number): Promise<Batch> {
  return readBatch(
    dataset,
    Array.from({ length: batchSize }, (_, k) => k),
  );
}

function metered<T>(tf: Tf, work: (meter: LiveBytes) => T): T {
  const meter = meterLiveBytes(tf);
  try {
    return work(meter);
  } finally {
    meter.stop();
  }
}
