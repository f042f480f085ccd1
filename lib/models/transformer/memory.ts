import { adapterParameters, type LoraSettings } from './lora.js';
import { parameterCounts, vocabulary } from './parameters.js';
import type { TransformerShape } from './shape.js';
import { keyValueWidth } from './shape.js';
import { blockActivations, cutValues, type BlockConventions } from './work.js';

/** `keep` holds every block's activations until its backward; `recompute` holds block inputs and one block's at a time. */
export type MemoryMode = 'keep' | 'recompute';

/** What the memory of a split model depends on besides its shape. */
export interface MemorySettings extends BlockConventions {
  /** The transformer. */
  readonly shape: TransformerShape;
  /** Its adapters. */
  readonly lora: LoraSettings;
  /** Mini-batch [B]. */
  readonly batchSize: number;
  /** Whether activations are kept or computed again. */
  readonly memoryMode: MemoryMode;
  /** Bytes of one frozen weight. */
  readonly weightBytes: number;
  /** Bytes of one activation scalar. */
  readonly activationBytes: number;
  /** Floats of optimizer state an adapter parameter (Adam: 2). */
  readonly optimizerFloatsPerParameter: number;
  /** `counted` adds the gradients that one block's backward holds at once; `ignored` when absent. */
  readonly gradientTemporaries?: 'ignored' | 'counted';
  /** The head is trained beside the adapters, as new classes need; frozen when absent. */
  readonly trainedHead?: boolean;
}

/** Where memory goes, bytes. */
export interface MemoryBreakdown {
  /** Weights of the embedding, bytes. */
  readonly embeddingBytes: number;
  /** Weights of the blocks, bytes. */
  readonly blockBytes: number;
  /** Weights of the head, bytes. */
  readonly headBytes: number;
  /** Adapters with gradients and optimizer state, and those of a trained head. */
  readonly adapterBytes: number;
  /** Activations kept for the backward pass, bytes. */
  readonly activationBytes: number;
  /** What the framework takes besides, bytes. */
  readonly overheadBytes: number;
}

/**
 * Sum of all parts of a memory, byte.
 *
 * @param memory - What `deviceMemory` gives.
 * @example
 * ```ts
 * import { deviceMemory, totalBytes, transformerPresets } from 'sft-opt/models';
 *
 * const settings = {
 *   shape: transformerPresets['deit-tiny'],
 *   lora: { rank: 8, targets: ['query', 'value'] as const, bytesPerParameter: 4 },
 *   batchSize: 16,
 *   memoryMode: 'recompute' as const,
 *   weightBytes: 4,
 *   activationBytes: 4,
 *   optimizerFloatsPerParameter: 2,
 * };
 * console.log(totalBytes(deviceMemory(settings, 2, 0)) > totalBytes(deviceMemory(settings, 1, 0))); // true
 * ```
 */
export function totalBytes(memory: MemoryBreakdown): number {
  const { embeddingBytes, blockBytes, headBytes, adapterBytes, activationBytes, overheadBytes } = memory;
  return embeddingBytes + blockBytes + headBytes + adapterBytes + activationBytes + overheadBytes;
}

/**
 * Device memory with the first `blocks` blocks, codec work space not included.
 *
 * @param settings - Model, batch, widths of numbers and what the device keeps.
 * @param blocks - c, blocks on the device, from 0.
 * @param overheadBytes - What the program takes besides, bytes.
 * @example
 * ```ts
 * import { deviceMemory, totalBytes, transformerPresets } from 'sft-opt/models';
 *
 * const settings = {
 *   shape: transformerPresets['deit-tiny'],
 *   lora: { rank: 8, targets: ['query', 'value'] as const, bytesPerParameter: 4 },
 *   batchSize: 16,
 *   memoryMode: 'recompute' as const,
 *   weightBytes: 4,
 *   activationBytes: 4,
 *   optimizerFloatsPerParameter: 2,
 * };
 * console.log(totalBytes(deviceMemory(settings, 1, 50e6)) > 50e6); // true
 * ```
 */
export function deviceMemory(settings: MemorySettings, blocks: number, overheadBytes: number): MemoryBreakdown {
  const { shape, weightBytes, batchSize, activationBytes } = settings;
  const counts = parameterCounts(shape);
  const full = blocks === shape.blocks;
  const activations = blocks === 0 ? cutValues(shape) : mostActivations(settings, blocks, true, full);
  return {
    embeddingBytes: counts.embedding * weightBytes,
    blockBytes: blocks * counts.block * weightBytes,
    headBytes: full ? counts.head * weightBytes : 0,
    adapterBytes: blocks * adapterStateBytes(settings) + (full ? headStateBytes(settings) : 0),
    activationBytes: batchSize * activations * activationBytes,
    overheadBytes,
  };
}

/**
 * Server memory for one device whose first `blocks` blocks are elsewhere: its batch and its adapters.
 *
 * @param settings - Model, batch, widths of numbers and what the device keeps.
 * @param blocks - c, blocks on the device, from 0.
 * @example
 * ```ts
 * import { serverMemoryPerDevice, transformerPresets } from 'sft-opt/models';
 *
 * const settings = {
 *   shape: transformerPresets['deit-tiny'],
 *   lora: { rank: 8, targets: ['query', 'value'] as const, bytesPerParameter: 4 },
 *   batchSize: 16,
 *   memoryMode: 'recompute' as const,
 *   weightBytes: 4,
 *   activationBytes: 4,
 *   optimizerFloatsPerParameter: 2,
 * };
 * console.log(serverMemoryPerDevice(settings, 2) < serverMemoryPerDevice(settings, 1)); // true
 * ```
 */
export function serverMemoryPerDevice(settings: MemorySettings, blocks: number): number {
  const { shape, batchSize, activationBytes } = settings;
  const serverBlocks = shape.blocks - blocks;
  if (serverBlocks === 0) return 0;
  const activations = mostActivations(settings, serverBlocks, blocks === 0, true);
  // Each device trains a head of its own: the weights stand beside their gradients here, once for each device.
  const headCopy = settings.trainedHead ? 4 * parameterCounts(shape).head : 0;
  const states = serverBlocks * adapterStateBytes(settings) + headStateBytes(settings) + headCopy;
  return batchSize * activations * activationBytes + states;
}

/**
 * The server's one frozen copy of the model, bytes.
 *
 * @param shape - Blocks, widths, heads and tokens of the model.
 * @param weightBytes - Bytes of a weight.
 * @example
 * ```ts
 * import { serverModelBytes, transformerPresets } from 'sft-opt/models';
 *
 * console.log(serverModelBytes(transformerPresets['deit-tiny'], 4)); // 22869664
 * ```
 */
export function serverModelBytes(shape: TransformerShape, weightBytes: number): number {
  return parameterCounts(shape).total * weightBytes;
}

/** Weight, gradient and optimizer state of one block's adapters; gradients and state are float32. */
function adapterStateBytes({ shape, lora, optimizerFloatsPerParameter }: MemorySettings): number {
  return adapterParameters(shape, lora) * (lora.bytesPerParameter + 4 * (1 + optimizerFloatsPerParameter));
}

/** Gradient and optimizer state of a trained head, float32; its weights are counted with the model. */
function headStateBytes({ shape, trainedHead, optimizerFloatsPerParameter }: MemorySettings): number {
  return trainedHead ? 4 * (1 + optimizerFloatsPerParameter) * parameterCounts(shape).head : 0;
}

/**
 * The most scalars held at once in a step through consecutive blocks, and through the head where it is; one sample. What is kept for the
 * backward pass, and the gradients that are alive beside it: while a block's backward runs or, before any block is
 * computed again, the head's.
 */
function mostActivations(settings: MemorySettings, blocks: number, startsAtLowest: boolean, withHead: boolean): number {
  const { shape, lora, memoryMode, gradientTemporaries } = settings;
  const counts = blockActivations(shape, lora, settings);
  const head = withHead ? headActivations(shape) : 0;
  const [ofBlock, ofHead] = gradientTemporaries === 'counted' ? [blockGradients(settings), head] : [0, 0];
  if (memoryMode === 'recompute') return head + blocks * cutValues(shape) + Math.max(counts.block + ofBlock, ofHead);
  const first = startsAtLowest ? counts.lowestBlock : counts.block;
  return head + first + (blocks - 1) * counts.block + Math.max(ofBlock, ofHead);
}

/**
 * The most gradients that the backward of one block holds at once, one sample, each freed once nothing needs it: that of the
 * residual stream all along, and within a branch the gradients that come into a layer and go out of it. In the MLP those behind
 * and before the activation function (gated: of the product and of its factors), then those and the branch's input. In
 * attention those of values, probabilities and scores (one of the two beside the output, or beside queries and keys); fused
 * attention forms the scores tile by tile and holds output, queries, keys and values.
 */
function blockGradients({ shape, attentionMemory }: Pick<MemorySettings, 'shape' | 'attentionMemory'>): number {
  const { tokens, width, heads, mlpWidth, gatedMlp } = shape;
  const stream = tokens * width;
  const keys = tokens * keyValueWidth(shape);
  const hidden = tokens * mlpWidth;
  const pairs = attentionMemory === 'fused' ? 0 : heads * tokens ** 2;
  const mlp = (gatedMlp ? 2 : 1) * hidden + Math.max(hidden, stream);
  const attention = Math.max(keys + 2 * pairs, 2 * keys + stream + Math.max(pairs, stream));
  return stream + Math.max(mlp, attention);
}

/** Logits and the head's input, one sample; their gradients are as many. */
function headActivations(shape: TransformerShape): number {
  switch (shape.head.kind) {
    case 'classifier':
      return shape.width + shape.head.classes;
    case 'language-model':
      return shape.tokens * (shape.width + vocabulary(shape));
    case 'pooler':
      return 2 * shape.width;
  }
}
