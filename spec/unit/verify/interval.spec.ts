import { describe, expect, it } from 'vitest';
import {
  add,
  divide,
  logarithm,
  logarithmOfOnePlus,
  multiply,
  point,
  productBelow,
  squareRoot,
  subtract,
  type Interval,
} from '../../../lib/verify/interval.js';
import { randomStream } from '../../../lib/random/index.js';
import {
  compare,
  product,
  quotient,
  rational,
  scaled,
  scaledLogarithm,
  sum,
  type Rational,
} from '../../support/exact-arithmetic.js';

const special = [0, 1, 2, 3, 0.1, 5e-324, 1e-310, 2 ** -1022, 2 ** -1021, 2 ** 53, 1e-160, 1e160, Number.MAX_VALUE];
const signed = special.flatMap((x) => [x, -x]);
const random = randomStream(7, 'interval');
const words = new DataView(new ArrayBuffer(8));

function anyDouble(): number {
  for (;;) {
    words.setUint32(0, Math.floor(random.uniform() * 2 ** 32));
    words.setUint32(4, Math.floor(random.uniform() * 2 ** 32));
    const x = words.getFloat64(0);
    if (Number.isFinite(x)) return x;
  }
}

/** Of like size, so that sums round and products neither overflow nor vanish. */
const likely = () => (random.uniform() - 0.5) * 2 ** Math.floor(random.uniform() * 60 - 30);

const pairs = [
  ...signed.flatMap((x) => signed.map((y) => [x, y] as const)),
  ...Array.from({ length: 3000 }, () => [anyDouble(), anyDouble()] as const),
  ...Array.from({ length: 5000 }, () => [likely(), likely()] as const),
];

const holds = ({ lo, hi }: Interval, exact: Rational) => compare(lo, exact) <= 0 && compare(hi, exact) >= 0;
const ulps = ({ lo, hi }: Interval) => {
  const size = Math.max(Math.abs(lo), Math.abs(hi));
  return (hi - lo) / 2 ** (Math.floor(Math.log2(size)) - 52);
};

const byEnds = ({ lo: x }: Interval, { lo: y }: Interval) => ({ lo: productBelow(x, y), hi: -productBelow(-x, y) });

describe('interval arithmetic against exact rationals', () => {
  it.each([
    ['+', add, sum],
    ['−', subtract, (x: Rational, y: Rational) => sum(x, product(rational(-1), y))],
    ['×', multiply, product],
    ['÷', divide, quotient],
    ['× by ends', byEnds, product],
  ] as const)('x %s y holds the true value', (name, operation, exact) => {
    let width = 0;
    let measured = 0;
    for (const [x, y] of pairs) {
      if (name === '÷' && y === 0) continue;
      const result = operation(point(x), point(y));
      if (!holds(result, exact(rational(x), rational(y))))
        expect.fail(`${x} ${name} ${y}: ${result.lo} … ${result.hi}`);
      if (Math.abs(result.lo) > 1e-290 && Math.abs(result.hi) < 1e290) {
        width += ulps(result);
        measured++;
      }
    }
    expect(measured).toBeGreaterThan(4000);
    expect(width / measured).toBeLessThanOrEqual(3);
  });

  it('√x holds the true value', () => {
    for (const [x] of pairs) {
      if (x < 0) continue;
      const { lo, hi } = squareRoot(point(x));
      const exact = rational(x);
      expect(compareSquare(lo, exact)).toBeLessThanOrEqual(0);
      if (hi < Infinity) expect(compareSquare(hi, exact)).toBeGreaterThanOrEqual(0);
    }
  });

  it('ln x and ln(1 + x) hold the true values', () => {
    let width = 0;
    let measured = 0;
    const one = rational(1);
    const positive = [
      ...special.filter((x) => x > 0),
      ...[Math.SQRT2, Math.SQRT1_2, 1 + 2 ** -52, 1 - 2 ** -53, 0.41, 0.40999999999, 0.29, 0.999, 1.001],
      ...Array.from({ length: 300 }, () => Math.abs(anyDouble()) || 1),
      ...Array.from({ length: 700 }, () => Math.exp(40 * (random.uniform() - 0.5))),
    ];
    for (const x of positive) {
      for (const [result, exact] of [
        [logarithm(point(x)), scaledLogarithm(rational(x))],
        [logarithmOfOnePlus(point(x)), scaledLogarithm(sum(one, rational(x)))],
      ] as const) {
        // The oracle is good to 2^-290; results below that are compared by sign alone.
        if (Math.abs(result.hi) < 2 ** -200) continue;
        expect(scaled(result.lo) - 1000n <= exact && exact <= scaled(result.hi) + 1000n, `${x}`).toBe(true);
        width += result.lo === 0 && result.hi === 0 ? 0 : ulps(result);
        measured++;
      }
    }
    expect(measured).toBeGreaterThan(1500);
    expect(width / measured).toBeLessThanOrEqual(6);
  });

  it('keeps wide intervals, signs and infinities', () => {
    const product = multiply({ lo: -2, hi: 3 }, { lo: -5, hi: 7 });
    expect(product.lo).toBeCloseTo(-15, 12);
    expect(product.hi).toBeCloseTo(21, 12);
    expect(divide(point(1), { lo: -1, hi: 1 })).toEqual({ lo: -Infinity, hi: Infinity });
    expect(add(point(Number.MAX_VALUE), point(Number.MAX_VALUE)).hi).toBe(Infinity);
    expect(add(point(Number.MAX_VALUE), point(Number.MAX_VALUE)).lo).toBe(Number.MAX_VALUE);
    expect(multiply(point(5e-324), point(0.5)).hi).toBeGreaterThan(0);
    expect(logarithm({ lo: 0, hi: 1 }).lo).toBe(-Infinity);
  });
});

/** Sign of x² − y. */
function compareSquare(x: number, y: Rational): number {
  const square = product(rational(x), rational(x));
  const difference = square.numerator * y.denominator - y.numerator * square.denominator;
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}
