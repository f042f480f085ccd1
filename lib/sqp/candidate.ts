import type { Iterate, KeptPoint } from '../kkt/index.js';
import { maxAbs } from '../kkt/index.js';

/** The best first-order point of a run, kept while the method goes on for more digits. */
export class Candidate {
  found = false;
  private objective = Infinity;
  private violation = Infinity;
  private kept: KeptPoint | undefined;
  private readonly rowMultipliers: Float64Array;
  private readonly boundMultipliers: Float64Array;

  constructor(private readonly iterate: Iterate) {
    this.rowMultipliers = new Float64Array(iterate.structure.rowCount);
    this.boundMultipliers = new Float64Array(iterate.structure.variableCount);
  }

  reset(): void {
    this.found = false;
  }

  /**
   * Offers the present point with these multipliers; the lower value of f + ‖y‖∞·violation is kept (a lower objective
   * that was bought by a violation within the tolerance is no better).
   */
  offer(rowMultipliers: Float64Array, boundMultipliers: Float64Array): void {
    const { objective } = this.iterate.current;
    const violation = this.iterate.evaluation.violation(this.iterate.current);
    const penalty = maxAbs(rowMultipliers);
    if (this.found && objective + penalty * violation > this.objective + penalty * this.violation) return;
    this.found = true;
    this.objective = objective;
    this.violation = violation;
    this.kept = this.iterate.save(this.kept);
    this.rowMultipliers.set(rowMultipliers);
    this.boundMultipliers.set(boundMultipliers);
  }

  /** Puts the iterate back at the kept point and its multipliers into the arrays given. */
  recall(rowMultipliers: Float64Array, boundMultipliers: Float64Array): void {
    if (this.kept) this.iterate.restore(this.kept);
    rowMultipliers.set(this.rowMultipliers);
    boundMultipliers.set(this.boundMultipliers);
  }
}
