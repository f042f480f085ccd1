import type { NlpMeta } from '../problem/index.js';
import type { RandomStream } from '../random/index.js';

/**
 * A random start: half of the time uniform within the bounds (where both are finite and not absurdly far), else a normal
 * step from the given start whose size is drawn over two decades.
 */
export function randomStart(meta: NlpMeta, start: Float64Array, stream: RandomStream): Float64Array {
  const spread = stream.uniform() < 0.5;
  const size = 10 ** (2 * stream.uniform() - 1);
  return start.map((value, j) => {
    const low = meta.lower[j]!;
    const high = meta.upper[j]!;
    const boxed = spread && high - low < 1e4 * Math.max(1, Math.abs(value));
    const moved = boxed
      ? low + stream.uniform() * (high - low)
      : value + size * stream.normal() * Math.max(1, 0.3 * Math.abs(value));
    return Math.min(Math.max(moved, low), high);
  });
}
