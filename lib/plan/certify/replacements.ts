import { isAsGood, type Problem } from '../../verify/evidence.js';

/** Those of a device's open choices that another one, which stays, is as good as in everything. */
export function replacements(device: Problem['devices'][number], open: readonly number[]): number[] {
  const kept = new Set<number>();
  // What costs least in one respect comes first, so that nothing later is better than what was kept.
  const uplinkBits = device.loads[1]![0]!;
  const order = open.filter((j) => j >= 0).sort((a, b) => uplinkBits[a]! - uplinkBits[b]! || a - b);
  for (const j of order) {
    const candidates = [...kept];
    if (candidates.some((other) => isAsGood(device, other, j))) continue;
    // Of equal uplink a later one may still be better.
    for (const other of candidates) if (isAsGood(device, j, other)) kept.delete(other);
    kept.add(j);
  }
  return open.filter((j) => j >= 0 && !kept.has(j));
}
