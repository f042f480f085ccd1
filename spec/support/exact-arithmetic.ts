/** Rational numbers of doubles, and a logarithm to 300 bits, all in BigInt: oracles for interval arithmetic. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const words = new DataView(new ArrayBuffer(8));

/** A finite double as the rational it is. */
export function rational(x: number): Rational {
  words.setFloat64(0, x);
  const bits = words.getBigUint64(0);
  const sign = bits >> 63n ? -1n : 1n;
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = sign * (biased === 0 ? fraction : fraction | 0x10000000000000n);
  const exponent = BigInt((biased === 0 ? 1 : biased) - 1075);
  return exponent >= 0n
    ? { numerator: mantissa << exponent, denominator: 1n }
    : { numerator: mantissa, denominator: 1n << -exponent };
}

export function sum(x: Rational, y: Rational): Rational {
  return {
    numerator: x.numerator * y.denominator + y.numerator * x.denominator,
    denominator: x.denominator * y.denominator,
  };
}

export function product(x: Rational, y: Rational): Rational {
  return { numerator: x.numerator * y.numerator, denominator: x.denominator * y.denominator };
}

export function quotient(x: Rational, y: Rational): Rational {
  const sign = y.numerator < 0n ? -1n : 1n;
  return { numerator: sign * x.numerator * y.denominator, denominator: sign * x.denominator * y.numerator };
}

/** −1, 0 or 1 as a double is below, at or above a rational; ±∞ is beyond all. */
export function compare(x: number, y: Rational): number {
  if (x === Infinity) return 1;
  if (x === -Infinity) return -1;
  const r = rational(x);
  const difference = r.numerator * y.denominator - y.numerator * r.denominator;
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

const precision = 300n;

/** ln of a positive rational times 2^300, within a few units: 2·artanh of (m − 1)/(m + 1) for m in ½ … 2, plus e·ln 2. */
export function scaledLogarithm({ numerator, denominator }: Rational): bigint {
  const exponent = BigInt(numerator.toString(2).length - denominator.toString(2).length);
  const [n, d] = exponent >= 0n ? [numerator, denominator << exponent] : [numerator << -exponent, denominator];
  return artanhSeries(n - d, n + d) + exponent * artanhSeries(1n, 3n);
}

/** 2·artanh(p/q)·2^300. */
function artanhSeries(p: bigint, q: bigint): bigint {
  const unit = 1n << (precision + 40n);
  const s = (p * unit) / q;
  const square = (s * s) / unit;
  let power = s;
  let total = 0n;
  for (let k = 1n; power !== 0n && k < 2000n; k += 2n) {
    total += power / k;
    power = (power * square) / unit;
  }
  return (2n * total) >> 40n;
}

/** A double times 2^300. */
export function scaled(x: number): bigint {
  const { numerator, denominator } = rational(x);
  return (numerator << precision) / denominator;
}
