import type { Tensor, Tf } from '../backend/tensorflow.js';
import { isDecoder, type TransformerConfig, type VitConfig } from './config.js';
import { linear } from './operations.js';
import type { WeightSet } from './weights.js';

/** Embedding of images (patches, class token, positions) or of words. */
export type EmbeddingWeights = PatchWeights | WordWeights;

interface PatchWeights {
  /** (patch² · channels) × width. */
  readonly projection: Tensor;
  readonly bias: Tensor;
  readonly positions: Tensor;
  readonly classToken?: Tensor;
}

interface WordWeights {
  /** vocabulary × width. */
  readonly words: Tensor;
  /** tokens × width; absent with rotary positions. */
  readonly positions?: Tensor;
}

export function uploadEmbedding(tf: Tf, config: TransformerConfig, weights: WeightSet): EmbeddingWeights {
  const tensor = (name: string) => {
    const host = weights.get(name)!;
    return tf.tensor(host.values, [...host.shape]);
  };
  if (isDecoder(config)) {
    const positions = () => {
      const { values } = weights.get('pos_embed')!;
      return tf.tensor2d(values.slice(0, config.tokens * config.width), [config.tokens, config.width]);
    };
    return { words: tensor('token_embed.weight'), ...(config.learnedPositions > 0 && { positions: positions() }) };
  }
  const { shape, values } = weights.get('patch_embed.proj.weight')!;
  // Stored width × channels × row × column; patches are cut as row × column × channel.
  const projection = tf.tidy(() =>
    tf.reshape(tf.transpose(tf.tensor(values, [...shape]), [2, 3, 1, 0]), [
      config.patchSize ** 2 * config.channels,
      config.width,
    ]),
  );
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

/** Images [batch, side, side, channels] or words [batch, tokens] to tokens [batch, tokens, width]. */
export function embed(tf: Tf, config: TransformerConfig, weights: EmbeddingWeights, input: Tensor): Tensor {
  if ('words' in weights) {
    const found = tf.gather(weights.words, tf.cast(input, 'int32'));
    return weights.positions ? tf.add(found, weights.positions) : found;
  }
  return embedImages(tf, config as VitConfig, weights, input);
}

function embedImages(tf: Tf, config: VitConfig, weights: PatchWeights, images: Tensor): Tensor {
  const batch = images.shape[0];
  const grid = config.imageSize / config.patchSize;
  const { patchSize, channels } = config;
  const cut = tf.transpose(tf.reshape(images, [batch, grid, patchSize, grid, patchSize, channels]), [0, 1, 3, 2, 4, 5]);
  const patches = tf.reshape(cut, [batch, grid * grid, patchSize * patchSize * channels]);
  const projected = linear(tf, patches, weights.projection, weights.bias);
  const tokens = weights.classToken ? tf.concat([tf.tile(weights.classToken, [batch, 1, 1]), projected], 1) : projected;
  return tf.add(tokens, weights.positions);
}
