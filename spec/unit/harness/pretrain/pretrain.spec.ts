import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tf } from '../../../../harness/backend/tensorflow.js';
import { readSafetensors } from '../../../../lib/io/tensors/index.js';
import { grammarDataset, proceduralDataset } from '../../../../harness/data/index.js';
import type { VitConfig } from '../../../../harness/model/config.js';
import { embeddedConfig, embeddedDecoderConfig, embeddedWeights } from '../../../../harness/model/embedded.js';
import { DevicePart, ServerPart } from '../../../../harness/model/parts.js';
import { randomWeights, readWeights, weightShapes } from '../../../../harness/model/weights.js';
import { pretrain, pretrainSchema, TrainableModel, weightFile } from '../../../../harness/pretrain/index.js';
import { evaluate } from '../../../../harness/training/index.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';
process.env['TF_NUM_INTEROP_THREADS'] = '1';

const config: VitConfig = { ...embeddedConfig, width: 24, blocks: 2, mlpWidth: 48 };

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

function logitsOf(weights: ReturnType<typeof randomWeights>, images: Float32Array): Float32Array {
  const settings = { rank: 1, alpha: 1, targets: [], dropout: 0 } as const;
  const part = { config, weights, settings, adapters: new Map(), memoryMode: 'keep' } as const;
  const device = new DevicePart(tf, part, 1);
  const server = new ServerPart(tf, part, 1);
  const logits = tf.tidy(() => {
    const tensor = tf.tensor4d(images, [2, 32, 32, 3]);
    return Float32Array.from(server.infer(device.infer(tensor)).dataSync());
  });
  device.dispose();
  server.dispose();
  return logits;
}

describe('the trainable model', () => {
  const images = Float32Array.from({ length: 2 * 32 * 32 * 3 }, (_, k) => ((k * 37) % 101) / 50 - 1);

  it('computes what the split model computes, and gives its weights back as they came', () => {
    const start = randomWeights(config, 3);
    const model = new TrainableModel(tf, config, start);
    const logits = tf.tidy(() => Float32Array.from(model.forward(tf.tensor4d(images, [2, 32, 32, 3])).dataSync()));
    const back = model.weights();
    model.dispose();
    expect([...back.keys()].sort()).toEqual([...weightShapes(config).keys()].sort());
    for (const [name, { shape, values }] of start) {
      expect(back.get(name)!.shape, name).toEqual(shape);
      expect(back.get(name)!.values, name).toEqual(values);
    }
    const split = logitsOf(start, images);
    logits.forEach((logit, k) => expect(logit).toBeCloseTo(split[k]!, 5));
  });

  it('has gradients that fit differences of the loss, norms and tokens included', () => {
    const start = randomWeights(config, 3);
    const lossOf = (weights: typeof start) => {
      const model = new TrainableModel(tf, config, weights);
      const tensor = tf.tensor4d(images, [2, 32, 32, 3]);
      const step = model.step(tensor, Int32Array.of(3, 11));
      const slopes = model.variables.map((_, k) => Float32Array.from(step.gradients[k]!.dataSync()));
      tf.dispose([tensor, ...step.gradients]);
      const shapes = model.variables.map(({ shape }) => shape);
      model.dispose();
      return { loss: step.loss, slopes, shapes };
    };
    const base = lossOf(start);
    // Scaling a weight by 1 ± h changes the loss by h·(gradient · weight): one number for each kind of weight.
    const kinds = ['cls_token', 'pos_embed', 'blocks.1.norm2.weight', 'norm.weight', 'patch_embed.proj.weight'];
    for (const name of kinds) {
      const { shape, values } = start.get(name)!;
      const at = (factor: number) =>
        lossOf(new Map([...start, [name, { shape, values: values.map((value) => value * factor) }]])).loss;
      const difference = (at(1.05) - at(0.95)) / 0.1;
      const model = new TrainableModel(tf, config, start);
      const held = model.variables.map((variable) => Float32Array.from(variable.dataSync()));
      model.dispose();
      const products = held.map((own, k) => own.reduce((sum, value, i) => sum + value * base.slopes[k]![i]!, 0));
      const nearest = Math.min(...products.map((product) => Math.abs(product - difference)));
      expect(nearest, name).toBeLessThan(0.02 * Math.abs(difference) + 2e-5);
    }
  });
});

describe('pre-training', () => {
  const options = pretrainSchema.parse({
    steps: 60,
    batchSize: 16,
    warmUpSteps: 10,
    learningRate: 3e-3,
    testExamples: 48,
  });

  it('lowers the loss, gives the same for the same seed, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const losses: number[] = [];
    const short = { ...options, steps: 130 };
    await pretrain(tf, config, short, ({ loss }) => losses.push(loss));
    expect(losses.at(-1)!).toBeLessThan(losses[0]! - 0.1);
    const brief = { ...options, steps: 4 };
    const [one, two] = [await pretrain(tf, config, brief), await pretrain(tf, config, brief)];
    expect([...two.weights]).toEqual([...one.weights]);
    const other = await pretrain(tf, config, { ...brief, seed: 2 });
    expect(other.weights.get('head.weight')!.values).not.toEqual(one.weights.get('head.weight')!.values);
    expect(tf.memory().numTensors).toBe(before);
    const file = readWeights(weightFile(config, brief, one, 'F32'), config);
    for (const [name, { values }] of one.weights) expect(file.get(name)!.values, name).toEqual(values);
  });
});

describe('the shipped decoder', () => {
  it('knows the language as its file says, what the rules give better than other words', async () => {
    const url = new URL('../../../../harness/data/embedded-decoder.safetensors', import.meta.url);
    const file = readFileSync(url);
    expect(file.length).toBeLessThan(3e6);
    const { metadata } = readSafetensors(file);
    const settings = { rank: 1, alpha: 1, targets: [], dropout: 0 } as const;
    const weights = await embeddedWeights(embeddedDecoderConfig);
    const part = { config: embeddedDecoderConfig, weights, settings, adapters: new Map(), memoryMode: 'keep' } as const;
    const judge = async (classes: 'pre-training' | 'fine-tuning', task: 'every-word' | 'next-word') => {
      const dataset = grammarDataset({ classes, task, length: 200, seed: 4242 });
      return (await evaluate(tf, { part, cut: 0, dataset, batchSize: 50 })).accuracy;
    };
    expect(await judge('pre-training', 'every-word')).toBeCloseTo(Number(metadata['testAccuracy']), 1);
    const own = await judge('pre-training', 'next-word');
    expect(own).toBeGreaterThan(0.7);
    // Half the rules of fine-tuning are others.
    const other = await judge('fine-tuning', 'next-word');
    expect(other).toBeLessThan(own - 0.1);
  });
});

describe('the shipped weights', () => {
  it('know their classes, on images that they were not trained on', async () => {
    const url = new URL('../../../../harness/data/embedded-vit.safetensors', import.meta.url);
    const file = readFileSync(url);
    expect(file.length).toBeLessThan(3e6);
    const settings = { rank: 1, alpha: 1, targets: [], dropout: 0 } as const;
    const weights = readWeights(file, embeddedConfig);
    const part = { config: embeddedConfig, weights, settings, adapters: new Map(), memoryMode: 'keep' } as const;
    const judge = (classes: 'pre-training' | 'fine-tuning', own = part) =>
      evaluate(tf, {
        part: own,
        cut: 0,
        dataset: proceduralDataset({ classes, length: 240, seed: 4242 }),
        batchSize: 48,
      });
    expect((await judge('pre-training')).accuracy).toBeGreaterThan(0.88);
    // With a fresh head and other classes there is everything left to learn.
    const fresh = await judge('fine-tuning', { ...part, weights: await embeddedWeights() });
    expect(fresh.accuracy).toBeLessThan(0.2);
  });
});
