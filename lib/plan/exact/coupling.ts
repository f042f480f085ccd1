import type { ChoiceColumns } from '../bound/columns.js';

/** How far a combination is from the discrete limits, memory and accuracy; both ≤ 0 is within them. */
export class CouplingLedger {
  memory = 0;
  accuracy = 0;
  private readonly memoryAvailable: number;
  private readonly accuracyAvailable: number;
  private readonly memoryCounts: boolean;
  private readonly accuracyCounts: boolean;

  constructor(private readonly columns: ChoiceColumns) {
    const memory = columns.rows.indexOf('server-memory');
    const accuracy = columns.rows.indexOf('accuracy');
    this.memoryCounts = memory >= 0;
    this.accuracyCounts = accuracy >= 0;
    // A shade inside the relaxed limits, so that what is within them here is so for a plan.
    this.memoryAvailable = memory >= 0 ? columns.available[memory]! * (1 - 5e-10) : Infinity;
    this.accuracyAvailable = 0;
  }

  reset(choices: ArrayLike<number>): void {
    this.memory = this.memoryCounts ? -this.memoryAvailable : 0;
    this.accuracy = this.accuracyCounts ? -this.accuracyAvailable : 0;
    for (let n = 0; n < choices.length; n++) this.apply(-1, choices[n]!);
  }

  /** Replaces choice `from` (−1: none) by `to`. */
  apply(from: number, to: number): void {
    this.memory += this.memoryChange(from, to);
    this.accuracy += this.accuracyChange(from, to);
  }

  memoryChange(from: number, to: number): number {
    if (!this.memoryCounts) return 0;
    return this.columns.memory[to]! - (from >= 0 ? this.columns.memory[from]! : 0);
  }

  accuracyChange(from: number, to: number): number {
    if (!this.accuracyCounts) return 0;
    return this.columns.accuracyLoss[to]! - (from >= 0 ? this.columns.accuracyLoss[from]! : 0);
  }

  get violation(): number {
    return Math.max(0, this.memory) + Math.max(0, this.accuracy);
  }

  /** Violation after changes of memory and accuracy. */
  violationAfter(memory: number, accuracy: number): number {
    return Math.max(0, this.memory + memory) + Math.max(0, this.accuracy + accuracy);
  }
}
