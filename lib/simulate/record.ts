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
  readonly device: string;
  readonly because: LimitViolation['limit'] | 'waits' | 'no-plan' | 'no-choice';
}

/** One device in one round. */
export interface DeviceRound {
  readonly device: string;
  readonly gainDecibel: number;
  readonly distanceMetre: number;
  readonly blocks: number;
  readonly upPoint: string;
  readonly downPoint: string;
  readonly bandwidthHz: number;
  readonly serverShare: number;
  readonly chainSeconds: number;
  readonly stages: StageSeconds;
  readonly energyJoule: number;
}

/** One round under one scheme. */
export interface RoundRecord {
  readonly scheme: string;
  readonly seed: number;
  readonly round: number;
  /** When it starts. */
  readonly seconds: number;
  readonly outcome: RoundOutcome;
  /** Devices that take part. */
  readonly devices: number;
  /** T; null where no round takes place. */
  readonly delaySeconds: number | null;
  /** The device with the longest chain, and its stages of a step. */
  readonly bottleneck: string | null;
  readonly stages: StageSeconds | null;
  readonly uplinkBits: number;
  readonly downlinkBits: number;
  readonly energyJoule: number;
  /** The largest part of its memory that a device with a limit uses; null where none has one. */
  readonly memoryUse: number | null;
  readonly serverMemoryBytes: number;
  readonly accuracy: number | null;
  /** Part of a training to the target accuracy, 0…1; null without a law of progress or a round within all limits. */
  readonly progress: number | null;
  /** Why the large time scale decided in this round; null where it did not. */
  readonly replanned: ReplanReason | null;
  /** Steps of SQP on the small time scale. */
  readonly steps: number | null;
  readonly satOut: readonly SatOut[];
  readonly violations: readonly LimitViolation[];
  /** No plan of these devices has a shorter round: recomputed from its certificate; null where it was not asked for. */
  readonly boundSeconds: number | null;
  /** T over the bound, less one. */
  readonly regret: number | null;
  readonly perDevice?: readonly DeviceRound[];
}
