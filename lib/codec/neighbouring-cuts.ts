import * as topK from './top-k.js';

// The engine looks imported names up at every use, within loops too; it knows the constants of a module.
const { MAGNITUDE, appendWithTies, selectAmongFew, selectTop, wordsOf } = topK;

/**
 * Top-K over many small groups of consecutive elements. The cut of a group lies about as far from its mean magnitude as the
 * cuts of the groups before from theirs, so one pass gathers what lies above a lower guess, a little more than k elements; a
 * histogram between the guesses then finds the cut among them. Where a guess fails, the general selection takes over: the
 * result is the same.
 *
 * Keys are the magnitude bits of float32 values. The scratch arrays are constants of the module because the engine then
 * knows their addresses: the loops below are twice as fast as with arrays that are passed in.
 */

/** Groups up to this size are cut with a guess. */
export const LARGEST_GUESSED_GROUP = 4096;

const positions = new Int32Array(LARGEST_GUESSED_GROUP + 8);
const keys = new Int32Array(LARGEST_GUESSED_GROUP + 8);
const few = new Int32Array(LARGEST_GUESSED_GROUP + 8);

/** Buckets between the guesses, and buckets over which keys above the upper guess are spread. */
const BUCKETS = 48;
const SPREAD = 16;
const buckets = new Int32Array(BUCKETS + SPREAD);

/** First margin around the guess: half an octave. */
const FIRST_MARGIN = 4 << 20;
/** Unlike groups may not make it wider than an octave. */
const MOST_MARGIN = 8 << 20;
/** Margins are this many times the mean distance of a cut from its guess. */
const MARGIN_FACTOR = 4;
const LEAST_MARGIN = 1 << 16;

/**
 * Puts the positions of the `k` largest of each group of `size` words into `kept` (one place longer than all of them), in
 * ascending order, ties to the lowest position. Returns how many, or −1 when some word is that of an infinity or NaN.
 */
export function topOfManyGroups(values: Float32Array, size: number, k: number, kept: Int32Array): number {
  const words = wordsOf(values);
  // How far cuts lie above the mean magnitude of their group, in keys.
  let offset = 0;
  let distance = FIRST_MARGIN / MARGIN_FACTOR;
  let count = 0;
  let signs = 0;
  for (let start = 0; start < words.length; start += size) {
    const margin = Math.max(LEAST_MARGIN, Math.min(MOST_MARGIN, distance * MARGIN_FACTOR)) | 0;
    const mean = meanKey(values, start, start + size);
    const guess = (mean + offset) | 0;
    const low = Math.max(0, guess - margin) | 0;
    // The zone from guess − margin to guess + margin, in at most 48 buckets.
    const shift = Math.max(0, 27 - Math.clz32((4 * margin) / 3)) | 0;
    const candidates = start === 0 ? 0 : gather(words, start, start + size, low);
    let cut = -1;
    if (candidates >= k) {
      signs |= fillBuckets(candidates, low, shift);
      cut = findCut(candidates, candidates - k, low, shift);
    }
    if (cut >= 0) {
      count = append(candidates, cut, kept, count);
    } else {
      const general = selectTop(words, start, start + size, k, few);
      if (general.nonFinite) return -1;
      cut = general.key;
      count = appendWithTies(words, start, start + size, general, kept, count);
    }
    const difference = start === 0 ? 0 : cut - guess;
    offset = start === 0 ? cut - mean : (offset + (difference >> 3)) | 0;
    if (start > 0) distance = (distance + ((Math.abs(difference) - distance) >> 3)) | 0;
  }
  return signs < 0 ? -1 : count;
}

const floatView = new Float32Array(1);
const wordView = new Int32Array(floatView.buffer);

/** Key of the mean magnitude of every other value: that of an infinity or NaN where one of them is not finite. */
function meanKey(values: Float32Array, start: number, end: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = start; i < end - 7; i += 8) {
    a += Math.abs(values[i]!);
    b += Math.abs(values[i + 2]!);
    c += Math.abs(values[i + 4]!);
    d += Math.abs(values[i + 6]!);
  }
  floatView[0] = (2 * (a + b + (c + d))) / (end - start);
  return wordView[0]!;
}

/** Puts positions and keys of the words from `low` on into the scratch arrays; returns how many. */
function gather(words: Int32Array, start: number, end: number, low: number): number {
  const below = (low - 1) | 0;
  let count = 0;
  let i = start;
  // Written out because a loop of eight costs the engine less than eight loops; each writes before it knows whether to keep.
  for (const whole = end - 7; i < whole; i += 8) {
    const a = words[i]! & MAGNITUDE;
    const b = words[i + 1]! & MAGNITUDE;
    const c = words[i + 2]! & MAGNITUDE;
    const d = words[i + 3]! & MAGNITUDE;
    const e = words[i + 4]! & MAGNITUDE;
    const f = words[i + 5]! & MAGNITUDE;
    const g = words[i + 6]! & MAGNITUDE;
    const h = words[i + 7]! & MAGNITUDE;
    keys[count] = a;
    positions[count] = i;
    count = (count + ((below - a) >>> 31)) | 0;
    keys[count] = b;
    positions[count] = i + 1;
    count = (count + ((below - b) >>> 31)) | 0;
    keys[count] = c;
    positions[count] = i + 2;
    count = (count + ((below - c) >>> 31)) | 0;
    keys[count] = d;
    positions[count] = i + 3;
    count = (count + ((below - d) >>> 31)) | 0;
    keys[count] = e;
    positions[count] = i + 4;
    count = (count + ((below - e) >>> 31)) | 0;
    keys[count] = f;
    positions[count] = i + 5;
    count = (count + ((below - f) >>> 31)) | 0;
    keys[count] = g;
    positions[count] = i + 6;
    count = (count + ((below - g) >>> 31)) | 0;
    keys[count] = h;
    positions[count] = i + 7;
    count = (count + ((below - h) >>> 31)) | 0;
  }
  for (; i < end; i++) {
    const key = words[i]! & MAGNITUDE;
    keys[count] = key;
    positions[count] = i;
    count = (count + ((below - key) >>> 31)) | 0;
  }
  return count;
}

/** Counts the candidates by bucket above `low`; the result is negative when one of them is infinite or NaN. */
function fillBuckets(candidates: number, low: number, shift: number): number {
  buckets.fill(0);
  let signs = 0;
  for (let j = 0; j < candidates; j++) {
    const key = keys[j]!;
    signs |= key + 0x00800000;
    // The lesser of the key's bucket and one of those for keys above the zone: in turn, so that they do not wait for one another.
    const last = BUCKETS + (j & (SPREAD - 1));
    const beyond = ((key - low) >> shift) - last;
    const bucket = last + (beyond & (beyond >> 31));
    buckets[bucket] = buckets[bucket]! + 1;
  }
  return signs;
}

/** The key that exactly `drop` of the candidates lie below, or −1 when there is none within the buckets. */
function findCut(candidates: number, drop: number, low: number, shift: number): number {
  let bucket = 0;
  let passed = 0;
  while (bucket < BUCKETS && passed + buckets[bucket]! <= drop) passed += buckets[bucket++]!;
  if (passed === drop) return low + (bucket << shift);
  if (bucket === BUCKETS) return -1;
  let members = 0;
  for (let j = 0; j < candidates; j++) {
    const key = keys[j]!;
    few[members] = key;
    // One where the bucket is the decisive one.
    members = (members + (((((key - low) >> shift) ^ bucket) - 1) >>> 31)) | 0;
  }
  const { key, allTies } = selectAmongFew(few, members, members - (drop - passed), false);
  return allTies ? key : -1;
}

/** Appends the positions of the candidates from `cut` on. */
function append(candidates: number, cut: number, kept: Int32Array, count: number): number {
  const below = (cut - 1) | 0;
  const whole = candidates & ~3;
  let next = count | 0;
  for (let j = 0; j < whole; j += 4) {
    kept[next] = positions[j]!;
    next = (next + ((below - keys[j]!) >>> 31)) | 0;
    kept[next] = positions[j + 1]!;
    next = (next + ((below - keys[j + 1]!) >>> 31)) | 0;
    kept[next] = positions[j + 2]!;
    next = (next + ((below - keys[j + 2]!) >>> 31)) | 0;
    kept[next] = positions[j + 3]!;
    next = (next + ((below - keys[j + 3]!) >>> 31)) | 0;
  }
  for (let j = whole; j < candidates; j++) {
    kept[next] = positions[j]!;
    next = (next + ((below - keys[j]!) >>> 31)) | 0;
  }
  return next;
}
