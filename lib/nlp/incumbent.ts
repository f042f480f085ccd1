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

  constructor(
    variableCount: number,
    constraintCount: number,
    private readonly feasibilityTolerance: number,
  ) {
    this.x = new Float64Array(variableCount);
    this.multipliers = new Float64Array(constraintCount);
  }

  /** Whether any point was taken in. */
  get known(): boolean {
    return Number.isFinite(this.objective);
  }

  /** True if a point with these figures would replace the incumbent. */
  improvedBy(objective: number, violation: number): boolean {
    if (!Number.isFinite(objective) || Number.isNaN(violation)) return false;
    if (!this.known) return true;
    const feasible = violation <= this.feasibilityTolerance;
    const incumbentFeasible = this.violation <= this.feasibilityTolerance;
    if (feasible !== incumbentFeasible) return feasible;
    return feasible ? objective < this.objective : violation < this.violation;
  }

  /** Takes the point in if it is better; returns whether it was. The arrays are copied. */
  offer(x: Float64Array, objective: number, violation: number, multipliers: Float64Array): boolean {
    if (!this.improvedBy(objective, violation)) return false;
    this.set(x, objective, violation, multipliers);
    return true;
  }

  /** Replaces the incumbent whatever it is. */
  set(x: Float64Array, objective: number, violation: number, multipliers: Float64Array): void {
    this.x.set(x);
    this.multipliers.set(multipliers);
    this.objective = objective;
    this.violation = violation;
  }
}
