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
import { scratchMask, scratchSymbols } from '../scratch.js';
import { planMask, readMask } from './mask.js';
import { maskPositions } from './mask-bits.js';

/**
 * Fast lossless coding of levels: positions of nonzeros in the cheapest form, then the nonzero levels, sign included, by
 * rANS with one static table. Symbol of a level l: 2(|l| − 1), plus one when negative.
 */

const SYMMETRIC = 8;

/** Positions of nonzeros, ascending, and the level at each. */
export interface DecodedLevels {
  readonly positions: Int32Array;
  readonly keptLevels: Int8Array;
}

/** Writes the levels within ±perSide at some ascending positions of `size` elements; all others are zero. */
export function writeFast(
  out: ByteWriter,
  size: number,
  { positions, keptLevels }: DecodedLevels,
  perSide: number,
): void {
  if (size === 0) return;
  const mask = scratchMask(Math.ceil(size / 8));
  const symbols = scratchSymbols(positions.length + 1);
  const count = splitLevels(positions, keptLevels, mask, symbols);
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
  const none = { positions: new Int32Array(0), keptLevels: new Int8Array(0) };
  if (size === 0) return none;
  const head = input.byte();
  if (head > 15) input.fail('unknown form of levels');
  const count = input.varint();
  if (count > size) input.fail('more nonzeros than elements');
  const maskReader = readMask(input, head & 7, size, count);
  if (count === 0) {
    if (head !== 0) input.fail('a form for nonzeros where there are none');
    return none;
  }
  const table = decodeTable(levelFrequencies(readTable(input, tableSize(head, perSide)), (head & SYMMETRIC) !== 0));
  const decoder = new RansDecoder(input);
  const positions = maskPositions(maskReader.decode(decoder), size, count);
  const symbols = new Uint8Array(count);
  decoder.decode(symbols, count, table);
  decoder.check();
  return { positions, keptLevels: levelsOf(symbols) };
}

/** Symbol of each level + 128, and above it 256 where the level is not zero. */
const levelSymbols = Int32Array.from({ length: 256 }, (_, at) =>
  at === 128 ? 0 : 256 + (at > 128 ? 2 * (at - 129) : 2 * (127 - at) + 1),
);

/** Fills the mask and the symbols of nonzero levels; returns how many there are. */
function splitLevels(positions: Int32Array, keptLevels: Int8Array, mask: Uint8Array, symbols: Uint8Array): number {
  const symbolOfLevel = levelSymbols;
  let count = 0;
  // The bits of the byte that the last position is in: kept here, so that none waits for what was stored just before.
  let before = -1;
  let bits = 0;
  const whole = positions.length & ~1;
  for (let j = 0; j < whole; j += 2) {
    const entryA = symbolOfLevel[keptLevels[j]! + 128]!;
    const entryB = symbolOfLevel[keptLevels[j + 1]! + 128]!;
    const a = positions[j]!;
    const b = positions[j + 1]!;
    const byteA = a >> 3;
    const byteB = b >> 3;
    symbols[count] = entryA;
    count = (count + (entryA >> 8)) | 0;
    symbols[count] = entryB;
    count = (count + (entryB >> 8)) | 0;
    bits = (bits & (((byteA ^ before) - 1) >> 31)) | ((entryA >> 8) << (a & 7));
    mask[byteA] = bits;
    bits = (bits & (((byteB ^ byteA) - 1) >> 31)) | ((entryB >> 8) << (b & 7));
    mask[byteB] = bits;
    before = byteB;
  }
  if (whole < positions.length) {
    const entry = symbolOfLevel[keptLevels[whole]! + 128]!;
    const i = positions[whole]!;
    symbols[count] = entry;
    count += entry >> 8;
    mask[i >> 3] = mask[i >> 3]! | ((entry >> 8) << (i & 7));
  }
  return count;
}

/** Level of each symbol. */
const symbolLevels = Int8Array.from(
  { length: 256 },
  (_, symbol) => ((symbol >> 1) + 1) * ((symbol & 1) === 0 ? 1 : -1),
);

function levelsOf(symbols: Uint8Array): Int8Array {
  const levelOfSymbol = symbolLevels;
  const levels = new Int8Array(symbols.length);
  const whole = symbols.length & ~3;
  for (let j = 0; j < whole; j += 4) {
    levels[j] = levelOfSymbol[symbols[j]!]!;
    levels[j + 1] = levelOfSymbol[symbols[j + 1]!]!;
    levels[j + 2] = levelOfSymbol[symbols[j + 2]!]!;
    levels[j + 3] = levelOfSymbol[symbols[j + 3]!]!;
  }
  for (let j = whole; j < symbols.length; j++) levels[j] = levelOfSymbol[symbols[j]!]!;
  return levels;
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
