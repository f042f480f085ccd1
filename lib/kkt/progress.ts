import type { Iterate } from './iterate.js';
import { maxAbs } from './norms.js';

const idleLimit = 20;
/** Distance and fall, relative to the start, at which a stalled run is suspected to be unbounded. */
const farAway = 1e6;

/**
 * True far out, where round-off has stopped the method, if along the ray from the start to the present point the
 * objective fell in proportion over the last decades of the distance, with the rows satisfied up to round-off.
 */
export function fallsAlongRay(
  iterate: Iterate,
  startPoint: Float64Array,
  firstObjective: number,
  tolerance: number,
): boolean {
  const { current, trial, evaluation } = iterate;
  const { lower, upper } = evaluation.meta;
  const distance = maxAbs(current.x);
  const fallen = firstObjective - current.objective;
  if (distance < farAway * Math.max(1, maxAbs(startPoint))) return false;
  if (fallen < farAway * Math.max(1, Math.abs(firstObjective))) return false;
  let beyond = fallen;
  for (const factor of [0.1, 0.01, 0.001]) {
    for (let j = 0; j < trial.x.length; j++) {
      const start = Math.min(Math.max(startPoint[j]!, lower[j]!), upper[j]!);
      trial.x[j] = start + factor * (current.x[j]! - start);
    }
    if (!evaluation.functions(trial)) return false;
    if (evaluation.relativeViolation(trial) > tolerance + 1e-10 * distance) return false;
    const there = firstObjective - trial.objective;
    if (beyond < 6 * there || there <= 0) return false;
    beyond = there;
  }
  return true;
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
