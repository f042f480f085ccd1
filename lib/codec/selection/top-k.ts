import { INFINITY_BITS, MAGNITUDE } from '../float-bits.js';

/**
 * Exact selection of the k largest by radix histogram on 31-bit keys: O(n), no sort. Keys are the lower 31 bits of the
 * words: the magnitude bits of float32 values, whose order as integers is the order of the magnitudes, or random bits.
 */

const SMALL = 1024;
const smallHistogram = new Int32Array(256);
const largeHistogram = new Int32Array(4096);

/** Keys above `key` are in, and of those equal to it the first `ties` in order. */
export interface Cut {
  readonly key: number;
  readonly ties: number;
  /** True when every key equal to `key` is in, so that `≥ key` decides. */
  readonly allTies: boolean;
  /** Whether some key is that of an infinity or NaN. */
  readonly nonFinite: boolean;
}

/** The cut that selects exactly `k` of `words[start … end)`, 1 ≤ k ≤ end − start, with `scratch` at least as long. */
export function selectTop(words: Int32Array, start: number, end: number, k: number, scratch: Int32Array): Cut {
  return end - start <= SMALL ? selectSmall(words, start, end, k, scratch) : selectLarge(words, start, end, k, scratch);
}

/** Few keys: 256 buckets of an eighth of an octave of float32 magnitude, counted down from the largest key. */
function selectSmall(words: Int32Array, start: number, end: number, k: number, scratch: Int32Array): Cut {
  const histogram = smallHistogram;
  let largest = 0;
  for (let i = start; i < end; i++) {
    const key = words[i]! & MAGNITUDE;
    largest = key > largest ? key : largest;
  }
  const top = (largest >>> 20) - 255;
  histogram.fill(0);
  for (let i = start; i < end; i++) {
    const bucket = ((words[i]! & MAGNITUDE) >>> 20) - top;
    const slot = bucket & ~(bucket >> 31);
    histogram[slot] = histogram[slot]! + 1;
  }
  let bucket = 255;
  let above = 0;
  while (above + histogram[bucket]! < k) above += histogram[bucket--]!;
  let count = 0;
  if (bucket === 0) {
    for (let i = start; i < end; i++) {
      const key = words[i]! & MAGNITUDE;
      if ((key >>> 20) - top <= 0) scratch[count++] = key;
    }
  } else {
    const wanted = bucket + top;
    for (let i = start; i < end; i++) {
      const key = words[i]! & MAGNITUDE;
      scratch[count] = key;
      // One where the bucket is the wanted one, without a branch.
      count += (((key >>> 20) ^ wanted) - 1) >>> 31;
    }
  }
  return selectAmongFew(scratch, count, k - above, largest >= INFINITY_BITS);
}

/** Many keys: 4096 buckets on the top bits, then again on the candidates of the bucket in which the cut falls. */
function selectLarge(words: Int32Array, start: number, end: number, k: number, scratch: Int32Array): Cut {
  let { count, above } = narrow(words, start, end, 19, k, scratch);
  let nonFinite = false;
  for (let bucket = INFINITY_BITS >>> 19; bucket < 4096; bucket++) nonFinite ||= largeHistogram[bucket]! > 0;
  let wanted = k - above;
  for (const shift of [7, 0]) {
    if (count <= SMALL) break;
    ({ count, above } = narrow(scratch, 0, count, shift, wanted, scratch));
    wanted -= above;
  }
  if (count <= SMALL) return selectAmongFew(scratch, count, wanted, nonFinite);
  // All bits are used up: the candidates are equal.
  return { key: scratch[0]!, ties: wanted, allTies: wanted === count, nonFinite };
}

/** Copies the keys of the decisive bucket to `target`; tells how many, and how many keys lie above the bucket. */
function narrow(
  words: Int32Array,
  start: number,
  end: number,
  shift: number,
  k: number,
  target: Int32Array,
): { count: number; above: number } {
  const histogram = largeHistogram;
  histogram.fill(0);
  for (let i = start; i < end; i++) {
    const slot = ((words[i]! & MAGNITUDE) >>> shift) & 4095;
    histogram[slot] = histogram[slot]! + 1;
  }
  let bucket = 4095;
  let above = 0;
  while (above + histogram[bucket]! < k) above += histogram[bucket--]!;
  let count = 0;
  for (let i = start; i < end; i++) {
    const key = words[i]! & MAGNITUDE;
    if (((key >>> shift) & 4095) === bucket) target[count++] = key;
  }
  return { count, above };
}

/** The cut that selects the `wanted` largest of a few keys, by partitioning them in place around the middle of three. */
export function selectAmongFew(candidates: Int32Array, count: number, wanted: number, nonFinite: boolean): Cut {
  let low = 0;
  let high = count - 1;
  const target = wanted - 1;
  while (low < high) {
    const pivot = middle(candidates[low]!, candidates[(low + high) >> 1]!, candidates[high]!);
    let i = low;
    let j = high;
    while (i <= j) {
      while (candidates[i]! > pivot) i++;
      while (candidates[j]! < pivot) j--;
      if (i > j) break;
      const swap = candidates[i]!;
      candidates[i++] = candidates[j]!;
      candidates[j--] = swap;
    }
    if (target <= j) high = j;
    else if (target >= i) low = i;
    else break;
  }
  const key = candidates[target]!;
  let above = 0;
  let equal = 0;
  for (let i = 0; i < count; i++) {
    above += candidates[i]! > key ? 1 : 0;
    equal += candidates[i] === key ? 1 : 0;
  }
  return { key, ties: wanted - above, allTies: wanted - above === equal, nonFinite };
}

function middle(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/** Appends the positions above a cut, and the first ones at it, ascending; returns the new count. */
export function appendWithTies(
  words: Int32Array,
  start: number,
  end: number,
  { key, ties }: Cut,
  kept: Int32Array,
  count: number,
): number {
  let next = count;
  let left = ties;
  for (let i = start; i < end; i++) {
    const own = words[i]! & MAGNITUDE;
    if (own > key || (own === key && left-- > 0)) kept[next++] = i;
  }
  return next;
}
