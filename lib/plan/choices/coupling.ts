import type { PlanChoices } from './columns.js';

/** What an assignment takes of the limits that couple choices. */
export interface CouplingUse {
  readonly loss: number;
  readonly memory: number;
  readonly traffic: number;
}

export function couplingUse(choices: PlanChoices, entries: ArrayLike<number>): CouplingUse {
  let loss = 0;
  let memory = 0;
  let traffic = 0;
  for (let n = 0; n < entries.length; n++) {
    const entry = entries[n]!;
    loss += choices.loss[entry]!;
    memory += choices.memory[entry]!;
    traffic += choices.traffic[entry]!;
  }
  return { loss, memory, traffic };
}

export function keepsCoupling(choices: PlanChoices, { loss, memory, traffic }: CouplingUse): boolean {
  return (!choices.limitsMean || loss <= 0) && memory <= choices.memoryLimit && traffic <= choices.trafficLimit;
}

/** Whether an assignment keeps mean accuracy, server memory and total traffic. */
export function isWithinCoupling(choices: PlanChoices, entries: ArrayLike<number>): boolean {
  return keepsCoupling(choices, couplingUse(choices, entries));
}

/** Sum of the violations: accuracy in units of the span that the choices offer, memory and traffic in their limits. */
export function couplingViolation(choices: PlanChoices, { loss, memory, traffic }: CouplingUse): number {
  return (
    (choices.limitsMean ? Math.max(0, loss) : 0) +
    over(memory, choices.memoryLimit) +
    over(traffic, choices.trafficLimit)
  );
}

function over(used: number, limit: number): number {
  return Number.isFinite(limit) ? Math.max(0, used - limit) : 0;
}
