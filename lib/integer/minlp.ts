import * as z from '../schema/index.js';
import type { MixedIntegerNonlinearProgram, SpecialOrderedSet } from '../problem/index.js';
import { defineOptions, type Budget, type Termination } from '../solver/index.js';
import {
  fractionalVariables,
  mostFractional,
  pseudocostBranching,
  Pseudocosts,
  reliabilityBranching,
  type BranchingRule,
  type FractionalVariable,
} from './branching.js';
import { divingEvery, pumpAtRoot, rounding, roundAndFix, type Heuristic } from './heuristics.js';
import { divideSet, violatedSet } from './ordered-sets.js';
import { LinearPropagation } from './propagation.js';
import { excludes, tangentsAt, type QuadraticSolver, type Tangents } from './tangents.js';
import { largestViolation, withBounds, type RelaxationResult, type RelaxationSolver } from './relaxation.js';
import {
  branchAndBound,
  treeOptions,
  type BranchingProblem,
  type Candidate,
  type NodeBound,
  type NodeContext,
  type TreeContext,
  type TreeResult,
} from './tree.js';

/** Options of `solveMinlp`: types, defaults and meanings. */
export const minlpOptions = defineOptions({
  ...treeOptions.schema.shape,
  integralityTolerance: z.number().positive().default(1e-5).describe('Distance to an integer that counts as integral.'),
  feasibilityTolerance: z
    .number()
    .positive()
    .default(1e-6)
    .describe('Largest violation of a solution, relative to max(1, |side|), checked on the problem itself.'),
  branching: z
    .enum(['reliability', 'strong', 'pseudocost', 'most-fractional'])
    .default('reliability')
    .describe('Rule that chooses the variable to branch on; `parts.branchingRule` of solveMinlp takes any other.'),
  reliability: z
    .int()
    .nonnegative()
    .default(2)
    .describe('Times a variable is tried by solving both children before its pseudocosts are trusted; 0: never.'),
  strongCandidates: z.int().positive().default(2).describe('Variables tried that way at one node, at most.'),
  heuristicEvery: z
    .int()
    .positive()
    .default(20)
    .describe('Rounding at every node; diving at the root and at every so many nodes; the pump at the root only.'),
  exploredLeaves: z
    .int()
    .nonnegative()
    .default(60)
    .describe(
      'Only for problems not known to be convex: nodes during which integral relaxations are divided further all the ' +
        'same, because a local optimum says nothing of the rest of their box.',
    ),
  pruneByLocalOptima: z
    .boolean()
    .default(false)
    .describe(
      'Only for problems not known to be convex: prunes as if local optima of the relaxations were bounds. Finds good ' +
        'points fast and proves nothing.',
    ),
  boundMargin: z
    .number()
    .nonnegative()
    .default(1e-7)
    .describe('A relaxation’s optimum counts as a bound after taking this off, relative to max(1, |f|).'),
});
/** Options of `solveMinlp`; `minlpOptions` has each with its default and meaning. */
export type MinlpOptions = z.input<typeof minlpOptions.schema>;

/** Answer of `solveMinlp`. */
export interface MinlpResult extends TreeResult<Float64Array> {
  /** Best solution, integers exact; absent if none was found. */
  readonly x?: Float64Array;
  /** Objective at `x`; Infinity without a solution. */
  readonly objective: number;
  /** The problem is known to be convex, so that `bound`, `optimal` and `infeasible` are proofs. */
  readonly convex: boolean;
  /** Continuous problems solved. */
  readonly relaxations: number;
}

interface MinlpNode {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly start: Float64Array;
  readonly multipliers?: Float64Array | undefined;
  readonly boundMultipliers?: Float64Array | undefined;
  /** The step that led here, for pseudocosts. */
  readonly step?: {
    readonly variable: number;
    readonly direction: 0 | 1;
    readonly distance: number;
    readonly parent: number;
  };
  /** The affine rows leave no point. */
  readonly empty?: boolean;
  /** Of a convex program, at the parent's relaxed solution. */
  readonly tangents?: Tangents | undefined;
  /** Relaxation already solved by strong branching. */
  readonly known?: RelaxationResult;
}

interface MinlpBound extends NodeBound<Float64Array> {
  readonly x?: Float64Array;
  readonly multipliers?: Float64Array | undefined;
  readonly boundMultipliers?: Float64Array | undefined;
  readonly tangents?: Tangents | undefined;
  readonly relaxed: number;
  readonly fractional: readonly FractionalVariable[];
  /** A special ordered set that the relaxed point does not satisfy. */
  readonly set?: SpecialOrderedSet | undefined;
}

/** Replaceable parts of the search. */
export interface MinlpParts {
  /** Instead of the rule named by the option `branching`. */
  readonly branchingRule?: BranchingRule;
  /** Instead of rounding, diving and the feasibility pump, in this order; the best of what they find is kept. */
  readonly heuristics?: readonly Heuristic[];
  /**
   * For convex programs: nodes that the tangents at their parent's solution leave nothing of are closed without a
   * relaxation.
   */
  readonly quadratic?: QuadraticSolver;
}

/**
 * Branch and bound on a mixed-integer nonlinear program with a continuous solver for the relaxations. With
 * `meta.convex` the answer is proven; without it relaxations bound nothing, and the best point is `locally-optimal`.
 * Every solution is checked on the problem itself. `infeasible` is claimed only if every leaf was proven empty.
 *
 * @param problem - The program with its integer variables.
 * @param relaxation - Solves the continuous relaxations, as `solveSqp` does.
 * @param given - Gaps, tolerances and limits; what is absent takes its default.
 * @param context - A solution known before, signal and callbacks.
 * @param parts - Rules, heuristics and a QP solver, in place of the usual ones.
 * @throws ProblemError for a problem that contradicts itself, OptionsError for unknown options.
 * @example
 * ```ts
 * import { solveMinlp, solveSqp } from 'sft-opt';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * const problem = compileNl(model);
 * if ('integerVariables' in problem) console.log(solveMinlp(problem, (each) => solveSqp(each)).x); // Float64Array(2) [ 4, 1.5 ]
 * ```
 */
export function solveMinlp(
  problem: MixedIntegerNonlinearProgram,
  relaxation: RelaxationSolver,
  given: Partial<MinlpOptions> = {},
  context: TreeContext<Float64Array> = {},
  parts: MinlpParts = {},
): MinlpResult {
  const options = minlpOptions.resolve(given);
  const tree = new MinlpTree(problem, relaxation, options, parts, context.incumbent?.objective ?? Infinity);
  const { relativeGap, absoluteGap, nodeSelection, maxNodes, timeLimitSeconds } = options;
  const limits = timeLimitSeconds < Infinity ? { timeLimitSeconds } : {};
  const result = branchAndBound(tree, { relativeGap, absoluteGap, nodeSelection, maxNodes, ...limits }, context);
  const convex = problem.meta.convex === true;
  return {
    ...result,
    termination: convex ? result.termination : withoutProof(result.termination, result.incumbent !== undefined),
    ...(result.incumbent && { x: result.incumbent.solution }),
    objective: result.incumbent?.objective ?? Infinity,
    bound: convex ? result.bound : -Infinity,
    relativeGap: convex ? result.relativeGap : Infinity,
    convex,
    relaxations: tree.relaxations,
  };
}

function withoutProof(termination: Termination, found: boolean): Termination {
  if (termination === 'optimal' || termination === 'stalled') return found ? 'locally-optimal' : 'stalled';
  return termination === 'infeasible' ? 'locally-infeasible' : termination;
}

class MinlpTree implements BranchingProblem<MinlpNode, MinlpBound, Float64Array> {
  readonly root: MinlpNode;
  relaxations = 0;
  private readonly pseudocosts: Pseudocosts;
  /** Relaxed optima count as bounds. */
  private readonly bounding: boolean;
  private readonly rule: BranchingRule;
  private readonly heuristics: readonly Heuristic[];
  private readonly propagation: LinearPropagation;
  private readonly quadratic: QuadraticSolver | undefined;
  /** What rounding to an integer point gave; with the integers held nothing else of a node matters. */
  private readonly rounded = new Map<string, Candidate<Float64Array> | undefined>();

  constructor(
    private readonly problem: MixedIntegerNonlinearProgram,
    private readonly relaxation: RelaxationSolver,
    private readonly options: ReturnType<typeof minlpOptions.resolve>,
    parts: MinlpParts,
    private incumbentObjective: number,
  ) {
    this.rule = parts.branchingRule ?? namedRule(options);
    this.heuristics = parts.heuristics ?? [rounding, divingEvery(options.heuristicEvery), pumpAtRoot];
    const { meta } = problem;
    const lower = Float64Array.from(meta.lower);
    const upper = Float64Array.from(meta.upper);
    for (const k of problem.integerVariables) {
      lower[k] = Math.ceil(lower[k]! - options.integralityTolerance);
      upper[k] = Math.floor(upper[k]! + options.integralityTolerance);
    }
    this.propagation = new LinearPropagation(problem, options.feasibilityTolerance, options.integralityTolerance);
    this.root = this.tightened({ lower, upper, start: meta.start });
    this.pseudocosts = new Pseudocosts(meta.variableCount);
    this.bounding = meta.convex === true || options.pruneByLocalOptima;
    this.quadratic = meta.convex === true ? parts.quadratic : undefined;
  }

  bound(node: MinlpNode, context: NodeContext): MinlpBound {
    if (node.empty === true || node.lower.some((value, k) => value > node.upper[k]!)) return emptyNode;
    const result = node.known ?? this.relax(node, context.budget);
    if (this.isInfeasible(result)) return this.bounding ? emptyNode : this.unknown(node);
    if (!solved(result)) return this.unknown(node);
    const relaxed = result.objective;
    const { step } = node;
    if (step) this.pseudocosts.record(step.variable, step.direction, step.distance, relaxed - step.parent);
    const fractional = fractionalVariables(this.problem.integerVariables, result.x, this.options.integralityTolerance);
    const bound = this.bounding ? this.boundOf(relaxed) : -Infinity;
    const { x, multipliers, boundMultipliers } = result;
    const { specialOrderedSets } = this.problem;
    const set =
      fractional.length > 0 ? undefined : violatedSet(specialOrderedSets, x, this.options.integralityTolerance);
    if (fractional.length > 0 || set) {
      const tangents = this.quadratic && tangentsAt(this.problem, x, this.options.feasibilityTolerance);
      return { bound, x, multipliers, boundMultipliers, tangents, relaxed, fractional, set };
    }
    const candidate = this.noted(roundAndFix(this.tools(node, context.budget), x));
    // Closed if rounding the last digits away cost nothing; else the node is divided further.
    const slack = 10 * this.options.boundMargin * Math.max(1, Math.abs(relaxed));
    const finished = this.bounding
      ? candidate !== undefined && candidate.objective <= relaxed + slack
      : candidate !== undefined && context.nodeCount > this.options.exploredLeaves;
    return {
      bound,
      x,
      multipliers,
      boundMultipliers,
      relaxed,
      fractional,
      candidate,
      closed: finished || this.isPoint(node),
    };
  }

  /** What the optimum of a convex relaxation bounds in spite of its tolerances. */
  private boundOf(relaxed: number): number {
    return relaxed - this.options.boundMargin * Math.max(1, Math.abs(relaxed));
  }

  heuristic(node: MinlpNode, bound: MinlpBound, context: NodeContext): Candidate<Float64Array> | undefined {
    const { x } = bound;
    if (!x) return undefined;
    const tools = this.tools(node, context.budget);
    let best: Candidate<Float64Array> | undefined;
    for (const heuristic of this.heuristics) {
      const { depth, nodeCount } = context;
      const { incumbentObjective } = this;
      const found = this.noted(heuristic(tools, { x, depth, nodeCount, incumbentObjective }));
      if (found && found.objective < (best?.objective ?? Infinity)) best = found;
    }
    return best;
  }

  /** Keeps the least objective in mind. */
  private noted(candidate: Candidate<Float64Array> | undefined): Candidate<Float64Array> | undefined {
    if (candidate) this.incumbentObjective = Math.min(this.incumbentObjective, candidate.objective);
    return candidate;
  }

  branch(node: MinlpNode, bound: MinlpBound, context: NodeContext): readonly MinlpNode[] {
    if (bound.fractional.length > 0) {
      const choice = this.choose(node, bound, context);
      const [down, up] = this.divide(node, bound, choice);
      const { value } = choice.candidate;
      return value - Math.floor(value) > 0.5 ? [up, down] : [down, up];
    }
    if (bound.set) {
      const { multipliers, boundMultipliers, tangents } = bound;
      const x = bound.x!;
      const boxes = divideSet(bound.set, node, x, this.options.integralityTolerance);
      return boxes.map((box) => this.tightened({ ...box, start: x, multipliers, boundMultipliers, tangents }));
    }
    // Integral but not closed, or nothing known: halve the widest integer range.
    const widest = this.widestInteger(node);
    if (widest === undefined) return [];
    const { lower, upper } = node;
    const { multipliers, boundMultipliers } = bound;
    const start = bound.x ?? node.start;
    const middle = Math.floor(halfway(lower[widest]!, upper[widest]!, start[widest]!));
    return [
      { lower, upper: changed(upper, widest, middle), start, multipliers, boundMultipliers },
      { lower: changed(lower, widest, middle + 1), upper, start, multipliers, boundMultipliers },
    ];
  }

  private choose(node: MinlpNode, bound: MinlpBound, context: NodeContext): Branching {
    const { cutoff } = context;
    const tried = new Map<number, [RelaxationResult, RelaxationResult]>();
    const candidate = this.rule({
      fractional: bound.fractional,
      x: bound.x!,
      relaxed: bound.relaxed,
      depth: context.depth,
      pseudocosts: this.pseudocosts,
      tryBoth: (trial) => {
        const children = this.tryBoth(node, bound, trial, context.budget);
        tried.set(trial.variable, children);
        return [this.rise(children[0], bound.relaxed, cutoff), this.rise(children[1], bound.relaxed, cutoff)];
      },
      isOver: () => context.budget.exhausted(0, 0) !== undefined,
    });
    const children = tried.get(candidate.variable);
    return { candidate, ...(children && { children }) };
  }

  /** How far a child's bound lies above its parent's; Infinity if nothing is left of the child. */
  private rise(child: RelaxationResult, parent: number, cutoff: number): number {
    if (this.isInfeasible(child)) return Infinity;
    if (this.bounding && solved(child) && this.boundOf(child.objective) >= cutoff) return Infinity;
    return solved(child) ? Math.max(0, child.objective - parent) : 0;
  }

  private tryBoth(node: MinlpNode, bound: MinlpBound, candidate: FractionalVariable, budget: Budget) {
    const [down, up] = this.divide(node, bound, { candidate });
    return [this.relax(down, budget), this.relax(up, budget)] as [RelaxationResult, RelaxationResult];
  }

  /** The child rounded down, then the one rounded up. */
  private divide(node: MinlpNode, bound: MinlpBound, { candidate, children }: Branching): [MinlpNode, MinlpNode] {
    const { variable, value } = candidate;
    const floor = Math.floor(value);
    const start = bound.x ?? node.start;
    const step = (direction: 0 | 1) => ({
      variable,
      direction,
      distance: direction === 0 ? value - floor : floor + 1 - value,
      parent: bound.relaxed,
    });
    const { lower, upper } = node;
    const { multipliers, boundMultipliers, tangents } = bound;
    const down: MinlpNode = {
      lower,
      upper: changed(upper, variable, floor),
      start,
      multipliers,
      boundMultipliers,
      tangents,
      step: step(0),
      ...(children && { known: children[0] }),
    };
    const up: MinlpNode = {
      lower: changed(lower, variable, floor + 1),
      upper,
      start,
      multipliers,
      boundMultipliers,
      tangents,
      step: step(1),
      ...(children && { known: children[1] }),
    };
    return [this.tightened(down), this.tightened(up)];
  }

  private widestInteger(node: MinlpNode): number | undefined {
    let widest: number | undefined;
    let width = 0;
    for (const k of this.problem.integerVariables) {
      const own = node.upper[k]! - node.lower[k]!;
      if (own > width) {
        width = own;
        widest = k;
      }
    }
    return widest;
  }

  /** True if no integer variable has a choice left. */
  private isPoint(node: MinlpNode): boolean {
    return !this.bounding && this.widestInteger(node) === undefined;
  }

  private tools(node: MinlpNode, budget: Budget) {
    return {
      problem: this.problem,
      solve: (lower: Float64Array, upper: Float64Array, start: Float64Array) =>
        this.relax(this.tightened({ lower, upper, start }), budget),
      relaxation: this.relaxation,
      budget,
      lower: node.lower,
      upper: node.upper,
      integralityTolerance: this.options.integralityTolerance,
      ...(this.bounding && { rounded: this.rounded }),
      accepts: (candidate: Float64Array) =>
        largestViolation(this.problem, candidate) <= this.options.feasibilityTolerance,
    };
  }

  /** The node with the integer ranges that the affine rows leave. */
  private tightened(node: MinlpNode): MinlpNode {
    const lower = Float64Array.from(node.lower);
    const upper = Float64Array.from(node.upper);
    return this.propagation.tighten(lower, upper) ? { ...node, lower, upper } : { ...node, empty: true };
  }

  private relax(
    {
      empty,
      lower,
      upper,
      start,
      multipliers,
      boundMultipliers,
      tangents,
    }: Pick<MinlpNode, 'empty' | 'lower' | 'upper' | 'start' | 'multipliers' | 'boundMultipliers' | 'tangents'>,
    budget: Budget,
  ): RelaxationResult {
    if (empty === true) return { ...emptyRelaxation, x: start };
    if (tangents && excludes(tangents, this.quadratic!, lower, upper, this.incumbentObjective)) {
      return { ...emptyRelaxation, x: start };
    }
    this.relaxations++;
    return this.relaxation(withBounds(this.problem, lower, upper, start, multipliers, boundMultipliers), budget);
  }

  /** A convex problem has no other stationary point of the violation than one that proves infeasibility. */
  private isInfeasible(result: RelaxationResult): boolean {
    return result.termination === 'infeasible' || (this.bounding && result.termination === 'locally-infeasible');
  }

  private unknown(node: MinlpNode): MinlpBound {
    return { bound: -Infinity, relaxed: node.step?.parent ?? -Infinity, fractional: [] };
  }
}

function namedRule({
  branching,
  reliability,
  strongCandidates,
}: ReturnType<typeof minlpOptions.resolve>): BranchingRule {
  switch (branching) {
    case 'most-fractional':
      return mostFractional;
    case 'pseudocost':
      return pseudocostBranching;
    case 'strong':
      return reliabilityBranching(Infinity, strongCandidates);
    case 'reliability':
      return reliabilityBranching(reliability, strongCandidates);
  }
}

interface Branching {
  readonly candidate: FractionalVariable;
  readonly children?: [RelaxationResult, RelaxationResult];
}

const emptyRelaxation = { termination: 'infeasible', primalStatus: 'infeasible', objective: Infinity } as const;

const emptyNode: MinlpBound = { bound: Infinity, relaxed: Infinity, fractional: [], closed: true };

function solved(result: RelaxationResult): boolean {
  const ended = result.termination === 'optimal' || result.termination === 'locally-optimal';
  return ended && result.primalStatus === 'feasible' && Number.isFinite(result.objective);
}

/** A point of an integer range that leaves both halves non-empty, finite even if the range is not. */
function halfway(lower: number, upper: number, near: number): number {
  const inside = Math.min(Math.max(near, lower), upper - 1);
  if (lower === -Infinity || upper === Infinity) return inside;
  return (lower + upper) / 2;
}

function changed(values: Float64Array, index: number, value: number): Float64Array {
  const copy = Float64Array.from(values);
  copy[index] = value;
  return copy;
}
