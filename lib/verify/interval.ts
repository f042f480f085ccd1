/**
 * Interval arithmetic on doubles: every function returns an interval that holds the true result for all true values of its
 * arguments. Proofs: docs/certificate/README.md, section Arithmetic.
 *
 * The engine's + − × ÷ √ round to nearest (ECMAScript requires IEEE 754), so the true value lies strictly between the
 * neighbours of the rounded one. The logarithm is our own, since engines promise nothing about theirs.
 */
export interface Interval {
  readonly lo: number;
  readonly hi: number;
}

const largest = Number.MAX_VALUE;
/** 2^−53 + 2^−105 and the least positive double: x ± (φ·|x| + η) reaches the neighbours of every double x (Rump 2009). */
const phi = 2 ** -53 + 2 ** -105;
const eta = 2 ** -1074;

/** At or below the next double below x; for the lower end of a rounded result. */
export function below(x: number): number {
  if (x === Infinity) return largest;
  return x === -Infinity ? x : x - (phi * Math.abs(x) + eta);
}

/** At or above the next double above x. */
export function above(x: number): number {
  if (x === -Infinity) return -largest;
  return x === Infinity ? x : x + (phi * Math.abs(x) + eta);
}

export function point(x: number): Interval {
  return { lo: x, hi: x };
}

export const zero: Interval = { lo: 0, hi: 0 };
export const one: Interval = { lo: 1, hi: 1 };

/** NaN arises from ∞ − ∞ and 0·∞ of overflowed ends: nothing is known then. */
function outward(lo: number, hi: number): Interval {
  return { lo: lo === lo ? below(lo) : -Infinity, hi: hi === hi ? above(hi) : Infinity };
}

/** At most x + y. A sum of doubles that rounds to zero is zero, and one with zero is exact. */
export function sumBelow(x: number, y: number): number {
  if (x === 0) return y;
  const sum = x + y;
  return y === 0 || sum === 0 ? sum : sum === sum ? below(sum) : -Infinity;
}

/** At most x·y. */
export function productBelow(x: number, y: number): number {
  if (x === 0 || y === 0) return 0;
  const product = x * y;
  return x === 1 || y === 1 ? product : product === product ? below(product) : -Infinity;
}

export function add(x: Interval, y: Interval): Interval {
  return { lo: sumBelow(x.lo, y.lo), hi: -sumBelow(-x.hi, -y.hi) };
}

export function negate(x: Interval): Interval {
  return { lo: -x.hi, hi: -x.lo };
}

export function subtract(x: Interval, y: Interval): Interval {
  return add(x, negate(y));
}

export function multiply(x: Interval, y: Interval): Interval {
  if ((x.lo === 0 && x.hi === 0) || (y.lo === 0 && y.hi === 0)) return zero;
  if (x.lo === 1 && x.hi === 1) return y;
  if (y.lo === 1 && y.hi === 1) return x;
  if (x.lo >= 0 && y.lo >= 0) return positive(x.lo * y.lo, x.hi * y.hi);
  const a = x.lo * y.lo;
  const b = x.lo * y.hi;
  const c = x.hi * y.lo;
  const d = x.hi * y.hi;
  return outward(Math.min(a, b, c, d), Math.max(a, b, c, d));
}

/** Products and quotients of nonnegative numbers are not negative. */
function positive(lo: number, hi: number): Interval {
  return { lo: lo > 0 ? Math.max(0, below(lo)) : 0, hi: hi === hi ? above(hi) : Infinity };
}

/** x / y; everything if y holds zero. */
export function divide(x: Interval, y: Interval): Interval {
  if (!(y.lo > 0 || y.hi < 0)) return { lo: -Infinity, hi: Infinity };
  if (x.lo === 0 && x.hi === 0) return zero;
  if (x.lo >= 0 && y.lo > 0) return positive(x.lo / y.hi, x.hi / y.lo);
  const a = x.lo / y.lo;
  const b = x.lo / y.hi;
  const c = x.hi / y.lo;
  const d = x.hi / y.hi;
  return outward(Math.min(a, b, c, d), Math.max(a, b, c, d));
}

/** √x; the part of x below zero does not count. */
export function squareRoot(x: Interval): Interval {
  return positive(Math.sqrt(Math.max(0, x.lo)), Math.sqrt(Math.max(0, x.hi)));
}

export function larger(x: Interval, y: Interval): Interval {
  return { lo: Math.max(x.lo, y.lo), hi: Math.max(x.hi, y.hi) };
}

/** ln x for x > 0; lower end −∞ where x reaches 0. */
export function logarithm(x: Interval): Interval {
  return { lo: x.lo === 1 ? 0 : lowerEnd(logarithmOf(x.lo, 0)), hi: x.hi === 1 ? 0 : upperEnd(logarithmOf(x.hi, 0)) };
}

/** ln(1 + x) for x > −1, without loss where x is small. */
export function logarithmOfOnePlus(x: Interval): Interval {
  return { lo: x.lo === 0 ? 0 : lowerEnd(onePlus(x.lo)), hi: x.hi === 0 ? 0 : upperEnd(onePlus(x.hi)) };
}

/** ln 2. */
export const ln2: Interval = { lo: 0.6931471805599453, hi: above(0.6931471805599453) };

/** A computed logarithm is within 1 ulp: two neighbours further lies the true one's bound, across a power of two as well. */
function lowerEnd(x: number): number {
  return x === x ? below(below(x)) : -Infinity;
}

function upperEnd(x: number): number {
  return x === x ? above(above(x)) : Infinity;
}

function onePlus(x: number): number {
  if (x > -0.29 && x < 0.41) return logarithmOfRatio(x, 0, 0);
  const sum = 1 + x;
  const high = sum - 1;
  // 1 + x = sum + rest exactly (Knuth's two-sum).
  const rest = 1 - (sum - high) + (x - high);
  return logarithmOf(sum, rest);
}

const words = new DataView(new ArrayBuffer(8));
/** The upper part of ln 2, 33 bits, so that its product with an exponent is exact, and the rest (fdlibm's). */
const ln2High = 6.9314718036912381649e-1;
const ln2Low = 1.90821492927058770002e-10;

/** ln(x + rest) for |rest| ≤ 2^−53·x, within 1 ulp; NaN for x < 0, −∞ at 0. */
function logarithmOf(x: number, rest: number): number {
  if (!(x > 0) || x === Infinity) return x === Infinity ? Infinity : x === 0 ? -Infinity : NaN;
  let exponent = 0;
  let scaled = x;
  if (x < 2 ** -1022) {
    scaled = x * 2 ** 54;
    exponent = -54;
  }
  words.setFloat64(0, scaled);
  const bits = words.getInt32(0);
  exponent += ((bits >> 20) & 0x7ff) - 1023;
  words.setInt32(0, (bits & 0x000fffff) | 0x3ff00000);
  let mantissa = words.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  return logarithmOfRatio(mantissa - 1, exponent, rest / x);
}

/** 2/(2k+1), k = 13 … 1: the series of ln((1+s)/(1−s)) − 2s by powers of s². */
const series = [2 / 27, 2 / 25, 2 / 23, 2 / 21, 2 / 19, 2 / 17, 2 / 15, 2 / 13, 2 / 11, 2 / 9, 2 / 7, 2 / 5, 2 / 3];

/** ln(1 + f) + exponent·ln 2 + correction for −0.293 ≤ f ≤ 0.415: s = f/(2+f) in two doubles, ln(1+f) = 2·artanh s. */
function logarithmOfRatio(f: number, exponent: number, correction: number): number {
  const sum = 2 + f;
  const rest = f - (sum - 2);
  const s = f / sum;
  const low = (remainder(f, s, sum) - s * rest) / sum;
  const t = s * s;
  let tail = 0;
  for (let k = 0; k < series.length; k++) tail = tail * t + series[k]!;
  const small = 2 * low + s * (t * tail) + (exponent * ln2Low + correction);
  const large = exponent * ln2High;
  const high = large + 2 * s;
  const lost = Math.abs(large) >= Math.abs(2 * s) ? large - high + 2 * s : 2 * s - high + large;
  return high + (lost + small);
}

/** f − s·d, exact but for one rounding: the product in two doubles (Dekker 1971, split by 2^27 + 1). */
function remainder(f: number, s: number, d: number): number {
  const product = s * d;
  const sBig = 134217729 * s;
  const dBig = 134217729 * d;
  const sHigh = sBig - (sBig - s);
  const dHigh = dBig - (dBig - d);
  const sLow = s - sHigh;
  const dLow = d - dHigh;
  const error = sLow * dLow - (product - sHigh * dHigh - sLow * dHigh - sHigh * dLow);
  return f - product - error;
}
