import { countBytes } from '../entropy/byte-counts.js';
import { BitReader, BitWriter, type ByteReader, type ByteWriter } from '../entropy/bytes.js';
import {
  codeWeights,
  codedBits,
  log2Integer,
  normalizeWeights,
  readTable,
  tableBits,
  tableCodes,
  writeTable,
} from '../entropy/frequency-table.js';
import { type RansDecoder, type RansEncoder, decodeTable, encodeTable } from '../entropy/rans.js';
import { CodecError } from '../errors.js';
import { GAP_ALPHABET, gapExtraBits, gapLowerEnd, gapSymbol, geometricWeights } from './gaps.js';

/** How the positions of nonzeros travel. The values are part of the format. */
export const maskForms = {
  none: 0,
  all: 1,
  bitmap: 2,
  rice: 3,
  bernoulliBytes: 4,
  tableBytes: 5,
  geometricGaps: 6,
  tableGaps: 7,
} as const;

export type MaskForm = (typeof maskForms)[keyof typeof maskForms];

/** Byte values by number of set bits, so that the table of a mask is smooth. */
const byPopulation: Uint8Array = Uint8Array.from(
  Array.from({ length: 256 }, (_, byte) => byte).sort((a, b) => populationCount(a) - populationCount(b) || a - b),
);

/** A mask ready to be written: bit i & 7 of byte i >> 3 tells whether element i is nonzero. */
export interface Mask {
  readonly bytes: Uint8Array;
  readonly size: number;
  readonly count: number;
}

/** What the mask adds to the entropy coder's stream. */
export interface CodedMask {
  readonly form: MaskForm;
  /** Writes tables and plain bits. */
  writeHead(out: ByteWriter): void;
  /** Prepends the coded symbols, if any. */
  prepend(encoder: RansEncoder): void;
  /** Number of symbols that `prepend` encodes. */
  readonly symbols: number;
}

/** Above this density gaps are not tried on large masks: whole bytes are cheaper to code and not larger. */
const GAP_DENSITY = 0.15;
const TRY_ALL_BELOW = 4096;

/** Chooses the cheapest form for a mask. */
export function planMask(mask: Mask): CodedMask {
  const { size, count } = mask;
  if (count === 0) return plain(maskForms.none);
  if (count === size) return plain(maskForms.all);
  const candidates: { bits: number; make: () => CodedMask }[] = [
    { bits: 8 * mask.bytes.length, make: () => plain(maskForms.bitmap, (out) => out.bytes(mask.bytes)) },
    ...byteCandidates(mask),
  ];
  if (count < GAP_DENSITY * size || size < TRY_ALL_BELOW) candidates.push(...gapCandidates(mask));
  return candidates.reduce((best, next) => (next.bits < best.bits ? next : best)).make();
}

function plain(form: MaskForm, writeHead: (out: ByteWriter) => void = () => undefined): CodedMask {
  return { form, writeHead, prepend: () => undefined, symbols: 0 };
}

function byteCandidates(mask: Mask): { bits: number; make: () => CodedMask }[] {
  const counts = countBytes(mask.bytes);
  const bernoulli = normalizeWeights(bernoulliWeights(mask.count, mask.size));
  const ordered = new Float64Array(256);
  for (let rank = 0; rank < 256; rank++) ordered[rank] = counts[byPopulation[rank]!]!;
  const codes = tableCodes(ordered);
  const explicit = byteFrequencies(codes);
  const make = (form: MaskForm, frequencies: Uint16Array, writeHead: (out: ByteWriter) => void): CodedMask => ({
    form,
    writeHead,
    prepend: (encoder) => encoder.encode(mask.bytes, 0, mask.bytes.length, encodeTable(frequencies)),
    symbols: mask.bytes.length,
  });
  return [
    { bits: codedBits(counts, bernoulli), make: () => make(maskForms.bernoulliBytes, bernoulli, () => undefined) },
    {
      bits: codedBits(counts, explicit) + tableBits(codes),
      make: () => make(maskForms.tableBytes, explicit, (out) => writeTable(out, codes)),
    },
  ];
}

/** Independent bits of density count/size: the weight of a byte is p^ones · (1−p)^zeros. */
function bernoulliWeights(count: number, size: number): Float64Array {
  const p = count / size;
  const byOnes = new Float64Array(9);
  for (let ones = 0; ones <= 8; ones++) {
    let weight = 1;
    for (let k = 0; k < 8; k++) weight *= k < ones ? p : 1 - p;
    byOnes[ones] = weight;
  }
  return Float64Array.from({ length: 256 }, (_, byte) => byOnes[populationCount(byte)]!);
}

function byteFrequencies(codes: Uint8Array): Uint16Array {
  const weights = codeWeights(codes);
  const byByte = new Float64Array(256);
  for (let rank = 0; rank < 256; rank++) byByte[byPopulation[rank]!] = weights[rank]!;
  return normalizeWeights(byByte);
}

function gapCandidates(mask: Mask): { bits: number; make: () => CodedMask }[] {
  const gaps = maskGaps(mask);
  const symbols = new Uint8Array(gaps.length);
  const counts = new Float64Array(GAP_ALPHABET);
  let extraBits = 0;
  for (let i = 0; i < gaps.length; i++) {
    const symbol = gapSymbol(gaps[i]!);
    symbols[i] = symbol;
    counts[symbol]! += 1;
    extraBits += gapExtraBits(symbol);
  }
  const geometric = normalizeWeights(geometricWeights(mask.count, mask.size));
  const codes = tableCodes(counts);
  const explicit = normalizeWeights(codeWeights(codes));
  const writeExtra = (out: ByteWriter): void => {
    const writer = new BitWriter();
    for (let i = 0; i < gaps.length; i++) {
      const symbol = symbols[i]!;
      if (symbol >= 16) writer.wide(gaps[i]! - gapLowerEnd(symbol), gapExtraBits(symbol));
    }
    const bytes = writer.finish();
    out.varint(bytes.length);
    out.bytes(bytes);
  };
  const make = (form: MaskForm, frequencies: Uint16Array, writeHead: (out: ByteWriter) => void): CodedMask => ({
    form,
    writeHead,
    prepend: (encoder) => encoder.encode(symbols, 0, symbols.length, encodeTable(frequencies)),
    symbols: symbols.length,
  });
  const rice = riceParameter(gaps);
  return [
    { bits: rice.bits + 24, make: () => plain(maskForms.rice, (out) => writeRice(out, gaps, rice.parameter)) },
    {
      bits: codedBits(counts, geometric) + extraBits + 16,
      make: () => make(maskForms.geometricGaps, geometric, writeExtra),
    },
    {
      bits: codedBits(counts, explicit) + extraBits + 16 + tableBits(codes),
      make: () =>
        make(maskForms.tableGaps, explicit, (out) => {
          writeTable(out, codes);
          writeExtra(out);
        }),
    },
  ];
}

/** Zeros before each nonzero. */
function maskGaps(mask: Mask): Int32Array {
  const gaps = new Int32Array(mask.count);
  let found = 0;
  let next = 0;
  for (let at = 0; at < mask.bytes.length; at++) {
    for (let bits = mask.bytes[at]!; bits !== 0; bits &= bits - 1) {
      const position = 8 * at + 31 - Math.clz32(bits & -bits);
      gaps[found++] = position - next;
      next = position + 1;
    }
  }
  return gaps;
}

/** Golomb–Rice parameter near the optimum for geometric gaps (mean · ln 2) or one beside it, and its cost. */
function riceParameter(gaps: Int32Array): { parameter: number; bits: number } {
  let sum = 0;
  for (const gap of gaps) sum += gap;
  const centre = Math.max(0, Math.floor(log2Integer(Math.max(1, Math.round((0.69 * sum) / gaps.length)))));
  let best = { parameter: 0, bits: Infinity };
  for (let parameter = Math.max(0, centre - 1); parameter <= centre + 1; parameter++) {
    let bits = gaps.length * (parameter + 1);
    for (const gap of gaps) bits += gap >>> parameter;
    if (bits < best.bits) best = { parameter, bits };
  }
  return best;
}

function writeRice(out: ByteWriter, gaps: Int32Array, parameter: number): void {
  const writer = new BitWriter();
  for (const gap of gaps) writer.rice(gap, parameter);
  const bytes = writer.finish();
  out.byte(parameter);
  out.varint(bytes.length);
  out.bytes(bytes);
}

/** The head of a mask as read; `decode` takes the coded symbols and gives the mask's bytes. */
export interface MaskReader {
  /** Whether the entropy coder's stream holds symbols of the mask. */
  readonly coded: boolean;
  decode(decoder: RansDecoder | undefined): Uint8Array;
}

/** Reads what `writeHead` wrote for a mask of `size` elements, `count` of them nonzero. */
export function readMask(input: ByteReader, form: number, size: number, count: number): MaskReader {
  const byteCount = Math.ceil(size / 8);
  switch (form) {
    case maskForms.none:
      return { coded: false, decode: () => new Uint8Array(byteCount) };
    case maskForms.all:
      return { coded: false, decode: () => fullMask(size) };
    case maskForms.bitmap: {
      const bytes = input.bytes(byteCount);
      return { coded: false, decode: () => bytes };
    }
    case maskForms.rice:
      return readRice(input, size, count);
    case maskForms.bernoulliBytes:
      return bytesReader(normalizeWeights(bernoulliWeights(count, size)), byteCount);
    case maskForms.tableBytes:
      return bytesReader(byteFrequencies(readTable(input, 256)), byteCount);
    case maskForms.geometricGaps:
      return gapsReader(input, normalizeWeights(geometricWeights(count, size)), size, count);
    case maskForms.tableGaps:
      return gapsReader(input, normalizeWeights(codeWeights(readTable(input, GAP_ALPHABET))), size, count);
    default:
      return input.fail(`mask form ${form} is unknown`);
  }
}

function fullMask(size: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(size / 8)).fill(0xff);
  if ((size & 7) !== 0) bytes[bytes.length - 1] = (1 << (size & 7)) - 1;
  return bytes;
}

function bytesReader(frequencies: Uint16Array, byteCount: number): MaskReader {
  const table = decodeTable(frequencies);
  return {
    coded: true,
    decode: (decoder) => {
      const bytes = new Uint8Array(byteCount);
      decoder!.decode(bytes, byteCount, table);
      return bytes;
    },
  };
}

function gapsReader(input: ByteReader, frequencies: Uint16Array, size: number, count: number): MaskReader {
  const table = decodeTable(frequencies);
  const extra = new BitReader(input.bytes(input.varint()));
  return {
    coded: true,
    decode: (decoder) => {
      const symbols = new Uint8Array(count);
      decoder!.decode(symbols, count, table);
      const bytes = new Uint8Array(Math.ceil(size / 8));
      let position = -1;
      for (let i = 0; i < count; i++) {
        const symbol = symbols[i]!;
        position += 1 + (symbol < 16 ? symbol : gapLowerEnd(symbol) + extra.wide(gapExtraBits(symbol)));
        setBit(bytes, position, size);
      }
      extra.check();
      return bytes;
    },
  };
}

function readRice(input: ByteReader, size: number, count: number): MaskReader {
  const parameter = input.byte();
  if (parameter > 30) input.fail('a Rice parameter is out of range');
  const reader = new BitReader(input.bytes(input.varint()));
  return {
    coded: false,
    decode: () => {
      const bytes = new Uint8Array(Math.ceil(size / 8));
      let position = -1;
      for (let i = 0; i < count; i++) {
        position += 1 + reader.rice(parameter, size);
        setBit(bytes, position, size);
      }
      reader.check();
      return bytes;
    },
  };
}

function setBit(bytes: Uint8Array, position: number, size: number): void {
  if (position >= size) throw new CodecError('malformed', 'a position lies outside the tensor');
  bytes[position >> 3] = bytes[position >> 3]! | (1 << (position & 7));
}

/** Number of nonzeros of a mask; bits past its size count as an error. */
export function countMask(bytes: Uint8Array, size: number): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at++) count += populationCount(bytes[at]!);
  if ((size & 7) !== 0 && bytes[bytes.length - 1]! >>> (size & 7) !== 0) {
    throw new CodecError('malformed', 'a mask has bits outside the tensor');
  }
  return count;
}

function populationCount(byte: number): number {
  let bits = byte - ((byte >>> 1) & 0x55);
  bits = (bits & 0x33) + ((bits >>> 2) & 0x33);
  return (bits + (bits >>> 4)) & 0x0f;
}
