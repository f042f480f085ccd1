import type { AcceptanceTest, ProgressMeasure, Verdict } from './acceptance.js';

const armijo = 1e-4;
/** Share of the linearised decrease of the violation that the merit function must at least follow (N&W eq. 18.36). */
const violationShare = 0.1;
const penaltyMargin = 1.1;
const smallestStep = 1e-12;

/**
 * ℓ1 merit function f + ν·violation (Nocedal & Wright §18.3), ν raised so that every step is a descent direction and
 * never below the multipliers. Non-monotone: a trial is compared with the worst of the last few merit values
 * (Grippo, Lampariello & Lucidi 1986), which lets full steps pass where the Maratos effect would cut them.
 */
export class ExactPenaltyMerit implements AcceptanceTest {
  largestViolation = Infinity;
  readonly smallViolation = Infinity;
  /** ν. */
  penalty = 0;
  private readonly past: ProgressMeasure[] = [];
  private decrease = 0;

  /** `memory` values are compared with; 1 makes the search monotone. */
  constructor(private readonly memory = 5) {}

  reset(violation: number): void {
    this.past.length = 0;
    this.penalty = 0;
    this.largestViolation = 1e6 * Math.max(1, violation);
  }

  prepare(current: ProgressMeasure, slope: number, linearViolation: number, largestMultiplier: number): void {
    const removed = Math.max(0, current.violation - linearViolation);
    let wanted = Math.min(penaltyMargin * largestMultiplier, 1e8);
    if (removed > 0) wanted = Math.max(wanted, slope / ((1 - violationShare) * removed));
    if (wanted > this.penalty) {
      this.penalty = penaltyMargin * wanted;
      this.past.length = 0;
    } else if (this.penalty > 100 * Math.max(1, wanted)) this.penalty = 10 * Math.max(1, wanted);
    this.decrease = slope - this.penalty * removed;
  }

  judge(current: ProgressMeasure, trial: ProgressMeasure, _slope: number, step: number): Verdict {
    if (!(trial.violation <= this.largestViolation) || Number.isNaN(trial.objective)) return 'rejected';
    let reference = this.value(current);
    for (const point of this.past) reference = Math.max(reference, this.value(point));
    const slack = 10 * Number.EPSILON * Math.abs(reference);
    const enough = this.value(trial) - slack <= reference + armijo * step * Math.min(0, this.decrease);
    return enough ? 'objective-step' : 'rejected';
  }

  moved(from: ProgressMeasure): void {
    this.past.push(from);
    while (this.past.length >= this.memory) this.past.shift();
  }

  accepts(violation: number): boolean {
    return violation <= this.largestViolation;
  }

  shortestStep(): number {
    return smallestStep;
  }

  private value({ violation, objective }: ProgressMeasure): number {
    return objective + this.penalty * violation;
  }
}
