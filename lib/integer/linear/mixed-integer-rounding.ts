import type { LinearRow } from './certificate.js';
import type { Simplex } from './simplex.js';

/** Divisors tried of each row. */
const mostDivisors = 12;
/** Fractions of the side for which rounding cuts off enough. */
const leastFraction = 0.05;
const mostFraction = 0.95;

/** A row Σ weightsₖ·tₖ ≤ side + Σ continuous terms, with every t ≥ 0 the distance of a variable from one of its bounds. */
interface Complemented {
  readonly columns: number[];
  readonly weights: number[];
  readonly fromUpper: boolean[];
  /** Value of t at the point to be cut off. */
  readonly at: number[];
  readonly integral: boolean[];
  readonly side: number;
}

/**
 * Mixed-integer rounding of single rows (Marchand & Wolsey 2001): every variable as its distance from the bound that it is
 * nearer to, the row divided by one of its coefficients, coefficients and side rounded down. Each cut is valid for all
 * integer points within the bounds of `lp`; tightened coefficients of binaries are among them.
 */
export function roundingCuts(lp: Simplex, rowCount: number, integer: Uint8Array): LinearRow[] {
  const cuts: LinearRow[] = [];
  for (let r = 0; r < rowCount; r++) {
    const row = lp.row(r);
    for (const sign of [1, -1] as const) {
      const complemented = complement(lp, row, sign, integer);
      const cut = complemented && bestRounding(complemented, lp);
      if (cut) cuts.push(cut);
    }
  }
  return cuts;
}

/** Undefined where a side or a bound that is needed is infinite. */
function complement(lp: Simplex, row: LinearRow, sign: 1 | -1, integer: Uint8Array): Complemented | undefined {
  let side = sign > 0 ? row.upper : -row.lower;
  if (!Number.isFinite(side)) return undefined;
  const result: Omit<Complemented, 'side'> = { columns: [], weights: [], fromUpper: [], at: [], integral: [] };
  for (let k = 0; k < row.indices.length; k++) {
    const j = row.indices[k]!;
    const value = sign * row.values[k]!;
    if (value === 0) continue;
    const low = lp.lower[j]!;
    const high = lp.upper[j]!;
    const x = lp.x[j]!;
    const isUpper = high - x < x - low;
    const bound = isUpper ? high : lp.lower[j]!;
    if (!Number.isFinite(bound)) return undefined;
    side -= value * bound;
    if (low === high) continue;
    result.columns.push(j);
    result.weights.push(isUpper ? -value : value);
    result.fromUpper.push(isUpper);
    result.at.push(isUpper ? high - x : x - low);
    result.integral.push(integer[j] === 1 && Number.isInteger(bound));
  }
  return { ...result, side };
}

function bestRounding(row: Complemented, lp: Simplex): LinearRow | undefined {
  const { weights, integral, at } = row;
  const between = weights.map((_, k) => k).filter((k) => integral[k] && at[k]! > 1e-6);
  const divisors = new Set(between.map((k) => Math.abs(weights[k]!)).filter((size) => size > 1e-6));
  let best: { readonly efficacy: number; readonly cut: LinearRow } | undefined;
  for (const divisor of [...divisors].slice(0, mostDivisors)) {
    const rounded = round(row, divisor);
    if (rounded === undefined) continue;
    let violation = -rounded.side;
    let norm = 0;
    rounded.weights.forEach((weight, k) => {
      violation += weight * at[k]!;
      norm += weight * weight;
    });
    const efficacy = violation / Math.sqrt(norm);
    if (norm > 0 && efficacy > 1e-3 && (best === undefined || efficacy > best.efficacy)) {
      best = { efficacy, cut: inVariables(row, rounded, lp) };
    }
  }
  return best?.cut;
}

interface Rounded {
  readonly weights: number[];
  readonly side: number;
}

/** Σ (⌊a⌋ + max(0, frac(a) − f) / (1 − f))·t ≤ ⌊b⌋ + Σ |a⁻|·t / (1 − f) over the continuous t, with the row divided by `divisor`. */
function round({ weights, integral, side }: Complemented, divisor: number): Rounded | undefined {
  const scaled = side / divisor;
  const whole = Math.floor(scaled);
  const fraction = scaled - whole;
  if (fraction < leastFraction || fraction > mostFraction || Math.abs(scaled) > 1e6) return undefined;
  return {
    weights: weights.map((weight, k) => {
      const value = weight / divisor;
      if (!integral[k]) return Math.min(0, value) / (1 - fraction);
      const down = Math.floor(value);
      return down + Math.max(0, value - down - fraction) / (1 - fraction);
    }),
    side: whole,
  };
}

function inVariables({ columns, fromUpper }: Complemented, { weights, side }: Rounded, lp: Simplex): LinearRow {
  const indices: number[] = [];
  const values: number[] = [];
  let upper = side;
  weights.forEach((weight, k) => {
    if (weight === 0) return;
    const j = columns[k]!;
    const isUpper = fromUpper[k]!;
    indices.push(j);
    values.push(isUpper ? -weight : weight);
    upper += isUpper ? -weight * lp.upper[j]! : weight * lp.lower[j]!;
  });
  return { indices, values, lower: -Infinity, upper: upper + 1e-8 * Math.max(1, Math.abs(upper)) };
}
