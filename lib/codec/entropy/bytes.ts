import { CodecError } from '../errors.js';

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A growing byte buffer. */
export class ByteWriter {
  private buffer: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity = 256) {
    this.buffer = new Uint8Array(capacity);
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  uint16(value: number): void {
    this.byte(value & 0xff);
    this.byte(value >>> 8);
  }

  uint32(value: number): void {
    this.uint16(value & 0xffff);
    this.uint16(value >>> 16);
  }

  /** Little-endian base 128; any safe integer ≥ 0. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  bytes(source: Uint8Array): void {
    this.reserve(source.length);
    this.buffer.set(source, this.length);
    this.length += source.length;
  }

  /** Little-endian 16-bit words `source[start … end)`. */
  words(source: Uint16Array, start: number, end: number): void {
    const bytes = new Uint8Array(source.buffer, source.byteOffset + 2 * start, 2 * (end - start));
    if (LITTLE_ENDIAN) {
      this.bytes(bytes);
      return;
    }
    for (let i = start; i < end; i++) this.uint16(source[i]!);
  }

  /** The bytes written so far, as a view. */
  view(): Uint8Array<ArrayBuffer> {
    return this.buffer.subarray(0, this.length);
  }

  /** The bytes written so far, in an array of exactly their size; nothing may be written afterwards. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.length === this.buffer.length ? this.buffer : this.buffer.slice(0, this.length);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(2 * this.buffer.length, this.length + count));
    grown.set(this.view());
    this.buffer = grown;
  }
}

/** Reads what `ByteWriter` wrote; every read is checked against the end. */
export class ByteReader {
  constructor(
    readonly source: Uint8Array,
    public position = 0,
    readonly end = source.length,
  ) {}

  get remaining(): number {
    return this.end - this.position;
  }

  byte(): number {
    if (this.position >= this.end) throw new CodecError('truncated', 'the bytes end too early', this.position);
    return this.source[this.position++]!;
  }

  uint16(): number {
    const low = this.byte();
    return low | (this.byte() << 8);
  }

  uint32(): number {
    const low = this.uint16();
    return (low | (this.uint16() << 16)) >>> 0;
  }

  /** A safe integer ≥ 0 in its shortest form. */
  varint(): number {
    const start = this.position;
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (value > Number.MAX_SAFE_INTEGER || this.position - start > 8) {
        throw new CodecError('malformed', 'a number is too long', start);
      }
      if (byte < 128) {
        if (byte === 0 && factor > 1) throw new CodecError('malformed', 'a number is not in its shortest form', start);
        return value;
      }
    }
  }

  /** The next `count` bytes, as a view. */
  bytes(count: number): Uint8Array {
    if (count > this.remaining) throw new CodecError('truncated', 'the bytes end too early', this.end);
    this.position += count;
    return this.source.subarray(this.position - count, this.position);
  }

  fail(message: string): never {
    throw new CodecError('malformed', message, this.position);
  }
}

/** Writes bits, least significant first. */
export class BitWriter {
  private readonly out = new ByteWriter();
  private pending = 0;
  private count = 0;

  /** The low `width` ≤ 24 bits of `value`. */
  bits(value: number, width: number): void {
    this.pending |= value << this.count;
    this.count += width;
    while (this.count >= 8) {
      this.out.byte(this.pending & 0xff);
      this.pending >>>= 8;
      this.count -= 8;
    }
  }

  /** Any width to 31. */
  wide(value: number, width: number): void {
    if (width > 16) {
      this.bits(value & 0xffff, 16);
      this.bits(value >>> 16, width - 16);
    } else {
      this.bits(value, width);
    }
  }

  /** Rice code: quotient by 2^parameter in unary (ones ended by a zero), then the remainder. */
  rice(value: number, parameter: number): void {
    let quotient = value >>> parameter;
    while (quotient >= 16) {
      this.bits(0xffff, 16);
      quotient -= 16;
    }
    this.bits((1 << quotient) - 1, quotient + 1);
    this.wide(value & (2 ** parameter - 1), parameter);
  }

  finish(): Uint8Array {
    if (this.count > 0) this.out.byte(this.pending);
    this.pending = 0;
    this.count = 0;
    return this.out.view();
  }
}

/** Reads what `BitWriter` wrote. Past the end it reads zeros; `check` tells afterwards. */
export class BitReader {
  private position = 0;
  private pending = 0;
  private count = 0;

  constructor(private readonly source: Uint8Array) {}

  bits(width: number): number {
    while (this.count < width) {
      this.pending |= (this.position < this.source.length ? this.source[this.position]! : 0) << this.count;
      this.position++;
      this.count += 8;
    }
    const value = this.pending & ((1 << width) - 1);
    this.pending >>>= width;
    this.count -= width;
    return value;
  }

  wide(width: number): number {
    if (width <= 16) return this.bits(width);
    const low = this.bits(16);
    return low + this.bits(width - 16) * 65536;
  }

  /** A Rice code of at most `limit`; larger values are refused. */
  rice(parameter: number, limit: number): number {
    let quotient = 0;
    while (this.bits(1) === 1) {
      quotient++;
      if (quotient * 2 ** parameter > limit) throw new CodecError('malformed', 'a Rice code is out of range');
    }
    return quotient * 2 ** parameter + this.wide(parameter);
  }

  /** Throws unless exactly all bytes were used and the padding is zero. */
  check(): void {
    if (this.position > this.source.length) throw new CodecError('truncated', 'the bits end too early');
    if (this.position < this.source.length || this.pending !== 0) {
      throw new CodecError('malformed', 'bits left over after the last code');
    }
  }
}
