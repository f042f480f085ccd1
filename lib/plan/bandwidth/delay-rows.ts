import { secondsPerBit, secondsPerBitCurvature, secondsPerBitSlope, type CustomRate } from '../../models/index.js';

/**
 * Delay of a device as a function of its reciprocal share w = B / b, the band over its bandwidth. In w every rate law
 * is concave, increasing and nearly linear:
 *
 *   h(w) = linear·w + Σ_k weight_k·ψ(scale_k·w),   ψ(x) = x / ln(1 + x) − 1,
 *
 * because the time of one bit is 1/R(b) = (ln 2 / z)·(1 + ψ(z/b)) under Shannon's law with z the bandwidth of signal-to-
 * noise ratio one, 1/(efficiency·b) under a linear law, and a mean of such terms under fading. The part of the time that no
 * bandwidth removes (h(0) = 0 leaves it out) is kept in `floor`, so that a delay next to the floor keeps its digits.
 *
 * Where a link's efficiency is limited to η, a term is the larger of two: from w = kink_k = (2^η − 1)/scale_k on it is
 * line_k·w − weight_k, a straight line through the origin of the whole time. Its slope rises there: h is no longer concave as
 * a whole, but increasing, and time over w still falls.
 *
 * A custom law is evaluated as it is from w = 1 on, which is the whole band; below, where no share lies, it continues as a line to
 * the origin. Time over w falls there too, and none of its time counts as floor.
 */
export interface DelayRows {
  /** Number of rows. */
  readonly count: number;
  /** Seconds at unlimited bandwidth, length count. */
  readonly floor: Float64Array;
  /** Seconds per unit of w, length count. */
  readonly linear: Float64Array;
  /** Terms of row i are termStart[i] … termStart[i + 1] − 1, length count + 1. */
  readonly termStart: Int32Array;
  /** Seconds, ≥ 0. */
  readonly termWeight: Float64Array;
  /** z / B, > 0. */
  readonly termScale: Float64Array;
  /** w from which the term is its line; Infinity for none. */
  readonly termKink: Float64Array;
  /** Seconds per unit of w beyond the kink. */
  readonly termLine: Float64Array;
  /** Whether any term has a kink, or may have: custom laws are no better known. */
  readonly kinked: boolean;
  /** Terms of custom laws by row; absent without any. */
  readonly customTerms?: readonly (readonly CustomTerm[])[] | undefined;
}

/** Sending some bits under a custom law over a share of a band. */
export interface CustomTerm {
  readonly bits: number;
  readonly law: CustomRate;
  readonly bandwidthHz: number;
}

/** Seconds of a custom term at w. */
function customSeconds({ bits, law, bandwidthHz }: CustomTerm, w: number): number {
  return w <= 1 ? bits * secondsPerBit(law, bandwidthHz) * w : bits * secondsPerBit(law, bandwidthHz / w);
}

/** Adds value, slope and curvature of a custom term at w to `out`. */
function addCustomTerm(term: CustomTerm, w: number, out: Float64Array): void {
  const { bits, law, bandwidthHz } = term;
  out[0]! += customSeconds(term, w);
  if (w < 1) {
    out[1]! += bits * secondsPerBit(law, bandwidthHz);
    return;
  }
  const share = bandwidthHz / w;
  const slope = bits * secondsPerBitSlope(law, share);
  out[1]! -= (slope * share) / w;
  out[2]! += ((bits * secondsPerBitCurvature(law, share) * share + 2 * slope) * share) / (w * w);
}

/** Below this argument ψ and its derivatives come from their series: the closed forms cancel. */
export const seriesLimit = 1e-2;

/** ψ(x) = x/ln(1+x) − 1 for small x, by Gregory's coefficients. */
export function psiSeries(x: number): number {
  return (
    x * (1 / 2 - x * (1 / 12 - x * (1 / 24 - x * (19 / 720 - x * (3 / 160 - x * (863 / 60480 - x * (275 / 24192)))))))
  );
}

/** ψ'(x) for small x. */
export function psiSlopeSeries(x: number): number {
  return 1 / 2 - x * (1 / 6 - x * (1 / 8 - x * (19 / 180 - x * (3 / 32 - x * (863 / 10080 - x * (275 / 3456))))));
}

/** ψ''(x) for small x. */
export function psiCurvatureSeries(x: number): number {
  return -1 / 6 + x * (1 / 4 - x * (19 / 60 - x * (3 / 8 - x * (863 / 2016 - x * (275 / 576)))));
}

/**
 * Value, slope and curvature of h_row at w, into `out[0…2]`; at a kink those from its left. With `branch` every term is the
 * piece that it is there, extended to w: below h.
 *
 * @param rows - Delay by reciprocal share.
 * @param row - Index of the row.
 * @param w - Reciprocal share B / b, > 0.
 * @param out - Written to, length 3.
 * @param branch - Where each term's piece is chosen.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { compileLoads, evaluateRow, loadsOfDecisions } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const decision = { participates: true, blocks: 2, upPoint: 0, downPoint: 0 };
 * const compiled = compileLoads({ ...problem, sharing: 'equal' }, loadsOfDecisions(problem, [decision, decision]));
 * const out = new Float64Array(3);
 * evaluateRow(compiled.rows, 0, 2, out);
 * console.log(out[0]! > 0, out[1]! > 0); // true true
 * ```
 */
export function evaluateRow(rows: DelayRows, row: number, w: number, out: Float64Array, branch = w): void {
  point[3] = w;
  point[0] = rows.linear[row]! * w;
  point[1] = rows.linear[row]!;
  point[2] = 0;
  const end = rows.termStart[row + 1]!;
  for (let k = rows.termStart[row]!; k < end; k++) {
    if (branch > rows.termKink[k]!) {
      point[0] += rows.termLine[k]! * w - rows.termWeight[k]!;
      point[1] += rows.termLine[k]!;
    } else {
      addSmoothTerm(rows, k, point);
    }
  }
  if (rows.customTerms) for (const term of rows.customTerms[row]!) addCustomTerm(term, w, point);
  out[0] = point[0]!;
  out[1] = point[1]!;
  out[2] = point[2]!;
}

const point = new Float64Array(4);

/** The same of a row without kinks at w = at[3], into at[0…2]. A number passed in an array is never boxed: nothing is allocated. */
export function evaluateSmoothRow(rows: DelayRows, row: number, at: Float64Array): void {
  at[0] = rows.linear[row]! * at[3]!;
  at[1] = rows.linear[row]!;
  at[2] = 0;
  const end = rows.termStart[row + 1]!;
  for (let k = rows.termStart[row]!; k < end; k++) addSmoothTerm(rows, k, at);
}

/** Adds term k at w = at[3]. */
function addSmoothTerm(rows: DelayRows, k: number, at: Float64Array): void {
  const weight = rows.termWeight[k]!;
  const scale = rows.termScale[k]!;
  const x = scale * at[3]!;
  if (x < seriesLimit) {
    at[0]! += weight * psiSeries(x);
    at[1]! += weight * scale * psiSlopeSeries(x);
    at[2]! += weight * scale * scale * psiCurvatureSeries(x);
    return;
  }
  const inverse = 1 / (1 + x);
  const logarithm = Math.log1p(x);
  const reciprocal = 1 / logarithm;
  at[0]! += weight * (x - logarithm) * reciprocal;
  at[1]! += weight * scale * (logarithm - x * inverse) * reciprocal * reciprocal;
  at[2]! +=
    weight * scale * scale * (2 * x - (2 + x) * logarithm) * inverse * inverse * reciprocal * reciprocal * reciprocal;
}

/** h_row(w); 0 at w = 0 and Infinity at w = Infinity for a row that sends anything. */
export function rowValue(rows: DelayRows, row: number, w: number): number {
  let value = rows.linear[row]! > 0 ? rows.linear[row]! * w : 0;
  const end = rows.termStart[row + 1]!;
  for (let k = rows.termStart[row]!; k < end; k++) {
    const x = rows.termScale[k]! * w;
    if (x === Infinity) return Infinity;
    if (w > rows.termKink[k]!) {
      value += rows.termLine[k]! * w - rows.termWeight[k]!;
      continue;
    }
    const logarithm = Math.log1p(x);
    value += rows.termWeight[k]! * (x < seriesLimit ? psiSeries(x) : (x - logarithm) / logarithm);
  }
  if (rows.customTerms) for (const term of rows.customTerms[row]!) value += customSeconds(term, w);
  return value;
}

/** The largest slope of h anywhere, h(w) ≤ that·w: h'(0) without kinks; 0 for a row that sends nothing. */
export function steepestSlope(rows: DelayRows, row: number): number {
  let slope = rows.linear[row]!;
  const end = rows.termStart[row + 1]!;
  for (let k = rows.termStart[row]!; k < end; k++) {
    const atOrigin = 0.5 * rows.termWeight[k]! * rows.termScale[k]!;
    slope += rows.termKink[k]! < Infinity ? Math.max(atOrigin, rows.termLine[k]!) : atOrigin;
  }
  if (rows.customTerms) for (const term of rows.customTerms[row]!) slope += customSeconds(term, 1);
  return slope;
}

const scratch = new Float64Array(3);

/** w with h_row(w) = value ≥ 0, by Newton's method from `guess`; Infinity for a row that sends nothing. */
export function reciprocalForValue(rows: DelayRows, row: number, value: number, guess: number): number {
  const steepest = steepestSlope(rows, row);
  if (steepest === 0) return Infinity;
  const least = Math.max(value, 0) / steepest;
  if (rows.kinked) return bracketedRoot(rowAt(rows, row), value, 0, guess < Infinity ? guess : least, least);
  let w = guess < Infinity ? guess : least;
  for (let k = 0; k < 100; k++) {
    // A concave function lies below its tangents: from the left Newton's method rises to the root.
    if (!(w > least)) w = least;
    if (w === 0) return 0;
    evaluateRow(rows, row, w, scratch);
    const change = (value - scratch[0]!) / scratch[1]!;
    if (Math.abs(change) > 0.5 * w) {
      w *= Math.exp((Math.log(value / scratch[0]!) * scratch[0]!) / (w * scratch[1]!));
      continue;
    }
    w += change;
    if (!(Math.abs(change) > 1e-8 * w)) break;
  }
  return w;
}

/** Value, slope and curvature at w, into `out[0…2]`. */
export type Evaluation = (w: number, out: Float64Array) => void;

export function rowAt(rows: DelayRows, row: number): Evaluation {
  return (w, at) => evaluateRow(rows, row, w, at);
}

/**
 * w ≥ least at which h(w) + w·√(priced·h'(w)), which rises with w and jumps at kinks, reaches `value` ≥ 0: Newton's method
 * inside a bracket. Where it jumps over the value the answer is the kink itself, from its left.
 */
export function bracketedRoot(
  evaluate: Evaluation,
  value: number,
  priced: number,
  guess: number,
  least: number,
): number {
  if (value <= 0) return 0;
  let low = 0;
  let high = Infinity;
  let w = Math.max(guess, least);
  for (let k = 0; k < 300; k++) {
    evaluate(w, scratch);
    const slope = scratch[1]!;
    const root = priced > 0 ? Math.sqrt(priced * slope) : 0;
    const found = scratch[0]! + w * root;
    if (found > value) high = w;
    else low = w;
    const derivative = slope + root * (1 + (0.5 * w * scratch[2]!) / slope);
    const change = (value - found) / derivative;
    let next = w + change;
    if (Math.abs(change) > 0.5 * w) next = w * Math.exp((Math.log(value / found) * found) / (w * derivative));
    if (Math.abs(change) <= 1e-14 * w) return w;
    if (!(next > low && next < high)) {
      if (high === Infinity) next = 4 * w;
      else next = low > 0 ? low + 0.5 * (high - low) : 0.25 * high;
    }
    // Between neighbours Newton's method may still crawl from one side: every fourth step halves.
    if (k % 4 === 3 && low > 0 && high < Infinity) next = low < 0.5 * high ? Math.sqrt(low * high) : 0.5 * (low + high);
    if (next === w || next === low || next === high) return low > 0 ? low : next;
    w = next;
  }
  return w;
}
