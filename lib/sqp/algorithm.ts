import { ExactPenaltyMerit, Filter, type AcceptanceTest } from '../globalization/index.js';
import {
  activeSides,
  addTransposedProduct,
  ConvergenceTest,
  dotProduct,
  escapeSaddle,
  findStart,
  IdleCounter,
  inertiaCorrection,
  Iterate,
  maxAbs,
  MultiplierEstimator,
  perturb,
  rescaleValues,
  Restoration,
  StepDriver,
  subproblemSolution,
  unboundedEnding,
  workingSet,
  type Ending,
  type Evaluation,
  type KktMatrix,
  type ModelStructure,
  type RestorationOutcome,
  type SteppingMethod,
  type SubproblemSolution,
  type WorkingSet,
} from '../kkt/index.js';
import { randomStream, type RandomStream } from '../random/index.js';
import { Candidate } from './candidate.js';
import { provenInfeasible } from './infeasibility.js';
import { LineSearch } from './line-search.js';
import type { SqpOptions } from './options.js';
import type { QuasiNewton } from './quasi-newton.js';
import { isQuadraticProgram, type RunRequest } from './run-request.js';
import { SubproblemSolver, type SubproblemOutcome } from './subproblem.js';
import { Watchdog } from './watchdog.js';

const largestStartMultiplier = 1e3;
const stationaryRestarts = 3;
const maxEscapes = 3;
const firstStepLimit = 100;

/** Filter line-search SQP over one problem; `run` may be called again and again. */
export class SqpAlgorithm implements SteppingMethod {
  readonly iterate: Iterate;
  readonly rowMultipliers: Float64Array;
  readonly boundMultipliers: Float64Array;
  readonly solution: SubproblemSolution;
  private readonly driver: StepDriver;
  private readonly filter = new Filter();
  private readonly merit = new ExactPenaltyMerit();
  private test: AcceptanceTest = this.filter;
  private readonly correction = inertiaCorrection();
  private readonly subproblem: SubproblemSolver;
  private readonly search: LineSearch;
  private readonly restoration: Restoration;
  private readonly estimator: MultiplierEstimator;
  readonly convergence: ConvergenceTest;
  private readonly active: WorkingSet;
  private readonly gradientChange: Float64Array;
  private readonly lastStep: Float64Array;
  private readonly directionWork: Float64Array;
  private random: RandomStream = randomStream(0, 'sqp');
  private request!: RunRequest;
  private minimumShift = 0;
  private stationaryPoints = 0;
  private escapes = 0;
  private recoveries = 0;
  private readonly certificate: Float64Array;
  private leastStationary = Infinity;
  private readonly idle = new IdleCounter();
  private readonly watchdog: Watchdog;
  /** Largest component of a step over max(1, ‖x‖∞). */
  private stepLimit = firstStepLimit;
  private readonly candidate: Candidate;
  private polishSteps = 0;
  private moved = false;

  constructor(
    readonly evaluation: Evaluation,
    structure: ModelStructure,
    private readonly matrix: KktMatrix,
    private readonly options: SqpOptions,
    evaluationCount: () => number,
    /** Where there are no second derivatives. */
    private readonly quasiNewton: ((values: Float64Array) => QuasiNewton) | undefined,
  ) {
    const { variableCount: n, rowCount: m } = structure;
    this.iterate = new Iterate(evaluation, structure);
    this.rowMultipliers = new Float64Array(m);
    this.boundMultipliers = new Float64Array(n);
    this.solution = subproblemSolution(n, m);
    this.subproblem = new SubproblemSolver(matrix, n, m, this.correction, isQuadraticProgram(evaluation.meta));
    this.search = new LineSearch(this.iterate);
    this.restoration = new Restoration(matrix, this.iterate);
    this.estimator = new MultiplierEstimator(matrix, n, m, structure.hessian.rows.length, this.correction);
    this.convergence = new ConvergenceTest(evaluation);
    this.active = workingSet(n, m);
    this.gradientChange = new Float64Array(n);
    this.lastStep = new Float64Array(n);
    this.directionWork = new Float64Array(n + m);
    this.certificate = new Float64Array(m);
    this.candidate = new Candidate(this.iterate);
    this.driver = new StepDriver(this, options, evaluationCount);
    this.watchdog = new Watchdog(
      this.iterate,
      this.rowMultipliers,
      this.boundMultipliers,
      options.watchdogTrigger,
      options.watchdogSteps,
    );
    this.bfgs = quasiNewton?.(this.iterate.model.hessian);
  }

  private readonly bfgs: QuasiNewton | undefined;

  run(request: RunRequest): Ending {
    this.request = request;
    this.matrix.expired = this.driver.expired;
    this.random = randomStream(request.seed, 'sqp');
    this.minimumShift = request.minimumShift;
    this.test = request.globalization === 'merit' ? this.merit : this.filter;
    this.stationaryPoints = this.escapes = this.recoveries = 0;
    this.candidate.reset();
    this.leastStationary = Infinity;
    this.polishSteps = 0;
    this.stepLimit = firstStepLimit;
    Object.assign(this.correction, inertiaCorrection());
    this.bfgs?.reset(1);
    this.subproblem.reset();
    this.watchdog.reset();
    return this.driver.run(request);
  }

  get iterations(): number {
    return this.driver.iterations;
  }

  get restorations(): number {
    return this.driver.restorations;
  }

  get direction(): Float64Array {
    return this.solution.step;
  }

  solutionAtHand(): Ending | undefined {
    return this.candidate.found ? this.endAtCandidate() : undefined;
  }

  /** Finds a point where everything is defined, scales the problem, and estimates multipliers. */
  begin(): boolean {
    const { iterate, evaluation, request } = this;
    const { current } = iterate;
    if (!findStart(iterate, request.start, this.driver.expired)) return false;
    if (request.scaling) {
      evaluation.chooseScaling(iterate.model.gradient, iterate.structure.jacobian.rows, iterate.model.jacobian);
      rescaleValues(iterate);
    }
    this.test.reset(evaluation.violation(current));
    iterate.linearize();
    this.startMultipliers();
    this.idle.reset();
    return true;
  }

  private startMultipliers(): void {
    const { iterate, evaluation, request, rowMultipliers, solution } = this;
    activeSides(iterate.model, 1e-8, this.active);
    if (request.workingSet === undefined) {
      solution.workingSet.rows.set(this.active.rows);
      solution.workingSet.variables.fill(0);
      const { gradient } = iterate.model;
      // A variable at its bound stays there if the objective pushes it outwards.
      for (let j = 0; j < gradient.length; j++) {
        const side = this.active.variables[j]!;
        if (side * gradient[j]! < 0) solution.workingSet.variables[j] = side;
      }
    } else {
      solution.workingSet.rows.set(request.workingSet.rows);
      solution.workingSet.variables.set(request.workingSet.variables);
    }
    rowMultipliers.fill(0);
    this.boundMultipliers.fill(0);
    const given = request.multipliers ?? evaluation.meta.startMultipliers;
    if (given?.some((value) => value !== 0) === true) {
      const { objective, constraints } = evaluation.scaling;
      for (let i = 0; i < rowMultipliers.length; i++) rowMultipliers[i] = (given[i]! * objective) / constraints[i]!;
      return;
    }
    if (rowMultipliers.length > 0) this.estimateMultipliers(solution.workingSet, largestStartMultiplier);
  }

  /** Least-squares multipliers on the given sides; left at 0 when they are larger than `largest`. */
  private estimateMultipliers(set: WorkingSet, largest: number): void {
    const { rowMultipliers, boundMultipliers } = this;
    if (!this.estimator.estimate(this.iterate.model, set, rowMultipliers, boundMultipliers)) return;
    if (rowMultipliers.every((value) => Math.abs(value) <= largest)) return;
    rowMultipliers.fill(0);
    boundMultipliers.fill(0);
  }

  iteration(): Ending | undefined {
    const { iterate, evaluation, solution } = this;
    const violation = evaluation.violation(iterate.current);
    this.updateHessian();
    iterate.linearize();
    const penalty = Math.min(1e8, Math.max(1e3, 10 * maxAbs(this.rowMultipliers), 10 * maxAbs(iterate.model.gradient)));
    const outcome = this.subproblem.solve(iterate.model, solution, this.minimumShift, penalty, this.driver.expired);
    if (this.driver.expired()) return this.driver.limit();
    if (outcome === 'solved' || outcome === 'approximate') {
      const converged = this.testConvergence(solution.rowMultipliers, solution.boundMultipliers);
      if (converged) {
        const ending = this.converged(outcome);
        if (ending !== undefined || this.moved) return ending;
      }
    }
    const isLost = outcome === 'failed' || (outcome === 'inconsistent' && solution.linearViolation > 0.95 * violation);
    if (isLost && this.watchdog.watching) return this.takeBack();
    if (outcome === 'failed') return this.recover(violation, 'The subproblem could not be solved.');
    if (isLost) return this.restore(violation);
    return this.takeStep(outcome, violation);
  }

  private updateHessian(): void {
    const { iterate, evaluation } = this;
    if (this.bfgs !== undefined) return;
    const { hessian } = iterate.model;
    if (evaluation.hessian(iterate.current.x, 1, this.rowMultipliers, hessian)) return;
    // No curvature where it is not defined: the shift makes a gradient step of it.
    hessian.fill(0);
  }

  private testConvergence(rowMultipliers: Float64Array, boundMultipliers: Float64Array): boolean {
    const { iterate, options } = this;
    const residuals = this.convergence.residuals(iterate.current, iterate.model, rowMultipliers, boundMultipliers);
    this.lastResiduals = residuals;
    return (
      residuals.primalInfeasibility <= options.feasibilityTolerance &&
      residuals.stationarity <= options.optimalityTolerance &&
      residuals.complementarity <= options.optimalityTolerance
    );
  }

  private lastResiduals = { stationarity: Infinity, primalInfeasibility: Infinity, dualScale: 1 };

  /**
   * At a first-order point: leaves it if it is a saddle point (then `moved` is set), goes on for more digits while the
   * objective still moves (degenerate problems converge slowly), or ends.
   */
  private converged(outcome: SubproblemOutcome): Ending | undefined {
    const { solution, iterate, evaluation, options } = this;
    this.moved = false;
    const indefinite = this.bfgs === undefined && outcome === 'solved' && solution.shift > this.minimumShift;
    if (indefinite && this.leaveSaddle()) {
      this.moved = true;
      return undefined;
    }
    this.candidate.offer(solution.rowMultipliers, solution.boundMultipliers);
    const predicted = Math.abs(dotProduct(iterate.model.gradient, solution.step)) / evaluation.scaling.objective;
    const objective = Math.abs(iterate.current.objective) / evaluation.scaling.objective;
    const { stationarity, dualScale } = this.lastResiduals;
    const bought =
      (maxAbs(solution.rowMultipliers) * evaluation.violation(iterate.current)) / evaluation.scaling.objective;
    const sharp =
      predicted <= 1e-8 + 1e-6 * objective &&
      bought <= 1e-7 + 1e-5 * objective &&
      stationarity * dualScale <= options.optimalityTolerance;
    this.polishSteps++;
    return sharp || this.polishSteps > options.polishSteps ? this.endAtCandidate() : undefined;
  }

  private leaveSaddle(): boolean {
    const { iterate } = this;
    if (this.escapes >= maxEscapes || this.driver.expired()) return false;
    this.escapes++;
    const moved = escapeSaddle(iterate, this.matrix, this.solution.rowMultipliers, this.random, this.driver.expired);
    if (!moved) return false;
    this.test.reset(this.evaluation.violation(iterate.current));
    this.watchdog.reset();
    this.driver.iterations++;
    return true;
  }

  private endAtCandidate(): Ending {
    this.candidate.recall(this.rowMultipliers, this.boundMultipliers);
    return { termination: 'locally-optimal', message: 'First-order conditions hold within the tolerances.' };
  }

  private takeStep(outcome: SubproblemOutcome, violation: number): Ending | undefined {
    const { iterate, solution } = this;
    const exact = outcome === 'solved' && this.subproblem.factorsMatchSolution;
    this.lastStep.set(iterate.current.x);
    this.lagrangianGradient(-1);
    if (this.watchdog.relaxes) {
      const relaxed = this.watchdog.relaxedStep(this.test, solution, violation);
      if (relaxed === 'failed') return this.takeBack();
      return this.moveBy(1, 1);
    }
    return this.shortenedStep(violation, exact);
  }

  /** Ends a watch without success: the step at its beginning is shortened as usual. */
  private takeBack(): Ending | undefined {
    this.watchdog.goBack(this.solution);
    this.lastStep.set(this.iterate.current.x);
    this.lagrangianGradient(-1);
    return this.shortenedStep(this.watchdog.referenceViolation, false);
  }

  /** Backtracking line search; `exact`: the factors at hand are those of the solution. */
  private shortenedStep(violation: number, exact: boolean): Ending | undefined {
    const { iterate, solution, options, evaluation } = this;
    const radius = this.stepLimit * Math.max(1, maxAbs(iterate.current.x));
    const firstLength = Math.min(1, radius / Math.max(maxAbs(solution.step), Number.MIN_VALUE));
    const found = this.search.search({
      firstLength,
      test: this.test,
      largestMultiplier: maxAbs(solution.rowMultipliers),
      solution,
      violation,
      correctionSolver: exact ? this.subproblem.workingSetSolver : undefined,
      maxCorrections: options.secondOrderCorrections,
      expired: this.driver.expired,
    });
    if (found === 'expired') return this.driver.limit();
    if (evaluation.objectiveFellToMinusInfinity) return unboundedEnding;
    if (found === 'failed') return this.recover(violation, 'The line search found no acceptable point.');
    this.watchdog.stepTaken(this.search.stepLength >= firstLength);
    return this.moveBy(this.search.stepLength, firstLength);
  }

  /** Goes to the trial point, which lies `length` along the step of which `firstLength` might have been taken. */
  private moveBy(length: number, firstLength: number): Ending | undefined {
    this.iterate.moveToTrial();
    this.moveMultipliers(length);
    this.minimumShift = Math.max(
      this.request.minimumShift,
      length >= firstLength ? this.minimumShift / 10 : this.minimumShift,
    );
    if (this.minimumShift < 1e-12) this.minimumShift = this.request.minimumShift;
    if (this.bfgs !== undefined) this.updateQuasiNewton();
    if (length >= firstLength) this.recoveries = 0;
    const limited = firstLength < 1 && length === firstLength;
    this.stepLimit = limited ? 4 * this.stepLimit : Math.max(firstStepLimit, this.stepLimit / 4);
    return this.finishIteration(length);
  }

  /** gradientChange ← sign · ∇L at the present point with the new multipliers (added when sign is 1). */
  private lagrangianGradient(sign: number): void {
    if (this.bfgs === undefined) return;
    const { iterate, solution, gradientChange } = this;
    const product = this.directionWork.subarray(0, gradientChange.length);
    product.set(iterate.model.gradient);
    addTransposedProduct(iterate.structure, iterate.model.jacobian, solution.rowMultipliers, product);
    for (let j = 0; j < gradientChange.length; j++) {
      gradientChange[j] = sign < 0 ? -product[j]! : gradientChange[j]! + product[j]!;
    }
  }

  private updateQuasiNewton(): void {
    this.lagrangianGradient(1);
    const { lastStep } = this;
    for (let j = 0; j < lastStep.length; j++) lastStep[j] = this.iterate.current.x[j]! - lastStep[j]!;
    this.bfgs!.update(lastStep, this.gradientChange);
  }

  private moveMultipliers(length: number): void {
    const { rowMultipliers, boundMultipliers, solution } = this;
    for (let i = 0; i < rowMultipliers.length; i++) {
      rowMultipliers[i] = rowMultipliers[i]! + length * (solution.rowMultipliers[i]! - rowMultipliers[i]!);
    }
    for (let j = 0; j < boundMultipliers.length; j++) {
      boundMultipliers[j] = boundMultipliers[j]! + length * (solution.boundMultipliers[j]! - boundMultipliers[j]!);
    }
  }

  private finishIteration(length: number): Ending | undefined {
    const { iterate, solution, driver } = this;
    const ending = driver.stepTaken({
      stationarity: this.lastResiduals.stationarity,
      stepNorm: length * maxAbs(solution.step),
      details: { stepLength: length, shift: solution.shift, linearViolation: solution.linearViolation },
    });
    if (ending !== undefined) return ending;
    const idle = !this.candidate.found && this.idle.isIdle(iterate);
    return idle ? { termination: 'stalled', message: 'The iterates do not move any more.' } : undefined;
  }

  /** After a search without success: restoration, more curvature, or the end. */
  private recover(violation: number, reason: string): Ending | undefined {
    if (this.candidate.found) return this.endAtCandidate();
    const { iterate, evaluation, options } = this;
    const feasible = evaluation.relativeViolation(iterate.current) <= options.feasibilityTolerance;
    if (feasible && this.convergedWithEstimates()) {
      return { termination: 'locally-optimal', message: 'First-order conditions hold within the tolerances.' };
    }
    if (!feasible) return this.restore(violation);
    this.recoveries++;
    if (this.recoveries > 6) return { termination: 'stalled', message: reason };
    this.bfgs?.reset(1);
    this.watchdog.reset();
    this.minimumShift = Math.max(1e-4 * Math.pow(10, this.recoveries), 20 * this.solution.shift);
    if (this.recoveries >= 2) this.test.reset(violation);
    this.driver.iterations++;
    return undefined;
  }

  /** Tries least-squares multipliers on the sides that hold the point. */
  private convergedWithEstimates(): boolean {
    for (const tolerance of [1e-6, 1e-9]) {
      activeSides(this.iterate.model, tolerance, this.active);
      const { rowMultipliers, boundMultipliers } = this;
      if (!this.estimator.estimate(this.iterate.model, this.active, rowMultipliers, boundMultipliers)) continue;
      if (!this.testConvergence(rowMultipliers, boundMultipliers)) continue;
      this.solution.workingSet.rows.set(this.active.rows);
      this.solution.workingSet.variables.set(this.active.variables);
      return true;
    }
    return false;
  }

  private restore(violation: number): Ending | undefined {
    if (this.candidate.found) return this.endAtCandidate();
    const { iterate, evaluation, options, test } = this;
    if (this.driver.restorations >= options.maxRestorations) {
      return { termination: 'stalled', message: 'Too many feasibility restorations.' };
    }
    this.driver.restorations++;
    this.watchdog.reset();
    test.moved({ violation, objective: iterate.current.objective }, 'violation-step');
    const outcome = this.runRestoration(violation);
    if (outcome === 'expired') return this.driver.limit();
    const feasible = evaluation.relativeViolation(iterate.current) <= options.feasibilityTolerance;
    if (outcome !== 'restored' && !feasible) {
      const certified = provenInfeasible(iterate, this.certificate);
      if (certified !== undefined) return certified;
      this.stationaryPoints++;
      const remaining = evaluation.violation(iterate.current);
      const recurs = outcome === 'stationary' && remaining >= 0.999 * this.leastStationary;
      if (outcome === 'stationary') this.leastStationary = Math.min(this.leastStationary, remaining);
      if (recurs || this.stationaryPoints > stationaryRestarts) {
        return {
          termination: outcome === 'stationary' ? 'locally-infeasible' : 'stalled',
          message:
            outcome === 'stationary'
              ? 'The violation of the constraints is stationary and no feasible point was found.'
              : 'The violation of the constraints could not be reduced further.',
        };
      }
      perturb(iterate, this.random, 1e-3 * Math.pow(10, this.stationaryPoints));
    }
    if (!evaluation.objective(iterate.current)) {
      return { termination: 'stalled', message: 'The objective is not defined where the constraints are.' };
    }
    iterate.linearize();
    const now = evaluation.violation(iterate.current);
    if (!test.accepts(now, iterate.current.objective)) test.reset(now);
    activeSides(iterate.model, 1e-8, this.solution.workingSet);
    this.rowMultipliers.fill(0);
    this.estimateMultipliers(this.solution.workingSet, largestStartMultiplier);
    this.bfgs?.reset(1);
    return this.finishIteration(1);
  }

  private runRestoration(violation: number): RestorationOutcome {
    const { test, evaluation } = this;
    const zero = this.bfgs === undefined;
    return this.restoration.run({
      acceptable: (now, objective) => now <= 0.5 * violation && test.accepts(now, objective),
      goal: 1e-9,
      expired: this.driver.expired,
      onStep: () => this.driver.iterations++,
      hessian: zero ? (x, multipliers, values) => evaluation.hessian(x, 0, multipliers, values) : undefined,
    });
  }
}
