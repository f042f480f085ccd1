import { fallsForever } from '../nlp/index.js';
import type { Iterate } from './iterate.js';
import { maxAbs } from './norms.js';

const idleLimit = 20;
/** Distance and fall, relative to the start, at which a stalled run is suspected to be unbounded. */
const farAway = 1e6;

/** True if a run has come so far, and fallen so much, that it may have stalled for want of a minimum. */
export function hasRunAway({ current }: Iterate, start: Float64Array, firstObjective: number): boolean {
  const fallen = firstObjective - current.objective;
  return (
    maxAbs(current.x) >= farAway * Math.max(1, maxAbs(start)) &&
    fallen >= farAway * Math.max(1, Math.abs(firstObjective))
  );
}

/** True if the problem itself shows a ray without end from the present point, which must be feasible. */
export function fallsFromHere(
  { current, evaluation }: Iterate,
  start: Float64Array,
  step: Float64Array,
  feasibilityTolerance: number,
  expired: () => boolean,
): boolean {
  if (evaluation.relativeViolation(current) > feasibilityTolerance * Math.max(1, 1e-7 * maxAbs(current.x)))
    return false;
  const whole = current.x.map((value, j) => value - start[j]!);
  return fallsForever(evaluation.problem, start, current.x, [whole, step], feasibilityTolerance, expired) !== undefined;
}

/** Counts iterations that changed neither the objective nor the violation beyond round-off. */
export class IdleCounter {
  private count = 0;
  private objective = NaN;
  private violation = NaN;

  reset(): void {
    this.count = 0;
    this.objective = this.violation = NaN;
  }

  /** Told of the point after an iteration; true once many in a row made no difference. */
  isIdle(iterate: Iterate): boolean {
    const { objective } = iterate.current;
    const violation = iterate.evaluation.violation(iterate.current);
    const same =
      Math.abs(objective - this.objective) <= 1e-15 * Math.abs(objective) &&
      Math.abs(violation - this.violation) <= 1e-15 * violation;
    this.count = same ? this.count + 1 : 0;
    this.objective = objective;
    this.violation = violation;
    return this.count >= idleLimit;
  }
}
