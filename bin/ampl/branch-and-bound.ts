import { branchAndBound, type BranchingProblem, type Candidate, type NodeBound } from '../../lib/integer/index.js';
import { minimize, type MinimizeOptions, type MinimizeResult } from '../../lib/minimize/index.js';
import type { MixedIntegerNonlinearProgram, NonlinearProgram } from '../../lib/problem/index.js';
import { isSolved, type Budget, type SolverResult, type Termination } from '../../lib/solver/index.js';

/** Limits of a search. */
export interface SearchLimits {
  readonly relativeGap: number;
  readonly maxNodes: number;
  readonly timeLimitSeconds?: number;
}

/** What the search found. */
export interface SearchResult {
  readonly result: SolverResult;
  readonly nodeCount: number;
  /** Valid if all relaxations were solved to proven optima, else only as good as their local minima. */
  readonly bound: number;
}

/** A box of the variables with a point to start from. */
interface Box {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly start: Float64Array;
}

interface RelaxedBound extends NodeBound<MinimizeResult> {
  readonly relaxation: MinimizeResult;
}

const integralityTolerance = 1e-6;

/**
 * Branch and bound whose bounds are the solutions of continuous relaxations. They are true bounds for convex problems;
 * for others the answer is the best point of a tree of local solutions, and is called locally optimal.
 */
export function searchIntegers(
  program: MixedIntegerNonlinearProgram,
  options: MinimizeOptions,
  limits: SearchLimits,
): SearchResult {
  const search = new IntegerSearch(program, options);
  const started = performance.now();
  const tree = branchAndBound(search, {
    relativeGap: limits.relativeGap,
    maxNodes: limits.maxNodes,
    ...(limits.timeLimitSeconds !== undefined && { timeLimitSeconds: limits.timeLimitSeconds }),
  });
  const best = tree.incumbent?.solution ?? search.firstRelaxation ?? atOnce(program, options);
  const termination = search.conclude(tree.termination, tree.incumbent !== undefined);
  const result: SolverResult = {
    ...best,
    termination,
    message: `${tree.nodeCount} nodes, bound ${tree.bound}, relative gap ${tree.relativeGap}.`,
    primalStatus: tree.incumbent ? 'feasible' : 'unknown',
    iterations: search.iterations,
    counts: { ...best.counts, objective: search.evaluations },
    timeSeconds: (performance.now() - started) / 1000,
  };
  return { result, nodeCount: tree.nodeCount, bound: tree.bound };
}

/** A result to report where not even the first relaxation was reached. */
function atOnce(program: MixedIntegerNonlinearProgram, options: MinimizeOptions): MinimizeResult {
  return minimize(program, { ...options, maxIterations: 1, timeLimitSeconds: 1e-3 });
}

class IntegerSearch implements BranchingProblem<Box, RelaxedBound, MinimizeResult> {
  readonly root: Box;
  firstRelaxation: MinimizeResult | undefined;
  iterations = 0;
  evaluations = 0;
  /** False as soon as a relaxation was solved or found infeasible only locally. */
  private proven = true;
  private unboundedRelaxation = false;

  constructor(
    private readonly program: MixedIntegerNonlinearProgram,
    private readonly options: MinimizeOptions,
  ) {
    const { lower, upper, start } = program.meta;
    const rounded = (values: Float64Array, round: (value: number) => number): Float64Array => {
      const copy = values.slice();
      for (const j of program.integerVariables) copy[j] = round(copy[j]!);
      return copy;
    };
    this.root = {
      lower: rounded(lower, (value) => Math.ceil(value - integralityTolerance)),
      upper: rounded(upper, (value) => Math.floor(value + integralityTolerance)),
      start,
    };
  }

  bound(box: Box, context: { readonly budget: Budget }): RelaxedBound {
    const relaxation = this.relax(box, context.budget);
    this.firstRelaxation ??= relaxation;
    switch (relaxation.termination) {
      case 'optimal':
      case 'locally-optimal': {
        if (relaxation.termination !== 'optimal') this.proven = false;
        const candidate = this.branchingVariable(relaxation.x) === -1 ? candidateOf(relaxation) : undefined;
        return { bound: relaxation.objective, candidate, closed: candidate !== undefined, relaxation };
      }
      case 'locally-infeasible':
        this.proven = false;
        return { bound: Infinity, relaxation };
      case 'infeasible':
        return { bound: Infinity, relaxation };
      case 'unbounded':
        this.unboundedRelaxation = true;
        return { bound: -Infinity, relaxation };
      default:
        return { bound: -Infinity, relaxation };
    }
  }

  branch(box: Box, { relaxation }: RelaxedBound): readonly Box[] {
    const { x } = relaxation;
    // Halving would not end where the relaxation falls without end; the leaf stays unproven.
    if (relaxation.termination === 'unbounded') return [];
    const variable = this.branchingVariable(x);
    if (variable === -1) return this.splitWidest(box, x);
    return this.split(box, variable, Math.floor(x[variable]!), x);
  }

  /** The relaxation's integers rounded and held, the rest solved again. */
  heuristic(
    box: Box,
    { relaxation }: RelaxedBound,
    context: { readonly budget: Budget },
  ): Candidate<MinimizeResult> | undefined {
    if (!isSolved(relaxation.termination)) return undefined;
    const lower = box.lower.slice();
    const upper = box.upper.slice();
    for (const j of this.program.integerVariables) {
      lower[j] = upper[j] = Math.min(Math.max(Math.round(relaxation.x[j]!), lower[j]!), upper[j]!);
    }
    const fixed = this.relax({ lower, upper, start: relaxation.x }, context.budget);
    return isSolved(fixed.termination) ? candidateOf(fixed) : undefined;
  }

  /** What the end of the tree means, given that some relaxations may have been solved only locally. */
  conclude(termination: Termination, found: boolean): Termination {
    if (termination === 'optimal') return this.proven ? 'optimal' : 'locally-optimal';
    if (termination === 'infeasible') return this.proven ? 'infeasible' : 'locally-infeasible';
    if (this.unboundedRelaxation && !found) return 'unbounded';
    return termination;
  }

  private relax(box: Box, budget: Budget): MinimizeResult {
    const problem: NonlinearProgram = {
      ...this.program,
      meta: { ...this.program.meta, lower: box.lower, upper: box.upper },
    };
    const left = budget.remaining(0).timeLimitSeconds;
    const limit = Number.isFinite(left) ? { timeLimitSeconds: Math.max(left, 1e-3) } : {};
    const result = minimize(problem, { ...this.options, ...limit }, { start: box.start });
    this.iterations += result.iterations;
    this.evaluations += result.counts.objective;
    return result;
  }

  /** The integer variable farthest from an integer; −1 if all are integers. */
  private branchingVariable(x: Float64Array): number {
    let chosen = -1;
    let farthest = integralityTolerance;
    for (const j of this.program.integerVariables) {
      const distance = Math.abs(x[j]! - Math.round(x[j]!));
      if (distance > farthest) {
        chosen = j;
        farthest = distance;
      }
    }
    return chosen;
  }

  /** A box whose relaxation gave no usable point is halved at its widest finite integer range. */
  private splitWidest(box: Box, x: Float64Array): readonly Box[] {
    let chosen = -1;
    let widest = 0;
    for (const j of this.program.integerVariables) {
      const width = box.upper[j]! - box.lower[j]!;
      if (Number.isFinite(width) && width > widest) {
        chosen = j;
        widest = width;
      }
    }
    if (chosen === -1) return [];
    return this.split(box, chosen, Math.floor((box.lower[chosen]! + box.upper[chosen]!) / 2), x);
  }

  private split(box: Box, variable: number, value: number, start: Float64Array): readonly Box[] {
    const upper = box.upper.slice();
    const lower = box.lower.slice();
    upper[variable] = value;
    lower[variable] = value + 1;
    return [
      { lower: box.lower, upper, start },
      { lower, upper: box.upper, start },
    ];
  }
}

/** Integers made exact; the point was checked by the relaxation's own tolerances. */
function candidateOf(result: MinimizeResult): Candidate<MinimizeResult> {
  return { objective: result.objective, solution: result };
}
