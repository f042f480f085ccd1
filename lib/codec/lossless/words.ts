import type { ByteReader, ByteWriter } from '../entropy/bytes.js';
import {
  codeWeights,
  codedBits,
  normalizeWeights,
  readTable,
  tableBits,
  tableCodes,
  writeTable,
} from '../entropy/frequency-table.js';
import { type DecodeTable, RansDecoder, RansEncoder, decodeTable, encodeTable } from '../entropy/rans.js';
import { CodecError } from '../errors.js';
import { countMask, maskForms, planMask, readMask } from './mask.js';

/**
 * Lossless coding of float patterns: positions of nonzero patterns as for levels, then the patterns byte by byte, each
 * byte plane either plain or by rANS with its own table. Sign and exponent of weights are far from uniform, the low
 * fraction bytes are noise and travel plain.
 */

/** Writes patterns of `width` bytes. */
export function writeWords(out: ByteWriter, words: Uint16Array | Uint32Array, width: 2 | 4): void {
  const size = words.length;
  if (size === 0) return;
  const mask = new Uint8Array(Math.ceil(size / 8));
  const kept = new Uint32Array(size);
  let count = 0;
  for (let i = 0; i < size; i++) {
    if (words[i] === 0) continue;
    mask[i >> 3] = mask[i >> 3]! | (1 << (i & 7));
    kept[count++] = words[i]!;
  }
  const plan = planMask({ bytes: mask, size, count });
  out.byte(plan.form);
  out.varint(count);
  plan.writeHead(out);
  if (count === 0) return;
  const planes = Array.from({ length: width }, (_, plane) => planBytes(kept, count, plane));
  out.byte(planes.reduce((flags, { codes }, plane) => flags | (codes === undefined ? 0 : 1 << plane), 0));
  for (const { codes } of planes) if (codes !== undefined) writeTable(out, codes);
  const coded = planes.filter(({ codes }) => codes !== undefined);
  if (coded.length > 0 || plan.symbols > 0) {
    const encoder = new RansEncoder(plan.symbols + coded.length * count);
    for (const { bytes, codes } of coded.reverse()) {
      encoder.encode(bytes, 0, count, encodeTable(normalizeWeights(codeWeights(codes!))));
    }
    plan.prepend(encoder);
    encoder.finish(out);
  }
  for (const { bytes, codes } of planes) if (codes === undefined) out.bytes(bytes);
}

/** Reads `size` patterns that `writeWords` wrote. */
export function readWords(input: ByteReader, size: number, width: 2 | 4): Uint32Array {
  const words = new Uint32Array(size);
  if (size === 0) return words;
  const form = input.byte();
  const count = input.varint();
  if (count > size) input.fail('more nonzeros than elements');
  const maskReader = readMask(input, form, size, count);
  if (count === 0) {
    if (form !== maskForms.none) input.fail('a form for nonzeros where there are none');
    return words;
  }
  const flags = input.byte();
  if (flags >= 1 << width) input.fail('unknown byte planes');
  const tables: (DecodeTable | undefined)[] = [];
  for (let plane = 0; plane < width; plane++) {
    const coded = (flags & (1 << plane)) !== 0;
    tables.push(coded ? decodeTable(normalizeWeights(codeWeights(readTable(input, 256)))) : undefined);
  }
  const decoder = flags !== 0 || maskReader.coded ? new RansDecoder(input) : undefined;
  const mask = maskReader.decode(decoder);
  if (countMask(mask, size) !== count) throw new CodecError('malformed', 'the mask has another number of nonzeros');
  const kept = new Uint32Array(count);
  const bytes = new Uint8Array(count);
  tables.forEach((table, plane) => {
    if (table === undefined) return;
    decoder!.decode(bytes, count, table);
    addPlane(kept, bytes, plane);
  });
  decoder?.check();
  tables.forEach((table, plane) => {
    if (table === undefined) addPlane(kept, input.bytes(count), plane);
  });
  let next = 0;
  for (let i = 0; i < size; i++) {
    if ((mask[i >> 3]! & (1 << (i & 7))) !== 0) words[i] = kept[next++]!;
  }
  return words;
}

function planBytes(
  kept: Uint32Array,
  count: number,
  plane: number,
): { bytes: Uint8Array; codes: Uint8Array | undefined } {
  const bytes = new Uint8Array(count);
  const counts = new Float64Array(256);
  for (let i = 0; i < count; i++) {
    const byte = (kept[i]! >>> (8 * plane)) & 0xff;
    bytes[i] = byte;
    counts[byte]! += 1;
  }
  const codes = tableCodes(counts);
  const bits = codedBits(counts, normalizeWeights(codeWeights(codes))) + tableBits(codes);
  return { bytes, codes: bits < 8 * count ? codes : undefined };
}

function addPlane(kept: Uint32Array, bytes: Uint8Array, plane: number): void {
  for (let i = 0; i < kept.length; i++) kept[i] = kept[i]! | (bytes[i]! << (8 * plane));
}
