import type { LinkDirection, RadioLink } from '../transport/index.js';
import type { RunClock, ServerSharing } from './run-clock.js';

/** One device as the clock sees it. */
export interface ClockParty {
  /** Its stages take so many times what was measured. */
  readonly speedFactor: number;
  /** Absent: messages arrive at once. */
  readonly link: RadioLink | undefined;
  /** Share of the server when it is allocated, 0 … 1. */
  readonly serverShare: number;
}

export interface ServerClock {
  readonly sharing: ServerSharing;
  readonly speedFactor: number;
}

/** Stretch of the server's work for one device: its speed over the device's share. */
export function serverStretch({ sharing, speedFactor }: ServerClock, parties: readonly ClockParty[], device: number) {
  return speedFactor / (sharing === 'equal' ? 1 / parties.length : parties[device]!.serverShare);
}

/**
 * The time at which everything would have happened had the parties run side by side over their radio links: each device
 * has its own hand, moved on by its measured stages and by its bytes. A round begins with the adapters' way down and
 * ends with the average, so that nobody waits between the two: T = max over devices of (down + K steps + up) +
 * aggregation, as the delay model has it. Times in s from the start of the training.
 */
export class EventClock implements RunClock {
  readonly kind = 'emulated';
  private readonly times: Float64Array;
  /** When the last device of the round was given up, and the last that a batch waited for. */
  private givenUpAt = 0;
  private batchFrom = 0;

  constructor(
    private readonly parties: readonly ClockParty[],
    private readonly server: ServerClock,
  ) {
    this.times = new Float64Array(parties.length);
  }

  /** Where a device's hand stands. */
  at(device: number): number {
    return this.times[device]!;
  }

  beginRound(): number {
    const last = this.latest(this.parties.map((_, k) => k));
    this.times.fill(last);
    this.givenUpAt = 0;
    this.batchFrom = 0;
    return last;
  }

  deviceWork(device: number, measuredSeconds: number): number {
    return this.advance(device, measuredSeconds * this.parties[device]!.speedFactor);
  }

  transfer(device: number, direction: LinkDirection, bytes: number, round: number): number {
    const { link } = this.parties[device]!;
    const now = this.at(device);
    return this.advance(device, link ? link.arrival(direction, bytes, round, now) - now : 0);
  }

  serverWork(device: number, measuredSeconds: number): Promise<number> {
    const stretch = serverStretch(this.server, this.parties, device);
    return Promise.resolve(this.advance(device, measuredSeconds * stretch));
  }

  serverBatch(devices: readonly number[], measuredSeconds: number): Promise<number[]> {
    const end = Math.max(this.batchFrom, this.latest(devices)) + measuredSeconds * this.server.speedFactor;
    return Promise.resolve(devices.map((device) => this.advance(device, end - this.at(device))));
  }

  aggregation(devices: readonly number[], measuredSeconds: number): { seconds: number; at: number } {
    const seconds = measuredSeconds * this.server.speedFactor;
    const at = Math.max(this.givenUpAt, this.latest(devices)) + seconds;
    // One that was left behind in the round starts the next with the others.
    this.times.fill(at);
    return { seconds, at };
  }

  giveUp(device: number, waitedSeconds: number, isOfBatch: boolean): void {
    this.advance(device, waitedSeconds);
    this.givenUpAt = Math.max(this.givenUpAt, this.at(device));
    if (isOfBatch) this.batchFrom = Math.max(this.batchFrom, this.at(device));
  }

  idle(seconds: number): void {
    this.times.fill(this.beginRound() + seconds);
  }

  get state(): readonly number[] {
    return [...this.times];
  }

  restore(state: readonly number[]): void {
    this.times.set(state);
  }

  private latest(devices: readonly number[]): number {
    return devices.reduce((last, device) => Math.max(last, this.at(device)), 0);
  }

  private advance(device: number, seconds: number): number {
    this.times[device]! += seconds;
    return seconds;
  }
}
