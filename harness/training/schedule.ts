/**
 * Factor of the learning rate by step: linear warm-up to 1 over the first `warmUpSteps`, then half a cosine down to
 * `final` at the last step (Loshchilov & Hutter 2017). Steps count from 0.
 */
export function cosineWithWarmUp(step: number, steps: number, warmUpSteps: number, final = 0): number {
  if (step < warmUpSteps) return (step + 1) / warmUpSteps;
  const span = Math.max(1, steps - warmUpSteps);
  const share = Math.min(1, (step - warmUpSteps + 1) / span);
  return final + (1 - final) * 0.5 * (1 + Math.cos(Math.PI * share));
}
