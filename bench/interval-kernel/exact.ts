/**
 * Exact comparisons of doubles as integers times powers of two (BigInt), apart from the interval kernel: each decides for finite
 * doubles whether a bound lies on its side of the true result.
 */
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

interface Dyadic {
  /** Signed, of at most 53 bits. */
  readonly integer: number;
  readonly exponent: number;
}

/** x = integer · 2^exponent. */
export function dyadic(x: number): Dyadic {
  double[0] = x;
  const high = words[1]!;
  const biased = (high >>> 20) & 0x7ff;
  const fraction = (high & 0xfffff) * 2 ** 32 + words[0]!;
  const integer = biased === 0 ? fraction : fraction + 2 ** 52;
  return { integer: high >>> 31 ? -integer : integer, exponent: (biased === 0 ? 1 : biased) - 1075 };
}

/** Sign of a·2^e − b·2^f. */
function compare(a: bigint, e: number, b: bigint, f: number): number {
  const left = e > f ? a << BigInt(e - f) : a;
  const right = f > e ? b << BigInt(f - e) : b;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Sign of x + y − r. */
export function sumAgainst(x: number, y: number, r: number): number {
  if (!Number.isFinite(r)) return -r;
  const [a, b, c] = [dyadic(x), dyadic(y), dyadic(r)];
  const least = Math.min(a.exponent, b.exponent);
  const sum = (BigInt(a.integer) << BigInt(a.exponent - least)) + (BigInt(b.integer) << BigInt(b.exponent - least));
  return compare(sum, least, BigInt(c.integer), c.exponent);
}

/** Sign of x·y − r. */
export function productAgainst(x: number, y: number, r: number): number {
  if (!Number.isFinite(r)) return -r;
  const [a, b, c] = [dyadic(x), dyadic(y), dyadic(r)];
  return compare(BigInt(a.integer) * BigInt(b.integer), a.exponent + b.exponent, BigInt(c.integer), c.exponent);
}

/** Sign of x / y − r, y ≠ 0. */
export function quotientAgainst(x: number, y: number, r: number): number {
  if (!Number.isFinite(r)) return -r;
  return -productAgainst(r, y, x) * Math.sign(y);
}

/** Sign of √x − r, x ≥ 0. */
export function rootAgainst(x: number, r: number): number {
  return r < 0 ? 1 : r === Infinity ? -1 : -productAgainst(r, r, x);
}
