import type { AcceptanceTest, ProgressMeasure, Verdict } from '../globalization/index.js';
import {
  backtrack,
  correct,
  dotProduct,
  type Backtracking,
  type Correcting,
  type Iterate,
  type SearchOutcome,
  type SubproblemSolution,
  type TrialVerdict,
} from '../kkt/index.js';
import type { WorkingSetSolver } from './working-set-solver.js';

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

/** A correction must reduce the violation at least to this share to be followed by another. */
const correctionProgress = 0.9;
/** Share of the present violation that a full step must keep for a correction of it to be worth its evaluations. */
const worthCorrecting = 0.1;

/**
 * The step of a subproblem as something to backtrack along: trial points are judged by an acceptance test (filter or merit
 * function), the full step is corrected on the working set with the factors at hand.
 */
export class LineSearch implements Backtracking, Correcting {
  readonly maxTrials = 40;
  readonly progress = correctionProgress;
  firstLength = 1;
  shortest = 0;
  /** Fraction of the step that was taken. */
  stepLength = 0;
  private request!: SearchRequest;
  private from: ProgressMeasure = { violation: 0, objective: 0 };
  private slope = 0;
  private trialObjective = 0;
  private readonly correction: Float64Array;
  private readonly correctedStep: Float64Array;
  private readonly residuals: Float64Array;

  constructor(private readonly iterate: Iterate) {
    const { variableCount: n, rowCount: m } = iterate.structure;
    this.correction = new Float64Array(n);
    this.correctedStep = new Float64Array(n);
    this.residuals = new Float64Array(m);
  }

  /** On `accepted` the iterate's trial point holds the new point and its derivatives. */
  search(request: SearchRequest): SearchOutcome {
    const { iterate } = this;
    const { test, solution, violation } = request;
    this.request = request;
    this.slope = dotProduct(iterate.model.gradient, solution.step);
    this.from = { violation, objective: iterate.current.objective };
    test.prepare(this.from, this.slope, solution.linearViolation, request.largestMultiplier);
    this.shortest = test.shortestStep(this.from, this.slope);
    this.firstLength = request.firstLength;
    return backtrack(iterate, this);
  }

  get maxCorrections(): number {
    return this.request.maxCorrections;
  }

  expired(): boolean {
    return this.request.expired();
  }

  judge(length?: number): TrialVerdict {
    const { iterate, request, from, slope } = this;
    const { test } = request;
    if (length === undefined) iterate.setTrial(this.correctedStep, 1);
    else iterate.setTrial(request.solution.step, length);
    const { evaluation, trial } = iterate;
    if (!evaluation.constraints(trial)) return { verdict: 'rejected', violation: Infinity };
    const violation = evaluation.violation(trial);
    // A point beyond the largest violation needs no objective.
    if (!(violation <= test.largestViolation) || !evaluation.objective(trial)) {
      return { verdict: 'rejected', violation: Infinity };
    }
    const reached = { violation, objective: trial.objective };
    // Corrections overwrite the trial point; the length after them depends on the one that they set out from.
    if (length !== undefined) this.trialObjective = trial.objective;
    return { verdict: test.judge(from, reached, slope, length ?? 1), violation };
  }

  take(verdict: Verdict, length = 1): void {
    this.request.test.moved(this.from, verdict);
    this.stepLength = length;
  }

  correct({ violation }: TrialVerdict, length: number): SearchOutcome {
    const { request, correctedStep, from } = this;
    const isWorthwhile = length === 1 && violation >= worthCorrecting * from.violation && violation > 0;
    if (!isWorthwhile || violation === Infinity || request.correctionSolver === undefined) return 'failed';
    correctedStep.set(request.solution.step);
    return correct(this.iterate, this, violation);
  }

  /** Corrects the row residuals at the refused point on the working set. */
  next(): boolean {
    const { iterate, request, correction, correctedStep, residuals } = this;
    const { solution } = request;
    const { trial, evaluation } = iterate;
    for (let i = 0; i < residuals.length; i++) {
      const state = solution.workingSet.rows[i]!;
      const side = state < 0 ? evaluation.rowLower[i]! : evaluation.rowUpper[i]!;
      residuals[i] = state === 0 ? 0 : trial.constraints[i]! - side;
    }
    request.correctionSolver!.secondOrderStep(solution, residuals, correction);
    for (let j = 0; j < correctedStep.length; j++) correctedStep[j] = correctedStep[j]! + correction[j]!;
    return true;
  }

  /** From a parabola through the objective where that is the measure, else by half. */
  shorten({ violation }: TrialVerdict, length: number): number {
    const { trialObjective, from, slope, request } = this;
    const descent = slope * length;
    const rise = trialObjective - from.objective - descent;
    if (violation === Infinity) return 0.25 * length;
    const byObjective = violation <= request.test.smallViolation;
    if (!byObjective || !(descent < 0) || !(rise > 0)) return 0.5 * length;
    return length * Math.min(0.5, Math.max(0.1, -descent / (2 * rise)));
  }
}
