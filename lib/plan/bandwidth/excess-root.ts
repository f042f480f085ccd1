/** A use of a limit (1 = all of it) that falls as x ≥ 0 grows. */
export interface DecreasingUse {
  /** Use at x; leaves its derivative in `slope`. */
  use(x: number): number;
  slope: number;
}

export interface ExcessRoot {
  readonly x: number;
  readonly use: number;
  readonly evaluations: number;
}

/** How far a search goes. */
export interface RootPrecision {
  /** Of the use, relative. */
  readonly use: number;
  /** Of x, relative to scale + x. */
  readonly step: number;
  readonly maxEvaluations: number;
}

const fullPrecision: RootPrecision = { use: 1e-12, step: 1e-13, maxEvaluations: 500 };

/**
 * Positive x with use(x) = 1. Newton's method on 1/use, which is straight for one device under a linear rate and bends
 * little otherwise, inside a bracket that falls back to geometric bisection. `scale` is the size of what x is added to;
 * no root lies below `least`. The last evaluation is the one at the returned x.
 */
export function excessRoot(
  problem: DecreasingUse,
  start: number,
  scale: number,
  least = 0,
  precision: RootPrecision = fullPrecision,
): ExcessRoot {
  let low = least;
  let high = Infinity;
  let x = start;
  for (let evaluations = 1; ; evaluations++) {
    const use = problem.use(x);
    if (use > 1) low = x;
    else high = x;
    const newton = x - (use * (use - 1)) / problem.slope;
    const settled =
      Math.abs(use - 1) <= precision.use && !(Math.abs(newton - x) > precision.step * (scale + x)) && use > 0;
    if (settled || evaluations >= precision.maxEvaluations || use === 1) return { x, use, evaluations };
    let next = newton;
    if (!(next > low && next < high)) {
      if (high === Infinity) next = 4 * x;
      else next = low > 0 ? Math.sqrt(low) * Math.sqrt(high) : 0.03 * high;
    }
    const closed = high < Infinity && high - low <= 1e-16 * high;
    if (next === x || (closed && x === high)) return { x, use, evaluations };
    x = closed ? high : next;
  }
}
