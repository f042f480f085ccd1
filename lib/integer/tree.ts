import * as z from '../schema/index.js';
import { Budget, commonOptions, defineOptions, type Termination, type StopSignal } from '../solver/index.js';
import { NodeQueue, type OpenNode } from './node-queue.js';

/** A feasible solution and its objective. */
export interface Candidate<Solution> {
  /** Value of the solution; the less the better. */
  readonly objective: number;
  /** What was found. */
  readonly solution: Solution;
}

/** What a bound oracle says about one node. */
export interface NodeBound<Solution> {
  /** No solution of the node has a lower objective; Infinity: proven empty; −Infinity: nothing is known. */
  readonly bound: number;
  /** A feasible solution of the node, if one was met. */
  readonly candidate?: Candidate<Solution> | undefined;
  /** The node's best solution is `candidate` (or one no better than the cutoff): nothing is left to branch on. */
  readonly closed?: boolean;
}

/** What is known of the tree where a node is treated. */
export interface NodeContext {
  /** Solutions with an objective at or above this are of no use; an oracle may stop once its bound reaches it. */
  readonly cutoff: number;
  /** Branchings above the node. */
  readonly depth: number;
  /** Bound of the parent, valid here too. */
  readonly inherited: number;
  /** Nodes bounded so far. */
  readonly nodeCount: number;
  /** What is left of time and signal. */
  readonly budget: Budget;
}

/**
 * A minimisation by branching. A node is whatever the problem says (its own description of a set of solutions, with
 * warm-start data of its parent if it likes): an NLP relaxation makes one oracle, a Lagrangian another.
 */
export interface BranchingProblem<Node, Bound extends NodeBound<Solution>, Solution> {
  /** Node that holds every solution. */
  readonly root: Node;
  /** A lower bound on the objective of every solution in the node, with a solution if the relaxation is one. */
  bound(node: Node, context: NodeContext): Bound;
  /** Children that together hold every solution of the node; empty if it cannot be divided. */
  branch(node: Node, bound: Bound, context: NodeContext): readonly Node[];
  /** A feasible solution near the node's relaxation. */
  heuristic?(node: Node, bound: Bound, context: NodeContext): Candidate<Solution> | undefined;
}

/** Options of a branch-and-bound tree: types, defaults and meanings. */
export const treeOptions = defineOptions({
  relativeGap: z
    .number()
    .nonnegative()
    .default(1e-6)
    .describe('Stop when (incumbent − bound) / |incumbent| is at or below this.'),
  absoluteGap: z.number().nonnegative().default(1e-9).describe('Stop when incumbent − bound is at or below this.'),
  nodeSelection: z
    .enum(['best-first', 'depth-first', 'hybrid'])
    .default('hybrid')
    .describe('`hybrid` dives from the best open node until a leaf or a prune, then takes the best again.'),
  maxNodes: z.int().positive().default(1_000_000).describe('Nodes before giving up; the incumbent is returned.'),
  timeLimitSeconds: commonOptions.timeLimitSeconds,
});
/** Options of a branch-and-bound tree. */
export type TreeOptions = z.input<typeof treeOptions.schema>;

/** Where a tree stands. */
export interface TreeProgress {
  /** Nodes bounded so far. */
  readonly nodeCount: number;
  /** Nodes that wait. */
  readonly openCount: number;
  /** Value of the best solution; Infinity without one. */
  readonly objective: number;
  /** No solution is below it. */
  readonly bound: number;
}

/** What a caller of a tree may pass beside options. */
export interface TreeContext<Solution> {
  /** Constant that the objectives leave out: gaps are relative to the objective with or without it, whichever is less. */
  readonly objectiveConstant?: number | undefined;
  /** A solution known before. */
  readonly incumbent?: Candidate<Solution> | undefined;
  /** Ends the search with the best solution so far once aborted. */
  readonly signal?: StopSignal | undefined;
  /** Called after every node; returning false ends the search as `interrupted`. */
  readonly onNode?: ((progress: TreeProgress) => boolean | undefined) | undefined;
  /** Called with each better solution. */
  readonly onIncumbent?: ((candidate: Candidate<Solution>) => void) | undefined;
}

/** Best candidate and bound of a tree. */
export interface TreeResult<Solution> {
  /** `optimal` and `infeasible` only if every leaf was proven; `stalled` if a leaf could neither be closed nor divided. */
  readonly termination: Termination;
  /** The best solution found. */
  readonly incumbent: Candidate<Solution> | undefined;
  /** Valid for all solutions. */
  readonly bound: number;
  /** (incumbent − bound) / |incumbent|; Infinity without an incumbent, or where that is about 0 and the bound is not. */
  readonly relativeGap: number;
  /** Nodes bounded. */
  readonly nodeCount: number;
  /** Leaves whose bound could not be proven up to the incumbent. */
  readonly unprovenLeaves: number;
  /** Wall time, seconds. */
  readonly timeSeconds: number;
}

/**
 * Branch and bound (Land & Doig 1960). Deterministic as long as the oracle is and no time limit strikes.
 *
 * @param problem - Root, bound, branching and heuristic.
 * @param given - Gaps and limits; what is absent takes its default.
 * @param context - A solution known before, signal and callbacks.
 * @example
 * ```ts
 * import { type NodeBound, branchAndBound } from 'sft-opt/integer';
 *
 * // The least of f over the whole numbers from 0 to 9, by halving intervals.
 * const f = (k: number) => (k - 6.3) ** 2;
 * type Span = readonly [number, number];
 * const { termination, incumbent } = branchAndBound<Span, NodeBound<number>, number>({
 *   root: [0, 9],
 *   bound: ([a, b]) => ({
 *     bound: a === b ? f(a) : Math.max(0, 6.3 - b, a - 6.3) ** 2,
 *     ...(a === b && { candidate: { objective: f(a), solution: a }, closed: true }),
 *   }),
 *   branch: ([a, b]) => {
 *     const middle = Math.floor((a + b) / 2);
 *     return [
 *       [a, middle],
 *       [middle + 1, b],
 *     ];
 *   },
 * });
 * console.log(termination, incumbent?.solution); // optimal 6
 * ```
 */
export function branchAndBound<Node, Bound extends NodeBound<Solution>, Solution>(
  problem: BranchingProblem<Node, Bound, Solution>,
  given: Partial<TreeOptions> = {},
  context: TreeContext<Solution> = {},
): TreeResult<Solution> {
  return new Tree(problem, given, context).run();
}

class Tree<Node, Bound extends NodeBound<Solution>, Solution> {
  private readonly options;
  private readonly budget: Budget;
  private readonly queue: NodeQueue<Node>;
  private incumbent: Candidate<Solution> | undefined;
  private nodeCount = 0;
  private unprovenLeaves = 0;
  /** Least bound of leaves that could not be proven. */
  private unprovenBound = Infinity;
  private activeBound = Infinity;

  constructor(
    private readonly problem: BranchingProblem<Node, Bound, Solution>,
    given: Partial<TreeOptions>,
    private readonly context: TreeContext<Solution>,
  ) {
    this.options = treeOptions.resolve(given);
    this.budget = new Budget({ timeLimitSeconds: this.options.timeLimitSeconds, signal: context.signal });
    this.queue = new NodeQueue(this.options.nodeSelection);
    this.incumbent = context.incumbent;
  }

  run(): TreeResult<Solution> {
    this.queue.push([{ node: this.problem.root, bound: -Infinity, depth: 0 }]);
    for (;;) {
      const ended = this.limit();
      if (ended) return this.result(ended);
      const open = this.queue.pop(this.cutoff());
      if (!open) return this.result(this.finalTermination());
      this.activeBound = open.bound;
      this.treat(open);
      this.activeBound = Infinity;
      if (this.context.onNode?.(this.progress()) === false) return this.result('interrupted');
    }
  }

  /** Objective that a solution must beat to matter. */
  private cutoff(): number {
    if (!this.incumbent) return Infinity;
    const { objective } = this.incumbent;
    const size = Math.min(Math.abs(objective), Math.abs(objective + (this.context.objectiveConstant ?? 0)));
    return objective - Math.max(this.options.absoluteGap, this.options.relativeGap * size);
  }

  private treat(open: OpenNode<Node>): void {
    this.nodeCount++;
    const { problem } = this;
    const context = this.nodeContext(open);
    const bound = problem.bound(open.node, context);
    const valid = Math.max(bound.bound, open.bound);
    this.offer(bound.candidate);
    if (valid >= this.cutoff() || bound.closed === true) return;
    this.offer(problem.heuristic?.(open.node, bound, this.nodeContext(open)));
    if (valid >= this.cutoff()) return;
    const children = problem.branch(open.node, bound, this.nodeContext(open));
    if (children.length === 0) {
      this.unprovenLeaves++;
      this.unprovenBound = Math.min(this.unprovenBound, valid);
      return;
    }
    this.queue.push(children.map((node) => ({ node, bound: valid, depth: open.depth + 1 })));
  }

  private nodeContext(open: OpenNode<Node>): NodeContext {
    return {
      cutoff: this.cutoff(),
      depth: open.depth,
      inherited: open.bound,
      nodeCount: this.nodeCount,
      budget: this.budget,
    };
  }

  private offer(candidate: Candidate<Solution> | undefined): void {
    if (!candidate || !(candidate.objective < (this.incumbent?.objective ?? Infinity))) return;
    this.incumbent = candidate;
    this.context.onIncumbent?.(candidate);
  }

  private limit(): Termination | undefined {
    const ended = this.budget.exhausted(0, 0);
    if (ended) return ended;
    return this.nodeCount >= this.options.maxNodes && this.queue.size > 0 ? 'node-limit' : undefined;
  }

  private finalTermination(): Termination {
    if (this.unprovenBound < this.cutoff()) return 'stalled';
    return this.incumbent ? 'optimal' : 'infeasible';
  }

  private lowerBound(): number {
    const open = Math.min(this.queue.leastBound(), this.unprovenBound, this.activeBound);
    // Closed and pruned nodes hold nothing below the cutoff.
    return Math.min(open, this.cutoff());
  }

  private progress(): TreeProgress {
    return {
      nodeCount: this.nodeCount,
      openCount: this.queue.size,
      objective: this.incumbent?.objective ?? Infinity,
      bound: this.lowerBound(),
    };
  }

  private result(termination: Termination): TreeResult<Solution> {
    const bound = this.lowerBound();
    const objective = this.incumbent?.objective;
    return {
      termination,
      incumbent: this.incumbent,
      bound,
      relativeGap: objective === undefined ? Infinity : gapBetween(objective, bound),
      nodeCount: this.nodeCount,
      unprovenLeaves: this.unprovenLeaves,
      timeSeconds: this.budget.elapsedSeconds(),
    };
  }
}

/** Beyond this a gap relative to the incumbent only says that the incumbent is about 0. */
const largestGap = 1e9;

function gapBetween(objective: number, bound: number): number {
  if (bound >= objective) return 0;
  const gap = (objective - bound) / Math.abs(objective);
  return gap < largestGap ? gap : Infinity;
}
