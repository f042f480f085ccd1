import type { Outcome } from './outcome.js';

/** ρ(τ) of one solver: the share of problems solved within τ times the best solver's cost. */
export interface PerformanceProfile {
  readonly solver: string;
  /** Finite ratios to the best, increasing; problems without an answer are missing. */
  readonly ratios: readonly number[];
  readonly problemCount: number;
}

/**
 * Performance profiles (Dolan & Moré 2002) for a cost. A problem that a solver did not solve has ratio ∞ for it; one
 * that nobody solved counts against all.
 */
export function performanceProfiles(
  outcomes: readonly Outcome[],
  cost: (outcome: Outcome) => number,
): PerformanceProfile[] {
  const solvers = [...new Set(outcomes.map(({ solver }) => solver))];
  const problems = [...new Set(outcomes.map(({ problem }) => problem))];
  const best = new Map<string, number>();
  for (const outcome of outcomes) {
    if (outcome.solved) best.set(outcome.problem, Math.min(best.get(outcome.problem) ?? Infinity, cost(outcome)));
  }
  return solvers.map((solver) => ({
    solver,
    problemCount: problems.length,
    ratios: outcomes
      .filter((outcome) => outcome.solver === solver && outcome.solved)
      .map((outcome) => cost(outcome) / best.get(outcome.problem)!)
      .sort((a, b) => a - b),
  }));
}

/** ρ(τ). */
export function shareWithin(profile: PerformanceProfile, ratio: number): number {
  return profile.ratios.filter((value) => value <= ratio).length / profile.problemCount;
}
