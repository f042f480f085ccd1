import { InputCheck } from './input.js';

/** Options of the searches along a line. */
export interface ScalarOptions {
  /** Width of the interval, relative to |x|, at which the search ends. Default 1e-10 for a minimum, 1e-14 for a root. */
  readonly tolerance?: number;
  /** Evaluations before giving up. Default 500. */
  readonly maxEvaluations?: number;
}

/** Where a search along a line ended. */
export interface ScalarResult {
  /** The minimiser or root. */
  readonly x: number;
  /** f(x). */
  readonly value: number;
  /** Evaluations of the function. */
  readonly evaluations: number;
  /** False if the evaluations ran out. */
  readonly success: boolean;
}

const golden = (3 - Math.sqrt(5)) / 2;

/**
 * A local minimum of f on [a, b] by golden sections and parabolas (Brent 1973, `localmin`); the minimum where f has only
 * one. Values that are not numbers count as +∞.
 *
 * @param f Function of one variable.
 * @param interval [a, b], finite, a < b.
 * @param options Width at which the search ends, and most evaluations.
 * @throws InputError for an interval that is none.
 * @example
 * ```ts
 * import { minimizeScalar } from 'sft-opt/easy';
 *
 * console.log(minimizeScalar((x) => (x - 2) ** 2, [0, 5]).x); // 2
 * ```
 */
export function minimizeScalar(
  f: (x: number) => number,
  interval: readonly [number, number],
  { tolerance = 1e-10, maxEvaluations = 500 }: ScalarOptions = {},
): ScalarResult {
  let [a, b] = checked(interval);
  let evaluations = 0;
  const evaluate = (x: number): number => {
    evaluations++;
    const value = f(x);
    return Number.isNaN(value) ? Infinity : value;
  };
  let x = a + golden * (b - a);
  let second = x;
  let third = x;
  let value = evaluate(x);
  let secondValue = value;
  let thirdValue = value;
  let step = 0;
  let before = 0;
  while (evaluations < maxEvaluations) {
    const middle = 0.5 * (a + b);
    const near = Math.sqrt(Number.EPSILON) * 1e-3 + tolerance * Math.abs(x);
    if (Math.abs(x - middle) <= 2 * near - 0.5 * (b - a)) return { x, value, evaluations, success: true };
    let parabola = false;
    if (Math.abs(before) > near) {
      const r = (x - second) * (value - thirdValue);
      let q = (x - third) * (value - secondValue);
      let p = (x - third) * q - (x - second) * r;
      q = 2 * (q - r);
      if (q > 0) p = -p;
      q = Math.abs(q);
      const last = before;
      before = step;
      if (Math.abs(p) < Math.abs(0.5 * q * last) && p > q * (a - x) && p < q * (b - x)) {
        step = p / q;
        const next = x + step;
        if (next - a < 2 * near || b - next < 2 * near) step = x < middle ? near : -near;
        parabola = true;
      }
    }
    if (!parabola) {
      before = x < middle ? b - x : a - x;
      step = golden * before;
    }
    const next = x + (Math.abs(step) >= near ? step : step > 0 ? near : -near);
    const nextValue = evaluate(next);
    if (nextValue <= value) {
      if (next < x) b = x;
      else a = x;
      [third, thirdValue, second, secondValue, x, value] = [second, secondValue, x, value, next, nextValue];
    } else {
      if (next < x) a = next;
      else b = next;
      if (nextValue <= secondValue || second === x) {
        [third, thirdValue, second, secondValue] = [second, secondValue, next, nextValue];
      } else if (nextValue <= thirdValue || third === x || third === second) {
        [third, thirdValue] = [next, nextValue];
      }
    }
  }
  return { x, value, evaluations, success: false };
}

/**
 * A root of f on [a, b], at whose ends f has opposite signs (or is 0), by bisection, secants and inverse quadratic
 * interpolation (Brent 1973, `zero`).
 *
 * @param f Continuous function of one variable.
 * @param interval [a, b], finite, a < b.
 * @param options Width at which the search ends, and most evaluations.
 * @throws InputError for an interval that is none or over whose ends f does not change its sign.
 * @example
 * ```ts
 * import { findRoot } from 'sft-opt/easy';
 *
 * console.log(findRoot((x) => x ** 2 - 2, [0, 2]).x); // 1.41421
 * ```
 */
export function findRoot(
  f: (x: number) => number,
  interval: readonly [number, number],
  { tolerance = 1e-14, maxEvaluations = 500 }: ScalarOptions = {},
): ScalarResult {
  const [first, last] = checked(interval);
  // b is the best point, a the one before, c the other end of the bracket.
  let a = first;
  let b = last;
  let valueA = f(a);
  let valueB = f(b);
  let evaluations = 2;
  if (!(valueA * valueB <= 0)) {
    const check = new InputCheck();
    check.add('interval', `f(${a}) = ${valueA} and f(${b}) = ${valueB}`, 'ends where f has opposite signs');
    check.done();
  }
  let c = a;
  let valueC = valueA;
  let step = b - a;
  let before = step;
  for (;;) {
    if (Math.abs(valueC) < Math.abs(valueB)) {
      [a, b, c] = [b, c, b];
      [valueA, valueB, valueC] = [valueB, valueC, valueB];
    }
    const near = 2 * Number.EPSILON * Math.abs(b) + 0.5 * tolerance * Math.max(Math.abs(b), 1e-3);
    const half = 0.5 * (c - b);
    if (Math.abs(half) <= near || valueB === 0) return { x: b, value: valueB, evaluations, success: true };
    if (evaluations >= maxEvaluations) return { x: b, value: valueB, evaluations, success: false };
    if (Math.abs(before) < near || Math.abs(valueA) <= Math.abs(valueB)) {
      before = step = half;
    } else {
      const s = valueB / valueA;
      let p: number;
      let q: number;
      if (a === c) {
        p = 2 * half * s;
        q = 1 - s;
      } else {
        const ratio = valueA / valueC;
        const r = valueB / valueC;
        p = s * (2 * half * ratio * (ratio - r) - (b - a) * (r - 1));
        q = (ratio - 1) * (r - 1) * (s - 1);
      }
      if (p > 0) q = -q;
      p = Math.abs(p);
      const previous = before;
      before = step;
      if (2 * p < Math.min(3 * half * q - Math.abs(near * q), Math.abs(previous * q))) step = p / q;
      else before = step = half;
    }
    a = b;
    valueA = valueB;
    b += Math.abs(step) > near ? step : half > 0 ? near : -near;
    valueB = f(b);
    evaluations++;
    if (valueB > 0 === valueC > 0) {
      c = a;
      valueC = valueA;
      before = step = b - a;
    }
  }
}

function checked([a, b]: readonly [number, number]): [number, number] {
  const check = new InputCheck();
  check.number('interval[0]', a);
  check.number('interval[1]', b);
  if (a >= b) check.add('interval', `[${a}, ${b}]`, 'a lower end below the upper one');
  check.done();
  return [a, b];
}
