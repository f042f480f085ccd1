import type { CostTable } from '../system/index.js';
import { adapterParameters } from './lora.js';
import { deviceMemory, serverMemoryPerDevice, totalBytes, type MemorySettings } from './memory.js';
import { parameterCounts } from './parameters.js';
import { blockWork, cutValues, embeddingWork, headWork, type AttentionCount } from './work.js';

/** What the cost table of a device is computed from. */
export interface CostTableInput extends MemorySettings {
  /** Effective throughput of the device [f_n], FLOP/s. */
  readonly deviceFlopsPerSecond: number;
  /** Effective throughput of the whole server [f_s], FLOP/s. */
  readonly serverFlopsPerSecond: number;
  /** What the framework takes on the device besides, bytes. */
  readonly deviceOverheadBytes: number;
  /** Bits of an uncompressed scalar on the air. */
  readonly bitsPerValue: number;
  /** Header of one message, bits. */
  readonly headerBits: number;
  /** Numbers of device blocks that may be chosen, within 0 … L, increasing. */
  readonly allowedBlocks: readonly number[];
  /** How products of attention are counted. */
  readonly attentionCount: AttentionCount;
  /** Coding of the adapters; as they are when absent. */
  readonly exchange?: ExchangeSettings;
}

/** One operating point for the exchange of adapters (and of a trained head), in both directions. */
export interface ExchangeSettings {
  /** Bits sent over the adapters' own bits, in (0, 1]. */
  readonly ratio: number;
  /** Header of one message, bits; not sent where there are no adapters. */
  readonly headerBits: number;
  /** Encoding and decoding of one parameter on the reference device, seconds. */
  readonly codecSecondsPerValue: number;
}

/** Work of one local step, FLOP, for each number of device blocks c = 0 … L. */
export interface StepWork {
  /** FLOP of the forward pass on the device for each cut. */
  readonly deviceForward: Float64Array;
  /** FLOP of the backward pass on the device for each cut. */
  readonly deviceBackward: Float64Array;
  /** FLOP of the server for each cut. */
  readonly server: Float64Array;
}

/**
 * Work of a whole batch by number of device blocks (docs/model.md, section Work).
 *
 * @param input - Model, batch and conventions.
 * @example
 * ```ts
 * import { stepWork, transformerPresets } from 'sft-opt/models';
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
 * console.log(Object.keys(stepWork({ ...settings, attentionCount: 'full' }))); // [ 'deviceForward', 'deviceBackward', 'server' ]
 * ```
 */
export function stepWork(input: MemorySettings & { readonly attentionCount: AttentionCount }): StepWork {
  const { shape, lora, batchSize, memoryMode } = input;
  const { forward, backward, lowestBackward } = blockWork(shape, lora, input.attentionCount, input);
  const head = headWork(shape);
  // The gradient of trained weights is one more product of the head's size.
  const headBackward = input.trainedHead ? 2 * head : head;
  const embedding = embeddingWork(shape);
  const recomputed = memoryMode === 'recompute' ? forward : 0;
  const backwardOf = (blocks: number, startsAtLowest: boolean) =>
    blocks === 0 ? 0 : (startsAtLowest ? lowestBackward : backward) + (blocks - 1) * backward + blocks * recomputed;
  const column = (entry: (blocks: number) => number) =>
    Float64Array.from({ length: shape.blocks + 1 }, (_, blocks) => batchSize * entry(blocks));
  return {
    deviceForward: column((blocks) => embedding + blocks * forward + (blocks === shape.blocks ? head : 0)),
    deviceBackward: column((blocks) => backwardOf(blocks, true) + (blocks === shape.blocks ? headBackward : 0)),
    server: column((blocks) => {
      const serverBlocks = shape.blocks - blocks;
      return serverBlocks === 0
        ? 0
        : serverBlocks * forward + head + headBackward + backwardOf(serverBlocks, blocks === 0);
    }),
  };
}

/**
 * Cost table from FLOP counts and throughputs.
 *
 * @param input - Model, device, server, codec and conventions of counting.
 * @example
 * ```ts
 * import { buildCostTable, transformerPresets } from 'sft-opt/models';
 *
 * const input = {
 *   shape: transformerPresets['deit-tiny'],
 *   lora: { rank: 8, targets: ['query', 'value'] as const, bytesPerParameter: 4 },
 *   batchSize: 16,
 *   memoryMode: 'recompute' as const,
 *   weightBytes: 4,
 *   activationBytes: 4,
 *   optimizerFloatsPerParameter: 2,
 *   deviceFlopsPerSecond: 50e9,
 *   serverFlopsPerSecond: 5e12,
 *   deviceOverheadBytes: 50e6,
 *   bitsPerValue: 32,
 *   headerBits: 0,
 *   allowedBlocks: [1, 2, 3],
 *   attentionCount: 'full' as const,
 * };
 * const table = buildCostTable(input);
 * console.log(table.forwardSeconds.length); // 13
 * ```
 */
export function buildCostTable(input: CostTableInput): CostTable {
  const work = stepWork(input);
  return {
    ...trafficColumns(input),
    ...memoryColumns(input),
    forwardSeconds: work.deviceForward.map((flops) => flops / input.deviceFlopsPerSecond),
    backwardSeconds: work.deviceBackward.map((flops) => flops / input.deviceFlopsPerSecond),
    serverSeconds: work.server.map((flops) => flops / input.serverFlopsPerSecond),
  };
}

/**
 * Columns that depend on what is sent.
 *
 * @param input - Model, device, server, codec and conventions of counting.
 * @example
 * ```ts
 * import { trafficColumns, transformerPresets } from 'sft-opt/models';
 *
 * const input = {
 *   shape: transformerPresets['deit-tiny'],
 *   lora: { rank: 8, targets: ['query', 'value'] as const, bytesPerParameter: 4 },
 *   batchSize: 16,
 *   memoryMode: 'recompute' as const,
 *   weightBytes: 4,
 *   activationBytes: 4,
 *   optimizerFloatsPerParameter: 2,
 *   deviceFlopsPerSecond: 50e9,
 *   serverFlopsPerSecond: 5e12,
 *   deviceOverheadBytes: 50e6,
 *   bitsPerValue: 32,
 *   headerBits: 0,
 *   allowedBlocks: [1, 2, 3],
 *   attentionCount: 'full' as const,
 * };
 * console.log(trafficColumns(input).adapterBits[1]); // 196608
 * ```
 */
export function trafficColumns(input: CostTableInput) {
  const { shape, lora, batchSize } = input;
  const values = batchSize * cutValues(shape);
  const adapterBits = 8 * lora.bytesPerParameter * adapterParameters(shape, lora);
  const column = (entry: (blocks: number) => number) =>
    Float64Array.from({ length: shape.blocks + 1 }, (_, blocks) => entry(blocks));
  const plain = column((blocks) => blocks * adapterBits + trainedHeadBits(input, blocks));
  return {
    allowedBlocks: input.allowedBlocks,
    ...exchangeColumns(input, plain),
    upValues: column((blocks) => (blocks === shape.blocks ? 0 : values)),
    downValues: column((blocks) => (blocks === shape.blocks || blocks === 0 ? 0 : values)),
    bitsPerValue: input.bitsPerValue,
    headerBits: input.headerBits,
  };
}

/**
 * A trained head travels where the device holds it; else it stays on the server.
 *
 * @param settings - Model, bytes of a parameter and whether the head is trained.
 * @param blocks - c, blocks on the device, from 0.
 * @example
 * ```ts
 * import { trainedHeadBits, transformerPresets } from 'sft-opt/models';
 *
 * const settings = {
 *   shape: transformerPresets['deit-tiny'],
 *   lora: { rank: 8, targets: ['query', 'value'] as const, bytesPerParameter: 4 },
 *   batchSize: 16,
 *   memoryMode: 'recompute' as const,
 *   weightBytes: 4,
 *   activationBytes: 4,
 *   optimizerFloatsPerParameter: 2,
 *   trainedHead: true,
 * };
 * console.log(trainedHeadBits(settings, 6), trainedHeadBits(settings, 12)); // 0 6188288
 * ```
 */
export function trainedHeadBits({ shape, lora, trainedHead }: MemorySettings, blocks: number): number {
  return trainedHead && blocks === shape.blocks ? 8 * lora.bytesPerParameter * parameterCounts(shape).head : 0;
}

/**
 * Columns of the exchange of adapters that take `plainBits` in one direction as they are.
 *
 * @param input - What is exchanged, and how it is coded.
 * @param plainBits - Bits of the adapters by number of blocks.
 * @example
 * ```ts
 * import { exchangeColumns, transformerPresets } from 'sft-opt/models';
 *
 * const input = {
 *   shape: transformerPresets['deit-tiny'],
 *   lora: { rank: 8, targets: ['query', 'value'] as const, bytesPerParameter: 4 },
 *   batchSize: 16,
 *   memoryMode: 'recompute' as const,
 *   weightBytes: 4,
 *   activationBytes: 4,
 *   optimizerFloatsPerParameter: 2,
 *   deviceFlopsPerSecond: 50e9,
 *   serverFlopsPerSecond: 5e12,
 *   deviceOverheadBytes: 50e6,
 *   bitsPerValue: 32,
 *   headerBits: 0,
 *   allowedBlocks: [1, 2, 3],
 *   attentionCount: 'full' as const,
 * };
 * console.log(exchangeColumns(input, Float64Array.of(0, 10, 20)).adapterBits); // Float64Array(3) [ 0, 10, 20 ]
 * ```
 */
export function exchangeColumns({ exchange, lora }: CostTableInput, plainBits: Float64Array) {
  if (!exchange) return { adapterBits: plainBits };
  const perBit = exchange.codecSecondsPerValue / (8 * lora.bytesPerParameter);
  return {
    adapterBits: plainBits.map((bits) => (bits > 0 ? exchange.headerBits + bits * exchange.ratio : 0)),
    exchange: { plainBits, codecSeconds: plainBits.map((bits) => bits * perBit) },
  };
}

/**
 * Columns that depend on what is held.
 *
 * @param input - Model, device, server, codec and conventions of counting.
 * @example
 * ```ts
 * import { memoryColumns, transformerPresets } from 'sft-opt/models';
 *
 * const input = {
 *   shape: transformerPresets['deit-tiny'],
 *   lora: { rank: 8, targets: ['query', 'value'] as const, bytesPerParameter: 4 },
 *   batchSize: 16,
 *   memoryMode: 'recompute' as const,
 *   weightBytes: 4,
 *   activationBytes: 4,
 *   optimizerFloatsPerParameter: 2,
 *   deviceFlopsPerSecond: 50e9,
 *   serverFlopsPerSecond: 5e12,
 *   deviceOverheadBytes: 50e6,
 *   bitsPerValue: 32,
 *   headerBits: 0,
 *   allowedBlocks: [1, 2, 3],
 *   attentionCount: 'full' as const,
 * };
 * console.log(memoryColumns(input).deviceMemoryBytes[1]! > 50e6); // true
 * ```
 */
export function memoryColumns(input: CostTableInput) {
  const column = (entry: (blocks: number) => number) =>
    Float64Array.from({ length: input.shape.blocks + 1 }, (_, blocks) => entry(blocks));
  return {
    deviceMemoryBytes: column((blocks) => totalBytes(deviceMemory(input, blocks, input.deviceOverheadBytes))),
    serverMemoryBytes: column((blocks) => serverMemoryPerDevice(input, blocks)),
  };
}
