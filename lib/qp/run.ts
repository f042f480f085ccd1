import type { QuadraticProgram } from '../problem/index.js';
import { Budget, type BudgetEnd, type BudgetLimits } from '../solver/index.js';
import { candidateOf, concludeCandidate, nearestToOrigin, type QpCandidate } from './candidate.js';
import { solveElastic } from './elastic.js';
import { pointMerit } from './evidence.js';
import { guessInObjectiveUnits, inObjectiveUnits, inOwnObjectiveUnits, objectiveFactor } from './objective-units.js';
import type { CommonQpOptions } from './options.js';
import type { QpResult, QpWarmStart } from './result.js';
import { sharpened } from './sharpen.js';
import { checkProgram, crossedSides } from './validate.js';

/** Limits, and what the caller knows of the problem. */
export interface QpContext extends BudgetLimits {
  /** True where the Hessian is known to be positive semidefinite: it is then not tested. */
  readonly convex?: boolean;
}

/** A point with its multipliers. */
export type Solution = Pick<QpResult, 'x' | 'multipliers' | 'boundMultipliers'>;

/** One way to a candidate. */
export interface Way {
  /** True where P must be known to be positive semidefinite before: the way leads to any stationary point. */
  readonly needsConvexity: boolean;
  /** A candidate after at most `allowance` steps. */
  find(warmStart: QpWarmStart | undefined, budget: Budget, allowance: number): QpCandidate;
}

/** What came of a search for certificates. */
export interface Settlement {
  readonly iterations: number;
  readonly candidate?: QpCandidate;
}

/** What a solve of one program is made of. Everything they say is judged by `concludeCandidate`. */
export interface QpMethods {
  /** Why the program is none for these methods, where it is not. */
  readonly refusal?: string | undefined;
  /** What to say besides of a program that they leave undecided. */
  readonly elsewhere?: string;
  /** In the order in which they are tried. */
  ways(isWarm: boolean): readonly Way[];
  /** Whether P is positive semidefinite; false when stopped. */
  isConvex(stop: () => boolean): boolean;
  /** Attempts at smaller residuals than those of an optimal point, each from the best point so far. */
  refinements?(result: QpResult, stop: () => boolean): readonly ((best: QpResult) => Solution | undefined)[];
  /** Looks for a certificate of what the ways left undecided. */
  readonly settle?: ((best: QpResult, budget: Budget, allowance: number) => Settlement) | undefined;
}

/** What holds for all solves of one call. */
interface Setting {
  readonly methodsFor: (problem: QuadraticProgram) => QpMethods;
  readonly options: CommonQpOptions;
  readonly budget: Budget;
  readonly startedAt: number;
  readonly convex: boolean | undefined;
}

/**
 * Solves by the methods given: checks the problem, solves it in units of the objective, tries the ways one after the other, looks for
 * certificates of what they leave open, relaxes the rows in the elastic mode, and looks a second time where residuals are worth much.
 */
export function solveByMethods(
  problem: QuadraticProgram,
  options: CommonQpOptions,
  methodsFor: (problem: QuadraticProgram) => QpMethods,
  warmStart: QpWarmStart | undefined,
  context: QpContext,
): QpResult {
  checkProgram(problem);
  const budget = new Budget({ timeLimitSeconds: options.timeLimitSeconds, ...context });
  const setting = { methodsFor, options, budget, startedAt: performance.now(), convex: context.convex };
  const result = solveInObjectiveUnits(problem, setting, warmStart);
  const maxIterations = Math.min(options.maxIterations, budget.maxIterations) - result.iterations;
  if (maxIterations <= 0 || budget.exhausted(0, 0) !== undefined) return result;
  return sharpened(problem, result, options, (scaled) => {
    // Only convex problems end optimal.
    const again = { ...setting, options: { ...options, maxIterations }, startedAt: performance.now(), convex: true };
    return solveInUnits(scaled, again);
  });
}

function solveInObjectiveUnits(problem: QuadraticProgram, setting: Setting, warmStart?: QpWarmStart): QpResult {
  const factor = objectiveFactor(problem);
  if (factor === 1) return solveInUnits(problem, setting, warmStart);
  const scaled = inObjectiveUnits(problem, factor);
  const result = solveInUnits(scaled, setting, guessInObjectiveUnits(warmStart, factor));
  return inOwnObjectiveUnits(problem, result, factor);
}

function solveInUnits(problem: QuadraticProgram, setting: Setting, warmStart?: QpWarmStart): QpResult {
  const { options } = setting;
  const result = new Run(problem, setting).solve(warmStart);
  if (options.elastic === 'off' || (result.termination !== 'infeasible' && result.termination !== 'stalled')) {
    return result;
  }
  return solveElastic(problem, options, (relaxed) => new Run(relaxed, setting).solve());
}

class Run {
  /** Steps left of `maxIterations`, the option's or the budget's. */
  private allowance: number;

  private readonly methods: QpMethods;
  private readonly options: CommonQpOptions;
  private readonly budget: Budget;
  private readonly startedAt: number;
  private readonly convex: boolean;

  constructor(
    private readonly problem: QuadraticProgram,
    { methodsFor, options, budget, startedAt, convex }: Setting,
  ) {
    this.methods = methodsFor(problem);
    this.options = options;
    this.budget = budget;
    this.startedAt = startedAt;
    this.convex = convex === true;
    this.allowance = Math.min(options.maxIterations, budget.maxIterations);
  }

  solve(warmStart?: QpWarmStart): QpResult {
    const crossed = crossedSides(this.problem);
    if (crossed !== undefined) return this.impossible(crossed);
    const { refusal } = this.methods;
    if (refusal !== undefined) return this.untried('stalled', refusal);
    let best: QpResult | undefined;
    let convexityKnown = this.convex || this.problem.hessian === undefined;
    for (const way of this.methods.ways(warmStart !== undefined)) {
      if (way.needsConvexity && !convexityKnown) {
        if (!this.isConvex()) return this.notConvex(best);
        convexityKnown = true;
      }
      const candidate = way.find(warmStart, this.budget, this.allowance);
      this.allowance -= candidate.iterations;
      const result = this.conclude(candidate);
      convexityKnown ||= candidate.convex === true;
      if (result.termination === 'optimal' && !convexityKnown) {
        // Proximal steps find a stationary point of an indefinite problem too.
        if (!this.isConvex()) return this.notConvex(result);
        convexityKnown = true;
      }
      if (isDecided(result)) return this.refined(result);
      if (best === undefined || betterThan(result, best)) best = result;
      if (this.limit() !== undefined) return this.atLimit(best);
    }
    if (!convexityKnown && !this.isConvex()) return this.notConvex(best);
    const undecided = best!;
    return this.settled(undecided) ?? this.atLimit(this.withAdvice(undecided));
  }

  /**
   * The result itself, or where it is optimal only relative to large numbers, its working set solved once more or the
   * violations taken out of its point, if that leaves smaller residuals.
   */
  private refined(result: QpResult): QpResult {
    const { problem, options, methods } = this;
    if (result.termination !== 'optimal' || methods.refinements === undefined) return result;
    let best = result;
    let merit = pointMerit(problem, result);
    if (merit <= options.optimalityTolerance || this.isStopped()) return result;
    for (const attempt of methods.refinements(result, () => this.isStopped())) {
      const point = merit <= options.optimalityTolerance ? undefined : attempt(best);
      if (point === undefined || !(pointMerit(problem, point) < merit)) continue;
      const { x, multipliers, boundMultipliers } = point;
      const other = this.conclude({ ...candidateOf(result), x, multipliers, boundMultipliers, claim: 'optimal' });
      if (other.termination === 'optimal') [best, merit] = [other, pointMerit(problem, other)];
    }
    return best;
  }

  private isStopped(): boolean {
    return this.budget.exhausted(0, 0) !== undefined;
  }

  private limit(): BudgetEnd | undefined {
    return this.budget.exhausted(0, 0) ?? (this.allowance <= 0 ? 'iteration-limit' : undefined);
  }

  /** The best point with the limit that ended the search for a better one, if one did. */
  private atLimit(best: QpResult): QpResult {
    const termination = this.limit();
    if (termination === undefined || termination === best.termination) return best;
    return { ...best, termination, message: `The work met its ${termination}.` };
  }

  private withAdvice(best: QpResult): QpResult {
    const { elsewhere } = this.methods;
    return elsewhere === undefined ? best : { ...best, message: `${best.message} ${elsewhere}` };
  }

  private isConvex(): boolean {
    return !this.isStopped() && this.methods.isConvex(() => this.isStopped());
  }

  /**
   * The result for a P that is not positive semidefinite, or not known to be at a limit: the best point so far, or the
   * one nearest to the origin.
   */
  private notConvex(best: QpResult | undefined): QpResult {
    const end = this.budget.exhausted(0, 0);
    const termination = end ?? 'stalled';
    const message =
      end === undefined
        ? 'The Hessian is not positive semidefinite: this is no convex problem.'
        : `The work met its ${end} before the Hessian was known to be positive semidefinite.`;
    return best === undefined ? this.untried(termination, message) : { ...best, termination, message };
  }

  /** The point nearest to the origin, where nothing has been tried. */
  private untried(termination: 'stalled' | BudgetEnd, message: string): QpResult {
    return { ...this.conclude(nearestToOrigin(this.problem)), termination, message };
  }

  /** The result for sides between which no number lies. */
  private impossible(message: string): QpResult {
    return {
      ...this.conclude(nearestToOrigin(this.problem)),
      termination: 'infeasible',
      message,
      primalStatus: 'infeasible',
      dualStatus: 'unknown',
      dualityGap: Infinity,
    };
  }

  private conclude(candidate: QpCandidate): QpResult {
    return concludeCandidate(this.problem, candidate, this.options, (performance.now() - this.startedAt) / 1000);
  }

  /** What the methods' search for certificates makes of a point that they left undecided. */
  private settled(best: QpResult): QpResult | undefined {
    const settlement = this.methods.settle?.(best, this.budget, this.allowance);
    if (settlement === undefined) return undefined;
    this.allowance -= settlement.iterations;
    const result = settlement.candidate && this.conclude(settlement.candidate);
    return result !== undefined && isDecided(result) ? result : undefined;
  }
}

function isDecided({ termination }: QpResult): boolean {
  return termination === 'optimal' || termination === 'infeasible' || termination === 'unbounded';
}

function betterThan(first: QpResult, second: QpResult): boolean {
  const measure = ({ residuals }: QpResult): number => Math.max(residuals.primalInfeasibility, residuals.stationarity);
  return measure(first) < measure(second);
}
