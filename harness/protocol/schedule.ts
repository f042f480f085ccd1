/** Learning rate over the steps of a training, as a factor of its peak. */
export type LearningRateSchedule =
  | { readonly kind: 'constant' }
  | {
      /** Up in a straight line over the first steps, then half a cosine down to `final` (Loshchilov & Hutter 2017). */
      readonly kind: 'cosine';
      readonly warmUpSteps: number;
      /** At the last step, as a factor of the peak. */
      readonly final: number;
    };

export const constantRate: LearningRateSchedule = { kind: 'constant' };

/** Factor at a step of `steps`; steps count from 0 over all rounds. */
export function rateFactor(schedule: LearningRateSchedule, step: number, steps: number): number {
  if (schedule.kind === 'constant') return 1;
  const { warmUpSteps, final } = schedule;
  if (step < warmUpSteps) return (step + 1) / warmUpSteps;
  const share = Math.min(1, (step - warmUpSteps + 1) / Math.max(1, steps - warmUpSteps));
  return final + (1 - final) * 0.5 * (1 + Math.cos(Math.PI * share));
}
