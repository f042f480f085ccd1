import type { CompiledAllocation } from './compile.js';
import { reciprocalForValue, rowValue, steepestSlope } from './delay-rows.js';

/** Takes from each device the bandwidth that the thresholds its companions set do not need; `reciprocal` is changed. */
export function trimShares(
  compiled: CompiledAllocation,
  reciprocal: Float64Array,
): { readonly reciprocal: Float64Array; readonly bandwidthUse: number; readonly thresholds: Float64Array } {
  const { count, rows, greatestReciprocal, rowWeights } = compiled;
  const perDevice = rowWeights.length;
  const thresholds = new Float64Array(perDevice);
  for (let n = 0; n < count; n++) {
    for (let r = 0; r < perDevice; r++) {
      const row = n * perDevice + r;
      const sending = steepestSlope(rows, row) > 0 ? rowValue(rows, row, reciprocal[n]!) : 0;
      thresholds[r] = Math.max(thresholds[r]!, rows.floor[row]! + sending);
    }
  }
  let bandwidthUse = 0;
  for (let n = 0; n < count; n++) {
    let w = greatestReciprocal[n]!;
    for (let r = 0; r < perDevice; r++) {
      const row = n * perDevice + r;
      if (steepestSlope(rows, row) === 0) continue;
      const enough = reciprocalForValue(rows, row, thresholds[r]! - rows.floor[row]!, reciprocal[n]!);
      w = Math.min(w, enough);
    }
    reciprocal[n] = Math.max(w, reciprocal[n]!);
    bandwidthUse += 1 / reciprocal[n]!;
  }
  return { reciprocal, bandwidthUse, thresholds };
}
