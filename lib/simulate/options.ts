import type { TrainingProgress } from './progress.js';

/**
 * Channels that a large-scale decision is made for: those of now, at half the horizon, or (`worst`) the least gain of each
 * device over the horizon. `forecast` and `worst` know the way that a device takes and what stands along it.
 */
export type Outlook =
  | { readonly kind: 'now' }
  | { readonly kind: 'expected' | 'forecast' | 'worst'; /** Rounds looked ahead. */ readonly horizonRounds: number }
  | {
      readonly kind: 'quantile';
      /** Rounds looked ahead. */
      readonly horizonRounds: number;
      /** Of the standard normal law: −0.52 for the worst three tenths. */
      readonly normalQuantile: number;
    };

/** When the large time scale decides anew. The first round always does. */
export interface ReplanPolicy {
  /** Rounds after the last decision; never on its own when absent. */
  readonly everyRounds?: number;
  /** Least rounds between two decisions, unless the plan fits no more. */
  readonly leastRounds: number;
  /** When a device's gain differs by this from that at the last decision. */
  readonly gainChangeDecibel?: number;
  /** When the round is longer than a lower bound of any plan by this part. */
  readonly loss?: number;
}

/** What a training is to reach, and how. */
export interface ProgressTarget extends TrainingProgress {
  /** Accuracy, 0…1. */
  readonly target: number;
}

/** What one simulation does. */
export interface SimulationOptions {
  /** Rounds simulated, ≥ 1. */
  readonly rounds: number;
  readonly intervalSeconds: number;
  readonly fading: 'planned' | 'blocks';
  readonly outlook: Outlook;
  readonly replan: ReplanPolicy;
  readonly serverShares: 'large' | 'small';
  readonly points: 'large' | 'small';
  readonly misfit: 'replan' | 'drop' | 'keep';
  readonly newcomers: 'replan' | 'wait';
  /** Every so many rounds a certified bound; 0 for never. */
  readonly boundEvery: number;
  /** Absent: results are per round. */
  readonly progress?: ProgressTarget | undefined;
}
