import {
  enumerateIntegerPoints,
  integerPointCount,
  roundAndFix,
  searchNeighbourhoods,
  solveMinlp,
  solveStructured,
  structureOf,
  largestViolation,
  withBounds,
  type Candidate,
  type RelaxationSolver,
} from '../integer/index.js';
import {
  isDiscrete,
  zeroCounts,
  type MixedIntegerNonlinearProgram,
  type NlpMeta,
  type NonlinearProgram,
} from '../problem/index.js';
import { solveQp } from '../qp/sparse/index.js';
import { randomStream } from '../random/index.js';
import { Budget, isSolved, type StopSignal, type Termination } from '../solver/index.js';
import type { MinimizeOptions, ResolvedMinimizeOptions } from './options.js';
import type { MinimizeContext, MinimizeResult } from './result.js';

const noIntegers = new Int32Array(0);
/** Nodes of the tree over local optima, where nothing bounds them, before neighbours are searched. */
const mostUnprovenNodes = 300;
/** Integer points that the search looks at: where all variables are integers, and where each takes a solve. */
const mostPurePoints = 500_000;
const mostCompletedPoints = 300;
/** Variables and operations beyond which the dense relaxation of a problem's structure costs too much. */
const mostSlots = 1500;
const mostTableauEntries = 2_000_000;

/** Solves a continuous problem. */
export type ContinuousSolver = (
  problem: NonlinearProgram,
  options: MinimizeOptions,
  context: MinimizeContext,
) => MinimizeResult;

/** What a search over the integers came to. */
export interface IntegerOutcome {
  readonly termination: Termination;
  readonly message: string;
  readonly best: Candidate<Float64Array> | undefined;
  /** No feasible point has a lower objective; −Infinity where that is not proven of any. */
  readonly bound: number;
  readonly nodeCount: number;
}

/** Ends the tree when the caller asks, or when a relaxation falls without end. */
class TreeSignal implements StopSignal {
  unbounded = false;

  constructor(private readonly outer: StopSignal | undefined) {}

  get aborted(): boolean {
    return this.unbounded || this.outer?.aborted === true;
  }
}

/**
 * Minimises over integers and special ordered sets. What proves the answer is, in this order: looking at every point
 * where they are few; bounds from the problem's structure (linear, quadratic, or known operations); relaxations of a
 * problem known to be convex. Of any other problem a tree of local optima and a search among neighbours find the best
 * point that they can; it is then called `locally-optimal`, with a bound of −Infinity. Multipliers are those of the
 * problem with its integers held at the answer.
 */
export function minimizeIntegers(
  problem: NonlinearProgram | MixedIntegerNonlinearProgram,
  options: ResolvedMinimizeOptions,
  context: MinimizeContext,
  solve: ContinuousSolver,
): MinimizeResult {
  const discrete = 'integerVariables' in problem ? problem : withMeta(problem, problem.meta, true);
  return new IntegerMinimization(discrete, options, context, solve).run();
}

class IntegerMinimization {
  private readonly budget: Budget;
  private readonly signal: TreeSignal;
  private readonly inner: MinimizeOptions;
  private readonly counts = zeroCounts();
  private iterations = 0;
  private relaxations = 0;
  /** A local solution that falls without end ends the search; where structure bounds the objective it does not. */
  private endsWhereUnbounded = true;
  private first: MinimizeResult | undefined;
  private readonly start: Float64Array;

  constructor(
    private readonly problem: MixedIntegerNonlinearProgram,
    private readonly options: ResolvedMinimizeOptions,
    context: MinimizeContext,
    private readonly solve: ContinuousSolver,
  ) {
    this.signal = new TreeSignal(context.signal);
    this.budget = new Budget({ timeLimitSeconds: options.timeLimitSeconds, signal: this.signal });
    this.inner = {
      optimalityTolerance: options.optimalityTolerance,
      feasibilityTolerance: options.feasibilityTolerance,
      maxIterations: options.maxIterations,
      method: options.method,
    };
    this.start = context.start ?? problem.meta.start;
  }

  run(): MinimizeResult {
    return this.result(
      this.enumerated() ??
        this.structured() ??
        (this.problem.meta.convex === true ? this.convexTree() : this.unproven()),
    );
  }

  private enumerated(): IntegerOutcome | undefined {
    const { problem, options, budget } = this;
    if (integerPointCount(problem) > options.enumerationLimit) return undefined;
    const limited = new Budget({
      timeLimitSeconds: options.timeLimitSeconds,
      maxEvaluations: options.maxEvaluations,
      signal: budget.signal,
    });
    const { best, points, ended } = enumerateIntegerPoints(problem, options.feasibilityTolerance, limited);
    this.counts.objective += points;
    const message = ended
      ? `A limit ended the work after ${points} integer points.`
      : best
        ? `Best of all ${points} integer points.`
        : `None of the ${points} integer points satisfies the constraints.`;
    const bound = ended ? -Infinity : (best?.objective ?? Infinity);
    return { termination: ended ?? (best ? 'optimal' : 'infeasible'), message, best, bound, nodeCount: points };
  }

  /** Bounds from what the functions are made of, where the problem says it. */
  private structured(): IntegerOutcome | undefined {
    const { problem, options, budget } = this;
    const stream = randomStream(options.seed, 'structured-search');
    const random = (): number => stream.uniform();
    const form = structureOf(problem, random);
    const slots = form ? form.variableCount + form.operations.length : Infinity;
    if (!form || slots > mostSlots || slots * problem.meta.constraintCount > mostTableauEntries) return undefined;
    this.endsWhereUnbounded = false;
    const search = solveStructured(
      problem,
      form,
      {
        relativeGap: options.relativeGap,
        maxNodes: options.maxNodes,
        timeLimitSeconds: options.timeLimitSeconds,
        feasibilityTolerance: options.feasibilityTolerance,
        integralityTolerance: 1e-5,
      },
      {
        budget,
        random,
        improve: (lower, upper, start) => this.completed(start, lower, upper),
      },
    );
    this.endsWhereUnbounded = true;
    const { incumbent: best, nodeCount, reason } = search;
    if (search.isUnbounded) return undefined;
    const proven = search.termination === 'optimal' || search.termination === 'infeasible';
    const termination = search.termination === 'stalled' && best ? 'locally-optimal' : search.termination;
    const message =
      search.termination === 'infeasible'
        ? (reason ?? `No point satisfies the constraints: ${nodeCount} nodes were proven empty.`)
        : `${nodeCount} nodes${describeGap(best?.objective ?? Infinity, search.bound)}${proven ? '' : ', not proven'}.`;
    return { termination, message, best, bound: search.bound, nodeCount };
  }

  /** Branch and bound over relaxations of a problem known to be convex, whose optima are true bounds. */
  private convexTree(): IntegerOutcome {
    const search = this.tree({ quadratic: solveQp });
    const { nodeCount, bound, objective } = search;
    const termination = this.unless(search.termination, search.x !== undefined);
    const message =
      termination === 'infeasible'
        ? `No integer point satisfies the constraints: ${nodeCount} nodes were proven empty.`
        : `${nodeCount} nodes${describeGap(objective, bound)}.`;
    return {
      termination,
      message,
      best: search.incumbent,
      bound: this.signal.unbounded ? -Infinity : bound,
      nodeCount,
    };
  }

  /** The best point that local solutions and neighbouring integers lead to. */
  private unproven(): IntegerOutcome {
    const { options, budget, problem } = this;
    const quick = this.tree({}, true);
    let best = quick.incumbent;
    let { nodeCount } = quick;
    if (this.signal.unbounded) return this.localOutcome(this.unless('stalled', best !== undefined), best, nodeCount);
    const nodes = Math.min(options.maxNodes - nodeCount, mostUnprovenNodes);
    if (nodes > 0 && !budget.exhausted(0, 0)) {
      const wide = this.tree({}, false, nodes, best);
      nodeCount += wide.nodeCount;
      best = wide.incumbent ?? best;
    }
    const isPure = problem.integerVariables.length === problem.meta.variableCount;
    best = searchNeighbourhoods(
      {
        problem,
        feasibilityTolerance: options.feasibilityTolerance,
        stream: randomStream(options.seed, 'integer-neighbourhoods'),
        budget,
        mostPoints: isPure ? mostPurePoints : mostCompletedPoints,
        complete: (x) => this.completed(x),
      },
      best,
    );
    const ended = budget.exhausted(0, this.counts.objective);
    const nodeLimit = options.maxNodes <= nodeCount ? 'node-limit' : undefined;
    const found = best ? 'locally-optimal' : quick.termination === 'infeasible' ? 'locally-infeasible' : 'stalled';
    return this.localOutcome(
      ended ?? nodeLimit ?? (quick.termination === 'infeasible' ? 'infeasible' : found),
      best,
      nodeCount,
    );
  }

  private localOutcome(
    termination: Termination,
    best: Candidate<Float64Array> | undefined,
    nodeCount: number,
  ): IntegerOutcome {
    const message = best
      ? `Best point known after ${nodeCount} nodes and a search among their neighbours; nothing bounds it.`
      : `${nodeCount} nodes gave no feasible point.`;
    return { termination, message, best, bound: -Infinity, nodeCount };
  }

  private tree(
    parts: Parameters<typeof solveMinlp>[4],
    pruneByLocalOptima = false,
    maxNodes: number = this.options.maxNodes,
    incumbent?: Candidate<Float64Array>,
  ): ReturnType<typeof solveMinlp> {
    const { options, budget } = this;
    const seconds = budget.remaining(0).timeLimitSeconds;
    return solveMinlp(
      withMeta(this.problem, { ...this.problem.meta, start: this.start }),
      this.relaxation,
      {
        relativeGap: options.relativeGap,
        maxNodes,
        feasibilityTolerance: options.feasibilityTolerance,
        pruneByLocalOptima,
        ...(seconds < Infinity && { timeLimitSeconds: Math.max(1e-9, seconds) }),
      },
      { signal: budget.signal, incumbent },
      parts,
    );
  }

  private readonly relaxation: RelaxationSolver = (relaxed, budget) => {
    const { options, counts } = this;
    const seconds = budget.remaining(0).timeLimitSeconds;
    const evaluations = options.maxEvaluations - counts.objective;
    const result = this.solve(
      relaxed,
      {
        ...this.inner,
        ...(seconds < Infinity && { timeLimitSeconds: Math.max(seconds, 1e-3) }),
        ...(evaluations < Infinity && { maxEvaluations: Math.max(1, evaluations) }),
      },
      { signal: budget.signal },
    );
    this.note(result);
    this.relaxations++;
    this.first ??= result;
    if (result.termination === 'unbounded' && this.endsWhereUnbounded) this.signal.unbounded = true;
    return result;
  };

  private note(result: MinimizeResult): void {
    this.iterations += result.iterations;
    for (const key of Object.keys(this.counts) as (keyof typeof this.counts)[]) this.counts[key] += result.counts[key];
  }

  /** The continuous variables at their best for the integers of x. */
  private completed(
    x: Float64Array,
    lower: Float64Array = this.problem.meta.lower,
    upper: Float64Array = this.problem.meta.upper,
  ): Candidate<Float64Array> | undefined {
    const { problem, options, budget } = this;
    return roundAndFix(
      {
        problem,
        solve: (low, high, start) => this.relaxation(withBounds(problem, low, high, start), budget),
        relaxation: this.relaxation,
        budget,
        lower,
        upper,
        integralityTolerance: 1e-5,
        accepts: (candidate) => largestViolation(problem, candidate) <= options.feasibilityTolerance,
      },
      x,
    );
  }

  /** The tree's end, unless a relaxation that falls without end stopped it. */
  private unless(termination: Termination, found: boolean): Termination {
    if (!this.signal.unbounded) return termination;
    return found ? 'locally-optimal' : 'unbounded';
  }

  private result(outcome: IntegerOutcome): MinimizeResult {
    const { problem } = this;
    const found = outcome.best?.solution;
    const last = found ? this.solveHeld(found) : (this.first ?? this.solveHeld(this.start, 1));
    const usable =
      found !== undefined &&
      isSolved(last.termination) &&
      last.objective <= outcome.best!.objective + 1e-9 * Math.max(1, Math.abs(outcome.best!.objective));
    const x = Float64Array.from(usable ? last.x : (found ?? last.x));
    if (found) for (const j of problem.integerVariables) x[j] = found[j]!;
    const objective = found && !usable ? outcome.best.objective : last.objective;
    const relativeGap = gapOf(objective, outcome.bound);
    return {
      ...last,
      termination: outcome.termination,
      message: outcome.message,
      primalStatus: found ? 'feasible' : last.primalStatus === 'feasible' ? 'unknown' : last.primalStatus,
      dualStatus: usable ? last.dualStatus : 'unknown',
      x,
      objective,
      iterations: this.iterations,
      counts: this.counts,
      timeSeconds: this.budget.elapsedSeconds(),
      problemClass: isDiscrete(problem) ? 'integer' : last.problemClass,
      search: {
        nodeCount: outcome.nodeCount,
        bound: outcome.bound,
        ...(found && relativeGap !== undefined && { relativeGap }),
        relaxations: this.relaxations,
      },
    };
  }

  private solveHeld(at: Float64Array, maxIterations = this.options.maxIterations): MinimizeResult {
    const { problem } = this;
    const lower = problem.meta.lower.slice();
    const upper = problem.meta.upper.slice();
    for (const j of problem.integerVariables) lower[j] = upper[j] = Math.min(Math.max(at[j]!, lower[j]!), upper[j]!);
    for (const { variables } of problem.specialOrderedSets ?? []) {
      for (const j of variables) if (at[j] === 0) lower[j] = upper[j] = 0;
    }
    const held = withMeta(problem, { ...problem.meta, lower, upper }, true);
    const result = this.solve(held, { ...this.inner, maxIterations }, { start: at });
    this.note(result);
    return result;
  }
}

/** (objective − bound) / |objective|; undefined where that says nothing: no bound, or an objective about 0. */
function gapOf(objective: number, bound: number): number | undefined {
  if (!Number.isFinite(objective) || !Number.isFinite(bound)) return undefined;
  if (bound >= objective) return 0;
  const gap = (objective - bound) / Math.abs(objective);
  return gap < 1e6 ? gap : undefined;
}

/** What is to be said of a bound. */
export function describeGap(objective: number, bound: number): string {
  if (!Number.isFinite(bound)) return '';
  const gap = gapOf(objective, bound);
  return `, bound ${Number(bound.toPrecision(10))}${gap === undefined ? '' : `, relative gap ${gap.toPrecision(2)}`}`;
}

/** The same evaluations under other facts, perhaps continuous; a class's methods stay reachable through the prototype. */
function withMeta(problem: NonlinearProgram, meta: NlpMeta, isContinuous = false): MixedIntegerNonlinearProgram {
  return Object.create(problem, {
    meta: { value: meta, enumerable: true },
    ...(isContinuous && {
      integerVariables: { value: noIntegers, enumerable: true },
      specialOrderedSets: { value: undefined, enumerable: true },
    }),
  }) as MixedIntegerNonlinearProgram;
}
