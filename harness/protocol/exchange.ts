import { encodeQuantizedMessage, ErrorFeedback } from '../../lib/codec/index.js';
import type { AdapterState } from '../model/adapters.js';
import { ProtocolError } from './protocol-error.js';
import { decodeAdapters, decodeTensor, encodeAdapters, encodeTensor, type StepCodec } from './tensor-body.js';

/** All values of some adapters, one after the other. */
function flat(state: AdapterState): Float32Array {
  const tensors = [...state.values()];
  const all = new Float32Array(tensors.reduce((sum, { values }) => sum + values.length, 0));
  let at = 0;
  for (const { values } of tensors) {
    all.set(values, at);
    at += values.length;
  }
  return all;
}

/** Values one after the other as adapters of the shapes of `like`. */
function shaped(all: Float32Array, like: AdapterState): AdapterState {
  let at = 0;
  return new Map(
    [...like].map(([name, { shape, values }]) => {
      const own = all.slice(at, at + values.length);
      at += values.length;
      return [name, { shape, values: own }];
    }),
  );
}

const sum = (left: Float32Array, right: Float32Array) => left.map((value, k) => value + right[k]!);
const difference = (left: Float32Array, right: Float32Array) => left.map((value, k) => value - right[k]!);

/** Adapters as the body of the message that opens a round. */
export interface Opening {
  /** Whether they are told by their difference to those of the round before, through the codec. */
  readonly isDifference: boolean;
  readonly body: Uint8Array;
}

/**
 * What a device holds of the adapters at the start of a round, as the server knows it. With a codec the device is sent the
 * difference of the average to that, and sends what it has learned since: what coding takes away in one round is part of
 * the next round's difference on the way down, and of the device's `residual` on the way up.
 */
export class HeldAdapters {
  /** Absent while nothing is known of it. */
  private held: Float32Array | undefined;
  private wanted: Float32Array;
  private next: Float32Array;
  private body: Uint8Array = new Uint8Array(0);
  private readonly codec: StepCodec;

  constructor(
    private readonly like: AdapterState,
    codec: StepCodec,
  ) {
    this.wanted = this.next = flat(like);
    this.codec = this.next.length === 0 ? 'identity' : codec;
  }

  /** What goes into a checkpoint; absent where it is not known, and where adapters are sent as they are. */
  get state(): Float32Array | undefined {
    return this.codec === 'identity' ? undefined : this.held;
  }

  /** Throws `ProtocolError` where it is of other adapters. */
  restore(held: Float32Array): void {
    if (held.length !== this.wanted.length) {
      throw new ProtocolError(`${held.length} values are held of adapters of ${this.wanted.length}`);
    }
    this.held = held;
  }

  /** The device was left behind, or is another one: the next round tells it the average as it is. */
  forget(): void {
    this.held = undefined;
    this.next = this.wanted;
  }

  /** An average that the next round opens with. */
  prepare(average: AdapterState, seed: number): void {
    this.wanted = flat(average);
    if (this.codec === 'identity') {
      this.next = this.wanted;
      this.body = encodeAdapters(average);
      return;
    }
    if (!this.held) {
      this.next = this.wanted;
      return;
    }
    const shape = [this.held.length];
    this.body = encodeTensor(difference(this.wanted, this.held), shape, this.codec, seed);
    this.next = sum(this.held, decodeTensor(this.body, shape, this.codec));
  }

  /** The message that opens a round; `hasLost`: the device no longer has what it held, and is told the outcome. */
  open(hasLost: boolean): Opening {
    const isDifference = this.held !== undefined && !hasLost && this.codec !== 'identity';
    this.held = this.next;
    const isReady = isDifference || this.codec === 'identity';
    return { isDifference, body: isReady ? this.body : encodeAdapters(shaped(this.next, this.like)) };
  }

  /** The average itself. */
  final(): Uint8Array {
    return encodeAdapters(shaped(this.wanted, this.like));
  }

  /** What a device has sent at the end of a round. Throws `TensorFileError`, `ProtocolError`. */
  closed(body: Uint8Array): AdapterState {
    if (this.codec === 'identity') return decodeAdapters(body);
    return shaped(sum(this.next, decodeTensor(body, [this.next.length], this.codec)), this.like);
  }
}

const feedbackName = 'adapters';

/** The device's side of `HeldAdapters`, with error feedback on the way up. */
export class OwnAdapters {
  private held: Float32Array;
  private readonly feedback = new ErrorFeedback();
  readonly codec: StepCodec;

  constructor(
    private readonly like: AdapterState,
    codec: StepCodec,
  ) {
    this.held = flat(like);
    this.codec = this.held.length === 0 ? 'identity' : codec;
  }

  /** What coding has taken away so far; absent before the first round and where adapters are sent as they are. */
  get residual(): Float32Array | undefined {
    return this.feedback.memory(feedbackName);
  }

  restore(residual: Float32Array | undefined): void {
    if (residual) this.feedback.restore(feedbackName, residual);
    else this.feedback.reset();
  }

  /** The adapters that a round begins with. Throws `TensorFileError`, `ProtocolError`. */
  open({ isDifference, body }: Opening): AdapterState {
    if (!isDifference) {
      const whole = decodeAdapters(body);
      this.held = flat(new Map([...this.like].map(([name, own]) => [name, whole.get(name) ?? own])));
      return whole;
    }
    this.held = sum(this.held, decodeTensor(body, [this.held.length], this.codec));
    return shaped(this.held, this.like);
  }

  /** The body of the message that closes a round. */
  close(trained: AdapterState, seed: number): Uint8Array {
    if (this.codec === 'identity') return encodeAdapters(trained);
    const learned = difference(flat(trained), this.held);
    const settings = { ...this.codec, seed };
    return encodeQuantizedMessage([
      { name: '', tensor: this.feedback.quantize(feedbackName, learned, [learned.length], settings) },
    ]);
  }
}
