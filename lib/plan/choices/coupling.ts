import type { PlanChoices } from './columns.js';

/** What an assignment takes of the limits that couple choices. */
export interface CouplingUse {
  readonly loss: number;
  readonly memory: number;
}

export function couplingUse(choices: PlanChoices, entries: ArrayLike<number>): CouplingUse {
  let loss = 0;
  let memory = 0;
  for (let n = 0; n < entries.length; n++) {
    loss += choices.loss[entries[n]!]!;
    memory += choices.memory[entries[n]!]!;
  }
  return { loss, memory };
}

export function keepsCoupling(choices: PlanChoices, { loss, memory }: CouplingUse): boolean {
  return (!choices.limitsMean || loss <= 0) && memory <= choices.memoryLimit;
}

/** Whether an assignment keeps mean accuracy and server memory. */
export function isWithinCoupling(choices: PlanChoices, entries: ArrayLike<number>): boolean {
  return keepsCoupling(choices, couplingUse(choices, entries));
}

/** Sum of the violations, accuracy in units of the span that the choices offer, memory in the server's. */
export function couplingViolation(choices: PlanChoices, { loss, memory }: CouplingUse): number {
  const tooMuch = Number.isFinite(choices.memoryLimit) ? Math.max(0, memory - choices.memoryLimit) : 0;
  return (choices.limitsMean ? Math.max(0, loss) : 0) + tooMuch;
}
