import type { Tensor, Tf } from '../backend/tensorflow.js';
import { adapterOutput, type AdapterSettings, type BlockAdapters, type BlockDropout } from './adapters.js';
import { attention } from './attention.js';
import { blockConfig, keyValueWidth, type BlockConfig, type TransformerConfig } from './config.js';
import { gelu, geluTanh, layerNorm, linear, rmsNorm, silu } from './operations.js';
import type { WeightSet } from './weights.js';

/** Frozen tensors of one block; matrices stored inputs × outputs. */
export interface BlockWeights {
  readonly norm1Gain: Tensor;
  /** Absent with a root-mean-square norm. */
  readonly norm1Bias?: Tensor;
  readonly query: Layer;
  readonly key: Layer;
  readonly value: Layer;
  readonly output: Layer;
  readonly norm2Gain: Tensor;
  readonly norm2Bias?: Tensor;
  /** The activated factor of a gated MLP. */
  readonly gate?: Layer;
  readonly up: Layer;
  readonly down: Layer;
}

export interface Layer {
  readonly weight: Tensor;
  readonly bias?: Tensor;
}

/** A norm with its gain and bias, frozen or trained. */
export type Norm = (tf: Tf, input: Tensor, gain: Tensor, bias: Tensor | undefined, epsilon: number) => Tensor;

/** The frozen norm of a configuration: one with a bias is a layer norm. */
export const frozenNorm: Norm = (tf, input, gain, bias, epsilon) =>
  bias ? layerNorm(tf, input, gain, bias, epsilon) : rmsNorm(tf, input, gain, epsilon);

/** A block's frozen weights on the backend; dispose of them with `disposeBlock`. */
export function uploadBlock(tf: Tf, config: TransformerConfig, weights: WeightSet, block: number): BlockWeights {
  const shape = blockConfig(config);
  const { width, mlpWidth } = shape;
  const shared = keyValueWidth(shape);
  const host = (name: string) => weights.get(`blocks.${block}.${name}`)!;
  const vector = (name: string, from = 0, to = host(name).values.length) =>
    tf.tensor1d(host(name).values.slice(from, to));
  // Stored as outputs × inputs: a slice of rows, transposed once.
  const layer = (name: string, from: number, to: number): Layer => {
    const { shape: stored, values } = host(`${name}.weight`);
    const inputs = stored[1]!;
    const rows = values.subarray(from * inputs, to * inputs);
    const weight = tf.tidy(() => tf.transpose(tf.tensor2d(rows, [to - from, inputs])));
    return { weight, ...(shape.biases && { bias: vector(`${name}.bias`, from, to) }) };
  };
  return {
    norm1Gain: vector('norm1.weight'),
    ...(shape.norm === 'layer' && { norm1Bias: vector('norm1.bias') }),
    query: layer('attn.qkv', 0, width),
    key: layer('attn.qkv', width, width + shared),
    value: layer('attn.qkv', width + shared, width + 2 * shared),
    output: layer('attn.proj', 0, width),
    norm2Gain: vector('norm2.weight'),
    ...(shape.norm === 'layer' && { norm2Bias: vector('norm2.bias') }),
    ...(shape.gatedMlp && { gate: layer('mlp.gate', 0, mlpWidth) }),
    up: layer('mlp.fc1', 0, mlpWidth),
    down: layer('mlp.fc2', 0, width),
  };
}

export function disposeBlock(block: BlockWeights): void {
  for (const part of Object.values(block) as (Tensor | Layer)[]) {
    if ('weight' in part) {
      part.weight.dispose();
      part.bias?.dispose();
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

const activations = { gelu, 'gelu-tanh': geluTanh, silu } as const;

/** One pre-norm block: x + attention(norm(x)), then + MLP(norm(·)). */
export function blockForward(
  tf: Tf,
  config: BlockConfig,
  settings: AdapterSettings,
  weights: BlockWeights,
  adapters: BlockAdapters,
  input: Tensor,
  { dropout, norm = frozenNorm }: BlockOptions = {},
): Tensor {
  const adapted = (layer: Layer, target: keyof BlockAdapters, x: Tensor) => {
    const frozen = linear(tf, x, layer.weight, layer.bias);
    const added = adapterOutput(tf, settings, adapters, target, x, dropout);
    return added ? tf.add(frozen, added) : frozen;
  };
  const normed = norm(tf, input, weights.norm1Gain, weights.norm1Bias, config.normEpsilon);
  const context = attention(
    tf,
    config,
    adapted(weights.query, 'query', normed),
    adapted(weights.key, 'key', normed),
    adapted(weights.value, 'value', normed),
  );
  const afterAttention = tf.add(input, adapted(weights.output, 'output', context));
  const hidden = norm(tf, afterAttention, weights.norm2Gain, weights.norm2Bias, config.normEpsilon);
  const activate = activations[config.activation];
  const up = adapted(weights.up, 'up', hidden);
  const inner = weights.gate ? tf.mul(activate(tf, adapted(weights.gate, 'gate', hidden)), up) : activate(tf, up);
  return tf.add(afterAttention, adapted(weights.down, 'down', inner));
}
