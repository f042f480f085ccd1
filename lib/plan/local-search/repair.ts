import { couplingUse, couplingViolation, exchangedUse, type PlanChoices } from '../choices/index.js';
import { outOfReach } from './pricing.js';

/**
 * Makes an assignment keep accuracy, server memory, traffic and extra limits: as long as one is broken, the single change with
 * the least added cost for the violation it removes. Undefined where that leads nowhere.
 */
export function repair(choices: PlanChoices, cost: Float64Array, entries: Int32Array): Int32Array | undefined {
  const repaired = entries.slice();
  for (let change = 0; change < 4 * entries.length + 8; change++) {
    const use = couplingUse(choices, repaired);
    const now = couplingViolation(choices, use);
    if (now === 0) return repaired;
    let bestDevice = -1;
    let bestEntry = -1;
    let bestRate = Infinity;
    for (let n = 0; n < repaired.length; n++) {
      const own = repaired[n]!;
      for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
        const removed = now - couplingViolation(choices, exchangedUse(choices, use, own, j));
        if (!(removed > 1e-12 * now)) continue;
        const rate = (Math.min(cost[j]!, outOfReach) - Math.min(cost[own]!, outOfReach)) / removed;
        if (rate < bestRate) {
          bestRate = rate;
          bestDevice = n;
          bestEntry = j;
        }
      }
    }
    if (bestDevice < 0) return undefined;
    repaired[bestDevice] = bestEntry;
  }
  return undefined;
}
