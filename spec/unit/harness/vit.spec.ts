import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tensor, type Tf } from '../../../harness/backend/tensorflow.js';
import { initialAdapters, type AdapterSettings } from '../../../harness/model/adapters.js';
import { transformerShape, type VitConfig } from '../../../harness/model/config.js';
import { DevicePart, ServerPart, type MemoryMode, type PartOptions } from '../../../harness/model/vit.js';
import { randomWeights, readWeights } from '../../../harness/model/weights.js';
import { parameterCount } from '../../../lib/models/index.js';
import { randomStream } from '../../../lib/random/index.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';
process.env['TF_NUM_INTEROP_THREADS'] = '1';

const shared = new URL('../../../../shared/data/weights/', import.meta.url);
const hasShared = existsSync(shared);
if (!hasShared) console.log('skipping parity with DeiT-Tiny: ../shared/data/weights is absent');

const deitTiny: VitConfig = {
  imageSize: 224,
  patchSize: 16,
  channels: 3,
  width: 192,
  blocks: 12,
  heads: 3,
  mlpWidth: 768,
  classes: 1000,
  pooling: 'class-token',
  layerNormEpsilon: 1e-6,
};
const small: VitConfig = { ...deitTiny, imageSize: 16, patchSize: 4, width: 24, blocks: 4, mlpWidth: 48, classes: 5 };
const settings: AdapterSettings = { rank: 4, alpha: 8, targets: ['query', 'value', 'up'], dropout: 0 };

let tf: Tf;
let exact = false;
beforeAll(async () => {
  const backend = await loadBackend();
  tf = backend.tf;
  exact = backend.name === 'native';
  console.log(`backend: ${backend.description}`);
});

describe('DeiT-Tiny', () => {
  it.skipIf(!hasShared)('reproduces the independent forward pass of a synthetic input', () => {
    const weights = readWeights(readFileSync(new URL('deit_tiny_patch16_224.fp16.safetensors', shared)), deitTiny);
    const reference = JSON.parse(readFileSync(new URL('deit_tiny_reference.json', shared), 'utf8')) as {
      synthetic: { logits: number[] };
    };
    const side = 224;
    const planes = Float32Array.from({ length: 3 * side * side }, (_, i) => (i % 251) / 125 - 1);
    const images = tf.tidy(() => tf.expandDims(tf.transpose(tf.tensor(planes, [3, side, side]), [1, 2, 0]), 0));
    const bare = { ...settings, targets: [] };
    const options: PartOptions = { config: deitTiny, weights, settings: bare, adapters: new Map(), memoryMode: 'keep' };
    const device = new DevicePart(tf, options, 5);
    const server = new ServerPart(tf, options, 5);
    const activations = device.infer(images);
    const logits = server.infer(activations);
    const values = logits.dataSync();
    const worst = Math.max(...reference.synthetic.logits.map((logit, k) => Math.abs(logit - values[k]!)));
    expect(worst).toBeLessThan(2e-2);
    tf.dispose([images, activations, logits]);
    device.dispose();
    server.dispose();
  });

  it('has the published number of parameters', () => {
    expect(parameterCount(transformerShape(deitTiny))).toBe(5_717_416);
  });
});

/** One step on a small model: loss and adapter gradients, device's first. */
function step(cut: number, memoryMode: MemoryMode, adapterSeed = 3): { loss: number; gradients: Float32Array[] } {
  const adapters = new Map(initialAdapters(small, settings, adapterSeed));
  const random = randomStream(9, 'adapters');
  for (const [name, { shape, values }] of adapters) {
    if (name.endsWith('.up')) adapters.set(name, { shape, values: values.map(() => 0.1 * random.normal()) });
  }
  const options: PartOptions = { config: small, weights: randomWeights(small, 1), settings, adapters, memoryMode };
  const device = new DevicePart(tf, options, cut);
  const server = new ServerPart(tf, options, cut);
  const images = randomImages();
  const pending = device.start(images);
  const { loss, gradient, adapterGradients } = server.step(pending.activations, Int32Array.of(0, 3, 1));
  const deviceGradients = gradient ? pending.backward(gradient) : (pending.backward(pending.activations), []);
  const all = [...deviceGradients, ...adapterGradients];
  const gradients = all.map((tensor) => Float32Array.from(tensor.dataSync()));
  tf.dispose([images, ...all, ...(gradient ? [gradient] : [])]);
  device.dispose();
  server.dispose();
  return { loss, gradients };
}

function randomImages(): Tensor {
  const random = randomStream(2, 'images');
  return tf.tensor(
    Float32Array.from({ length: 3 * 16 * 16 * 3 }, () => random.normal()),
    [3, 16, 16, 3],
  );
}

describe('split training', () => {
  it('gives the whole model’s loss and gradients at every cut, in both memory modes', () => {
    const whole = step(0, 'keep');
    expect(whole.gradients.length).toBe(4 * 3 * 2);
    for (const memoryMode of ['keep', 'recompute'] as const) {
      for (let cut = 0; cut <= small.blocks; cut++) {
        const split = step(cut, memoryMode);
        expect(split.gradients.length).toBe(whole.gradients.length);
        if (exact) {
          expect(split).toEqual(whole);
          continue;
        }
        expect(Math.abs(split.loss / whole.loss - 1)).toBeLessThan(1e-5);
        split.gradients.forEach((gradient, k) => {
          const largest = Math.max(...whole.gradients[k]!.map(Math.abs));
          gradient.forEach((entry, i) => {
            expect(Math.abs(entry - whole.gradients[k]![i]!)).toBeLessThanOrEqual(1e-5 * largest);
          });
        });
      }
    }
  });

  it('leaves no tensor behind', () => {
    step(2, 'keep');
    const before = tf.memory().numTensors;
    for (const memoryMode of ['keep', 'recompute'] as const) {
      for (const cut of [0, 2, 4]) step(cut, memoryMode);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

afterAll(() => {
  tf.disposeVariables();
});
