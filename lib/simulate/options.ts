import type { TrainingProgress } from './progress.js';

/**
 * Channels that a large-scale decision is made for: those of now, at half the horizon, or (`worst`) the least gain of each
 * device over the horizon. `forecast` and `worst` know the way that a device takes and what stands along it.
 */
export type Outlook =
  | { readonly kind: 'now' }
  | {
      /** Mean gain half-way, at the place foreseen half-way, or the least on the way. */
      readonly kind: 'expected' | 'forecast' | 'worst';
      /** Rounds looked ahead. */
      readonly horizonRounds: number;
    }
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
  /** Time from the start of one round to that of the next, > 0. */
  readonly intervalSeconds: number;
  /** `planned`: as the plan treats it; `blocks`: averaged over the coherence blocks of each round. */
  readonly fading: 'planned' | 'blocks';
  /** Channels that large-scale decisions are made for. */
  readonly outlook: Outlook;
  /** When the large time scale decides anew. */
  readonly replan: ReplanPolicy;
  /** Time scale that decides shares of the server. */
  readonly serverShares: 'large' | 'small';
  /** Time scale that decides operating points of the codec. */
  readonly points: 'large' | 'small';
  /** Where a plan no longer keeps its limits: a new plan, devices left out that break them, or the round run as it is. */
  readonly misfit: 'replan' | 'drop' | 'keep';
  /** Whether a device that arrives brings a new plan at once or waits for the next. */
  readonly newcomers: 'replan' | 'wait';
  /** Every so many rounds a certified bound; 0 for never. */
  readonly boundEvery: number;
  /** Absent: results are per round. */
  readonly progress?: ProgressTarget | undefined;
}
