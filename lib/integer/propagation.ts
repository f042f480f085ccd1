import type { NonlinearProgram } from '../problem/index.js';

/** Passes over the rows at one node. */
const passes = 8;
/** Share of its width that a continuous variable's range must lose to be looked at again. */
const worthwhile = 0.1;

/**
 * Bound tightening on the affine rows of a problem (feasibility-based: Savelsbergh 1994): what the least and largest
 * value of a row leave to each of its variables. Sides count as `tolerance`·max(1, |side|) wider, so that no point
 * within the tolerance is lost, and integers are rounded only past `integralityTolerance`.
 */
export class LinearPropagation {
  private readonly starts: number[] = [0];
  private readonly columns: number[] = [];
  private readonly coefficients: number[] = [];
  private readonly rowLower: number[] = [];
  private readonly rowUpper: number[] = [];
  private readonly integer: Uint8Array;
  private readonly low: Float64Array;
  private readonly high: Float64Array;

  constructor(
    problem: NonlinearProgram & { readonly integerVariables: Int32Array },
    tolerance: number,
    private readonly integralityTolerance: number,
  ) {
    const n = problem.meta.variableCount;
    this.integer = new Uint8Array(n);
    for (const j of problem.integerVariables) this.integer[j] = 1;
    this.low = new Float64Array(n);
    this.high = new Float64Array(n);
    this.readRows(problem, tolerance);
  }

  /**
   * Tightens the bounds of the integer variables in place; false if the rows leave no point. Bounds of continuous
   * variables are tightened for the argument only: their rounding must not become part of a relaxation.
   */
  tighten(lower: Float64Array, upper: Float64Array): boolean {
    const { low, high, integer, rowLower } = this;
    low.set(lower);
    high.set(upper);
    let changed = true;
    for (let pass = 0; changed && pass < passes; pass++) {
      changed = false;
      for (let row = 0; row < rowLower.length; row++) {
        const outcome = this.row(row);
        if (outcome < 0) return false;
        if (outcome > 0) changed = true;
      }
    }
    for (let j = 0; j < integer.length; j++) {
      if (integer[j] === 0) continue;
      lower[j] = low[j]!;
      upper[j] = high[j]!;
    }
    return true;
  }

  /** 1 if a range shrank enough to matter elsewhere, 0 if not, −1 if the row cannot hold. */
  private row(row: number): -1 | 0 | 1 {
    const { starts, columns, coefficients, low, high, rowLower, rowUpper } = this;
    const from = starts[row]!;
    const to = starts[row + 1]!;
    let least = 0;
    let most = 0;
    let leastInfinite = 0;
    let mostInfinite = 0;
    for (let k = from; k < to; k++) {
      const coefficient = coefficients[k]!;
      const j = columns[k]!;
      const small = coefficient * (coefficient > 0 ? low[j]! : high[j]!);
      const large = coefficient * (coefficient > 0 ? high[j]! : low[j]!);
      if (small === -Infinity) leastInfinite++;
      else least += small;
      if (large === Infinity) mostInfinite++;
      else most += large;
    }
    const rounding = 1e-11 * (Math.abs(least) + Math.abs(most));
    const lowerSide = rowLower[row]! - rounding;
    const upperSide = rowUpper[row]! + rounding;
    if ((leastInfinite === 0 && least > upperSide) || (mostInfinite === 0 && most < lowerSide)) return -1;
    if (!(leastInfinite <= 1 && upperSide < Infinity) && !(mostInfinite <= 1 && lowerSide > -Infinity)) return 0;
    let outcome: 0 | 1 = 0;
    for (let k = from; k < to; k++) {
      const coefficient = coefficients[k]!;
      const j = columns[k]!;
      const small = coefficient * (coefficient > 0 ? low[j]! : high[j]!);
      const large = coefficient * (coefficient > 0 ? high[j]! : low[j]!);
      const othersLeast = othersSum(least, leastInfinite, small, -Infinity);
      const othersMost = othersSum(most, mostInfinite, large, Infinity);
      const first = (upperSide - othersLeast) / coefficient;
      const second = (lowerSide - othersMost) / coefficient;
      const change = coefficient > 0 ? this.restrict(j, second, first) : this.restrict(j, first, second);
      if (change < 0) return -1;
      if (change > 0) outcome = 1;
    }
    return outcome;
  }

  /** Intersects the range of a variable with [least, most]; results as those of `row`. */
  private restrict(j: number, least: number, most: number): -1 | 0 | 1 {
    const { low, high, integer, integralityTolerance } = this;
    const oldLow = low[j]!;
    const oldHigh = high[j]!;
    let newLow = least;
    let newHigh = most;
    if (integer[j] === 1) {
      newLow = Math.ceil(least - integralityTolerance);
      newHigh = Math.floor(most + integralityTolerance);
    }
    const gain = Math.max(newLow - oldLow, oldHigh - newHigh);
    if (!(gain > 0)) return 0;
    if (newLow > oldLow) low[j] = newLow;
    if (newHigh < oldHigh) high[j] = newHigh;
    const width = high[j]! - low[j]!;
    if (integer[j] === 1) return width < 0 ? -1 : 1;
    if (width < 0) {
      // Rounding alone may cross the sides of a continuous variable.
      if (width < -1e-9 * Math.max(1, Math.abs(low[j]!))) return -1;
      low[j] = Math.min(low[j]!, oldHigh);
      high[j] = low[j]!;
    }
    return gain > worthwhile * (oldHigh - oldLow) || oldHigh - oldLow === Infinity ? 1 : 0;
  }

  private readRows(problem: NonlinearProgram, tolerance: number): void {
    const { meta } = problem;
    const { linearConstraints, variableCount: n, constraintCount: m, jacobianPattern } = meta;
    if (!linearConstraints || !problem.jacobian || !problem.constraints || !linearConstraints.includes(1)) return;
    const x = meta.start.map((value, j) => Math.min(Math.max(value, meta.lower[j]!), meta.upper[j]!));
    const values = new Float64Array(m);
    const jacobian = new Float64Array(jacobianPattern ? jacobianPattern.rows.length : m * n);
    try {
      problem.constraints(x, values);
      problem.jacobian(x, jacobian);
    } catch {
      return;
    }
    const entries: Map<number, number>[] = Array.from({ length: m }, () => new Map<number, number>());
    jacobian.forEach((value, k) => {
      const row = entries[jacobianPattern ? jacobianPattern.rows[k]! : Math.floor(k / n)]!;
      const column = jacobianPattern ? jacobianPattern.columns[k]! : k % n;
      if (value !== 0) row.set(column, (row.get(column) ?? 0) + value);
    });
    entries.forEach((row, i) => {
      if (linearConstraints[i] !== 1 || !Number.isFinite(values[i]) || row.size === 0) return;
      let constant = values[i]!;
      let finite = true;
      for (const [column, value] of row) {
        constant -= value * x[column]!;
        finite &&= Number.isFinite(value);
      }
      if (!finite) return;
      for (const [column, value] of row) {
        this.columns.push(column);
        this.coefficients.push(value);
      }
      this.starts.push(this.columns.length);
      const widened = (side: number): number => tolerance * Math.max(1, Math.abs(side));
      const [lower, upper] = [meta.constraintLower[i]!, meta.constraintUpper[i]!];
      this.rowLower.push(lower === -Infinity ? -Infinity : lower - widened(lower) - constant);
      this.rowUpper.push(upper === Infinity ? Infinity : upper + widened(upper) - constant);
    });
  }
}

/** A sum of row terms without one of them; `infinite` if another one has no end. */
function othersSum(sum: number, infiniteCount: number, own: number, infinite: number): number {
  if (own === infinite) return infiniteCount > 1 ? infinite : sum;
  return infiniteCount > 0 ? infinite : sum - own;
}
