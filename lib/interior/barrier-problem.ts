import type { Iterate } from '../kkt/index.js';
import { RowKind, type BarrierBlock } from './barrier.js';
import type { NewtonSystem } from './newton-system.js';

/** s_max of the scaled error (Wächter & Biegler 2006, eq. 5–6). */
const errorScale = 100;

/** The barrier problem at one μ: its objective, its violation and how far a point is from solving it. */
export class BarrierProblem {
  /** Barrier parameter. */
  mu = 0;
  kinds: Uint8Array = new Uint8Array(0);

  constructor(
    readonly iterate: Iterate,
    readonly variables: BarrierBlock,
    readonly slacks: BarrierBlock,
    readonly system: NewtonSystem,
  ) {}

  /** Functions are never asked outside the bounds themselves. */
  clampInto(values: Float64Array, target: Float64Array): void {
    const { lower, upper } = this.iterate.evaluation.meta;
    for (let j = 0; j < target.length; j++) target[j] = Math.min(Math.max(values[j]!, lower[j]!), upper[j]!);
  }

  /** θ: Σ |c − side| + Σ |c − s|. */
  violation(constraints: Float64Array, slackValues: Float64Array): number {
    const { kinds, iterate } = this;
    const { rowLower } = iterate.evaluation;
    let sum = 0;
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] === RowKind.equality) sum += Math.abs(constraints[i]! - rowLower[i]!);
      else if (kinds[i] === RowKind.inequality) sum += Math.abs(constraints[i]! - slackValues[i]!);
    }
    return sum;
  }

  /** θ at the present point. */
  get presentViolation(): number {
    return this.violation(this.iterate.current.constraints, this.slacks.value);
  }

  /** f − μ Σ logarithms of the distances to bounds and sides. */
  objective(objective: number, variableValues: Float64Array, slackValues: Float64Array): number {
    return objective + this.mu * (this.variables.logarithms(variableValues) + this.slacks.logarithms(slackValues));
  }

  get presentObjective(): number {
    return this.objective(this.iterate.current.objective, this.variables.value, this.slacks.value);
  }

  /** E_μ, scaled as in eq. 5. */
  error(mu: number, rowMultipliers: Float64Array): number {
    const { variables, slacks, kinds, system } = this;
    let multiplierSum = 0;
    for (const value of rowMultipliers) multiplierSum += Math.abs(value);
    const forces = variables.multiplierSum() + slacks.multiplierSum();
    const count = variables.size + slacks.size;
    const dualScale = Math.max(errorScale, (multiplierSum + forces) / Math.max(1, 2 * count)) / errorScale;
    const sideScale = Math.max(errorScale, forces / Math.max(1, count)) / errorScale;
    let primal = 0;
    for (let i = 0; i < kinds.length; i++) primal = Math.max(primal, Math.abs(system.presentResidual(kinds, i)));
    return Math.max(
      system.dualResidual(kinds, rowMultipliers) / dualScale,
      primal,
      Math.max(variables.complementarity(mu), slacks.complementarity(mu)) / sideScale,
    );
  }
}
