import {
  Evaluator,
  type SolveContext,
  type Stop,
  assess,
  concludeWith,
  crossedBound,
  crossedMessage,
  findDefinedStart,
  limitStop,
  solveThroughDoor,
  FallWatch,
  fallsForever,
  unboundedMessage,
} from '../nlp/index.js';
import type { NonlinearProgram } from '../problem/index.js';
import { Budget, type SolverResult } from '../solver/index.js';
import { BoxModelMinimizer } from './box-model.js';
import { LimitedMemoryMatrix } from './limited-memory-matrix.js';
import { boundOptions, type BoundOptions, type ResolvedBoundOptions } from './options.js';
import { convergedMessage, projectedGradientNorm, refuseConstraints, termSize } from './trust-region.js';

const noMultipliers = new Float64Array(0);
const machineEpsilon = 2.220446049250313e-16;

const sufficientDecrease = 1e-4;

type SearchOutcome = 'moved' | 'failed' | 'limit';

/**
 * Limited-memory quasi-Newton method for bound constraints (Byrd, Lu, Nocedal & Zhu 1995): the compact BFGS model is
 * minimised over the bounds, Cauchy point first and then on the free variables, and a line search along the feasible
 * direction looks for a point that satisfies the Wolfe conditions. First derivatives are enough (differences when the
 * problem has none). Work space is allocated once; `solve` may be called again.
 */
export class LimitedMemoryMinimizer {
  /** Evaluates the problem and counts how often. */
  readonly evaluator: Evaluator;
  private readonly matrix: LimitedMemoryMatrix;
  private readonly minimizer: BoxModelMinimizer;
  private readonly x: Float64Array;
  private readonly trial: Float64Array;
  private readonly gradient: Float64Array;
  private readonly trialGradient: Float64Array;
  private readonly low: Float64Array;
  private readonly high: Float64Array;
  private readonly scale: Float64Array;
  private readonly step: Float64Array;
  private readonly difference: Float64Array;
  private readonly kept: Float64Array;
  private readonly keptGradient: Float64Array;
  private objective = NaN;
  /** Largest |objective| so far. */
  private largest = 0;
  private iterations = 0;

  constructor(problem: NonlinearProgram, memory: number = boundOptions.defaults.memory) {
    refuseConstraints(problem);
    const size = problem.meta.variableCount;
    this.evaluator = new Evaluator(problem);
    this.matrix = new LimitedMemoryMatrix(size, memory);
    this.minimizer = new BoxModelMinimizer(size);
    this.x = new Float64Array(size);
    this.trial = new Float64Array(size);
    this.gradient = new Float64Array(size);
    this.trialGradient = new Float64Array(size);
    this.low = new Float64Array(size);
    this.high = new Float64Array(size);
    this.scale = new Float64Array(size).fill(1);
    this.step = new Float64Array(size);
    this.difference = new Float64Array(size);
    this.kept = new Float64Array(size);
    this.keptGradient = new Float64Array(size);
  }

  /** Minimises from the start of `context` or the problem's own. */
  solve(given?: BoundOptions, context: SolveContext = {}): SolverResult {
    const options = boundOptions.resolve(given);
    const { evaluator, x } = this;
    for (const key of Object.keys(evaluator.counts) as (keyof typeof evaluator.counts)[]) evaluator.counts[key] = 0;
    const budget = context.budget ?? new Budget({ ...options, signal: context.signal });
    x.set(context.start ?? evaluator.meta.start);
    this.objective = NaN;
    this.iterations = this.largest = 0;
    const stop = this.run(options, context, budget);
    const candidate = { x, objective: this.objective, multipliers: noMultipliers };
    const evidence = assess(evaluator, candidate, this.affordsGradient(budget));
    return concludeWith(
      evaluator.meta,
      candidate,
      evidence,
      { ...stop, iterations: this.iterations, counts: evaluator.counts, timeSeconds: budget.elapsedSeconds() },
      options,
    );
  }

  private affordsGradient(budget: Budget): boolean {
    return this.evaluator.counts.objective + this.evaluator.gradientCost <= budget.maxEvaluations;
  }

  private run(options: ResolvedBoundOptions, context: SolveContext, budget: Budget): Stop {
    const { evaluator, x, gradient, matrix, minimizer } = this;
    const { meta, counts } = evaluator;
    const crossed = crossedBound(meta.lower, meta.upper);
    if (crossed >= 0) return { termination: 'infeasible', message: crossedMessage(meta.variableNames, crossed) };
    const begun = findDefinedStart(meta, x, (point) => {
      if (budget.exhausted(0, counts.objective) !== undefined) return false;
      this.objective = evaluator.objective(point);
      if (!Number.isFinite(this.objective)) return false;
      return !this.affordsGradient(budget) || evaluator.gradient(point, this.objective, gradient);
    });
    if (!begun) {
      const end = budget.exhausted(0, counts.objective);
      return end
        ? limitStop(end)
        : { termination: 'not-finite', message: 'The problem is not defined near its start.' };
    }
    if (!this.affordsGradient(budget)) return limitStop('evaluation-limit');
    matrix.reset(this.firstCurvature());
    const watch = new FallWatch(-options.unboundedObjective);
    const begin = x.slice();
    for (;;) {
      const norm = projectedGradientNorm(meta.lower, meta.upper, x, gradient);
      if (norm <= options.optimalityTolerance) return { termination: 'locally-optimal', message: convergedMessage };
      const end = budget.exhausted(this.iterations, counts.objective);
      if (end) return limitStop(end);
      for (let j = 0; j < x.length; j++) {
        this.low[j] = meta.lower[j]! - x[j]!;
        this.high[j] = meta.upper[j]! - x[j]!;
      }
      const { predictedChange } = minimizer.minimize(matrix, gradient, this.low, this.high, this.scale, 10, 1e-2);
      this.iterations++;
      const outcome = predictedChange < 0 ? this.search(budget) : 'failed';
      if (outcome === 'limit') return limitStop(budget.exhausted(0, counts.objective) ?? 'evaluation-limit');
      if (outcome === 'failed') {
        if (matrix.pairCount === 0) return { termination: 'stalled', message: 'The line search found no decrease.' };
        matrix.reset(this.firstCurvature());
      }
      if (watch.isDue(this.objective)) {
        const whole = x.map((value, j) => value - begin[j]!);
        const expired = (): boolean => budget.exhausted(this.iterations, counts.objective) !== undefined;
        if (fallsForever(evaluator.problem, begin, x, [this.step, whole], 1, expired)) {
          return { termination: 'unbounded', message: unboundedMessage };
        }
      }
      const proceed = context.onIteration?.({
        iteration: this.iterations,
        objective: this.objective,
        primalInfeasibility: 0,
        stationarity: norm,
      });
      if (proceed === false) return { termination: 'interrupted', message: 'Stopped by the iteration callback.' };
    }
  }

  /** θ for which the first step has the length of the point itself, at least 1. */
  private firstCurvature(): number {
    let gradientNorm = 0;
    let pointNorm = 0;
    for (let j = 0; j < this.x.length; j++) {
      gradientNorm = Math.max(gradientNorm, Math.abs(this.gradient[j]!));
      pointNorm = Math.max(pointNorm, Math.abs(this.x[j]!));
    }
    return Math.max(gradientNorm / Math.max(1, pointNorm), 1e-10);
  }

  /** Weak Wolfe search along the minimiser's step; moves x and updates the matrix. */
  private search(budget: Budget): SearchOutcome {
    const { evaluator, x, trial, gradient, trialGradient, minimizer } = this;
    const direction = minimizer.step;
    const { lower, upper } = evaluator.meta;
    let slope = 0;
    let longest = Infinity;
    for (let j = 0; j < x.length; j++) {
      const d = direction[j]!;
      slope += gradient[j]! * d;
      if (d > 0) longest = Math.min(longest, (upper[j]! - x[j]!) / d);
      else if (d < 0) longest = Math.min(longest, (lower[j]! - x[j]!) / d);
    }
    if (!(slope < 0)) return 'failed';
    longest = Math.max(longest, 1);
    const start = this.objective;
    this.largest = Math.max(this.largest, Math.abs(start));
    const terms = 20 + 2 * Math.sqrt(x.length);
    const blur = terms * machineEpsilon * termSize(this.largest, Math.abs(start));
    let low = 0;
    let high = Infinity;
    let length = 1;
    let haveFallback = false;
    for (let attempt = 0; attempt < 30; attempt++) {
      if (budget.exhausted(0, evaluator.counts.objective) !== undefined) return haveFallback ? this.finish() : 'limit';
      for (let j = 0; j < x.length; j++) {
        trial[j] = Math.min(Math.max(x[j]! + length * direction[j]!, lower[j]!), upper[j]!);
      }
      const value = evaluator.objective(trial);
      const noise = 10 * machineEpsilon * Math.abs(start);
      const isLower = Number.isFinite(value) && value <= start + sufficientDecrease * length * slope + noise;
      // Where the terms of the objective cancel only slopes tell whether it falls (Hager & Zhang 2005).
      const isBlurred = Math.abs(value - start) <= blur && this.affordsGradient(budget);
      if (!isLower && !(isBlurred && this.mayBeTaken(value, slope))) {
        high = length;
        const quadratic = Number.isFinite(value)
          ? (-0.5 * slope * length * length) / (value - start - slope * length)
          : 0;
        const proposal = low > 0 ? 0.5 * (low + high) : Math.min(Math.max(quadratic, 0.1 * length), 0.5 * length);
        if (!(proposal > 1e-20) || proposal === length) break;
        length = proposal;
        continue;
      }
      if (!this.affordsGradient(budget)) {
        if (value < start) {
          x.set(trial);
          this.objective = value;
        }
        return 'limit';
      }
      if (isLower && !evaluator.gradient(trial, value, trialGradient)) {
        high = length;
        length = 0.5 * (low + length);
        continue;
      }
      const endSlope = this.slopeAtTrial();
      this.keep(value);
      haveFallback = true;
      if (endSlope >= 0.9 * slope || length >= longest || (low > 0 && attempt > 8)) return this.finish();
      low = length;
      length = high < Infinity ? 0.5 * (low + high) : Math.min(longest, 4 * length);
      if (length > 1e25) return this.finish();
    }
    if (haveFallback) return this.finish();
    return 'failed';
  }

  private slopeAtTrial(): number {
    const { trialGradient, minimizer } = this;
    let slope = 0;
    for (let j = 0; j < trialGradient.length; j++) slope += trialGradient[j]! * minimizer.step[j]!;
    return slope;
  }

  /** Evaluates the gradient at the trial; true unless the function rises there more steeply than it falls at the start. */
  private mayBeTaken(value: number, slope: number): boolean {
    if (!this.evaluator.gradient(this.trial, value, this.trialGradient)) return false;
    return this.slopeAtTrial() <= (2 * sufficientDecrease - 1) * slope;
  }

  private keptObjective = NaN;

  /** Remembers the trial as step and gradient difference. */
  private keep(value: number): void {
    for (let j = 0; j < this.x.length; j++) {
      this.step[j] = this.trial[j]! - this.x[j]!;
      this.difference[j] = this.trialGradient[j]! - this.gradient[j]!;
    }
    this.kept.set(this.trial);
    this.keptGradient.set(this.trialGradient);
    this.keptObjective = value;
  }

  /** Moves to the remembered trial. */
  private finish(): SearchOutcome {
    const { x, gradient, step } = this;
    let moved = false;
    for (let j = 0; j < x.length; j++) {
      if (step[j] !== 0) moved = true;
    }
    if (!moved) return 'failed';
    x.set(this.kept);
    gradient.set(this.keptGradient);
    this.objective = this.keptObjective;
    if (!this.matrix.update(step, this.difference)) this.matrix.loosen();
    return 'moved';
  }
}

/**
 * Limited-memory method as a function.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @param options - Tolerances and limits; what is absent takes its default.
 * @param context - Signal and callback of this call.
 * @throws ArgumentError where the problem has rows.
 * @example
 * ```ts
 * import { solveLimitedMemory } from 'sft-opt/bound';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 0,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(4, 4),
 *     constraintLower: new Float64Array(0),
 *     constraintUpper: new Float64Array(0),
 *     start: Float64Array.of(1, 1),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 2) ** 2 + (x[1]! + 1) ** 2,
 *   gradient: (x: Float64Array, g: Float64Array) => void g.set([2 * (x[0]! - 2), 2 * (x[1]! + 1)]),
 * };
 * const { termination, x } = solveLimitedMemory(problem);
 * console.log(termination, x); // locally-optimal Float64Array(2) [ 2, 0 ]
 * ```
 */
export function solveLimitedMemory(
  problem: NonlinearProgram,
  options?: BoundOptions,
  context: SolveContext = {},
): SolverResult {
  refuseConstraints(problem);
  return solveThroughDoor(problem, boundOptions.resolve(options), context, (prepared, resolved, inner) =>
    new LimitedMemoryMinimizer(prepared, resolved.memory).solve(resolved, inner),
  );
}
