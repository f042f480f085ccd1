import { beforeAll, describe, expect, it } from 'vitest';
import { meterLiveBytes, type LiveBytes } from '../../../harness/backend/live-bytes.js';
import { loadBackend, type Tf } from '../../../harness/backend/tensorflow.js';
import { initialAdapters, type AdapterSettings } from '../../../harness/model/adapters.js';
import { BlockRun } from '../../../harness/model/block-run.js';
import { tokenCount, type VitConfig } from '../../../harness/model/config.js';
import { FrozenWeights } from '../../../harness/model/frozen-weights.js';
import { DevicePart, ServerPart, type MemoryMode, type PartOptions } from '../../../harness/model/parts.js';
import { randomWeights } from '../../../harness/model/weights.js';
import { defaultAdamW, Optimizer } from '../../../harness/training/index.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';
process.env['TF_NUM_INTEROP_THREADS'] = '1';

let tf: Tf;
beforeAll(async () => {
  const backend = await loadBackend();
  tf = backend.tf;
  console.log(`backend: ${backend.description}`);
});

function metered<T>(work: (meter: LiveBytes) => T): T {
  const meter = meterLiveBytes(tf);
  try {
    return work(meter);
  } finally {
    meter.stop();
  }
}

describe('live bytes', () => {
  it('count a buffer once, however many tensors show it, and forget it when it is freed', () => {
    metered((meter) => {
      const matrix = tf.ones([64, 32]);
      expect(meter.live).toBe(4 * 64 * 32);
      const views = [tf.reshape(matrix, [32, 64]), matrix.clone(), tf.reshape(matrix, [2048])];
      expect(meter.live).toBe(4 * 64 * 32);
      matrix.dispose();
      expect(meter.live).toBe(4 * 64 * 32);
      tf.dispose(views);
      expect(meter.live).toBe(0);
      // A reshape names the wanted shape in a tensor of its own.
      expect(meter.peak).toBeLessThanOrEqual(4 * 64 * 32 + 16);
    });
  });

  it('remember the most since the peak was reset', () => {
    metered((meter) => {
      tf.tidy(() => void tf.zeros([1000]));
      const stays = tf.zeros([10]);
      meter.resetPeak();
      tf.tidy(() => void tf.zeros([100]));
      expect([meter.live, meter.peak]).toEqual([40, 440]);
      stays.dispose();
    });
  });
});

const settings: AdapterSettings = { rank: 4, alpha: 8, targets: ['query', 'value'], dropout: 0.1, trainHead: true };

function configOf(blocks: number): VitConfig {
  return {
    imageSize: 32,
    patchSize: 8,
    channels: 3,
    width: 48,
    blocks,
    heads: 3,
    mlpWidth: 192,
    classes: 24,
    pooling: 'class-token',
    layerNormEpsilon: 1e-6,
  };
}

function optionsOf(blocks: number, memoryMode: MemoryMode): PartOptions {
  const config = configOf(blocks);
  const weights = randomWeights(config, 1);
  return { config, weights, settings, adapters: initialAdapters(config, settings, 2, weights), memoryMode };
}

/** What a device holds between forward and backward, and how far its backward goes beyond. */
function heldAndBeyond(blocks: number, memoryMode: MemoryMode): { held: number; beyond: number } {
  const options = optionsOf(blocks + 1, memoryMode);
  return metered((meter) => {
    const device = new DevicePart(tf, options, blocks);
    for (let step = 0; ; step++) {
      const images = tf.randomNormal([8, 32, 32, 3]);
      const pending = device.start(images, step);
      images.dispose();
      const gradient = tf.randomNormal([8, tokenCount(options.config), 48]);
      const held = meter.live;
      meter.resetPeak();
      tf.dispose([gradient, ...pending.backward(gradient)]);
      if (step === 0) continue;
      device.dispose();
      return { held, beyond: meter.peak - held };
    }
  });
}

/** How far the backward of a lone block, its input's gradient included, goes beyond what the block holds. */
function temporariesOfOneBlock(): number {
  const options = optionsOf(1, 'keep');
  return metered((meter) => {
    const frozen = new FrozenWeights(tf, options.config, options.weights);
    const block = new BlockRun(tf, options, frozen, 0, 1);
    for (let step = 0; ; step++) {
      const input = tf.randomNormal([8, tokenCount(options.config), 48]);
      const pending = block.start(input, { wantsInputGradient: true, stepSeed: step });
      const gradient = tf.randomNormal(input.shape);
      const held = meter.live;
      meter.resetPeak();
      const { input: inputGradient, adapters } = pending.backward(gradient);
      tf.dispose([gradient, inputGradient!, ...adapters]);
      if (step === 0) continue;
      block.dispose();
      frozen.dispose();
      return meter.peak - held;
    }
  });
}

describe('memory of a device', () => {
  it('peaks in `keep` at what it holds and one block’s temporaries, however many blocks there are', () => {
    const temporaries = temporariesOfOneBlock();
    const { held: one } = heldAndBeyond(1, 'keep');
    for (const blocks of [2, 3, 6]) {
      const { held, beyond } = heldAndBeyond(blocks, 'keep');
      expect(held).toBeGreaterThan(0.9 * one * blocks);
      expect(beyond).toBeLessThanOrEqual(temporaries);
      expect(beyond).toBeGreaterThan(0.9 * temporaries);
    }
  });

  it('grows in `recompute` by a block’s input and weights alone', () => {
    const { held: three } = heldAndBeyond(3, 'recompute');
    const { held: six } = heldAndBeyond(6, 'recompute');
    const { held: kept } = heldAndBeyond(6, 'keep');
    const input = 4 * 8 * 17 * 48;
    const weights = 4 * (12 * 48 * 48 + 13 * 48 + 4 * 48 * 4);
    expect((six - three) / 3 / (input + weights)).toBeCloseTo(1, 1);
    expect(kept).toBeGreaterThan(2 * six);
  });
});

describe('fifty steps', () => {
  it.each(['keep', 'recompute'] as const)('leave no tensor and no byte behind (%s)', (memoryMode) => {
    metered((meter) => {
      const options = optionsOf(3, memoryMode);
      const parts = [new DevicePart(tf, options, 1), new ServerPart(tf, options, 1)] as const;
      const whole = new DevicePart(tf, options, 3);
      const optimizers = [...parts, whole].map(({ variables }) => new Optimizer(tf, defaultAdamW, variables));
      const labels = Int32Array.of(0, 1);
      const after: { tensors: number; bytes: number }[] = [];
      for (let step = 0; step < 50; step++) {
        const images = tf.randomNormal([2, 32, 32, 3]);
        const pending = parts[0].start(images, step);
        const { gradient, adapterGradients } = parts[1].step(pending.activations, labels, step);
        const ofDevice = pending.backward(gradient!);
        const ofWhole = whole.startWhole(images, labels, step).backward();
        optimizers[0]!.apply(ofDevice);
        optimizers[1]!.apply(adapterGradients);
        optimizers[2]!.apply(ofWhole);
        tf.dispose([images, gradient!, ...ofDevice, ...adapterGradients, ...ofWhole]);
        after.push({ tensors: tf.memory().numTensors, bytes: meter.live });
      }
      expect(after.at(-1)).toEqual(after[0]);
      for (const part of [...parts, whole, ...optimizers]) part.dispose();
      expect(meter.live).toBe(0);
    });
  });
});
