import type { BitReader, BitWriter } from '../entropy/bytes.js';
import {
  cheapestRice,
  codeWeights,
  codedBits,
  log2Integer,
  log2Table,
  normalizeWeights,
  putTable,
  putTableBits,
  tableCodes,
  takeTable,
  usedPrefix,
} from '../entropy/frequency-table.js';
import { CodecError } from '../errors.js';
import { SCALE, SCALE_BITS } from '../entropy/constants.js';
import { MAGNITUDE_STEPS, SCALE_STEPS } from './row-constants.js';

/** Static models of the small mode: probabilities of bits by context, and tables of magnitudes by group of contexts. */

const PROBABILITY_CODES = 64;

/** Frequency of a zero for each code: odds of a one are e^(−8 + code/4), all by multiplication. */
const zeroFrequencies = ((): Int32Array => {
  const table = new Int32Array(PROBABILITY_CODES);
  let odds = 0.00033546262790251185;
  for (let code = 0; code < PROBABILITY_CODES; code++) {
    table[code] = Math.min(SCALE - 1, Math.max(1, Math.round(SCALE / (1 + odds))));
    odds *= 1.2840254166877414;
  }
  return table;
})();

/** Counts of zeros and ones, two entries a context. */
export type BitCounts = Int32Array;

/** Probability code of each context; contexts that never occur repeat the code before. */
export function bitCodes(counts: BitCounts): Uint8Array {
  const codes = new Uint8Array(counts.length / 2);
  let previous = PROBABILITY_CODES / 2;
  for (let context = 0; context < codes.length; context++) {
    previous = cheapestCode(counts[2 * context]!, counts[2 * context + 1]!, previous);
    codes[context] = previous;
  }
  return codes;
}

/** The cheapest code for so many zeros and ones. The cost is convex in the code: walk downhill from `start`. */
function cheapestCode(zeros: number, ones: number, start: number): number {
  if (zeros + ones === 0) return start;
  let code = start;
  let cost = costUnder(zeros, ones, code);
  for (const step of [-1, 1]) {
    for (let next = code + step; next >= 0 && next < PROBABILITY_CODES; next += step) {
      const nextCost = costUnder(zeros, ones, next);
      if (nextCost >= cost) break;
      code = next;
      cost = nextCost;
    }
  }
  return code;
}

function costUnder(zeros: number, ones: number, code: number): number {
  const log2 = log2Table();
  return -zeros * log2[zeroFrequencies[code]!]! - ones * log2[SCALE - zeroFrequencies[code]!]!;
}

/** Frequency of a zero by context, of 2^14. */
export function codesToZeroFrequencies(codes: Uint8Array): Int32Array {
  return Int32Array.from(codes, (code) => zeroFrequencies[code]!);
}

/** Bits that the counted bits cost under the codes. */
export function bitCost(counts: BitCounts, codes: Uint8Array): number {
  const log2 = log2Table();
  let bits = 0;
  for (let context = 0; context < codes.length; context++) {
    const zero = zeroFrequencies[codes[context]!]!;
    bits += counts[2 * context]! * (SCALE_BITS - log2[zero]!);
    bits += counts[2 * context + 1]! * (SCALE_BITS - log2[SCALE - zero]!);
  }
  return bits;
}

/** Puts probability codes as differences. */
export function putBitCodes(writer: BitWriter, codes: Uint8Array): void {
  const mapped: number[] = [];
  let previous = PROBABILITY_CODES / 2;
  for (const code of codes) {
    mapped.push(code >= previous ? 2 * (code - previous) : 2 * (previous - code) - 1);
    previous = code;
  }
  const { parameter } = cheapestRice(mapped);
  writer.bits(parameter, 3);
  for (const value of mapped) writer.rice(value, parameter);
}

/** Takes what `putBitCodes` put. */
export function takeBitCodes(reader: BitReader, contexts: number): Uint8Array {
  const parameter = reader.bits(3);
  const codes = new Uint8Array(contexts);
  let previous = PROBABILITY_CODES / 2;
  for (let context = 0; context < contexts; context++) {
    const value = reader.rice(parameter, 2 * PROBABILITY_CODES);
    previous += (value & 1) === 0 ? value / 2 : -(value + 1) / 2;
    if (previous < 0 || previous >= PROBABILITY_CODES)
      throw new CodecError('malformed', 'a probability is out of range');
    codes[context] = previous;
  }
  return codes;
}

/** Magnitudes to 8 are symbols of their own; larger ones share four symbols an octave, the rest in plain bits. */
export function magnitudeSymbol(magnitude: number): number {
  const value = magnitude - 1;
  if (value < 8) return value;
  const exponent = 31 - Math.clz32(value);
  return 8 + (exponent - 3) * 4 + ((value >>> (exponent - 2)) & 3);
}

/** Plain bits that follow the symbol. */
export function magnitudeExtraBits(symbol: number): number {
  return symbol < 8 ? 0 : ((symbol - 8) >> 2) + 1;
}

/** Smallest magnitude of a symbol. */
export function magnitudeLowerEnd(symbol: number): number {
  if (symbol < 8) return symbol + 1;
  return 1 + (4 + ((symbol - 8) & 3)) * 2 ** magnitudeExtraBits(symbol);
}

/** Symbols needed for magnitudes up to `perSide`. */
export function magnitudeAlphabet(perSide: number): number {
  return magnitudeSymbol(perSide) + 1;
}

/** Magnitude tables have 2^11 slots: up to a few hundred of them stay in the cache. */
export const MAGNITUDE_SCALE_BITS = 11;
export const MAGNITUDE_SCALE = 1 << MAGNITUDE_SCALE_BITS;

/** How contexts are grouped: steps of magnitude and of scale, each 0 (one group), 1 (octaves) or 2 (half octaves). */
export interface Grouping {
  readonly magnitude: number;
  readonly scale: number;
}

/** Bits that tell the groups of 8 steps apart: 0, 2 or 3. */
export function stepBits(steps: number): number {
  return steps === 0 ? 0 : steps + 1;
}

/** Number of groups and the group of each of the contexts. */
export function groupOfContexts({ magnitude, scale }: Grouping): { groups: number; group: Uint8Array } {
  const scaleGroups = scale === 0 ? 1 : SCALE_STEPS >> (2 - scale);
  const group = new Uint8Array(MAGNITUDE_STEPS * SCALE_STEPS);
  for (let context = 0; context < group.length; context++) {
    const magnitudeStep = magnitude === 0 ? 0 : Math.floor(context / SCALE_STEPS) >> (2 - magnitude);
    const scaleStep = scale === 0 ? 0 : (context % SCALE_STEPS) >> (2 - scale);
    group[context] = magnitudeStep * scaleGroups + scaleStep;
  }
  const magnitudeGroups = magnitude === 0 ? 1 : MAGNITUDE_STEPS >> (2 - magnitude);
  return { groups: magnitudeGroups * scaleGroups, group };
}

/** Table codes of each group (undefined: the group does not occur), and what they and the symbols cost in bits. */
export interface MagnitudeModel {
  readonly grouping: Grouping;
  readonly codes: (Uint8Array | undefined)[];
  readonly bits: number;
}

/** The grouping for counts[context · alphabet + symbol] that is cheapest by entropy and a guess of its tables, with its tables. */
export function magnitudeModel(counts: Int32Array, alphabet: number): MagnitudeModel {
  let best: { grouping: Grouping; sums: Float64Array[] } | undefined;
  let least = Infinity;
  for (const scale of [0, 1, 2]) {
    for (const magnitude of [0, 1, 2]) {
      const grouping = { magnitude, scale };
      const sums = groupSums(counts, alphabet, grouping);
      const bits = sums.reduce((total, sum) => total + groupBits(sum), 0);
      if (bits < least) best = { grouping, sums };
      least = Math.min(least, bits);
    }
  }
  const { grouping, sums } = best!;
  let bits = 0;
  const codes = sums.map((sum) => {
    bits += 1;
    if (sum.every((count) => count === 0)) return undefined;
    const own = tableCodes(sum);
    bits += 5 + putTableBits(own) + codedBits(sum, magnitudeFrequencies(own), MAGNITUDE_SCALE_BITS);
    return own;
  });
  return { grouping, codes, bits };
}

function groupSums(counts: Int32Array, alphabet: number, grouping: Grouping): Float64Array[] {
  const { groups, group } = groupOfContexts(grouping);
  const sums = Array.from({ length: groups }, () => new Float64Array(alphabet));
  for (let context = 0; context < group.length; context++) {
    const sum = sums[group[context]!]!;
    for (let s = 0; s < alphabet; s++) sum[s]! += counts[context * alphabet + s]!;
  }
  return sums;
}

/** Entropy of a group's symbols, and some four bits for each entry of its table. */
function groupBits(sum: Float64Array): number {
  let total = 0;
  let bits = 0;
  for (let s = 0; s < sum.length; s++) {
    const count = sum[s]!;
    if (count === 0) continue;
    total += count;
    bits += 4 - count * log2Integer(count);
  }
  return total === 0 ? 1 : bits + 9 + total * log2Integer(total);
}

export function magnitudeFrequencies(codes: Uint8Array): Uint16Array {
  return normalizeWeights(codeWeights(codes), MAGNITUDE_SCALE);
}

/** Puts the tables: a bit whether the group occurs, length, codes. */
export function putMagnitudeTables(writer: BitWriter, model: MagnitudeModel): void {
  for (const codes of model.codes) {
    writer.bits(codes === undefined ? 0 : 1, 1);
    if (codes === undefined) continue;
    const used = usedPrefix(codes);
    writer.bits(used, 5);
    putTable(writer, codes, used);
  }
}

/** Takes what `putMagnitudeTables` put. */
export function takeMagnitudeTables(reader: BitReader, groups: number, alphabet: number): (Uint8Array | undefined)[] {
  return Array.from({ length: groups }, () => {
    if (reader.bits(1) === 0) return undefined;
    const used = reader.bits(5);
    if (used < 1 || used > alphabet) throw new CodecError('malformed', 'a table has more symbols than its alphabet');
    return takeTable(reader, alphabet, used);
  });
}
