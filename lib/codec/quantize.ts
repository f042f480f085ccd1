import { CodecError } from './errors.js';
import { HALF_MAX, fromHalfBits, toHalfBits } from './half.js';
import { scaleGroups, shapeSize } from './layout.js';
import { type CounterKey, counterBits, counterKey, streams } from './random.js';
import { fitsShortScale, fromShortScale, toShortScale } from './scale.js';
import { checkFinite, markKept } from './select.js';
import { type CodecSettings, type CodecSettingsInput, levelsPerSide, resolveCodecSettings } from './settings.js';

interface QuantizedBase {
  readonly shape: readonly number[];
  readonly settings: CodecSettings;
}

/** Signed levels, zero where nothing is kept or a kept value was rounded to zero. */
export interface QuantizedLevels extends QuantizedBase {
  readonly kind: 'levels';
  readonly levels: Int8Array;
  /** One per scale group; a level l stands for l · scale / levelsPerSide. */
  readonly scales: Float32Array;
  /** Whether every scale is a 16-bit one. */
  readonly shortScales: boolean;
}

/** float16 patterns, zero where nothing is kept. */
export interface QuantizedHalves extends QuantizedBase {
  readonly kind: 'float16';
  readonly words: Uint16Array;
}

/** float32 patterns, zero where nothing is kept. */
export interface QuantizedFloats extends QuantizedBase {
  readonly kind: 'float32';
  readonly words: Uint32Array;
}

/** What travels: the tensor after sparsification and quantization, before lossless coding. */
export type QuantizedTensor = QuantizedLevels | QuantizedHalves | QuantizedFloats;

/**
 * Sparsifies and quantizes a row-major tensor. Throws `CodecError`: `not-finite` with the position of the first NaN or
 * infinity, `out-of-range` for values beyond float16 in that mode, `bad-argument` when shape and length disagree.
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
  checkFinite(values);
  const flags = new Int8Array(values.length);
  markKept(values, shape, settings, flags);
  switch (settings.values) {
    case 'levels':
      return quantizeLevels(values, shape, settings, flags);
    case 'float16':
      return { kind: 'float16', shape: [...shape], settings, words: keepHalves(values, flags) };
    case 'float32':
      return { kind: 'float32', shape: [...shape], settings, words: keepFloats(values, flags) };
  }
}

/** The values that the receiver gets. */
export function dequantize(tensor: QuantizedTensor): Float32Array {
  if (tensor.kind === 'float32') return new Float32Array(tensor.words.slice().buffer);
  if (tensor.kind === 'float16') {
    const values = new Float32Array(tensor.words.length);
    for (let i = 0; i < values.length; i++) {
      if (tensor.words[i] !== 0) values[i] = fromHalfBits(tensor.words[i]!);
    }
    return values;
  }
  const { levels, scales, settings } = tensor;
  const values = new Float32Array(levels.length);
  const { size, count } = scaleGroups(tensor.shape, settings);
  const perSide = levelsPerSide(settings.bits);
  for (let group = 0; group < count; group++) {
    const step = scales[group]! / perSide;
    const end = Math.min(levels.length, (group + 1) * size);
    for (let i = group * size; i < end; i++) values[i] = levels[i]! * step;
  }
  return values;
}

/** Replaces the flags by levels, in place, and finds the scales. */
function quantizeLevels(
  values: Float32Array,
  shape: readonly number[],
  settings: CodecSettings,
  flags: Int8Array,
): QuantizedLevels {
  const { size, count } = scaleGroups(shape, settings);
  const exact = new Float64Array(count);
  const groupScale = settings.scaling === 'max' ? largestKept : normOfKept;
  let shortScales = true;
  for (let group = 0; group < count; group++) {
    const scale = groupScale(values, flags, group * size, Math.min(values.length, (group + 1) * size));
    exact[group] = scale;
    shortScales &&= fitsShortScale(scale);
  }
  const scales = new Float32Array(count);
  for (let group = 0; group < count; group++) {
    scales[group] = shortScales ? fromShortScale(toShortScale(exact[group]!)) : roundUp(exact[group]!);
  }
  const round = settings.bits === 1 ? roundToSigns : roundToLevels;
  const key = settings.rounding === 'stochastic' ? counterKey(settings.seed, streams.rounding) : undefined;
  const perSide = levelsPerSide(settings.bits);
  for (let group = 0; group < count; group++) {
    round(values, flags, group * size, Math.min(values.length, (group + 1) * size), scales[group]!, perSide, key);
  }
  return { kind: 'levels', shape: [...shape], settings, levels: flags, scales, shortScales };
}

function largestKept(values: Float32Array, flags: Int8Array, start: number, end: number): number {
  let largest = 0;
  for (let i = start; i < end; i++) {
    const magnitude = Math.abs(values[i]! * flags[i]!);
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

function normOfKept(values: Float32Array, flags: Int8Array, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) {
    const value = values[i]! * flags[i]!;
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

/**
 * level = ⌊|x|·L/scale + u⌋ with u uniform in [0, 1) (or ½): its mean is |x|·L/scale. Flags become levels.
 */
function roundToLevels(
  values: Float32Array,
  flags: Int8Array,
  start: number,
  end: number,
  scale: number,
  perSide: number,
  key: CounterKey | undefined,
): void {
  if (scale === 0) {
    flags.fill(0, start, end);
    return;
  }
  const toLevel = perSide / scale;
  for (let i = start; i < end; i++) {
    if (flags[i] === 0) continue;
    const value = values[i]!;
    const offset = key === undefined ? 0.5 : (counterBits(key, i) >>> 0) * 2.3283064365386963e-10;
    const level = Math.min(perSide, (Math.abs(value) * toLevel + offset) | 0);
    flags[i] = value < 0 ? -level : level;
  }
}

/** q = 1: +scale with probability (1 + x/scale)/2, else −scale. */
function roundToSigns(
  values: Float32Array,
  flags: Int8Array,
  start: number,
  end: number,
  scale: number,
  _perSide: number,
  key: CounterKey | undefined,
): void {
  if (scale === 0) {
    flags.fill(0, start, end);
    return;
  }
  for (let i = start; i < end; i++) {
    if (flags[i] === 0) continue;
    const share = 0.5 + (0.5 * values[i]!) / scale;
    const uniform = key === undefined ? 0.5 : (counterBits(key, i) >>> 0) * 2.3283064365386963e-10;
    flags[i] = uniform < share || (key === undefined && share === 0.5) ? 1 : -1;
  }
}

function keepHalves(values: Float32Array, flags: Int8Array): Uint16Array {
  const words = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    if (flags[i] === 0) continue;
    const pattern = toHalfBits(values[i]!);
    if ((pattern & 0x7fff) === 0x7c00) {
      throw new CodecError('out-of-range', `value ${i}, ${values[i]!}, is beyond float16's ${HALF_MAX}`, i);
    }
    words[i] = pattern;
  }
  return words;
}

function keepFloats(values: Float32Array, flags: Int8Array): Uint32Array {
  const words = new Uint32Array(new Float32Array(values).buffer);
  for (let i = 0; i < words.length; i++) {
    if (flags[i] === 0) words[i] = 0;
  }
  return words;
}
