import type { Budget } from '../../solver/index.js';

/** Propagates bounds in place; false if nothing is left. */
type Tighten = (lower: Float64Array, upper: Float64Array) => boolean;

/** More binaries than this are not probed: each costs two propagations. */
const mostProbed = 300;
const mostRounds = 3;

/**
 * Probing (Savelsbergh 1994): every integer variable with two values left is put on each of them in turn and bounds are
 * propagated. A value that leaves nothing is ruled out, and ranges that neither value leaves are cut from the others. False
 * if no value is left of some variable. Narrows `lower` and `upper` in place.
 */
export function probe(
  integerVariables: ArrayLike<number> & Iterable<number>,
  lower: Float64Array,
  upper: Float64Array,
  budget: Budget,
  tighten: Tighten,
): boolean {
  for (let round = 0; round < mostRounds; round++) {
    let changed = false;
    let probed = 0;
    for (const j of integerVariables) {
      if (upper[j]! - lower[j]! !== 1) continue;
      if (++probed > mostProbed || budget.exhausted(0, 0) !== undefined) return true;
      const [below, above] = [lower.slice(), upper.slice()];
      above[j] = lower[j]!;
      const isLow = tighten(below, above);
      const [from, to] = [lower.slice(), upper.slice()];
      from[j] = upper[j]!;
      const isHigh = tighten(from, to);
      if (!isLow && !isHigh) return false;
      const unite = (first: number, second: number, most: typeof Math.min): number =>
        isLow ? (isHigh ? most(first, second) : first) : second;
      for (let k = 0; k < lower.length; k++) {
        const low = unite(below[k]!, from[k]!, Math.min);
        const high = unite(above[k]!, to[k]!, Math.max);
        if (low > lower[k]! || high < upper[k]!) changed = true;
        lower[k] = Math.max(lower[k]!, low);
        upper[k] = Math.min(upper[k]!, high);
      }
    }
    if (!changed) return true;
  }
  return true;
}
