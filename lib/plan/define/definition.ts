import type {
  AccuracyModel,
  Device,
  ExtraLimit,
  OperatingPoint,
  PinnedDecisions,
  RateLaw,
  ServerSharing,
} from '../../models/index.js';

/** A quantity of each cut c: a function of it, or the same for all. */
export type PerCut = number | ((blocks: number) => number);

/**
 * A planning problem by its parts, each of which may be the caller's own. What is absent costs nothing or does not limit.
 * Symbols in brackets are those of docs/model.md.
 */
export interface PlanningProblemDefinition {
  /** Blocks that can be split between device and server [L]. */
  readonly blocks: number;
  /** Local steps a round [K]; 1 when absent. */
  readonly stepsPerRound?: number;
  /** How the server is shared; `allocated` when absent. */
  readonly sharing?: ServerSharing;
  /** The band [B], Hz. */
  readonly bandwidthHz: number;
  /** Shares in whole blocks of this many Hz. */
  readonly resourceBlockHz?: number;
  /** Longest round accepted, seconds. */
  readonly deadlineSeconds?: number;
  /** Server memory for the devices' state, bytes. */
  readonly serverMemoryBytes?: number;
  /** At the end of every round, seconds. */
  readonly aggregationSeconds?: number;
  /** Codec settings; nothing is compressed when absent. */
  readonly compression?: CompressionDefinition;
  /** The accuracy to reach, and its model; none is asked for when absent. */
  readonly accuracy?: AccuracyDefinition;
  /** At least one; names are unique. */
  readonly devices: readonly DeviceDefinition[];
  /** Further limits on what choices use; none when absent. */
  readonly extraLimits?: readonly ExtraLimit[];
}

/** Operating points of the codec. Without `down` one decision stands for both directions. */
export interface CompressionDefinition {
  /** Settings for activations, by increasing ratio. */
  readonly up: readonly PointDefinition[];
  /** Settings for gradients; when absent one decision stands for both directions. */
  readonly down?: readonly PointDefinition[];
}

/** A codec setting: its ratio and, where it costs something, its times and work space. */
export type PointDefinition = Pick<OperatingPoint, 'ratio'> & Partial<OperatingPoint>;

/** An accuracy of the caller's own, and what of it is required. */
export interface AccuracyDefinition {
  /**
   * A(ρ↑, ρ↓, c), 0…1, by the caller or as a fitted model. With tied ratios ρ↑ = ρ↓; a direction in which the cut sends nothing has
   * the ratio 1.
   */
  readonly value: AccuracyModel | ((upRatio: number, downRatio: number, cut: number) => number);
  /** Least accepted [A_min]; none when absent. */
  readonly minimum?: number;
  /** `mean` when absent. */
  readonly scope?: 'mean' | 'each';
}

/** A device: its links, what each cut costs it, its limits. */
export interface DeviceDefinition extends Partial<Omit<Device, 'name' | 'uplink' | 'downlink' | 'costs' | 'pinned'>> {
  /** Unique name, for messages and reports. */
  readonly name: string;
  /** Rate over bandwidth from device to server. */
  readonly uplink: RateLaw;
  /** Rate over bandwidth from server to device. */
  readonly downlink: RateLaw;
  /** Time, values and memory for every cut. */
  readonly stages: StageDefinition;
  /** Decisions that are given; none when absent. */
  readonly pinned?: PinnedDecisions;
}

/** What each cut c costs, any function of it. Seconds are for one local step. */
export interface StageDefinition {
  /** Cuts that may be chosen; 1 … L − 1 when absent. */
  readonly cuts?: readonly number[];
  /** Forward pass on the device, seconds a local step. */
  readonly forwardSeconds: PerCut;
  /** Backward pass on the device, seconds a local step. */
  readonly backwardSeconds: PerCut;
  /** At the server's full throughput. */
  readonly serverSeconds: PerCut;
  /** Scalars sent in one step, before compression. */
  readonly uplinkValues: PerCut;
  /** Values of the gradient sent down in a local step. */
  readonly downlinkValues: PerCut;
  /** Memory of the device, bytes; 0 when absent. */
  readonly deviceMemoryBytes?: PerCut;
  /** Memory of the server for the device, bytes; 0 when absent. */
  readonly serverMemoryBytes?: PerCut;
  /** Sent once a round in each direction. */
  readonly adapterBits?: PerCut;
  /** Bits of a scalar before compression; 16 when absent. */
  readonly bitsPerValue?: number;
  /** Header of a message; none when absent. */
  readonly headerBits?: number;
}
