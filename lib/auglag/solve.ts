import {
  Evaluator,
  Incumbent,
  type SolveContext,
  type Stop,
  allFinite,
  assess,
  concludeWith,
  crossedBound,
  crossedMessage,
  findDefinedStart,
  largestViolation,
  limitStop,
  meetsTolerances,
  solveThroughDoor,
  fallsForever,
  unboundedMessage,
} from '../nlp/index.js';
import { LimitedMemoryMinimizer, TrustRegionNewton, type BoundOptions } from '../bound/index.js';
import type { NonlinearProgram } from '../problem/index.js';
import { Budget, type SolverResult } from '../solver/index.js';
import { NewtonPolish, type Polisher, type PolisherFactory } from './newton-polish.js';
import { auglagOptions, type AuglagOptions, type ResolvedAuglagOptions } from './options.js';
import { AugmentedLagrangian } from './subproblem.js';

/** Something that minimises the subproblem again and again, as the classes of `lib/bound` do. */
export interface InnerMinimizer {
  /** Minimises the subproblem as it is now, from the start in `context`. */
  solve(options?: BoundOptions, context?: SolveContext): SolverResult;
}

/** Makes an inner minimiser for a subproblem. */
export type InnerMinimizerFactory = (subproblem: AugmentedLagrangian, denseLimit: number) => InnerMinimizer;

/** What a caller may hand over besides options. */
export interface AuglagContext extends SolveContext {
  /** Inner solver; by default trust-region Newton where second derivatives are available, else limited-memory BFGS. */
  readonly innerMinimizer?: InnerMinimizerFactory | undefined;
  /** What adds the last digits; by default Newton steps on the active set. */
  readonly polisher?: PolisherFactory | undefined;
}

/** Newton steps on the active set. */
export const defaultPolisher: PolisherFactory = (evaluator, orderLimit) => new NewtonPolish(evaluator, orderLimit);

/** Trust-region Newton where there are second derivatives, else limited-memory BFGS. */
export const defaultInnerMinimizer: InnerMinimizerFactory = (subproblem, denseLimit) =>
  subproblem.hasSecondDerivatives
    ? new TrustRegionNewton(subproblem, denseLimit)
    : new LimitedMemoryMinimizer(subproblem);

/**
 * Augmented Lagrangian method (Andreani, Birgin, Martínez & Schuverdt 2007): each subproblem is a bound-constrained problem
 * of its own, solved to a tolerance that tightens as the multipliers settle; multipliers are safeguarded; a Newton
 * polish on the active set adds the last digits. Work space is allocated once; `solve` may be called again.
 */
export class AugmentedLagrangianSolver {
  private readonly evaluator: Evaluator;
  private readonly subproblem: AugmentedLagrangian;
  private readonly inner: InnerMinimizer;
  private readonly polisher: Polisher;
  private readonly options: ResolvedAuglagOptions;
  private readonly x: Float64Array;
  private readonly multipliers: Float64Array;
  private readonly startGradient: Float64Array;
  /** Where the solve began. */
  private readonly begin: Float64Array;
  /** Where the last subproblem started. */
  private readonly solveStart: Float64Array;
  /** True where the last trust region says nothing about the next subproblem. */
  private freshRadius = false;
  /** How often a solution was left for a better feasible point. */
  private returns = 0;
  /** |w·f| at the start. */
  private objectiveSize = 1;
  private iterations = 0;
  private outerIterations = 0;

  constructor(
    problem: NonlinearProgram,
    options?: AuglagOptions,
    innerMinimizer = defaultInnerMinimizer,
    polisher = defaultPolisher,
  ) {
    this.options = auglagOptions.resolve(options);
    this.evaluator = new Evaluator(problem);
    this.subproblem = new AugmentedLagrangian(this.evaluator, this.options.denseLimit);
    this.inner = innerMinimizer(this.subproblem, this.options.denseLimit);
    this.polisher = polisher(this.evaluator, this.options.polishLimit);
    this.x = new Float64Array(problem.meta.variableCount);
    this.multipliers = new Float64Array(problem.meta.constraintCount);
    this.solveStart = new Float64Array(problem.meta.variableCount);
    this.begin = new Float64Array(problem.meta.variableCount);
    this.startGradient = new Float64Array(problem.meta.variableCount);
  }

  /** Solves the problem, from the start of `context` or its own. Throws what the problem's own functions throw. */
  solve(context: AuglagContext = {}): SolverResult {
    const { evaluator, options, x } = this;
    const { meta } = evaluator;
    for (const key of Object.keys(evaluator.counts) as (keyof typeof evaluator.counts)[]) evaluator.counts[key] = 0;
    const budget = context.budget ?? new Budget({ ...options, signal: context.signal });
    const incumbent = new Incumbent(meta.variableCount, meta.constraintCount, options.feasibilityTolerance);
    this.iterations = 0;
    this.outerIterations = 0;
    this.returns = 0;
    this.subproblem.reset();
    x.set(context.start ?? meta.start);
    this.begin.set(x);
    this.multipliers.fill(0);
    const guess = context.multipliers ?? meta.startMultipliers;
    if (guess) this.multipliers.set(guess);
    const stop = this.run(context, budget, incumbent);
    if (!incumbent.known) incumbent.x.set(x);
    const affordable = evaluator.counts.objective + evaluator.gradientCost <= budget.maxEvaluations;
    const evidence = assess(evaluator, incumbent, affordable);
    return concludeWith(
      meta,
      incumbent,
      evidence,
      { ...stop, iterations: this.iterations, counts: evaluator.counts, timeSeconds: budget.elapsedSeconds() },
      options,
    );
  }

  private run(context: AuglagContext, budget: Budget, incumbent: Incumbent): Stop {
    const { evaluator, subproblem, options, x } = this;
    const { meta, counts } = evaluator;
    const crossed = crossedBound(meta.lower, meta.upper);
    if (crossed >= 0) return { termination: 'infeasible', message: crossedMessage(meta.variableNames, crossed) };
    const crossedRow = crossedBound(meta.constraintLower, meta.constraintUpper);
    if (crossedRow >= 0) {
      const name = meta.constraintNames?.[crossedRow] ?? `number ${crossedRow}`;
      return { termination: 'infeasible', message: `The sides of constraint ${name} exclude each other.` };
    }
    const begun = findDefinedStart(meta, x, (point) => {
      if (budget.exhausted(0, counts.objective) !== undefined || !subproblem.evaluateAt(point)) return false;
      return counts.objective + evaluator.gradientCost > budget.maxEvaluations || this.derivativesDefinedAt(point);
    });
    if (!begun) {
      const end = budget.exhausted(0, counts.objective);
      return end
        ? limitStop(end)
        : { termination: 'not-finite', message: 'The problem is not defined near its start.' };
    }
    this.offer(incumbent, this.multipliers);
    if (counts.objective + evaluator.gradientCost > budget.maxEvaluations) return limitStop('evaluation-limit');
    this.prepareScaling();
    this.objectiveSize = Math.abs(subproblem.objectiveWeight * subproblem.objectiveValue);
    subproblem.penalty = options.initialPenalty ?? this.firstPenalty();
    return this.outerLoop(context, budget, incumbent);
  }

  private derivativesDefinedAt(x: Float64Array): boolean {
    return (
      this.evaluator.gradient(x, this.subproblem.objectiveValue, this.startGradient) &&
      this.evaluator.jacobian(x, this.subproblem.rows.values)
    );
  }

  /** Weights 1/max(1, ‖∇‖∞) at the start, and the multipliers in these terms. */
  private prepareScaling(): void {
    const { subproblem, multipliers } = this;
    if (this.options.scale) {
      let norm = 1;
      for (const entry of this.startGradient) norm = Math.max(norm, Math.abs(entry));
      subproblem.objectiveWeight = Math.max(1 / norm, 1e-8);
      for (let i = 0; i < multipliers.length; i++) {
        subproblem.constraintWeights[i] = Math.max(1 / Math.max(1, subproblem.rows.rowNorm(i)), 1e-8);
      }
    }
    for (let i = 0; i < multipliers.length; i++) {
      const scaled = (multipliers[i]! * subproblem.objectiveWeight) / subproblem.constraintWeights[i]!;
      subproblem.multipliers[i] = Number.isFinite(scaled) ? this.clip(scaled) : 0;
    }
  }

  private clip(multiplier: number): number {
    const bound = this.options.multiplierBound;
    return Math.min(Math.max(multiplier, -bound), bound);
  }

  /** 10·max(1, |f|)/max(1, ½‖violation‖²) in scaled terms (Birgin & Martínez 2014, §12.4). */
  private firstPenalty(): number {
    const { subproblem } = this;
    const { constraintLower, constraintUpper } = this.evaluator.meta;
    let squares = 0;
    for (let i = 0; i < this.multipliers.length; i++) {
      const value = subproblem.constraintValues[i]!;
      const excess = Math.max(0, constraintLower[i]! - value, value - constraintUpper[i]!);
      squares += (excess * subproblem.constraintWeights[i]!) ** 2;
    }
    const objective = Math.abs(subproblem.objectiveWeight * subproblem.objectiveValue);
    return Math.min(Math.max((10 * Math.max(1, objective)) / Math.max(1, 0.5 * squares), 1e-4), 1e4);
  }

  private outerLoop(context: AuglagContext, budget: Budget, incumbent: Incumbent): Stop {
    const { evaluator, subproblem, options, x } = this;
    let innerTolerance = 1e-2;
    let previousViolation = Infinity;
    let unboundedInner = 0;
    let feasibilityPhases = 0;
    let stagnant = 0;
    for (;;) {
      const end = budget.exhausted(this.iterations, evaluator.counts.objective);
      if (end) return limitStop(end);
      if (this.outerIterations >= options.maxOuterIterations) {
        return { termination: 'stalled', message: 'The outer iterations are used up.' };
      }
      this.outerIterations++;
      const floor = options.optimalityTolerance * Math.min(1, subproblem.objectiveWeight);
      this.solveStart.set(x);
      const result = this.solveSubproblem(Math.max(innerTolerance, 1e-4 * floor), budget, context);
      x.set(result.x);
      if (!subproblem.evaluateAt(x)) return { termination: 'not-finite', message: 'The problem is not defined here.' };
      subproblem.updateFirstOrderMultipliers();
      this.unscaledMultipliers();
      this.offer(incumbent, this.multipliers);
      if (result.termination === 'interrupted') return limitStop('interrupted');
      if (result.termination === 'unbounded') {
        const stop = this.handleUnbounded(++unboundedInner, incumbent, budget, context);
        if (stop) return stop;
        x.set(this.solveStart);
        continue;
      }
      const violation = this.complementaryViolation();
      const done = this.accept(incumbent, innerTolerance, violation);
      if (done) return done;
      if (!this.report(context, violation)) return { termination: 'interrupted', message: 'Stopped by the callback.' };
      const decreased = violation <= options.requiredDecrease * previousViolation || this.isNegligible(violation);
      stagnant = decreased ? 0 : stagnant + 1;
      for (let i = 0; i < this.multipliers.length; i++) {
        subproblem.multipliers[i] = this.clip(subproblem.firstOrderMultipliers[i]!);
      }
      previousViolation = Math.max(violation, 1e-300);
      innerTolerance = Math.max(innerTolerance * (decreased ? 0.1 : 0.3), 1e-4 * floor);
      if (!decreased) subproblem.penalty *= options.penaltyGrowth;
      const infeasibleStill = incumbent.violation > options.feasibilityTolerance;
      if (infeasibleStill && (stagnant >= 6 || subproblem.penalty > options.largestPenalty)) {
        if (++feasibilityPhases > 3) return { termination: 'stalled', message: 'No feasible point was found.' };
        const stop = this.restoreFeasibility(budget, context, incumbent);
        if (stop) return stop;
        stagnant = 0;
        previousViolation = Infinity;
        innerTolerance = 1e-3;
      } else if (subproblem.penalty > options.largestPenalty) {
        return { termination: 'stalled', message: 'The penalty exceeds its limit.' };
      }
    }
  }

  /** True if neither the scaled figure nor the true violation calls for a larger penalty. */
  private isNegligible(violation: number): boolean {
    const { evaluator, options, subproblem, x } = this;
    const least = 0.1 * options.feasibilityTolerance;
    return violation <= least && largestViolation(evaluator.meta, x, subproblem.constraintValues) <= least;
  }

  private solveSubproblem(tolerance: number, budget: Budget, context: AuglagContext): SolverResult {
    const { evaluator, options } = this;
    const allowed = Math.min(options.maxInnerIterations, budget.maxIterations - this.iterations);
    // The subproblem's value at the start of the inner solve is known already and costs no evaluation.
    const rest = budget.remaining(evaluator.counts.objective - 1, allowed);
    const base = this.iterations;
    const result = this.inner.solve(
      {
        optimalityTolerance: tolerance,
        feasibilityTolerance: options.feasibilityTolerance,
        unboundedObjective: -1e8 * Math.max(1, this.objectiveSize),
      },
      {
        start: this.x,
        budget: rest,
        continueRadius: this.outerIterations > 1 && !this.freshRadius,
        ...(context.onIteration && {
          onIteration: (record) =>
            context.onIteration!({
              ...record,
              iteration: base + record.iteration,
              objective: this.subproblem.objectiveValue,
              details: { ...record.details, outerIteration: this.outerIterations, penalty: this.subproblem.penalty },
            }),
        }),
      },
    );
    this.freshRadius = false;
    this.iterations += result.iterations;
    return result;
  }

  /** y = μ·wᵢ/w into `this.multipliers`. */
  private unscaledMultipliers(): void {
    const { subproblem, multipliers } = this;
    for (let i = 0; i < multipliers.length; i++) {
      multipliers[i] =
        (subproblem.firstOrderMultipliers[i]! * subproblem.constraintWeights[i]!) / subproblem.objectiveWeight;
    }
  }

  private offer(incumbent: Incumbent, multipliers: Float64Array): boolean {
    const { subproblem, x } = this;
    const violation = largestViolation(this.evaluator.meta, x, subproblem.constraintValues);
    return incumbent.offer(x, subproblem.objectiveValue, violation, multipliers, this.excess());
  }

  /** max |μ − λ|/ρ: violation and lack of complementarity in one figure, scaled. */
  private complementaryViolation(): number {
    const { subproblem } = this;
    let largest = 0;
    for (let i = 0; i < this.multipliers.length; i++) {
      const change = Math.abs(subproblem.firstOrderMultipliers[i]! - subproblem.multipliers[i]!);
      largest = Math.max(largest, change / subproblem.penalty);
    }
    return largest;
  }

  /** Ends the solve if the current point, or its polished version, meets the tolerances. */
  private accept(incumbent: Incumbent, innerTolerance: number, violation: number): Stop | undefined {
    const { evaluator, options, subproblem, x, multipliers } = this;
    const objective = subproblem.objectiveValue;
    if (options.polish && violation < 1e-1 && innerTolerance <= 1e-2) {
      const polished = this.polisher.polish({ x, multipliers }, options, 8);
      if (polished?.solved && allFinite(polished.x)) {
        const value = evaluator.objective(polished.x);
        const margin = 1e-2 * (1 + Math.abs(objective)) + 10 * Math.abs(this.multiplierWeightedViolation());
        if (Number.isFinite(value) && value <= objective + margin) {
          if (this.returnsToIncumbent(incumbent, value)) return undefined;
          incumbent.set(polished.x, value, polished.evidence.residuals.primalInfeasibility, polished.multipliers);
          return { termination: 'locally-optimal', message: 'The polished point meets the tolerances.' };
        }
      }
    }
    const current = { x, objective, multipliers };
    const { residuals } = assess(evaluator, current, true);
    if (!meetsTolerances(residuals, options) || this.returnsToIncumbent(incumbent, objective)) return undefined;
    incumbent.set(x, objective, residuals.primalInfeasibility, multipliers);
    return {
      termination: 'locally-optimal',
      message: 'Stationarity, feasibility and complementarity are within tolerance.',
    };
  }

  /** A few times at most: leaves a solution that is worse than a feasible point met before, and goes on from there. */
  private returnsToIncumbent(incumbent: Incumbent, objective: number): boolean {
    const { subproblem, options, x } = this;
    const feasible = incumbent.violation <= options.feasibilityTolerance;
    const better = incumbent.objective < objective - 1e-4 * Math.max(1, Math.abs(objective));
    if (!feasible || !better || this.returns >= 3) return false;
    this.returns++;
    x.set(incumbent.x);
    if (!subproblem.evaluateAt(x)) return false;
    subproblem.firstOrderMultipliers.fill(0);
    subproblem.penalty *= options.penaltyGrowth;
    this.freshRadius = true;
    return true;
  }

  /** Σ |yᵢ|·violationᵢ: how much of the objective an infeasible point may owe to its violation. */
  private multiplierWeightedViolation(): number {
    return this.excess().reduce((sum, excess, i) => sum + excess * Math.abs(this.multipliers[i]!), 0);
  }

  /** By how much each row exceeds its sides. */
  private excess(): Float64Array {
    const { constraintLower, constraintUpper } = this.evaluator.meta;
    return this.subproblem.constraintValues.map((value, i) =>
      Math.max(0, constraintLower[i]! - value, value - constraintUpper[i]!),
    );
  }

  private report(context: AuglagContext, violation: number): boolean {
    const proceed = context.onIteration?.({
      iteration: this.iterations,
      objective: this.subproblem.objectiveValue,
      primalInfeasibility: violation,
      stationarity: NaN,
      details: { outerIteration: this.outerIterations, penalty: this.subproblem.penalty },
    });
    return proceed !== false;
  }

  /** A subproblem without lower bound: the problem's own, if a feasible ray shows it, or too small a penalty. */
  private handleUnbounded(
    times: number,
    incumbent: Incumbent,
    budget: Budget,
    context: AuglagContext,
  ): Stop | undefined {
    const { subproblem, options, evaluator, x } = this;
    const reached = Float64Array.from(subproblem.firstOrderMultipliers);
    const before = this.solveStart.slice();
    const { violation } = this.minimizeViolation(budget, context);
    const feasible = violation <= options.feasibilityTolerance;
    const whole = x.map((value, j) => value - this.begin[j]!);
    const step = x.map((value, j) => value - before[j]!);
    const expired = (): boolean => budget.exhausted(this.iterations, evaluator.counts.objective) !== undefined;
    const tolerance = options.feasibilityTolerance;
    if (feasible && fallsForever(evaluator.problem, this.begin, x, [step, whole], tolerance, expired)) {
      incumbent.set(x, subproblem.objectiveValue, violation, this.multipliers);
      return { termination: 'unbounded', message: unboundedMessage };
    }
    if (times > 8) return { termination: 'stalled', message: 'The subproblems have no minimum.' };
    // Multipliers of the right size leave the ray without violation, if there is one.
    for (let i = 0; i < reached.length; i++) subproblem.multipliers[i] = this.clip(reached[i]!);
    subproblem.penalty *= options.penaltyGrowth;
    this.freshRadius = true;
    return undefined;
  }

  /**
   * Minimises the violation alone from the current x and moves there. Returns the true violation and how stationary its
   * (weighted) square is, relative to its root; the weighting of the rows goes to `multipliers`.
   */
  private minimizeViolation(budget: Budget, context: AuglagContext): { violation: number; stationarity: number } {
    const { subproblem, evaluator, options, x } = this;
    const { objectiveWeight, penalty } = subproblem;
    const kept = subproblem.multipliers.slice();
    subproblem.objectiveWeight = 0;
    subproblem.penalty = 1;
    subproblem.multipliers.fill(0);
    const result = this.solveSubproblem(1e-3 * options.feasibilityTolerance, budget, context);
    x.set(result.x);
    const defined = subproblem.evaluateAt(x);
    const violation = defined ? largestViolation(evaluator.meta, x, subproblem.constraintValues) : Infinity;
    const norm = Math.max(Math.sqrt(2 * Math.max(0, result.objective)), 1e-300);
    subproblem.updateFirstOrderMultipliers();
    for (let i = 0; i < kept.length; i++) {
      this.multipliers[i] = (subproblem.firstOrderMultipliers[i]! * subproblem.constraintWeights[i]!) / norm;
    }
    subproblem.objectiveWeight = objectiveWeight;
    subproblem.penalty = penalty;
    subproblem.multipliers.set(kept);
    this.freshRadius = true;
    return { violation, stationarity: result.residuals.stationarity / norm };
  }

  /** Looks for a feasible point by the violation alone; ends the solve where that is stationary and positive. */
  private restoreFeasibility(budget: Budget, context: AuglagContext, incumbent: Incumbent): Stop | undefined {
    const { subproblem, evaluator, options, x } = this;
    x.set(incumbent.x);
    const { violation, stationarity } = this.minimizeViolation(budget, context);
    if (Number.isFinite(violation)) this.offer(incumbent, this.multipliers);
    if (violation > options.feasibilityTolerance && stationarity <= 1e-4) {
      incumbent.set(x, subproblem.objectiveValue, violation, this.multipliers);
      return {
        termination: 'locally-infeasible',
        message: 'A stationary point of the violation that is not feasible.',
      };
    }
    const end = budget.exhausted(this.iterations, evaluator.counts.objective);
    if (end) return limitStop(end);
    subproblem.penalty = Math.min(subproblem.penalty, 1e4);
    subproblem.multipliers.fill(0);
    return undefined;
  }
}

/**
 * Solves a nonlinear program by the augmented Lagrangian method.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @param options - Tolerances and limits; what is absent takes its default.
 * @param context - Start, multipliers, signal and callbacks of this call.
 * @throws ProblemError for a problem that contradicts itself, OptionsError for unknown options.
 * @example
 * ```ts
 * import { solveAugmentedLagrangian } from 'sft-opt';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 1,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(Infinity, Infinity),
 *     constraintLower: Float64Array.of(-Infinity),
 *     constraintUpper: Float64Array.of(2),
 *     start: Float64Array.of(0, 0),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 1) ** 2 + (x[1]! - 2) ** 2,
 *   constraints: (x: Float64Array, c: Float64Array) => void (c[0] = x[0]! + x[1]!),
 * };
 * const { termination, x } = solveAugmentedLagrangian(problem);
 * console.log(termination, x.map((value) => Math.round(1e4 * value) / 1e4)); // locally-optimal Float64Array(2) [ 0.5, 1.5 ]
 * ```
 */
export function solveAugmentedLagrangian(
  problem: NonlinearProgram,
  options?: AuglagOptions,
  context: AuglagContext = {},
): SolverResult {
  return solveThroughDoor(problem, auglagOptions.resolve(options), context, (prepared, resolved, inner) =>
    new AugmentedLagrangianSolver(prepared, resolved, context.innerMinimizer, context.polisher).solve(inner),
  );
}
