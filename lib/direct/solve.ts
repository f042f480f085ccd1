import { Matrix, pseudoInverse } from 'ml-matrix';
import {
  assess,
  concludeWith,
  crossedBound,
  crossedMessage,
  Evaluator,
  largestViolation,
  limitStop,
  type SolveContext,
  type Stop,
  type Tolerances,
} from '../nlp/index.js';
import { absoluteViolation, type NonlinearProgram } from '../problem/index.js';
import { Budget, type BudgetEnd, type SolverResult } from '../solver/index.js';
import { nelderMead } from './simplex.js';

/** First edges of the simplex: this share of |x|, at least this long, and at most this share of a variable's range. */
const edgeShare = 0.1;
const rangeShare = 0.25;
/** Edges after each restart, relative to those before, and where the restarts end. */
const shorter = 0.2;
const shortest = 1e-7;
/** Restarts in turn without a gain after which the point is at rest. */
const idleRestarts = 3;
const mostPenaltyRounds = 12;
/** Difference of values, relative to max(1, |f|), at which a simplex is small. */
const valueTolerance = 1e-13;
/** What stands for a value that is not finite: comparable with itself. */
const forbidden = 1e300;

class LimitMet extends Error {
  readonly code = 'limit-met';
  constructor(readonly end: BudgetEnd) {
    super(end);
  }
}

/**
 * Minimises without derivatives by the simplex search of Nelder and Mead (1965), restarted with shorter edges from the best
 * point, which also guards against simplices that have collapsed. Bounds are never left: points beyond are evaluated at
 * their projection and pay for the distance. Constraints are kept by an exact penalty that grows until they hold. For few
 * variables (up to ten or so) whose functions have kinks or noise.
 *
 * A solution is claimed only where the first-order conditions hold by differences; at a kink the answer is `stalled`, with the
 * best point.
 */
export function solveDirect(
  problem: NonlinearProgram,
  tolerances: Tolerances,
  context: SolveContext & { readonly evaluator?: Evaluator } = {},
): SolverResult {
  const evaluator = context.evaluator ?? new Evaluator(problem);
  const search = new DirectSearch(evaluator, tolerances, context);
  return search.conclude(search.run());
}

class DirectSearch {
  private readonly budget: Budget;
  private readonly x: Float64Array;
  private readonly best: Float64Array;
  private readonly values: Float64Array;
  private readonly edges: Float64Array;
  private objective = NaN;
  private violation = Infinity;
  private penalty = 1;
  private iterations = 0;

  constructor(
    private readonly evaluator: Evaluator,
    private readonly tolerances: Tolerances,
    private readonly context: SolveContext,
  ) {
    const { meta } = evaluator;
    const { lower, upper } = meta;
    this.budget = context.budget ?? new Budget({ signal: context.signal });
    this.best = Float64Array.from(context.start ?? meta.start, (value, j) =>
      Math.min(upper[j]!, Math.max(lower[j]!, value)),
    );
    this.x = this.best.slice();
    this.values = new Float64Array(meta.constraintCount);
    this.edges = this.best.map((value, j) => {
      const edge = Math.min(edgeShare * Math.max(1, Math.abs(value)), rangeShare * (upper[j]! - lower[j]!));
      return value + edge > upper[j]! ? -edge : edge;
    });
  }

  run(): Stop {
    const { meta } = this.evaluator;
    const crossed = crossedBound(meta.lower, meta.upper);
    if (crossed >= 0) return { termination: 'infeasible', message: crossedMessage(meta.variableNames, crossed) };
    try {
      this.value(this.best);
      if (!Number.isFinite(this.objective)) {
        return { termination: 'not-finite', message: 'The problem is not defined at its start.' };
      }
      this.penalty = 10 * Math.max(1, Math.abs(this.objective));
      for (let round = 0; round < mostPenaltyRounds; round++) {
        this.searchToRest();
        if (this.violation <= this.tolerances.feasibilityTolerance) break;
        this.penalty *= 10;
      }
    } catch (error) {
      if (!(error instanceof LimitMet)) throw error;
      return limitStop(error.end);
    }
    if (this.violation > this.tolerances.feasibilityTolerance) {
      return { termination: 'stalled', message: 'The simplex search found no point that keeps the constraints.' };
    }
    return { termination: 'locally-optimal', message: 'The simplex search came to rest.' };
  }

  conclude(stop: Stop): SolverResult {
    const { evaluator, budget, best } = this;
    const affordable = evaluator.counts.objective + evaluator.gradientCost <= budget.maxEvaluations;
    const candidate = {
      x: best,
      objective: this.objective,
      multipliers: affordable ? this.multipliers() : new Float64Array(evaluator.meta.constraintCount),
    };
    const evidence = assess(evaluator, candidate, affordable);
    return concludeWith(
      evaluator.meta,
      candidate,
      evidence,
      { ...stop, iterations: this.iterations, counts: evaluator.counts, timeSeconds: budget.elapsedSeconds() },
      this.tolerances,
    );
  }

  /** Restarts from the best point with ever shorter edges, every other time in the opposite directions. */
  private searchToRest(): void {
    const n = this.edges.length;
    let idle = 0;
    for (let length = 1, sign = 1; length >= shortest && idle < idleRestarts; length *= shorter, sign = -sign) {
      const before = this.merit(this.objective, this.violation);
      const origin = this.best.slice();
      const edges = this.edges.map((edge) => sign * length * edge);
      nelderMead((point) => this.at(origin, edges, point), new Array<number>(n).fill(0), {
        maxIterations: 200 * n,
        zeroDelta: 1,
        nonZeroDelta: 1.05,
        minErrorDelta: valueTolerance * Math.max(1, Math.abs(this.objective)),
      });
      const gain = before - this.merit(this.objective, this.violation);
      idle = gain > valueTolerance * Math.max(1, Math.abs(this.objective)) ? 0 : idle + 1;
    }
  }

  /** Value at origin + edges∘point, projected onto the bounds; what lies beyond them pays for its distance. */
  private at(origin: Float64Array, edges: Float64Array, point: readonly number[]): number {
    const { lower, upper } = this.evaluator.meta;
    let beyond = 0;
    for (let j = 0; j < origin.length; j++) {
      const wanted = origin[j]! + edges[j]! * point[j]!;
      const kept = Math.min(upper[j]!, Math.max(lower[j]!, wanted));
      this.x[j] = kept;
      if (edges[j] !== 0) beyond += Math.abs((wanted - kept) / edges[j]!);
    }
    const value = this.value(this.x);
    return value === forbidden ? value : value + beyond * Math.max(1, Math.abs(value)) * 1e-3;
  }

  /** f plus penalty; keeps the point if it is the best so far. Throws LimitMet. */
  private value(x: Float64Array): number {
    const { evaluator, budget, context } = this;
    const end = budget.exhausted(this.iterations, evaluator.counts.objective);
    if (end !== undefined) throw new LimitMet(end);
    this.iterations++;
    const objective = evaluator.objective(x);
    const violation = this.violationAt(x);
    const merit = this.merit(objective, violation);
    if (!Number.isFinite(this.objective) || merit < this.merit(this.objective, this.violationAt(this.best))) {
      this.objective = objective;
      this.violation = largestViolation(evaluator.meta, x, this.valuesAt(x));
      this.best.set(x);
      const proceed = context.onIteration?.({
        iteration: this.iterations,
        objective,
        primalInfeasibility: this.violation,
        stationarity: NaN,
      });
      if (proceed === false) throw new LimitMet('interrupted');
    }
    return merit;
  }

  private merit(objective: number, violation: number): number {
    const merit = objective + this.penalty * violation;
    return Number.isFinite(merit) ? Math.min(merit, forbidden) : forbidden;
  }

  private valuesAt(x: Float64Array): Float64Array {
    if (this.values.length > 0 && !this.evaluator.constraints(x, this.values)) this.values.fill(NaN);
    return this.values;
  }

  /** Σ of the violations. */
  private violationAt(x: Float64Array): number {
    const { constraintLower, constraintUpper } = this.evaluator.meta;
    return this.valuesAt(x).reduce(
      (sum, value, i) => sum + absoluteViolation(value, constraintLower[i]!, constraintUpper[i]!),
      0,
    );
  }

  /** Least-squares multipliers of the constraints that hold the point. */
  private multipliers(): Float64Array {
    const { evaluator, best } = this;
    const { meta } = evaluator;
    const { variableCount: n, constraintCount: m } = meta;
    const multipliers = new Float64Array(m);
    const gradient = new Float64Array(n);
    const jacobian = new Float64Array(evaluator.jacobianLength);
    if (m === 0 || !evaluator.gradient(best, this.objective, gradient)) return multipliers;
    if (!evaluator.jacobian(best, jacobian)) return multipliers;
    const pattern = evaluator.problem.jacobian ? meta.jacobianPattern : undefined;
    const dense = Matrix.zeros(m, n);
    jacobian.forEach((value, k) => {
      const row = pattern ? pattern.rows[k]! : Math.floor(k / n);
      const column = pattern ? pattern.columns[k]! : k % n;
      dense.set(row, column, dense.get(row, column) + value);
    });
    const values = this.valuesAt(best);
    const near = (value: number, side: number): boolean => Math.abs(value - side) <= 1e-5 * Math.max(1, Math.abs(side));
    const active = Array.from({ length: m }, (_, i) => i).filter(
      (i) => near(values[i]!, meta.constraintLower[i]!) || near(values[i]!, meta.constraintUpper[i]!),
    );
    const free = Array.from({ length: n }, (_, j) => j).filter(
      (j) => !near(best[j]!, meta.lower[j]!) && !near(best[j]!, meta.upper[j]!),
    );
    if (active.length === 0 || free.length === 0) return multipliers;
    const transposed = dense.selection(active, free).transpose();
    const solution = pseudoInverse(transposed).mmul(Matrix.columnVector(free.map((j) => -gradient[j]!)));
    active.forEach((i, k) => (multipliers[i] = solution.get(k, 0)));
    return multipliers;
  }
}
