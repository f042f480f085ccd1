import type { KktResiduals, NonlinearProgram } from '../problem/index.js';
import { isSolved, type SolverResult, type Termination } from '../solver/index.js';
import {
  assess,
  describeResiduals,
  isDegenerate,
  meetsTolerances,
  type Evidence,
  type Tolerances,
} from './conclusion.js';
import { findsLowerPoint } from './curvature.js';
import { DoorSetting, scarceEvaluations, type DoorOptions } from './door-setting.js';
import { Evaluator } from './evaluator.js';
import { largestEntry } from './held-space.js';
import { judgeLeastViolation } from './least-violation.js';
import { fallsForever } from './unbounded.js';
import { scaledTolerances, type Units } from './units.js';

/** Share of the objective's size by which another feasible point must be lower to count as better than a solution. */
const betterBy = 1e-4;
/** The same for a point sought along a direction in which the objective should fall. */
const lowerBy = 1e-6;

/** What remains of a claim. */
export interface Judgement {
  readonly termination: Termination;
  readonly message: string;
  readonly evidence: Evidence;
  readonly multipliers: Float64Array;
  /** Where the solve should go on, own units. */
  readonly next?: Float64Array | undefined;
  /** Of an unbounded problem. */
  readonly ray?: Float64Array;
}

/** Judges what a solver claims anew from the problem. */
export class DoorJudge<Options extends DoorOptions> extends DoorSetting<Options> {
  /** What remains of the solver's claim. */
  protected judge(prepared: NonlinearProgram, result: SolverResult, units: Units, tolerances: Tolerances): Judgement {
    const evaluator = new Evaluator(prepared);
    const evidence = this.evidenceOf(evaluator, result, tolerances);
    const base = { evidence, multipliers: result.multipliers, message: result.message };
    if (this.undefinedEverywhere) {
      const message = 'No point near the start at which the problem is defined.';
      return { ...base, termination: 'not-finite', message };
    }
    switch (result.termination) {
      case 'optimal':
      case 'locally-optimal':
      case 'stalled':
        return this.judgeSolution(prepared, result, evidence, units, tolerances);
      case 'unbounded': {
        // Where functions and derivatives contradict each other, one of them is wrong.
        const ray = this.warnings.length === 0 ? this.unboundedRay(prepared, result, units, tolerances) : undefined;
        if (ray) return { ...base, termination: 'unbounded', ray };
        return {
          ...base,
          termination: 'stalled',
          message: 'The objective falls far, but not along a ray that goes on without flattening.',
        };
      }
      case 'infeasible':
      case 'locally-infeasible':
        if (result.termination === 'locally-infeasible') {
          const { isLeast, lower } = judgeLeastViolation(evidence, prepared, this.expired);
          const message = 'The violation could not be reduced, but is not at a local minimum.';
          if (!isLeast) return { ...base, termination: 'stalled', message, next: lower && this.toOwn(lower, units) };
        }
        if (!this.bestIsFeasible() || this.crossed()) return { ...base, termination: result.termination };
        return { ...base, termination: 'stalled', message: 'The method found no way on, but feasible points exist.' };
      default:
        return { ...base, termination: result.termination };
    }
  }

  private evidenceOf(evaluator: Evaluator, result: SolverResult, tolerances: Tolerances): Evidence {
    const candidate = { x: result.x, objective: result.objective, multipliers: result.multipliers };
    const claimed = assess(evaluator, { ...candidate, boundMultipliers: result.boundMultipliers });
    if (meetsTolerances(claimed.residuals, tolerances)) return claimed;
    const fitted = assess(evaluator, candidate);
    return worst(fitted.residuals) < worst(claimed.residuals) ? fitted : claimed;
  }

  private judgeSolution(
    prepared: NonlinearProgram,
    result: SolverResult,
    evidence: Evidence,
    units: Units,
    tolerances: Tolerances,
  ): Judgement {
    const { residuals } = evidence;
    const claimed = isSolved(result.termination);
    const x = this.toOwn(result.x, units);
    // Where the objective's size at the start is an ordinary one, absolute tolerances are meant, and held already.
    const settled =
      claimed && units.objective === 1 && units.objectiveSize >= 1 && meetsTolerances(residuals, tolerances);
    const local = this.affluent && !settled ? this.localUnits(x, units) : units;
    const { optimalityTolerance } = scaledTolerances(
      { ...units, objectiveSize: local.objectiveSize },
      this.options,
      true,
    );
    const allowed = { ...tolerances, optimalityTolerance };
    const base = { evidence, multipliers: result.multipliers };
    if (meetsTolerances(residuals, allowed)) {
      const better = this.betterPoint(result, evidence, units, local);
      if (better) {
        const message = 'A feasible point with a lower objective than the solution found is known.';
        return { ...base, termination: 'stalled', message, next: better };
      }
      const isConvex = this.meta.convex === true || result.termination === 'optimal';
      const along = isConvex ? undefined : this.pointAlongCurvature(prepared, result, evidence, units, local);
      if (along) {
        const message = 'The point is stationary, but the objective falls along a feasible direction.';
        return { ...base, termination: 'stalled', message, next: along };
      }
      const message = claimed ? result.message : 'The point meets the tolerances.';
      return { ...base, termination: isConvex ? 'optimal' : 'locally-optimal', message };
    }
    if (!claimed) return { ...base, termination: result.termination, message: result.message };
    const degenerate =
      residuals.stationarity <= allowed.optimalityTolerance && isDegenerate(residuals, allowed)
        ? ' Multipliers without bound hide the residual: the gradients of the active constraints depend on each other there (no constraint qualification holds).'
        : '';
    const message = `The recomputed residuals (${describeResiduals(residuals)}) do not meet the tolerance.${degenerate}`;
    // The units of the start may have been those of another place.
    const next = residuals.primalInfeasibility <= allowed.feasibilityTolerance && !degenerate ? x : undefined;
    return { ...base, termination: 'stalled', message, next };
  }

  /** A feasible point met on the way whose objective is clearly lower, the violation that it has paid for. */
  private betterPoint(
    result: SolverResult,
    { residuals }: Evidence,
    units: Units,
    local: Units,
    share = betterBy,
  ): Float64Array | undefined {
    const { best } = this.session;
    if (!this.bestIsFeasible()) return undefined;
    const objective = result.objective / units.objective;
    let bought = 0;
    const { feasibilityTolerance } = scaledTolerances(units, this.options);
    for (let i = 0; i < result.multipliers.length; i++) {
      const side = Math.max(1, Math.min(1e6, Math.abs(this.meta.constraintUpper[i]! * units.rows[i]!) || 1));
      bought += (Math.abs(result.multipliers[i]!) / units.objective) * feasibilityTolerance * best.violation * side;
    }
    const size = Math.max(local.objectiveSize, Math.min(Math.abs(objective), 1e3 * local.objectiveSize));
    const given = (largestEntry(result.multipliers) * residuals.absoluteInfeasibility) / units.objective;
    const margin = share * size + 2 * bought + given;
    return best.objective < objective - margin ? best.x.slice() : undefined;
  }

  /** A lower feasible point where the second-order necessary conditions do not hold. */
  private pointAlongCurvature(
    prepared: NonlinearProgram,
    result: SolverResult,
    evidence: Evidence,
    units: Units,
    local: Units,
  ): Float64Array | undefined {
    if (!this.affluent) return undefined;
    const { session, given, meta } = this;
    let lowest = this.bestIsFeasible() ? session.best.objective : Infinity;
    const lower = findsLowerPoint({
      evaluator: new Evaluator(prepared),
      point: evidence.point,
      objectiveSize: local.objectiveSize * units.objective,
      exact: given.gradient !== undefined && (meta.constraintCount === 0 || given.jacobian !== undefined),
      spent: session.counts.objective,
      left: session.evaluationsLeft,
      expired: () => this.expired() || session.evaluationsLeft < scarceEvaluations,
      isLower: () => {
        if (!this.bestIsFeasible() || !(session.best.objective < lowest)) return false;
        lowest = session.best.objective;
        return this.betterPoint(result, evidence, units, local, lowerBy) !== undefined;
      },
    });
    return lower ? session.best.x.slice() : undefined;
  }

  /** True if a point was met whose objective is clearly lower in digits, not only in relation to its size. */
  protected isRefuted({ result, units }: { readonly result: SolverResult; readonly units: Units }): boolean {
    const { best } = this.session;
    const objective = result.objective / units.objective;
    const share = betterBy * Math.max(Math.abs(objective), Math.abs(best.objective));
    return this.bestIsFeasible() && best.objective < objective - share;
  }

  /** A direction in which the problem itself falls without end from where the solver says so. */
  private unboundedRay(prepared: NonlinearProgram, result: SolverResult, units: Units, tolerances: Tolerances) {
    const start = this.firstStart().map((value, j) => value / units.variables[j]!);
    const whole = result.x.map((value, j) => value - start[j]!);
    const directions = result.direction ? [result.direction, whole] : [whole];
    const { feasibilityTolerance } = tolerances;
    return fallsForever(prepared, start, result.x, directions, feasibilityTolerance, this.outOfEvaluations);
  }
}

function worst({ stationarity, complementarity }: KktResiduals): number {
  return Math.max(stationarity, complementarity);
}
