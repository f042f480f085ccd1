/** What one solver made of one problem. */
export interface Outcome {
  readonly problem: string;
  readonly solver: string;
  /** True only if the answer passed the check; what the solver says of itself does not count. */
  readonly solved: boolean;
  /** What the solver says of itself. */
  readonly claimed: boolean;
  readonly objective: number;
  /** Largest violation relative to max(1, |side|). */
  readonly violation: number;
  /** Median of repeated solves after a warm-up. */
  readonly seconds: number;
  /** Objective evaluations, or iterations of a quadratic solver. */
  readonly evaluations: number;
}

/** What a peer gives back before its answer is checked. */
export interface RawAnswer {
  readonly x: readonly number[];
  readonly claimed: boolean;
  readonly seconds: number;
  readonly evaluations: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median wall time of `repetitions` runs after one more. */
export function medianSeconds(work: () => void, repetitions: number): number {
  work();
  const times = Array.from({ length: repetitions }, () => {
    const before = performance.now();
    work();
    return (performance.now() - before) / 1000;
  });
  return median(times);
}
