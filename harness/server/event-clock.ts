import type { RadioLink } from '../transport/index.js';

/** How the devices share the server's work: a slice each, or one batch of all a step. */
export type ServerSharing = 'allocated' | 'equal' | 'batched';

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

/**
 * The time at which everything would have happened had the parties run side by side over their radio links: each device
 * has its own hand, moved on by its measured stages and by its bytes. Times in s from the start of the training.
 */
export class EventClock {
  private readonly times: Float64Array;

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

  /** Work on a device; returns the time it takes there. */
  deviceWork(device: number, measuredSeconds: number): number {
    return this.advance(device, measuredSeconds * this.parties[device]!.speedFactor);
  }

  /** A message over a device's link; returns the time until it has arrived. */
  transfer(device: number, direction: 'uplink' | 'downlink', bytes: number, round: number): number {
    const { link } = this.parties[device]!;
    const now = this.at(device);
    return this.advance(device, link ? link.arrival(direction, bytes, round, now) - now : 0);
  }

  /** The server's work for one device, stretched by its share; not for `batched`. */
  serverWork(device: number, measuredSeconds: number): number {
    const share = this.server.sharing === 'equal' ? 1 / this.parties.length : this.parties[device]!.serverShare;
    return this.advance(device, (measuredSeconds * this.server.speedFactor) / share);
  }

  /** The server's work for all devices together: it starts when the last has arrived. Returns its time. */
  serverBatch(measuredSeconds: number): number {
    const duration = measuredSeconds * this.server.speedFactor;
    this.times.fill(this.barrier() + duration);
    return duration;
  }

  /** All wait for the last; returns when that is. */
  barrier(): number {
    const last = Math.max(...this.times);
    this.times.fill(last);
    return last;
  }

  private advance(device: number, seconds: number): number {
    this.times[device]! += seconds;
    return seconds;
  }
}
