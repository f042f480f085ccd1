import { beforeAll, describe, expect, it } from 'vitest';
import { meterLiveBytes } from '../../../harness/backend/live-bytes.js';
import { loadBackend, type Tf } from '../../../harness/backend/tensorflow.js';
import { proceduralDataset } from '../../../harness/data/index.js';
import { initialAdapters, type AdapterSettings } from '../../../harness/model/adapters.js';
import { embeddedConfig } from '../../../harness/model/embedded.js';
import { DevicePart } from '../../../harness/model/parts.js';
import { randomWeights } from '../../../harness/model/weights.js';
import { trainInProcess } from '../../../harness/run.js';
import { defaultAdamW } from '../../../harness/training/index.js';

const config = embeddedConfig;
const settings: AdapterSettings = { rank: 4, alpha: 8, targets: ['query', 'value'], dropout: 0, trainHead: true };
const weights = randomWeights(config, 1);
const adapters = initialAdapters(config, settings, 1, weights);
const dataset = proceduralDataset({ classes: 'fine-tuning', length: 256, seed: 1 });

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

/** Peak of live tensors over a round of so many devices, byte. */
async function peakBytes(count: number): Promise<number> {
  const meter = meterLiveBytes(tf);
  const plan = { cut: 3, batchSize: 4, uplinkCodec: 'identity', downlinkCodec: 'identity' } as const;
  await trainInProcess(tf, {
    config,
    weights,
    adapterSettings: settings,
    adapters,
    memoryMode: 'keep',
    devices: Array.from({ length: count }, () => plan),
    rounds: 1,
    localSteps: 1,
    optimizer: defaultAdamW,
    dataset,
    split: { kind: 'iid' },
    serverSharing: 'allocated',
    seed: 1,
  });
  const { peak } = meter;
  meter.stop();
  return peak;
}

describe('emulated devices', () => {
  it('cost no more than their adapters and optimizer states and 2 MiB, 128 of them', async () => {
    const trained = [...adapters.values()].reduce((sum, { values }) => sum + 4 * values.length, 0);
    const [few, many] = [await peakBytes(4), await peakBytes(128)];
    // With two moments a weight, on both sides of the cut together.
    const perDevice = (many - few) / 124 - 3 * trained;
    console.log(`a device beyond its own state: ${(perDevice / 2 ** 20).toFixed(3)} MiB of tensors`);
    expect(perDevice).toBeLessThan(2 * 2 ** 20);
  });
});

describe('a step that is broken off', () => {
  it.each(['keep', 'recompute'] as const)('frees all that it held (%s), at every cut', (memoryMode) => {
    for (let cut = 0; cut <= config.blocks; cut++) {
      const part = new DevicePart(tf, { config, weights, settings, adapters, memoryMode }, cut);
      const warm = tf.zeros([1, 32, 32, 3]);
      // Frozen weights are uploaded when they are first used.
      part.start(warm).release();
      warm.dispose();
      const before = tf.memory().numTensors;
      for (let step = 0; step < 3; step++) {
        const images = tf.zeros([2, 32, 32, 3]);
        part.start(images).release();
        images.dispose();
      }
      expect(tf.memory().numTensors, `cut ${cut}`).toBe(before);
      part.dispose();
    }
  });

  it('cannot be freed twice, nor taken back afterwards', () => {
    const part = new DevicePart(tf, { config, weights, settings, adapters, memoryMode: 'keep' }, 1);
    const images = tf.zeros([1, 32, 32, 3]);
    const pending = part.start(images);
    pending.release();
    expect(() => pending.release()).toThrow('once');
    images.dispose();
    part.dispose();
  });
});
