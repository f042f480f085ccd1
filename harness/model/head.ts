import type { Tensor, Tf } from '../backend/tensorflow.js';
import { frozenNorm, type Norm } from './block.js';
import { blockConfig, isDecoder, type TransformerConfig } from './config.js';
import { matMulLast } from './operations.js';
import type { WeightSet } from './weights.js';

/** Final norm, and what makes logits of a token. */
export interface HeadWeights {
  readonly gain: Tensor;
  /** Absent with a root-mean-square norm. */
  readonly shift?: Tensor;
  /** width × classes, or width × vocabulary. */
  readonly classifier: Tensor;
  /** Absent for a language model. */
  readonly bias?: Tensor;
}

export function uploadHead(tf: Tf, config: TransformerConfig, weights: WeightSet): HeadWeights {
  const isTied = isDecoder(config) && config.head.kind === 'language-model' && config.head.tied;
  const { shape, values } = weights.get(isTied ? 'token_embed.weight' : 'head.weight')!;
  const vector = (name: string) => tf.tensor1d(weights.get(name)!.values);
  return {
    gain: vector('norm.weight'),
    ...(blockConfig(config).norm === 'layer' && { shift: vector('norm.bias') }),
    classifier: tf.tidy(() => tf.transpose(tf.tensor(values, [...shape]))),
    ...(weights.has('head.bias') && { bias: vector('head.bias') }),
  };
}

export function disposeHead(head: HeadWeights): void {
  for (const tensor of Object.values(head) as Tensor[]) tensor.dispose();
}

/** What the head acts on: the pooled token of an image [batch, width], every token of a text [batch · tokens, width]. */
export function headInput(tf: Tf, config: TransformerConfig, tokens: Tensor): Tensor {
  if (isDecoder(config)) return tf.reshape(tokens, [-1, config.width]);
  return config.pooling === 'class-token'
    ? tf.squeeze(tf.slice(tokens, [0, 0, 0], [-1, 1, -1]), [1])
    : tf.mean(tokens, 1);
}

/** Rows of `headInput` to logits. */
export function headForward(
  tf: Tf,
  config: TransformerConfig,
  weights: HeadWeights,
  rows: Tensor,
  norm: Norm = frozenNorm,
): Tensor {
  const normed = norm(tf, rows, weights.gain, weights.shift, blockConfig(config).normEpsilon);
  const logits = matMulLast(tf, normed, weights.classifier);
  return weights.bias ? tf.add(logits, weights.bias) : logits;
}
