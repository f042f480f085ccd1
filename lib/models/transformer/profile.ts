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

/** Cost table from a profile; `deviceTimeFactor` scales the reference device's seconds, `serverTimeFactor` the server's. */
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
