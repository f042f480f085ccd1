import { isPositiveSemidefinite, lowerTriangle, maxNorm, storedEntries } from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';
import { Budget, type BudgetEnd, type BudgetLimits } from '../solver/index.js';
import { iterate } from './arrowhead-iteration.js';
import { arrowheadShape } from './arrowhead-program.js';
import { arrowheadCandidate } from './arrowhead-solution.js';
import { ArrowheadState } from './arrowhead-state.js';
import { concludeCandidate, nearestToOrigin, type QpCandidate } from './candidate.js';
import { DualActiveSetSolver } from './dual-active-set.js';
import { solveElastic } from './elastic.js';
import { eliminateEqualities, equalityRows } from './equality-elimination.js';
import { farkasCertificate, pointMerit, unboundedRay } from './evidence.js';
import { rayProgram, relaxRows } from './feasibility.js';
import {
  diagonalOf,
  guessInObjectiveUnits,
  inObjectiveUnits,
  inOwnObjectiveUnits,
  objectiveFactor,
} from './objective-units.js';
import { qpOptions, type QpOptions, type QpOptionsInput } from './options.js';
import { polishWorkingSet } from './polish.js';
import { withoutViolations } from './primal-correction.js';
import type { QpResult, QpWarmStart } from './result.js';
import { equilibrate } from './scaling.js';
import { sharpened } from './sharpen.js';
import { interiorPointCandidate, toSparseProgram } from './sparse-path.js';
import { findStructure, type StructuredProgram } from './structure.js';
import { checkProgram, crossedSides } from './validate.js';

/** Up to this many variables, and rows times variables, the dense active set is tried first. */
const denseVariables = 250;
const denseEntries = 250_000;
/** From this many variables on the structured method is tried first where it fits. */
const structuredVariables = 100;

/** Limits, and what the caller knows of the problem. */
export interface QpContext extends BudgetLimits {
  /** True where the Hessian is known to be positive semidefinite: it is then not tested. */
  readonly convex?: boolean;
}

/** Steps that take violations out of a point, one after the other. */
const corrections = 8;

/** A point with its multipliers. */
type Solution = Pick<QpResult, 'x' | 'multipliers' | 'boundMultipliers'>;

type Method = 'structured' | 'active-set' | 'interior-point';

/**
 * Solves a convex quadratic (or linear) program. The method is chosen by structure and size, another one takes over
 * where the first stalls, and `optimal`, `infeasible` and `unbounded` are claimed only with evidence that was checked
 * on the data. A Hessian that is not positive semidefinite ends as `stalled`.
 *
 * With `context.convex` the Hessian is taken to be positive semidefinite, as `isPositiveSemidefinite` has found, and not tested again.
 *
 * Throws RangeError when an array is missing, lengths do not fit together, the data are not finite or the Hessian is not symmetric, and OptionsError for unknown options.
 *
 * @param problem - Hessian, costs, rows and bounds; P symmetric positive semidefinite where a solution is wanted.
 * @param options - Method, tolerances and limits; what is absent takes its default.
 * @param warmStart - Point and multipliers of a similar program.
 * @param context - Facts known before, signal and callbacks of this call.
 * @throws ArgumentError where arrays do not fit together or are not finite, OptionsError for unknown options.
 * @example
 * ```ts
 * import { solveQp } from 'sft-opt';
 * import { denseMatrix } from 'sft-opt/linalg';
 *
 * const problem = {
 *   hessian: { kind: 'diagonal' as const, values: Float64Array.of(2, 2) },
 *   linear: Float64Array.of(-2, -4),
 *   constraintMatrix: denseMatrix(1, 2, Float64Array.of(1, 1)),
 *   constraintLower: Float64Array.of(-Infinity),
 *   constraintUpper: Float64Array.of(2),
 *   lower: Float64Array.of(0, 0),
 *   upper: Float64Array.of(Infinity, Infinity),
 * };
 * const { termination, x, multipliers } = solveQp(problem);
 * console.log(termination, x, multipliers); // optimal Float64Array(2) [ 0.5, 1.5 ] Float64Array(1) [ 1 ]
 * ```
 */
export function solveQp(
  problem: QuadraticProgram,
  options?: QpOptionsInput,
  warmStart?: QpWarmStart,
  context: QpContext = {},
): QpResult {
  const resolved = qpOptions.resolve(options);
  checkProgram(problem);
  const budget = new Budget({ timeLimitSeconds: resolved.timeLimitSeconds, ...context });
  const setting: Setting = { options: resolved, budget, startedAt: performance.now(), convex: context.convex };
  const result = solveInObjectiveUnits(problem, setting, warmStart);
  const maxIterations = Math.min(resolved.maxIterations, budget.maxIterations) - result.iterations;
  if (maxIterations <= 0 || budget.exhausted(0, 0) !== undefined) return result;
  // Only convex problems end optimal.
  const again = { options: { ...resolved, maxIterations }, budget, startedAt: performance.now(), convex: true };
  return sharpened(problem, result, resolved, (scaled) => solveInUnits(scaled, again));
}

/** What holds for all solves of one call. */
interface Setting {
  readonly options: QpOptions;
  readonly budget: Budget;
  readonly startedAt: number;
  readonly convex: boolean | undefined;
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
  private structure: StructuredProgram | undefined;

  private readonly options: QpOptions;
  private readonly budget: Budget;
  private readonly startedAt: number;
  private readonly convex: boolean;

  constructor(
    private readonly problem: QuadraticProgram,
    { options, budget, startedAt, convex }: Setting,
  ) {
    this.options = options;
    this.budget = budget;
    this.startedAt = startedAt;
    this.convex = convex === true;
    this.allowance = Math.min(options.maxIterations, budget.maxIterations);
  }

  solve(warmStart?: QpWarmStart): QpResult {
    const crossed = crossedSides(this.problem);
    if (crossed !== undefined) return this.impossible(crossed);
    let best: QpResult | undefined;
    let convexityKnown = this.convex || this.problem.hessian === undefined;
    for (const method of this.methods(warmStart !== undefined)) {
      // The active set factors P and mostly sees for itself; an interior point would converge to any stationary point.
      if (method === 'interior-point' && !convexityKnown) {
        if (!this.isConvex()) return this.notConvex(best);
        convexityKnown = true;
      }
      const candidate = this.run(method, warmStart);
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
    const certified = this.options.fallback ? this.searchCertificates(undecided) : undefined;
    return certified ?? this.atLimit(undecided);
  }

  /**
   * The result itself, or where it is optimal only relative to large numbers, its working set solved once more or the
   * violations taken out of its point, if that leaves smaller residuals.
   */
  private refined(result: QpResult): QpResult {
    const { problem, options, budget } = this;
    if (result.termination !== 'optimal') return result;
    const stop = (): boolean => budget.exhausted(0, 0) !== undefined;
    let best = result;
    let merit = pointMerit(problem, result);
    const program = merit <= options.optimalityTolerance || stop() ? undefined : toSparseProgram(problem);
    if (program === undefined) return result;
    const { bounds, constraints } = result.workingSet;
    const sides = new Int8Array(bounds.length + constraints.length);
    sides.set(bounds);
    sides.set(constraints, bounds.length);
    const attempts: readonly (() => Solution | undefined)[] = [
      () => polishWorkingSet(program, { ...result, sides }, stop),
      ...Array.from({ length: corrections }, () => () => {
        const x = withoutViolations(program, equilibrate(program), best.x, stop);
        return x && { ...best, x };
      }),
    ];
    for (const attempt of attempts) {
      const point = merit <= options.optimalityTolerance ? undefined : attempt();
      if (point === undefined || !(pointMerit(problem, point) < merit)) continue;
      const { x, multipliers, boundMultipliers } = point;
      const other = this.conclude({ ...this.candidateOf(result), x, multipliers, boundMultipliers, claim: 'optimal' });
      if (other.termination === 'optimal') [best, merit] = [other, pointMerit(problem, other)];
    }
    return best;
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

  private isConvex(): boolean {
    const stop = (): boolean => this.budget.exhausted(0, 0) !== undefined;
    return !stop() && isPositiveSemidefinite(lowerTriangle(this.problem.hessian, this.problem.linear.length), stop);
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
    if (best !== undefined) return { ...best, termination, message };
    const result = this.conclude(nearestToOrigin(this.problem));
    return { ...result, termination, message };
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

  private run(method: Method, warmStart?: QpWarmStart): QpCandidate {
    const { problem, options, budget, allowance } = this;
    let candidate: QpCandidate;
    if (method === 'structured') candidate = this.structured(warmStart);
    else if (method === 'interior-point') candidate = interiorPointCandidate(problem, options, budget, allowance);
    else candidate = this.eliminated(warmStart) ?? activeSet(problem, warmStart, budget, this.allowance);
    this.allowance -= candidate.iterations;
    return candidate;
  }

  /** The active set on the problem without its equality rows, where that is wanted, pays, and settles. */
  private eliminated(warmStart: QpWarmStart | undefined): QpCandidate | undefined {
    const { problem, options, budget, allowance } = this;
    if (options.eliminateEqualities === 'never') return undefined;
    if (options.eliminateEqualities === 'auto') {
      const n = problem.linear.length;
      if (warmStart !== undefined || 4 * equalityRows(problem).length < n) return undefined;
      let bounded = 0;
      for (let j = 0; j < n; j++) if (problem.lower[j] !== -Infinity || problem.upper[j] !== Infinity) bounded++;
      if (2 * bounded > n) return undefined;
    }
    const elimination = eliminateEqualities(problem);
    if (elimination === undefined) return undefined;
    const candidate = elimination.recover(activeSet(elimination.reduced, undefined, budget, allowance));
    // Anything but a solution is left to the direct way, which has the certificates.
    const isSettled = candidate.claim === 'optimal' || this.budget.exhausted(0, 0) !== undefined;
    if (!isSettled) this.allowance -= candidate.iterations;
    return isSettled || this.allowance <= 0 ? candidate : undefined;
  }

  private structured(warmStart: QpWarmStart | undefined): QpCandidate {
    const structure = this.structure!;
    const { arrowhead } = structure;
    const { privateCount, sharedCount, couplingCount } = arrowheadShape(arrowhead);
    const state = new ArrowheadState(privateCount, sharedCount, couplingCount);
    const settled = iterate(state, arrowhead, warmStart && structure.order(warmStart), this.budget, this.allowance);
    const end = this.budget.exhausted(0, 0) ?? (state.steps >= this.allowance ? 'iteration-limit' : 'stalled');
    return structure.recover(arrowheadCandidate(state, arrowhead, settled ? 'optimal' : end));
  }

  /** Methods in the order in which they are tried. */
  private methods(isWarm: boolean): readonly Method[] {
    const { method } = this.options;
    const general = this.generalMethods(isWarm);
    const wanted = method === 'structured' || (method === 'auto' && this.problem.linear.length >= structuredVariables);
    this.structure = wanted ? findStructure(this.problem) : undefined;
    return this.structure === undefined ? general : ['structured', ...(this.options.fallback ? general : [])];
  }

  private generalMethods(isWarm: boolean): readonly Exclude<Method, 'structured'>[] {
    const { method, fallback } = this.options;
    const { linear, constraintLower, constraintMatrix, hessian } = this.problem;
    const n = linear.length;
    if (method === 'interior-point') return ['interior-point'];
    if (method === 'active-set') return fallback ? ['active-set', 'interior-point'] : ['active-set'];
    const entries = n * (n + constraintLower.length);
    const small = n <= denseVariables && entries <= denseEntries;
    const filled = constraintMatrix === undefined ? 0 : storedEntries(constraintMatrix);
    const quadratic = hessian !== undefined && hasFullDiagonal(this.problem);
    const fit =
      small && (quadratic || n <= 30 || isWarm) && (n <= 60 || isWarm || filled > 0.1 * n * constraintLower.length);
    return fit || n <= 60
      ? ['active-set', 'interior-point']
      : ['interior-point', ...(small ? (['active-set'] as const) : [])];
  }

  /** Phase one and the recession problem, both feasible and bounded, settle what the iterations left open. */
  private searchCertificates(best: QpResult): QpResult | undefined {
    const { problem, options, budget } = this;
    const n = problem.linear.length;
    const m = problem.constraintLower.length;
    const inner: QpOptions = { ...options, presolve: true };
    let x = best.x;
    if (best.primalStatus !== 'feasible') {
      const phaseOne = relaxRows(problem, 'sum', 1, false);
      const solution = interiorPointCandidate(phaseOne, inner, budget, this.allowance);
      this.allowance -= solution.iterations;
      const y = solution.multipliers.slice(0, m);
      if (farkasCertificate(problem, y, options.feasibilityTolerance) !== undefined) {
        return this.conclude({ ...this.candidateOf(best), claim: 'infeasible', farkas: y });
      }
      x = solution.x.slice(0, n);
    }
    if (maxNorm(problem.linear) === 0 || this.allowance <= 0) return undefined;
    const ray = interiorPointCandidate(rayProgram(problem), inner, budget, this.allowance).x;
    if (unboundedRay(problem, ray) === undefined) return undefined;
    const result = this.conclude({ ...this.candidateOf(best), x, claim: 'unbounded', ray });
    return result.termination === 'unbounded' ? result : undefined;
  }

  private candidateOf(result: QpResult): QpCandidate {
    const { ray: _ray, ...point } = result;
    return { ...point, claim: 'stalled' };
  }
}

function activeSet(
  problem: QuadraticProgram,
  warmStart: QpWarmStart | undefined,
  budget: Budget,
  allowance: number,
): QpCandidate {
  const solver = new DualActiveSetSolver(problem.linear.length, problem.constraintLower.length);
  return solver.findCandidate(problem, warmStart, false, budget, allowance);
}

function isDecided({ termination }: QpResult): boolean {
  return termination === 'optimal' || termination === 'infeasible' || termination === 'unbounded';
}

function betterThan(first: QpResult, second: QpResult): boolean {
  const measure = ({ residuals }: QpResult): number => Math.max(residuals.primalInfeasibility, residuals.stationarity);
  return measure(first) < measure(second);
}

/** True if every diagonal entry of P is positive: a cheap sign that P may be definite. */
function hasFullDiagonal({ hessian, linear }: QuadraticProgram): boolean {
  // A low-rank part alone makes nothing definite.
  const diagonal = hessian?.kind === 'diagonal-plus-low-rank' ? hessian.diagonal : diagonalOf(hessian, linear.length);
  return diagonal.every((value) => value > 0);
}
