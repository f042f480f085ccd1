import * as z from 'zod';
import type { Tf } from '../backend/tensorflow.js';
import { grammarDataset, proceduralDataset, readBatch, type Dataset } from '../data/index.js';
import { isDecoder, type TransformerConfig } from '../model/config.js';
import { randomWeights, type HostTensor } from '../model/weights.js';
import { rateFactor } from '../protocol/index.js';
import { defaultAdamW, Optimizer } from '../training/index.js';
import { TrainableModel } from './trainable-model.js';

/** Options of a pre-training: type, default and meaning. */
export const pretrainSchema = z.object({
  steps: z.int().min(1).default(8000).describe('Steps of the optimizer.'),
  batchSize: z.int().min(1).max(4096).default(64).describe('Images or texts of a step; none is seen twice.'),
  learningRate: z.number().positive().default(1e-3).describe('Peak of the schedule (AdamW).'),
  warmUpSteps: z.int().min(0).default(200).describe('Steps of linear warm-up before the cosine.'),
  weightDecay: z.number().min(0).default(0.02).describe('Decoupled, on matrices alone.'),
  seed: z.int().min(0).default(1).describe('Seed of the weights and of the data.'),
  testExamples: z.int().min(1).default(2400).describe('Images or texts of another seed for the accuracy at the end.'),
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
  /** On images, or words of texts, of another seed. */
  readonly testAccuracy: number;
  readonly seconds: number;
}

/**
 * Trains a whole small transformer from random weights on drawn images or, a decoder, on the next words of drawn texts; of
 * the pre-training classes, which share none with those of fine-tuning. Deterministic for a seed, on one thread bit for bit.
 */
export async function pretrain(
  tf: Tf,
  config: TransformerConfig,
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
    const dataset = drawn(config, steps * batchSize, seed);
    let since = { loss: 0, right: 0, targets: 0, steps: 0 };
    for (let step = 0; step < steps; step++) {
      const indices = Array.from({ length: batchSize }, (_, k) => step * batchSize + k);
      const batch = await readBatch(dataset, indices);
      const input = tf.tensor(batch.inputs, [...batch.shape]);
      const { loss, right, gradients } = model.step(input, batch.targets);
      const factor = rateFactor({ kind: 'cosine', warmUpSteps, final: 0 }, step, steps);
      optimizers[0].apply(pick(gradients, true), factor);
      optimizers[1].apply(pick(gradients, false), factor);
      tf.dispose([input, ...gradients]);
      since = {
        loss: since.loss + loss,
        right: since.right + right,
        targets: since.targets + batch.targets.length,
        steps: since.steps + 1,
      };
      if (since.steps === 100 || step === steps - 1) {
        onProgress({
          step: step + 1,
          steps,
          loss: since.loss / since.steps,
          accuracy: since.right / since.targets,
          seconds: seconds(),
        });
        since = { loss: 0, right: 0, targets: 0, steps: 0 };
      }
    }
    const testAccuracy = await wholeAccuracy(tf, model, drawn(config, options.testExamples, seed + 1), batchSize);
    return { weights: model.weights(), testAccuracy, seconds: seconds() };
  } finally {
    for (const optimizer of optimizers) optimizer.dispose();
    model.dispose();
  }
}

function drawn(config: TransformerConfig, length: number, seed: number): Dataset {
  const common = { classes: 'pre-training', length, seed } as const;
  return isDecoder(config) ? grammarDataset({ ...common, task: 'every-word' }) : proceduralDataset(common);
}

async function wholeAccuracy(tf: Tf, model: TrainableModel, dataset: Dataset, batchSize: number): Promise<number> {
  let [right, targets] = [0, 0];
  for (let first = 0; first < dataset.length; first += batchSize) {
    const indices = Array.from({ length: Math.min(batchSize, dataset.length - first) }, (_, k) => first + k);
    const batch = await readBatch(dataset, indices);
    targets += batch.targets.length;
    right += tf.tidy(() => {
      const logits = model.forward(tf.tensor(batch.inputs, [...batch.shape]));
      return tf.sum(tf.equal(tf.argMax(logits, -1), tf.tensor1d(batch.targets, 'int32'))).dataSync()[0]!;
    });
  }
  return right / targets;
}
