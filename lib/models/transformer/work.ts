import { targetWidths, type LoraSettings, type LoraTarget } from './lora.js';
import { vocabulary } from './parameters.js';
import { keyValueWidth, type TransformerShape } from './shape.js';

/**
 * Work in floating-point operations, a multiply-add counted as two (Kaplan et al. 2020; Korthikanti et al. 2022).
 * Matrix products only: norms, softmax and activation functions are below 2 % at the presets' sizes.
 */
export interface BlockWork {
  /** One sample through one block. */
  readonly forward: number;
  /** Its backward with frozen weights, gradient of the block's input included. */
  readonly backward: number;
  /** Backward of the lowest trained block, whose input needs no gradient. */
  readonly lowestBackward: number;
}

/** Counting convention for causal attention: `full` S² products, or `half` of them. */
export type AttentionCount = 'full' | 'half';

/** How attention and the lowest block are carried out; the first of each when absent. */
export interface BlockConventions {
  /**
   * `eager` keeps the H·S² probabilities. `fused` (FlashAttention: Dao et al. 2022) keeps the attention's output and one
   * number a row and head, and forms the scores again: five products in the backward for two in the forward.
   */
  readonly attentionMemory?: 'eager' | 'fused';
  /**
   * `whole` counts the attention of the lowest block as that of any other; `pruned` leaves out what no gradient needs there
   * (with adapters on query and value: the gradient of the keys, and the queries kept for it), as autograd engines do.
   */
  readonly lowestBlock?: 'whole' | 'pruned';
}

/** Multiply-adds × 2 of the frozen matrices of a block, by layer. */
function matrixWork(shape: TransformerShape): Record<LoraTarget, number> {
  const work = (target: LoraTarget) => {
    const { inputs, outputs } = targetWidths(shape, target);
    return 2 * shape.tokens * inputs * outputs;
  };
  return {
    query: work('query'),
    key: work('key'),
    value: work('value'),
    output: work('output'),
    gate: shape.gatedMlp ? work('gate') : 0,
    up: work('up'),
    down: work('down'),
  };
}

/** QKᵀ and the product with V, together 4·S²·D. */
function attentionWork(shape: TransformerShape, count: AttentionCount): number {
  const full = 4 * shape.tokens ** 2 * shape.width;
  return shape.causal && count === 'half' ? full / 2 : full;
}

/** Forward through one adapter: 2·S·r·(d_in + d_out). */
function adapterWork(shape: TransformerShape, rank: number, target: LoraTarget): number {
  const { inputs, outputs } = targetWidths(shape, target);
  return 2 * shape.tokens * rank * (inputs + outputs);
}

/**
 * Work of one block and one sample.
 *
 * @param shape - Blocks, widths, heads and tokens of the model.
 * @param lora - Rank and adapted layers.
 * @param attentionCount - Whether attention is counted for all pairs of tokens or the causal half.
 * @param conventions - What is counted.
 * @example
 * ```ts
 * import { blockWork, transformerPresets } from 'sft-opt/models';
 *
 * const shape = transformerPresets['deit-tiny'];
 * const lora = { rank: 8, targets: ['query', 'value'] as const, bytesPerParameter: 4 };
 * const { forward, backward } = blockWork(shape, lora, 'full');
 * console.log(backward > forward); // true
 * ```
 */
export function blockWork(
  shape: TransformerShape,
  lora: LoraSettings,
  attentionCount: AttentionCount,
  conventions: BlockConventions = {},
): BlockWork {
  const matrices = matrixWork(shape);
  const matrixSum = Object.values(matrices).reduce((sum, work) => sum + work, 0);
  const attention = attentionWork(shape, attentionCount);
  const adapters = lora.targets.reduce((sum, target) => sum + adapterWork(shape, lora.rank, target), 0);
  // A frozen matrix passes the gradient of its input on (1 × its forward); attention and adapters need two products
  // for each of the forward, fused attention one more.
  const attentionBackward = (conventions.attentionMemory === 'fused' ? 2.5 : 2) * attention;
  const backward = matrixSum + attentionBackward + 2 * adapters;
  return {
    forward: matrixSum + attention + adapters,
    backward,
    lowestBackward: backward - unneededInLowestBlock(shape, lora, matrices, attention, conventions),
  };
}

/**
 * What falls away in the lowest block: everything that only serves gradients upstream of its first adapters. Order of
 * the layers: query, key, value → attention → output → gate, up → down.
 */
function unneededInLowestBlock(
  shape: TransformerShape,
  lora: LoraSettings,
  matrices: Record<LoraTarget, number>,
  attention: number,
  { attentionMemory, lowestBlock }: BlockConventions,
): number {
  const fused = attentionMemory === 'fused';
  const trained = (target: LoraTarget) => lora.targets.includes(target);
  // An adapter whose input needs no gradient saves the product with its first matrix: 2·S·r·d_in.
  const inputGradient = (targets: readonly LoraTarget[]) =>
    targets
      .filter(trained)
      .reduce((sum, target) => sum + 2 * shape.tokens * lora.rank * targetWidths(shape, target).inputs, 0);
  const projections = matrices.query + matrices.key + matrices.value;
  if (trained('query') || trained('key')) {
    // Without an adapter on one of them its gradient, one of attention's four backward products, serves nothing.
    const oneIdle = lowestBlock === 'pruned' && !fused && !(trained('query') && trained('key'));
    return projections + (oneIdle ? 0.5 * attention : 0) + inputGradient(['query', 'key', 'value']);
  }
  // Only the gradient of V is needed: one of attention's four backward products. A fused kernel does all of them.
  if (trained('value')) return projections + (fused ? 0 : 1.5 * attention) + inputGradient(['value']);
  const belowOutput = projections + (fused ? 2.5 : 2) * attention + matrices.output;
  if (trained('output')) return belowOutput + inputGradient(['output']);
  const belowMlp = belowOutput + matrices.gate + matrices.up;
  if (trained('gate') || trained('up')) return belowMlp + inputGradient(['gate', 'up']);
  return belowMlp + matrices.down + inputGradient(['down']);
}

/**
 * Forward work of the embedding of one sample; a table look-up counts nothing.
 *
 * @param shape - Blocks, widths, heads and tokens of the model.
 * @example
 * ```ts
 * import { embeddingWork, transformerPresets } from 'sft-opt/models';
 *
 * console.log(embeddingWork(transformerPresets.gpt2), embeddingWork(transformerPresets['deit-tiny'])); // 0 57802752
 * ```
 */
export function embeddingWork(shape: TransformerShape): number {
  const { embedding, tokens, width } = shape;
  if (embedding.kind === 'tokens') return 0;
  const patches = tokens - (embedding.classToken ? 1 : 0);
  return 2 * patches * embedding.patchSize ** 2 * embedding.channels * width;
}

/**
 * Forward work of the head of one sample; its backward with frozen weights is the same.
 *
 * @param shape - Blocks, widths, heads and tokens of the model.
 * @example
 * ```ts
 * import { headWork, transformerPresets } from 'sft-opt/models';
 *
 * console.log(headWork(transformerPresets['deit-tiny'])); // 384000
 * ```
 */
export function headWork(shape: TransformerShape): number {
  switch (shape.head.kind) {
    case 'classifier':
      return 2 * shape.width * shape.head.classes;
    case 'language-model':
      return 2 * shape.tokens * shape.width * vocabulary(shape);
    case 'pooler':
      return 2 * shape.width ** 2;
  }
}

/**
 * Multiply-adds of one forward pass of the whole model without adapters, as publications count them.
 *
 * @param shape - Blocks, widths, heads and tokens of the model.
 * @example
 * ```ts
 * import { forwardMultiplyAdds, transformerPresets } from 'sft-opt/models';
 *
 * console.log(forwardMultiplyAdds(transformerPresets['deit-tiny']) / 1e9); // 1.25368
 * ```
 */
export function forwardMultiplyAdds(shape: TransformerShape): number {
  const bare: LoraSettings = { rank: 0, targets: [], bytesPerParameter: 4 };
  return (embeddingWork(shape) + shape.blocks * blockWork(shape, bare, 'full').forward + headWork(shape)) / 2;
}

/**
 * Scalars of one sample at a cut between blocks: S·D.
 *
 * @param shape - Blocks, widths, heads and tokens of the model.
 * @example
 * ```ts
 * import { cutValues, transformerPresets } from 'sft-opt/models';
 *
 * console.log(cutValues(transformerPresets['deit-tiny'])); // 37824
 * ```
 */
export function cutValues(shape: TransformerShape): number {
  return shape.tokens * shape.width;
}

/** Scalars kept for the backward pass of one block and one sample: see `blockActivations`. */
export interface ActivationCounts {
  /** Values kept for a block. */
  readonly block: number;
  /** Of the lowest block, where the gradient of the block's input is not needed. */
  readonly lowestBlock: number;
}

/**
 * Scalars a block keeps for its backward pass, one sample, only where a gradient needs them: inputs of the norms,
 * queries, keys and values, attention probabilities H·S², inputs of the activation function, and the inputs and inner
 * values of adapters. A frozen linear layer keeps nothing.
 *
 * @param shape - Blocks, widths, heads and tokens of the model.
 * @param lora - Rank and adapted layers.
 * @param conventions - What is counted.
 * @example
 * ```ts
 * import { blockActivations, transformerPresets } from 'sft-opt/models';
 *
 * const shape = transformerPresets['deit-tiny'];
 * const lora = { rank: 8, targets: ['query', 'value'] as const, bytesPerParameter: 4 };
 * console.log(blockActivations(shape, lora)); // { block: 497819, lowestBlock: 459995 }
 * ```
 */
export function blockActivations(
  shape: TransformerShape,
  lora: LoraSettings,
  { attentionMemory, lowestBlock }: BlockConventions = {},
): ActivationCounts {
  const { tokens, width, heads, mlpWidth, gatedMlp } = shape;
  const trained = (...targets: LoraTarget[]) => targets.some((target) => lora.targets.includes(target));
  const stream = tokens * width;
  const keysAndValues = 2 * tokens * keyValueWidth(shape);
  const fused = attentionMemory === 'fused';
  // The output of fused attention may be kept as the input of an adapter already.
  const fusedKept = heads * tokens + (trained('output') ? 0 : stream);
  const attention = stream + keysAndValues + (fused ? fusedKept : heads * tokens ** 2);
  const hidden = (gatedMlp ? 2 : 1) * tokens * mlpWidth;
  const adapterInputs =
    (trained('query', 'key', 'value') ? stream : 0) +
    (trained('output') ? stream : 0) +
    (trained('gate', 'up') ? stream : 0) +
    (trained('down') ? tokens * mlpWidth : 0);
  const adapterInner = lora.targets.length * tokens * lora.rank;
  const block = 2 * stream + attention + hidden + adapterInputs + adapterInner;
  const idle = lowestBlock === 'pruned' && !fused ? idleAttention(shape, trained) : 0;
  // The first norm's input serves only the gradient that the lowest block does not need.
  return { block, lowestBlock: block - stream - idle };
}

/** Of the eager attention's kept scalars those that no gradient of the lowest block needs. */
function idleAttention(shape: TransformerShape, trained: (...targets: LoraTarget[]) => boolean): number {
  const queries = shape.tokens * shape.width;
  const keys = shape.tokens * keyValueWidth(shape);
  const probabilities = shape.heads * shape.tokens ** 2;
  // Queries serve the gradient of the keys and keys that of the queries; values serve both, probabilities all three.
  if (trained('query') && trained('key')) return 0;
  if (trained('query')) return queries;
  if (trained('key')) return keys;
  return trained('value') ? queries + 2 * keys : queries + 2 * keys + probabilities;
}
