import type { SeparableMinMax, SeparableValues } from './separable-problem.js';

/** Passes over all variables until the limit is used up: secants from the subproblem's threshold, which is close. */
const mostPasses = 12;
const usePrecision = 1e-10;
/** Elasticities this near to 0 are those of an exponential function. */
const flattest = 1e-6;

/**
 * The step of a subproblem with one threshold t, bent by the curvature of the rows: each x_i where its row, as the function
 * A + C·x^p that has the row's value, slope and curvature at x, reaches t; t such that the limit is used up. No row is
 * evaluated for it. The error of such a step is of third order where that of the straight one is of second.
 */
export class CurvedStep {
  private readonly elasticity: Float64Array;

  constructor(private readonly problem: SeparableMinMax) {
    this.elasticity = new Float64Array(problem.count);
  }

  /** Leaves the point in `trial`; `usePerThreshold` is −dΣg/dt of the linear model, > 0. No x_i changes by more than `reach`. */
  place(
    x: Float64Array,
    at: SeparableValues,
    threshold: number,
    usePerThreshold: number,
    reach: number,
    trial: Float64Array,
  ): void {
    const { limit } = this.problem;
    for (let i = 0; i < x.length; i++) {
      const slope = at.rowSlope[i]!;
      this.elasticity[i] = slope > 0 ? 1 + (x[i]! * at.rowCurvature[i]!) / slope : 1;
    }
    let t = threshold;
    let use = this.useAt(t, x, at, reach, trial);
    // 1/Σg is nearly straight in t.
    let slope = usePerThreshold / (limit * limit);
    for (let pass = 1; pass < mostPasses && Math.abs(use - limit) > usePrecision * limit; pass++) {
      const next = t + (1 / limit - 1 / use) / slope;
      const nextUse = this.useAt(next, x, at, reach, trial);
      const secant = (1 / nextUse - 1 / use) / (next - t);
      if (secant > 0 && Number.isFinite(secant)) slope = secant;
      t = next;
      use = nextUse;
    }
  }

  private useAt(t: number, x: Float64Array, at: SeparableValues, reach: number, trial: Float64Array): number {
    const { lower, upper } = this.problem;
    for (let i = 0; i < x.length; i++) {
      const least = Math.max(lower[i]!, x[i]! / reach);
      const most = Math.min(upper[i]!, x[i]! * reach);
      const slope = at.rowSlope[i]!;
      const wanted = slope > 0 ? x[i]! * factorAt((t - at.row[i]!) / (slope * x[i]!), this.elasticity[i]!) : most;
      trial[i] = Math.min(Math.max(wanted, least), most);
    }
    return this.problem.totalUse(trial);
  }
}

/** u with (u^p − 1)/p = s, the inverse of a power function scaled to slope 1 at u = 1; 0 or Infinity where it has no such value. */
function factorAt(s: number, p: number): number {
  if (Math.abs(p) < flattest) return Math.exp(s);
  const base = 1 + p * s;
  return base > 0 ? base ** (1 / p) : p > 0 ? 0 : Infinity;
}
