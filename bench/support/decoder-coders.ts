import { decode, encode, type CodecSettingsInput } from '../../lib/codec/index.js';

/** A tensor as received, and the bits that it took, side information included. */
export interface Coded {
  readonly received: Float32Array;
  readonly bits: number;
}

/** Share of values kept and bits of one. */
export type Point = Readonly<Record<'keptFraction' | 'bits', number>>;

/** Values of tokens × channels, `sample` tokens a sample. */
export interface Rows {
  readonly values: Float32Array;
  readonly width: number;
  readonly sample: number;
}

export type Coder = (rows: Rows, point: Point) => Coded;

/** Channels of a run that is rotated: the largest power of two that divides 64 and 576. */
const ROTATED = 64;
/** A scale or a value kept apart travels in 16 bits, and so does the number of a channel. */
const SHORT = 16;

function coded(rows: Rows, settings: CodecSettingsInput): Coded {
  const { values, width, sample } = rows;
  const bytes = encode(values, [values.length / width / sample, sample, width], settings);
  return { received: decode(bytes).values, bits: 8 * bytes.length };
}

const withSettings =
  (more: CodecSettingsInput): Coder =>
  (rows, point) =>
    coded(rows, { ...point, ...more });

/** Values of which Top-K of each token has chosen; what it has not is zero and stays so. */
function chosen(rows: Rows, { keptFraction }: Point): Rows {
  const { received } = coded(rows, { keptFraction, values: 'float32' });
  return { ...rows, values: received };
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(values, (_, k) => values[(k % rows) * columns + Math.floor(k / rows)]!);
}

/** Top-K per token, and a scale for each channel of a sample. */
const perChannel: Coder = (rows, point) => {
  const { values, width } = chosen(rows, point);
  const tokens = values.length / width;
  const turned = { values: transposed(values, tokens, width), width: tokens, sample: width };
  const { received, bits } = coded(turned, { bits: point.bits, selection: 'threshold', threshold: 1e-30 });
  return { received: transposed(received, width, tokens), bits };
};

/** An orthonormal Hadamard rotation of each run of channels, after the signs of a fixed sequence; `back` undoes it. */
function rotated(values: Float32Array, back: boolean): Float32Array {
  const out = values.slice();
  const sign = (k: number) => (Math.imul(k + 1, 0x9e3779b1) < 0 ? -1 : 1);
  if (!back) out.forEach((value, k) => (out[k] = value * sign(k % ROTATED)));
  for (let start = 0; start < out.length; start += ROTATED) {
    for (let half = 1; half < ROTATED; half *= 2) {
      for (let k = start; k < start + ROTATED; k++) {
        if ((k - start) & half) continue;
        const [a, b] = [out[k]!, out[k + half]!];
        out[k] = a + b;
        out[k + half] = a - b;
      }
    }
  }
  const size = Math.sqrt(ROTATED);
  out.forEach((value, k) => (out[k] = (value * (back ? sign(k % ROTATED) : 1)) / size));
  return out;
}

const hadamard =
  (coder: Coder): Coder =>
  (rows, point) => {
    const { received, bits } = coder({ ...rows, values: rotated(rows.values, false) }, point);
    return { received: rotated(received, true), bits };
  };

/** Values chosen by `apart` travel as float16 beside the others, which `coder` has; `sideBits` say which they are. */
const keptApart =
  (apart: (rows: Rows) => { isApart: (index: number) => boolean; sideBits: number }, coder: Coder): Coder =>
  (rows, point) => {
    const { isApart, sideBits } = apart(rows);
    const rest = rows.values.map((value, k) => (isApart(k) ? 0 : value));
    const kept = rows.values.filter((_, k) => isApart(k));
    const others = coder({ ...rows, values: rest }, point);
    if (kept.length === 0) return { received: others.received, bits: others.bits + SHORT };
    const halves = decode(encode(kept, [kept.length], { selection: 'all', values: 'float16' })).values;
    let next = 0;
    const received = others.received.map((value, k) => (isApart(k) ? halves[next++]! : value));
    return { received, bits: others.bits + sideBits + SHORT * kept.length };
  };

/** Median magnitude of each channel over all tokens. */
function channelSizes({ values, width }: Rows): Float64Array {
  return Float64Array.from({ length: width }, (_, channel) =>
    median(values.filter((__, k) => k % width === channel).map(Math.abs)),
  );
}

/** Channels of more than `times` the median size. */
export function outlierChannels(rows: Rows, times = 4): number[] {
  const sizes = channelSizes(rows);
  const limit = times * median(sizes);
  return Array.from(sizes.keys()).filter((channel) => sizes[channel]! > limit);
}

export function median(values: ArrayLike<number>): number {
  return Array.from(values).sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Outlier channels travel apart, the others rotated: what the codec's own setting does without the rotation. */
const outliers = (rows: Rows) => {
  const channels = new Set(outlierChannels(rows));
  return { isApart: (k: number) => channels.has(k % rows.width), sideBits: SHORT * (1 + channels.size) };
};

const firstToken = ({ width, sample }: Rows) => ({
  isApart: (k: number) => Math.floor(k / width) % sample === 0,
  sideBits: 0,
});

/** Channels divided by a power of their size, rounded to a power of two, whose exponent travels in 8 bits. */
const equalized =
  (power: number, coder: Coder = withSettings({})): Coder =>
  (rows, point) => {
    const sizes = channelSizes(rows);
    const middle = median(sizes);
    const gains = sizes.map((size) => 2 ** Math.round(power * Math.log2(Math.max(size / middle, 2 ** -16))));
    const scaled = (values: Float32Array, by: (gain: number) => number): Float32Array =>
      values.map((value, k) => value * by(gains[k % rows.width]!));
    const { received, bits } = coder({ ...rows, values: scaled(rows.values, (gain) => 1 / gain) }, point);
    return { received: scaled(received, (gain) => gain), bits: bits + 8 * rows.width };
  };

const plain = withSettings({});

/** By name; the first is the codec's default. */
export const coders: Readonly<Record<string, Coder>> = {
  'scale per token (default)': plain,
  'scale per tensor': withSettings({ scaleScope: 'tensor' }),
  'scale per sample': withSettings({ scaleScope: 'sample' }),
  'scale per channel': perChannel,
  'scale per 64 channels': withSettings({ scaleScope: 'group', groupSize: 64 }),
  Hadamard: hadamard(plain),
  'outlier channels apart': withSettings({ outlierThreshold: 4 }),
  'outlier channels apart, Hadamard': keptApart(outliers, hadamard(plain)),
  'first token apart, per tensor': keptApart(firstToken, withSettings({ scaleScope: 'tensor' })),
  'channels divided': equalized(1),
  'channels divided by square roots': equalized(0.5),
  'lossless small': withSettings({ lossless: 'small' }),
  'small, both over a sample': withSettings({ lossless: 'small', scaleScope: 'sample', selectionScope: 'sample' }),
  'small, outlier channels apart': withSettings({ lossless: 'small', outlierThreshold: 4 }),
  'small, outliers above 3': withSettings({ lossless: 'small', outlierThreshold: 3 }),
  'small, outliers above 6': withSettings({ lossless: 'small', outlierThreshold: 6 }),
  'small, divided by square roots': equalized(0.5, withSettings({ lossless: 'small' })),
};
