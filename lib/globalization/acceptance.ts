/** What a trial point is: rejected, a step for the objective (Armijo) or one for the violation. */
export type Verdict = 'rejected' | 'objective-step' | 'violation-step';

/** Violation (Σ, scaled) and objective of a point. */
export interface ProgressMeasure {
  readonly violation: number;
  readonly objective: number;
}

/** Decides which trial points a globalised method may move to. */
export interface AcceptanceTest {
  /** Trial points with a larger violation need no objective: they are rejected. */
  readonly largestViolation: number;
  /** Below this violation a step that promises descent is judged by the objective. */
  readonly smallViolation: number;
  /** Forgets the past; `violation` is the one at the point where the method (re)starts. */
  reset(violation: number): void;
  /** Told before each search what the full step promises: its slope of the objective and the violation that remains. */
  prepare(current: ProgressMeasure, slope: number, linearViolation: number, largestMultiplier: number): void;
  /** Judges the point a fraction `step` along. */
  judge(current: ProgressMeasure, trial: ProgressMeasure, slope: number, step: number): Verdict;
  /** Told of the point that was left, and how. */
  moved(from: ProgressMeasure, verdict: Verdict): void;
  /** True if a point found by other means (restoration) may be gone on from. */
  accepts(violation: number, objective: number): boolean;
  /** Shortest fraction of a step worth trying. */
  shortestStep(current: ProgressMeasure, slope: number): number;
}
