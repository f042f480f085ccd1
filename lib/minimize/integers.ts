import { solveMinlp, type RelaxationSolver } from '../integer/index.js';
import type { MixedIntegerNonlinearProgram, NlpMeta, NonlinearProgram } from '../problem/index.js';
import { solveQp } from '../qp/index.js';
import { isSolved, type StopSignal, type Termination } from '../solver/index.js';
import type { MinimizeOptions, ResolvedMinimizeOptions } from './options.js';
import type { MinimizeContext, MinimizeResult } from './result.js';

const noIntegers = new Int32Array(0);

/** Solves a continuous problem. */
export type ContinuousSolver = (
  problem: NonlinearProgram,
  options: MinimizeOptions,
  context: MinimizeContext,
) => MinimizeResult;

/** Ends the tree when the caller asks, or when a relaxation falls without end. */
class TreeSignal implements StopSignal {
  unbounded = false;

  constructor(private readonly outer: StopSignal | undefined) {}

  get aborted(): boolean {
    return this.unbounded || this.outer?.aborted === true;
  }
}

/**
 * Branch and bound over relaxations solved by `solve`. Their optima are true bounds where each of them is proven to be
 * one (convex problems); otherwise the answer is the best point of a tree of local solutions, and called
 * `locally-optimal`. Multipliers are those of the problem with its integers held at the answer.
 */
export function minimizeIntegers(
  problem: MixedIntegerNonlinearProgram,
  options: ResolvedMinimizeOptions,
  context: MinimizeContext,
  solve: ContinuousSolver,
): MinimizeResult {
  const startedAt = performance.now();
  const { integerVariables } = problem;
  const { convex } = problem.meta;
  const signal = new TreeSignal(context.signal);
  const inner: MinimizeOptions = {
    optimalityTolerance: options.optimalityTolerance,
    feasibilityTolerance: options.feasibilityTolerance,
    maxIterations: options.maxIterations,
    method: options.method,
  };
  const state = { proven: true };
  let iterations = 0;
  const relaxations: MinimizeResult[] = [];
  const counts = { objective: 0, constraints: 0, gradient: 0, jacobian: 0, hessian: 0, hessianProduct: 0 };
  const note = (result: MinimizeResult): void => {
    iterations += result.iterations;
    for (const key of Object.keys(counts) as (keyof typeof counts)[]) counts[key] += result.counts[key];
  };
  const relaxation: RelaxationSolver = (relaxed, budget) => {
    // The tree may take local optima for bounds; the relaxation itself must not call them global.
    const { convex: _assumed, ...meta } = relaxed.meta;
    const own = { ...relaxed, meta: convex === undefined ? meta : { ...meta, convex } };
    const seconds = budget.remaining(0).timeLimitSeconds;
    const evaluations = options.maxEvaluations - counts.objective;
    const result = solve(
      own,
      {
        ...inner,
        ...(seconds < Infinity && { timeLimitSeconds: Math.max(seconds, 1e-3) }),
        ...(evaluations < Infinity && { maxEvaluations: Math.max(1, evaluations) }),
      },
      { signal: budget.signal },
    );
    note(result);
    if (relaxations.length === 0) relaxations.push(result);
    if (result.termination === 'unbounded') signal.unbounded = true;
    if (result.termination !== 'optimal' && result.termination !== 'infeasible') state.proven = false;
    return result;
  };
  const start = context.start ?? problem.meta.start;
  const search = solveMinlp(
    withMeta(problem, { ...problem.meta, start, convex: true }, integerVariables),
    relaxation,
    {
      relativeGap: options.relativeGap,
      maxNodes: options.maxNodes,
      feasibilityTolerance: options.feasibilityTolerance,
      ...(options.timeLimitSeconds < Infinity && { timeLimitSeconds: options.timeLimitSeconds }),
    },
    { signal },
    convex === true ? { quadratic: solveQp } : {},
  );
  const found = search.x;
  const lower = problem.meta.lower.slice();
  const upper = problem.meta.upper.slice();
  for (const j of integerVariables) if (found) lower[j] = upper[j] = found[j]!;
  const held = withMeta(problem, { ...problem.meta, lower, upper }, noIntegers);
  const solveHeld = (limits: MinimizeOptions, at: Float64Array): MinimizeResult => {
    const result = solve(held, limits, { start: at });
    note(result);
    return result;
  };
  const last = found ? solveHeld(inner, found) : (relaxations[0] ?? solveHeld({ ...inner, maxIterations: 1 }, start));
  const usable =
    found !== undefined &&
    isSolved(last.termination) &&
    last.objective <= search.objective + 1e-9 * Math.max(1, Math.abs(search.objective));
  const x = usable ? last.x : (found ?? last.x);
  if (found) for (const j of integerVariables) x[j] = found[j]!;
  const termination = conclude(search.termination, found !== undefined, state.proven, signal.unbounded);
  const trusted = state.proven && !signal.unbounded;
  return {
    ...last,
    termination,
    message: `${search.nodeCount} nodes, bound ${search.bound}${trusted ? '' : ' (of local solutions)'}, relative gap ${search.relativeGap}.`,
    primalStatus: found ? 'feasible' : last.primalStatus === 'feasible' ? 'unknown' : last.primalStatus,
    dualStatus: usable ? last.dualStatus : 'unknown',
    x,
    objective: found && !usable ? search.objective : last.objective,
    iterations,
    counts,
    timeSeconds: (performance.now() - startedAt) / 1000,
    problemClass: 'integer',
    search: {
      nodeCount: search.nodeCount,
      bound: trusted ? search.bound : -Infinity,
      relativeGap: trusted ? search.relativeGap : Infinity,
      relaxations: search.relaxations,
    },
  };
}

/** The same evaluations under other facts; a class's methods stay reachable through the prototype. */
function withMeta(
  problem: MixedIntegerNonlinearProgram,
  meta: NlpMeta,
  integerVariables: Int32Array,
): MixedIntegerNonlinearProgram {
  return Object.create(problem, {
    meta: { value: meta, enumerable: true },
    integerVariables: { value: integerVariables, enumerable: true },
  }) as MixedIntegerNonlinearProgram;
}

/** What the end of the tree means where some relaxations were solved only locally. */
function conclude(termination: Termination, found: boolean, proven: boolean, unbounded: boolean): Termination {
  if (unbounded) return found ? 'locally-optimal' : 'unbounded';
  if (termination === 'optimal') return proven ? 'optimal' : 'locally-optimal';
  if (termination === 'infeasible') return proven ? 'infeasible' : 'locally-infeasible';
  return termination;
}
