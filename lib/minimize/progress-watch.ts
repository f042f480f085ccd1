import type { IterationRecord, StopSignal } from '../solver/index.js';

/** Share of its time after which a method that has not come any further for most of it gives way. */
const patience = 0.4;
const idleShare = 0.6;
/** What counts as coming further: so much less violation or stationarity, or so much of the objective. */
const shrinkage = 0.9;
const objectiveShare = 1e-4;

/**
 * Asks a method to stop that has used a good part of its share of a time limit and comes no further from iteration to iteration.
 */
export class ProgressWatch implements StopSignal {
  private readonly startedAt = performance.now();
  /** NaN before the first iteration has ended: setting up a large problem is no idleness. */
  private lastProgress = NaN;
  private violation = Infinity;
  private stationarity = Infinity;
  private objective = Infinity;

  constructor(
    private readonly seconds: number,
    private readonly feasibilityTolerance: number,
  ) {}

  note({ primalInfeasibility, stationarity, objective }: IterationRecord): void {
    const nearer = primalInfeasibility < shrinkage * this.violation && primalInfeasibility > this.feasibilityTolerance;
    const isFeasible = primalInfeasibility <= this.feasibilityTolerance;
    const flatter = isFeasible && stationarity < shrinkage * this.stationarity;
    const fall = this.objective === Infinity ? 0 : objectiveShare * Math.max(1, Math.abs(this.objective));
    const lower = isFeasible && objective < this.objective - fall;
    if (isFeasible || nearer) this.violation = Math.min(this.violation, primalInfeasibility);
    if (flatter) this.stationarity = stationarity;
    if (lower) this.objective = objective;
    if (nearer || flatter || lower) this.lastProgress = performance.now();
  }

  get aborted(): boolean {
    const now = performance.now();
    const used = (now - this.startedAt) / 1000;
    return used > patience * this.seconds && now - this.lastProgress > 1000 * idleShare * used;
  }
}
