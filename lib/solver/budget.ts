/** What ended a budget. */
export type BudgetEnd = 'iteration-limit' | 'evaluation-limit' | 'time-limit' | 'interrupted';

/**
 * Asks a running solve to stop: an AbortSignal, or anything else with its flag. Solvers are synchronous, so a signal
 * that another thread or a time source raises is one that they poll.
 */
export interface StopSignal {
  readonly aborted: boolean;
}

export interface BudgetLimits {
  readonly maxIterations?: number;
  readonly maxEvaluations?: number;
  readonly timeLimitSeconds?: number;
  readonly signal?: StopSignal | undefined;
}

/**
 * The limits of one solve. An inner solver gets `remaining()` of its caller's budget, so that no phase outlives it.
 * A limit of k iterations allows exactly k.
 */
export class Budget {
  readonly startedAt = performance.now();
  readonly maxIterations: number;
  readonly maxEvaluations: number;
  readonly timeLimitSeconds: number;
  readonly signal: StopSignal | undefined;

  constructor(limits: BudgetLimits = {}) {
    this.maxIterations = limits.maxIterations ?? Infinity;
    this.maxEvaluations = limits.maxEvaluations ?? Infinity;
    this.timeLimitSeconds = limits.timeLimitSeconds ?? Infinity;
    this.signal = limits.signal;
  }

  elapsedSeconds(): number {
    return (performance.now() - this.startedAt) / 1000;
  }

  /** The limit that is used up after this much work, or undefined. */
  exhausted(iterations: number, evaluations: number): BudgetEnd | undefined {
    if (this.signal?.aborted) return 'interrupted';
    if (iterations >= this.maxIterations) return 'iteration-limit';
    if (evaluations >= this.maxEvaluations) return 'evaluation-limit';
    if (this.timeLimitSeconds !== Infinity && this.elapsedSeconds() >= this.timeLimitSeconds) return 'time-limit';
    return undefined;
  }

  /** What is left for an inner solve; iterations are the inner solver's own. */
  remaining(evaluations: number, maxIterations = Infinity): Budget {
    return new Budget({
      maxIterations,
      maxEvaluations: Math.max(0, this.maxEvaluations - evaluations),
      timeLimitSeconds: Math.max(0, this.timeLimitSeconds - this.elapsedSeconds()),
      signal: this.signal,
    });
  }
}
