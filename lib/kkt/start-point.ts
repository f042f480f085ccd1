import type { RandomStream } from '../random/index.js';
import { findDefinedStart } from '../nlp/index.js';
import type { Iterate } from './iterate.js';

/** Puts the iterate at the start or, where the problem is not defined there, at a point found from it. */
export function findStart(iterate: Iterate, start: Float64Array, expired: () => boolean): boolean {
  const { current, evaluation } = iterate;
  current.x.set(start);
  return findDefinedStart(
    evaluation.meta,
    current.x,
    () => !expired() && evaluation.functions(current) && iterate.differentiate(),
  );
}

/** Values at the start were taken before the scaling was known. */
export function rescaleValues(iterate: Iterate): void {
  const { objective, constraints } = iterate.evaluation.scaling;
  const { model, current, structure } = iterate;
  current.objective *= objective;
  for (let i = 0; i < constraints.length; i++) current.constraints[i] = current.constraints[i]! * constraints[i]!;
  for (let j = 0; j < model.gradient.length; j++) model.gradient[j] = model.gradient[j]! * objective;
  for (let k = 0; k < model.jacobian.length; k++) {
    model.jacobian[k] = model.jacobian[k]! * constraints[structure.jacobian.rows[k]!]!;
  }
}

/** Moves off the present point by about `size`, or less, to one where everything is defined; stays where there is none. */
export function perturb(iterate: Iterate, random: RandomStream, size: number): void {
  const { evaluation, current, trial } = iterate;
  const { lower, upper } = evaluation.meta;
  for (let attempt = 0; attempt < 5; attempt++) {
    for (let j = 0; j < trial.x.length; j++) {
      const value = current.x[j]!;
      const moved = value + size * Math.max(1, Math.abs(value)) * random.normal() * Math.pow(0.3, attempt);
      trial.x[j] = Math.min(Math.max(moved, lower[j]!), upper[j]!);
    }
    if (!evaluation.functions(trial) || !iterate.differentiateTrial()) continue;
    iterate.moveToTrial();
    return;
  }
}
