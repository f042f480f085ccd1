import type { AcceptanceTest, Verdict } from '../globalization/index.js';
import type { Iterate } from '../kkt/index.js';
import type { SubproblemSolution } from '../kkt/index.js';
import type { WorkingSetSolver } from './working-set-solver.js';
import { dotProduct } from '../kkt/index.js';

/** How a search ended: a point was taken, none was found, or the budget ran out on the way. */
export type SearchOutcome = 'accepted' | 'failed' | 'expired';

export interface SearchRequest {
  readonly test: AcceptanceTest;
  /** Longest fraction of the step to be tried, in (0, 1]. */
  readonly firstLength: number;
  /** ‖y‖∞ of the subproblem. */
  readonly largestMultiplier: number;
  readonly solution: SubproblemSolution;
  /** Violation at the present point. */
  readonly violation: number;
  /** Solver whose factors belong to `solution`, for second-order corrections; undefined when there is none. */
  readonly correctionSolver: WorkingSetSolver | undefined;
  readonly maxCorrections: number;
  readonly expired: () => boolean;
}

const maxTrials = 40;
/** A correction must reduce the violation at least to this share to be followed by another. */
const correctionProgress = 0.9;

/** Backtracking line search on an acceptance test (filter or merit function) with second-order corrections of the full step. */
export class LineSearch {
  private readonly correction: Float64Array;
  private readonly correctedStep: Float64Array;
  private readonly residuals: Float64Array;
  /** Fraction of the step that was taken. */
  stepLength = 0;

  constructor(private readonly iterate: Iterate) {
    const { variableCount: n, rowCount: m } = iterate.structure;
    this.correction = new Float64Array(n);
    this.correctedStep = new Float64Array(n);
    this.residuals = new Float64Array(m);
  }

  /** On `accepted` the iterate's trial point holds the new point and its derivatives. */
  search(request: SearchRequest): SearchOutcome {
    const { iterate } = this;
    const { test } = request;
    const { step } = request.solution;
    const slope = dotProduct(iterate.model.gradient, step);
    const { violation } = request;
    const objective = iterate.current.objective;
    test.prepare({ violation, objective }, slope, request.solution.linearViolation, request.largestMultiplier);
    const shortest = test.shortestStep({ violation, objective }, slope);
    let length = request.firstLength;
    for (let trial = 0; trial < maxTrials && length >= shortest; trial++) {
      if (request.expired()) return 'expired';
      iterate.setTrial(step, length);
      const { verdict, trialViolation, defined } = this.judgeTrial(test, violation, objective, slope, length);
      if (verdict !== 'rejected' && iterate.differentiateTrial()) {
        this.finish(request.test, verdict, violation, objective, length);
        return 'accepted';
      }
      const trialObjective = iterate.trial.objective;
      if (trial === 0 && length === 1 && defined && trialViolation >= 0.1 * violation && trialViolation > 0) {
        const corrected = this.tryCorrections(request, slope, trialViolation);
        if (corrected !== 'failed') return corrected;
      }
      const rise = trialObjective - objective - slope * length;
      length *= shrinkage(defined && trialViolation <= test.smallViolation, defined, slope * length, rise);
    }
    return 'failed';
  }

  private judgeTrial(test: AcceptanceTest, violation: number, objective: number, slope: number, length: number) {
    const { iterate } = this;
    const { evaluation, trial } = iterate;
    if (!evaluation.constraints(trial))
      return { verdict: 'rejected', trialViolation: Infinity, defined: false } as const;
    const trialViolation = evaluation.violation(trial);
    // A point beyond the largest violation needs no objective.
    if (!(trialViolation <= test.largestViolation)) {
      return { verdict: 'rejected', trialViolation, defined: false } as const;
    }
    if (!evaluation.objective(trial)) return { verdict: 'rejected', trialViolation, defined: false } as const;
    const verdict = test.judge(
      { violation, objective },
      { violation: trialViolation, objective: trial.objective },
      slope,
      length,
    );
    return { verdict, trialViolation, defined: true } as const;
  }

  private finish(test: AcceptanceTest, verdict: Verdict, violation: number, objective: number, length: number): void {
    test.moved({ violation, objective }, verdict);
    this.stepLength = length;
  }

  /**
   * Second-order corrections (Wächter & Biegler 2006, §2.4): the row residuals at the rejected point are corrected on the
   * working set with the factors at hand.
   */
  private tryCorrections(request: SearchRequest, slope: number, firstViolation: number): SearchOutcome {
    const { iterate, correction, correctedStep, residuals } = this;
    const { solution, correctionSolver, violation } = request;
    if (correctionSolver === undefined) return 'failed';
    const { trial, evaluation, current } = iterate;
    correctedStep.set(solution.step);
    let previous = firstViolation;
    for (let attempt = 0; attempt < request.maxCorrections; attempt++) {
      if (request.expired()) return 'expired';
      for (let i = 0; i < residuals.length; i++) {
        const state = solution.workingSet.rows[i]!;
        const side = state < 0 ? evaluation.rowLower[i]! : evaluation.rowUpper[i]!;
        residuals[i] = state === 0 ? 0 : trial.constraints[i]! - side;
      }
      correctionSolver.secondOrderStep(solution, residuals, correction);
      for (let j = 0; j < correctedStep.length; j++) correctedStep[j] = correctedStep[j]! + correction[j]!;
      iterate.setTrial(correctedStep, 1);
      const { verdict, trialViolation, defined } = this.judgeTrial(
        request.test,
        violation,
        current.objective,
        slope,
        1,
      );
      if (verdict !== 'rejected' && iterate.differentiateTrial()) {
        this.finish(request.test, verdict, violation, current.objective, 1);
        return 'accepted';
      }
      if (!defined || trialViolation > correctionProgress * previous) return 'failed';
      previous = trialViolation;
    }
    return 'failed';
  }
}

/** Factor for the next trial: from a parabola through the objective where that is the measure, else one half. */
function shrinkage(byObjective: boolean, defined: boolean, descent: number, rise: number): number {
  if (!defined) return 0.25;
  if (!byObjective || !(descent < 0) || !(rise > 0)) return 0.5;
  return Math.min(0.5, Math.max(0.1, -descent / (2 * rise)));
}
