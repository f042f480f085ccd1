import { Dyadic } from '../verify/programs/index.js';

/** A vector of rationals: entries over one positive integer. */
export interface Rationals {
  readonly over: Dyadic;
  readonly entries: readonly Dyadic[];
}

export function exactly(values: Float64Array): Rationals {
  return { over: Dyadic.one, entries: Array.from(values, (value) => Dyadic.of(value)) };
}

/** The largest double that is no larger than a/b, b > 0; −Infinity below all of them. */
export function roundedDown(a: Dyadic, b: Dyadic): number {
  let x = nearly(a, b);
  while (x !== -Infinity && (x === Infinity || !Dyadic.of(x).times(b).isAtMost(a))) x = neighbour(x, -1);
  return x;
}

export function roundedUp(a: Dyadic, b: Dyadic): number {
  return -roundedDown(a.negated(), b);
}

/** A double within a few units in the last place above a/b. */
function nearly(a: Dyadic, b: Dyadic): number {
  if (a.n === 0n) return 0;
  const bits = (n: bigint): number => (n < 0n ? -n : n).toString(16).length * 4;
  const shift = BigInt(64 + Math.max(0, bits(b.n) - bits(a.n)));
  const quotient = (a.n << shift) / b.n;
  const surplus = Math.max(0, bits(quotient) - 60);
  const scaled = Number(quotient >> BigInt(surplus));
  let exponent = a.e - b.e - Number(shift) + surplus;
  // In two steps, so that no intermediate power overflows.
  let x = scaled;
  while (exponent !== 0 && x !== 0 && Number.isFinite(x)) {
    const step = Math.max(-1000, Math.min(1000, exponent));
    x *= 2 ** step;
    exponent -= step;
  }
  return neighbour(neighbour(x, 1), 1);
}

/** The next double up or down. */
export function neighbour(x: number, direction: 1 | -1): number {
  if (x === direction * Infinity) return x;
  if (x === -direction * Infinity) return -direction * Number.MAX_VALUE;
  if (x === 0) return direction * Number.MIN_VALUE;
  const view = new BigInt64Array(Float64Array.of(x).buffer);
  view[0]! += x > 0 === direction > 0 ? 1n : -1n;
  return new Float64Array(view.buffer)[0]!;
}

/** Lists as certificates write them: doubles where they suffice, else integers as texts over one integer. */
export function written(
  over: Dyadic,
  ...lists: (readonly Dyadic[])[]
): { over?: string; lists: (number | string)[][] } {
  const asDouble = (value: Dyadic): number | undefined => {
    const x = roundedDown(value, Dyadic.one);
    return Number.isFinite(x) && Dyadic.of(x).minus(value).n === 0n ? x : undefined;
  };
  if (over.minus(Dyadic.one).n === 0n) {
    const doubles = lists.map((list) => list.map(asDouble));
    if (doubles.every((list) => list.every((value) => value !== undefined))) return { lists: doubles };
  }
  const least = Math.min(0, over.e, ...lists.map((list) => list.reduce((e, value) => Math.min(e, value.e), 0)));
  const integer = ({ n, e }: Dyadic): bigint => n << BigInt(e - least);
  let divisor = integer(over);
  for (const list of lists) for (const value of list) if (divisor !== 1n) divisor = gcd(divisor, integer(value));
  const text = (value: Dyadic): string => (integer(value) / divisor).toString();
  return { over: text(over), lists: lists.map((list) => list.map(text)) };
}

export function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y > 0n) [x, y] = [y, x % y];
  return x;
}
