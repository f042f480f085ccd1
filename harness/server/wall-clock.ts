import { machineSeconds, sleepUntil, type LinkDirection } from '../transport/index.js';
import { serverStretch, type ClockParty, type ServerClock } from './event-clock.js';
import type { RunClock } from './run-clock.js';

/**
 * Time as it passes. Devices take their speed factor upon themselves and their connections the radio link; the server
 * answers when its share and its speed would have let it. Since slices work side by side but this process one after the
 * other, the time in which activations waited for it counts as part of that.
 */
export class WallClock implements RunClock {
  readonly kind = 'wall';
  private startedAt = machineSeconds();

  constructor(
    private readonly parties: readonly ClockParty[],
    private readonly server: ServerClock,
  ) {}

  beginRound(): number {
    return machineSeconds() - this.startedAt;
  }

  deviceWork(_device: number, measuredSeconds: number): number {
    return measuredSeconds;
  }

  transfer(_device: number, _direction: LinkDirection, _bytes: number, _round: number, observed: number): number {
    return observed;
  }

  async serverWork(device: number, measuredSeconds: number, arrivedAtSeconds: number): Promise<number> {
    const stretch = serverStretch(this.server, this.parties, device);
    await sleepUntil(arrivedAtSeconds + stretch * measuredSeconds);
    return machineSeconds() - arrivedAtSeconds;
  }

  async serverBatch(
    _devices: readonly number[],
    measuredSeconds: number,
    arrivedAtSeconds: readonly number[],
  ): Promise<number[]> {
    const last = arrivedAtSeconds.reduce((latest, at) => Math.max(latest, at), 0);
    await sleepUntil(last + this.server.speedFactor * measuredSeconds);
    const now = machineSeconds();
    return arrivedAtSeconds.map((arrived) => now - arrived);
  }

  aggregation(_devices: readonly number[], measuredSeconds: number): { seconds: number; at: number } {
    return { seconds: measuredSeconds, at: machineSeconds() - this.startedAt };
  }

  /** Waiting has passed by itself. */
  readonly giveUp = () => undefined;
  readonly idle = () => undefined;

  get state(): readonly number[] {
    const now = machineSeconds() - this.startedAt;
    return this.parties.map(() => now);
  }

  restore(state: readonly number[]): void {
    this.startedAt = machineSeconds() - Math.max(0, ...state);
  }
}
