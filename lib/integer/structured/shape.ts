import type { Expressions } from '../spatial/expressions.js';

/** Variables below each operation. */
export function belowOf({ operations, variableCount }: Expressions): number[][] {
  const below: number[][] = [];
  operations.forEach(({ operands }, i) => {
    const own = new Set(operands.flatMap((slot) => (slot < variableCount ? [slot] : below[slot - variableCount]!)));
    below[i] = [...own];
  });
  return below;
}

/** The greatest number that all costs are multiples of, if they are of integers alone. */
export function stepOf(costs: Float64Array, integer: Uint8Array): number {
  let step = 0;
  for (let j = 0; j < costs.length; j++) {
    const cost = Math.abs(costs[j]!);
    if (cost === 0) continue;
    if (integer[j] !== 1) return 0;
    let scale = cost;
    let rest = step;
    while (rest > 1e-6) [scale, rest] = [rest, scale % rest < 1e-9 * scale ? 0 : scale % rest];
    step = scale;
    if (step < 1e-3 * cost) return 0;
  }
  return step;
}
