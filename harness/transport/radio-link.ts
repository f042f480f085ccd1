import { rateBitsPerSecond, scaledLaw, type RateLaw } from '../../lib/models/index.js';
import { machineSeconds, sleepUntil } from './clock.js';
import type { Connection, Received, Traffic } from './connection.js';
import { frameBytes, type Message, type MessageKind, type ReceiveLimits } from './frame.js';

/** A device's radio link: its share of the band, the laws of the rate, latency, and the gain round by round. */
export interface RadioLinkOptions {
  readonly uplink: RateLaw;
  readonly downlink: RateLaw;
  readonly bandwidthHz: number;
  /** One way, s; default 0. */
  readonly latencySeconds?: number;
  /** Bytes that pass at once after a pause; default 0. */
  readonly burstBytes?: number;
  /** Power gain relative to the laws' own, by round; repeats after its end. Default 1 throughout. */
  readonly gainTrace?: ArrayLike<number>;
}

export type LinkDirection = 'uplink' | 'downlink';

/**
 * Token bucket by virtual scheduling (the generic cell rate algorithm): a message that comes at t leaves entirely at
 * max(t, max(t, backlog) + bytes / rate − burst / rate).
 */
export class TokenBucket {
  private backlogUntil = -Infinity;

  constructor(private readonly burstBytes: number) {}

  /** When the last byte of a message has left that is handed over at `nowSeconds`; calls must be in order of time. */
  departure(bytes: number, bitsPerSecond: number, nowSeconds: number): number {
    this.backlogUntil = Math.max(nowSeconds, this.backlogUntil) + (8 * bytes) / bitsPerSecond;
    return Math.max(nowSeconds, this.backlogUntil - (8 * this.burstBytes) / bitsPerSecond);
  }
}

/** The link's state on any clock. */
export class RadioLink {
  private readonly buckets: Record<LinkDirection, TokenBucket>;

  constructor(readonly options: RadioLinkOptions) {
    const { burstBytes = 0 } = options;
    this.buckets = { uplink: new TokenBucket(burstBytes), downlink: new TokenBucket(burstBytes) };
  }

  /** R(b) of a round, bit/s. */
  rate(direction: LinkDirection, round: number): number {
    const { gainTrace, bandwidthHz } = this.options;
    const gain = gainTrace && gainTrace.length > 0 ? gainTrace[round % gainTrace.length]! : 1;
    return rateBitsPerSecond(scaledLaw(this.options[direction], gain), bandwidthHz);
  }

  /** When a message handed over at `nowSeconds` has arrived entirely. */
  arrival(direction: LinkDirection, bytes: number, round: number, nowSeconds: number): number {
    const departure = this.buckets[direction].departure(bytes, this.rate(direction, round), nowSeconds);
    return departure + (this.options.latencySeconds ?? 0);
  }
}

/** What a training sends over the radio; all else is the harness' own and passes at once. */
const radioKinds: ReadonlySet<MessageKind> = new Set(['round', 'activations', 'gradient', 'adapters']);

/**
 * A device's connection slowed down to its radio link in wall time. What the device sends goes out when it would have
 * arrived, what it receives is given on when it would have come.
 */
export class RadioConnection implements Connection {
  /** Round whose gain counts; the messages themselves tell it. */
  private round = 0;
  private lastSend: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly inner: Connection,
    private readonly link: RadioLink,
  ) {}

  get isOpen(): boolean {
    return this.inner.isOpen;
  }

  get traffic(): Traffic {
    return this.inner.traffic;
  }

  /** Returns once the message has passed the link. */
  send(message: Message): Promise<number> {
    if (!radioKinds.has(message.kind)) return this.inner.send(message);
    const arrival = this.link.arrival('uplink', frameBytes(message), this.round, machineSeconds());
    const passing = this.lastSend.then(async () => {
      await sleepUntil(arrival);
      return this.inner.send(message);
    });
    this.lastSend = passing.catch(() => undefined);
    return passing;
  }

  async receive(timeoutSeconds?: number): Promise<Received> {
    const received = await this.inner.receive(timeoutSeconds);
    const { kind, header } = received.message;
    if (!radioKinds.has(kind)) return received;
    if (typeof header['round'] === 'number') this.round = header['round'];
    const arrival = this.link.arrival('downlink', received.bytes, this.round, received.atSeconds);
    await sleepUntil(arrival);
    return { ...received, atSeconds: Math.max(arrival, received.atSeconds) };
  }

  restrict(limits: ReceiveLimits): void {
    this.inner.restrict(limits);
  }

  close(reason?: string): void {
    this.inner.close(reason);
  }
}
