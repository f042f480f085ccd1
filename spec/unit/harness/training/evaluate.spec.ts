import { expect, it } from 'vitest';
import { loadBackend } from '../../../../harness/backend/tensorflow.js';
import { proceduralDataset, readBatch } from '../../../../harness/data/index.js';
import { initialAdapters } from '../../../../harness/model/adapters.js';
import type { VitConfig } from '../../../../harness/model/config.js';
import { DevicePart, ServerPart, type PartOptions } from '../../../../harness/model/parts.js';
import { embeddedDecoderConfig } from '../../../../harness/model/embedded.js';
import { randomWeights } from '../../../../harness/model/weights.js';
import { evaluate, judgedAtOnce } from '../../../../harness/training/index.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';

const config: VitConfig = {
  imageSize: 32,
  patchSize: 16,
  channels: 3,
  width: 12,
  blocks: 2,
  heads: 2,
  mlpWidth: 24,
  classes: 24,
  pooling: 'mean',
  layerNormEpsilon: 1e-6,
};

it('gives the loss of a training step and the share of likeliest classes, with and without a channel', async () => {
  const { tf } = await loadBackend();
  const settings = { rank: 1, alpha: 1, targets: ['query'], dropout: 0 } as const;
  const adapters = initialAdapters(config, settings, 1);
  const part: PartOptions = { config, weights: randomWeights(config, 3), settings, adapters, memoryMode: 'keep' };
  const drawn = proceduralDataset({ classes: 'fine-tuning', length: 50, seed: 2 });
  const batch = await readBatch(
    drawn,
    Array.from({ length: 50 }, (_, k) => k),
  );

  const device = new DevicePart(tf, part, 1);
  const server = new ServerPart(tf, part, 1);
  const images = tf.tensor(batch.inputs, [...batch.shape]);
  const pending = device.start(images);
  const step = server.step(pending.activations, batch.targets);
  const likeliest = tf.tidy(() => Array.from(tf.argMax(server.infer(device.infer(images)), 1).dataSync()));
  tf.dispose([images, ...step.adapterGradients, ...pending.backward(step.gradient!), step.gradient!]);
  device.dispose();
  server.dispose();

  // Labels that the model gets right for a known share of the images.
  const labels = batch.targets.map((label, k) => (k < 20 ? likeliest[k]! : (likeliest[k]! + 1 + (label % 20)) % 24));
  const options = { part, cut: 1, batchSize: 16 };
  const before = tf.memory().numTensors;
  const plain = await evaluate(tf, { ...options, dataset: drawn });
  expect(plain.targets).toBe(50);
  expect(plain.loss).toBeCloseTo(step.loss, 5);
  const relabelled = await evaluate(tf, { ...options, dataset: { ...drawn, labels } });
  expect(relabelled.accuracy).toBe(0.4);

  const sizes: number[] = [];
  const channel = (values: Float32Array, shape: readonly number[]) => {
    sizes.push(shape[0]!);
    return values.map((value) => -3 * value);
  };
  const distorted = await evaluate(tf, { ...options, dataset: drawn, channel });
  expect(sizes).toEqual([16, 16, 16, 2]);
  expect(Math.abs(distorted.loss - plain.loss)).toBeGreaterThan(1e-4);
  expect(tf.memory().numTensors).toBe(before);
});

it('judges fewer examples at once where the vocabulary is large', () => {
  expect(judgedAtOnce(config, 48)).toBe(48);
  expect(judgedAtOnce(embeddedDecoderConfig, 48)).toBe(48);
  const large = { ...embeddedDecoderConfig, vocabulary: 49_152, tokens: 128 };
  expect(judgedAtOnce(large, 48)).toBe(5);
  expect(judgedAtOnce({ ...large, tokens: 2048 }, 48)).toBe(1);
});
