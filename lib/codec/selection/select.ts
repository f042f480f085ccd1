import { CodecError } from '../errors.js';
import { INFINITY_BITS, MAGNITUDE, wordsOf } from '../float-bits.js';
import { contiguousGroups, keptCount, tokenWidth } from '../layout.js';
import { type CounterKey, counterBits, counterKey, streams } from '../random.js';
import type { CodecSettings } from '../settings.js';
import { LARGEST_GUESSED_GROUP, topOfManyGroups } from './neighbouring-cuts.js';
import { appendTopBySample } from './sampled-cut.js';
import { appendWithTies, selectTop } from './top-k.js';

/** Throws `CodecError` with the position of the first NaN or infinity, if there is one. */
export function checkFinite(values: Float32Array): void {
  const words = wordsOf(values);
  let worst = 0;
  for (let i = 0; i < words.length; i++) {
    const magnitude = words[i]! & MAGNITUDE;
    worst = magnitude > worst ? magnitude : worst;
  }
  if (worst < INFINITY_BITS) return;
  const position = words.findIndex((word) => (word & MAGNITUDE) >= INFINITY_BITS);
  throw new CodecError('not-finite', `value ${position} is ${values[position]!}`, position);
}

/**
 * Positions of the kept elements, ascending. Ties go to the lowest position. `all` keeps everything, `threshold` keeps
 * |x| ≥ threshold. Throws `not-finite` with the position of the first NaN or infinity.
 */
export function keptPositions(values: Float32Array, shape: readonly number[], settings: CodecSettings): Int32Array {
  const { selection, selectionScope, keptFraction } = settings;
  if (selection !== 'top-k' || keptFraction === 1 || selectionScope === 'channel' || values.length === 0) {
    checkFinite(values);
  }
  if (values.length === 0) return new Int32Array(0);
  if (selection === 'all' || (selection === 'top-k' && keptFraction === 1)) {
    return Int32Array.from(values.keys());
  }
  if (selection === 'threshold') return aboveThreshold(values, settings.threshold);
  if (selection === 'random-top-k' || selectionScope === 'channel') {
    return flaggedPositions(values, shape, settings);
  }
  return topPositions(values, shape, settings, selectionScope);
}

function aboveThreshold(values: Float32Array, threshold: number): Int32Array {
  const kept = new Int32Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (Math.abs(values[i]!) >= threshold) kept[count++] = i;
  }
  return kept.subarray(0, count);
}

/** Top-K over consecutive groups. */
function topPositions(
  values: Float32Array,
  shape: readonly number[],
  settings: CodecSettings,
  scope: 'tensor' | 'sample' | 'token',
): Int32Array {
  const words = wordsOf(values);
  const { size, count: groups } = contiguousGroups(shape, scope);
  const k = keptCount(size, settings.keptFraction);
  // One place more: the loops below write before they know whether to keep.
  const kept = new Int32Array(k * groups + 1);
  let count = 0;
  if (size <= LARGEST_GUESSED_GROUP && groups > 1) {
    count = topOfManyGroups(values, size, k, kept);
  } else {
    for (let start = 0; start < words.length && count >= 0; start += size) {
      count =
        appendTopBySample(words, start, start + size, k, kept, count) ??
        appendTop(words, start, start + size, k, kept, count);
    }
  }
  if (count < 0) checkFinite(values);
  return kept.subarray(0, count);
}

/** Appends the positions of the `k` largest, ascending; returns the new count, −1 when some word is that of an infinity or NaN. */
function appendTop(words: Int32Array, start: number, end: number, k: number, kept: Int32Array, count: number): number {
  const cut = selectTop(words, start, end, k, new Int32Array(end - start + 1));
  if (cut.nonFinite) return -1;
  return cut.allTies
    ? appendFrom(words, start, end, cut.key, kept, count)
    : appendWithTies(words, start, end, cut, kept, count);
}

function appendFrom(
  words: Int32Array,
  start: number,
  end: number,
  key: number,
  kept: Int32Array,
  count: number,
): number {
  let next = count;
  const below = key - 1;
  for (let i = start; i < end; i++) {
    kept[next] = i;
    next += (below - (words[i]! & MAGNITUDE)) >>> 31;
  }
  return next;
}

/** Selections that do not come in ascending order: marks first, positions afterwards. */
function flaggedPositions(values: Float32Array, shape: readonly number[], settings: CodecSettings): Int32Array {
  const words = wordsOf(values);
  const flags = new Uint8Array(values.length);
  if (settings.selectionScope === 'channel') {
    const stride = tokenWidth(shape);
    const size = values.length / stride;
    const mark = groupMarker(settings, size);
    for (let channel = 0; channel < stride; channel++) mark(words, flags, channel, stride, size);
  } else {
    const groups = contiguousGroups(shape, settings.selectionScope);
    const mark = groupMarker(settings, groups.size);
    for (let group = 0; group < groups.count; group++) mark(words, flags, group * groups.size, 1, groups.size);
  }
  const kept = new Int32Array(values.length + 1);
  let count = 0;
  for (let i = 0; i < flags.length; i++) {
    kept[count] = i;
    count += flags[i]!;
  }
  return kept.slice(0, count);
}

type GroupMarker = (words: Int32Array, flags: Uint8Array, start: number, stride: number, size: number) => void;

function groupMarker(settings: CodecSettings, largest: number): GroupMarker {
  const keys = new Int32Array(largest);
  const scratch = new Int32Array(largest + 1);
  if (settings.selection === 'random-top-k') return randomMarker(settings, keys, scratch);
  return (words, flags, start, stride, size) => {
    loadKeys(words, start, stride, size, keys);
    const { key, ties } = selectTop(keys, 0, size, keptCount(size, settings.keptFraction), scratch);
    let left = ties;
    for (let i = 0, at = start; i < size; i++, at += stride) {
      if (keys[i]! > key || (keys[i] === key && left-- > 0)) flags[at] = 1;
    }
  };
}

function loadKeys(words: Int32Array, start: number, stride: number, size: number, keys: Int32Array): void {
  for (let i = 0, at = start; i < size; i++, at += stride) keys[i] = words[at]! & MAGNITUDE;
}

/**
 * RandTopk (Zheng et al. 2023, arXiv 2305.18469): each of the k places goes with probability α to an element outside the
 * Top-K, else to one inside, each side drawn without replacement. Drawing m without replacement is keeping the m largest
 * of independent random words.
 */
function randomMarker(settings: CodecSettings, keys: Int32Array, scratch: Int32Array): GroupMarker {
  const outsideKey = counterKey(settings.seed, streams.outsideCount);
  const insideKeys = counterKey(settings.seed, streams.keepInside);
  const outsideKeys = counterKey(settings.seed, streams.keepOutside);
  const inside = new Uint8Array(keys.length);
  const draw = new Int32Array(keys.length);
  return (words, flags, start, stride, size) => {
    const k = keptCount(size, settings.keptFraction);
    loadKeys(words, start, stride, size, keys);
    const { key, ties } = selectTop(keys, 0, size, k, scratch);
    let left = ties;
    for (let i = 0; i < size; i++) inside[i] = keys[i]! > key || (keys[i] === key && left-- > 0) ? 1 : 0;
    let outside = 0;
    for (let place = 0; place < k; place++) {
      const at = start + place * stride;
      if ((counterBits(outsideKey, at) >>> 0) * 2 ** -32 < settings.randomFraction) outside++;
    }
    outside = Math.min(outside, size - k);
    drawSide(1, k - outside, insideKeys);
    drawSide(0, outside, outsideKeys);

    function drawSide(side: 0 | 1, count: number, random: CounterKey): void {
      if (count === 0) return;
      let members = 0;
      for (let i = 0; i < size; i++) {
        if (inside[i] === side) draw[members++] = counterBits(random, start + i * stride) & MAGNITUDE;
      }
      const cut = selectTop(draw, 0, members, count, scratch);
      let tiesLeft = cut.ties;
      members = 0;
      for (let i = 0; i < size; i++) {
        if (inside[i] !== side) continue;
        const own = draw[members++]!;
        if (own > cut.key || (own === cut.key && tiesLeft-- > 0)) flags[start + i * stride] = 1;
      }
    }
  };
}
