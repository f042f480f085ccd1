import type { AcceptanceTest, ProgressMeasure, Verdict } from './acceptance.js';

const smallestStep = 1e-13;

/** Figures of the filter (Wächter & Biegler 2006, eq. 18–20 and table of defaults). */
export const filterConstants = {
  /** γ_θ, γ_φ: margin by which an entry must be undercut. */
  margin: 1e-5,
  /** s_θ, s_φ and δ of the switching condition. */
  violationExponent: 1.1,
  objectiveExponent: 2.3,
  switchingFactor: 1,
  /** η_φ of the sufficient decrease in the objective. */
  armijo: 1e-4,
} as const;

/**
 * Pairs (violation, objective) that no later point may be dominated by (Fletcher & Leyffer 2002), with the switching
 * rule of Wächter & Biegler. Violations above `largestViolation` are never accepted.
 */
export class Filter implements AcceptanceTest {
  private violations: Float64Array = new Float64Array(32);
  private objectives: Float64Array = new Float64Array(32);
  private size = 0;
  largestViolation = Infinity;
  /** Below this violation a step that promises descent is judged by the objective alone. */
  smallViolation = 0;
  /** Up to this violation there is only rounding, and nothing to gain but the objective. */
  private negligible = 0;

  /** Empties the filter and sets its limits from the violation at the start. */
  reset(violation: number): void {
    this.size = 0;
    this.largestViolation = 1e4 * Math.max(1, violation);
    this.smallViolation = 1e-4 * Math.max(1, violation);
    this.negligible = 1e-15 * Math.max(1, violation);
  }

  clear(): void {
    this.size = 0;
  }

  /** Adds the corner just below (violation, objective) and drops what it dominates. */
  add(violation: number, objective: number): void {
    const cornerViolation = (1 - filterConstants.margin) * violation;
    const cornerObjective = objective - filterConstants.margin * violation;
    let kept = 0;
    for (let k = 0; k < this.size; k++) {
      const dominated = this.violations[k]! >= cornerViolation && this.objectives[k]! >= cornerObjective;
      if (dominated) continue;
      this.violations[kept] = this.violations[k]!;
      this.objectives[kept] = this.objectives[k]!;
      kept++;
    }
    if (kept === this.violations.length) {
      this.violations = grown(this.violations);
      this.objectives = grown(this.objectives);
    }
    this.violations[kept] = cornerViolation;
    this.objectives[kept] = cornerObjective;
    this.size = kept + 1;
  }

  prepare(): void {
    // The filter's margins do not depend on the model.
  }

  /** A point left for less violation enters the filter. */
  moved(from: ProgressMeasure, verdict: Verdict): void {
    if (verdict === 'violation-step') this.add(from.violation, from.objective);
  }

  /**
   * Wächter & Biegler 2006, eq. 23: below this length restoration is the better way. Of a step that promises nothing, neither less
   * violation nor descent, such as to another corner of a subproblem that is not convex, only all can be worth a trial.
   */
  shortestStep({ violation }: ProgressMeasure, slope: number): number {
    if (violation <= this.negligible) return slope < 0 ? smallestStep : 1;
    const { margin, violationExponent, objectiveExponent, switchingFactor } = filterConstants;
    let shortest: number = margin;
    if (slope < 0) {
      shortest = Math.min(shortest, (margin * violation) / -slope);
      if (violation <= this.smallViolation) {
        const switching =
          (switchingFactor * Math.pow(violation, violationExponent)) / Math.pow(-slope, objectiveExponent);
        shortest = Math.min(shortest, switching);
      }
    }
    return Math.max(smallestStep, 0.05 * shortest);
  }

  /** True if no entry has both a smaller violation and a smaller objective. */
  accepts(violation: number, objective: number): boolean {
    if (!(violation <= this.largestViolation) || Number.isNaN(objective)) return false;
    for (let k = 0; k < this.size; k++) {
      if (violation >= this.violations[k]! && objective >= this.objectives[k]!) return false;
    }
    return true;
  }

  /** True if a step of this size with this slope is to be judged by the objective (eq. 19). */
  switches(violation: number, slope: number, step: number): boolean {
    if (!(slope < 0)) return false;
    return (
      step * Math.pow(-slope, filterConstants.objectiveExponent) >
      filterConstants.switchingFactor * Math.pow(violation, filterConstants.violationExponent)
    );
  }

  /**
   * Judges a trial point. `slope` is the directional derivative of the objective along the full step, `step` the
   * fraction of it that was taken.
   */
  judge(current: ProgressMeasure, trial: ProgressMeasure, slope: number, step: number): Verdict {
    if (!this.accepts(trial.violation, trial.objective)) return 'rejected';
    // Differences below the round-off of the objective carry no information.
    const slack = 10 * Number.EPSILON * Math.abs(current.objective);
    if (current.violation <= this.smallViolation && this.switches(current.violation, slope, step)) {
      const enough = trial.objective - slack <= current.objective + filterConstants.armijo * step * slope;
      return enough ? 'objective-step' : 'rejected';
    }
    const { margin } = filterConstants;
    const improves =
      (current.violation > this.negligible && trial.violation <= (1 - margin) * current.violation) ||
      trial.objective - slack <= current.objective - margin * current.violation;
    return improves ? 'violation-step' : 'rejected';
  }
}

function grown(values: Float64Array): Float64Array {
  const larger = new Float64Array(2 * values.length);
  larger.set(values);
  return larger;
}
