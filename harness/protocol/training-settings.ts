import type { OptimizerSettings } from '../training/index.js';
import type { LearningRateSchedule } from './schedule.js';
import type { StepCodec } from './tensor-body.js';

/** What a plan decides of a device's steps. */
export interface DeviceSettings {
  /** Blocks on the device, 0 … L; with L it has the head too and sends adapters alone. */
  readonly cut: number;
  /** Images of one local step. */
  readonly batchSize: number;
  readonly uplinkCodec: StepCodec;
  readonly downlinkCodec: StepCodec;
}

/** What all parties of a training have in common. */
export interface TrainingSettings {
  readonly rounds: number;
  /** K. */
  readonly localSteps: number;
  readonly optimizer: OptimizerSettings;
  readonly schedule: LearningRateSchedule;
  /** For the adapters; default as they are. */
  readonly exchangeCodec?: StepCodec;
  readonly seed: number;
}
