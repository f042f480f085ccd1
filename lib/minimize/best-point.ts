import type { Evidence } from '../nlp/index.js';
import type { SolverResult } from '../solver/index.js';
import type { MethodName } from './attempts.js';

/** The best point over all attempts: solved before feasible before less violated, then by objective. */
export class BestPoint {
  readonly x: Float64Array;
  readonly multipliers: Float64Array;
  boundMultipliers: Float64Array | undefined;
  objective = NaN;
  violation = Infinity;
  solved = false;
  method: MethodName | 'none' = 'none';
  evidence: Evidence | undefined;

  constructor(
    variableCount: number,
    constraintCount: number,
    private readonly feasibilityTolerance: number,
  ) {
    this.x = new Float64Array(variableCount);
    this.multipliers = new Float64Array(constraintCount);
  }

  get known(): boolean {
    return this.evidence !== undefined;
  }

  get feasible(): boolean {
    return this.known && Number.isFinite(this.objective) && this.violation <= this.feasibilityTolerance;
  }

  offer(method: MethodName, result: SolverResult, evidence: Evidence, solved: boolean): void {
    const violation = evidence.residuals.primalInfeasibility;
    if (this.known && !this.isBetter(result.objective, violation, solved)) return;
    this.x.set(result.x);
    this.multipliers.set(result.multipliers);
    this.boundMultipliers = evidence.boundMultipliers;
    this.objective = result.objective;
    this.violation = violation;
    this.solved = solved;
    this.method = method;
    this.evidence = evidence;
  }

  private isBetter(objective: number, violation: number, solved: boolean): boolean {
    if (!Number.isFinite(objective)) return false;
    if (!Number.isFinite(this.objective)) return true;
    if (solved !== this.solved) return solved;
    const feasible = violation <= this.feasibilityTolerance;
    if (feasible !== this.feasible) return feasible;
    return feasible ? objective < this.objective : violation < this.violation;
  }
}
