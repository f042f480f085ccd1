import type { BitReader } from '../entropy/bytes.js';
import { LOWEST_STATE, SCALE, SCALE_BITS, SLOT_MASK } from '../entropy/constants.js';
import type * as rans from '../entropy/rans.js';
import { CodecError } from '../errors.js';
import { MASK_CONTEXTS, SCALE_STEPS, SIGN_CONTEXTS } from './row-constants.js';
import { learned, nonzeroContexts, rowSpace, stepOfMean, type RowContexts } from './row-contexts.js';
import {
  MAGNITUDE_SCALE,
  MAGNITUDE_SCALE_BITS,
  magnitudeExtraBits,
  magnitudeLowerEnd,
  stepBits,
  type Grouping,
} from './small-models.js';

/**
 * Decoding of symbols whose table changes from one to the next. Tables are kept by the module, and loops hold them in locals: at any time
 * there is one tensor being decoded.
 */

/** Slots of the coder to a slot of a magnitude table. */
const SLOT_SHIFT = SCALE_BITS - MAGNITUDE_SCALE_BITS;
/** Entries of `packed` for each group of magnitudes. */
const SYMBOLS = 32;
const MOST_GROUPS = 64;

const maskZeroSpace = new Int32Array(256);
const signZeroSpace = new Int32Array(64);
/** How mean magnitudes and steps of scale make groups of magnitude tables: a group is the sum of two entries. */
const groupOfMean = new Int32Array(stepOfMean.length);
const groupOfScale = new Int32Array(SCALE_STEPS);
/** Symbol of each slot: group · 2^11 + slot; and frequency · 2^14 + start: group · 32 + symbol, zero where there is no table. */
const slotSymbols = new Uint8Array(MOST_GROUPS * MAGNITUDE_SCALE);
const packed = new Int32Array(MOST_GROUPS * SYMBOLS);

/** Models of one tensor. */
export interface DecodeModels {
  /** Frequency of a zero by context, and of a negative sign. */
  readonly maskZeros: Int32Array;
  readonly signZeros: Int32Array;
  /** How contexts of magnitude are grouped, and the table of each group; undefined where the group does not occur. */
  readonly grouping: Grouping;
  readonly magnitudes: readonly (rans.DecodeTable | undefined)[];
}

/** Makes `models` those of the functions below. */
export function useModels(models: DecodeModels): void {
  maskZeroSpace.set(models.maskZeros.subarray(0, MASK_CONTEXTS));
  signZeroSpace.set(models.signZeros.subarray(0, SIGN_CONTEXTS));
  const stepShift = 3 - stepBits(models.grouping.magnitude);
  const scaleBits = stepBits(models.grouping.scale);
  stepOfMean.forEach((step, mean) => (groupOfMean[mean] = (step >> stepShift) << scaleBits));
  groupOfScale.forEach((_, step) => (groupOfScale[step] = step >> (3 - scaleBits)));
  packed.fill(0);
  if (models.magnitudes.length === 0) {
    // A single magnitude: a table that leaves the state as it is.
    slotSymbols.fill(0, 0, MAGNITUDE_SCALE);
    packed[0] = SCALE * SCALE;
  }
  models.magnitudes.forEach((table, group) => {
    if (table === undefined) return;
    slotSymbols.set(table.symbols, group * MAGNITUDE_SCALE);
    for (let symbol = 0; symbol < SYMBOLS; symbol++) {
      packed[group * SYMBOLS + symbol] = table.packed[symbol]! << SLOT_SHIFT;
    }
  });
}

/** Decodes one bit for each of the `width` elements of the prepared row; puts the columns of ones into `rowColumns` and returns how many. */
export function decodeMask(decoder: rans.RansDecoder, width: number): number {
  const { words, wordCount, states } = decoder;
  const { maskContexts, rowColumns } = rowSpace;
  const maskZeros = maskZeroSpace;
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
    if (a < LOWEST_STATE) a = (a << 16) | words[position++]!;
    if (b < LOWEST_STATE) b = (b << 16) | words[position++]!;
    if (c < LOWEST_STATE) c = (c << 16) | words[position++]!;
    if (d < LOWEST_STATE) d = (d << 16) | words[position++]!;
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

/** What decoding fills: the level of every element, and the nonzeros in order. */
export interface DecodeTarget {
  readonly levels: Int8Array;
  readonly positions: Int32Array;
  readonly keptLevels: Int8Array;
  /** The plain bits of large magnitudes, where there may be any. */
  readonly extra: BitReader | undefined;
  readonly perSide: number;
}

/**
 * Decodes sign and magnitude of each of the first `count` of `rowColumns` of the row that begins at element `start`, whose
 * nonzeros begin at `first`; the two of them to two states, the next ones to the other two.
 */
export function decodeNonzeros(
  decoder: rans.RansDecoder,
  frame: RowContexts,
  target: DecodeTarget,
  start: number,
  first: number,
  count: number,
): void {
  const { words, wordCount, states } = decoder;
  const { leftCases, maskContexts, neighbourTerms, nonzeroMeans, rowColumns, sums } = rowSpace;
  const signZeros = signZeroSpace;
  const groups = groupOfMean;
  const symbols = slotSymbols;
  const entries = packed;
  // Integers from here on: the engine need not find that out at every use.
  const leftStart = frame.leftStart | 0;
  const upStart = frame.upStart | 0;
  const leftMask = frame.leftMask | 0;
  const upMask = frame.upMask | 0;
  const nextMask = frame.nextMask | 0;
  const learningShift = frame.learningShift | 0;
  const unit = frame.unit | 0;
  const firstGroup = groupOfScale[frame.scaleStep]!;
  const { levels, positions, keptLevels } = target;
  let { position } = decoder;
  let a = states[0]!;
  let b = states[1]!;
  let c = states[2]!;
  let d = states[3]!;
  let missing = 0;
  for (let j = 0; j < count; j++) {
    const column = rowColumns[j]!;
    const channel = nonzeroMeans[column]!;
    const left = neighbourTerms[levels[(leftStart + column) | 0]! & leftMask]!;
    const up = neighbourTerms[levels[(upStart + column) | 0]! & upMask]!;
    const contexts = nonzeroContexts((left + up) | 0, channel);
    const zero = signZeros[contexts & 255]!;
    // −1 where the sign is positive, else 0: its slots start where those of the negative end.
    const one = (zero - 1 - (a & SLOT_MASK)) >> 31;
    a = (Math.imul(zero + (one & (SCALE - 2 * zero)), a >>> SCALE_BITS) + (a & SLOT_MASK) - (one & zero)) | 0;
    if (a < LOWEST_STATE) a = (a << 16) | words[position++]!;
    const group = (firstGroup + groups[contexts >> 8]!) | 0;
    const symbol = symbols[(group << MAGNITUDE_SCALE_BITS) | ((b & SLOT_MASK) >> SLOT_SHIFT)]!;
    const entry = entries[(group << 5) | symbol]!;
    missing |= entry - 1;
    b = (Math.imul(entry >>> SCALE_BITS, b >>> SCALE_BITS) + (b & SLOT_MASK) - (entry & SLOT_MASK)) | 0;
    if (b < LOWEST_STATE) b = (b << 16) | words[position++]!;
    if (position > wordCount) throw exhausted();
    const magnitude = symbol < 8 ? symbol + 1 : extendedMagnitude(symbol, target);
    const level = ((magnitude ^ ~one) - ~one) | 0;
    const i = start + column;
    levels[i] = level;
    positions[first + j] = i;
    keptLevels[first + j] = level;
    maskContexts[column] = maskContexts[column]! + (leftCases[level + 128]! & nextMask);
    sums[column] = sums[column]! + magnitude;
    nonzeroMeans[column] = learned(magnitude, ~one, channel, unit, learningShift);
    // Turn the states, so that one nonzero need not wait for the one before.
    const sign = a;
    a = c;
    c = sign;
    const size = b;
    b = d;
    d = size;
  }
  if (missing < 0) throw new CodecError('malformed', 'a table that is needed is missing');
  const odd = (count & 1) !== 0;
  states[0] = odd ? c : a;
  states[1] = odd ? d : b;
  states[2] = odd ? a : c;
  states[3] = odd ? b : d;
  decoder.position = position;
}

/** The magnitude of a symbol that plain bits belong to. */
function extendedMagnitude(symbol: number, { extra, perSide }: DecodeTarget): number {
  const magnitude = magnitudeLowerEnd(symbol) + extra!.bits(magnitudeExtraBits(symbol));
  if (magnitude > perSide) throw new CodecError('malformed', 'a level is out of range');
  return magnitude;
}

/** One bit on one state, given the frequency of a zero. */
function decodeBit(decoder: rans.RansDecoder, lane: number, zero: number): number {
  const x = decoder.states[lane]!;
  const slot = x & SLOT_MASK;
  const one = slot < zero ? 0 : 1;
  let next =
    one === 0 ? Math.imul(zero, x >>> SCALE_BITS) + slot : Math.imul(SCALE - zero, x >>> SCALE_BITS) + slot - zero;
  if (next < LOWEST_STATE) {
    if (decoder.position >= decoder.wordCount) throw exhausted();
    next = (next << 16) | decoder.words[decoder.position++]!;
  }
  decoder.states[lane] = next;
  return one;
}

function exhausted(): CodecError {
  return new CodecError('truncated', 'the coded symbols end too early');
}
