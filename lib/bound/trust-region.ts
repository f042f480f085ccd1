import { ArgumentError } from '../errors/index.js';
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
import { leastEigenpair } from '../linalg/index.js';
import type { NonlinearProgram } from '../problem/index.js';
import { Budget, type BudgetEnd, type SolverResult } from '../solver/index.js';
import { BoxModelMinimizer } from './box-model.js';
import { chooseHessianModel } from './choose-model.js';
import type { HessianModel } from './hessian-model.js';
import { boundOptions, type BoundOptions, type ResolvedBoundOptions } from './options.js';

const noMultipliers = new Float64Array(0);
const machineEpsilon = 2.220446049250313e-16;

/** Where a solve stands; the arrays belong to the minimiser. */
interface Progress {
  objective: number;
  /** Largest |objective| so far. */
  largest: number;
  iterations: number;
  radius: number;
}

/**
 * Trust-region Newton method for bound constraints (Conn, Gould & Toint 1988; Lin & Moré 1999): the quadratic model is
 * minimised over the intersection of the bounds with a box-shaped trust region, exactly for moderate sizes and by
 * conjugate gradients for large ones. One objective evaluation an iteration, one gradient and Hessian a successful one.
 *
 * Work space is allocated once; `solve` may be called again, also after the problem's data have changed.
 * Requires second derivatives (a Hessian, its products, or a model that the problem brings).
 */
export class TrustRegionNewton {
  /** Evaluates the problem and counts how often. */
  readonly evaluator: Evaluator;
  private readonly model: HessianModel;
  private readonly minimizer: BoxModelMinimizer;
  private readonly x: Float64Array;
  private readonly trial: Float64Array;
  private readonly gradient: Float64Array;
  private readonly trialGradient: Float64Array;
  private readonly low: Float64Array;
  private readonly high: Float64Array;
  private readonly width: Float64Array;
  private readonly squaredWidth: Float64Array;
  private readonly diagonal: Float64Array;

  constructor(
    private readonly problem: NonlinearProgram,
    denseLimit: number = boundOptions.defaults.denseLimit,
  ) {
    refuseConstraints(problem);
    const size = problem.meta.variableCount;
    this.evaluator = new Evaluator(problem);
    const model = chooseHessianModel(this.evaluator, problem, denseLimit, () => this.expired());
    if (!model)
      throw new ArgumentError('the trust-region Newton method needs a Hessian or Hessian products', 'unsuitable');
    this.model = model;
    this.minimizer = new BoxModelMinimizer(size);
    this.x = new Float64Array(size);
    this.trial = new Float64Array(size);
    this.gradient = new Float64Array(size);
    this.trialGradient = new Float64Array(size);
    this.low = new Float64Array(size);
    this.high = new Float64Array(size);
    this.width = new Float64Array(size);
    this.squaredWidth = new Float64Array(size);
    this.diagonal = new Float64Array(size);
  }

  /** Asked between the factorisations of one step. */
  private expired: () => boolean = () => false;

  /** Minimises from the start of `context` or the problem's own. */
  solve(given?: BoundOptions, context: SolveContext = {}): SolverResult {
    const options = boundOptions.resolve(given);
    const { evaluator, x } = this;
    const { meta } = evaluator;
    for (const key of Object.keys(evaluator.counts) as (keyof typeof evaluator.counts)[]) evaluator.counts[key] = 0;
    const budget = context.budget ?? new Budget({ ...options, signal: context.signal });
    this.expired = () => budget.exhausted(0, 0) !== undefined;
    x.set(context.start ?? meta.start);
    const progress: Progress = { objective: NaN, largest: 0, iterations: 0, radius: 0 };
    const stop = this.run(options, context, budget, progress);
    this.lastRadius = progress.radius;
    const candidate = { x, objective: progress.objective, multipliers: noMultipliers };
    const evidence = assess(
      evaluator,
      candidate,
      evaluator.counts.objective + evaluator.gradientCost <= budget.maxEvaluations,
    );
    return concludeWith(
      meta,
      candidate,
      evidence,
      { ...stop, iterations: progress.iterations, counts: evaluator.counts, timeSeconds: budget.elapsedSeconds() },
      options,
    );
  }

  private run(options: ResolvedBoundOptions, context: SolveContext, budget: Budget, progress: Progress): Stop {
    const { evaluator, x, gradient, minimizer } = this;
    const { meta, counts } = evaluator;
    const crossed = crossedBound(meta.lower, meta.upper);
    if (crossed >= 0) return { termination: 'infeasible', message: crossedMessage(meta.variableNames, crossed) };
    const limited = (): BudgetEnd | undefined => budget.exhausted(progress.iterations, counts.objective);
    const begun = findDefinedStart(meta, x, (point) => {
      if (limited() !== undefined) return false;
      progress.objective = evaluator.objective(point);
      return (
        Number.isFinite(progress.objective) &&
        (counts.objective + evaluator.gradientCost > budget.maxEvaluations ||
          evaluator.gradient(point, progress.objective, gradient))
      );
    });
    if (!begun) {
      const end = limited();
      return end
        ? limitStop(end)
        : { termination: 'not-finite', message: 'The problem is not defined near its start.' };
    }
    if (counts.objective + evaluator.gradientCost > budget.maxEvaluations) return limitStop('evaluation-limit');
    const watch = new FallWatch(-options.unboundedObjective);
    const begin = x.slice();
    let escapes = options.escapeSaddle ? 3 : 0;
    let modelLoaded = false;
    let failures = 0;
    for (;;) {
      const norm = projectedGradientNorm(meta.lower, meta.upper, x, gradient);
      const converged = norm <= options.optimalityTolerance;
      if (converged && escapes-- <= 0) return { termination: 'locally-optimal', message: convergedMessage };
      const end = limited();
      if (end && !converged) return limitStop(end);
      if (end) return { termination: 'locally-optimal', message: convergedMessage };
      if (!modelLoaded) {
        if (!this.model.load(x)) return { termination: 'stalled', message: 'The second derivatives are not finite.' };
        modelLoaded = true;
        this.updateWidths();
        if (progress.radius === 0) progress.radius = this.firstRadius(options.initialRadius, context);
      }
      if (converged && !this.descendsFromStationary()) {
        return { termination: 'locally-optimal', message: convergedMessage };
      }
      this.setBox(progress.radius);
      const rounds = this.model.maxRounds ?? 20 + Math.min(x.length, 60);
      const tolerance = Math.min(0.1, Math.max(1e-8, 0.1 * Math.sqrt(Math.min(1, norm))));
      const { predictedChange, onBox } = converged
        ? { predictedChange: this.saddleChange, onBox: true }
        : minimizer.minimize(this.model, gradient, this.low, this.high, this.squaredWidth, rounds, tolerance);
      if (!(predictedChange < 0)) {
        const late = limited();
        if (late) return limitStop(late);
        return { termination: 'stalled', message: 'The model has no descent direction left.' };
      }
      const accepted = this.tryStep(progress, predictedChange, onBox, norm, budget);
      if (accepted === 'limit') return limitStop('evaluation-limit');
      if (accepted === 'stalled' || (converged && accepted === 'rejected')) {
        return {
          termination: converged ? 'locally-optimal' : 'stalled',
          message: 'No further decrease in floating point.',
        };
      }
      failures = accepted === 'accepted' ? 0 : failures + 1;
      if (failures > 60) return { termination: 'stalled', message: 'The trust region became too small.' };
      if (accepted === 'accepted' || this.derivativesMoved) modelLoaded = false;
      if (accepted === 'accepted' && watch.isDue(progress.objective) && this.fallsForever(begin, limited)) {
        return { termination: 'unbounded', message: unboundedMessage };
      }
      if (context.onIteration && !this.report(context, progress, norm)) {
        return { termination: 'interrupted', message: 'Stopped by the iteration callback.' };
      }
    }
  }

  private fallsForever(begin: Float64Array, limited: () => BudgetEnd | undefined): boolean {
    const { evaluator, x, minimizer } = this;
    const whole = x.map((value, j) => value - begin[j]!);
    const expired = (): boolean => limited() !== undefined;
    return fallsForever(evaluator.problem, begin, x, [minimizer.step, whole], 1, expired) !== undefined;
  }

  private report(context: SolveContext, progress: Progress, norm: number): boolean {
    const proceed = context.onIteration!({
      iteration: progress.iterations,
      objective: progress.objective,
      primalInfeasibility: 0,
      stationarity: norm,
      details: { radius: progress.radius },
    });
    return proceed !== false;
  }

  /** Predicted change of the step that `descendsFromStationary` left in the minimiser. */
  private saddleChange = 0;

  /** At a stationary point: leaves a step of negative curvature in the minimiser if the free block has one. */
  private descendsFromStationary(): boolean {
    const { model, x, gradient, trial, trialGradient } = this;
    const { lower, upper } = this.evaluator.meta;
    const free = new Uint8Array(x.length);
    for (let j = 0; j < x.length; j++) {
      const held = (x[j]! <= lower[j]! && gradient[j]! >= 0) || (x[j]! >= upper[j]! && gradient[j]! <= 0);
      free[j] = held ? 0 : 1;
    }
    trialGradient.fill(0);
    const kind = model.direction(free, trialGradient, 0.1, trial);
    if (kind === 'newton') return false;
    return (kind === 'curvature' && this.prepareEscape()) || (this.findNegativeCurvature(free) && this.prepareEscape());
  }

  /**
   * Leaves in `trial` a direction of negative curvature of the free block: where a factorisation ended at a pivot of zero, or
   * where there is none, the matrix may be indefinite all the same.
   */
  private findNegativeCurvature(free: Uint8Array): boolean {
    const { model, trial } = this;
    const masked = new Float64Array(trial.length);
    const least = leastEigenpair((vector, target) => {
      for (let j = 0; j < vector.length; j++) masked[j] = free[j] === 1 ? vector[j]! : 0;
      model.multiply(masked, target);
      for (let j = 0; j < target.length; j++) if (free[j] === 0) target[j] = 0;
    }, trial.length);
    if (least === undefined || !(least.value < -1e-8 * least.scale)) return false;
    for (let j = 0; j < trial.length; j++) trial[j] = free[j] === 1 ? least.vector[j]! : 0;
    return true;
  }

  /** Scales the direction in `trial` to a step downhill within the bounds; false if the model does not fall along it. */
  private prepareEscape(): boolean {
    const { model, x, gradient, trial, minimizer } = this;
    const { lower, upper } = this.evaluator.meta;
    let slope = 0;
    let length = Infinity;
    for (let j = 0; j < x.length; j++) slope += gradient[j]! * trial[j]!;
    const sign = slope > 0 ? -1 : 1;
    for (let j = 0; j < x.length; j++) {
      const d = sign * trial[j]!;
      minimizer.step[j] = d;
      if (d === 0) continue;
      const room = d > 0 ? upper[j]! - x[j]! : x[j]! - lower[j]!;
      length = Math.min(length, Math.min(room, 0.1 * Math.max(1, Math.abs(x[j]!))) / Math.abs(d));
    }
    if (!(length > 1e-8) || !Number.isFinite(length)) return false;
    for (let j = 0; j < x.length; j++) minimizer.step[j]! *= length;
    model.multiply(minimizer.step, trial);
    let change = 0;
    for (let j = 0; j < x.length; j++) change += minimizer.step[j]! * (gradient[j]! + 0.5 * trial[j]!);
    this.saddleChange = change;
    return change < 0;
  }

  /** Box half-widths per unit of radius: 1/√|H_jj| relative to their geometric mean, within three decades of it. */
  private updateWidths(): void {
    const { diagonal, width, squaredWidth } = this;
    this.model.diagonal(diagonal);
    let largest = 0;
    for (const entry of diagonal) largest = Math.max(largest, Math.abs(entry));
    const smallest = Math.max(1e-10 * largest, 1e-20);
    let logarithms = 0;
    for (let j = 0; j < width.length; j++) {
      width[j] = 1 / Math.sqrt(Math.max(Math.abs(diagonal[j]!), smallest));
      logarithms += Math.log(width[j]!);
    }
    const mean = Math.exp(logarithms / Math.max(1, width.length));
    for (let j = 0; j < width.length; j++) {
      width[j] = Math.min(Math.max(width[j]! / mean, 1e-3), 1e3);
      squaredWidth[j] = width[j]! * width[j]!;
    }
  }

  /** Radius with which the last solve ended. */
  lastRadius = 0;

  private firstRadius(relative: number | undefined, context: SolveContext): number {
    if (context.continueRadius && this.lastRadius > 0) return Math.min(Math.max(10 * this.lastRadius, 1e-3), 1e6);
    let norm = 0;
    for (let j = 0; j < this.x.length; j++) norm = Math.max(norm, Math.abs(this.x[j]!) / this.width[j]!);
    return (relative ?? 1) * Math.max(1, norm);
  }

  private setBox(radius: number): void {
    const { x, low, high, width } = this;
    const { lower, upper } = this.evaluator.meta;
    for (let j = 0; j < x.length; j++) {
      low[j] = Math.max(lower[j]! - x[j]!, -radius * width[j]!);
      high[j] = Math.min(upper[j]! - x[j]!, radius * width[j]!);
    }
  }

  /** True after derivatives were evaluated at a point that was then not moved to: a shared model has to be reloaded. */
  private derivativesMoved = false;

  /** Evaluates the step that the minimiser holds, moves there if it is good enough, and updates the radius. */
  private tryStep(
    progress: Progress,
    predictedChange: number,
    onBox: boolean,
    norm: number,
    budget: Budget,
  ): 'accepted' | 'rejected' | 'stalled' | 'limit' {
    const { evaluator, x, trial, gradient, trialGradient, minimizer, width } = this;
    const { lower, upper } = evaluator.meta;
    let scaledLength = 0;
    let moved = false;
    let slope = 0;
    for (let j = 0; j < x.length; j++) {
      trial[j] = Math.min(Math.max(x[j]! + minimizer.step[j]!, lower[j]!), upper[j]!);
      if (trial[j] !== x[j]) moved = true;
      slope += gradient[j]! * minimizer.step[j]!;
      scaledLength = Math.max(scaledLength, Math.abs(minimizer.step[j]!) / width[j]!);
    }
    if (!moved) return 'stalled';
    this.derivativesMoved = false;
    progress.iterations++;
    const value = evaluator.objective(trial);
    // A sum of n terms carries rounding of about √n of its own.
    const terms = 20 + 2 * Math.sqrt(x.length);
    const noise = terms * machineEpsilon * Math.max(Math.abs(progress.objective), Math.abs(value));
    const change = value - progress.objective;
    const indistinct = -predictedChange <= noise && Math.abs(change) <= noise;
    // Where terms cancel the objective is less exact than its size says: there the gradient alone tells progress.
    const size = Math.max(Math.abs(progress.objective), Math.abs(value));
    progress.largest = Math.max(progress.largest, Math.abs(progress.objective));
    const blur = Math.max(cancelledDigits * size, terms * machineEpsilon * termSize(progress.largest, size));
    const isBlurred =
      !onBox && -predictedChange <= blur && Math.abs(change) <= blur && !(change < 1e-4 * predictedChange);
    const ratio = indistinct || isBlurred ? 1 : change / predictedChange;
    let accepted = Number.isFinite(value) && ratio > 1e-4;
    if (accepted) {
      if (evaluator.counts.objective + evaluator.gradientCost > budget.maxEvaluations) {
        if (change < 0) this.move(progress, value);
        return 'limit';
      }
      accepted = evaluator.gradient(trial, value, trialGradient);
      this.derivativesMoved = !accepted;
      if (
        accepted &&
        (indistinct || isBlurred) &&
        projectedGradientNorm(lower, upper, trial, trialGradient) > 0.5 * norm
      ) {
        if (indistinct) return 'stalled';
        accepted = false;
        this.derivativesMoved = true;
      }
    }
    if (!accepted) {
      const factor = Number.isFinite(change) ? slope / (2 * (slope - change)) : 0.1;
      progress.radius = Math.min(Math.max(factor, 0.1), 0.5) * Math.min(scaledLength, progress.radius);
      return 'rejected';
    }
    this.move(progress, value);
    gradient.set(trialGradient);
    if (ratio < 0.25) progress.radius = Math.max(0.25 * progress.radius, Math.min(0.5 * scaledLength, progress.radius));
    else if (ratio > 0.75 && onBox) progress.radius = Math.max(progress.radius, (ratio > 0.9 ? 4 : 2) * scaledLength);
    progress.radius = Math.min(progress.radius, 1e30);
    return 'accepted';
  }

  private move(progress: Progress, objective: number): void {
    this.x.set(this.trial);
    progress.objective = objective;
  }
}

/** Beyond this ratio to the present objective, earlier ones say nothing of the terms that it is the sum of. */
const largestCancellation = 1e6;

/**
 * A guess of the size of the terms of a sum, from the largest value that it had and its present one.
 *
 * @param largest - Largest |value| so far.
 * @param present - |value| now.
 * @example
 * ```ts
 * import { termSize } from 'sft-opt/bound';
 *
 * console.log(termSize(100, 1), termSize(1e12, 1)); // 100 1000000
 * ```
 */
export function termSize(largest: number, present: number): number {
  return Math.min(largest, largestCancellation * Math.max(1, present));
}

/** Changes of the objective relative to its size that cancellation may hide. */
const cancelledDigits = 1e-9;

/**
 * ‖P(x − g) − x‖∞ with P the projection onto the bounds.
 *
 * @param lower - Lower bounds, length variableCount.
 * @param upper - Upper bounds, length variableCount.
 * @param x - Point, length variableCount.
 * @param gradient - g, length variableCount.
 * @example
 * ```ts
 * import { projectedGradientNorm } from 'sft-opt/bound';
 *
 * console.log(projectedGradientNorm(Float64Array.of(0), Float64Array.of(4), Float64Array.of(0), Float64Array.of(7))); // 0
 * ```
 */
export function projectedGradientNorm(
  lower: Float64Array,
  upper: Float64Array,
  x: Float64Array,
  gradient: Float64Array,
): number {
  let norm = 0;
  for (let j = 0; j < x.length; j++) {
    const step = Math.min(Math.max(-gradient[j]!, lower[j]! - x[j]!), upper[j]! - x[j]!);
    norm = Math.max(norm, Math.abs(step));
  }
  return norm;
}

/** Message of a bound-constrained method that converged. */
export const convergedMessage = 'The projected gradient is within the tolerance.';

/**
 * Trust-region Newton method as a function.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @param options - Tolerances and limits; what is absent takes its default.
 * @param context - Signal and callback of this call.
 * @throws ArgumentError where the problem has rows or no second derivatives.
 * @example
 * ```ts
 * import { solveTrustRegionNewton } from 'sft-opt/bound';
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
 *   hessian: (_x: Float64Array, weight: number, _y: Float64Array, values: Float64Array) =>
 *     void values.set([2 * weight, 0, 2 * weight]),
 * };
 * console.log(solveTrustRegionNewton(problem).x); // Float64Array(2) [ 2, 0 ]
 * ```
 */
export function solveTrustRegionNewton(
  problem: NonlinearProgram,
  options?: BoundOptions,
  context: SolveContext = {},
): SolverResult {
  refuseConstraints(problem);
  return solveThroughDoor(problem, boundOptions.resolve(options), context, (prepared, resolved, inner) =>
    new TrustRegionNewton(prepared, resolved.denseLimit).solve(resolved, inner),
  );
}

/**
 * Throws ArgumentError for a problem with rows: bound-constrained methods take none.
 *
 * @param problem - The program.
 * @throws ArgumentError where the problem has rows.
 * @example
 * ```ts
 * import { refuseConstraints } from 'sft-opt/bound';
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
 * refuseConstraints(problem);
 * ```
 */
export function refuseConstraints(problem: NonlinearProgram): void {
  if (problem.meta.constraintCount > 0)
    throw new ArgumentError('a bound-constrained minimiser takes no constraints', 'unsuitable');
}
