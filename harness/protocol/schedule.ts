import { cosineWithWarmUp } from '../training/index.js';

/** Learning rate over the steps of a training, as a factor of its peak. */
export type LearningRateSchedule =
  { readonly kind: 'constant' } | { readonly kind: 'cosine'; readonly warmUpSteps: number; readonly final: number };

export const constantRate: LearningRateSchedule = { kind: 'constant' };

/** Factor at a step of `steps`; steps count from 0 over all rounds. */
export function rateFactor(schedule: LearningRateSchedule, step: number, steps: number): number {
  return schedule.kind === 'constant' ? 1 : cosineWithWarmUp(step, steps, schedule.warmUpSteps, schedule.final);
}
