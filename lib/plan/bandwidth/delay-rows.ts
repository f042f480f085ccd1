/**
 * Delay of a device as a function of its reciprocal share w = B / b, the band over its bandwidth. In w every rate law
 * is concave, increasing and nearly linear:
 *
 *   h(w) = linear·w + Σ_k weight_k·ψ(scale_k·w),   ψ(x) = x / ln(1 + x) − 1,
 *
 * because the time of one bit is 1/R(b) = (ln 2 / z)·(1 + ψ(z/b)) under Shannon's law with z the bandwidth of signal-to-
 * noise ratio one, 1/(efficiency·b) under a linear law, and a mean of such terms under fading. The part of the time that no
 * bandwidth removes (h(0) = 0 leaves it out) is kept in `floor`, so that a delay next to the floor keeps its digits.
 */
export interface DelayRows {
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

/** Value, slope and curvature of h_row at w, into `out[0…2]`. */
export function evaluateRow(rows: DelayRows, row: number, w: number, out: Float64Array): void {
  let value = rows.linear[row]! * w;
  let slope = rows.linear[row]!;
  let curvature = 0;
  const end = rows.termStart[row + 1]!;
  for (let k = rows.termStart[row]!; k < end; k++) {
    const weight = rows.termWeight[k]!;
    const scale = rows.termScale[k]!;
    const x = scale * w;
    if (x < seriesLimit) {
      value += weight * psiSeries(x);
      slope += weight * scale * psiSlopeSeries(x);
      curvature += weight * scale * scale * psiCurvatureSeries(x);
    } else {
      const inverse = 1 / (1 + x);
      const logarithm = Math.log1p(x);
      const reciprocal = 1 / logarithm;
      value += weight * (x - logarithm) * reciprocal;
      slope += weight * scale * (logarithm - x * inverse) * reciprocal * reciprocal;
      curvature +=
        weight *
        scale *
        scale *
        (2 * x - (2 + x) * logarithm) *
        inverse *
        inverse *
        reciprocal *
        reciprocal *
        reciprocal;
    }
  }
  out[0] = value;
  out[1] = slope;
  out[2] = curvature;
}

/** h_row(w); 0 at w = 0 and Infinity at w = Infinity for a row that sends anything. */
export function rowValue(rows: DelayRows, row: number, w: number): number {
  let value = rows.linear[row]! > 0 ? rows.linear[row]! * w : 0;
  const end = rows.termStart[row + 1]!;
  for (let k = rows.termStart[row]!; k < end; k++) {
    const x = rows.termScale[k]! * w;
    if (x === Infinity) return Infinity;
    const logarithm = Math.log1p(x);
    value += rows.termWeight[k]! * (x < seriesLimit ? psiSeries(x) : (x - logarithm) / logarithm);
  }
  return value;
}

/** h'_row(0), the largest slope of the concave h; 0 for a row that sends nothing. */
export function slopeAtOrigin(rows: DelayRows, row: number): number {
  let slope = rows.linear[row]!;
  const end = rows.termStart[row + 1]!;
  for (let k = rows.termStart[row]!; k < end; k++) slope += 0.5 * rows.termWeight[k]! * rows.termScale[k]!;
  return slope;
}

const scratch = new Float64Array(3);

/** w with h_row(w) = value ≥ 0, by Newton's method from `guess`; Infinity for a row that sends nothing. */
export function reciprocalForValue(rows: DelayRows, row: number, value: number, guess: number): number {
  const origin = slopeAtOrigin(rows, row);
  if (origin === 0) return Infinity;
  const least = Math.max(value, 0) / origin;
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
