import { type AttentionShape, attention, attentionGradient } from './attention.js';
import {
  type NormCache,
  add,
  gelu,
  geluGradient,
  layerNorm,
  layerNormGradient,
  linear,
  linearInputGradient,
} from './kernels.js';

/** Weights by their timm names. */
export type Weights = (name: string) => Float32Array;

/** Sizes of a vision transformer of the DeiT family. */
export interface VitSizes {
  readonly width: number;
  readonly heads: number;
  readonly blocks: number;
  readonly patch: number;
  readonly epsilon: number;
}

export const deitTiny: VitSizes = { width: 192, heads: 3, blocks: 12, patch: 16, epsilon: 1e-6 };

/** Forward and backward pass of a batch: what enters each block, and the loss's gradient with respect to it. */
export interface VitPass {
  readonly loss: number;
  /** `activations[c]` enters block c (0-based), samples × tokens × width. */
  readonly activations: Float32Array[];
  /** Gradient of the mean cross-entropy with respect to `activations[c]`. */
  readonly gradients: Float32Array[];
}

interface BlockCache {
  readonly input: Float32Array;
  readonly norm1: NormCache;
  readonly qkv: Float32Array;
  readonly attentionWeights: Float32Array;
  readonly norm2: NormCache;
  readonly hidden: Float32Array;
}

/**
 * Runs tokens (samples × tokens × width) through the blocks and the head on the class token, then backward down to
 * block `lowest`. Only gradients with respect to activations are formed.
 */
export function runVit(
  weights: Weights,
  sizes: VitSizes,
  tokens: Float32Array,
  labels: readonly number[],
  lowest = 0,
): VitPass {
  const shape: AttentionShape = {
    samples: labels.length,
    tokens: tokens.length / labels.length / sizes.width,
    heads: sizes.heads,
    width: sizes.width,
  };
  const caches: BlockCache[] = [];
  let x = tokens;
  for (let block = 0; block < sizes.blocks; block++) {
    const { output, cache } = blockForward(weights, sizes, block, x, shape);
    caches.push(cache);
    x = output;
  }
  const { loss, gradient } = headLossAndGradient(weights, sizes, x, labels, shape.tokens);
  const gradients: Float32Array[] = [];
  let g = gradient;
  for (let block = sizes.blocks - 1; block >= lowest; block--) {
    g = blockBackward(weights, block, g, caches[block]!, shape);
    gradients[block] = g;
  }
  return { loss, activations: caches.map(({ input }) => input), gradients };
}

function blockForward(
  weights: Weights,
  sizes: VitSizes,
  block: number,
  input: Float32Array,
  shape: AttentionShape,
): { output: Float32Array; cache: BlockCache } {
  const w = (name: string): Float32Array => weights(`blocks.${block}.${name}`);
  const first = layerNorm(input, w('norm1.weight'), w('norm1.bias'), sizes.epsilon);
  const qkv = linear(first.y, w('attn.qkv.weight'), w('attn.qkv.bias'), sizes.width);
  const { mixed, weights: attentionWeights } = attention(qkv, shape);
  const middle = add(input, linear(mixed, w('attn.proj.weight'), w('attn.proj.bias'), sizes.width));
  const second = layerNorm(middle, w('norm2.weight'), w('norm2.bias'), sizes.epsilon);
  const hidden = linear(second.y, w('mlp.fc1.weight'), w('mlp.fc1.bias'), sizes.width);
  const bias = w('mlp.fc1.bias');
  const output = add(middle, linear(gelu(hidden), w('mlp.fc2.weight'), w('mlp.fc2.bias'), bias.length));
  return { output, cache: { input, norm1: first.cache, qkv, attentionWeights, norm2: second.cache, hidden } };
}

function blockBackward(
  weights: Weights,
  block: number,
  dOutput: Float32Array,
  cache: BlockCache,
  shape: AttentionShape,
): Float32Array {
  const w = (name: string): Float32Array => weights(`blocks.${block}.${name}`);
  const width = shape.width;
  const hiddenWidth = w('mlp.fc1.bias').length;
  const dActivated = linearInputGradient(dOutput, w('mlp.fc2.weight'), hiddenWidth, width);
  const dHidden = geluGradient(dActivated, cache.hidden);
  const dSecond = linearInputGradient(dHidden, w('mlp.fc1.weight'), width, hiddenWidth);
  const dMiddle = add(dOutput, layerNormGradient(dSecond, w('norm2.weight'), cache.norm2));
  const dMixed = linearInputGradient(dMiddle, w('attn.proj.weight'), width, width);
  const dQkv = attentionGradient(dMixed, cache.qkv, cache.attentionWeights, shape);
  const dFirst = linearInputGradient(dQkv, w('attn.qkv.weight'), width, 3 * width);
  return add(dMiddle, layerNormGradient(dFirst, w('norm1.weight'), cache.norm1));
}

/** Mean cross-entropy of the head's logits on the class tokens, and its gradient with respect to the last activations. */
function headLossAndGradient(
  weights: Weights,
  sizes: VitSizes,
  x: Float32Array,
  labels: readonly number[],
  tokens: number,
): { loss: number; gradient: Float32Array } {
  const { width } = sizes;
  const gradient = new Float32Array(x.length);
  let loss = 0;
  labels.forEach((label, sample) => {
    const start = sample * tokens * width;
    const norm = layerNorm(x.slice(start, start + width), weights('norm.weight'), weights('norm.bias'), sizes.epsilon);
    const logits = linear(norm.y, weights('head.weight'), weights('head.bias'), width);
    const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    let total = 0;
    for (const logit of logits) total += Math.exp(logit - largest);
    loss += (Math.log(total) + largest - logits[label]!) / labels.length;
    const dLogits = logits.map(
      (logit, k) => (Math.exp(logit - largest) / total - (k === label ? 1 : 0)) / labels.length,
    );
    const dNorm = linearInputGradient(dLogits, weights('head.weight'), width, logits.length);
    gradient.set(layerNormGradient(dNorm, weights('norm.weight'), norm.cache), start);
  });
  return { loss, gradient };
}
