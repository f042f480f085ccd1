import type { ByteReader, ByteWriter } from './entropy/bytes.js';
import { CodecError } from './errors.js';
import { wordsOf } from './float-bits.js';
import { tokenWidth } from './layout.js';
import { checkFinite } from './selection/select.js';

/** Channels that travel apart from the others, whole. */
export interface OutlierChannels {
  /** Ascending positions on the last axis. */
  readonly channels: Int32Array;
  /** Their values as bfloat16, token by token. */
  readonly words: Uint16Array;
}

/** Of so many channels one at most is kept apart: a bit a value is what they all cost together. */
const CHANNELS_PER_OUTLIER = 16;
const INFINITY_WORD = 0x7f80;

/** Tokens by which a channel's size is judged, evenly spread. */
const JUDGED_TOKENS = 64;

/**
 * Channels whose size is above `threshold` times the median channel's, the largest where they are too many. Size is the median
 * magnitude over tokens, so that one token of a huge norm counts as any other. None of a single token, or where most are zero.
 */
function findOutliers(values: Float32Array, shape: readonly number[], threshold: number): Int32Array {
  const width = tokenWidth(shape);
  const most = Math.floor(width / CHANNELS_PER_OUTLIER);
  if (most === 0 || values.length <= width) return new Int32Array(0);
  const sizes = channelSizes(values, width);
  const limit = threshold * middle(sizes.slice());
  if (limit === 0) return new Int32Array(0);
  const found = Array.from(sizes.keys()).filter((channel) => sizes[channel]! > limit);
  // The sort is stable: of equal ones the lower stays.
  const largest = found.sort((a, b) => sizes[b]! - sizes[a]!).slice(0, most);
  return Int32Array.from(largest).sort();
}

function channelSizes(values: Float32Array, width: number): Float32Array {
  const tokens = values.length / width;
  const judged = Math.min(tokens, JUDGED_TOKENS);
  const magnitudes = new Float32Array(judged);
  return Float32Array.from({ length: width }, (_, channel) => {
    for (let k = 0; k < judged; k++)
      magnitudes[k] = Math.abs(values[Math.floor((k * tokens) / judged) * width + channel]!);
    return middle(magnitudes);
  });
}

/** The median, the upper one of an even number; sorts its argument. */
function middle(values: Float32Array): number {
  return values.sort()[values.length >> 1]!;
}

/** The values without their outlier channels, which are zero there, and these. Throws `CodecError` of what is not finite. */
export function splitOutliers(
  values: Float32Array,
  shape: readonly number[],
  threshold: number,
): { readonly rest: Float32Array; readonly outliers: OutlierChannels } {
  checkFinite(values);
  const channels = findOutliers(values, shape, threshold);
  const width = tokenWidth(shape);
  const rest = values.slice();
  const bits = wordsOf(values);
  const words = new Uint16Array(channels.length === 0 ? 0 : (values.length / width) * channels.length);
  for (let start = 0, next = 0; next < words.length; start += width) {
    for (const channel of channels) {
      words[next++] = toBfloat16(bits[start + channel]!);
      rest[start + channel] = 0;
    }
  }
  return { rest, outliers: { channels, words } };
}

/** Nearest, ties to even; what would be infinite is the largest number. */
function toBfloat16(word: number): number {
  const rounded = ((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) & 0xffff;
  return (rounded & INFINITY_WORD) === INFINITY_WORD ? rounded - 1 : rounded;
}

/** Puts outlier channels where they belong. */
export function placeOutliers(values: Float32Array, width: number, { channels, words }: OutlierChannels): void {
  const bits = wordsOf(values);
  for (let start = 0, next = 0; next < words.length; start += width) {
    for (const channel of channels) bits[start + channel] = words[next++]! << 16;
  }
}

export function writeOutliers(out: ByteWriter, { channels, words }: OutlierChannels): void {
  out.varint(channels.length);
  let before = -1;
  for (const channel of channels) {
    out.varint(channel - before - 1);
    before = channel;
  }
  out.words(words, 0, words.length);
}

/** Reads what `writeOutliers` wrote of `tokens` tokens. Throws `CodecError`. */
export function readOutliers(input: ByteReader, tokens: number, width: number): OutlierChannels {
  const count = input.varint();
  if (count > width || (count > 0 && tokens === 0)) input.fail('more outlier channels than channels');
  if (input.remaining < count * (1 + 2 * tokens)) {
    throw new CodecError('truncated', 'the outlier channels end too early', input.end);
  }
  const channels = new Int32Array(count);
  for (let k = 0, before = -1; k < count; k++) {
    before += input.varint() + 1;
    if (before >= width) input.fail('an outlier channel that the tensor does not have');
    channels[k] = before;
  }
  const words = new Uint16Array(count * tokens);
  for (let k = 0; k < words.length; k++) {
    words[k] = input.uint16();
    if ((words[k]! & INFINITY_WORD) === INFINITY_WORD) input.fail('an outlier that is not finite');
  }
  return { channels, words };
}
