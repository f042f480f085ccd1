import { ByteWriter } from '../entropy/bytes.js';
import { CodecError } from '../errors.js';
import { quantize } from '../quantize.js';
import type { CodecSettingsInput } from '../settings.js';
import { resolveCodecSettings } from '../settings.js';
import {
  Allowance,
  ChunkJoiner,
  type DecodeLimits,
  type DecodedTensor,
  type TensorInput,
  decodedRecord,
  readPrefix,
  readRecord,
  recordKinds,
  writePrefix,
  writeRecord,
} from './message.js';

/**
 * Writes a message piece by piece. Each call returns the bytes to send next; `end` must be the last.
 *
 * A tensor too large to hold is sent in chunks along its first axis. Each chunk is selected and quantized on its own:
 * with the scope `tensor`, Top-K counts within the chunk. Chunk number i uses seed + i.
 */
export class MessageEncoder {
  private started = false;
  private ended = false;
  private chunked: { name: string; settings: CodecSettingsInput; count: number } | undefined;

  /** A whole tensor. */
  tensor({ name = '', values, shape, settings }: TensorInput): Uint8Array {
    if (this.chunked !== undefined) throw new CodecError('bad-argument', `tensor ${this.chunked.name} is not finished`);
    const out = this.open();
    writeRecord(out, recordKinds.tensor, name, quantize(values, shape, settings));
    return out.finish();
  }

  /** Begins a tensor that comes in chunks. */
  beginChunks(name = '', settings: CodecSettingsInput = {}): void {
    if (this.chunked !== undefined) throw new CodecError('bad-argument', `tensor ${this.chunked.name} is not finished`);
    this.chunked = { name, settings, count: 0 };
  }

  /** The next rows of the tensor begun; `last` finishes it. Chunks agree in all axes but the first. */
  chunk(values: Float32Array, shape: readonly number[], last = false): Uint8Array {
    const current = this.chunked;
    if (current === undefined) throw new CodecError('bad-argument', 'no tensor was begun');
    if (shape.length === 0) throw new CodecError('bad-argument', 'a chunk needs an axis to be joined along');
    const settings = resolveCodecSettings(current.settings);
    const tensor = quantize(values, shape, { ...settings, seed: settings.seed + current.count });
    const out = this.open();
    writeRecord(out, last ? recordKinds.lastChunk : recordKinds.chunk, current.name, tensor);
    current.count++;
    if (last) this.chunked = undefined;
    return out.finish();
  }

  /** Ends the message. */
  end(): Uint8Array {
    if (this.chunked !== undefined) throw new CodecError('bad-argument', `tensor ${this.chunked.name} is not finished`);
    const out = this.open();
    out.byte(recordKinds.end);
    this.ended = true;
    return out.finish();
  }

  private open(): ByteWriter {
    if (this.ended) throw new CodecError('bad-argument', 'the message has ended');
    const out = new ByteWriter(1024);
    if (!this.started) writePrefix(out);
    this.started = true;
    return out;
  }
}

/** One tensor or chunk that became complete. */
export interface DecodedPiece extends DecodedTensor {
  /** Whether it is a chunk of a tensor, and whether it is that tensor's last. */
  readonly chunk: boolean;
  /** True for the last chunk of its tensor, and for a tensor in one piece. */
  readonly last: boolean;
}

/**
 * Reads a message from pieces of bytes of any size. Holds back at most one incomplete record, whose announced length is
 * checked against the limits first. The limits hold for the whole message.
 */
export class MessageDecoder {
  private readonly allowance: Allowance;
  private buffer = new Uint8Array(1024);
  private length = 0;
  private prefixRead = false;
  private finished = false;

  constructor(limits?: DecodeLimits) {
    this.allowance = new Allowance(limits);
  }

  /** Takes the next bytes; returns what they complete. Throws `CodecError`. */
  push(bytes: Uint8Array): DecodedPiece[] {
    if (this.finished && bytes.length > 0) throw new CodecError('malformed', 'bytes after the end mark');
    this.append(bytes);
    const buffer = this.buffer.subarray(0, this.length);
    let position = 0;
    if (!this.prefixRead) {
      if (!readPrefix(buffer)) return [];
      this.prefixRead = true;
      position = 5;
    }
    const pieces: DecodedPiece[] = [];
    while (!this.finished) {
      const record = readRecord(buffer, position, this.allowance);
      if (record === undefined) break;
      if (record === 'end') {
        this.finished = true;
        position++;
      } else {
        pieces.push({ ...decodedRecord(record), chunk: record.chunk, last: record.last });
        position += record.recordBytes;
      }
    }
    if (this.finished && position < buffer.length) throw new CodecError('malformed', 'bytes after the end mark');
    this.buffer.copyWithin(0, position, this.length);
    this.length -= position;
    return pieces;
  }

  private append(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.buffer.length) {
      const grown = new Uint8Array(Math.max(2 * this.buffer.length, this.length + bytes.length));
      grown.set(this.buffer.subarray(0, this.length));
      this.buffer = grown;
    }
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Throws `truncated` unless the end mark was seen. */
  end(): void {
    if (!this.finished) throw new CodecError('truncated', 'the message ends too early');
  }
}

/**
 * Joins pieces as `decodeMessage` does.
 *
 * @param pieces - Pieces of a whole message, in order.
 * @throws CodecError where chunks of a tensor are missing or do not fit together.
 * @example
 * ```ts
 * import { MessageDecoder, encode, joinPieces } from 'sft-opt/codec';
 *
 * const message = encode(Float32Array.of(1, 2), [2], { selection: 'all', values: 'float32' });
 * console.log(joinPieces(new MessageDecoder().push(message))[0]!.values); // Float32Array(2) [ 1, 2 ]
 * ```
 */
export function joinPieces(pieces: readonly DecodedPiece[]): DecodedTensor[] {
  const joiner = new ChunkJoiner();
  for (const { chunk, last, ...tensor } of pieces) joiner.add(tensor, chunk, last);
  return joiner.finish();
}
