import { machineSeconds } from './clock.js';
import {
  decodeFrame,
  defaultReceiveLimits,
  encodeFrame,
  FrameError,
  type Message,
  type ReceiveLimits,
} from './frame.js';

/** Bytes and messages that went over a connection, frames included. */
export interface Traffic {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly sentMessages: number;
  readonly receivedMessages: number;
}

/** A received message, the size of its frame, and when it came. */
export interface Received {
  readonly message: Message;
  readonly bytes: number;
  /** When it came, by `machineSeconds`. */
  readonly atSeconds: number;
}

/** A two-way, ordered, reliable channel for messages. */
export interface Connection {
  /** Hands a message over; returns the bytes of its frame. Throws `ConnectionError` when closed. */
  send(message: Message): Promise<number>;
  /** The next message, in the order sent; those that arrived before a close are still given. Throws `ConnectionError`. */
  receive(timeoutSeconds?: number): Promise<Received>;
  /** Ends the connection in both directions; the other side learns the reason. Closing again does nothing. */
  close(reason?: string): void;
  /** From now on takes no more than this from the other side. */
  restrict(limits: ReceiveLimits): void;
  readonly isOpen: boolean;
  readonly traffic: Traffic;
}

/** Accepts connections. */
export interface Listener {
  /** Where to connect to. */
  readonly address: string;
  /** The next connection. Throws `ConnectionError` once closed. */
  accept(timeoutSeconds?: number): Promise<Connection>;
  /** Stops accepting; open connections stay. */
  close(): Promise<void>;
}

export type ConnectionErrorCode = 'closed' | 'timeout' | 'frame' | 'unreachable';

/** A connection that ended, or on which nothing came in time. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  constructor(
    readonly code: ConnectionErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What `work` comes to; throws `ConnectionError` where it takes longer than so many seconds. */
export async function within<T>(seconds: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = () => reject(new ConnectionError('timeout', `${what} within ${seconds} s`));
    timer = setTimeout(error, seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Values that come when they come, for readers that wait with a timeout. */
export class Mailbox<T> {
  private readonly values: T[] = [];
  private readonly waiting: { resolve(value: T): void; reject(error: Error): void }[] = [];
  private failure: ConnectionError | undefined;

  put(value: T): void {
    if (this.failure) return;
    const reader = this.waiting.shift();
    if (reader) reader.resolve(value);
    else this.values.push(value);
  }

  /** Values that nobody has taken yet. */
  get size(): number {
    return this.values.length;
  }

  /** Readers that wait, and all that come once the values are used up, get this error. */
  fail(error: ConnectionError): void {
    this.failure ??= error;
    for (const reader of this.waiting.splice(0)) reader.reject(error);
  }

  take(timeoutSeconds?: number): Promise<T> {
    if (this.values.length > 0) return Promise.resolve(this.values.shift()!);
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      const reader = {
        resolve: (value: T) => {
          clearTimeout(timer);
          resolve(value);
        },
        reject: (error: Error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      const giveUp = () => {
        this.waiting.splice(this.waiting.indexOf(reader), 1);
        reject(new ConnectionError('timeout', `nothing came within ${timeoutSeconds} s`));
      };
      const timer = timeoutSeconds === undefined ? undefined : setTimeout(giveUp, timeoutSeconds * 1000);
      this.waiting.push(reader);
    });
  }
}

/** What carries the frames of a `FramedConnection`. */
export interface Carrier {
  write(frame: Uint8Array<ArrayBuffer>): Promise<void>;
  shutdown(reason: string): void;
}

/** Framing, order and counting, the same over every carrier. */
export class FramedConnection implements Connection {
  private readonly inbox = new Mailbox<Received>();
  private ended: ConnectionError | undefined;
  private sentBytes = 0;
  private receivedBytes = 0;
  private sentMessages = 0;
  private receivedMessages = 0;

  /** What is taken from the other side now. */
  limits: ReceiveLimits;

  constructor(
    private readonly carrier: Carrier,
    private readonly limitBytes: number,
  ) {
    this.limits = { ...defaultReceiveLimits, frameBytes: limitBytes };
  }

  restrict(limits: ReceiveLimits): void {
    this.limits = { ...limits, frameBytes: Math.min(limits.frameBytes, this.limitBytes) };
  }

  get isOpen(): boolean {
    return this.ended === undefined;
  }

  get traffic(): Traffic {
    const { sentBytes, receivedBytes, sentMessages, receivedMessages } = this;
    return { sentBytes, receivedBytes, sentMessages, receivedMessages };
  }

  async send(message: Message): Promise<number> {
    if (this.ended) throw this.ended;
    const frame = encodeFrame(message, this.sentMessages);
    if (frame.length > this.limitBytes) {
      throw new FrameError('length', `a frame of ${frame.length} bytes is above the limit of ${this.limitBytes}`);
    }
    this.sentMessages++;
    this.sentBytes += frame.length;
    await this.carrier.write(frame);
    return frame.length;
  }

  receive(timeoutSeconds?: number): Promise<Received> {
    return this.inbox.take(timeoutSeconds);
  }

  close(reason = 'closed by this side'): void {
    if (this.ended) return;
    this.end(new ConnectionError('closed', reason));
    this.carrier.shutdown(reason);
  }

  /** For the carrier: a frame has come. One that cannot be read ends the connection. */
  arrived(frame: Uint8Array): void {
    if (this.ended) return;
    try {
      const { message, sequence } = decodeFrame(frame, this.limits);
      if (sequence !== this.receivedMessages >>> 0) {
        throw new FrameError('sequence', `message ${sequence} came where ${this.receivedMessages} was due`);
      }
      if (this.inbox.size >= this.limits.waitingMessages) {
        throw new FrameError('flood', `${this.inbox.size} messages wait already, and none was due`);
      }
      this.receivedMessages++;
      this.receivedBytes += frame.length;
      this.inbox.put({ message, bytes: frame.length, atSeconds: machineSeconds() });
    } catch (cause) {
      this.refuse(cause);
    }
  }

  /** For the carrier: what came is no frame. */
  refuse(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.end(new ConnectionError('frame', reason, { cause }));
    this.carrier.shutdown(reason);
  }

  /** For the carrier: the other side has gone. */
  end(error: ConnectionError): void {
    this.ended ??= error;
    this.inbox.fail(error);
  }
}
