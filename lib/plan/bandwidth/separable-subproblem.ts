import type { SeparableMinMax, SeparableValues } from './separable-problem.js';
import { ThresholdProgram } from './threshold-program.js';

/**
 * The quadratic subproblem of a separable min–max problem at x:
 *
 *   minimise Σ c_r·t_r + ½Σ D_i·d_i²   subject to   f_{i,r} + f'_{i,r}·d_i ≤ t_r,   Σ g'_i·d_i ≤ (G/limit)·(limit − G),
 *
 * an arrowhead: each row has one private and one shared column. With one threshold the rows and the limit already
 * determine the solution and D plays no part; the active set then follows from one scalar equation, and its working set
 * is exchanged as a whole, O(n) a pass. With more thresholds it is a `ThresholdProgram`.
 */
export class SeparableSubproblem {
  /** d, Σ c_r·t_r and the multipliers of the last subproblem. */
  readonly step: Float64Array;
  readonly rowMultipliers: Float64Array;
  predicted = 0;
  limitMultiplier = 0;
  workingSetChanges = 0;
  private readonly held: Uint8Array;
  private excessUse = 0;
  private reach = 1;
  private program: ThresholdProgram | undefined;

  /** `scale` is the size of what the objective is added to. */
  constructor(
    private readonly problem: SeparableMinMax,
    private readonly scale: number,
  ) {
    this.step = new Float64Array(problem.count);
    this.rowMultipliers = new Float64Array(problem.count * problem.rowWeights.length);
    this.held = new Uint8Array(problem.count).fill(1);
  }

  /**
   * False if the subproblem could not be solved. No variable changes by more than the factor `reach`. `excessUse` is use that an earlier trial of the same step turned out to need
   * beyond the linear model.
   */
  solve(x: Float64Array, at: SeparableValues, reach: number, excessUse = 0): boolean {
    this.excessUse = excessUse;
    this.reach = reach;
    return this.problem.rowWeights.length === 1 ? this.solveSingle(x, at) : this.solveGeneral(x, at);
  }

  /** How far variable i may rise. */
  private room(x: Float64Array, i: number): number {
    return Math.min(this.problem.upper[i]! - x[i]!, (this.reach - 1) * x[i]!);
  }

  private requiredDecrease(at: SeparableValues): number {
    let use = 0;
    for (let i = 0; i < this.problem.count; i++) use += at.use[i]!;
    return (use / this.problem.limit) * (use - this.problem.limit) + this.excessUse;
  }

  /** d_i = min((t − f_i)/f'_i, upper_i − x_i); t is the least that frees enough of the limit. */
  private solveSingle(x: Float64Array, at: SeparableValues): boolean {
    const { problem, step, held, rowMultipliers } = this;
    const { count, lower } = problem;
    const weight = problem.rowWeights[0]!;
    const { row, rowSlope, useSlope } = at;
    const required = this.requiredDecrease(at);
    let leastThreshold = problem.leastThresholds[0]!;
    for (let i = 0; i < count; i++) {
      const shrink = Math.max(lower[i]! - x[i]!, (1 / this.reach - 1) * x[i]!);
      leastThreshold = Math.max(leastThreshold, row[i]! + rowSlope[i]! * shrink);
    }
    let threshold = leastThreshold;
    let freedByThreshold = 0;
    // Newton's method on a concave piecewise linear function: finite, and from below after the first pass.
    for (let pass = 0; pass < 200; pass++) {
      let freed = 0;
      freedByThreshold = 0;
      for (let i = 0; i < count; i++) {
        const share = -useSlope[i]!;
        if (held[i]) {
          const rate = share / rowSlope[i]!;
          freedByThreshold += rate;
          freed -= rate * row[i]!;
        } else {
          freed += share * this.room(x, i);
        }
      }
      const target = freedByThreshold > 0 ? (required - freed) / freedByThreshold : leastThreshold;
      threshold = Math.max(target, leastThreshold);
      let changes = 0;
      for (let i = 0; i < count; i++) {
        const holds = threshold - row[i]! < rowSlope[i]! * this.room(x, i) ? 1 : 0;
        if (holds !== held[i]) changes++;
        held[i] = holds;
      }
      this.workingSetChanges += changes;
      if (changes === 0) break;
    }
    const limited = threshold > leastThreshold && freedByThreshold > 0;
    this.limitMultiplier = limited ? weight / freedByThreshold : 0;
    for (let i = 0; i < count; i++) {
      step[i] = held[i] ? (threshold - row[i]!) / rowSlope[i]! : this.room(x, i);
      rowMultipliers[i] = limited && held[i] ? (this.limitMultiplier * -useSlope[i]!) / rowSlope[i]! : 0;
    }
    this.predicted = weight * threshold;
    return Number.isFinite(threshold);
  }

  private solveGeneral(x: Float64Array, at: SeparableValues): boolean {
    const { problem, step, rowMultipliers } = this;
    this.program ??= new ThresholdProgram(problem.count, problem.rowWeights, problem.leastThresholds, this.scale);
    const { program } = this;
    this.state(program, x, at);
    if (!program.solve()) return false;
    this.workingSetChanges += program.activeChanges;
    this.predicted = program.predicted;
    for (let i = 0; i < problem.count; i++) step[i] = program.step[i]! * x[i]!;
    for (let k = 0; k < rowMultipliers.length; k++) rowMultipliers[k] = program.multipliers[k]!;
    this.limitMultiplier = program.limitMultiplier;
    return true;
  }

  /** In relative steps d_i / x_i, so that variables of all sizes look alike. */
  private state(program: ThresholdProgram, x: Float64Array, at: SeparableValues): void {
    const { count, rowWeights, lower, upper } = this.problem;
    const rows = rowWeights.length;
    for (let i = 0; i < count; i++) {
      let curvature = this.limitMultiplier * at.useCurvature[i]!;
      for (let r = 0; r < rows; r++) {
        const k = i * rows + r;
        curvature += this.rowMultipliers[k]! * at.rowCurvature[k]!;
        program.offset[k] = at.row[k]!;
        program.slope[k] = at.rowSlope[k]! * x[i]!;
      }
      program.curvature[i] = Math.max(0, curvature) * x[i]! * x[i]!;
      program.use[i] = at.useSlope[i]! * x[i]!;
      program.lower[i] = Math.max((lower[i]! - x[i]!) / x[i]!, 1 / this.reach - 1);
      program.upper[i] = Math.min((upper[i]! - x[i]!) / x[i]!, this.reach - 1);
    }
    program.required = -this.requiredDecrease(at);
  }
}
