import { SCALE, SCALE_BITS } from '../entropy/frequency-table.js';
import { type DecodeTable, LOWEST, type RansDecoder } from '../entropy/rans.js';
import { CodecError } from '../errors.js';
import {
  MASK_CONTEXTS,
  SIGN_CONTEXTS,
  WIDEST_ROW,
  magnitudeContexts,
  maskContexts,
  rowColumns,
  signContexts,
} from './row-contexts.js';
import { MAGNITUDE_SCALE, MAGNITUDE_SCALE_BITS } from './small-models.js';

/**
 * Decoding of symbols whose table changes from one to the next. Tables are constants of the module, whose addresses the
 * engine knows: at any time there is one tensor being decoded.
 */

const SLOT_MASK = SCALE - 1;
const MAGNITUDE_MASK = MAGNITUDE_SCALE - 1;
/** Entries of `packed` for each group of magnitudes. */
const SYMBOLS = 32;
const MOST_GROUPS = 64;

const maskZeros = new Int32Array(256);
const signZeros = new Int32Array(64);
const groupOfContext = new Uint8Array(256);
/** Symbol of each slot: group · 2^11 + slot; and frequency · 2^14 + start: group · 32 + symbol, zero where there is no table. */
const slotSymbols = new Uint8Array(MOST_GROUPS * MAGNITUDE_SCALE);
const packed = new Int32Array(MOST_GROUPS * SYMBOLS);

/** Signs (1: positive) and magnitude symbols of a row's nonzeros. */
export const rowSigns = new Uint8Array(WIDEST_ROW);
export const rowMagnitudes = new Uint8Array(WIDEST_ROW);

/** Models of one tensor. */
export interface DecodeModels {
  /** Frequency of a zero by context, and of a negative sign. */
  readonly maskZeros: Int32Array;
  readonly signZeros: Int32Array;
  /** Group of magnitude contexts, and the table of each group; undefined where the group does not occur. */
  readonly group: Uint8Array;
  readonly magnitudes: readonly (DecodeTable | undefined)[];
}

/** Makes `models` those of the functions below. */
export function useModels(models: DecodeModels): void {
  maskZeros.set(models.maskZeros.subarray(0, MASK_CONTEXTS));
  signZeros.set(models.signZeros.subarray(0, SIGN_CONTEXTS));
  groupOfContext.set(models.group);
  packed.fill(0);
  models.magnitudes.forEach((table, group) => {
    if (table === undefined) return;
    slotSymbols.set(table.symbols, group * MAGNITUDE_SCALE);
    packed.set(table.packed.subarray(0, SYMBOLS), group * SYMBOLS);
  });
}

/** Decodes one bit for each of the `width` elements of the prepared row; puts the columns of ones into `rowColumns` and returns how many. */
export function decodeMask(decoder: RansDecoder, width: number): number {
  const { words, wordCount, states } = decoder;
  const whole = width & ~3;
  let { position } = decoder;
  let next = 0;
  let a = states[0]!;
  let b = states[1]!;
  let c = states[2]!;
  let d = states[3]!;
  for (let i = 0; i < whole; i += 4) {
    const zeroA = maskZeros[maskContexts[i]!]!;
    const zeroB = maskZeros[maskContexts[i + 1]!]!;
    const zeroC = maskZeros[maskContexts[i + 2]!]!;
    const zeroD = maskZeros[maskContexts[i + 3]!]!;
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
    rowColumns[next] = i;
    next = (next - oneA) | 0;
    rowColumns[next] = i + 1;
    next = (next - oneB) | 0;
    rowColumns[next] = i + 2;
    next = (next - oneC) | 0;
    rowColumns[next] = i + 3;
    next = (next - oneD) | 0;
    if (position > wordCount) throw exhausted();
  }
  states[0] = a;
  states[1] = b;
  states[2] = c;
  states[3] = d;
  decoder.position = position;
  for (let i = whole; i < width; i++) {
    rowColumns[next] = i;
    next += decodeBit(decoder, i & 3, maskZeros[maskContexts[i]!]!);
  }
  return next;
}

/** Decodes a sign for each of the first `count` `signContexts` into `rowSigns`, one to a state in turn. */
export function decodeSigns(decoder: RansDecoder, count: number): void {
  const { words, wordCount, states } = decoder;
  let { position } = decoder;
  let a = states[0]!;
  let b = states[1]!;
  let c = states[2]!;
  let d = states[3]!;
  const whole = count & ~3;
  for (let j = 0; j < whole; j += 4) {
    const zeroA = signZeros[signContexts[j]!]!;
    const zeroB = signZeros[signContexts[j + 1]!]!;
    const zeroC = signZeros[signContexts[j + 2]!]!;
    const zeroD = signZeros[signContexts[j + 3]!]!;
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
    if (position > wordCount) throw exhausted();
    rowSigns[j] = -oneA;
    rowSigns[j + 1] = -oneB;
    rowSigns[j + 2] = -oneC;
    rowSigns[j + 3] = -oneD;
  }
  states[0] = a;
  states[1] = b;
  states[2] = c;
  states[3] = d;
  decoder.position = position;
  for (let j = whole; j < count; j++) rowSigns[j] = decodeBit(decoder, j & 3, signZeros[signContexts[j]!]!);
}

/** Decodes a symbol for each of the first `count` `magnitudeContexts` into `rowMagnitudes`, one to a state in turn. */
export function decodeMagnitudes(decoder: RansDecoder, count: number): void {
  const { words, wordCount, states } = decoder;
  let { position } = decoder;
  let a = states[0]!;
  let b = states[1]!;
  let c = states[2]!;
  let d = states[3]!;
  for (let j = 0; j < count; j++) {
    const group = groupOfContext[magnitudeContexts[j]!]!;
    const slot = a & MAGNITUDE_MASK;
    const symbol = slotSymbols[(group << MAGNITUDE_SCALE_BITS) | slot]!;
    const entry = packed[(group << 5) | symbol]!;
    if (entry === 0) throw new CodecError('malformed', 'a table that is needed is missing');
    a = (Math.imul(entry >>> SCALE_BITS, a >>> MAGNITUDE_SCALE_BITS) + slot - (entry & SLOT_MASK)) | 0;
    if (a < LOWEST) a = (a << 16) | words[position++]!;
    rowMagnitudes[j] = symbol;
    if (position > wordCount) throw exhausted();
    // Turn the states, so that four symbols do not wait for one another.
    const first = a;
    a = b;
    b = c;
    c = d;
    d = first;
  }
  const turned = count & 3;
  states[(0 + turned) & 3] = a;
  states[(1 + turned) & 3] = b;
  states[(2 + turned) & 3] = c;
  states[(3 + turned) & 3] = d;
  decoder.position = position;
}

/** One bit on one state, given the frequency of a zero. */
function decodeBit(decoder: RansDecoder, lane: number, zero: number): number {
  const x = decoder.states[lane]!;
  const slot = x & SLOT_MASK;
  const one = slot < zero ? 0 : 1;
  let next =
    one === 0 ? Math.imul(zero, x >>> SCALE_BITS) + slot : Math.imul(SCALE - zero, x >>> SCALE_BITS) + slot - zero;
  if (next < LOWEST) {
    if (decoder.position >= decoder.wordCount) throw exhausted();
    next = (next << 16) | decoder.words[decoder.position++]!;
  }
  decoder.states[lane] = next;
  return one;
}

function exhausted(): CodecError {
  return new CodecError('truncated', 'the coded symbols end too early');
}
