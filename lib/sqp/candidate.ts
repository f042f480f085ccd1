import type { Iterate } from './iterate.js';

/** The best first-order point of a run, kept while the method goes on for more digits. */
export class Candidate {
  found = false;
  private objective = Infinity;
  private readonly rowMultipliers: Float64Array;
  private readonly boundMultipliers: Float64Array;

  constructor(private readonly iterate: Iterate) {
    this.rowMultipliers = new Float64Array(iterate.structure.rowCount);
    this.boundMultipliers = new Float64Array(iterate.structure.variableCount);
  }

  reset(): void {
    this.found = false;
  }

  /** Offers the present point with these multipliers; the lower objective is kept. */
  offer(rowMultipliers: Float64Array, boundMultipliers: Float64Array): void {
    const { objective } = this.iterate.current;
    if (this.found && objective > this.objective) return;
    this.found = true;
    this.objective = objective;
    this.iterate.remember();
    this.rowMultipliers.set(rowMultipliers);
    this.boundMultipliers.set(boundMultipliers);
  }

  /** Puts the iterate back at the kept point and its multipliers into the arrays given. */
  recall(rowMultipliers: Float64Array, boundMultipliers: Float64Array): void {
    this.iterate.recall();
    rowMultipliers.set(this.rowMultipliers);
    boundMultipliers.set(this.boundMultipliers);
  }
}
