import { MAGNITUDE } from '../float-bits.js';

/**
 * Elements above a guess of a cut, gathered before the cut is known, and a histogram of their keys between two guesses that
 * finds it. The scratch arrays are kept by the module; loops hold them in locals.
 */

/** Elements that `gather` takes at a time at most. */
export const MOST_CANDIDATES = 4096;

/** Positions and keys of the candidates. */
const positionSpace = new Int32Array(MOST_CANDIDATES + 8);
const keySpace = new Int32Array(MOST_CANDIDATES + 8);

/** Buckets between the guesses, and buckets over which keys above the upper guess are spread. */
export const BUCKETS = 48;
const SPREAD = 16;
const bucketSpace = new Int32Array(BUCKETS + SPREAD);

/** For the loops of other modules. */
export const candidateSpace = { positions: positionSpace, keys: keySpace, buckets: bucketSpace };

/** Puts positions and keys of the words from `low` on into the scratch arrays; returns how many. */
export function gather(words: Int32Array, start: number, end: number, low: number): number {
  const keys = keySpace;
  const positions = positionSpace;
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

/** Adds the candidates to the buckets above `low`; the result is negative when one of them is infinite or NaN. */
export function fillBuckets(candidates: number, low: number, shift: number): number {
  const keys = keySpace;
  const buckets = bucketSpace;
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
