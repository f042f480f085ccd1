import { xxHash32 } from 'js-xxhash';
import { ByteReader, ByteWriter } from '../entropy/bytes.js';
import { CodecError } from '../errors.js';
import { type QuantizedTensor, dequantize, quantize } from '../quantize.js';
import type { CodecSettings, CodecSettingsInput } from '../settings.js';
import { readBody, writeBody } from './body.js';
import { MAX_NAME_BYTES, MAX_RANK, type TensorHeader } from './header.js';

/** First bytes of every message: "SFTC" and the version of the format. */
const MAGIC = [0x53, 0x46, 0x54, 0x43] as const;
/** Version of the container that `encode` writes. */
export const FORMAT_VERSION = 1;
const PREFIX_BYTES = 5;

const recordKinds = { end: 0, tensor: 1, chunk: 2, lastChunk: 3 } as const;

/** A tensor to send. */
export interface TensorInput {
  /** At most 4096 bytes of UTF-8; empty when left out. */
  readonly name?: string;
  /** Row-major; the last axis is the channel, a row of it a token, an entry of the first axis a sample. */
  readonly values: Float32Array;
  /** Sizes, slowest index first. */
  readonly shape: readonly number[];
  /** How it is encoded; defaults when absent. */
  readonly settings?: CodecSettingsInput;
}

/** A tensor as received. */
export interface DecodedTensor {
  /** As encoded; empty without a name. */
  readonly name: string;
  /** Sizes, slowest index first. */
  readonly shape: readonly number[];
  /** Row by row. */
  readonly values: Float32Array;
  /** Settings it was coded with; fields that do not bear on the chosen method have their defaults. */
  readonly settings: CodecSettings;
}

/** What a message may make the decoder do. */
export interface DecodeLimits {
  /** Bytes that decoding one message may allocate, values and work space together. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Tensors and chunks of a message. Default 4096. */
  readonly maxTensors?: number;
}

/**
 * One tensor as a message. Throws `CodecError`.
 *
 * @param values - Elements, last index fastest.
 * @param shape - Sizes, slowest index first; their product is the number of elements.
 * @param settings - Settings of the codec; what is absent takes its default.
 * @throws CodecError as `quantize` does.
 * @example
 * ```ts
 * import { encode } from 'sft-opt/codec';
 *
 * console.log(encode(new Float32Array(1000), [1000]).length < 100); // true
 * ```
 */
export function encode(values: Float32Array, shape: readonly number[], settings?: CodecSettingsInput): Uint8Array {
  return encodeMessage([settings === undefined ? { values, shape } : { values, shape, settings }]);
}

/**
 * Several tensors in one message, each with settings of its own.
 *
 * @param tensors - Values, shapes, names and settings.
 * @throws CodecError as `quantize` does.
 * @example
 * ```ts
 * import { encodeMessage, inspectMessage } from 'sft-opt/codec';
 *
 * const settings = { selection: 'all', values: 'float32' } as const;
 * const message = encodeMessage([{ name: 'w', values: Float32Array.of(1, 2), shape: [2], settings }]);
 * console.log(inspectMessage(message).tensors[0]!.name); // w
 * ```
 */
export function encodeMessage(tensors: readonly TensorInput[]): Uint8Array {
  return encodeQuantizedMessage(
    tensors.map(({ name, values, shape, settings }) => ({
      name: name ?? '',
      tensor: naming(name, () => quantize(values, shape, settings)),
    })),
  );
}

/** Says which tensor an error is about. */
function naming<Result>(name: string | undefined, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CodecError) || name === undefined || name === '') throw error;
    throw new CodecError(error.code, `tensor ${name}: ${error.message}`, error.position);
  }
}

/**
 * Tensors that are already quantized, as a message.
 *
 * @param tensors - Names and quantized tensors.
 * @example
 * ```ts
 * import { encodeQuantizedMessage, quantize } from 'sft-opt/codec';
 *
 * const tensor = quantize(Float32Array.of(1, -2), [2], { selection: 'all', values: 'float32' });
 * console.log(encodeQuantizedMessage([{ name: 'w', tensor }]) instanceof Uint8Array); // true
 * ```
 */
export function encodeQuantizedMessage(
  tensors: readonly { readonly name: string; readonly tensor: QuantizedTensor }[],
): Uint8Array {
  const out = new ByteWriter(4096);
  writePrefix(out);
  for (const { name, tensor } of tensors) writeRecord(out, recordKinds.tensor, name, tensor);
  out.byte(recordKinds.end);
  return out.finish();
}

/**
 * The only tensor of a message. Throws `CodecError`; `malformed` when there is not exactly one.
 *
 * @param bytes - The message, whole.
 * @param limits - Most bytes and tensors that the decoder may allocate.
 * @throws CodecError for bytes that are no message, and `malformed` where it does not hold exactly one tensor.
 * @example
 * ```ts
 * import { decode, encode } from 'sft-opt/codec';
 *
 * const message = encode(Float32Array.of(1, 2, 3, 4), [2, 2], { selection: 'all', values: 'float32' });
 * console.log(decode(message).values, decode(message).shape); // Float32Array(4) [ 1, 2, 3, 4 ] [ 2, 2 ]
 * ```
 */
export function decode(bytes: Uint8Array, limits?: DecodeLimits): DecodedTensor {
  const tensors = decodeMessage(bytes, limits);
  if (tensors.length !== 1) throw new CodecError('malformed', `the message holds ${tensors.length} tensors, not one`);
  return tensors[0]!;
}

/**
 * All tensors of a message; chunks of a streamed tensor are joined along the first axis.
 *
 * @param bytes - The message, whole.
 * @param limits - Most bytes and tensors that the decoder may allocate.
 * @throws CodecError for bytes that are no message or need more than the limits allow.
 * @example
 * ```ts
 * import { decodeMessage, encodeMessage } from 'sft-opt/codec';
 *
 * const settings = { selection: 'all', values: 'float32' } as const;
 * const message = encodeMessage([{ name: 'w', values: Float32Array.of(1, 2), shape: [2], settings }]);
 * console.log(decodeMessage(message).map(({ name, values }) => [name, values])); // [ [ 'w', Float32Array(2) [ 1, 2 ] ] ]
 * ```
 */
export function decodeMessage(bytes: Uint8Array, limits?: DecodeLimits): DecodedTensor[] {
  const collector = new ChunkJoiner();
  forEachRecord(bytes, new Allowance(limits), (record) =>
    collector.add(decodedRecord(record), record.chunk, record.last),
  );
  return collector.finish();
}

/**
 * The quantized tensors of a message; chunks stand for themselves.
 *
 * @param bytes - The message, whole.
 * @param limits - Most bytes and tensors that the decoder may allocate.
 * @throws CodecError for bytes that are no message or need more than the limits allow.
 * @example
 * ```ts
 * import { decodeQuantizedMessage, encodeQuantizedMessage, quantize } from 'sft-opt/codec';
 *
 * const tensor = quantize(Float32Array.of(1, -2), [2], { selection: 'all', values: 'float32' });
 * console.log(decodeQuantizedMessage(encodeQuantizedMessage([{ name: 'w', tensor }]))[0]!.tensor.kind); // float32
 * ```
 */
export function decodeQuantizedMessage(
  bytes: Uint8Array,
  limits?: DecodeLimits,
): { name: string; tensor: QuantizedTensor }[] {
  const tensors: { name: string; tensor: QuantizedTensor }[] = [];
  forEachRecord(bytes, new Allowance(limits), ({ header, tensor }) => tensors.push({ name: header.name, tensor }));
  return tensors;
}

/** What was allowed and is not yet used. */
export class Allowance {
  private bytes: number;
  private tensors: number;

  constructor(limits: DecodeLimits = {}) {
    this.bytes = limits.maxBytes ?? 2 ** 28;
    this.tensors = limits.maxTensors ?? 4096;
  }

  get remainingBytes(): number {
    return this.bytes;
  }

  take(bytes: number): void {
    if (bytes > this.bytes) {
      throw new CodecError('limit', `decoding needs ${bytes} bytes, ${this.bytes} are left of what is allowed`);
    }
    this.bytes -= bytes;
  }

  takeTensor(): void {
    if (this.tensors-- <= 0) throw new CodecError('limit', 'the message holds more tensors than allowed');
  }
}

/** One record of a message, decoded. */
export interface TensorRecord {
  readonly header: TensorHeader;
  readonly tensor: QuantizedTensor;
  readonly chunk: boolean;
  readonly last: boolean;
  /** Bytes of the record in the message, checksum included. */
  readonly recordBytes: number;
}

export function writePrefix(out: ByteWriter): void {
  for (const byte of MAGIC) out.byte(byte);
  out.byte(FORMAT_VERSION);
}

/** Kind, length of the body, body, and the xxHash32 of all three. */
export function writeRecord(out: ByteWriter, kind: number, name: string, tensor: QuantizedTensor): void {
  if (tensor.shape.length > MAX_RANK) throw new CodecError('bad-argument', `more than ${MAX_RANK} axes`);
  const body = new ByteWriter(1024);
  writeBody(body, name, tensor);
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES)
    throw new CodecError('bad-argument', 'the name is too long');
  const start = out.length;
  out.byte(kind);
  out.varint(body.length);
  out.bytes(body.view());
  out.uint32(xxHash32(out.view().subarray(start)));
}

export { recordKinds };

/** Checks the prefix; returns whether enough bytes were there to do so. */
export function readPrefix(bytes: Uint8Array): boolean {
  for (let k = 0; k < Math.min(bytes.length, MAGIC.length); k++) {
    if (bytes[k] !== MAGIC[k]) throw new CodecError('malformed', 'not a message of this codec: wrong magic', k);
  }
  if (bytes.length < PREFIX_BYTES) return false;
  if (bytes[4] !== FORMAT_VERSION) {
    throw new CodecError('unsupported-version', `version ${bytes[4]!} of the format is unknown`, 4);
  }
  return true;
}

/**
 * The record at `position`: `undefined` when more bytes are needed, `end` for the end mark. Nothing is decoded before
 * the checksum has been found right, and nothing allocated beyond the allowance.
 */
export function readRecord(
  bytes: Uint8Array,
  position: number,
  allowance: Allowance,
): TensorRecord | 'end' | undefined {
  if (position >= bytes.length) return undefined;
  const kind = bytes[position]!;
  if (kind === recordKinds.end) return 'end';
  if (kind > recordKinds.lastChunk) throw new CodecError('malformed', `record kind ${kind} is unknown`, position);
  const input = new ByteReader(bytes, position + 1);
  if (!hasVarint(bytes, position + 1)) return undefined;
  const length = input.varint();
  if (length > allowance.remainingBytes) {
    throw new CodecError('limit', `a record of ${length} bytes is larger than allowed`, position);
  }
  if (input.remaining < length + 4) return undefined;
  const body = input.bytes(length);
  const hash = xxHash32(bytes.subarray(position, input.position));
  if (hash !== input.uint32()) throw new CodecError('checksum', 'the checksum does not fit the bytes', position);
  allowance.takeTensor();
  const { header, tensor } = readBody(body, (needed) => allowance.take(needed));
  return {
    header,
    tensor,
    chunk: kind !== recordKinds.tensor,
    last: kind !== recordKinds.chunk,
    recordBytes: input.position - position,
  };
}

function hasVarint(bytes: Uint8Array, position: number): boolean {
  for (let k = position; k < bytes.length; k++) if (bytes[k]! < 128 || k - position > 8) return true;
  return false;
}

/** Visits the records of a whole message. */
export function forEachRecord(bytes: Uint8Array, allowance: Allowance, visit: (record: TensorRecord) => void): void {
  if (!readPrefix(bytes)) throw new CodecError('truncated', 'the message ends within its prefix', bytes.length);
  let position = PREFIX_BYTES;
  for (;;) {
    const record = readRecord(bytes, position, allowance);
    if (record === undefined) throw new CodecError('truncated', 'the message ends too early', bytes.length);
    if (record === 'end') break;
    visit(record);
    position += record.recordBytes;
  }
  if (position + 1 !== bytes.length) throw new CodecError('malformed', 'bytes after the end mark', position + 1);
}

/** The values of a record. */
export function decodedRecord({ header: { name, shape, settings }, tensor }: TensorRecord): DecodedTensor {
  const values = dequantize(tensor);
  // Levels and scales are finite by their form; floats are what somebody has sent.
  if (settings.values !== 'levels') {
    const position = values.findIndex((value) => !Number.isFinite(value));
    if (position >= 0) {
      const subject = name === '' ? '' : `tensor ${name}: `;
      throw new CodecError('not-finite', `${subject}value ${position} is ${values[position]!}`, position);
    }
  }
  return { name, shape, values, settings };
}

/** Collects tensors, joining chunks. */
export class ChunkJoiner {
  private readonly done: DecodedTensor[] = [];
  private open: DecodedTensor[] = [];

  add(decoded: DecodedTensor, chunk: boolean, last: boolean): void {
    if (!chunk) {
      if (this.open.length > 0) throw new CodecError('malformed', 'a tensor stands between chunks of another');
      this.done.push(decoded);
      return;
    }
    this.open.push(decoded);
    if (last) {
      this.done.push(joinChunks(this.open));
      this.open = [];
    }
  }

  finish(): DecodedTensor[] {
    if (this.open.length > 0) throw new CodecError('truncated', 'the last chunk of a tensor is missing');
    return this.done;
  }
}

function joinChunks(chunks: readonly DecodedTensor[]): DecodedTensor {
  const first = chunks[0]!;
  const tail = first.shape.slice(1).join();
  let rows = 0;
  let size = 0;
  for (const { name, shape, values } of chunks) {
    if (shape.length === 0 || shape.slice(1).join() !== tail || name !== first.name) {
      throw new CodecError('malformed', 'chunks of one tensor do not fit together');
    }
    rows += shape[0]!;
    size += values.length;
  }
  const values = new Float32Array(size);
  let position = 0;
  for (const chunk of chunks) {
    values.set(chunk.values, position);
    position += chunk.values.length;
  }
  return { name: first.name, shape: [rows, ...first.shape.slice(1)], values, settings: first.settings };
}
