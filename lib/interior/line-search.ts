import type { Filter, ProgressMeasure, Verdict } from '../globalization/index.js';
import {
  backtrack,
  correct,
  type Backtracking,
  type Correcting,
  type SearchOutcome,
  type TrialVerdict,
} from '../kkt/index.js';
import { rowResidual } from './barrier.js';
import type { BarrierProblem } from './barrier-problem.js';

/** Share of the violation that may remain after a correction if another is to follow. */
const correctionProgress = 0.99;

/** The step of the Newton system as something to backtrack along: judged by the filter in terms of the barrier problem. */
export class BarrierSearch implements Backtracking, Correcting {
  readonly maxTrials = 45;
  readonly progress = correctionProgress;
  firstLength = 1;
  shortest = 0;
  /** Fraction of the step that was taken, and whether that was all that the bounds allow. */
  stepLength = 0;
  isFull = false;
  private from: ProgressMeasure = { violation: 0, objective: 0 };
  private slope = 0;
  private tau = 1;
  private correctedLength = 1;
  private rowMultipliers: Float64Array = new Float64Array(0);
  private readonly residual: Float64Array;
  private readonly keptVariables: Float64Array;
  private readonly keptSlacks: Float64Array;
  private readonly keptRows: Float64Array;

  constructor(
    private readonly barrier: BarrierProblem,
    private readonly filter: Filter,
    readonly maxCorrections: number,
    readonly expired: () => boolean,
  ) {
    this.residual = new Float64Array(barrier.slacks.size);
    this.keptVariables = new Float64Array(barrier.variables.size);
    this.keptSlacks = new Float64Array(barrier.slacks.size);
    this.keptRows = new Float64Array(barrier.slacks.size);
  }

  /** On `accepted` the trial point with its derivatives lies `stepLength` along the step that the blocks hold. */
  search(rowMultipliers: Float64Array, slope: number, longest: number, tau: number): SearchOutcome {
    const { barrier, filter } = this;
    this.rowMultipliers = rowMultipliers;
    this.slope = slope;
    this.tau = tau;
    this.from = { violation: barrier.presentViolation, objective: barrier.presentObjective };
    this.firstLength = longest;
    this.shortest = filter.shortestStep(this.from, slope);
    return backtrack(barrier.iterate, this);
  }

  judge(length = this.correctedLength): TrialVerdict {
    const { barrier, filter, from, slope } = this;
    const { iterate, variables, slacks } = barrier;
    const { trial, evaluation } = iterate;
    variables.setTrial(length);
    slacks.setTrial(length);
    barrier.clampInto(variables.trial, trial.x);
    if (!evaluation.constraints(trial)) return { verdict: 'rejected', violation: Infinity };
    const violation = barrier.violation(trial.constraints, slacks.trial);
    if (!(violation <= filter.largestViolation) || !evaluation.objective(trial)) {
      return { verdict: 'rejected', violation: Infinity };
    }
    const objective = barrier.objective(trial.objective, variables.trial, slacks.trial);
    if (!Number.isFinite(objective)) return { verdict: 'rejected', violation };
    return { verdict: filter.judge(from, { violation, objective }, slope, length), violation };
  }

  take(verdict: Verdict, length?: number): void {
    this.filter.moved(this.from, verdict);
    this.stepLength = length ?? this.correctedLength;
    this.isFull = length === undefined || length >= this.firstLength;
  }

  /** Steps for the rows' residuals at the refused point; without success the step is what it was. */
  correct({ violation }: TrialVerdict, length: number): SearchOutcome {
    const { barrier, residual, keptVariables, keptSlacks, keptRows } = this;
    const { iterate, variables, slacks, system, kinds } = barrier;
    const isWorthwhile = violation >= this.from.violation && Number.isFinite(violation);
    if (!isWorthwhile || iterate.evaluation.objectiveFellToMinusInfinity) return 'failed';
    keptVariables.set(variables.step);
    keptSlacks.set(slacks.step);
    keptRows.set(system.rowStep);
    for (let i = 0; i < kinds.length; i++) residual[i] = system.presentResidual(kinds, i);
    this.correctedLength = length;
    const outcome = correct(iterate, this, violation);
    if (outcome === 'failed') {
      variables.step.set(keptVariables);
      slacks.step.set(keptSlacks);
      system.rowStep.set(keptRows);
    }
    return outcome;
  }

  next(): boolean {
    const { barrier, residual, correctedLength, rowMultipliers, tau } = this;
    const { iterate, variables, slacks, system, kinds, mu } = barrier;
    for (let i = 0; i < kinds.length; i++) {
      const there = rowResidual(iterate.evaluation, kinds, iterate.trial, slacks.trial, i);
      residual[i] = correctedLength * residual[i]! + there;
    }
    if (!system.solve(kinds, rowMultipliers, mu, (i) => residual[i]!)) return false;
    this.correctedLength = Math.min(variables.longestStep(tau), slacks.longestStep(tau));
    return true;
  }

  /** An objective that fell to −∞ ends the search. */
  shorten(_refused: TrialVerdict, length: number): number | undefined {
    return this.barrier.iterate.evaluation.objectiveFellToMinusInfinity ? undefined : 0.5 * length;
  }
}
