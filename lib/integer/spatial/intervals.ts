import type { OperationKind } from '../../problem/index.js';

/** Least and largest value. */
export type Interval = readonly [number, number];

export const everything: Interval = [-Infinity, Infinity];

/** Outwards by more than the rounding of one operation. */
export function outward(low: number, high: number): Interval {
  if (Number.isNaN(low) || Number.isNaN(high)) return everything;
  return [low - 4e-16 * Math.abs(low), high + 4e-16 * Math.abs(high)];
}

/** Product of bounds, where 0·∞ is 0. */
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);

export function product([a, b]: Interval, [c, d]: Interval): Interval {
  const corners = [times(a, c), times(a, d), times(b, c), times(b, d)];
  return outward(Math.min(...corners), Math.max(...corners));
}

export function quotient(a: Interval, [c, d]: Interval): Interval {
  if (c > 0 || d < 0) return product(a, [1 / d, 1 / c]);
  if (c === 0 && d > 0) return product(a, [1 / d, Infinity]);
  if (d === 0 && c < 0) return product(a, [-Infinity, 1 / c]);
  return everything;
}

export const sum = ([a, b]: Interval, [c, d]: Interval): Interval => outward(a + c, b + d);

export const scaled = ([a, b]: Interval, factor: number): Interval =>
  factor >= 0 ? [times(factor, a), times(factor, b)] : [times(factor, b), times(factor, a)];

/** Range of an even function that rises with |x|. */
function bowl(value: (x: number) => number, [low, high]: Interval): Interval {
  const ends = [value(low), value(high)];
  return outward(low > 0 || high < 0 ? Math.min(...ends) : value(0), Math.max(...ends));
}

const rising = (value: (x: number) => number, [low, high]: Interval): Interval => outward(value(low), value(high));

const clip = ([low, high]: Interval, least: number, most: number): Interval => [
  Math.max(low, least),
  Math.min(high, most),
];

const isEven = (exponent: number): boolean => exponent % 2 === 0;

function powerRange(exponent: number, given: Interval): Interval {
  const value = (x: number): number => x ** exponent;
  if (!Number.isInteger(exponent)) {
    const [low, high] = clip(given, 0, Infinity);
    if (high < low) return [Infinity, -Infinity];
    return exponent > 0 ? rising(value, [low, high]) : outward(value(high), value(low));
  }
  if (exponent > 0) return isEven(exponent) ? bowl(value, given) : rising(value, given);
  const [low, high] = given;
  if (low > 0 || high < 0) {
    const ends = [value(low), value(high)];
    return outward(Math.min(...ends), Math.max(...ends));
  }
  return isEven(exponent) ? [Math.min(value(low), value(high)), Infinity] : everything;
}

/** Range of cos. */
function cosine([low, high]: Interval): Interval {
  if (!(high - low < 2 * Math.PI)) return [-1, 1];
  const reaches = (peak: number): boolean =>
    Math.ceil((low - peak) / (2 * Math.PI) - 1e-12) * 2 * Math.PI + peak <= high + 1e-12;
  const ends = [Math.cos(low), Math.cos(high)];
  const [least, most] = outward(Math.min(...ends) - 1e-15, Math.max(...ends) + 1e-15);
  return [reaches(Math.PI) ? -1 : Math.max(-1, least), reaches(0) ? 1 : Math.min(1, most)];
}

/** Range of an operation of one operand over the operand's range. */
export function unaryRange(kind: OperationKind, a: Interval, parameter: number): Interval {
  switch (kind) {
    case 'square':
      return bowl((x) => x * x, a);
    case 'power':
      return powerRange(parameter, a);
    case 'exp':
      return rising(Math.exp, a);
    case 'log':
      return rising(Math.log, clip(a, 0, Infinity));
    case 'sqrt':
      return rising(Math.sqrt, clip(a, 0, Infinity));
    case 'abs':
      return bowl(Math.abs, a);
    case 'cosh':
      return bowl(Math.cosh, a);
    case 'sinh':
      return rising(Math.sinh, a);
    case 'tanh':
      return rising(Math.tanh, a);
    case 'atan':
      return rising(Math.atan, a);
    case 'asin':
      return rising(Math.asin, clip(a, -1, 1));
    case 'acos': {
      const [low, high] = clip(a, -1, 1);
      return outward(Math.acos(high), Math.acos(low));
    }
    case 'cos':
      return cosine(a);
    case 'sin':
      return cosine([a[0] - Math.PI / 2, a[1] - Math.PI / 2]);
    case 'tan': {
      const [low, high] = a;
      const branch = (x: number): number => Math.floor(x / Math.PI + 0.5);
      return high - low < Math.PI && branch(low) === branch(high) ? rising(Math.tan, a) : everything;
    }
    default:
      return everything;
  }
}

/** Values of the operand for which the operation stays within `result`: a superset. */
export function unaryInverse(kind: OperationKind, result: Interval, a: Interval, parameter: number): Interval {
  const [low, high] = result;
  const even = (root: (y: number) => number): Interval => {
    if (high < 0) return [Infinity, -Infinity];
    const most = root(high) * (1 + 1e-15);
    const least = low > 0 ? root(low) * (1 - 1e-15) : 0;
    if (a[0] > -least) return [least, most];
    return a[1] < least ? [-most, -least] : [-most, most];
  };
  switch (kind) {
    case 'square':
      return even(Math.sqrt);
    case 'abs':
      return even((y) => y);
    case 'cosh':
      return even((y) => (y < 1 ? 0 : Math.acosh(y)));
    case 'power': {
      const inverse = 1 / parameter;
      if (!Number.isInteger(parameter)) {
        if (high < 0) return [Infinity, -Infinity];
        const ends = [Math.max(low, 0) ** inverse, high ** inverse];
        return outward(Math.max(0, Math.min(...ends)), Math.max(...ends));
      }
      if (parameter <= 0) return everything;
      if (isEven(parameter)) return even((y) => y ** inverse);
      return rising((y) => Math.sign(y) * Math.abs(y) ** inverse * (1 + 1e-15), result);
    }
    case 'exp':
      return rising((y) => (y <= 0 ? -Infinity : Math.log(y)), result);
    case 'log':
      return rising(Math.exp, result);
    case 'sqrt':
      return high < 0 ? [Infinity, -Infinity] : outward(Math.max(low, 0) ** 2, high ** 2);
    case 'sinh':
      return rising(Math.asinh, result);
    case 'tanh':
      return rising((y) => (y <= -1 ? -Infinity : y >= 1 ? Infinity : Math.atanh(y)), result);
    case 'atan':
      return rising((y) => (y <= -Math.PI / 2 ? -Infinity : y >= Math.PI / 2 ? Infinity : Math.tan(y)), result);
    case 'asin':
    case 'acos':
      return [-1, 1];
    default:
      return everything;
  }
}

/** Value and derivatives of operations of one operand that have two. */
export interface SmoothFunction {
  readonly value: (x: number) => number;
  readonly first: (x: number) => number;
  /** Ranges of the derivatives over an interval of the operand. */
  readonly firstRange: (a: Interval) => Interval;
  readonly secondRange: (a: Interval) => Interval;
}

/** Range of g over an interval in which its only inner extrema lie at the given points. */
function rangeWithExtrema(g: (x: number) => number, [low, high]: Interval, extrema: readonly number[]): Interval {
  const values = [g(low), g(high), ...extrema.filter((x) => x > low && x < high).map(g)];
  return outward(Math.min(...values), Math.max(...values));
}

/** The function of an operation of one operand; undefined for those with kinks. */
export function smoothFunction(kind: OperationKind, parameter: number): SmoothFunction | undefined {
  switch (kind) {
    case 'square':
      return { value: (x) => x * x, first: (x) => 2 * x, firstRange: (a) => scaled(a, 2), secondRange: () => [2, 2] };
    case 'power': {
      const p = parameter;
      return {
        value: (x) => x ** p,
        first: (x) => p * x ** (p - 1),
        firstRange: (a) => scaled(powerRange(p - 1, a), p),
        secondRange: (a) => (p === 1 ? [0, 0] : p === 2 ? [2, 2] : scaled(powerRange(p - 2, a), p * (p - 1))),
      };
    }
    case 'exp':
      return {
        value: Math.exp,
        first: Math.exp,
        firstRange: (a) => rising(Math.exp, a),
        secondRange: (a) => rising(Math.exp, a),
      };
    case 'log':
      return {
        value: Math.log,
        first: (x) => 1 / x,
        firstRange: (a) =>
          rising((x) => -1 / x, clip(a, 0, Infinity))
            .map((v) => -v)
            .reverse() as unknown as Interval,
        secondRange: (a) => rising((x) => -1 / (x * x), clip(a, 0, Infinity)),
      };
    case 'sqrt':
      return {
        value: Math.sqrt,
        first: (x) => 0.5 / Math.sqrt(x),
        firstRange: (a) => {
          const [low, high] = clip(a, 0, Infinity);
          return outward(0.5 / Math.sqrt(high), 0.5 / Math.sqrt(low));
        },
        secondRange: (a) => rising((x) => -0.25 * x ** -1.5, clip(a, 0, Infinity)),
      };
    case 'sin':
      return {
        value: Math.sin,
        first: Math.cos,
        firstRange: cosine,
        secondRange: (a) => scaled(unaryRange('sin', a, 0), -1),
      };
    case 'cos':
      return {
        value: Math.cos,
        first: (x) => -Math.sin(x),
        firstRange: (a) => scaled(unaryRange('sin', a, 0), -1),
        secondRange: (a) => scaled(cosine(a), -1),
      };
    case 'tan':
      return {
        value: Math.tan,
        first: (x) => 1 + Math.tan(x) ** 2,
        firstRange: (a) =>
          sum(
            [1, 1],
            bowl((x) => x * x, unaryRange('tan', a, 0)),
          ),
        secondRange: (a) => {
          const t = unaryRange('tan', a, 0);
          return product(
            scaled(t, 2),
            sum(
              [1, 1],
              bowl((x) => x * x, t),
            ),
          );
        },
      };
    case 'asin':
      return {
        value: Math.asin,
        first: (x) => 1 / Math.sqrt((1 - x) * (1 + x)),
        firstRange: (a) => bowl((x) => 1 / Math.sqrt((1 - x) * (1 + x)), clip(a, -1, 1)),
        secondRange: (a) => rising((x) => x / ((1 - x) * (1 + x)) ** 1.5, clip(a, -1, 1)),
      };
    case 'acos':
      return {
        value: Math.acos,
        first: (x) => -1 / Math.sqrt((1 - x) * (1 + x)),
        firstRange: (a) =>
          scaled(
            bowl((x) => 1 / Math.sqrt((1 - x) * (1 + x)), clip(a, -1, 1)),
            -1,
          ),
        secondRange: (a) =>
          scaled(
            rising((x) => x / ((1 - x) * (1 + x)) ** 1.5, clip(a, -1, 1)),
            -1,
          ),
      };
    case 'atan':
      return {
        value: Math.atan,
        first: (x) => 1 / (1 + x * x),
        firstRange: (a) => rangeWithExtrema((x) => 1 / (1 + x * x), a, [0]),
        secondRange: (a) =>
          rangeWithExtrema((x) => (Number.isFinite(x) ? (-2 * x) / (1 + x * x) ** 2 : 0), a, [
            -Math.sqrt(1 / 3),
            Math.sqrt(1 / 3),
          ]),
      };
    case 'sinh':
      return {
        value: Math.sinh,
        first: Math.cosh,
        firstRange: (a) => bowl(Math.cosh, a),
        secondRange: (a) => rising(Math.sinh, a),
      };
    case 'cosh':
      return {
        value: Math.cosh,
        first: Math.sinh,
        firstRange: (a) => rising(Math.sinh, a),
        secondRange: (a) => bowl(Math.cosh, a),
      };
    case 'tanh': {
      const inflection = Math.atanh(Math.sqrt(1 / 3));
      const second = (x: number): number => -2 * Math.tanh(x) * (1 - Math.tanh(x) ** 2);
      return {
        value: Math.tanh,
        first: (x) => 1 - Math.tanh(x) ** 2,
        firstRange: (a) => rangeWithExtrema((x) => 1 - Math.tanh(x) ** 2, a, [0]),
        secondRange: (a) => rangeWithExtrema(second, a, [-inflection, inflection]),
      };
    }
    default:
      return undefined;
  }
}
