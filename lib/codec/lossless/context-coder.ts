import { SCALE, SCALE_BITS } from '../entropy/frequency-table.js';
import { type DecodeTable, type EncodeTable, LOWEST, type RansDecoder, type RansEncoder } from '../entropy/rans.js';
import { CodecError } from '../errors.js';
import { MAGNITUDE_SCALE, MAGNITUDE_SCALE_BITS } from './small-models.js';

/** Single steps of the entropy coder whose table changes from symbol to symbol. */

const SLOT_MASK = SCALE - 1;
const MAGNITUDE_MASK = MAGNITUDE_SCALE - 1;

/** What the encoder needs for bits: for context c the entries 2c (zero) and 2c + 1 (one) of a table. */
export function bitEncodeFrequencies(zeros: Int32Array): Uint16Array {
  const frequencies = new Uint16Array(2 * zeros.length);
  for (let context = 0; context < zeros.length; context++) {
    frequencies[2 * context] = zeros[context]!;
    frequencies[2 * context + 1] = SCALE - zeros[context]!;
  }
  return frequencies;
}

/** A table of bits: starts are 0 for a zero and the zero's frequency for a one. */
export function bitEncodeTable(zeros: Int32Array): EncodeTable {
  const frequencies = bitEncodeFrequencies(zeros);
  return {
    starts: Int32Array.from(frequencies, (_, entry) => ((entry & 1) === 0 ? 0 : zeros[entry >> 1]!)),
    complements: Int32Array.from(frequencies, (frequency) => SCALE - frequency),
    limits: Int32Array.from(frequencies, (frequency) => frequency * (2 ** 31 / SCALE) - 1),
    reciprocals: Float64Array.from(frequencies, (frequency) => (1 + 2 ** -50) / frequency),
  };
}

/** Prepends entry `entry` of a table on one state. */
export function encodeEntry(encoder: RansEncoder, lane: number, entry: number, table: EncodeTable): void {
  let x = encoder.states[lane]!;
  if (x > table.limits[entry]!) {
    encoder.words[--encoder.position] = x;
    x >>>= 16;
  }
  const quotient = (x * table.reciprocals[entry]!) | 0;
  encoder.states[lane] = x + Math.imul(quotient, table.complements[entry]!) + table.starts[entry]!;
}

/** Prepends one bit an element of a row: `entries[start + c]` = 2 · context + bit, element c on state c mod 4. */
export function encodeRow(
  encoder: RansEncoder,
  entries: Uint8Array,
  start: number,
  width: number,
  { starts, complements, limits, reciprocals }: EncodeTable,
): void {
  const { words, states } = encoder;
  let { position } = encoder;
  for (let c = width - 1; c >= 0; c--) {
    const entry = entries[start + c]!;
    let x = states[c & 3]!;
    if (x > limits[entry]!) {
      words[--position] = x;
      x >>>= 16;
    }
    const quotient = (x * reciprocals[entry]!) | 0;
    states[c & 3] = x + Math.imul(quotient, complements[entry]!) + starts[entry]!;
  }
  encoder.position = position;
}

/** Decodes one bit an element of a row by context; puts the columns of ones into `columns` and returns how many. */
export function decodeRow(decoder: RansDecoder, contexts: Uint8Array, zeros: Int32Array, columns: Int32Array): number {
  const { words, wordCount, states } = decoder;
  const width = contexts.length;
  const whole = width & ~3;
  let { position } = decoder;
  let a = states[0]!;
  let b = states[1]!;
  let c = states[2]!;
  let d = states[3]!;
  let count = 0;
  for (let i = 0; i < whole; i += 4) {
    const zeroA = zeros[contexts[i]!]!;
    const zeroB = zeros[contexts[i + 1]!]!;
    const zeroC = zeros[contexts[i + 2]!]!;
    const zeroD = zeros[contexts[i + 3]!]!;
    // −1 where the bit is one, else 0: a one's slots start where the zero's end.
    const oneA = (zeroA - 1 - (a & SLOT_MASK)) >> 31;
    const oneB = (zeroB - 1 - (b & SLOT_MASK)) >> 31;
    const oneC = (zeroC - 1 - (c & SLOT_MASK)) >> 31;
    const oneD = (zeroD - 1 - (d & SLOT_MASK)) >> 31;
    a = Math.imul(zeroA + (oneA & (SCALE - 2 * zeroA)), a >>> SCALE_BITS) + (a & SLOT_MASK) - (oneA & zeroA);
    b = Math.imul(zeroB + (oneB & (SCALE - 2 * zeroB)), b >>> SCALE_BITS) + (b & SLOT_MASK) - (oneB & zeroB);
    c = Math.imul(zeroC + (oneC & (SCALE - 2 * zeroC)), c >>> SCALE_BITS) + (c & SLOT_MASK) - (oneC & zeroC);
    d = Math.imul(zeroD + (oneD & (SCALE - 2 * zeroD)), d >>> SCALE_BITS) + (d & SLOT_MASK) - (oneD & zeroD);
    if (a < LOWEST) a = (a << 16) | words[position++]!;
    if (b < LOWEST) b = (b << 16) | words[position++]!;
    if (c < LOWEST) c = (c << 16) | words[position++]!;
    if (d < LOWEST) d = (d << 16) | words[position++]!;
    if (position > wordCount) throw new CodecError('truncated', 'the coded symbols end too early');
    columns[count] = i;
    count -= oneA;
    columns[count] = i + 1;
    count -= oneB;
    columns[count] = i + 2;
    count -= oneC;
    columns[count] = i + 3;
    count -= oneD;
  }
  states[0] = a;
  states[1] = b;
  states[2] = c;
  states[3] = d;
  decoder.position = position;
  for (let i = whole; i < width; i++) {
    columns[count] = i;
    count += decodeBit(decoder, i & 3, zeros[contexts[i]!]!);
  }
  return count;
}

/** One bit on one state, given the frequency of a zero. */
export function decodeBit(decoder: RansDecoder, lane: number, zero: number): number {
  const x = decoder.states[lane]!;
  const slot = x & SLOT_MASK;
  if (slot < zero) {
    store(decoder, lane, Math.imul(zero, x >>> SCALE_BITS) + slot);
    return 0;
  }
  store(decoder, lane, Math.imul(SCALE - zero, x >>> SCALE_BITS) + slot - zero);
  return 1;
}

/** One symbol of a magnitude table on one state. */
export function decodeMagnitude(decoder: RansDecoder, lane: number, { symbols, packed }: DecodeTable): number {
  const x = decoder.states[lane]!;
  const slot = x & MAGNITUDE_MASK;
  const symbol = symbols[slot]!;
  const entry = packed[symbol]!;
  store(decoder, lane, Math.imul(entry >>> SCALE_BITS, x >>> MAGNITUDE_SCALE_BITS) + slot - (entry & SLOT_MASK));
  return symbol;
}

function store(decoder: RansDecoder, lane: number, x: number): void {
  if (x >= LOWEST) {
    decoder.states[lane] = x;
    return;
  }
  if (decoder.position >= decoder.wordCount) throw new CodecError('truncated', 'the coded symbols end too early');
  decoder.states[lane] = (x << 16) | decoder.words[decoder.position++]!;
}
