import { beforeAll, expect, it } from 'vitest';
import { loadBackend, type Tf } from '../../../harness/backend/tensorflow.js';
import {
  initialAdapters,
  type AdapterSettings,
  type AdapterState,
  trainedNames,
} from '../../../harness/model/adapters.js';
import type { VitConfig } from '../../../harness/model/config.js';
import { DevicePart, ServerPart, type MemoryMode } from '../../../harness/model/parts.js';
import { randomWeights } from '../../../harness/model/weights.js';
import { randomStream } from '../../../lib/random/index.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';

const config: VitConfig = {
  imageSize: 16,
  patchSize: 8,
  channels: 3,
  width: 16,
  blocks: 3,
  heads: 2,
  mlpWidth: 32,
  classes: 4,
  pooling: 'mean',
  layerNormEpsilon: 1e-6,
};
const targets = ['query', 'key', 'value', 'output', 'up', 'down'] as const;
const settings: AdapterSettings = { rank: 2, alpha: 4, targets, dropout: 0 };
const names = trainedNames(config, settings, 0, config.blocks);

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

/** Weights ten times as large as new ones, so that every part of the model bears on the loss. */
const weights = new Map(
  [...randomWeights(config, 4)].map(([name, { shape, values }]) => {
    return [name, { shape, values: name.includes('norm') ? values : values.map((value) => 10 * value) }];
  }),
);

function lossAndGradients(adapters: AdapterState, cut: number, memoryMode: MemoryMode): [number, Float32Array[]] {
  const options = { config, weights, settings, adapters, memoryMode };
  const device = new DevicePart(tf, options, cut);
  const server = new ServerPart(tf, options, cut);
  const random = randomStream(1, 'images');
  const images = tf.tensor4d(
    Float32Array.from({ length: 6 * 768 }, () => random.normal()),
    [6, 16, 16, 3],
  );
  const pending = device.start(images);
  const { loss, gradient, adapterGradients } = server.step(pending.activations, Int32Array.of(0, 1, 2, 3, 0, 1));
  const all = [...pending.backward(gradient!), ...adapterGradients];
  const values = all.map((tensor) => Float32Array.from(tensor.dataSync()));
  tf.dispose([images, gradient!, ...all]);
  device.dispose();
  server.dispose();
  return [loss, values];
}

it.each(['keep', 'recompute'] as const)('gradients fit differences of the loss along many directions (%s)', (mode) => {
  const random = randomStream(2, 'adapters');
  const adapters: AdapterState = new Map(
    [...initialAdapters(config, settings, 3)].map(([name, { shape, values }]) => {
      return [name, { shape, values: values.map((value) => value + 0.2 * random.normal()) }];
    }),
  );
  const [, gradients] = lossAndGradients(adapters, 2, mode);
  // Each tensor's own gradient as direction: every one of them is tested, and none drowns in round-off.
  let worst = 0;
  for (const [k, name] of names.entries()) {
    const gradient = gradients[k]!;
    const norm = Math.hypot(...gradient);
    expect(norm, name).toBeGreaterThan(2e-3);
    const reach = 0.02;
    const moved = (sign: number) => {
      const { shape, values } = adapters.get(name)!;
      const along = values.map((value, i) => value + (sign * reach * gradient[i]!) / norm);
      return lossAndGradients(new Map([...adapters, [name, { shape, values: along }]]), 2, mode)[0];
    };
    const difference = (moved(1) - moved(-1)) / (2 * reach);
    // Float32 losses carry about 2e-7 of round-off.
    const allowed = 0.01 * norm + 2e-7 / reach;
    worst = Math.max(worst, Math.abs(difference - norm) / allowed);
  }
  expect(worst).toBeLessThan(1);
});
