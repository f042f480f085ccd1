import { excessRoot } from './excess-root.js';

/**
 * Least T with Σ V_n/(T − own_n) ≤ 1 and the shares V_n/(T − own_n): the whole server divided among devices whose bandwidths
 * stay. T is sought as an excess over the longest own delay, from which work that is tiny beside it does not cancel.
 */
export function divideServer(
  own: Float64Array,
  serverSeconds: Float64Array,
): { readonly delaySeconds: number; readonly serverShare: Float64Array; readonly serverUse: number } {
  const floor = own.reduce((most, delay) => Math.max(most, delay), 0);
  const target = {
    slope: 0,
    use(excess: number): number {
      let use = 0;
      target.slope = 0;
      for (let n = 0; n < own.length; n++) {
        if (serverSeconds[n] === 0) continue;
        const left = floor - own[n]! + excess;
        use += serverSeconds[n]! / left;
        target.slope -= serverSeconds[n]! / left / left;
      }
      return use;
    },
  };
  let excess = 0;
  if (target.use(0) > 1) {
    const work = serverSeconds.reduce((sum, seconds) => sum + seconds, 0);
    excess = excessRoot(target, work, floor).x;
  }
  const serverUse = Math.max(1, target.use(excess));
  const serverShare = Float64Array.from(own, (delay, n) =>
    serverSeconds[n]! > 0 ? serverSeconds[n]! / (floor - delay + excess) / serverUse : 0,
  );
  return { delaySeconds: floor + excess, serverShare, serverUse: Math.min(1, target.use(excess)) };
}
