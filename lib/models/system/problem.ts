import type { AccuracyModel } from '../accuracy/index.js';
import type { RateLaw } from '../link/index.js';

/**
 * A planning problem with everything resolved: no presets, no distributions, no units but SI. Built from a problem file
 * by `io`, or by hand. Quantities follow the symbols of docs/model.md, noted in brackets.
 */
export interface PlanningProblem {
  /** Blocks of the transformer [L]. */
  readonly blockCount: number;
  /** Local steps a round [K], ≥ 1. */
  readonly stepsPerRound: number;
  /** How devices share the server. */
  readonly sharing: ServerSharing;
  /** Band shared by the devices [B], Hz. */
  readonly bandwidthHz: number;
  /** When given, every share is a whole number of such blocks, at least one for each device. */
  readonly resourceBlockHz?: number;
  /** Upper limit on the round delay, seconds. */
  readonly deadlineSeconds?: number;
  /** Memory of the server left for per-device state: [M_s] less the model itself, bytes; Infinity if not limited. */
  readonly serverMemoryBytes: number;
  /** Most bits a round of all devices together, both directions and adapters, > 0; no limit when absent. */
  readonly trafficLimitBits?: number;
  /** Aggregation of the adapters at the end of a round, seconds. */
  readonly aggregationSeconds: number;
  /** The accuracy to reach, and its model. */
  readonly accuracy: AccuracyLimit;
  /** Codec settings that activations may use, by increasing ratio. */
  readonly upPoints: readonly OperatingPoint[];
  /** Codec settings that gradients may use; with `tiedRatios` the same list as `upPoints`. */
  readonly downPoints: readonly OperatingPoint[];
  /** One decision for both directions. */
  readonly tiedRatios: boolean;
  /** In an order that plans keep; names are unique. */
  readonly devices: readonly Device[];
  /** Further limits on what choices use: power, money, carbon, whatever the caller counts; none when absent. */
  readonly extraLimits?: readonly ExtraLimit[];
}

/**
 * A limit of the caller's own on what the choices (c, ρ↑, ρ↓) use. What depends on the shares of band and server is no use of a
 * choice and cannot be limited so.
 */
export interface ExtraLimit {
  /** Unique among the problem's. */
  readonly name: string;
  /** Unit of `use` and `limit`, for messages. */
  readonly unit: string;
  /** On the sum over the devices that take part, which couples them and has a price; or on each of them. */
  readonly scope: 'sum' | 'each';
  /** Most that may be used; with `each` it may differ by device. */
  readonly limit: number | ((device: Device) => number);
  /** Use of one device under a choice, finite, a round. A device left out uses nothing. */
  readonly use: (device: Device, choice: UsedChoice) => number;
}

/** A choice as the use of an `ExtraLimit` sees it. Seconds and bits are for one local step, `adapterBits` for a round. */
export interface UsedChoice {
  /** Blocks on the device [c]. */
  readonly blocks: number;
  /** Index into `upPoints`; 0 where the cut sends nothing up. */
  readonly upPoint: number;
  /** Index into `downPoints`; 0 where the cut sends nothing down. */
  readonly downPoint: number;
  /** Device: forward, encode, decode and backward. */
  readonly deviceSeconds: number;
  /** At the server's full throughput. */
  readonly serverSeconds: number;
  /** Bits sent up in a local step. */
  readonly uplinkBits: number;
  /** Bits sent down in a local step. */
  readonly downlinkBits: number;
  /** Bits of the adapters, each way, in a round. */
  readonly adapterBits: number;
  /** Accuracy of the device under the choice, 0…1. */
  readonly accuracy: number;
}

/**
 * How the devices share the server's throughput: an own slice each whose size is a decision (`allocated`), 1/N each with N all
 * listed devices (`equal`), or one batch for all (`batched`).
 */
export type ServerSharing = 'allocated' | 'equal' | 'batched';

/** The accuracy that plans must reach, and by which model. */
export interface AccuracyLimit {
  /** Accuracy over cut and ratios. */
  readonly model: AccuracyModel;
  /** Least accuracy accepted [A_min], 0…1; −Infinity for none. */
  readonly minimum: number;
  /** Weighted mean over the participating devices, or each of them. */
  readonly scope: 'mean' | 'each';
  /** What a lossy exchange of adapters costs each device that has any, 0…1; 0 when absent. */
  readonly exchangeLoss?: number;
  /**
   * Accuracy of the model on the data of an optional device that is left out, 0…1: its weight then stays in the mean. Absent: its
   * weight leaves the mean, and nothing is charged. Counts with scope `mean` only.
   */
  readonly leftOutAccuracy?: number;
}

/** One codec setting and what it costs. Times are for one value (one scalar of the tensor) on the reference device. */
export interface OperatingPoint {
  /** Unique in its list, for messages and reports. */
  readonly name: string;
  /** Bits sent over uncompressed bits [ρ], in (0, 1]. */
  readonly ratio: number;
  /** Encoding on the reference device, seconds for a value. */
  readonly encodeSecondsPerValue: number;
  /** Decoding on the reference device, seconds for a value. */
  readonly decodeSecondsPerValue: number;
  /** The same work done by the server for one device, at its full throughput. */
  readonly serverEncodeSecondsPerValue: number;
  /** Decoding by the server at full throughput, seconds for a value. */
  readonly serverDecodeSecondsPerValue: number;
  /** Codec work space on the device, bytes per value. */
  readonly workspaceBytesPerValue: number;
  /** Part of the values that are kept, 0…1, where it is known. */
  readonly keptFraction?: number;
  /** Bits of a kept value, where it is known. */
  readonly bitsPerKeptValue?: number;
}

/** A device with everything that planning needs of it. */
export interface Device {
  /** Unique name, for messages and reports. */
  readonly name: string;
  /** Weight in the accuracy mean and in aggregation, > 0. */
  readonly weight: number;
  /** An optional device may be left out of the round; `leftOutAccuracy` says what that costs. */
  readonly optional: boolean;
  /** Rate over bandwidth from device to server. */
  readonly uplink: RateLaw;
  /** Rate over bandwidth from server to device. */
  readonly downlink: RateLaw;
  /** Own limits of the share, Hz; 0 and Infinity when absent. */
  readonly minimumBandwidthHz: number;
  /** Most bandwidth that the device may have, Hz; Infinity for no limit. */
  readonly maximumBandwidthHz: number;
  /** [M_n], bytes; Infinity if not limited. */
  readonly memoryBytes: number;
  /** Multiplies the codec's reference times, > 0. */
  readonly codecTimeFactor: number;
  /** Work, values and memory for every number of blocks on the device. */
  readonly costs: CostTable;
  /** Decisions that are given, not searched for. */
  readonly pinned: PinnedDecisions;
  /** Largest radiated power while sending, and power drawn while computing, watt. */
  readonly transmitPowerWatt: number;
  /** Power drawn while the device computes, watt. */
  readonly computePowerWatt: number;
  /**
   * Most energy a round for computing and radiating together, joule, > 0; no limit when absent. What computing leaves is
   * spread evenly over the bits sent, which limits the uplink's efficiency: a limit needs an uplink of kind `shannon`.
   */
  readonly energyLimitJoule?: number;
  /** Most bits a round in both directions together, adapters included, > 0; no limit when absent. */
  readonly trafficLimitBits?: number;
}

/** Decisions that the caller fixes. */
export interface PinnedDecisions {
  /** Blocks on the device. */
  readonly blocks?: number;
  /** Index into `upPoints`. */
  readonly upPoint?: number;
  /** Index into `downPoints`. */
  readonly downPoint?: number;
  /** Bandwidth of the device, Hz. */
  readonly bandwidthHz?: number;
}

/**
 * What each number of device blocks c costs, one entry for each c = 0 … L. Affine in c on 1 ≤ c ≤ L − 1; the two ends
 * are alternatives of their own. Seconds are for one local step on this device, or on the whole server.
 */
export interface CostTable {
  /** Numbers of blocks that may be chosen, increasing. */
  readonly allowedBlocks: readonly number[];
  /** Forward pass on the device for each cut, seconds a local step. */
  readonly forwardSeconds: Float64Array;
  /** Backward pass on the device for each cut, seconds a local step. */
  readonly backwardSeconds: Float64Array;
  /** Forward, loss and backward of the rest at the server's full throughput, without codec. */
  readonly serverSeconds: Float64Array;
  /** Device memory without codec work space. */
  readonly deviceMemoryBytes: Float64Array;
  /** Server memory for this device's batch and adapters. */
  readonly serverMemoryBytes: Float64Array;
  /** Device-side adapters, bits in one direction, as they are sent: coded, with their header. */
  readonly adapterBits: Float64Array;
  /** What coding the exchange of adapters takes; absent: they are sent as they are. */
  readonly exchange?: ExchangeCosts;
  /** Scalars sent up in one step (0 at c = L) and down (0 at c = 0 and c = L). */
  readonly upValues: Float64Array;
  /** Values of the gradient sent down for each cut. */
  readonly downValues: Float64Array;
  /** Bits of an uncompressed scalar. */
  readonly bitsPerValue: number;
  /** Header of one message, bits; not sent where no values are. */
  readonly headerBits: number;
}

/** Coding of the adapters, one entry for each c = 0 … L. */
export interface ExchangeCosts {
  /** Encoding before the upload and decoding after the download, once a round on the reference device, seconds. */
  readonly codecSeconds: Float64Array;
  /** Bits in one direction without any coding or header. */
  readonly plainBits: Float64Array;
}

/** Decisions for one device. */
export interface DevicePlan {
  /** False only for an optional device left out; its other fields are then 0. */
  readonly participates: boolean;
  /** Blocks on the device [c]. */
  readonly blocks: number;
  /** Index into `upPoints`; 0 where the cut sends nothing up. */
  readonly upPoint: number;
  /** Index into `downPoints`; 0 where the cut sends nothing down. */
  readonly downPoint: number;
  /** Share of the band [b], Hz. */
  readonly bandwidthHz: number;
  /** Share of the server [s]; 1/N with `equal`, 1 with `batched`. */
  readonly serverShare: number;
  /**
   * Power radiated while sending, watt; all that the device has when absent, and never more. Without meaning where the uplink does not
   * know its power (linear, measured, custom without `atGain`): all is sent with there.
   */
  readonly transmitPowerWatt?: number;
}

/** Decisions for all devices, in the order of `PlanningProblem.devices`. */
export interface Plan {
  /** In the order of the problem's devices. */
  readonly devices: readonly DevicePlan[];
}
