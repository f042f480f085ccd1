/** What ended a budget. */
export type BudgetEnd = 'iteration-limit' | 'evaluation-limit' | 'time-limit' | 'interrupted';

/**
 * Asks a running solve to stop: an AbortSignal, or anything else with its flag. Solvers are synchronous, so a signal
 * that another thread or a time source raises is one that they poll.
 */
export interface StopSignal {
  /** True once the work shall end. */
  readonly aborted: boolean;
}

/** What a solve may spend; what is absent is without limit. */
export interface BudgetLimits {
  /** Most iterations; no limit when absent. */
  readonly maxIterations?: number;
  /** Most evaluations; no limit when absent. */
  readonly maxEvaluations?: number;
  /** Most wall time, seconds; no limit when absent. */
  readonly timeLimitSeconds?: number;
  /** Ends the work once aborted. */
  readonly signal?: StopSignal | undefined;
}

/**
 * The limits of one solve. An inner solver gets `remaining()` of its caller's budget, so that no phase outlives it.
 * A limit of k iterations allows exactly k. With `used`, evaluations are counted in one place for all who share the
 * budget, and what a solver says of its own does not matter.
 */
export class Budget {
  /** Of `performance.now()`, milliseconds. */
  readonly startedAt = performance.now();
  /** Most iterations; Infinity for no limit. */
  readonly maxIterations: number;
  /** Most evaluations; Infinity for no limit. */
  readonly maxEvaluations: number;
  /** Most wall time, seconds; Infinity for no limit. */
  readonly timeLimitSeconds: number;
  /** Ends the work once aborted. */
  readonly signal: StopSignal | undefined;

  constructor(
    limits: BudgetLimits = {},
    private readonly used?: () => number,
  ) {
    this.maxIterations = limits.maxIterations ?? Infinity;
    this.maxEvaluations = limits.maxEvaluations ?? Infinity;
    this.timeLimitSeconds = limits.timeLimitSeconds ?? Infinity;
    this.signal = limits.signal;
  }

  /** Wall time since the budget was made, seconds. */
  elapsedSeconds(): number {
    return (performance.now() - this.startedAt) / 1000;
  }

  /** Evaluations counted for all who share the budget, or those that the solver counted itself. */
  spent(evaluations: number): number {
    return this.used?.() ?? evaluations;
  }

  /** The limit that is used up after this much work, or undefined. */
  exhausted(iterations: number, evaluations: number): BudgetEnd | undefined {
    if (this.signal?.aborted) return 'interrupted';
    if (iterations >= this.maxIterations) return 'iteration-limit';
    if (this.spent(evaluations) >= this.maxEvaluations) return 'evaluation-limit';
    if (this.timeLimitSeconds !== Infinity && this.elapsedSeconds() >= this.timeLimitSeconds) return 'time-limit';
    return undefined;
  }

  /** What is left for an inner solve; iterations are the inner solver's own. */
  remaining(evaluations: number, maxIterations = Infinity): Budget {
    return this.limited({ maxIterations, evaluations: this.maxEvaluations - this.spent(evaluations) });
  }

  /** A part of what is left: so many iterations, evaluations and seconds more, and until one more signal if one is given. */
  limited(part: { maxIterations?: number; evaluations?: number; seconds?: number; signal?: StopSignal }): Budget {
    const evaluations = Math.max(0, part.evaluations ?? Infinity);
    const left = Math.max(0, this.timeLimitSeconds - this.elapsedSeconds());
    return new Budget(
      {
        maxIterations: part.maxIterations ?? Infinity,
        maxEvaluations: this.used ? Math.min(this.maxEvaluations, this.used() + evaluations) : evaluations,
        timeLimitSeconds: Math.min(left, part.seconds ?? Infinity),
        signal: part.signal === undefined ? this.signal : either(this.signal, part.signal),
      },
      this.used,
    );
  }

  /** The same limits from now on, with evaluations counted by `used`. */
  countedBy(used: () => number): Budget {
    return new Budget(
      {
        maxIterations: this.maxIterations,
        maxEvaluations: this.maxEvaluations,
        timeLimitSeconds: Math.max(0, this.timeLimitSeconds - this.elapsedSeconds()),
        signal: this.signal,
      },
      used,
    );
  }
}

function either(first: StopSignal | undefined, second: StopSignal): StopSignal {
  if (first === undefined) return second;
  return {
    get aborted() {
      return first.aborted || second.aborted;
    },
  };
}
