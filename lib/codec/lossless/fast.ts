import { countBytes } from '../entropy/byte-counts.js';
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
import { RansDecoder, RansEncoder, decodeTable, encodeTable } from '../entropy/rans.js';
import { CodecError } from '../errors.js';
import { countMask, planMask, readMask } from './mask.js';

/**
 * Fast lossless coding of levels: positions of nonzeros in the cheapest form, then the nonzero levels, sign included, by
 * rANS with one static table. Symbol of a level l: 2(|l| − 1), plus one when negative.
 */

const SYMMETRIC = 8;

/** Levels as decoded, with the positions of the nonzeros. */
export interface DecodedLevels {
  readonly levels: Int8Array;
  readonly positions: Int32Array;
}

/** Writes levels within ±perSide; `positions` is ascending and holds every nonzero, where it is given. */
export function writeFast(
  out: ByteWriter,
  levels: Int8Array,
  perSide: number,
  positions: Int32Array = nonzeroPositions(levels),
): void {
  const size = levels.length;
  if (size === 0) return;
  const mask = new Uint8Array(Math.ceil(size / 8));
  const symbols = new Uint8Array(positions.length + 1);
  const count = splitLevels(levels, positions, mask, symbols);
  if (count === 0) {
    out.uint16(0);
    return;
  }
  const plan = planMask({ bytes: mask, size, count });
  const model = levelModel(symbols, count, perSide);
  out.byte(plan.form | (model.symmetric ? SYMMETRIC : 0));
  out.varint(count);
  plan.writeHead(out);
  writeTable(out, model.codes);
  const encoder = new RansEncoder(count + plan.symbols);
  encoder.encode(symbols, 0, count, encodeTable(model.frequencies));
  plan.prepend(encoder);
  encoder.finish(out);
}

/** Reads `size` levels that `writeFast` wrote. */
export function readFast(input: ByteReader, size: number, perSide: number): DecodedLevels {
  const levels = new Int8Array(size);
  if (size === 0) return { levels, positions: new Int32Array(0) };
  const head = input.byte();
  if (head > 15) input.fail('unknown form of levels');
  const count = input.varint();
  if (count > size) input.fail('more nonzeros than elements');
  const maskReader = readMask(input, head & 7, size, count);
  if (count === 0) {
    if (head !== 0) input.fail('a form for nonzeros where there are none');
    return { levels, positions: new Int32Array(0) };
  }
  const table = decodeTable(levelFrequencies(readTable(input, tableSize(head, perSide)), (head & SYMMETRIC) !== 0));
  const decoder = new RansDecoder(input);
  const mask = maskReader.decode(decoder);
  if (countMask(mask, size) !== count) throw new CodecError('malformed', 'the mask has another number of nonzeros');
  const symbols = new Uint8Array(count);
  decoder.decode(symbols, count, table);
  decoder.check();
  const positions = new Int32Array(count);
  joinLevels(levels, positions, mask, symbols);
  return { levels, positions };
}

/** Positions of nonzero levels, ascending. */
export function nonzeroPositions(levels: Int8Array): Int32Array {
  const positions = new Int32Array(levels.length + 1);
  let count = 0;
  for (let i = 0; i < levels.length; i++) {
    positions[count] = i;
    count += levels[i] === 0 ? 0 : 1;
  }
  return positions.slice(0, count);
}

/** Fills the mask and the symbols of nonzero levels; returns how many there are. */
function splitLevels(levels: Int8Array, positions: Int32Array, mask: Uint8Array, symbols: Uint8Array): number {
  let count = 0;
  for (let j = 0; j < positions.length; j++) {
    const i = positions[j]!;
    const level = levels[i]!;
    const sign = level >> 31;
    const nonzero = (level | -level) >>> 31;
    symbols[count] = (((level ^ sign) - sign) << 1) - 2 - sign;
    count = (count + nonzero) | 0;
    const at = i >> 3;
    mask[at] = mask[at]! | (nonzero << (i & 7));
  }
  return count;
}

function joinLevels(levels: Int8Array, positions: Int32Array, mask: Uint8Array, symbols: Uint8Array): void {
  let next = 0;
  for (let at = 0; at < mask.length; at++) {
    const base = 8 * at + 31;
    for (let bits = mask[at]!; bits !== 0; bits &= bits - 1) {
      const symbol = symbols[next]!;
      const i = base - Math.clz32(bits & -bits);
      const sign = -(symbol & 1);
      positions[next++] = i;
      levels[i] = (((symbol >>> 1) + 1) ^ sign) - sign;
    }
  }
}

interface LevelModel {
  readonly symmetric: boolean;
  readonly codes: Uint8Array;
  readonly frequencies: Uint16Array;
}

/** The cheaper of a table of signed levels and one of magnitudes with even signs. */
function levelModel(symbols: Uint8Array, count: number, perSide: number): LevelModel {
  const counts = countBytes(symbols, count).subarray(0, 2 * perSide);
  const magnitudes = new Float64Array(perSide);
  for (let m = 0; m < perSide; m++) magnitudes[m] = counts[2 * m]! + counts[2 * m + 1]!;
  const [signed, even] = [
    { codes: tableCodes(counts), symmetric: false },
    { codes: tableCodes(magnitudes), symmetric: true },
  ].map(({ codes, symmetric }) => {
    const frequencies = levelFrequencies(codes, symmetric);
    return { codes, symmetric, frequencies, bits: codedBits(counts, frequencies) + tableBits(codes) };
  }) as [LevelModel & { bits: number }, LevelModel & { bits: number }];
  return even.bits <= signed.bits ? even : signed;
}

function levelFrequencies(codes: Uint8Array, symmetric: boolean): Uint16Array {
  const weights = codeWeights(codes);
  if (!symmetric) return normalizeWeights(weights);
  const both = new Float64Array(2 * weights.length);
  for (let m = 0; m < weights.length; m++) both[2 * m] = both[2 * m + 1] = weights[m]!;
  return normalizeWeights(both);
}

function tableSize(head: number, perSide: number): number {
  return (head & SYMMETRIC) !== 0 ? perSide : 2 * perSide;
}
