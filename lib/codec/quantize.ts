import { CodecError } from './errors.js';
import { MAGNITUDE, wordsOf } from './float-bits.js';
import { HALF_MAX, fromHalfBits, toHalfBits } from './half.js';
import { scaleGroups, shapeSize, tokenWidth } from './layout.js';
import { type OutlierChannels, placeOutliers, splitOutliers } from './outliers.js';
import { counterBits, counterKey, keyedBits, streams, type CounterKey } from './random.js';
import { fitsShortScale, fromShortScale, toShortScale } from './scale.js';
import { keptPositions } from './selection/select.js';
import { type CodecSettings, type CodecSettingsInput, levelsPerSide, resolveCodecSettings } from './settings.js';

interface QuantizedBase {
  readonly shape: readonly number[];
  readonly settings: CodecSettings;
}

/** Signed levels of the kept elements; all others are zero. */
export interface QuantizedLevels extends QuantizedBase {
  readonly kind: 'levels';
  /** Ascending positions, among which all nonzero levels are. */
  readonly positions: Int32Array;
  /** Level at each position; zero where a kept value was rounded to zero. */
  readonly keptLevels: Int8Array;
  /** One per scale group; a level l stands for l · scale / levelsPerSide. */
  readonly scales: Float32Array;
  /** Whether every scale is a 16-bit one. */
  readonly shortScales: boolean;
  /** Channels kept apart, where `outlierThreshold` asks for it; the levels are zero there. */
  readonly outliers?: OutlierChannels;
}

/** float16 patterns, zero where nothing is kept. */
export interface QuantizedHalves extends QuantizedBase {
  readonly kind: 'float16';
  /** One bit pattern an element, in the tensor's order. */
  readonly words: Uint16Array;
}

/** float32 patterns, zero where nothing is kept. */
export interface QuantizedFloats extends QuantizedBase {
  readonly kind: 'float32';
  /** One bit pattern an element, in the tensor's order. */
  readonly words: Uint32Array;
}

/** What travels: the tensor after sparsification and quantization, before lossless coding. */
export type QuantizedTensor = QuantizedLevels | QuantizedHalves | QuantizedFloats;

/**
 * Sparsifies and quantizes a row-major tensor. Throws `CodecError`: `not-finite` with the position of the first NaN or
 * infinity, `out-of-range` for values beyond float16 in that mode, `bad-argument` when shape and length disagree.
 *
 * @param values - Elements, last index fastest.
 * @param shape - Sizes, slowest index first; their product is the number of elements.
 * @param given - Settings of the codec; what is absent takes its default.
 * @throws CodecError: `not-finite` with the position, `out-of-range` beyond float16, `bad-argument` where shape and
 *   length disagree.
 * @example
 * ```ts
 * import { quantize } from 'sft-opt/codec';
 *
 * const tensor = quantize(Float32Array.of(0.1, -2, 1, 0), [4], { keptFraction: 0.5, bits: 4 });
 * console.log(tensor.kind, tensor.shape); // levels [ 4 ]
 * ```
 */
export function quantize(
  values: Float32Array,
  shape: readonly number[],
  given: CodecSettingsInput = {},
): QuantizedTensor {
  const settings = resolveCodecSettings(given);
  if (shapeSize(shape) !== values.length) {
    throw new CodecError('bad-argument', `shape [${shape.join(', ')}] does not hold ${values.length} values`);
  }
  if (settings.values === 'levels' && settings.outlierThreshold > 0) {
    const { rest, outliers } = splitOutliers(values, shape, settings.outlierThreshold);
    return { ...quantizeLevels(rest, shape, settings, keptPositions(rest, shape, settings)), outliers };
  }
  const kept = keptPositions(values, shape, settings);
  switch (settings.values) {
    case 'levels':
      return quantizeLevels(values, shape, settings, kept);
    case 'float16':
      return { kind: 'float16', shape: [...shape], settings, words: keepHalves(values, kept) };
    case 'float32':
      return { kind: 'float32', shape: [...shape], settings, words: keepFloats(values, kept) };
  }
}

/**
 * The values that the receiver gets.
 *
 * @param tensor - What `quantize` gives.
 * @example
 * ```ts
 * import { dequantize, quantize } from 'sft-opt/codec';
 *
 * console.log(dequantize(quantize(Float32Array.of(1, -2), [2], { selection: 'all', values: 'float32' }))); // Float32Array(2) [ 1, -2 ]
 * ```
 */
export function dequantize(tensor: QuantizedTensor): Float32Array {
  if (tensor.kind === 'float32') return new Float32Array(tensor.words.slice().buffer);
  if (tensor.kind === 'float16') {
    const values = new Float32Array(tensor.words.length);
    for (let i = 0; i < values.length; i++) {
      if (tensor.words[i] !== 0) values[i] = fromHalfBits(tensor.words[i]!);
    }
    return values;
  }
  const values = new Float32Array(shapeSize(tensor.shape));
  const { positions, keptLevels, scales, settings } = tensor;
  const { size, count } = scaleGroups(tensor.shape, settings);
  const perSide = levelsPerSide(settings.bits);
  let first = 0;
  let before = 0;
  for (let group = 0; group < count; group++) {
    const last = groupEnd(positions, first, (group + 1) * size, 2 * first - before);
    placeValues(values, positions, keptLevels, first, last, scales[group]! / perSide);
    before = first;
    first = last;
  }
  if (tensor.outliers) placeOutliers(values, tokenWidth(tensor.shape), tensor.outliers);
  return values;
}

function placeValues(
  values: Float32Array,
  positions: Int32Array,
  keptLevels: Int8Array,
  first: number,
  last: number,
  step: number,
): void {
  let j = first;
  for (const whole = last - 3; j < whole; j += 4) {
    values[positions[j]!] = keptLevels[j]! * step;
    values[positions[j + 1]!] = keptLevels[j + 1]! * step;
    values[positions[j + 2]!] = keptLevels[j + 2]! * step;
    values[positions[j + 3]!] = keptLevels[j + 3]! * step;
  }
  for (; j < last; j++) values[positions[j]!] = keptLevels[j]! * step;
}

/**
 * The level of every element.
 *
 * @param tensor - Positions and levels of what was kept.
 * @example
 * ```ts
 * import { denseLevels, quantize } from 'sft-opt/codec';
 *
 * const tensor = quantize(Float32Array.of(0.1, -2, 1, 0), [4], { keptFraction: 0.5, bits: 4, rounding: 'nearest' });
 * if (tensor.kind === 'levels') console.log(denseLevels(tensor)); // Int8Array(4) [ 0, -7, 4, 0 ]
 * ```
 */
export function denseLevels({ shape, positions, keptLevels }: QuantizedLevels): Int8Array {
  const levels = new Int8Array(shapeSize(shape));
  for (let j = 0; j < positions.length; j++) levels[positions[j]!] = keptLevels[j]!;
  return levels;
}

function quantizeLevels(
  values: Float32Array,
  shape: readonly number[],
  settings: CodecSettings,
  kept: Int32Array,
): QuantizedLevels {
  const { size, count } = scaleGroups(shape, settings);
  const exact = new Float64Array(count);
  // First kept element of each group, and one past the last.
  const firsts = new Int32Array(count + 1);
  const words = wordsOf(values);
  let shortScales = true;
  for (let group = 0, first = 0; group < count; group++) {
    const last = groupEnd(kept, first, (group + 1) * size, 2 * first - firsts[Math.max(0, group - 1)]!);
    const scale =
      settings.scaling === 'max' ? largestKept(words, kept, first, last) : normOfKept(values, kept, first, last);
    exact[group] = scale;
    shortScales &&= fitsShortScale(scale);
    first = last;
    firsts[group + 1] = last;
  }
  const scales = new Float32Array(count);
  for (let group = 0; group < count; group++) {
    scales[group] = shortScales ? fromShortScale(toShortScale(exact[group]!)) : roundUp(exact[group]!);
  }
  const keptLevels = new Int8Array(kept.length);
  const key = settings.rounding === 'stochastic' ? counterKey(settings.seed, streams.rounding) : undefined;
  const perSide = levelsPerSide(settings.bits);
  for (let group = 0; group < count; group++) {
    const scale = scales[group]!;
    if (scale === 0) continue;
    const [first, last] = [firsts[group]!, firsts[group + 1]!];
    if (settings.bits === 1) roundToSigns(values, kept, first, last, keptLevels, scale, key);
    else if (key === undefined) roundToNearest(values, kept, first, last, keptLevels, perSide / scale);
    else roundAtRandom(values, kept, first, last, keptLevels, perSide / scale, key.first, key.second);
  }
  return { kind: 'levels', shape: [...shape], settings, positions: kept, keptLevels, scales, shortScales };
}

/** Index after the last kept position below `limit`, sought around `guess`: groups mostly keep about as many as the one before. */
function groupEnd(kept: Int32Array, first: number, limit: number, guess: number): number {
  let last = Math.max(first, Math.min(guess, kept.length));
  while (last < kept.length && kept[last]! < limit) last++;
  while (last > first && kept[last - 1]! >= limit) last--;
  return last;
}

const floatView = new Float32Array(1);
const wordView = new Int32Array(floatView.buffer);

function largestKept(words: Int32Array, kept: Int32Array, first: number, last: number): number {
  // Four in turn, so that a comparison need not wait for the one before.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let j = first;
  for (const whole = last - 3; j < whole; j += 4) {
    a = larger(a, words[kept[j]!]! & MAGNITUDE);
    b = larger(b, words[kept[j + 1]!]! & MAGNITUDE);
    c = larger(c, words[kept[j + 2]!]! & MAGNITUDE);
    d = larger(d, words[kept[j + 3]!]! & MAGNITUDE);
  }
  for (; j < last; j++) a = larger(a, words[kept[j]!]! & MAGNITUDE);
  wordView[0] = larger(larger(a, b), larger(c, d));
  return floatView[0]!;
}

/** The larger of two numbers from 0 to 2^31 − 1, without a branch. */
function larger(a: number, b: number): number {
  const less = a - b;
  return (a - (less & (less >> 31))) | 0;
}

function normOfKept(values: Float32Array, kept: Int32Array, first: number, last: number): number {
  let sum = 0;
  for (let j = first; j < last; j++) {
    const value = values[kept[j]!]!;
    sum += value * value;
  }
  return Math.sqrt(sum);
}

const LARGEST_FLOAT = (2 - 2 ** -23) * 2 ** 127;

/** The smallest float32 not below a positive number; a norm may exceed every float32 and is then the largest one. */
function roundUp(value: number): number {
  const nearest = Math.fround(value);
  if (nearest >= value) return Math.min(nearest, LARGEST_FLOAT);
  const word = new Float32Array([nearest]);
  new Uint32Array(word.buffer)[0]! += 1;
  return Math.min(word[0]!, LARGEST_FLOAT);
}

/** Fraction bits of a level before rounding: with 7 bits in front of them a signed level fits 32 bits. */
const FRACTION_BITS = 24;

/** level = ⌊|x|·L/scale + u⌋ with u uniform in [0, 1), in steps of 2^-24: its mean is |x|·L/scale to that precision. */
function roundAtRandom(
  values: Float32Array,
  kept: Int32Array,
  first: number,
  last: number,
  keptLevels: Int8Array,
  toLevel: number,
  firstKey: number,
  secondKey: number,
): void {
  const factor = toLevel * 2 ** FRACTION_BITS;
  for (let j = first; j < last; j++) {
    const i = kept[j]!;
    keptLevels[j] = roundedUp(values[i]! * factor, keyedBits(firstKey, secondKey, i));
  }
}

/** The level of a value in fixed point, away from zero where its fraction and random bits make a whole. */
function roundedUp(value: number, bits: number): number {
  const fixed = value | 0;
  const sign = fixed >> 31;
  const level = ((fixed ^ sign) - sign + (bits >>> (32 - FRACTION_BITS))) >> FRACTION_BITS;
  return ((level ^ sign) - sign) | 0;
}

/** level = ⌊|x|·L/scale + ½⌋. */
function roundToNearest(
  values: Float32Array,
  kept: Int32Array,
  first: number,
  last: number,
  keptLevels: Int8Array,
  toLevel: number,
): void {
  const factor = toLevel * 2 ** FRACTION_BITS;
  for (let j = first; j < last; j++) keptLevels[j] = roundedUp(values[kept[j]!]! * factor, 1 << 31);
}

/** q = 1: +scale with probability (1 + x/scale)/2, else −scale. */
function roundToSigns(
  values: Float32Array,
  kept: Int32Array,
  first: number,
  last: number,
  keptLevels: Int8Array,
  scale: number,
  key: CounterKey | undefined,
): void {
  for (let j = first; j < last; j++) {
    const i = kept[j]!;
    const share = 0.5 + (0.5 * values[i]!) / scale;
    if (key === undefined) keptLevels[j] = share >= 0.5 ? 1 : -1;
    else keptLevels[j] = (counterBits(key, i) >>> 0) * 2 ** -32 < share ? 1 : -1;
  }
}

function keepHalves(values: Float32Array, kept: Int32Array): Uint16Array {
  const words = new Uint16Array(values.length);
  for (const i of kept) {
    const pattern = toHalfBits(values[i]!);
    if ((pattern & 0x7fff) === 0x7c00) {
      throw new CodecError('out-of-range', `value ${i}, ${values[i]!}, is beyond float16's ${HALF_MAX}`, i);
    }
    words[i] = pattern;
  }
  return words;
}

function keepFloats(values: Float32Array, kept: Int32Array): Uint32Array {
  const all = wordsOf(values);
  const words = new Uint32Array(values.length);
  for (const i of kept) words[i] = all[i]!;
  return words;
}
