import type { MixedIntegerNonlinearProgram } from '../../problem/index.js';
import type { LinearRow } from './certificate.js';
import { integerCoefficients } from './contradiction.js';
import { roundingCuts } from './mixed-integer-rounding.js';
import type { Simplex } from './simplex.js';

const rounds = 8;
const mostCutsARound = 12;
/** Violation of a cut, relative to its norm, below which it is not worth a row. */
const leastEfficacy = 1e-3;
const largestDynamism = 1e5;

/**
 * Strengthens a linear program at the root by Gomory's mixed-integer cuts from its tableau (Gomory 1960), by rounding its
 * rows (Marchand & Wolsey 2001) and by minimal covers of its knapsack rows (Balas 1975). Every cut holds for all integer points of the bounds that the program has
 * now; `keep` takes those that stay.
 */
export function rootRows(
  lp: Simplex,
  problem: MixedIntegerNonlinearProgram,
  integralityTolerance: number,
  keep: (row: LinearRow) => void,
): void {
  const integer = new Uint8Array(lp.columnCount);
  for (const j of problem.integerVariables) integer[j] = 1;
  const original = lp.rowCount;
  let before = -Infinity;
  for (let round = 0; round < rounds; round++) {
    if (lp.solve() !== 'optimal') return;
    if (round > 2 && lp.objective - before < 1e-4 * Math.max(1, Math.abs(lp.objective))) return;
    before = lp.objective;
    const found = [
      ...coverCuts(lp, original, integer),
      ...roundingCuts(lp, original, integer),
      ...gomoryCuts(lp, integer, problem.integerVariables, integralityTolerance),
    ]
      .map((row) => ({ row, efficacy: efficacyOf(row, lp.x) }))
      .filter(({ efficacy }) => efficacy > leastEfficacy)
      .sort((a, b) => b.efficacy - a.efficacy)
      .slice(0, mostCutsARound);
    if (found.length === 0) return;
    for (const { row } of found) keep(row);
  }
}

function efficacyOf({ indices, values, lower, upper }: LinearRow, x: Float64Array): number {
  let sum = 0;
  let norm = 0;
  for (let k = 0; k < indices.length; k++) {
    sum += values[k]! * x[indices[k]!]!;
    norm += values[k]! ** 2;
  }
  return Math.max(lower - sum, sum - upper) / Math.sqrt(norm);
}

function gomoryCuts(lp: Simplex, integer: Uint8Array, integers: Int32Array, tolerance: number): LinearRow[] {
  const n = lp.columnCount;
  const integerRow = Array.from({ length: lp.rowCount }, (_, r) => isIntegerRow(lp.row(r), integer));
  const cuts: LinearRow[] = [];
  for (const j of integers) {
    const value = lp.x[j]!;
    const fraction = value - Math.floor(value);
    if (fraction < Math.max(tolerance, 0.01) || fraction > 0.99) continue;
    const entries = lp.tableauRow(j);
    if (!entries) continue;
    const cut = gomoryCut(lp, entries, fraction, n, integer, integerRow);
    if (cut) cuts.push(cut);
  }
  return cuts;
}

/** From x_B − Σ entries·x_N = 0 with every x_N written as the distance t ≥ 0 from the bound where it stands. */
function gomoryCut(
  lp: Simplex,
  entries: Float64Array,
  fraction: number,
  n: number,
  integer: Uint8Array,
  integerRow: readonly boolean[],
): LinearRow | undefined {
  const sums = new Float64Array(n);
  let side = fraction;
  for (let place = 0; place < n; place++) {
    const variable = lp.nonbasicVariables[place]!;
    const entry = entries[place]!;
    if (lp.lower[variable] === lp.upper[variable]) continue;
    if (Math.abs(entry) < 1e-11) continue;
    const isUpper = lp.isAtUpper(place);
    const bound = isUpper ? lp.upper[variable]! : lp.lower[variable]!;
    if (!Number.isFinite(bound)) return undefined;
    // Coefficient of t in x_B + Σ coefficient·t = value.
    const coefficient = isUpper ? entry : -entry;
    const isInteger = variable < n ? integer[variable] === 1 : integerRow[variable - n]!;
    let weight: number;
    if (isInteger && Math.abs(bound - Math.round(bound)) < 1e-9) {
      const part = coefficient - Math.floor(coefficient);
      weight = part <= fraction ? part : (fraction * (1 - part)) / (1 - fraction);
      if (part > 1 - 1e-9) weight = 0;
    } else weight = coefficient > 0 ? coefficient : (fraction * -coefficient) / (1 - fraction);
    if (weight === 0) continue;
    // t = x − bound or bound − x.
    const sign = isUpper ? -1 : 1;
    side += weight * sign * bound;
    if (variable < n) sums[variable]! += weight * sign;
    else {
      const { indices, values } = lp.row(variable - n);
      for (let k = 0; k < indices.length; k++) sums[indices[k]!]! += weight * sign * values[k]!;
    }
  }
  return cleaned(sums, side, lp);
}

/** Small coefficients are taken out at the bound that weakens the cut; undefined if the rest is too uneven. */
function cleaned(sums: Float64Array, given: number, lp: Simplex): LinearRow | undefined {
  let side = given;
  const largest = sums.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (!(largest > 0) || !Number.isFinite(largest)) return undefined;
  const indices: number[] = [];
  const values: number[] = [];
  for (let j = 0; j < sums.length; j++) {
    const value = sums[j]!;
    if (value === 0) continue;
    if (Math.abs(value) < 1e-9 * largest) {
      const bound = value > 0 ? lp.upper[j]! : lp.lower[j]!;
      if (!Number.isFinite(bound)) return undefined;
      side -= value * bound;
      continue;
    }
    if (Math.abs(value) < largest / largestDynamism) return undefined;
    indices.push(j);
    values.push(value / largest);
  }
  const scaled = side / largest;
  if (!Number.isFinite(scaled) || Math.abs(scaled) > 1e7) return undefined;
  return { indices, values, lower: scaled - 1e-8 * Math.max(1, Math.abs(scaled)), upper: Infinity };
}

function isIntegerRow(row: LinearRow, integer: Uint8Array): boolean {
  if (row.values.length === 0) return false;
  const found = integerCoefficients(row, integer);
  return found?.scale === 1;
}

/** Σ over a cover of a knapsack row of binaries ≤ its size − 1, the items most used by x first. */
function coverCuts(lp: Simplex, rowCount: number, integer: Uint8Array): LinearRow[] {
  const cuts: LinearRow[] = [];
  for (let r = 0; r < rowCount; r++) {
    const { indices, values, lower, upper } = lp.row(r);
    for (const sign of [1, -1]) {
      let capacity = sign > 0 ? upper : -lower;
      if (!Number.isFinite(capacity)) continue;
      const items: {
        readonly j: number;
        readonly weight: number;
        readonly complemented: boolean;
        readonly use: number;
      }[] = [];
      let isKnapsack = true;
      for (let k = 0; k < indices.length && isKnapsack; k++) {
        const j = indices[k]!;
        const weight = sign * values[k]!;
        if (weight === 0) continue;
        const [low, high] = [lp.lower[j]!, lp.upper[j]!];
        if (integer[j] !== 1 || low !== 0 || high !== 1) {
          // At the end of its range that leaves the most room.
          const least = weight > 0 ? low : high;
          if (!Number.isFinite(least)) isKnapsack = false;
          capacity -= weight * least;
          continue;
        }
        if (weight < 0) capacity -= weight;
        const use = weight > 0 ? lp.x[j]! : 1 - lp.x[j]!;
        items.push({ j, weight: Math.abs(weight), complemented: weight < 0, use });
      }
      if (!isKnapsack || items.length < 2) continue;
      items.sort((a, b) => b.use - a.use || b.weight - a.weight);
      const cover: typeof items = [];
      let total = 0;
      for (const item of items) {
        if (total > capacity + 1e-9) break;
        cover.push(item);
        total += item.weight;
      }
      if (!(total > capacity + 1e-6 * Math.max(1, Math.abs(capacity)))) continue;
      for (let k = cover.length - 1; k >= 0; k--) {
        if (total - cover[k]!.weight > capacity + 1e-6 * Math.max(1, Math.abs(capacity))) {
          total -= cover[k]!.weight;
          cover.splice(k, 1);
        }
      }
      // Items at least as heavy as the heaviest of the cover join it on the left (extended cover).
      const heaviest = Math.max(...cover.map(({ weight }) => weight));
      const inCover = new Set(cover.map(({ j }) => j));
      const all = [...cover, ...items.filter(({ j, weight }) => !inCover.has(j) && weight >= heaviest)];
      const negative = all.filter(({ complemented }) => complemented).length;
      cuts.push({
        indices: all.map(({ j }) => j),
        values: all.map(({ complemented }) => (complemented ? -1 : 1)),
        lower: -Infinity,
        upper: cover.length - 1 - negative,
      });
    }
  }
  return cuts;
}
