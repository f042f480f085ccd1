import { ArgumentError } from '../errors/index.js';
import {
  Evaluator,
  assess,
  concludeWith,
  crossedBound,
  crossedMessage,
  kinkNear,
  meetsTolerances,
  projectOntoBounds,
  solveThroughDoor,
  type Kink,
  type PreparedContext,
} from '../nlp/index.js';
import { clearAbsentSides, type NonlinearProgram } from '../problem/index.js';
import { randomStream } from '../random/index.js';
import {
  Budget,
  isSolved,
  type BudgetEnd,
  type IterationCallback,
  type SolverResult,
  type Termination,
} from '../solver/index.js';
import { runMethod, type MethodName } from './attempts.js';
import { classify, type ProblemClass } from './classify.js';
import { minimizeOptions, type MinimizeOptions, type ResolvedMinimizeOptions } from './options.js';
import { randomStart } from './restarts.js';
import { BestPoint } from './best-point.js';
import type { Attempt, MinimizeContext, MinimizeResult } from './result.js';
import { hasInequalities, interiorFirst, planFor, type PlannedAttempt } from './plan.js';
import { ProgressWatch } from './progress-watch.js';

/** Variables up to which the simplex search is a match for kinks, and evaluations a variable after which one is looked for. */
const mostKinked = 10;
const wariness = 300;

const idleMessage = 'It came no further for most of its share of the time.';

/** What an attempt may use, and who looks whether it comes further. */
interface Share {
  readonly budget: Budget;
  readonly watch: ProgressWatch | undefined;
}

const onlyMethod: Record<Exclude<ResolvedMinimizeOptions['method'], 'auto'>, readonly MethodName[]> = {
  qp: ['qp'],
  bound: ['trust-region-newton', 'limited-memory'],
  sqp: ['sqp'],
  auglag: ['auglag'],
  interior: ['interior'],
  direct: ['direct'],
};

/** `minimize` of a program without integers, for who must not load what solves those. */
export function minimizeContinuous(
  problem: NonlinearProgram,
  resolved: ResolvedMinimizeOptions,
  context: MinimizeContext,
): MinimizeResult {
  return solveThroughDoor(
    problem,
    resolved,
    context,
    (prepared, options, inner) => new Minimization(prepared, options, inner).run(),
    (result, { objective }) => ({
      ...result,
      attempts: result.attempts.map((attempt) => ({ ...attempt, objective: attempt.objective / objective })),
    }),
  );
}

/** All options; long curved valleys take about one Newton step a variable: without a limit given, large problems get more. */
export function resolvedFor({ meta }: NonlinearProgram, options: MinimizeOptions | undefined): ResolvedMinimizeOptions {
  const resolved = minimizeOptions.resolve(options);
  if (options?.maxIterations !== undefined) return resolved;
  return { ...resolved, maxIterations: Math.max(resolved.maxIterations, 2 * meta.variableCount) };
}

class Minimization {
  private readonly evaluator: Evaluator;
  private readonly budget: Budget;
  private readonly best: BestPoint;
  private readonly attempts: Attempt[] = [];
  private readonly problemClass: ProblemClass;
  private iterations = 0;
  private interrupted = false;
  private claim: SolverResult | undefined;
  /** Of the objective, at the best point. */
  private kink: Kink | undefined;
  private readonly start: Float64Array;
  /** Attempts still to be made. */
  private pending: PlannedAttempt[] = [];

  constructor(
    problem: NonlinearProgram,
    private readonly options: ResolvedMinimizeOptions,
    private readonly context: PreparedContext,
  ) {
    const { meta } = problem;
    this.evaluator = new Evaluator(problem);
    this.budget = context.budget;
    this.best = new BestPoint(meta.variableCount, meta.constraintCount, options.feasibilityTolerance);
    this.problemClass = classify(context.given);
    this.start = context.start.slice();
    projectOntoBounds(meta, this.start);
    if (options.method === 'bound' && meta.constraintCount > 0) {
      throw new ArgumentError('method bound takes no constraints', 'unsuitable');
    }
    if (options.method === 'qp' && this.problemClass !== 'quadratic') {
      throw new ArgumentError('method qp needs a problem that declares itself linear or quadratic', 'unsuitable');
    }
  }

  run(): MinimizeResult {
    const impossible = this.crossedSides();
    if (impossible) return this.conclude({ termination: 'infeasible', message: impossible });
    this.pending = [...this.plan()];
    while (this.pending.length > 0) {
      if (this.ended()) break;
      const planned = this.pending.shift()!;
      const solved = this.mayHaveKinks(planned) ? this.attemptWary(planned) : this.attempt(planned, this.share());
      if (solved || this.kink?.isStationary === true) break;
    }
    if (this.best.solved) this.restart();
    return this.conclude(this.verdict());
  }

  private plan(): readonly PlannedAttempt[] {
    const { method } = this.options;
    if (method === 'auto') return planFor(this.evaluator.problem, this.problemClass, () => this.ended());
    return onlyMethod[method].map((name, k) => ({ method: name, start: k === 0 ? 'given' : 'best' }));
  }

  private crossedSides(): string | undefined {
    const { meta } = this.evaluator;
    const variable = crossedBound(meta.lower, meta.upper);
    if (variable >= 0) return crossedMessage(meta.variableNames, variable);
    const row = crossedBound(meta.constraintLower, meta.constraintUpper);
    if (row < 0) return undefined;
    return `The sides of constraint ${meta.constraintNames?.[row] ?? `number ${row}`} exclude each other.`;
  }

  private end(): BudgetEnd | undefined {
    return this.budget.exhausted(this.iterations, this.evaluator.counts.objective);
  }

  private ended(): boolean {
    return this.interrupted || this.end() !== undefined;
  }

  /** Few variables within bounds: the simplex search may take over at a kink. */
  private mayHaveKinks(planned: PlannedAttempt): boolean {
    const { meta, problem } = this.evaluator;
    return (
      this.options.method === 'auto' &&
      this.attempts.length === 0 &&
      planned.method === 'limited-memory' &&
      meta.constraintCount === 0 &&
      meta.variableCount <= mostKinked &&
      problem.hessian === undefined &&
      problem.hessianProduct === undefined
    );
  }

  /** An attempt that is interrupted after as many evaluations as smooth functions seldom need, to look for a kink. */
  private attemptWary(planned: PlannedAttempt): boolean {
    const { evaluator, best, budget } = this;
    const share = this.share();
    const wary = wariness * (evaluator.meta.variableCount + 1);
    const first = share.budget.limited({ maxIterations: share.budget.maxIterations, evaluations: wary });
    if (this.attempt(planned, { ...share, budget: first })) return true;
    if (this.claim || !best.known || this.ended()) return false;
    const expired = (): boolean => budget.exhausted(this.iterations, evaluator.counts.objective) !== undefined;
    if (kinkNear(evaluator, best.x, expired)) {
      if (this.attempt({ method: 'direct', start: 'best' }, this.share())) return true;
      this.kink = kinkNear(evaluator, best.x, expired);
      return false;
    }
    const isCut = this.attempts.at(-1)!.termination === 'evaluation-limit';
    return isCut && !this.ended() && this.attempt({ ...planned, start: 'best' }, this.share());
  }

  /** The first attempts may use most of the limits, but not all when there is a method to fall back on. */
  private share(): Share {
    const { budget, evaluator, iterations, options } = this;
    const isLast = this.pending.length === 0;
    const part = isLast ? 1 : 0.6;
    const evaluations = budget.maxEvaluations - budget.spent(evaluator.counts.objective);
    const seconds = budget.timeLimitSeconds - budget.elapsedSeconds();
    const steps = budget.maxIterations - iterations;
    const watch =
      isLast || seconds === Infinity ? undefined : new ProgressWatch(part * seconds, options.feasibilityTolerance);
    const limited = budget.limited({
      maxIterations: steps > 50 ? Math.ceil(part * steps) : steps,
      evaluations: evaluations > 50 ? Math.ceil(part * evaluations) : evaluations,
      seconds: part * seconds,
      ...(watch && { signal: watch }),
    });
    return { budget: limited, watch };
  }

  private isStopped(): boolean {
    return this.interrupted || this.budget.signal?.aborted === true;
  }

  /** Runs one method; true if its point is a solution by the recomputed residuals. */
  private attempt(planned: PlannedAttempt, { budget, watch }: Share, randomPoint?: Float64Array): boolean {
    const { evaluator, best, context, options } = this;
    const fromBest = planned.start === 'best' && best.known;
    const start = randomPoint ?? (fromBest ? best.x.slice() : this.start.slice());
    const before = this.budget.spent(evaluator.counts.objective);
    const base = this.iterations;
    const onIteration: IterationCallback | undefined =
      context.onIteration || watch
        ? (record) => {
            watch?.note(record);
            const proceed = context.onIteration?.({
              ...record,
              iteration: base + record.iteration,
              details: { ...record.details, method: planned.method },
            });
            if (proceed === false) this.interrupted = true;
            return proceed;
          }
        : undefined;
    const found = runMethod(planned.method, {
      problem: evaluator.problem,
      evaluator,
      start,
      multipliers: randomPoint ? undefined : fromBest ? best.multipliers.slice() : context.multipliers,
      boundMultipliers:
        randomPoint || fromBest ? undefined : (context.boundMultipliers ?? evaluator.meta.startBoundMultipliers),
      budget,
      // Where there are equations alone no active set is to be found, and factorisations go into other things.
      mayGiveWay: this.pending.length > 0 && hasInequalities(evaluator.problem),
      signal: context.signal,
      optimalityTolerance: options.optimalityTolerance,
      feasibilityTolerance: options.feasibilityTolerance,
      onIteration,
    });
    if (!found) return false;
    const isIdle = found.termination === 'interrupted' && watch?.aborted === true && !this.isStopped();
    const result = isIdle ? { ...found, termination: 'stalled' as const, message: idleMessage } : found;
    if (found.gaveWay === true) this.pending = interiorFirst(this.pending);
    this.iterations += result.iterations;
    return this.record(planned, result, this.budget.spent(evaluator.counts.objective) - before);
  }

  private record(planned: PlannedAttempt, result: SolverResult, evaluations: number): boolean {
    const { evaluator, best, options } = this;
    const { meta } = evaluator;
    clearAbsentSides(result.multipliers, meta.constraintLower, meta.constraintUpper);
    clearAbsentSides(result.boundMultipliers, meta.lower, meta.upper);
    const affordable = evaluator.counts.objective + evaluator.gradientCost <= this.budget.maxEvaluations;
    const evidence = assess(evaluator, result, affordable);
    const solved = isSolved(result.termination) && meetsTolerances(evidence.residuals, options);
    best.offer(planned.method, result, evidence, solved);
    this.attempts.push({
      ...planned,
      termination: isSolved(result.termination) && !solved ? 'stalled' : result.termination,
      message: result.message,
      objective: result.objective,
      primalInfeasibility: evidence.residuals.primalInfeasibility,
      iterations: result.iterations,
      evaluations,
    });
    if (result.termination === 'interrupted') this.interrupted = true;
    this.noteClaim(planned.method, result);
    return solved || this.claim?.termination === 'infeasible' || this.claim?.termination === 'unbounded';
  }

  /** Claims that end the search for a solution: certified infeasibility of linear constraints, a feasible ray. */
  private noteClaim(method: MethodName, result: SolverResult): void {
    if (result.termination === 'infeasible' && method === 'qp') this.claim = result;
    if (result.termination === 'unbounded' && result.primalStatus === 'feasible') this.claim = result;
    if (result.termination === 'locally-infeasible' && !this.claim) this.claim = result;
  }

  private restart(): void {
    const { options, evaluator } = this;
    const stream = randomStream(options.seed, 'restarts');
    const method = this.best.method === 'none' ? 'sqp' : this.best.method;
    if (method === 'qp' && evaluator.meta.convex !== false) return;
    for (let k = 0; k < options.restarts && !this.ended(); k++) {
      const point = randomStart(evaluator.meta, this.start, stream);
      const budget = this.budget.remaining(evaluator.counts.objective, 500);
      this.attempt({ method, start: 'random' }, { budget, watch: undefined }, point);
    }
  }

  private verdict(): { termination: Termination; message: string } {
    const { best, attempts, claim } = this;
    if (best.solved) {
      return { termination: 'locally-optimal', message: `Solved by ${best.method}; the recomputed residuals hold.` };
    }
    if (claim && (claim.termination !== 'locally-infeasible' || !best.feasible)) {
      return { termination: claim.termination, message: claim.message };
    }
    if (this.interrupted) return { termination: 'interrupted', message: 'Stopped by the caller.' };
    const end = this.kink?.isStationary === true ? undefined : this.end();
    if (end) return { termination: end, message: 'A limit ended the work; the best point is returned.' };
    if (this.kink?.isStationary === true) {
      const within = this.kink.radius.toExponential(0);
      const message = `The objective has a kink at the best point: gradients within ${within} of it differ, and combine to nothing, so that no direction is seen to descend; but they are no proof.`;
      return { termination: 'stalled', message };
    }
    const last = attempts.at(-1);
    if (!last) return { termination: 'not-finite', message: 'No method could start.' };
    const notFinite = attempts.every((attempt) => attempt.termination === 'not-finite');
    if (notFinite) return { termination: 'not-finite', message: last.message };
    return { termination: 'stalled', message: `No method met the tolerances; the last said: ${last.message}` };
  }

  private conclude(verdict: { termination: Termination; message: string }): MinimizeResult {
    const { best, evaluator, options, budget } = this;
    if (!best.known) best.x.set(this.start);
    const affordable = evaluator.counts.objective + evaluator.gradientCost <= budget.maxEvaluations;
    const candidate = {
      x: best.x,
      objective: best.objective,
      multipliers: best.multipliers,
      ...(best.boundMultipliers && { boundMultipliers: best.boundMultipliers }),
    };
    const result = concludeWith(
      evaluator.meta,
      candidate,
      best.evidence ?? assess(evaluator, candidate, affordable),
      { ...verdict, iterations: this.iterations, counts: evaluator.counts, timeSeconds: budget.elapsedSeconds() },
      options,
    );
    const convexQp = best.solved && best.method === 'qp' && result.termination === 'locally-optimal';
    return {
      ...result,
      // The quadratic solver proves convexity before it claims an optimum.
      termination: convexQp ? 'optimal' : result.termination,
      problemClass: this.problemClass,
      method: best.method,
      attempts: this.attempts,
    };
  }
}
