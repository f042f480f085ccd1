import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tf } from '../../../harness/backend/tensorflow.js';
import { deitTinyConfig, type VitConfig } from '../../../harness/model/config.js';
import { DevicePart, ServerPart, type PartOptions } from '../../../harness/model/parts.js';
import { readWeights, weightShapes, type WeightSet } from '../../../harness/model/weights.js';

/** Written by `bench/peers/deit_reference.py`: timm in float64. */
const reference = JSON.parse(readFileSync(new URL('../../fixtures/timm-reference.json', import.meta.url), 'utf8')) as {
  readonly small: {
    readonly logits: number[];
    readonly loss: number;
    readonly activationsAfterBlock1: number[];
    readonly gradientAfterBlock1: number[];
  };
  readonly deitTiny: { readonly logits: number[] };
};
const weightFile = new URL('../../../../shared/data/weights/deit_tiny_patch16_224.fp16.safetensors', import.meta.url);
const hasWeights = existsSync(weightFile);
if (!hasWeights) console.log('skipping DeiT-Tiny against timm: ../shared/data/weights is absent');

const small: VitConfig = {
  imageSize: 32,
  patchSize: 8,
  channels: 3,
  width: 24,
  blocks: 3,
  heads: 3,
  mlpWidth: 48,
  classes: 5,
  pooling: 'class-token',
  layerNormEpsilon: 1e-6,
};

/** The same formula as in the script. */
function formulaWeights(config: VitConfig): WeightSet {
  return new Map(
    [...weightShapes(config)].map(([name, shape]) => {
      const shift = Buffer.from(name).reduce((sum, byte) => sum + byte, 0);
      const one = name.includes('norm') && name.endsWith('weight') ? 1 : 0;
      const count = shape.reduce((product, extent) => product * extent, 1);
      const values = Float32Array.from({ length: count }, (_, k) => Math.fround(0.2 * Math.sin(0.7 * k + shift)) + one);
      return [name, { shape, values }];
    }),
  );
}

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

const part = (config: VitConfig, weights: WeightSet): PartOptions => ({
  config,
  weights,
  settings: { rank: 1, alpha: 1, targets: [], dropout: 0 },
  adapters: new Map(),
  memoryMode: 'keep',
});

function synthetic(side: number) {
  const planes = Float32Array.from({ length: 3 * side * side }, (_, i) => (i % 251) / 125 - 1);
  return tf.tidy(() => tf.expandDims(tf.transpose(tf.tensor(planes, [3, side, side]), [1, 2, 0]), 0));
}

/** Largest difference, in units of the largest value. */
function apart(found: ArrayLike<number>, wanted: readonly number[]): number {
  expect(found.length).toBe(wanted.length);
  const size = Math.max(...wanted.map(Math.abs));
  return Math.max(...wanted.map((value, k) => Math.abs(value - found[k]!))) / size;
}

describe('against timm in float64', () => {
  it('a small model gives the same activations, logits, loss and gradient at the cut', () => {
    const options = part(small, formulaWeights(small));
    const device = new DevicePart(tf, options, 1);
    const server = new ServerPart(tf, options, 1);
    const images = synthetic(32);
    const activations = device.infer(images);
    const logits = server.infer(activations);
    const { loss, gradient } = server.step(activations, Int32Array.of(3));
    const { small: wanted } = reference;
    expect(apart(activations.dataSync(), wanted.activationsAfterBlock1)).toBeLessThan(5e-6);
    expect(apart(logits.dataSync(), wanted.logits)).toBeLessThan(5e-6);
    expect(Math.abs(loss / wanted.loss - 1)).toBeLessThan(5e-6);
    expect(apart(gradient!.dataSync(), wanted.gradientAfterBlock1)).toBeLessThan(2e-5);
    tf.dispose([images, activations, logits, gradient!]);
    device.dispose();
    server.dispose();
  });

  it.skipIf(!hasWeights)('DeiT-Tiny gives the same logits', () => {
    const options = part(deitTinyConfig, readWeights(readFileSync(weightFile), deitTinyConfig));
    const device = new DevicePart(tf, options, 5);
    const server = new ServerPart(tf, options, 5);
    const images = synthetic(224);
    const activations = device.infer(images);
    const logits = server.infer(activations);
    const found = apart(logits.dataSync(), reference.deitTiny.logits);
    console.log(`DeiT-Tiny against timm: ${found.toExponential(1)} of the largest logit`);
    expect(found).toBeLessThan(2e-5);
    tf.dispose([images, activations, logits]);
    device.dispose();
    server.dispose();
  });
});
