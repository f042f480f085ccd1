import { FallWatch } from '../nlp/index.js';
import { Filter } from '../globalization/index.js';
import type { Budget, BudgetEnd, IterationCallback, Termination } from '../solver/index.js';
import {
  ConvergenceTest,
  findStart,
  Iterate,
  rescaleValues,
  Restoration,
  fallsFromHere,
  hasRunAway,
  type Evaluation,
  type KktMatrix,
  type ModelStructure,
} from '../kkt/index.js';
import { BarrierBlock, RowKind, rowKinds, rowResidual } from './barrier.js';
import { CentralityCorrections } from './centrality.js';
import { NewtonSystem } from './newton-system.js';
import type { InteriorOptions } from './options.js';

const firstPush = 1e-2;
/** The same where multipliers of the bounds are given: they say that the start is near a solution. */
const guessedPush = 1e-4;
const largestStartMultiplier = 1e3;
const smallestGuessedBarrier = 1e-6;
/** s_max of the scaled error (Wächter & Biegler 2006, eq. 5–6). */
const errorScale = 100;
/** κ_ε, κ_μ, θ_μ: when and how the barrier parameter falls (eq. 7). */
const barrierError = 10;
const barrierFactor = 0.2;
const barrierPower = 1.5;
const smallestTau = 0.99;
const maxTrials = 45;
/** Iterations in a row within the tolerance after which the point is taken, however far the sharp one is. */
const acceptableIterations = 10;
/** Iterations near a solution without progress after which a point within the tolerances is taken. */
const patience = 12;

export interface InteriorEnding {
  readonly termination: Termination;
  readonly message: string;
}

export interface InteriorRun {
  readonly start: Float64Array;
  readonly multipliers: Float64Array | undefined;
  readonly boundMultipliers: Float64Array | undefined;
  readonly budget: Budget;
  readonly onIteration: IterationCallback | undefined;
}

const solvedEnding: InteriorEnding = {
  termination: 'locally-optimal',
  message: 'First-order conditions hold within the tolerances.',
};
const unbounded: InteriorEnding = {
  termination: 'unbounded',
  message: 'The objective falls without end over points that satisfy the constraints.',
};

/**
 * Primal–dual interior-point method with a filter line search (Wächter & Biegler 2006) over one problem: slacks for
 * inequality rows, monotone barrier parameter, inertia correction, second-order corrections, and restoration by the
 * least-squares violation within the bounds.
 */
export class InteriorAlgorithm {
  readonly iterate: Iterate;
  readonly rowMultipliers: Float64Array;
  readonly boundMultipliers: Float64Array;
  readonly convergence: ConvergenceTest;
  iterations = 0;
  restorations = 0;
  private readonly variables: BarrierBlock;
  private readonly slacks: BarrierBlock;
  private readonly system: NewtonSystem;
  private readonly centrality: CentralityCorrections;
  private readonly restoration: Restoration;
  private readonly filter = new Filter();
  private readonly correctionResidual: Float64Array;
  private readonly kept: Float64Array;
  private kinds: Uint8Array = new Uint8Array(0);
  private mu = 0;
  private request!: InteriorRun;
  private interrupted = false;
  private minimumShift = 0;
  private recoveries = 0;
  private idle = 0;
  private acceptable = 0;
  private leastError = Infinity;
  private firstObjective = 0;
  private readonly watch: FallWatch;
  private error = Infinity;
  private leastViolation = Infinity;

  constructor(
    readonly evaluation: Evaluation,
    structure: ModelStructure,
    private readonly matrix: KktMatrix,
    private readonly options: InteriorOptions,
    private readonly evaluationCount: () => number,
  ) {
    const { variableCount: n, rowCount: m } = structure;
    this.iterate = new Iterate(evaluation, structure);
    this.rowMultipliers = new Float64Array(m);
    this.boundMultipliers = new Float64Array(n);
    this.convergence = new ConvergenceTest(evaluation);
    this.watch = new FallWatch(options.unboundedThreshold);
    this.variables = new BarrierBlock(n);
    this.slacks = new BarrierBlock(m);
    this.system = new NewtonSystem(matrix, this.iterate, this.variables, this.slacks);
    this.centrality = new CentralityCorrections(this.system, this.variables, this.slacks);
    this.restoration = new Restoration(matrix, this.iterate);
    this.correctionResidual = new Float64Array(m);
    this.kept = new Float64Array(m);
  }

  run(request: InteriorRun): InteriorEnding {
    this.request = request;
    this.matrix.expired = this.expired;
    this.iterations = this.restorations = this.recoveries = this.idle = this.acceptable = 0;
    this.interrupted = false;
    this.minimumShift = 0;
    this.leastError = this.leastViolation = Infinity;
    this.system.reset();
    if (!this.begin()) {
      const end = this.budgetEnd();
      return end !== undefined
        ? { termination: end, message: 'A limit ended the work.' }
        : { termination: 'not-finite', message: 'No point near the start at which the problem is defined.' };
    }
    for (;;) {
      const ending = this.limit() ?? this.iteration();
      if (ending === undefined) continue;
      const gaveUp = ending.termination === 'stalled' || ending.termination === 'iteration-limit';
      return gaveUp && hasRunAway(this.iterate, request.start, this.firstObjective) && this.fallsForever()
        ? unbounded
        : ending;
    }
  }

  /** Limits on iterations do not cut the search for a ray short. */
  private fallsForever(): boolean {
    const { iterate, request, variables, options } = this;
    const expired = (): boolean => request.budget.exhausted(0, this.evaluationCount()) !== undefined;
    return fallsFromHere(iterate, request.start, variables.step, options.feasibilityTolerance, expired);
  }

  private expired = (): boolean => this.budgetEnd() !== undefined;

  private budgetEnd(): BudgetEnd | undefined {
    if (this.interrupted) return 'interrupted';
    return this.request.budget.exhausted(this.iterations, this.evaluationCount());
  }

  private limit(): InteriorEnding | undefined {
    const end = this.budgetEnd();
    if (end === undefined) return undefined;
    return this.meetsTolerances() ? solvedEnding : { termination: end, message: 'A limit ended the work.' };
  }

  private begin(): boolean {
    const { iterate, evaluation, variables, slacks, system, rowMultipliers } = this;
    const { meta } = evaluation;
    variables.setSides(meta.lower, meta.upper);
    if (!findStart(iterate, this.request.start, this.expired)) return false;
    const guess = this.request.boundMultipliers;
    variables.value.set(iterate.current.x);
    const guessed = guess !== undefined && this.isNear(guess);
    const push = guessed ? guessedPush : firstPush;
    if (!this.moveInside(push)) return false;
    if (this.options.scaling) {
      evaluation.chooseScaling(iterate.model.gradient, iterate.structure.jacobian.rows, iterate.model.jacobian);
      rescaleValues(iterate);
    }
    this.kinds = rowKinds(evaluation);
    slacks.setSides(evaluation.rowLower, evaluation.rowUpper);
    for (let i = 0; i < slacks.size; i++) if (this.kinds[i] !== RowKind.inequality) slacks.used[i] = 0;
    slacks.value.set(iterate.current.constraints);
    slacks.pushInside(push);
    system.setStructure(this.kinds);
    this.mu = this.options.firstBarrier;
    this.firstObjective = iterate.current.objective;
    this.watch.reset();
    rowMultipliers.fill(0);
    const given = this.request.multipliers;
    if (given?.some((value) => value !== 0) === true) {
      const { objective, constraints } = evaluation.scaling;
      for (let i = 0; i < rowMultipliers.length; i++) rowMultipliers[i] = (given[i]! * objective) / constraints[i]!;
    } else if (rowMultipliers.length > 0) {
      system.estimateMultipliers(this.kinds, rowMultipliers, largestStartMultiplier);
    }
    if (guessed) this.takeGuess(guess);
    this.filter.reset(this.violation(iterate.current.constraints, slacks.value));
    return true;
  }

  /** True if the start is about as complementary to guessed multipliers of bounds as the first barrier asks for. */
  private isNear(guess: Float64Array): boolean {
    const { sum, count } = this.variables.guessedComplementarity(guess);
    return count > 0 && sum <= this.options.firstBarrier * count;
  }

  /** Multipliers from a guess, centred with the barrier parameter that the guess and the start agree on. */
  private takeGuess(guess: Float64Array): void {
    const { variables, slacks, evaluation, options, rowMultipliers } = this;
    const net = guess.map((value) => value * evaluation.scaling.objective);
    const ofVariables = variables.guessedComplementarity(net);
    const ofSlacks = slacks.guessedComplementarity(rowMultipliers);
    const mean = (ofVariables.sum + ofSlacks.sum) / Math.max(1, ofVariables.count + ofSlacks.count);
    this.mu = Math.min(options.firstBarrier, Math.max(smallestGuessedBarrier, mean));
    variables.centreMultipliers(this.mu, largestStartMultiplier);
    slacks.centreMultipliers(this.mu, largestStartMultiplier);
    variables.raiseMultipliers(net);
    slacks.raiseMultipliers(rowMultipliers);
  }

  /**
   * At least `push` away from the bounds, as far as the functions are defined there; values and derivatives are
   * renewed.
   */
  private moveInside(push: number): boolean {
    const { iterate, variables } = this;
    const start = iterate.current.x.slice();
    for (const share of [push, 1e-4, 1e-6]) {
      variables.value.set(start);
      variables.pushInside(share);
      this.clampInto(variables.value, iterate.current.x);
      if (iterate.evaluation.functions(iterate.current) && iterate.differentiate()) return true;
    }
    return false;
  }

  /** Functions are never asked outside the bounds themselves. */
  private clampInto(values: Float64Array, target: Float64Array): void {
    const { lower, upper } = this.evaluation.meta;
    for (let j = 0; j < target.length; j++) target[j] = Math.min(Math.max(values[j]!, lower[j]!), upper[j]!);
  }

  /** θ: Σ |c − side| + Σ |c − s|. */
  private violation(constraints: Float64Array, slackValues: Float64Array): number {
    const { kinds, evaluation } = this;
    let sum = 0;
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] === RowKind.equality) sum += Math.abs(constraints[i]! - evaluation.rowLower[i]!);
      else if (kinds[i] === RowKind.inequality) sum += Math.abs(constraints[i]! - slackValues[i]!);
    }
    return sum;
  }

  private barrierObjective(objective: number, variableValues: Float64Array, slackValues: Float64Array): number {
    return objective + this.mu * (this.variables.logarithms(variableValues) + this.slacks.logarithms(slackValues));
  }

  /** E_μ, scaled as in eq. 5. */
  private barrierProblemError(mu: number): number {
    const { variables, slacks, rowMultipliers, kinds, system } = this;
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

  private meetsTolerances(): boolean {
    const { iterate, rowMultipliers, boundMultipliers, system, options, convergence } = this;
    system.boundMultipliers(rowMultipliers, boundMultipliers);
    const residuals = convergence.residuals(iterate.current, iterate.model, rowMultipliers, boundMultipliers);
    this.stationarity = residuals.stationarity;
    return (
      residuals.primalInfeasibility <= options.feasibilityTolerance &&
      residuals.stationarity <= options.optimalityTolerance &&
      residuals.complementarity <= options.optimalityTolerance
    );
  }

  private stationarity = Infinity;

  private iteration(): InteriorEnding | undefined {
    const { iterate, evaluation, options, system, kinds, rowMultipliers } = this;
    this.error = this.barrierProblemError(0);
    if (this.error <= options.sharpTolerance && this.meetsTolerances()) return solvedEnding;
    this.acceptable = this.error <= options.optimalityTolerance ? this.acceptable + 1 : 0;
    if (this.acceptable >= acceptableIterations && this.meetsTolerances()) return solvedEnding;
    const progressing = this.error < 0.5 * this.leastError;
    this.idle = progressing ? 0 : this.idle + 1;
    this.leastError = Math.min(this.leastError, this.error);
    if (this.idle >= patience && this.error <= 1e2 * options.optimalityTolerance && this.meetsTolerances())
      return solvedEnding;
    this.lowerBarrier();
    if (!evaluation.hessian(iterate.current.x, 1, rowMultipliers, iterate.model.hessian)) iterate.model.hessian.fill(0);
    const regular = system.factor(kinds, this.minimumShift);
    if (this.expired()) return this.limit();
    if (!regular) return this.recover('No shift makes the system regular.');
    this.variables.clearOffsets();
    this.slacks.clearOffsets();
    const solvable = system.solve(kinds, rowMultipliers, this.mu, (i) => system.presentResidual(kinds, i));
    if (!solvable) return this.recover('The Newton system could not be solved.');
    return this.search();
  }

  private lowerBarrier(): void {
    const { options } = this;
    const smallest = options.sharpTolerance / 11;
    while (this.mu > smallest && this.barrierProblemError(this.mu) <= barrierError * this.mu) {
      this.mu = Math.max(smallest, Math.min(barrierFactor * this.mu, Math.pow(this.mu, barrierPower)));
      this.filter.clear();
    }
  }

  private search(): InteriorEnding | undefined {
    const { iterate, evaluation, variables, slacks, filter, mu } = this;
    const tau = Math.max(smallestTau, 1 - mu);
    const violation = this.violation(iterate.current.constraints, slacks.value);
    const objective = this.barrierObjective(iterate.current.objective, variables.value, slacks.value);
    const { slope, longest } = this.centrality.lengthen(this.kinds, this.rowMultipliers, mu, tau);
    const current = { violation, objective };
    if (this.isTiny()) return this.takeTinyStep(longest, tau);
    const shortest = filter.shortestStep(current, slope);
    let length = longest;
    for (let trial = 0; trial < maxTrials && length >= shortest; trial++) {
      if (this.expired()) return this.limit();
      const judged = this.judgeTrial(current, slope, length);
      if (judged.verdict !== 'rejected' && iterate.differentiateTrial()) {
        filter.moved(current, judged.verdict);
        return this.accept(length, tau, length >= longest);
      }
      if (evaluation.objectiveFellToMinusInfinity) return unbounded;
      if (trial === 0 && judged.violation >= violation && Number.isFinite(judged.violation)) {
        const corrected = this.tryCorrections(current, slope, longest, tau, judged.violation);
        if (corrected !== undefined) return corrected === 'taken' ? this.afterStep(true) : corrected;
      }
      length *= 0.5;
    }
    return this.recover('The line search found no acceptable point.');
  }

  private judgeTrial(current: { violation: number; objective: number }, slope: number, length: number) {
    const { iterate, evaluation, variables, slacks, filter } = this;
    const { trial } = iterate;
    variables.setTrial(length);
    slacks.setTrial(length);
    this.clampInto(variables.trial, trial.x);
    if (!evaluation.constraints(trial)) return { verdict: 'rejected', violation: Infinity } as const;
    const violation = this.violation(trial.constraints, slacks.trial);
    if (!(violation <= filter.largestViolation) || !evaluation.objective(trial)) {
      return { verdict: 'rejected', violation: Infinity } as const;
    }
    const objective = this.barrierObjective(trial.objective, variables.trial, slacks.trial);
    if (!Number.isFinite(objective)) return { verdict: 'rejected', violation } as const;
    return { verdict: filter.judge(current, { violation, objective }, slope, length), violation } as const;
  }

  /** Steps for the rows' residuals at the rejected point (§2.4); `taken` after a successful one. */
  private tryCorrections(
    current: { violation: number; objective: number },
    slope: number,
    longest: number,
    tau: number,
    firstViolation: number,
  ): 'taken' | InteriorEnding | undefined {
    const { iterate, evaluation, variables, slacks, system, kinds, rowMultipliers, correctionResidual, filter } = this;
    const keptVariables = variables.step.slice();
    const keptSlacks = slacks.step.slice();
    this.kept.set(system.rowStep);
    for (let i = 0; i < kinds.length; i++) correctionResidual[i] = system.presentResidual(kinds, i);
    let previous = firstViolation;
    let length = longest;
    for (let attempt = 0; attempt < this.options.secondOrderCorrections; attempt++) {
      if (this.expired()) return this.limit();
      for (let i = 0; i < kinds.length; i++) {
        const there = rowResidual(evaluation, kinds, iterate.trial, slacks.trial, i);
        correctionResidual[i] = length * correctionResidual[i]! + there;
      }
      if (!system.solve(kinds, rowMultipliers, this.mu, (i) => correctionResidual[i]!)) break;
      length = Math.min(variables.longestStep(tau), slacks.longestStep(tau));
      const judged = this.judgeTrial(current, slope, length);
      if (judged.verdict !== 'rejected' && iterate.differentiateTrial()) {
        filter.moved(current, judged.verdict);
        this.moveTo(length, tau);
        return 'taken';
      }
      if (!(judged.violation <= 0.99 * previous)) break;
      previous = judged.violation;
    }
    variables.step.set(keptVariables);
    slacks.step.set(keptSlacks);
    system.rowStep.set(this.kept);
    return undefined;
  }

  private moveTo(length: number, tau: number): void {
    const { variables, slacks, system, rowMultipliers, iterate, mu } = this;
    const multiplierLength = Math.min(variables.longestMultiplierStep(mu, tau), slacks.longestMultiplierStep(mu, tau));
    variables.accept(mu, multiplierLength);
    slacks.accept(mu, multiplierLength);
    for (let i = 0; i < rowMultipliers.length; i++)
      rowMultipliers[i] = rowMultipliers[i]! + length * system.rowStep[i]!;
    iterate.moveToTrial();
  }

  private accept(length: number, tau: number, full: boolean): InteriorEnding | undefined {
    this.moveTo(length, tau);
    return this.afterStep(full);
  }

  private afterStep(full: boolean): InteriorEnding | undefined {
    const { iterate, evaluation } = this;
    this.iterations++;
    if (full) {
      this.recoveries = 0;
      this.minimumShift = this.minimumShift < 1e-10 ? 0 : this.minimumShift / 10;
    }
    const { onIteration } = this.request;
    if (onIteration !== undefined) {
      const proceed = onIteration({
        iteration: this.iterations,
        objective: iterate.current.objective / evaluation.scaling.objective,
        primalInfeasibility: evaluation.relativeViolation(iterate.current),
        stationarity: this.error,
        details: { barrier: this.mu, shift: this.system.correction.shift },
      });
      if (proceed === false) this.interrupted = true;
    }
    const fallen = iterate.current.objective / evaluation.scaling.objective;
    return this.watch.isDue(fallen) && this.fallsForever() ? unbounded : undefined;
  }

  /** True if the step no longer changes the variables' and slacks' digits. */
  private isTiny(): boolean {
    for (const block of [this.variables, this.slacks]) {
      for (let k = 0; k < block.size; k++) {
        if (Math.abs(block.step[k]!) > 1e-15 * (1 + Math.abs(block.value[k]!))) return false;
      }
    }
    return true;
  }

  private takeTinyStep(length: number, tau: number): InteriorEnding | undefined {
    const { iterate, variables, slacks, evaluation, options } = this;
    variables.setTrial(length);
    slacks.setTrial(length);
    this.clampInto(variables.trial, iterate.trial.x);
    const smallest = options.sharpTolerance / 11;
    if (this.mu <= smallest || !evaluation.functions(iterate.trial) || !iterate.differentiateTrial()) {
      return this.meetsTolerances()
        ? solvedEnding
        : { termination: 'stalled', message: 'The steps have become too small to change the point.' };
    }
    this.moveTo(length, tau);
    this.mu = Math.max(smallest, Math.min(barrierFactor * this.mu, Math.pow(this.mu, barrierPower)));
    this.filter.clear();
    return this.afterStep(false);
  }

  /** After a step that could not be had: more curvature near feasibility, else restoration. */
  private recover(reason: string): InteriorEnding | undefined {
    const { iterate, evaluation, options, slacks } = this;
    if (this.meetsTolerances()) return solvedEnding;
    const violation = this.violation(iterate.current.constraints, slacks.value);
    if (violation > 1e-2 * options.feasibilityTolerance && evaluation.meta.constraintCount > 0) {
      return this.restore(violation, reason);
    }
    this.recoveries++;
    if (this.recoveries > 8) return { termination: 'stalled', message: reason };
    this.minimumShift = Math.max(1e-4 * Math.pow(10, this.recoveries), 20 * this.system.correction.shift);
    if (this.recoveries >= 2) this.filter.clear();
    this.iterations++;
    return undefined;
  }

  private restore(violation: number, reason: string): InteriorEnding | undefined {
    const { iterate, evaluation, variables, slacks, system, filter, options, kinds, rowMultipliers } = this;
    if (this.restorations >= options.maxRestorations) return { termination: 'stalled', message: reason };
    this.restorations++;
    const objective = this.barrierObjective(iterate.current.objective, variables.value, slacks.value);
    filter.moved({ violation, objective }, 'violation-step');
    // Slacks may lag behind rows that are satisfied: then moving them is all that is needed.
    const before = evaluation.violation(iterate.current);
    const outcome =
      before <= 1e-12
        ? 'restored'
        : this.restoration.run({
            acceptable: (now) => now <= 0.5 * before,
            goal: 1e-10,
            expired: this.expired,
            onStep: () => this.iterations++,
            hessian: (x, multipliers, values) => evaluation.hessian(x, 0, multipliers, values),
          });
    if (outcome === 'expired') return this.limit();
    const feasible = evaluation.relativeViolation(iterate.current) <= options.feasibilityTolerance;
    if (outcome !== 'restored' && !feasible) {
      const remaining = evaluation.violation(iterate.current);
      const recurs = remaining >= 0.999 * this.leastViolation;
      this.leastViolation = Math.min(this.leastViolation, remaining);
      if (recurs || this.restorations >= options.maxRestorations) {
        return outcome === 'stationary'
          ? {
              termination: 'locally-infeasible',
              message: 'The violation of the constraints is stationary and no feasible point was found.',
            }
          : { termination: 'stalled', message: 'The violation of the constraints could not be reduced further.' };
      }
    }
    variables.value.set(iterate.current.x);
    variables.pushInside(1e-4);
    this.clampInto(variables.value, iterate.current.x);
    if (!evaluation.functions(iterate.current) || !iterate.differentiate()) {
      return { termination: 'stalled', message: 'The problem is not defined inside its bounds.' };
    }
    slacks.value.set(iterate.current.constraints);
    slacks.pushInside(1e-4);
    variables.centreMultipliers(this.mu, 1e3);
    slacks.centreMultipliers(this.mu, 1e3);
    rowMultipliers.fill(0);
    system.estimateMultipliers(kinds, rowMultipliers, largestStartMultiplier);
    const now = this.violation(iterate.current.constraints, slacks.value);
    if (!filter.accepts(now, this.barrierObjective(iterate.current.objective, variables.value, slacks.value))) {
      filter.clear();
    }
    return this.afterStep(false);
  }
}
