import { Filter } from '../globalization/index.js';
import {
  ConvergenceTest,
  findStart,
  Iterate,
  rescaleValues,
  Restoration,
  StepDriver,
  unboundedEnding,
  type DriverRequest,
  type Ending,
  type Evaluation,
  type KktMatrix,
  type ModelStructure,
  type SteppingMethod,
} from '../kkt/index.js';
import { BarrierProblem } from './barrier-problem.js';
import { BarrierBlock, RowKind, rowKinds } from './barrier.js';
import { CentralityCorrections } from './centrality.js';
import { BarrierSearch } from './line-search.js';
import { NewtonSystem } from './newton-system.js';
import type { InteriorOptions } from './options.js';

const firstPush = 1e-2;
/** The same where multipliers of the bounds are given: they say that the start is near a solution. */
const guessedPush = 1e-4;
const largestStartMultiplier = 1e3;
const smallestGuessedBarrier = 1e-6;
/** κ_ε, κ_μ, θ_μ: when and how the barrier parameter falls (eq. 7). */
const barrierError = 10;
const barrierFactor = 0.2;
const barrierPower = 1.5;
const smallestTau = 0.99;
/** Iterations in a row within the tolerance after which the point is taken, however far the sharp one is. */
const acceptableIterations = 10;
/** Iterations near a solution without progress after which a point within the tolerances is taken. */
const patience = 12;

export interface InteriorRun extends DriverRequest {
  readonly multipliers: Float64Array | undefined;
  readonly boundMultipliers: Float64Array | undefined;
}

const solvedEnding: Ending = {
  termination: 'locally-optimal',
  message: 'First-order conditions hold within the tolerances.',
};
/**
 * Primal–dual interior-point method with a filter line search (Wächter & Biegler 2006) over one problem: slacks for
 * inequality rows, monotone barrier parameter, inertia correction, second-order corrections, and restoration by the
 * least-squares violation within the bounds.
 */
export class InteriorAlgorithm implements SteppingMethod {
  readonly iterate: Iterate;
  readonly rowMultipliers: Float64Array;
  readonly boundMultipliers: Float64Array;
  readonly convergence: ConvergenceTest;
  private readonly driver: StepDriver;
  private readonly barrier: BarrierProblem;
  private readonly lineSearch: BarrierSearch;
  private readonly variables: BarrierBlock;
  private readonly slacks: BarrierBlock;
  private readonly system: NewtonSystem;
  private readonly centrality: CentralityCorrections;
  private readonly restoration: Restoration;
  private readonly filter = new Filter();
  private request!: InteriorRun;
  private minimumShift = 0;
  private recoveries = 0;
  private idle = 0;
  private acceptable = 0;
  private leastError = Infinity;
  private error = Infinity;
  private leastViolation = Infinity;

  constructor(
    readonly evaluation: Evaluation,
    structure: ModelStructure,
    private readonly matrix: KktMatrix,
    private readonly options: InteriorOptions,
    evaluationCount: () => number,
  ) {
    const { variableCount: n, rowCount: m } = structure;
    this.iterate = new Iterate(evaluation, structure);
    this.rowMultipliers = new Float64Array(m);
    this.boundMultipliers = new Float64Array(n);
    this.convergence = new ConvergenceTest(evaluation);
    this.driver = new StepDriver(this, options, evaluationCount);
    this.variables = new BarrierBlock(n);
    this.slacks = new BarrierBlock(m);
    this.system = new NewtonSystem(matrix, this.iterate, this.variables, this.slacks);
    this.centrality = new CentralityCorrections(this.system, this.variables, this.slacks);
    this.restoration = new Restoration(matrix, this.iterate);
    this.barrier = new BarrierProblem(this.iterate, this.variables, this.slacks, this.system);
    const { expired } = this.driver;
    this.lineSearch = new BarrierSearch(this.barrier, this.filter, options.secondOrderCorrections, expired);
  }

  run(request: InteriorRun): Ending {
    this.request = request;
    this.matrix.expired = this.driver.expired;
    this.recoveries = this.idle = this.acceptable = 0;
    this.minimumShift = 0;
    this.leastError = this.leastViolation = Infinity;
    this.system.reset();
    return this.driver.run(request);
  }

  get iterations(): number {
    return this.driver.iterations;
  }

  get direction(): Float64Array {
    return this.variables.step;
  }

  solutionAtHand(): Ending | undefined {
    return this.meetsTolerances() ? solvedEnding : undefined;
  }

  begin(): boolean {
    const { iterate, evaluation, variables, slacks, system, rowMultipliers } = this;
    const { meta } = evaluation;
    variables.setSides(meta.lower, meta.upper);
    if (!findStart(iterate, this.request.start, this.driver.expired)) return false;
    const guess = this.request.boundMultipliers;
    variables.value.set(iterate.current.x);
    const guessed = guess !== undefined && this.isNear(guess);
    const push = guessed ? guessedPush : firstPush;
    if (!this.moveInside(push)) return false;
    if (this.options.scaling) {
      evaluation.chooseScaling(iterate.model.gradient, iterate.structure.jacobian.rows, iterate.model.jacobian);
      rescaleValues(iterate);
    }
    this.barrier.kinds = rowKinds(evaluation);
    slacks.setSides(evaluation.rowLower, evaluation.rowUpper);
    for (let i = 0; i < slacks.size; i++) if (this.barrier.kinds[i] !== RowKind.inequality) slacks.used[i] = 0;
    slacks.value.set(iterate.current.constraints);
    slacks.pushInside(push);
    system.setStructure(this.barrier.kinds);
    this.barrier.mu = this.options.firstBarrier;
    rowMultipliers.fill(0);
    const given = this.request.multipliers;
    if (given?.some((value) => value !== 0) === true) {
      const { objective, constraints } = evaluation.scaling;
      for (let i = 0; i < rowMultipliers.length; i++) rowMultipliers[i] = (given[i]! * objective) / constraints[i]!;
    } else if (rowMultipliers.length > 0) {
      system.estimateMultipliers(this.barrier.kinds, rowMultipliers, largestStartMultiplier);
    }
    if (guessed) this.takeGuess(guess);
    this.filter.reset(this.barrier.presentViolation);
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
    this.barrier.mu = Math.min(options.firstBarrier, Math.max(smallestGuessedBarrier, mean));
    variables.centreMultipliers(this.barrier.mu, largestStartMultiplier);
    slacks.centreMultipliers(this.barrier.mu, largestStartMultiplier);
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
      this.barrier.clampInto(variables.value, iterate.current.x);
      if (iterate.evaluation.functions(iterate.current) && iterate.differentiate()) return true;
    }
    return false;
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

  iteration(): Ending | undefined {
    const { iterate, evaluation, options, system, rowMultipliers } = this;
    const { kinds } = this.barrier;
    this.error = this.barrier.error(0, rowMultipliers);
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
    if (this.driver.expired()) return this.driver.limit();
    if (!regular) return this.recover('No shift makes the system regular.');
    this.variables.clearOffsets();
    this.slacks.clearOffsets();
    const solvable = system.solve(kinds, rowMultipliers, this.barrier.mu, (i) => system.presentResidual(kinds, i));
    if (!solvable) return this.recover('The Newton system could not be solved.');
    return this.search();
  }

  private lowerBarrier(): void {
    const { barrier, options } = this;
    const smallest = options.sharpTolerance / 11;
    while (
      this.barrier.mu > smallest &&
      barrier.error(barrier.mu, this.rowMultipliers) <= barrierError * this.barrier.mu
    ) {
      this.barrier.mu = Math.max(
        smallest,
        Math.min(barrierFactor * this.barrier.mu, Math.pow(this.barrier.mu, barrierPower)),
      );
      this.filter.clear();
    }
  }

  private search(): Ending | undefined {
    const { barrier, lineSearch, centrality, rowMultipliers, iterate } = this;
    const tau = Math.max(smallestTau, 1 - barrier.mu);
    const { slope, longest } = centrality.lengthen(barrier.kinds, rowMultipliers, barrier.mu, tau);
    if (this.isTiny()) return this.takeTinyStep(longest, tau);
    const found = lineSearch.search(rowMultipliers, slope, longest, tau);
    if (found === 'expired') return this.driver.limit();
    if (iterate.evaluation.objectiveFellToMinusInfinity) return unboundedEnding;
    if (found === 'failed') return this.recover('The line search found no acceptable point.');
    this.moveTo(lineSearch.stepLength, tau);
    return this.afterStep(lineSearch.isFull);
  }

  private moveTo(length: number, tau: number): void {
    const { variables, slacks, system, rowMultipliers, iterate } = this;
    const { mu } = this.barrier;
    const multiplierLength = Math.min(variables.longestMultiplierStep(mu, tau), slacks.longestMultiplierStep(mu, tau));
    variables.accept(mu, multiplierLength);
    slacks.accept(mu, multiplierLength);
    for (let i = 0; i < rowMultipliers.length; i++)
      rowMultipliers[i] = rowMultipliers[i]! + length * system.rowStep[i]!;
    iterate.moveToTrial();
  }

  private afterStep(full: boolean): Ending | undefined {
    if (full) {
      this.recoveries = 0;
      this.minimumShift = this.minimumShift < 1e-10 ? 0 : this.minimumShift / 10;
    }
    const details = { barrier: this.barrier.mu, shift: this.system.correction.shift };
    return this.driver.stepTaken({ stationarity: this.error, details });
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

  private takeTinyStep(length: number, tau: number): Ending | undefined {
    const { iterate, variables, slacks, evaluation, options } = this;
    variables.setTrial(length);
    slacks.setTrial(length);
    this.barrier.clampInto(variables.trial, iterate.trial.x);
    const smallest = options.sharpTolerance / 11;
    if (this.barrier.mu <= smallest || !evaluation.functions(iterate.trial) || !iterate.differentiateTrial()) {
      return this.meetsTolerances()
        ? solvedEnding
        : { termination: 'stalled', message: 'The steps have become too small to change the point.' };
    }
    this.moveTo(length, tau);
    this.barrier.mu = Math.max(
      smallest,
      Math.min(barrierFactor * this.barrier.mu, Math.pow(this.barrier.mu, barrierPower)),
    );
    this.filter.clear();
    return this.afterStep(false);
  }

  /** After a step that could not be had: more curvature near feasibility, else restoration. */
  private recover(reason: string): Ending | undefined {
    const { evaluation, options } = this;
    if (this.meetsTolerances()) return solvedEnding;
    const violation = this.barrier.presentViolation;
    if (violation > 1e-2 * options.feasibilityTolerance && evaluation.meta.constraintCount > 0) {
      return this.restore(violation, reason);
    }
    this.recoveries++;
    if (this.recoveries > 8) return { termination: 'stalled', message: reason };
    this.minimumShift = Math.max(1e-4 * Math.pow(10, this.recoveries), 20 * this.system.correction.shift);
    if (this.recoveries >= 2) this.filter.clear();
    this.driver.iterations++;
    return undefined;
  }

  private restore(violation: number, reason: string): Ending | undefined {
    const { iterate, evaluation, variables, slacks, system, filter, options, rowMultipliers } = this;
    if (this.driver.restorations >= options.maxRestorations) return { termination: 'stalled', message: reason };
    this.driver.restorations++;
    const objective = this.barrier.presentObjective;
    filter.moved({ violation, objective }, 'violation-step');
    // Slacks may lag behind rows that are satisfied: then moving them is all that is needed.
    const before = evaluation.violation(iterate.current);
    const outcome =
      before <= 1e-12
        ? 'restored'
        : this.restoration.run({
            acceptable: (now) => now <= 0.5 * before,
            goal: 1e-10,
            expired: this.driver.expired,
            onStep: () => this.driver.iterations++,
            hessian: (x, multipliers, values) => evaluation.hessian(x, 0, multipliers, values),
          });
    if (outcome === 'expired') return this.driver.limit();
    const feasible = evaluation.relativeViolation(iterate.current) <= options.feasibilityTolerance;
    if (outcome !== 'restored' && !feasible) {
      const remaining = evaluation.violation(iterate.current);
      const recurs = remaining >= 0.999 * this.leastViolation;
      this.leastViolation = Math.min(this.leastViolation, remaining);
      if (recurs || this.driver.restorations >= options.maxRestorations) {
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
    this.barrier.clampInto(variables.value, iterate.current.x);
    if (!evaluation.functions(iterate.current) || !iterate.differentiate()) {
      return { termination: 'stalled', message: 'The problem is not defined inside its bounds.' };
    }
    slacks.value.set(iterate.current.constraints);
    slacks.pushInside(1e-4);
    variables.centreMultipliers(this.barrier.mu, 1e3);
    slacks.centreMultipliers(this.barrier.mu, 1e3);
    rowMultipliers.fill(0);
    system.estimateMultipliers(this.barrier.kinds, rowMultipliers, largestStartMultiplier);
    const now = this.barrier.presentViolation;
    if (!filter.accepts(now, this.barrier.presentObjective)) {
      filter.clear();
    }
    return this.afterStep(false);
  }
}
