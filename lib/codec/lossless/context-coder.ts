import { SCALE, SCALE_BITS } from '../entropy/frequency-table.js';
import { type DecodeTable, type EncodeTable, LOWEST, type RansDecoder } from '../entropy/rans.js';
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
    a = (Math.imul(zeroA + (oneA & (SCALE - 2 * zeroA)), a >>> SCALE_BITS) + (a & SLOT_MASK) - (oneA & zeroA)) | 0;
    b = (Math.imul(zeroB + (oneB & (SCALE - 2 * zeroB)), b >>> SCALE_BITS) + (b & SLOT_MASK) - (oneB & zeroB)) | 0;
    c = (Math.imul(zeroC + (oneC & (SCALE - 2 * zeroC)), c >>> SCALE_BITS) + (c & SLOT_MASK) - (oneC & zeroC)) | 0;
    d = (Math.imul(zeroD + (oneD & (SCALE - 2 * zeroD)), d >>> SCALE_BITS) + (d & SLOT_MASK) - (oneD & zeroD)) | 0;
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
function decodeBit(decoder: RansDecoder, lane: number, zero: number): number {
  const x = decoder.states[lane]!;
  const slot = x & SLOT_MASK;
  if (slot < zero) {
    store(decoder, lane, Math.imul(zero, x >>> SCALE_BITS) + slot);
    return 0;
  }
  store(decoder, lane, Math.imul(SCALE - zero, x >>> SCALE_BITS) + slot - zero);
  return 1;
}

/** Magnitude tables of all groups one after another; groups without a table have no frequency. */
export interface MagnitudeTables {
  /** Symbol of each slot: group · 2^11 + slot. */
  readonly symbols: Uint8Array;
  /** frequency · 2^14 + start: group · 32 + symbol. */
  readonly packed: Int32Array;
}

export function joinMagnitudeTables(tables: readonly (DecodeTable | undefined)[]): MagnitudeTables {
  const symbols = new Uint8Array(tables.length * MAGNITUDE_SCALE);
  const packed = new Int32Array(tables.length * 32);
  tables.forEach((table, group) => {
    if (table === undefined) return;
    symbols.set(table.symbols, group * MAGNITUDE_SCALE);
    packed.set(table.packed.subarray(0, 32), group * 32);
  });
  return { symbols, packed };
}

/**
 * Decodes sign and magnitude symbol of `count` nonzeros in turn, given the frequency of a negative sign and the group of
 * each: the results go to `signs` (1: positive) and `magnitudes`. Sign j goes to state 2j mod 4, its magnitude to the next.
 */
export function decodeNonzeros(
  decoder: RansDecoder,
  count: number,
  negatives: Int32Array,
  groups: Uint8Array,
  { symbols, packed }: MagnitudeTables,
  signs: Uint8Array,
  magnitudes: Uint8Array,
): void {
  const { words, wordCount, states } = decoder;
  let { position } = decoder;
  let a = states[0]!;
  let b = states[1]!;
  let c = states[2]!;
  let d = states[3]!;
  for (let j = 0; j < count; j++) {
    const zero = negatives[j]!;
    const one = (zero - 1 - (a & SLOT_MASK)) >> 31;
    a = (Math.imul(zero + (one & (SCALE - 2 * zero)), a >>> SCALE_BITS) + (a & SLOT_MASK) - (one & zero)) | 0;
    if (a < LOWEST) a = (a << 16) | words[position++]!;
    signs[j] = -one;
    const group = groups[j]!;
    const slot = b & MAGNITUDE_MASK;
    const symbol = symbols[(group << MAGNITUDE_SCALE_BITS) + slot]!;
    const entry = packed[(group << 5) + symbol]!;
    if (entry === 0) throw new CodecError('malformed', 'a table that is needed is missing');
    b = (Math.imul(entry >>> SCALE_BITS, b >>> MAGNITUDE_SCALE_BITS) + slot - (entry & SLOT_MASK)) | 0;
    if (b < LOWEST) b = (b << 16) | words[position++]!;
    magnitudes[j] = symbol;
    if (position > wordCount) throw new CodecError('truncated', 'the coded symbols end too early');
    // Turn the states, so that each nonzero works on the pair that the one before did not.
    const first = a;
    const second = b;
    a = c;
    b = d;
    c = first;
    d = second;
  }
  const turned = (count & 1) === 1;
  states[0] = turned ? c : a;
  states[1] = turned ? d : b;
  states[2] = turned ? a : c;
  states[3] = turned ? b : d;
  decoder.position = position;
}

/** Decodes signs alone; sign j goes to state j mod 4. */
export function decodeSigns(decoder: RansDecoder, count: number, negatives: Int32Array, signs: Uint8Array): void {
  for (let j = 0; j < count; j++) signs[j] = decodeBit(decoder, j & 3, negatives[j]!);
}

function store(decoder: RansDecoder, lane: number, x: number): void {
  if (x >= LOWEST) {
    decoder.states[lane] = x;
    return;
  }
  if (decoder.position >= decoder.wordCount) throw new CodecError('truncated', 'the coded symbols end too early');
  decoder.states[lane] = (x << 16) | decoder.words[decoder.position++]!;
}
