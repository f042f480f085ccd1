import { isAsGood, type Problem } from '../../verify/evidence.js';

/** For each admissible choice of a device one that is as good in everything and not replaced itself; null where there is none. */
export function replacements(device: Problem['devices'][number], admissible: readonly number[]): (number | null)[] {
  const list = new Array<number | null>(device.count).fill(null);
  const kept: number[] = [];
  // What costs least in one respect comes first, so that nothing later is better than what was kept.
  const uplinkBits = device.loads[1]![0]!;
  const order = [...admissible].sort((a, b) => uplinkBits[a]! - uplinkBits[b]! || a - b);
  for (const j of order) {
    const other = kept.find((candidate) => isAsGood(device, candidate, j));
    if (other !== undefined) {
      list[j] = other;
      continue;
    }
    // Of equal uplink a later one may still be better.
    for (const beaten of kept.filter((candidate) => isAsGood(device, j, candidate))) {
      list[beaten] = j;
      kept.splice(kept.indexOf(beaten), 1);
      list.forEach((by, k) => by === beaten && (list[k] = j));
    }
    kept.push(j);
  }
  return list;
}
