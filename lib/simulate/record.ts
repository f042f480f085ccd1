import type { LimitViolation, StageSeconds } from '../models/index.js';

/** Why the large time scale decided. */
export const replanReasons = ['start', 'interval', 'newcomer', 'misfit', 'gain', 'loss'] as const;
/** Why choices were made anew in a round. */
export type ReplanReason = (typeof replanReasons)[number];

/**
 * - `run`: all limits are kept;
 * - `broken`: the round runs, with limits broken;
 * - `no-plan`: there is no plan for those that are there, the round does not take place;
 * - `nobody`: no device is there.
 */
export type RoundOutcome = 'run' | 'broken' | 'no-plan' | 'nobody';

/** A device that is there but takes no part, and why: `no-choice` where no cut and operating points fit it at all. */
export interface SatOut {
  /** Name of the device. */
  readonly device: string;
  /** Limit or reason that kept it out. */
  readonly because: LimitViolation['limit'] | 'waits' | 'no-plan' | 'no-choice';
}

/** One device in one round. */
export interface DeviceRound {
  /** Name of the device. */
  readonly device: string;
  /** Gain of its channel, dB. */
  readonly gainDecibel: number;
  /** Distance from the base station, metre. */
  readonly distanceMetre: number;
  /** Blocks on the device. */
  readonly blocks: number;
  /** Operating point of activations. */
  readonly upPoint: string;
  /** Operating point of gradients. */
  readonly downPoint: string;
  /** Bandwidth, Hz. */
  readonly bandwidthHz: number;
  /** Share of the server, 0…1. */
  readonly serverShare: number;
  /** All its stages one after another, of all steps and the adapters, seconds. */
  readonly chainSeconds: number;
  /** Where its time went. */
  readonly stages: StageSeconds;
  /** Energy of the round, joule. */
  readonly energyJoule: number;
}

/** One round under one scheme. */
export interface RoundRecord {
  /** Name of the scheme. */
  readonly scheme: string;
  /** Seed of the run. */
  readonly seed: number;
  /** Number of the round. */
  readonly round: number;
  /** When it starts. */
  readonly seconds: number;
  /** How the round ended. */
  readonly outcome: RoundOutcome;
  /** Devices that take part. */
  readonly devices: number;
  /** T; null where no round takes place. */
  readonly delaySeconds: number | null;
  /** The device with the longest chain, and its stages of a step. */
  readonly bottleneck: string | null;
  /** Seconds of each stage of a step of the bottleneck; null where no round takes place. */
  readonly stages: StageSeconds | null;
  /** Bits sent up. */
  readonly uplinkBits: number;
  /** Bits sent down. */
  readonly downlinkBits: number;
  /** Energy of the devices, joule. */
  readonly energyJoule: number;
  /** The largest part of its memory that a device with a limit uses; null where none has one. */
  readonly memoryUse: number | null;
  /** Memory used on the server, bytes. */
  readonly serverMemoryBytes: number;
  /** Accuracy that the curve foresees for the plan, 0 … 1; null where no round takes place. */
  readonly accuracy: number | null;
  /** Part of a training to the target accuracy, 0…1; null without a law of progress or a round within all limits. */
  readonly progress: number | null;
  /** Why the large time scale decided in this round; null where it did not. */
  readonly replanned: ReplanReason | null;
  /** Steps of SQP on the small time scale. */
  readonly steps: number | null;
  /** Devices that were there and took no part. */
  readonly satOut: readonly SatOut[];
  /** Limits that were broken. */
  readonly violations: readonly LimitViolation[];
  /** No plan of these devices has a shorter round: recomputed from its certificate; null where it was not asked for. */
  readonly boundSeconds: number | null;
  /** T over the bound, less one. */
  readonly regret: number | null;
  /** One entry for each device that took part. */
  readonly perDevice?: readonly DeviceRound[];
}
