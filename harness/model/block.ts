import type { Tensor, Tf } from '../backend/tensorflow.js';
import { adapterOutput, type AdapterSettings, type BlockAdapters, type BlockDropout } from './adapters.js';
import type { VitConfig } from './config.js';
import { gelu, layerNorm, linear, matMulLast } from './operations.js';
import type { WeightSet } from './weights.js';

/** Frozen tensors of one block; matrices stored inputs × outputs. */
export interface BlockWeights {
  readonly norm1Gain: Tensor;
  readonly norm1Bias: Tensor;
  readonly query: Layer;
  readonly key: Layer;
  readonly value: Layer;
  readonly output: Layer;
  readonly norm2Gain: Tensor;
  readonly norm2Bias: Tensor;
  readonly up: Layer;
  readonly down: Layer;
}

export interface Layer {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** A layer norm; the frozen one, or one whose gain and bias are trained. */
export type Norm = typeof layerNorm;

/** A block's frozen weights on the backend; dispose of them with `disposeBlock`. */
export function uploadBlock(tf: Tf, config: VitConfig, weights: WeightSet, block: number): BlockWeights {
  const { width } = config;
  const host = (name: string) => weights.get(`blocks.${block}.${name}`)!;
  const vector = (name: string, from = 0, to = host(name).values.length) =>
    tf.tensor1d(host(name).values.slice(from, to));
  // Stored as outputs × inputs: a slice of rows, transposed once.
  const layer = (name: string, from: number, to: number): Layer => {
    const { shape, values } = host(`${name}.weight`);
    const inputs = shape[1]!;
    const rows = values.subarray(from * inputs, to * inputs);
    const weight = tf.tidy(() => tf.transpose(tf.tensor2d(rows, [to - from, inputs])));
    return { weight, bias: vector(`${name}.bias`, from, to) };
  };
  return {
    norm1Gain: vector('norm1.weight'),
    norm1Bias: vector('norm1.bias'),
    query: layer('attn.qkv', 0, width),
    key: layer('attn.qkv', width, 2 * width),
    value: layer('attn.qkv', 2 * width, 3 * width),
    output: layer('attn.proj', 0, width),
    norm2Gain: vector('norm2.weight'),
    norm2Bias: vector('norm2.bias'),
    up: layer('mlp.fc1', 0, config.mlpWidth),
    down: layer('mlp.fc2', 0, width),
  };
}

export function disposeBlock(block: BlockWeights): void {
  for (const part of Object.values(block) as (Tensor | Layer)[]) {
    if ('weight' in part) {
      part.weight.dispose();
      part.bias.dispose();
    } else part.dispose();
  }
}

/** How a block runs beside the usual. */
export interface BlockOptions {
  /** Present in training with dropout. */
  readonly dropout?: BlockDropout;
  /** Default the frozen one. */
  readonly norm?: Norm;
}

/** One pre-norm block: x + attention(norm(x)), then + MLP(norm(·)). */
export function blockForward(
  tf: Tf,
  config: VitConfig,
  settings: AdapterSettings,
  weights: BlockWeights,
  adapters: BlockAdapters,
  input: Tensor,
  { dropout, norm = layerNorm }: BlockOptions = {},
): Tensor {
  const adapted = (layer: Layer, target: keyof BlockAdapters, x: Tensor) => {
    const frozen = linear(tf, x, layer.weight, layer.bias);
    const added = adapterOutput(tf, settings, adapters, target, x, dropout);
    return added ? tf.add(frozen, added) : frozen;
  };
  const normed = norm(tf, input, weights.norm1Gain, weights.norm1Bias, config.layerNormEpsilon);
  const context = attention(
    tf,
    config.heads,
    adapted(weights.query, 'query', normed),
    adapted(weights.key, 'key', normed),
    adapted(weights.value, 'value', normed),
  );
  const afterAttention = tf.add(input, adapted(weights.output, 'output', context));
  const hidden = norm(tf, afterAttention, weights.norm2Gain, weights.norm2Bias, config.layerNormEpsilon);
  const activated = gelu(tf, adapted(weights.up, 'up', hidden));
  return tf.add(afterAttention, adapted(weights.down, 'down', activated));
}

/** Scaled dot-product attention over heads (Vaswani et al. 2017); all of shape [batch, tokens, width]. */
function attention(tf: Tf, heads: number, query: Tensor, key: Tensor, value: Tensor): Tensor {
  const [batch, tokens, width] = query.shape as [number, number, number];
  const perHead = width / heads;
  const split = (x: Tensor) => tf.transpose(tf.reshape(x, [batch, tokens, heads, perHead]), [0, 2, 1, 3]);
  const scores = tf.mul(tf.matMul(split(query), split(key), false, true), 1 / Math.sqrt(perHead));
  const mixed = tf.matMul(tf.softmax(scores), split(value));
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, width]);
}

/** Embedding of images: patches, class token, positions. */
export interface EmbeddingWeights {
  /** (patch² · channels) × width. */
  readonly projection: Tensor;
  readonly bias: Tensor;
  readonly positions: Tensor;
  readonly classToken?: Tensor;
}

export function uploadEmbedding(tf: Tf, config: VitConfig, weights: WeightSet): EmbeddingWeights {
  const { shape, values } = weights.get('patch_embed.proj.weight')!;
  // Stored width × channels × row × column; patches are cut as row × column × channel.
  const projection = tf.tidy(() =>
    tf.reshape(tf.transpose(tf.tensor(values, [...shape]), [2, 3, 1, 0]), [
      config.patchSize ** 2 * config.channels,
      config.width,
    ]),
  );
  const tensor = (name: string) => {
    const host = weights.get(name)!;
    return tf.tensor(host.values, [...host.shape]);
  };
  return {
    projection,
    bias: tensor('patch_embed.proj.bias'),
    positions: tensor('pos_embed'),
    ...(config.pooling === 'class-token' && { classToken: tensor('cls_token') }),
  };
}

export function disposeEmbedding(embedding: EmbeddingWeights): void {
  for (const tensor of Object.values(embedding) as Tensor[]) tensor.dispose();
}

/** Images [batch, side, side, channels] to tokens [batch, tokens, width]. */
export function embed(tf: Tf, config: VitConfig, weights: EmbeddingWeights, images: Tensor): Tensor {
  const batch = images.shape[0];
  const grid = config.imageSize / config.patchSize;
  const { patchSize, channels } = config;
  const cut = tf.transpose(tf.reshape(images, [batch, grid, patchSize, grid, patchSize, channels]), [0, 1, 3, 2, 4, 5]);
  const patches = tf.reshape(cut, [batch, grid * grid, patchSize * patchSize * channels]);
  const projected = linear(tf, patches, weights.projection, weights.bias);
  const tokens = weights.classToken ? tf.concat([tf.tile(weights.classToken, [batch, 1, 1]), projected], 1) : projected;
  return tf.add(tokens, weights.positions);
}

/** Final norm and classifier. */
export interface HeadWeights {
  readonly gain: Tensor;
  readonly shift: Tensor;
  /** width × classes. */
  readonly classifier: Tensor;
  readonly bias: Tensor;
}

export function uploadHead(tf: Tf, weights: WeightSet): HeadWeights {
  const { shape, values } = weights.get('head.weight')!;
  const vector = (name: string) => tf.tensor1d(weights.get(name)!.values);
  return {
    gain: vector('norm.weight'),
    shift: vector('norm.bias'),
    classifier: tf.tidy(() => tf.transpose(tf.tensor(values, [...shape]))),
    bias: vector('head.bias'),
  };
}

export function disposeHead(head: HeadWeights): void {
  for (const tensor of Object.values(head) as Tensor[]) tensor.dispose();
}

/** Tokens to logits [batch, classes]. */
export function headForward(
  tf: Tf,
  config: VitConfig,
  weights: HeadWeights,
  tokens: Tensor,
  norm: Norm = layerNorm,
): Tensor {
  const pooled =
    config.pooling === 'class-token' ? tf.squeeze(tf.slice(tokens, [0, 0, 0], [-1, 1, -1]), [1]) : tf.mean(tokens, 1);
  const normed = norm(tf, pooled, weights.gain, weights.shift, config.layerNormEpsilon);
  return tf.add(matMulLast(tf, normed, weights.classifier), weights.bias);
}
