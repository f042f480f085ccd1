import { BUCKETS, MOST_CANDIDATES, candidateSpace, fillBuckets, gather } from './candidates.js';
import { MAGNITUDE } from '../float-bits.js';
import { scratchKeys, scratchMembers, scratchPositions } from '../scratch.js';
import { selectAmongFew, selectTop } from './top-k.js';

/**
 * Top-K over one large group of consecutive elements: a sample tells between which keys the cut lies, one pass gathers what
 * is above the lower of them, and a histogram between the two finds the cut among that. Where the sample misleads, `undefined`
 * says so: then the general selection must take over. Keys are the magnitude bits of float32 values.
 */

/** Smaller groups are not worth a sample. */
const LEAST_SAMPLED_GROUP = 4096;

const MOST_SAMPLE = 4096;
const sample = new Int32Array(MOST_SAMPLE);
const sampleScratch = new Int32Array(MOST_SAMPLE + 1);

/** Elements of the sample of a group: one in sixteen. */
function sampleSize(size: number): number {
  return Math.min(MOST_SAMPLE, size >> 4);
}

/** Candidates that a sample that does not mislead leaves at most. */
function mostCandidates(size: number, k: number): number {
  const drawn = sampleSize(size);
  return Math.min(size, Math.ceil(k + 2 * rankMargin(drawn, k / size) * (size / drawn)) + MOST_CANDIDATES);
}

/** Ranks in a sample within which the rank of the cut lies: four standard deviations. */
function rankMargin(drawn: number, share: number): number {
  return Math.ceil(4 * Math.sqrt(drawn * share * (1 - share)) + 4);
}

/**
 * Appends the positions of the `k` largest of `words[start … end)` to `kept` (with one place more), ascending, ties to the
 * lowest position. Returns the new count; −1 when some word is that of an infinity or NaN; undefined when the group is too
 * small for a sample or the sample misleads.
 */
export function appendTopBySample(
  words: Int32Array,
  start: number,
  end: number,
  k: number,
  kept: Int32Array,
  count: number,
): number | undefined {
  if (end - start < LEAST_SAMPLED_GROUP) return undefined;
  const { buckets, keys, positions } = candidateSpace;
  const { low, high } = guesses(words, start, end, k);
  const most = mostCandidates(end - start, k);
  const candidates = scratchPositions(most);
  const candidateKeys = scratchKeys(most);
  const shift = Math.max(0, 32 - Math.clz32(Math.floor((high - low) / (BUCKETS - 1))));
  buckets.fill(0);
  let found = 0;
  let signs = 0;
  for (let block = start; block < end; block += MOST_CANDIDATES) {
    const own = gather(words, block, Math.min(block + MOST_CANDIDATES, end), low);
    if (found + own > most) return undefined;
    signs |= fillBuckets(own, low, shift);
    candidates.set(positions.subarray(0, own), found);
    candidateKeys.set(keys.subarray(0, own), found);
    found += own;
  }
  if (signs < 0) return -1;
  // So many of the candidates lie below the cut.
  const drop = found - k;
  if (drop < 0) return undefined;
  let bucket = 0;
  let passed = 0;
  while (bucket < BUCKETS && passed + buckets[bucket]! <= drop) passed += buckets[bucket++]!;
  if (bucket === BUCKETS) return undefined;
  const members = scratchMembers(found + 1);
  const inBucket = collectBucket(candidateKeys, found, low, shift, bucket, members);
  const { key, ties } = selectAmongFew(members, inBucket, inBucket - (drop - passed), false);
  return appendFrom(candidates, candidateKeys, found, key, ties, kept, count);
}

/** Keys between which the cut lies, unless the sample misleads. */
function guesses(words: Int32Array, start: number, end: number, k: number): { low: number; high: number } {
  const size = end - start;
  const drawn = sampleSize(size);
  const stride = Math.floor(size / drawn);
  for (let i = 0; i < drawn; i++) {
    // One of each stretch, at irregular distances: a period of the tensor must not be that of the sample.
    sample[i] = words[start + i * stride + ((Math.imul(i, 0x9e3779b1) >>> 16) % stride)]! & MAGNITUDE;
  }
  const share = k / size;
  const margin = rankMargin(drawn, share);
  const lowRank = Math.ceil(drawn * share) + margin;
  const highRank = Math.floor(drawn * share) - margin;
  const low = lowRank > drawn ? 0 : selectTop(sample, 0, drawn, lowRank, sampleScratch).key;
  const high = highRank < 1 ? MAGNITUDE : selectTop(sample, 0, drawn, highRank, sampleScratch).key;
  return { low, high };
}

/** Keys of the candidates in a bucket; returns how many. */
function collectBucket(
  candidateKeys: Int32Array,
  count: number,
  low: number,
  shift: number,
  bucket: number,
  members: Int32Array,
): number {
  let found = 0;
  for (let j = 0; j < count; j++) {
    const key = candidateKeys[j]!;
    members[found] = key;
    found = (found + (((((key - low) >> shift) ^ bucket) - 1) >>> 31)) | 0;
  }
  return found;
}

/** Appends the candidates above a key, and the first `ties` equal to it. */
function appendFrom(
  candidates: Int32Array,
  candidateKeys: Int32Array,
  found: number,
  key: number,
  ties: number,
  kept: Int32Array,
  count: number,
): number {
  let next = count;
  let left = ties;
  for (let j = 0; j < found; j++) {
    const own = candidateKeys[j]!;
    kept[next] = candidates[j]!;
    // Ties are rare: a branch that is foreseen costs less than doing without.
    if (own === key) next = (next + (left-- > 0 ? 1 : 0)) | 0;
    else next = (next + ((key - own) >>> 31)) | 0;
  }
  return next;
}
