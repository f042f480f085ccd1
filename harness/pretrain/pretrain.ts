import * as z from 'zod';
import type { Tf } from '../backend/tensorflow.js';
import { proceduralDataset, readBatch, type Dataset } from '../data/index.js';
import type { VitConfig } from '../model/config.js';
import { randomWeights, type HostTensor } from '../model/weights.js';
import { cosineWithWarmUp, defaultAdamW, Optimizer } from '../training/index.js';
import { TrainableModel } from './trainable-model.js';

/** Options of a pre-training: type, default and meaning. */
export const pretrainSchema = z.object({
  steps: z.int().min(1).default(8000).describe('Steps of the optimizer.'),
  batchSize: z.int().min(1).max(4096).default(64).describe('Images of a step; none is seen twice.'),
  learningRate: z.number().positive().default(1e-3).describe('Peak of the schedule (AdamW).'),
  warmUpSteps: z.int().min(0).default(200).describe('Steps of linear warm-up before the cosine.'),
  weightDecay: z.number().min(0).default(0.02).describe('Decoupled, on matrices alone.'),
  seed: z.int().min(0).default(1).describe('Seed of the weights and of the images.'),
  testImages: z.int().min(1).default(2400).describe('Images of another seed for the accuracy at the end.'),
});
export type PretrainOptions = z.output<typeof pretrainSchema>;

/** How far a pre-training is; means over the steps since the last report. */
export interface PretrainProgress {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly seconds: number;
}

export interface PretrainResult {
  /** By timm's names. */
  readonly weights: ReadonlyMap<string, HostTensor>;
  /** On images of another seed. */
  readonly testAccuracy: number;
  readonly seconds: number;
}

/**
 * Trains a whole small transformer from random weights on the drawn images of the pre-training classes, which share no
 * class with those of fine-tuning. Deterministic for a seed, on one thread bit for bit.
 */
export async function pretrain(
  tf: Tf,
  config: VitConfig,
  options: PretrainOptions,
  onProgress: (progress: PretrainProgress) => void = () => undefined,
): Promise<PretrainResult> {
  const { steps, batchSize, learningRate, warmUpSteps, weightDecay, seed } = options;
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const model = new TrainableModel(tf, config, randomWeights(config, seed));
  const matrices = model.variables.map(({ shape }) => shape.length === 2);
  const pick = <T>(list: readonly T[], wanted: boolean) => list.filter((_, k) => matrices[k] === wanted);
  const settings = { ...defaultAdamW, learningRate };
  const optimizers = [
    new Optimizer(tf, { ...settings, weightDecay }, pick(model.variables, true)),
    new Optimizer(tf, { ...settings, weightDecay: 0 }, pick(model.variables, false)),
  ] as const;
  try {
    const dataset = proceduralDataset({ classes: 'pre-training', length: steps * batchSize, seed });
    let since = { loss: 0, right: 0, steps: 0 };
    for (let step = 0; step < steps; step++) {
      const indices = Array.from({ length: batchSize }, (_, k) => step * batchSize + k);
      const batch = await readBatch(dataset, indices);
      const images = tf.tensor(batch.inputs, [...batch.shape]);
      const { loss, right, gradients } = model.step(images, batch.targets);
      const factor = cosineWithWarmUp(step, steps, warmUpSteps);
      optimizers[0].apply(pick(gradients, true), factor);
      optimizers[1].apply(pick(gradients, false), factor);
      tf.dispose([images, ...gradients]);
      since = { loss: since.loss + loss, right: since.right + right, steps: since.steps + 1 };
      if (since.steps === 100 || step === steps - 1) {
        onProgress({
          step: step + 1,
          steps,
          loss: since.loss / since.steps,
          accuracy: since.right / (since.steps * batchSize),
          seconds: seconds(),
        });
        since = { loss: 0, right: 0, steps: 0 };
      }
    }
    const test = proceduralDataset({ classes: 'pre-training', length: options.testImages, seed: seed + 1 });
    const testAccuracy = await wholeAccuracy(tf, model, test, batchSize);
    return { weights: model.weights(), testAccuracy, seconds: seconds() };
  } finally {
    for (const optimizer of optimizers) optimizer.dispose();
    model.dispose();
  }
}

async function wholeAccuracy(tf: Tf, model: TrainableModel, dataset: Dataset, batchSize: number): Promise<number> {
  let right = 0;
  for (let first = 0; first < dataset.length; first += batchSize) {
    const indices = Array.from({ length: Math.min(batchSize, dataset.length - first) }, (_, k) => first + k);
    const batch = await readBatch(dataset, indices);
    right += tf.tidy(() => {
      const logits = model.forward(tf.tensor(batch.inputs, [...batch.shape]));
      return tf.sum(tf.equal(tf.argMax(logits, -1), tf.tensor1d(batch.targets, 'int32'))).dataSync()[0]!;
    });
  }
  return right / dataset.length;
}
