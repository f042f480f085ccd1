import type { ByteReader, ByteWriter } from './bytes.js';
import { BitReader, BitWriter } from './bytes.js';
import { CodecError } from '../errors.js';
import { SCALE, SCALE_BITS } from './constants.js';

/** 2^(k/16) for k = 0 … 16, by square roots, which IEEE arithmetic rounds the same everywhere. */
const sixteenths = ((): Float64Array => {
  const root = Math.sqrt(Math.sqrt(Math.sqrt(Math.SQRT2)));
  const powers = new Float64Array(17);
  for (let k = 0; k <= 16; k++) {
    let power = 1;
    for (let bit = 8, factor = Math.SQRT2; bit >= 1; bit >>= 1, factor = Math.sqrt(factor)) {
      if ((k & bit) !== 0) power *= factor;
    }
    powers[k] = power;
  }
  powers[1] = root;
  powers[16] = 2;
  return powers;
})();

let logTable: Float64Array | undefined;

/** log₂ of n = 1 … 2^14, by repeated squaring: the same on every platform, so that choices by estimated size agree. */
export function log2Table(): Float64Array {
  if (logTable !== undefined) return logTable;
  const table = new Float64Array(SCALE + 1);
  for (let n = 2; n <= SCALE; n++) {
    if ((n & 1) === 0) {
      table[n] = table[n >> 1]! + 1;
      continue;
    }
    const exponent = 31 - Math.clz32(n);
    let mantissa = n / 2 ** exponent;
    let value = exponent;
    for (let bit = 0.5; bit > 1e-7; bit /= 2) {
      mantissa *= mantissa;
      if (mantissa >= 2) {
        mantissa /= 2;
        value += bit;
      }
    }
    table[n] = value;
  }
  logTable = table;
  return table;
}

/** log₂ of any positive integer below 2^53, from the table by its leading 14 bits; error below 1e-4. */
export function log2Integer(n: number): number {
  let shift = 0;
  let rest = n;
  while (rest > SCALE) {
    rest /= 2;
    shift++;
  }
  return log2Table()[Math.floor(rest)]! + shift;
}

/**
 * Integer frequencies with sum `scale` from positive weights (zero weight: the symbol cannot occur); every symbol that
 * can occur gets at least 1. Same weights, same frequencies everywhere.
 */
export function normalizeWeights(weights: Float64Array, scale = SCALE): Uint16Array {
  const frequencies = new Uint16Array(weights.length);
  let total = 0;
  let largest = 0;
  for (let s = 0; s < weights.length; s++) {
    total += weights[s]!;
    if (weights[s]! > weights[largest]!) largest = s;
  }
  if (!(total > 0)) return frequencies;
  let mass = scale;
  let rest = total;
  // Symbols too rare for one slot get one; the others share what remains in proportion.
  for (let pass = 0; pass < 2; pass++) {
    const unit = mass / rest;
    for (let s = 0; s < weights.length; s++) {
      if (weights[s]! > 0 && frequencies[s] === 0 && weights[s]! * unit < 1) {
        frequencies[s] = 1;
        mass -= 1;
        rest -= weights[s]!;
      }
    }
  }
  const unit = mass / rest;
  let used = 0;
  for (let s = 0; s < weights.length; s++) {
    if (weights[s]! > 0 && frequencies[s] === 0) frequencies[s] = Math.max(1, Math.round(weights[s]! * unit));
    used += frequencies[s]!;
  }
  settle(frequencies, scale - used, largest);
  return frequencies;
}

/** Adds what is missing to the largest frequency, or takes what is too much from the largest ones. */
function settle(frequencies: Uint16Array, missing: number, largest: number): void {
  let difference = missing;
  let target = largest;
  while (difference < 0) {
    const taken = Math.min(-difference, frequencies[target]! - 1, Math.max(1, frequencies[target]! >>> 4));
    frequencies[target] = frequencies[target]! - taken;
    difference += taken;
    for (let s = 0; s < frequencies.length; s++) if (frequencies[s]! > frequencies[target]!) target = s;
  }
  frequencies[target] = frequencies[target]! + difference;
}

/** Steps to the octave of a stored table. */
function stepsPerOctave(symbols: number): 4 | 8 {
  return symbols <= 32 ? 8 : 4;
}

/**
 * A table in logarithmic steps: code 0 for a symbol that cannot occur, else 1 + steps below the commonest. A step of a
 * quarter (eighth) octave costs at most 0.002 (0.0005) bits a symbol.
 */
export function tableCodes(counts: Float64Array): Uint8Array {
  const steps = stepsPerOctave(counts.length);
  const codes = new Uint8Array(counts.length);
  let largest = 0;
  for (const count of counts) largest = Math.max(largest, count);
  for (let s = 0; s < counts.length; s++) {
    if (counts[s]! > 0) codes[s] = 1 + Math.min(16 * steps - 1, octaveSteps(largest / counts[s]!, steps));
  }
  return codes;
}

/** round(steps · log₂ ratio) for ratio ≥ 1. */
function octaveSteps(ratio: number, steps: 4 | 8): number {
  let octaves = 0;
  let rest = ratio;
  while (rest >= 2) {
    rest /= 2;
    octaves++;
  }
  const stride = 16 / steps;
  let k = 0;
  while (k < steps && rest >= sixteenths[k * stride + stride / 2]!) k++;
  return octaves * steps + k;
}

/** Weights that a stored table stands for. */
export function codeWeights(codes: Uint8Array): Float64Array {
  const steps = stepsPerOctave(codes.length);
  const weights = new Float64Array(codes.length);
  for (let s = 0; s < codes.length; s++) {
    if (codes[s] === 0) continue;
    const below = codes[s]! - 1;
    const octave = Math.ceil(below / steps);
    weights[s] = sixteenths[(octave * steps - below) * (16 / steps)]! * 2 ** -octave;
  }
  return weights;
}

/** Stores table codes as bytes: used prefix, length, then `putTable`. */
export function writeTable(out: ByteWriter, codes: Uint8Array): void {
  const used = usedPrefix(codes);
  out.varint(used);
  if (used === 0) return;
  const writer = new BitWriter();
  putTable(writer, codes, used);
  const bytes = writer.finish();
  out.varint(bytes.length);
  out.bytes(bytes);
}

/** Reads what `writeTable` wrote for an alphabet of `symbols`. */
export function readTable(input: ByteReader, symbols: number): Uint8Array {
  const used = input.varint();
  if (used > symbols) input.fail('a table has more symbols than its alphabet');
  if (used === 0) return new Uint8Array(symbols);
  const reader = new BitReader(input.bytes(input.varint()));
  const codes = takeTable(reader, symbols, used);
  reader.check();
  return codes;
}

/** Size of what `writeTable` writes, in bits. */
export function tableBits(codes: Uint8Array): number {
  return 8 * Math.ceil(putTableBits(codes) / 8) + 16;
}

/** Bits that `putTable` puts. */
export function putTableBits(codes: Uint8Array): number {
  return 3 + cheapestRice(differences(codes, usedPrefix(codes))).bits;
}

/** Puts the first `used` codes: Rice parameter, then differences from the last symbol that occurs. */
export function putTable(writer: BitWriter, codes: Uint8Array, used: number): void {
  const mapped = differences(codes, used);
  const { parameter } = cheapestRice(mapped);
  writer.bits(parameter, 3);
  for (const value of mapped) writer.rice(value, parameter);
}

/** Takes what `putTable` put. */
export function takeTable(reader: BitReader, symbols: number, used: number): Uint8Array {
  const codes = new Uint8Array(symbols);
  const parameter = reader.bits(3);
  const highest = 16 * stepsPerOctave(symbols);
  let previous = 1;
  for (let s = 0; s < used; s++) {
    const value = reader.rice(parameter, 2 * highest + 1);
    if (value === 0) continue;
    previous += (value & 1) === 1 ? (value - 1) / 2 : -value / 2;
    if (previous < 1 || previous > highest) throw new CodecError('malformed', 'a table entry is out of range');
    codes[s] = previous;
  }
  if (codes[used - 1] === 0) throw new CodecError('malformed', 'a table is not in its shortest form');
  return codes;
}

/** Length of the codes without the zeros at their end. */
export function usedPrefix(codes: Uint8Array): number {
  let used = codes.length;
  while (used > 0 && codes[used - 1] === 0) used--;
  return used;
}

function differences(codes: Uint8Array, used: number): number[] {
  const mapped: number[] = [];
  let previous = 1;
  for (let s = 0; s < used; s++) {
    const code = codes[s]!;
    if (code === 0) {
      mapped.push(0);
    } else {
      const difference = code - previous;
      mapped.push(1 + (difference >= 0 ? 2 * difference : -2 * difference - 1));
      previous = code;
    }
  }
  return mapped;
}

/** The Rice parameter below 8 that makes values shortest. */
export function cheapestRice(values: readonly number[]): { parameter: number; bits: number } {
  let best = { parameter: 0, bits: Infinity };
  for (let parameter = 0; parameter < 8; parameter++) {
    let bits = 0;
    for (const value of values) bits += (value >>> parameter) + 1 + parameter;
    if (bits < best.bits) best = { parameter, bits };
  }
  return best;
}

/** Bits that `counts` symbols cost under frequencies; infinite when one of them cannot occur. */
export function codedBits(counts: Float64Array, frequencies: Uint16Array, scaleBits = SCALE_BITS): number {
  const log2 = log2Table();
  let bits = 0;
  for (let s = 0; s < counts.length; s++) {
    if (counts[s] === 0) continue;
    if (frequencies[s] === 0) return Infinity;
    bits += counts[s]! * (scaleBits - log2[frequencies[s]!]!);
  }
  return bits;
}
