import type { CostTable } from '../system/index.js';
import { exchangeColumns, memoryColumns, trafficColumns, trainedHeadBits, type CostTableInput } from './cost-table.js';

/** fixed + perBlock · blocks. */
export interface AffineCost {
  /** Part without a block. */
  readonly fixed: number;
  /** Part of each block. */
  readonly perBlock: number;
}

/**
 * Measured costs in place of FLOP counts, each affine in its number of blocks on 1 ≤ c ≤ L − 1. Seconds are those of
 * the reference device and of the whole server for the profile's batch size.
 */
export interface CostProfile {
  /** By device blocks c. */
  readonly forwardSeconds: AffineCost;
  /** Backward pass on the device, seconds a local step. */
  readonly backwardSeconds: AffineCost;
  /** By server blocks L − c. */
  readonly serverSeconds: AffineCost;
  /** By device blocks, and with one block where that differs; absent: counted from the shape. */
  readonly deviceMemoryBytes?: AffineCost & { readonly atOneBlock?: number };
  /** By server blocks; absent: counted from the shape. */
  readonly serverMemoryBytes?: AffineCost;
  /** Adapters in one direction, by device blocks; absent: counted from the shape. */
  readonly adapterBytes?: AffineCost;
}

/**
 * Cost table from a profile; `deviceTimeFactor` scales the reference device's seconds, `serverTimeFactor` the server's.
 *
 * @param input - Model, device, server, codec and conventions of counting.
 * @param profile - Seconds and bytes by number of blocks, as measured.
 * @param deviceTimeFactor - How much slower than the profile's the device is, > 0.
 * @param serverTimeFactor - How much slower than the profile's the server is, > 0.
 * @example
 * ```ts
 * import { buildProfiledCostTable, transformerPresets } from 'sft-opt/models';
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
 * const seconds = { fixed: 0.01, perBlock: 0.002 };
 * const profile = { forwardSeconds: seconds, backwardSeconds: seconds, serverSeconds: seconds };
 * console.log(buildProfiledCostTable(input, profile, 2, 1).forwardSeconds[3]); // 0.032
 * ```
 */
export function buildProfiledCostTable(
  input: CostTableInput,
  profile: CostProfile,
  deviceTimeFactor: number,
  serverTimeFactor: number,
): CostTable {
  const last = input.shape.blocks;
  const column = (entry: (blocks: number) => number) =>
    Float64Array.from({ length: last + 1 }, (_, blocks) => Math.max(0, entry(blocks)));
  const counted = memoryColumns(input);
  const { deviceMemoryBytes, serverMemoryBytes, adapterBytes } = profile;
  const traffic = trafficColumns(input);
  return {
    ...traffic,
    ...(adapterBytes &&
      exchangeColumns(
        input,
        column((blocks) => (blocks === 0 ? 0 : 8 * affine(adapterBytes, blocks) + trainedHeadBits(input, blocks))),
      )),
    forwardSeconds: column((blocks) => deviceTimeFactor * affine(profile.forwardSeconds, blocks)),
    backwardSeconds: column((blocks) =>
      blocks === 0 ? 0 : deviceTimeFactor * affine(profile.backwardSeconds, blocks),
    ),
    serverSeconds: column((blocks) =>
      blocks === last ? 0 : serverTimeFactor * affine(profile.serverSeconds, last - blocks),
    ),
    deviceMemoryBytes: deviceMemoryBytes
      ? column(
          (blocks) => (blocks === 1 ? deviceMemoryBytes.atOneBlock : undefined) ?? affine(deviceMemoryBytes, blocks),
        )
      : counted.deviceMemoryBytes,
    serverMemoryBytes: serverMemoryBytes
      ? column((blocks) => (blocks === last ? 0 : affine(serverMemoryBytes, last - blocks)))
      : counted.serverMemoryBytes,
  };
}

function affine(cost: AffineCost, blocks: number): number {
  return cost.fixed + cost.perBlock * blocks;
}
