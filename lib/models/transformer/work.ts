import { loraTargets, targetWidths, type LoraSettings, type LoraTarget } from './lora.js';
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
   * `whole` counts the attention of the lowest block as that of any other once its queries or keys need a gradient, and what it
   * keeps but for its input; `pruned` leaves out what no gradient needs there (with adapters on query and value: the gradient of
   * the keys, and the queries kept for it), as autograd engines do.
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
  const sum = (works: readonly number[]) => works.reduce((total, work) => total + work, 0);
  const adapters = lora.targets.map((target) => adapterWork(shape, lora.rank, target));
  return {
    forward: sum(Object.values(matrixWork(shape))) + attentionWork(shape, attentionCount) + sum(adapters),
    backward: backwardWork(shape, lora, attentionCount, conventions, neededGradients(lora, true)),
    lowestBackward: backwardWork(shape, lora, attentionCount, conventions, lowestGradients(lora, conventions)),
  };
}

/** Of which of a block's activations the backward forms gradients. Order: query, key, value → attention → output → gate, up → down. */
interface NeededGradients {
  /** The block's input, and with it the inputs of query, key and value. */
  readonly input: boolean;
  readonly query: boolean;
  readonly key: boolean;
  readonly value: boolean;
  /** Attention's output, the input of the output matrix. */
  readonly attended: boolean;
  /** The residual stream between the two branches, and with it the inputs of gate and up. */
  readonly middle: boolean;
  readonly gate: boolean;
  readonly up: boolean;
  /** The input of the down matrix. */
  readonly hidden: boolean;
}

/** A gradient is needed where something trained stands before it. */
function neededGradients(lora: LoraSettings, input: boolean): NeededGradients {
  const [query, key, value] = (['query', 'key', 'value'] as const).map((name) => input || lora.targets.includes(name));
  const attended = query! || key! || value!;
  const middle = attended || lora.targets.includes('output');
  const gate = middle || lora.targets.includes('gate');
  const up = middle || lora.targets.includes('up');
  return { input, query: query!, key: key!, value: value!, attended, middle, gate, up, hidden: gate || up };
}

/** The same for the lowest block; unless pruned, attention's backward is done whole once queries or keys need it. */
function lowestGradients(lora: LoraSettings, { lowestBlock }: BlockConventions): NeededGradients {
  const needed = neededGradients(lora, false);
  if (lowestBlock === 'pruned' || !(needed.query || needed.key)) return needed;
  return { ...needed, query: true, key: true, value: true };
}

/** A frozen matrix passes the gradient of its input on, at 1 × its forward; adapters also form those of their weights. */
function backwardWork(
  shape: TransformerShape,
  lora: LoraSettings,
  attentionCount: AttentionCount,
  { attentionMemory }: BlockConventions,
  needed: NeededGradients,
): number {
  const matrices = matrixWork(shape);
  const ofInput: Record<LoraTarget, boolean> = {
    query: needed.input,
    key: needed.input,
    value: needed.input,
    output: needed.attended,
    gate: needed.middle,
    up: needed.middle,
    down: needed.hidden,
  };
  let work = attentionBackward(needed, attentionWork(shape, attentionCount), attentionMemory === 'fused');
  for (const target of loraTargets) if (ofInput[target]) work += matrices[target];
  for (const target of lora.targets) {
    work += 2 * adapterWork(shape, lora.rank, target);
    // The product with its first matrix: 2·S·r·d_in.
    if (!ofInput[target]) work -= 2 * shape.tokens * lora.rank * targetWidths(shape, target).inputs;
  }
  return work;
}

/** Each product is half of the forward's two: of values, of probabilities, of queries, of keys; a fused kernel does all and the scores again. */
function attentionBackward({ query, key, value, attended }: NeededGradients, forward: number, fused: boolean): number {
  if (fused) return attended ? 2.5 * forward : 0;
  return 0.5 * forward * [value, query || key, query, key].filter(Boolean).length;
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
  return {
    block: keptScalars(shape, lora, attentionMemory, neededGradients(lora, true)),
    // Unless pruned, only the first norm's input, which serves the gradient of the block's input alone, is not kept.
    lowestBlock: keptScalars(
      shape,
      lora,
      attentionMemory,
      lowestBlock === 'pruned' ? neededGradients(lora, false) : { ...neededGradients(lora, true), input: false },
    ),
  };
}

/** What some gradient that is formed needs, and the inputs of adapters. */
function keptScalars(
  shape: TransformerShape,
  lora: LoraSettings,
  attentionMemory: BlockConventions['attentionMemory'],
  needed: NeededGradients,
): number {
  const { tokens, width, mlpWidth, gatedMlp } = shape;
  const trained = (...targets: LoraTarget[]) => targets.some((target) => lora.targets.includes(target));
  const stream = tokens * width;
  const hidden = tokens * mlpWidth;
  const sizes: readonly (readonly [boolean, number])[] = [
    [needed.input, stream],
    [trained('query', 'key', 'value'), stream],
    [needed.attended && attentionMemory === 'fused', fusedScalars(shape, trained('output'))],
    [attentionMemory !== 'fused', eagerScalars(shape, needed)],
    [trained('output'), stream],
    [needed.middle, stream],
    [trained('gate', 'up'), stream],
    // Inputs of the activation function: the gate's (computed again, its value serves up); beside it up's, for the gate.
    [gatedMlp ? needed.hidden : needed.up, hidden],
    [gatedMlp && needed.gate, hidden],
    [trained('down'), hidden],
    [true, lora.targets.length * tokens * lora.rank],
  ];
  return sizes.reduce((sum, [kept, scalars]) => sum + (kept ? scalars : 0), 0);
}

/** Queries serve the gradient of the keys and keys that of the queries; values serve both, probabilities all three. */
function eagerScalars(shape: TransformerShape, { query, key, attended }: NeededGradients): number {
  const keys = shape.tokens * keyValueWidth(shape);
  return (
    (key ? shape.tokens * shape.width : 0) +
    (query ? keys : 0) +
    (query || key ? keys : 0) +
    (attended ? shape.heads * shape.tokens ** 2 : 0)
  );
}

/** Queries, keys, values, a number a row and head, and the output, which may be kept as the input of an adapter already. */
function fusedScalars(shape: TransformerShape, outputIsKept: boolean): number {
  const { tokens, width, heads } = shape;
  return tokens * width + 2 * tokens * keyValueWidth(shape) + heads * tokens + (outputIsKept ? 0 : tokens * width);
}
