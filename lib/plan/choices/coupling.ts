import type { PlanChoices } from './columns.js';

/** What an assignment takes of the limits that couple choices. */
export interface CouplingUse {
  readonly loss: number;
  readonly memory: number;
  readonly traffic: number;
  /** Of each extra limit on a sum. */
  readonly extra: readonly number[];
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
  return { loss, memory, traffic, extra: choices.extra.length > 0 ? extraUse(choices, entries) : noUse };
}

const noUse: readonly number[] = [];

function extraUse(choices: PlanChoices, entries: ArrayLike<number>): number[] {
  return choices.extra.map(({ use }) => {
    let sum = 0;
    for (let n = 0; n < entries.length; n++) sum += use[entries[n]!]!;
    return sum;
  });
}

/** What is used once an entry takes the place of another. */
export function exchangedUse(choices: PlanChoices, use: CouplingUse, own: number, other: number): CouplingUse {
  return {
    loss: use.loss + choices.loss[other]! - choices.loss[own]!,
    memory: use.memory + choices.memory[other]! - choices.memory[own]!,
    traffic: use.traffic + choices.traffic[other]! - choices.traffic[own]!,
    extra: use.extra.length > 0 ? use.extra.map((sum, r) => sum + changeOf(choices.extra[r]!.use, own, other)) : noUse,
  };
}

function changeOf(use: Float64Array, own: number, other: number): number {
  return use[other]! - use[own]!;
}

export function keepsCoupling(choices: PlanChoices, { loss, memory, traffic, extra }: CouplingUse): boolean {
  const keepsModel = (!choices.limitsMean || loss <= 0) && memory <= choices.memoryLimit;
  return keepsModel && traffic <= choices.trafficLimit && keepsExtra(choices, extra);
}

/** Whether sums keep the extra limits. */
export function keepsExtra(choices: PlanChoices, extra: readonly number[]): boolean {
  for (let r = 0; r < extra.length; r++) if (!(extra[r]! <= choices.extra[r]!.limit)) return false;
  return true;
}

/** Whether an assignment keeps mean accuracy, server memory, total traffic and the extra limits. */
export function isWithinCoupling(choices: PlanChoices, entries: ArrayLike<number>): boolean {
  return keepsCoupling(choices, couplingUse(choices, entries));
}

/** Sum of the violations: accuracy in units of the span that the choices offer, memory, traffic and extra limits in theirs. */
export function couplingViolation(choices: PlanChoices, { loss, memory, traffic, extra }: CouplingUse): number {
  let sum =
    (choices.limitsMean ? Math.max(0, loss) : 0) +
    over(memory, choices.memoryLimit) +
    over(traffic, choices.trafficLimit);
  for (let r = 0; r < extra.length; r++) sum += over(extra[r]!, choices.extra[r]!.limit);
  return sum;
}

function over(used: number, limit: number): number {
  return Number.isFinite(limit) ? Math.max(0, used - limit) : 0;
}
