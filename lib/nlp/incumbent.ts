/** The best point met so far: less violated first (beyond the tolerance), then the lower objective. */
export class Incumbent {
  /** The point; zeros before the first offer. */
  readonly x: Float64Array;
  /** Multipliers of the rows that came with it. */
  readonly multipliers: Float64Array;
  /** Its objective; NaN before the first offer. */
  objective = NaN;
  /** Its violation; Infinity before the first offer. */
  violation = Infinity;
  /** By how much it violates each row, where that was said. */
  private readonly excess: Float64Array;

  constructor(
    variableCount: number,
    constraintCount: number,
    private readonly feasibilityTolerance: number,
  ) {
    this.x = new Float64Array(variableCount);
    this.multipliers = new Float64Array(constraintCount);
    this.excess = new Float64Array(constraintCount);
  }

  /** Whether any point was taken in. */
  get known(): boolean {
    return Number.isFinite(this.objective);
  }

  /** True if a point with these figures would replace the incumbent. */
  improvedBy(objective: number, violation: number, gain = 0): boolean {
    if (!Number.isFinite(objective) || Number.isNaN(violation)) return false;
    if (!this.known) return true;
    const feasible = violation <= this.feasibilityTolerance;
    const incumbentFeasible = this.violation <= this.feasibilityTolerance;
    if (feasible !== incumbentFeasible) return feasible;
    return feasible ? objective < this.objective + gain : violation < this.violation;
  }

  /**
   * Takes the point in if it is better; returns whether it was. The arrays are copied. With the `excess` of each row over its sides
   * points that are feasible within the tolerance are compared by an exact penalty: what a point violates less may cost twice what
   * that is worth at the multipliers.
   */
  offer(
    x: Float64Array,
    objective: number,
    violation: number,
    multipliers: Float64Array,
    excess?: Float64Array,
  ): boolean {
    let gain = 0;
    excess?.forEach((value, i) => (gain += 2 * Math.abs(multipliers[i]!) * (this.excess[i]! - value)));
    if (!this.improvedBy(objective, violation, gain)) return false;
    this.set(x, objective, violation, multipliers);
    if (excess) this.excess.set(excess);
    return true;
  }

  /** Replaces the incumbent whatever it is. */
  set(x: Float64Array, objective: number, violation: number, multipliers: Float64Array): void {
    this.x.set(x);
    this.multipliers.set(multipliers);
    this.objective = objective;
    this.violation = violation;
    this.excess.fill(0);
  }
}
