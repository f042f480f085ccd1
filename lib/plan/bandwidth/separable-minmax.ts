import { Budget, type Termination } from '../../solver/index.js';
import { CurvedStep } from './curved-step.js';
import type { SeparableMinMax, SeparableValues } from './separable-problem.js';
import { SeparableSubproblem } from './separable-subproblem.js';

/** Options of `solveSeparableMinMax`. */
export interface SeparableOptions {
  /** Steps (subproblems solved) before giving up. */
  readonly maxSteps?: number;
  /** Of rows and uses, relative to `scale` and `limit`. */
  readonly tolerance?: number;
  /** Size of what the objective is added to: its precision is relative to both together. */
  readonly scale?: number;
  /** Ends the search at a limit of time or steps. */
  readonly budget?: Budget;
  /** Called after each subproblem with the objective before its step and the residual there. */
  readonly onStep?: (step: number, objective: number, residual: number) => void;
}

/** Answer of `solveSeparableMinMax`. */
export interface SeparableResult {
  /** Why the search ended. */
  readonly termination: Termination;
  /** A point with Σ g ≤ limit up to rounding. */
  readonly x: Float64Array;
  /** t_r = max_i f_{i,r}(x), not below leastThresholds[r]. */
  readonly thresholds: Float64Array;
  /** Σ_r c_r·t_r at `x`. */
  readonly objective: number;
  /** y of the rows, ≥ 0, Σ_i y_{i,r} = c_r. */
  readonly rowMultipliers: Float64Array;
  /** y of the shared limit, ≥ 0: −∂objective/∂limit. */
  readonly limitMultiplier: number;
  /** Quadratic subproblems solved. */
  readonly steps: number;
  /** Working-set changes in all of them. */
  readonly workingSetChanges: number;
  /** Spread of the active rows and error of the use, relative, at x. */
  readonly residual: number;
}

/** A step may change a variable by this factor at most; the narrower ones are tried where the linear model misled. */
const widestReach = 1e3;
const narrowReaches = [4, 1.5];
const shortestStep = 1 / 256;
/** Second-order corrections of a step that is not accepted whole. */
const corrections = 3;
const correctable = 0.5;

/**
 * Sequential quadratic programming for separable min–max problems. The subproblem linearises the rows and, in the form
 * −1/Σg ≤ −1/limit (straight along rays where g is a reciprocal), the shared limit; its Hessian is the Lagrangian's,
 * which is diagonal because the rank-one part of the limit's curvature is constant on the linearised limit. Each
 * step is judged by the objective at the restored, feasible point.
 *
 * @param problem - Rows, uses and the limit that they share.
 * @param start - First x, within the bounds, length count.
 * @param options - Steps, tolerance and budget.
 * @example
 * ```ts
 * import { type SeparableValues, solveSeparableMinMax } from 'sft-opt/plan';
 *
 * // The least t with x₁ ≤ t, 2·x₂ ≤ t where 1/x₁ + 1/x₂ ≤ 1.
 * const problem = {
 *   count: 2,
 *   rowWeights: [1],
 *   lower: Float64Array.of(0.1, 0.1),
 *   upper: Float64Array.of(9, 9),
 *   limit: 1,
 *   leastThresholds: Float64Array.of(-Infinity),
 *   evaluate([x, y]: Float64Array, at: SeparableValues) {
 *     at.row.set([x!, 2 * y!]);
 *     at.rowSlope.set([1, 2]);
 *     at.rowCurvature.fill(0);
 *     at.use.set([1 / x!, 1 / y!]);
 *     at.useSlope.set([-1 / x! ** 2, -1 / y! ** 2]);
 *     at.useCurvature.set([2 / x! ** 3, 2 / y! ** 3]);
 *   },
 *   totalUse: ([x, y]: Float64Array) => 1 / x! + 1 / y!,
 *   restore: (x: Float64Array) => void x.set(x.map((value) => value * (1 / x[0]! + 1 / x[1]!))),
 * };
 * console.log(Math.round(1e4 * solveSeparableMinMax(problem, Float64Array.of(2, 2)).objective) / 1e4); // 3
 * ```
 */
export function solveSeparableMinMax(
  problem: SeparableMinMax,
  start: Float64Array,
  options: SeparableOptions = {},
): SeparableResult {
  return new SeparableSqp(problem, options).solve(start);
}

class SeparableSqp {
  private at: SeparableValues;
  private readonly trial: Float64Array;
  private trialAt: SeparableValues;
  private readonly accepted: Float64Array;
  private acceptedAt: SeparableValues;
  private acceptedAfter = Infinity;
  private trialUse = 0;
  private readonly best: Float64Array;
  private readonly x: Float64Array;
  private readonly rowCount: number;
  private readonly subproblem: SeparableSubproblem;
  private readonly curved: CurvedStep;
  private bestObjective = Infinity;

  constructor(
    private readonly problem: SeparableMinMax,
    private readonly options: SeparableOptions,
  ) {
    const { count, rowWeights } = problem;
    this.rowCount = count * rowWeights.length;
    this.at = separableValues(count, rowWeights.length);
    this.x = new Float64Array(count);
    this.trial = new Float64Array(count);
    this.trialAt = separableValues(count, rowWeights.length);
    this.accepted = new Float64Array(count);
    this.acceptedAt = separableValues(count, rowWeights.length);
    this.best = new Float64Array(count);
    this.subproblem = new SeparableSubproblem(problem, options.scale ?? 0);
    this.curved = new CurvedStep(problem);
  }

  solve(start: Float64Array): SeparableResult {
    const { problem, x, subproblem } = this;
    const budget = this.options.budget ?? new Budget();
    const tolerance = this.options.tolerance ?? 1e-11;
    const maxSteps = this.options.maxSteps ?? 200;
    for (let i = 0; i < x.length; i++) x[i] = this.clamped(i, start[i]!);
    problem.restore(x);
    problem.evaluate(x, this.at);
    this.offer(x, this.objective(this.at));
    let termination: Termination = 'iteration-limit';
    let steps = 0;
    let stalls = 0;
    let residual = Infinity;
    for (; steps < maxSteps;) {
      const end = budget.exhausted(steps, steps);
      if (end) {
        termination = end;
        break;
      }
      const before = this.objective(this.at);
      const scale = (this.options.scale ?? 0) + Math.max(Math.abs(before), Number.MIN_VALUE);
      if (!subproblem.solve(x, this.at, widestReach)) {
        termination = 'stalled';
        break;
      }
      // What the linear model still hopes to gain bounds the error of a convex problem.
      residual = Math.max(0, before - subproblem.predicted) / scale;
      this.options.onStep?.(steps, before, residual);
      if (residual <= tolerance && steps > 0) {
        termination = 'optimal';
        break;
      }
      steps++;
      const after = this.advance(before);
      this.offer(x, after);
      stalls = after < before - 1e-14 * scale ? 0 : stalls + 1;
      if (stalls >= 8) {
        termination = residual <= 1e2 * tolerance ? 'optimal' : 'stalled';
        break;
      }
    }
    return this.result(termination, steps, residual);
  }

  /**
   * Takes the subproblem's step: bent by the rows' curvature where there is one threshold, or whole, if the restored point is better; else with second-order corrections for the use that
   * the linear model missed; else with less reach; else shortened. Leaves x and the values there. Returns the objective.
   */
  private advance(before: number): number {
    const { x, at, subproblem } = this;
    let best = this.tryCurved(before);
    if (!(best < before)) best = this.tryWithCorrections(this.tryLength(1, before), before, widestReach);
    const hopes = subproblem.predicted < before;
    for (const reach of narrowReaches) {
      if (best < before || !hopes || !subproblem.solve(x, at, reach)) break;
      best = this.tryWithCorrections(this.tryLength(1, best), before, reach);
    }
    if (!(best < before) && hopes) subproblem.solve(x, at, widestReach);
    for (let length = 0.25; length >= shortestStep && !(best < before) && hopes; length /= 4) {
      best = this.tryLength(length, best);
    }
    if (this.acceptedAfter === Infinity) return before;
    x.set(this.accepted);
    [this.at, this.acceptedAt] = [this.acceptedAt, this.at];
    this.acceptedAfter = Infinity;
    return best;
  }

  /** Second-order corrections of the whole step, as long as it is not accepted and misses the limit by little. */
  private tryWithCorrections(tried: number, before: number, reach: number): number {
    const { x, at, subproblem } = this;
    const { limit } = this.problem;
    let best = tried;
    let excessUse = 0;
    for (let k = 0; k < corrections && !(best < before) && subproblem.predicted < before; k++) {
      const missed = this.trialUse - limit;
      if (Math.abs(missed) > correctable * limit) break;
      excessUse += missed;
      if (!subproblem.solve(x, at, reach, excessUse)) break;
      best = this.tryLength(1, best);
    }
    return best;
  }

  /** Objective at the restored end of the curved step; kept as the point to go to where that is better. */
  private tryCurved(before: number): number {
    const { problem, x, at, subproblem, trial } = this;
    const { rowWeights } = problem;
    if (rowWeights.length > 1 || !(subproblem.limitMultiplier > 0) || !(subproblem.predicted < before)) return before;
    const weight = rowWeights[0]!;
    const usePerThreshold = weight / subproblem.limitMultiplier;
    this.curved.place(x, at, subproblem.predicted / weight, usePerThreshold, widestReach, trial);
    return this.tryPoint(before);
  }

  /** Objective at the restored x + length·step; kept as the point to go to if no trial before it was better. */
  private tryLength(length: number, best: number): number {
    const { x, trial, subproblem } = this;
    for (let i = 0; i < x.length; i++) trial[i] = this.clamped(i, x[i]! + length * subproblem.step[i]!);
    return this.tryPoint(best);
  }

  /** Restores and judges `trial`. */
  private tryPoint(best: number): number {
    const { problem, trial, trialAt } = this;
    this.trialUse = problem.totalUse(trial);
    problem.restore(trial);
    problem.evaluate(trial, trialAt);
    const after = this.objective(trialAt);
    if (!(after < this.acceptedAfter)) return best;
    this.acceptedAfter = after;
    this.accepted.set(trial);
    [this.trialAt, this.acceptedAt] = [this.acceptedAt, this.trialAt];
    return after;
  }

  private clamped(i: number, value: number): number {
    return Math.min(Math.max(value, this.problem.lower[i]!), this.problem.upper[i]!);
  }

  private objective(at: SeparableValues): number {
    const { rowWeights } = this.problem;
    let sum = 0;
    for (let r = 0; r < rowWeights.length; r++) sum += rowWeights[r]! * this.longest(at, r);
    return sum;
  }

  private longest(at: SeparableValues, r: number): number {
    const perBlock = this.problem.rowWeights.length;
    let most = this.problem.leastThresholds[r]!;
    for (let k = r; k < this.rowCount; k += perBlock) if (at.row[k]! > most) most = at.row[k]!;
    return most;
  }

  private offer(x: Float64Array, objective: number): void {
    if (!(objective < this.bestObjective)) return;
    this.bestObjective = objective;
    this.best.set(x);
  }

  private result(termination: Termination, steps: number, residual: number): SeparableResult {
    const { problem, at, best, subproblem } = this;
    problem.evaluate(best, at);
    const thresholds = Float64Array.from(problem.rowWeights, (_, r) => this.longest(at, r));
    return {
      termination,
      x: best.slice(),
      thresholds,
      objective: this.objective(at),
      rowMultipliers: subproblem.rowMultipliers.slice(),
      limitMultiplier: subproblem.limitMultiplier,
      steps,
      workingSetChanges: subproblem.workingSetChanges,
      residual,
    };
  }
}

function separableValues(count: number, rows: number): SeparableValues {
  return {
    row: new Float64Array(count * rows),
    rowSlope: new Float64Array(count * rows),
    rowCurvature: new Float64Array(count * rows),
    use: new Float64Array(count),
    useSlope: new Float64Array(count),
    useCurvature: new Float64Array(count),
  };
}
