import type { Budget } from '../../solver/index.js';
import type { LinearRelaxation } from '../spatial/relaxation.js';

/** Rounds of cuts of each relaxation. */
const rounds = 25;

/** Optimisation-based tightening of the ranges of variables that bend (Quesada & Grossmann 1993). */
export function narrowRanges(
  relaxation: LinearRelaxation,
  bending: ReadonlySet<number>,
  slotCount: number,
  lower: Float64Array,
  upper: Float64Array,
  cutoff: number,
  budget: Budget,
  tightened: (lower: Float64Array, upper: Float64Array, cutoff: number) => boolean,
): void {
  if (bending.size > 40) return;
  for (let round = 0; round < 3; round++) {
    const relaxed = relaxation.solve(lower, upper, cutoff, budget, undefined, rounds);
    if (relaxed.end !== 'optimal' || relaxed.bound >= cutoff) return;
    const { lp } = relaxed;
    if (cutoff < Infinity) {
      const costs = relaxation.costs;
      const used = [...costs.keys()].filter((slot) => costs[slot] !== 0);
      lp.addRow({ indices: used, values: used.map((slot) => costs[slot]!), lower: -Infinity, upper: cutoff });
    }
    let gain = 0;
    for (const j of bending) {
      if (budget.exhausted(0, 0)) return;
      const width = upper[j]! - lower[j]!;
      if (!(width > 1e-6)) continue;
      for (const side of [1, -1] as const) {
        const cost = new Float64Array(slotCount);
        cost[j] = side;
        lp.setCost(cost);
        if (lp.solve() !== 'optimal') continue;
        const reached = lp.safeBound() - 1e-9 * Math.max(1, Math.abs(lower[j]!), Math.abs(upper[j]!));
        if (side > 0 && reached > lower[j]!) lower[j] = Math.min(reached, upper[j]!);
        if (side < 0 && -reached < upper[j]!) upper[j] = Math.max(-reached, lower[j]!);
        lp.lower[j] = lower[j]!;
        lp.upper[j] = upper[j]!;
      }
      gain = Math.max(gain, width === Infinity ? 1 : 1 - (upper[j]! - lower[j]!) / width);
    }
    if (!tightened(lower, upper, cutoff) || gain < 0.1) return;
  }
}

/** Ranges within which reduced costs leave room below the cutoff. */
export function tightenByCosts(
  costs: Float64Array,
  point: Float64Array,
  bound: number,
  cutoff: number,
  lower: Float64Array,
  upper: Float64Array,
  integerVariables: ArrayLike<number> & Iterable<number>,
  integralityTolerance: number,
): void {
  const room = cutoff - bound;
  if (!(room > 0)) return;
  for (let slot = 0; slot < costs.length; slot++) {
    const cost = costs[slot]!;
    if (Math.abs(cost) < 1e-7) continue;
    const reach = (room / Math.abs(cost)) * (1 + 1e-9) + 1e-9;
    if (cost > 0 && point[slot] === lower[slot]) upper[slot] = Math.min(upper[slot]!, lower[slot]! + reach);
    else if (cost < 0 && point[slot] === upper[slot]) lower[slot] = Math.max(lower[slot]!, upper[slot]! - reach);
  }
  for (const j of integerVariables) {
    lower[j] = Math.ceil(lower[j]! - integralityTolerance);
    upper[j] = Math.floor(upper[j]! + integralityTolerance);
  }
}
