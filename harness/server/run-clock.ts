import type { LinkDirection } from '../transport/index.js';

/** How the devices share the server's work: a slice each, or one batch of all a step. */
export type ServerSharing = 'allocated' | 'equal' | 'batched';

/**
 * Tells the time of a training. All durations are in s; what a method returns is the stage's duration as it goes into
 * the record. `observed` is what a wall clock has seen.
 */
export interface RunClock {
  readonly kind: 'emulated' | 'wall';
  /** All devices stand at the same time; returns it, s from the start of the training. */
  beginRound(): number;
  /** Work on a device that took so long here. */
  deviceWork(device: number, measuredSeconds: number): number;
  /** A message over a device's link. */
  transfer(device: number, direction: LinkDirection, bytes: number, round: number, observed: number): number;
  /** The server's work for one device, with its share of the server; resolves when it would be done. */
  serverWork(device: number, measuredSeconds: number, arrivedAtSeconds: number): Promise<number>;
  /** The server's work for all these devices together: it starts when the last has arrived. Returns each one's wait and work. */
  serverBatch(
    devices: readonly number[],
    measuredSeconds: number,
    arrivedAtSeconds: readonly number[],
  ): Promise<number[]>;
  /** The average, once these devices' adapters are there. Returns the work's duration and the time at its end. */
  aggregation(devices: readonly number[], measuredSeconds: number): { readonly seconds: number; readonly at: number };
  /** A device was given up after it was waited for so long, s; a batch has waited too where it was to be in it. */
  giveUp(device: number, waitedSeconds: number, isOfBatch: boolean): void;
  /** Nobody was there for so long, s. */
  idle(seconds: number): void;
  /** Where each device stands, for a checkpoint. */
  readonly state: readonly number[];
  restore(state: readonly number[]): void;
}
