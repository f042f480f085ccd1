import type { FactorableForm, MixedIntegerNonlinearProgram } from '../problem/index.js';
import { rootRows } from './linear/cutting-planes.js';
import { contradiction } from './linear/contradiction.js';
import { binaryQuadraticOf, solveBinaryQuadratic, type BinaryQuadratic } from './quadratic/binary.js';
import { Expressions } from './spatial/expressions.js';
import { BoxPropagation, type Sided } from './spatial/propagation.js';
import { LinearRelaxation } from './spatial/relaxation.js';
import { Branching } from './structured/branching.js';
import { better, IncumbentSearch } from './structured/incumbent.js';
import { narrowRanges, tightenByCosts } from './structured/narrowing.js';
import { probe } from './structured/probing.js';
import type { Bound, Node, StructuredOptions, StructuredResult, StructuredTools } from './structured/node.js';
import { belowOf, stepOf } from './structured/shape.js';
import { branchAndBound, type BranchingProblem, type NodeContext } from './tree.js';

const closed = { bound: Infinity, closed: true, lower: new Float64Array(0), upper: new Float64Array(0) } as const;
/** Rounds of cuts at the root and at other nodes. */
const rootRounds = 25;
const nodeRounds = 8;

/**
 * Branch and bound on a problem whose functions are known operation by operation, over linear relaxations: mixed-integer
 * linear programs by a dual simplex method that goes on from node to node, everything else by envelopes of the operations
 * and tangents of convexified functions, with branching on integers, sets and ranges (Tawarmalani & Sahinidis 2005;
 * Belotti et al. 2009). Bounds are computed anew from the data of the relaxation.
 *
 * @param problem - The program with its integer variables.
 * @param form - What `structureOf` gives.
 * @param options - Gaps, tolerances and limits, complete.
 * @param tools - Local solver, random numbers, budget and a solution known before.
 * @example
 * ```ts
 * import { Budget, type MixedIntegerNonlinearProgram } from 'sft-opt';
 * import { solveStructured, structureOf } from 'sft-opt/integer';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * const problem = compileNl(model) as MixedIntegerNonlinearProgram;
 * const options = { relativeGap: 1e-6, maxNodes: 100, timeLimitSeconds: 10, feasibilityTolerance: 1e-8, integralityTolerance: 1e-6 };
 * const tools = { improve: () => undefined, random: () => 0.5, budget: new Budget() };
 * console.log(solveStructured(problem, structureOf(problem, () => 0.5)!, options, tools).termination); // optimal
 * ```
 */
export function solveStructured(
  problem: MixedIntegerNonlinearProgram,
  form: FactorableForm,
  options: StructuredOptions,
  tools: StructuredTools,
): StructuredResult {
  const quadratic = binaryQuadraticOf(problem, form);
  if (quadratic) return solveBinary(problem, quadratic, options, tools);
  const tree = new StructuredTree(problem, form, options, tools);
  const nothing = {
    incumbent: undefined,
    bound: Infinity,
    relativeGap: Infinity,
    nodeCount: 0,
    unprovenLeaves: 0,
    timeSeconds: 0,
  };
  if (tree.reason !== undefined) {
    const end = { termination: 'infeasible', reason: tree.reason, isUnbounded: false, pivots: 0 } as const;
    return { ...nothing, ...end };
  }
  const { constant } = form.objective;
  const seconds = tools.budget.remaining(0).timeLimitSeconds;
  const known = tools.incumbent;
  const result = branchAndBound(
    tree,
    {
      relativeGap: options.relativeGap,
      absoluteGap: tree.absoluteGap,
      maxNodes: options.maxNodes,
      nodeSelection: 'hybrid',
      ...(seconds < Infinity && { timeLimitSeconds: Math.max(1e-9, seconds) }),
    },
    {
      signal: {
        get aborted() {
          return tree.isUnbounded || tools.budget.signal?.aborted === true;
        },
      },
      objectiveConstant: constant,
      ...(known && { incumbent: { ...known, objective: known.objective - constant } }),
    },
  );
  const { incumbent, bound } = result;
  return {
    ...result,
    incumbent: incumbent && { ...incumbent, objective: incumbent.objective + constant },
    bound: tree.isUnbounded ? -Infinity : bound + constant,
    isUnbounded: tree.isUnbounded,
    pivots: tree.pivots,
  };
}

function solveBinary(
  problem: MixedIntegerNonlinearProgram,
  quadratic: BinaryQuadratic,
  options: StructuredOptions,
  { budget, random }: StructuredTools,
): StructuredResult {
  const { best, bound, nodeCount, ended } = solveBinaryQuadratic(quadratic, options, budget, random);
  const objective = problem.objective(best.solution.slice());
  return {
    termination: ended ?? 'optimal',
    incumbent: { objective, solution: best.solution },
    bound: Math.min(bound, objective),
    relativeGap: Math.max(0, objective - bound) / Math.max(Math.abs(objective), 1e-300),
    nodeCount,
    unprovenLeaves: 0,
    timeSeconds: budget.elapsedSeconds(),
    isUnbounded: false,
    pivots: 0,
  };
}

class StructuredTree implements BranchingProblem<Node, Bound, Float64Array> {
  readonly root: Node;
  readonly reason: string | undefined;
  isUnbounded = false;
  absoluteGap = 1e-9;
  private readonly expressions: Expressions;
  private readonly relaxation: LinearRelaxation;
  private readonly propagation: BoxPropagation;
  private readonly constraints: readonly Sided[];
  /** What the objective is a multiple of at integer points; 0 if nothing is known. */
  private readonly objectiveStep: number;
  /** Variables below each operation. */
  private readonly variablesBelow: readonly (readonly number[])[];
  private readonly search: IncumbentSearch;
  private readonly branching: Branching;

  constructor(
    private readonly problem: MixedIntegerNonlinearProgram,
    form: FactorableForm,
    private readonly options: StructuredOptions,
    tools: StructuredTools,
  ) {
    const { meta, integerVariables } = problem;
    const expressions = new Expressions(form);
    this.expressions = expressions;
    this.constraints = form.constraints.map((own, i) => ({
      form: own,
      lower: meta.constraintLower[i]!,
      upper: meta.constraintUpper[i]!,
    }));
    this.constraints = this.constraints.filter(({ lower, upper }) => lower > -Infinity || upper < Infinity);
    const integer = new Uint8Array(expressions.slotCount);
    for (const j of integerVariables) integer[j] = 1;
    this.propagation = new BoxPropagation(expressions, integer, options.integralityTolerance);
    this.relaxation = new LinearRelaxation(expressions, this.constraints);
    this.variablesBelow = belowOf(expressions);
    const lower = new Float64Array(expressions.slotCount).fill(-Infinity);
    const upper = new Float64Array(expressions.slotCount).fill(Infinity);
    lower.set(meta.lower);
    upper.set(meta.upper);
    for (const j of integerVariables) {
      lower[j] = Math.ceil(lower[j]! - options.integralityTolerance);
      upper[j] = Math.floor(upper[j]! + options.integralityTolerance);
    }
    const known = tools.incumbent;
    this.search = new IncumbentSearch(
      problem,
      this.relaxation,
      options,
      tools,
      expressions.functions[0]!.constant,
      (low, high, cutoff) => this.tightened(low, high, cutoff),
      known && { ...known, objective: known.objective - form.objective.constant },
    );
    this.reason = contradiction(problem, this.relaxation.rows, integer);
    if (this.reason === undefined && !this.propagation.tighten(lower, upper, this.constraints)) {
      this.reason = 'No value is left of some variable by the bounds and constraints.';
    }
    const largestCost = this.relaxation.costs.reduce((most, cost) => Math.max(most, Math.abs(cost)), 0);
    this.absoluteGap = Math.max(1e-6 * Math.min(1, this.objectiveRange(lower, upper)), 4e-9 * largestCost);
    this.root = { lower, upper };
    this.branching = new Branching(
      problem,
      expressions,
      this.relaxation,
      this.variablesBelow,
      upper.map((value, slot) => value - lower[slot]!),
      options.integralityTolerance,
    );
    this.objectiveStep = this.relaxation.isLinear ? stepOf(this.relaxation.costs, integer) : 0;
    if (this.reason === undefined) this.relaxation.noteConvex(lower, upper);
  }

  get pivots(): number {
    return this.relaxation.pivots;
  }

  bound(node: Node, context: NodeContext): Bound {
    const lower = node.lower.slice();
    const upper = node.upper.slice();
    if (!this.tightened(lower, upper, context.cutoff)) return this.closed();
    const isRoot = context.depth === 0;
    if (isRoot && !this.prepareRoot(lower, upper, context)) return this.closed();
    const touch = this.relaxation.isLinear || !this.search.best ? [] : [this.search.best.solution];
    let relaxed = this.relaxation.solve(
      lower,
      upper,
      context.cutoff,
      context.budget,
      node.point,
      isRoot ? rootRounds : nodeRounds,
      touch,
    );
    if (relaxed.end === 'infeasible' || relaxed.bound >= context.cutoff) return this.closed();
    if (relaxed.end === 'unbounded' && isRoot) this.isUnbounded = true;
    if (relaxed.end !== 'optimal') return { bound: -Infinity, lower, upper, candidate: this.search.best };
    let candidate = this.search.candidateNear(relaxed.point, lower, upper, context);
    let bound = this.rounded(relaxed.bound);
    let cutoff = Math.min(context.cutoff, candidate?.objective ?? Infinity);
    if (
      !this.relaxation.isLinear &&
      relaxed.isConvex &&
      bound < cutoff - this.absoluteGap &&
      this.integersHeld(lower, upper)
    ) {
      // The box holds one local optimum at most: the tangents there bound everything.
      const local = this.search.improved(lower, upper, relaxed.point);
      if (local) {
        candidate = better(candidate, local);
        cutoff = Math.min(cutoff, local.objective);
        relaxed = this.relaxation.solve(lower, upper, cutoff, context.budget, relaxed.point, nodeRounds, [
          local.solution,
        ]);
        if (relaxed.end === 'infeasible') return this.closed();
        if (relaxed.end === 'optimal') bound = Math.max(bound, relaxed.bound);
        else return { bound, lower, upper, candidate };
      }
    }
    const { step } = node;
    if (step) this.branching.pseudocosts.record(step.variable, step.direction, step.distance, bound - step.parent);
    if (cutoff < Infinity) {
      tightenByCosts(
        relaxed.reducedCosts,
        relaxed.point,
        relaxed.bound,
        cutoff,
        lower,
        upper,
        this.problem.integerVariables,
        this.options.integralityTolerance,
      );
    }
    return { bound, candidate, lower, upper, point: relaxed.point };
  }

  branch(node: Node, bound: Bound, context: NodeContext): readonly Node[] {
    return this.branching.branch(node, bound, context);
  }

  /** Nothing better is left of the node than the best that was met. */
  private closed(): Bound {
    return { ...closed, candidate: this.search.best };
  }

  /** Propagates with what is known of the objective. */
  private tightened(lower: Float64Array, upper: Float64Array, cutoff: number): boolean {
    const objective = this.expressions.functions[0]!;
    const sided =
      cutoff < Infinity
        ? [...this.constraints, { form: { ...objective, constant: 0 }, lower: -Infinity, upper: cutoff }]
        : this.constraints;
    return this.propagation.tighten(lower, upper, sided);
  }

  /** Probing, cuts and narrower ranges before the tree grows. False if nothing better is left. */
  private prepareRoot(lower: Float64Array, upper: Float64Array, context: NodeContext): boolean {
    const { relaxation, problem } = this;
    const tighten = (low: Float64Array, high: Float64Array): boolean => this.tightened(low, high, context.cutoff);
    if (!probe(problem.integerVariables, lower, upper, context.budget, tighten)) return false;
    if (relaxation.isLinear) {
      const lp = relaxation.program(lower, upper);
      if (problem.integerVariables.length > 0) {
        rootRows(lp, problem, this.options.integralityTolerance, (row) => relaxation.addGlobalRow(row));
      }
      return true;
    }
    this.search.offerStarts(lower, upper);
    const cutoff = Math.min(context.cutoff, this.search.best?.objective ?? Infinity);
    narrowRanges(
      relaxation,
      new Set(this.variablesBelow.flat()),
      this.expressions.slotCount,
      lower,
      upper,
      cutoff,
      context.budget,
      (low, high, limit) => this.tightened(low, high, limit),
    );
    return true;
  }

  private rounded(bound: number): number {
    const step = this.objectiveStep;
    return step > 0 ? step * Math.ceil(bound / step - 1e-6) - 1e-9 * Math.max(step, Math.abs(bound)) : bound;
  }

  private integersHeld(lower: Float64Array, upper: Float64Array): boolean {
    return (
      this.problem.integerVariables.every((j) => lower[j] === upper[j]) && !this.problem.specialOrderedSets?.length
    );
  }

  private objectiveRange(lower: Float64Array, upper: Float64Array): number {
    const { slots, coefficients } = this.expressions.functions[0]!;
    const width = slots.reduce((sum, slot, k) => sum + Math.abs(coefficients[k]!) * (upper[slot]! - lower[slot]!), 0);
    return Number.isNaN(width) ? 1 : width;
  }
}
