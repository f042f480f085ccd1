import { expect, it } from 'vitest';
import { loadBackend } from '../../../harness/backend/tensorflow.js';
import { proceduralDataset } from '../../../harness/data/index.js';
import { evaluateDevices } from '../../../harness/evaluate-devices.js';
import { initialAdapters } from '../../../harness/model/adapters.js';
import { randomWeights } from '../../../harness/model/weights.js';
import { decodeTensor, encodeTensor } from '../../../harness/protocol/index.js';
import { evaluate } from '../../../harness/training/index.js';
import { smallAdapters, smallVit } from '../../support/small-vit.js';

it('is the mean over the devices, each with its own cut and codec, each way measured once', async () => {
  const { tf } = await loadBackend();
  const config = { ...smallVit, imageSize: 32, patchSize: 16, classes: 24 };
  const settings = smallAdapters;
  const weights = randomWeights(config, 3);
  const part = {
    config,
    weights,
    settings,
    adapters: initialAdapters(config, settings, 1),
    memoryMode: 'keep',
  } as const;
  const dataset = proceduralDataset({ classes: 'fine-tuning', length: 20, seed: 2 });
  const codec = { keptFraction: 0.3, bits: 2 } as const;
  const common = { part, dataset, batchSize: 8 };
  const seeds: number[] = [];
  const batchSeed = (batch: number) => {
    seeds.push(batch);
    return 7 + batch;
  };
  const devices = [
    { cut: 1, uplinkCodec: codec },
    { cut: 0, uplinkCodec: 'identity' as const },
    { cut: 1, uplinkCodec: codec },
    { cut: config.blocks, uplinkCodec: 'identity' as const },
  ];
  const found = await evaluateDevices(tf, { ...common, devices, batchSeed });
  expect(seeds).toEqual([0, 1, 2]);
  const channel = (values: Float32Array, shape: readonly number[], batch: number) =>
    decodeTensor(encodeTensor(values, shape, codec, 7 + batch), shape, codec);
  const coded = await evaluate(tf, { ...common, cut: 1, channel });
  const plain = await evaluate(tf, { ...common, cut: 1 });
  expect(found.loss).toBeCloseTo((coded.loss + plain.loss) / 2, 12);
  expect(found.accuracy).toBeCloseTo((coded.accuracy + plain.accuracy) / 2, 12);
  expect(Math.abs(coded.loss - plain.loss)).toBeGreaterThan(1e-6);
  expect(found.targets).toBe(20);
});
