import { CodecError } from './errors.js';
import { contiguousGroups, keptCount, tokenWidth } from './layout.js';
import { type CounterKey, counterBits, counterKey, streams } from './random.js';
import type { CodecSettings } from './settings.js';
import { type Cut, selectTop } from './top-k.js';

const MAGNITUDE = 0x7fffffff;
const INFINITY_BITS = 0x7f800000;

/** Throws `CodecError` with the position of the first NaN or infinity. */
export function checkFinite(values: Float32Array): void {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length);
  let worst = 0;
  for (let i = 0; i < words.length; i++) {
    const magnitude = words[i]! & MAGNITUDE;
    if (magnitude > worst) worst = magnitude;
  }
  if (worst < INFINITY_BITS) return;
  const position = words.findIndex((word) => (word & MAGNITUDE) >= INFINITY_BITS);
  throw new CodecError('not-finite', `value ${position} is ${values[position]!}`, position);
}

/**
 * Marks the kept elements with 1 in `flags`, which arrives zeroed. Ties go to the lowest index. With `all` every element
 * is kept; `threshold` keeps |x| ≥ threshold.
 */
export function markKept(
  values: Float32Array,
  shape: readonly number[],
  settings: CodecSettings,
  flags: Int8Array,
): void {
  if (values.length === 0) return;
  const { selection, selectionScope, keptFraction } = settings;
  if (selection === 'all' || (selection === 'top-k' && keptFraction === 1)) {
    flags.fill(1);
    return;
  }
  if (selection === 'threshold') {
    for (let i = 0; i < values.length; i++) flags[i] = Math.abs(values[i]!) >= settings.threshold ? 1 : 0;
    return;
  }
  const words = new Int32Array(values.buffer, values.byteOffset, values.length);
  if (selectionScope === 'channel') {
    const stride = tokenWidth(shape);
    const size = values.length / stride;
    const mark = groupMarker(settings, size);
    for (let channel = 0; channel < stride; channel++) mark(words, flags, channel, stride, size);
    return;
  }
  const groups = contiguousGroups(shape, selectionScope);
  const mark = groupMarker(settings, groups.size);
  for (let group = 0; group < groups.count; group++) mark(words, flags, group * groups.size, 1, groups.size);
}

type GroupMarker = (words: Int32Array, flags: Int8Array, start: number, stride: number, size: number) => void;

function groupMarker(settings: CodecSettings, largest: number): GroupMarker {
  const keys = new Int32Array(largest);
  const scratch = new Int32Array(largest);
  if (settings.selection === 'random-top-k') return randomMarker(settings, keys, scratch);
  return (words, flags, start, stride, size) => {
    const k = keptCount(size, settings.keptFraction);
    loadKeys(words, start, stride, size, keys);
    const cut = selectTop(keys, 0, size, k, scratch);
    if (stride === 1) markContiguous(keys, flags, start, size, cut);
    else markStrided(keys, flags, start, stride, size, cut);
  };
}

function loadKeys(words: Int32Array, start: number, stride: number, size: number, keys: Int32Array): void {
  if (stride === 1) for (let i = 0; i < size; i++) keys[i] = words[start + i]! & MAGNITUDE;
  else for (let i = 0, at = start; i < size; i++, at += stride) keys[i] = words[at]! & MAGNITUDE;
}

function markContiguous(keys: Int32Array, flags: Int8Array, start: number, size: number, cut: Cut): void {
  const { key } = cut;
  if (!cut.allTies) {
    markStrided(keys, flags, start, 1, size, cut);
    return;
  }
  for (let i = 0; i < size; i++) flags[start + i] = keys[i]! >= key ? 1 : 0;
}

function markStrided(
  keys: Int32Array,
  flags: Int8Array,
  start: number,
  stride: number,
  size: number,
  { key, ties }: Cut,
): void {
  let left = ties;
  for (let i = 0, at = start; i < size; i++, at += stride) {
    const own = keys[i]!;
    if (own > key || (own === key && left-- > 0)) flags[at] = 1;
  }
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
      let left = cut.ties;
      members = 0;
      for (let i = 0; i < size; i++) {
        if (inside[i] !== side) continue;
        const own = draw[members++]!;
        if (own > cut.key || (own === cut.key && left-- > 0)) flags[start + i * stride] = 1;
      }
    }
  };
}
