import type { AdapterState } from '../model/adapters.js';
import type { DeviceMemory } from '../protocol/index.js';
import type { OptimizerState } from '../training/index.js';
import { differences } from '../transport/join.js';

/** What is kept of one device. */
export interface DeviceCheckpoint {
  readonly name: string;
  /** Of the server's adapters for it. */
  readonly serverOptimizer: OptimizerState;
  /** Of its own adapters, as far as it is known; and the round at whose start it was so. */
  readonly own: (DeviceMemory & { readonly round: number }) | undefined;
  /** What it held of the adapters at the start of the round before; where they go through a codec. */
  readonly held?: Float32Array | undefined;
}

/**
 * All it takes to go on with a training as if it had not been interrupted, at the start of a round. The order of the data
 * and every random choice follow from the seed and the round.
 */
export interface Checkpoint {
  /** Tells runs apart; one that goes on from a checkpoint keeps it. */
  readonly run: string;
  /** What must be the same to go on: model, data, devices with their links and speeds, training. Plain JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The round to go on with. */
  readonly round: number;
  readonly adapters: AdapterState;
  /** Where the clock stands for each device, s. */
  readonly clock: readonly number[];
  readonly devices: readonly DeviceCheckpoint[];
  /** Length of the run record at this point, byte. */
  readonly recordBytes: number;
}

/** A checkpoint that is damaged or belongs to something else. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
  readonly code = 'checkpoint';
}

/** Throws `CheckpointError` naming what differs unless a training with these settings may go on from a checkpoint. */
export function requireSameTraining(checkpoint: Checkpoint, settings: Checkpoint['settings'] | undefined): void {
  const different = differences(settings, checkpoint.settings, 'the checkpoint');
  if (different.length === 0) return;
  throw new CheckpointError(`the checkpoint is of another training: ${different.slice(0, 5).join('; ')}`);
}
