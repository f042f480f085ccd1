import { BUCKETS, MOST_CANDIDATES, candidateSpace, fillBuckets, gather } from './candidates.js';
import { wordsOf } from '../float-bits.js';
import { appendWithTies, selectAmongFew, selectTop } from './top-k.js';

/**
 * Top-K over many small groups of consecutive elements. The cut of a group lies about as far from its mean magnitude as the
 * cuts of the groups before from theirs, so one pass gathers what lies above a lower guess, a little more than k elements; a
 * histogram between the guesses then finds the cut among them. Where a guess fails, the general selection takes over: the
 * result is the same. Keys are the magnitude bits of float32 values.
 */

/** Groups up to this size are cut with a guess. */
export const LARGEST_GUESSED_GROUP = MOST_CANDIDATES;

const fewSpace = new Int32Array(LARGEST_GUESSED_GROUP + 8);

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
      candidateSpace.buckets.fill(0);
      signs |= fillBuckets(candidates, low, shift);
      cut = findCut(candidates, candidates - k, low, shift);
    }
    if (cut >= 0) {
      count = append(candidates, cut, kept, count);
    } else {
      const general = selectTop(words, start, start + size, k, fewSpace);
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

/** The key that exactly `drop` of the candidates lie below, or −1 when there is none within the buckets. */
function findCut(candidates: number, drop: number, low: number, shift: number): number {
  const { buckets, keys } = candidateSpace;
  const few = fewSpace;
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
  const { keys, positions } = candidateSpace;
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
