import type { Tf } from '../backend/tensorflow.js';
import { readBatch, type Dataset } from '../data/index.js';
import { labelCount, targetCount, type TransformerConfig } from '../model/config.js';
import { DevicePart, ServerPart, type PartOptions } from '../model/parts.js';
import { Score } from './score.js';

export interface EvaluationOptions {
  /** With the adapters to judge. */
  readonly part: PartOptions;
  readonly cut: number;
  /**
   * What becomes of the activations at the cut, e.g. encoding and decoding: a model trained with compression is to be
   * judged with it. Default nothing; not asked at cut = L, where nothing travels.
   */
  readonly channel?: (values: Float32Array, shape: readonly number[], batch: number) => Float32Array;
  readonly dataset: Dataset;
  readonly batchSize: number;
}

export interface Evaluation {
  /** Share of targets that are the likeliest of all answers, 0 … 1. */
  readonly accuracy: number;
  /** Mean cross-entropy, nat. */
  readonly loss: number;
  /** Images or tokens that were judged. */
  readonly targets: number;
}

/** Examples that are judged at once: fewer where a large vocabulary would make their logits more than 2^25 numbers. */
export function judgedAtOnce(config: TransformerConfig, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(2 ** 25 / (labelCount(config) * targetCount(config)))));
}

/** Accuracy and loss over a whole data set. Leaves no tensor behind. */
export async function evaluate(tf: Tf, options: EvaluationOptions): Promise<Evaluation> {
  const { part, dataset, batchSize } = options;
  // A device that holds the whole model sends nothing.
  const isWhole = options.cut === part.config.blocks;
  const cut = isWhole ? 0 : options.cut;
  const channel = isWhole ? undefined : options.channel;
  const device = new DevicePart(tf, part, cut);
  const server = new ServerPart(tf, part, cut);
  const score = new Score(labelCount(part.config));
  try {
    for (let first = 0; first < dataset.length; first += batchSize) {
      const indices = Array.from({ length: Math.min(batchSize, dataset.length - first) }, (_, k) => first + k);
      const batch = await readBatch(dataset, indices);
      const logits = tf.tidy((): Float32Array => {
        const activations = device.infer(tf.tensor(batch.inputs, [...batch.shape]));
        if (!channel) return server.infer(activations).dataSync() as Float32Array;
        const { shape } = activations;
        const passed = channel(activations.dataSync() as Float32Array, shape, first / batchSize);
        return server.infer(tf.tensor(passed, shape)).dataSync() as Float32Array;
      });
      score.add(logits, batch.targets);
    }
  } finally {
    device.dispose();
    server.dispose();
  }
  return { accuracy: score.accuracy, loss: score.loss, targets: score.rows };
}
