/**
 * Exact selection of the k largest by radix histogram on unsigned 31-bit keys: O(n), no sort. Keys are the magnitude
 * bits of float32 values, whose order as integers is the order of the magnitudes, or random words.
 */

const SMALL = 1024;
const smallHistogram = new Int32Array(256);
const largeHistogram = new Int32Array(4096);

/** Keys above `key` are in, and of those equal to it the first `ties` in order. */
export interface Cut {
  readonly key: number;
  readonly ties: number;
  /** True when every key equal to `key` is in, so that `>= key` decides. */
  readonly allTies: boolean;
}

/** The cut that selects exactly `k` of `keys[start … end)`, 1 ≤ k ≤ end − start, with `scratch` at least as long. */
export function selectTop(keys: Int32Array, start: number, end: number, k: number, scratch: Int32Array): Cut {
  return end - start <= SMALL ? selectSmall(keys, start, end, k, scratch) : selectLarge(keys, start, end, k, scratch);
}

/** Few keys: 256 buckets of a sixteenth of an octave of float32 magnitude, counted down from the largest key. */
function selectSmall(keys: Int32Array, start: number, end: number, k: number, scratch: Int32Array): Cut {
  const shift = 20;
  let largest = 0;
  for (let i = start; i < end; i++) {
    const key = keys[i]!;
    if (key > largest) largest = key;
  }
  const top = (largest >>> shift) - 255;
  smallHistogram.fill(0);
  for (let i = start; i < end; i++) {
    const bucket = (keys[i]! >>> shift) - top;
    const slot = bucket > 0 ? bucket : 0;
    smallHistogram[slot] = smallHistogram[slot]! + 1;
  }
  let bucket = 255;
  let above = 0;
  while (above + smallHistogram[bucket]! < k) above += smallHistogram[bucket--]!;
  let count = 0;
  for (let i = start; i < end; i++) {
    const own = (keys[i]! >>> shift) - top;
    scratch[count] = keys[i]!;
    count += (own > 0 ? own : 0) === bucket ? 1 : 0;
  }
  return finish(scratch, count, k - above);
}

/** Many keys: 4096 buckets on the top bits, then again on the candidates of the bucket in which the cut falls. */
function selectLarge(keys: Int32Array, start: number, end: number, k: number, scratch: Int32Array): Cut {
  let count = narrow(keys, start, end, 19, k, scratch);
  let wanted = k - narrowAbove;
  for (const shift of [7, 0]) {
    if (count <= SMALL) break;
    count = narrow(scratch, 0, count, shift, wanted, scratch);
    wanted -= narrowAbove;
  }
  if (count > SMALL) {
    // All bits are used up: the candidates are equal.
    return { key: scratch[0]!, ties: wanted, allTies: wanted === count };
  }
  return finish(scratch, count, wanted);
}

let narrowAbove = 0;

/** Copies the keys of the decisive bucket to `target` and returns how many; `narrowAbove` tells how many lie above it. */
function narrow(keys: Int32Array, start: number, end: number, shift: number, k: number, target: Int32Array): number {
  largeHistogram.fill(0);
  for (let i = start; i < end; i++) {
    const slot = (keys[i]! >>> shift) & 4095;
    largeHistogram[slot] = largeHistogram[slot]! + 1;
  }
  let bucket = 4095;
  let above = 0;
  while (above + largeHistogram[bucket]! < k) above += largeHistogram[bucket--]!;
  let count = 0;
  for (let i = start; i < end; i++) {
    const key = keys[i]!;
    if (((key >>> shift) & 4095) === bucket) target[count++] = key;
  }
  narrowAbove = above;
  return count;
}

/** The `wanted`-th largest of few candidates, by partitioning in place around the middle of three. */
function finish(candidates: Int32Array, count: number, wanted: number): Cut {
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
  return { key, ties: wanted - above, allTies: wanted - above === equal };
}

function middle(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
