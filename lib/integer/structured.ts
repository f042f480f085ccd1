import type { FactorableForm, MixedIntegerNonlinearProgram } from '../problem/index.js';
import type { Budget } from '../solver/index.js';
import { fractionalVariables, Pseudocosts, type FractionalVariable } from './branching.js';
import { rootRows } from './linear/cutting-planes.js';
import { contradiction } from './linear/contradiction.js';
import { divideSet, violatedSet, withSetsHeld } from './ordered-sets.js';
import { binaryQuadraticOf, solveBinaryQuadratic, type BinaryQuadratic } from './quadratic/binary.js';
import { largestViolation } from './relaxation.js';
import { operationViolation } from './spatial/cuts.js';
import { Expressions } from './spatial/expressions.js';
import { BoxPropagation, type Sided } from './spatial/propagation.js';
import { LinearRelaxation } from './spatial/relaxation.js';
import {
  branchAndBound,
  type BranchingProblem,
  type Candidate,
  type NodeBound,
  type NodeContext,
  type TreeResult,
} from './tree.js';

/** Limits and tolerances of the structured search. */
export interface StructuredOptions {
  readonly relativeGap: number;
  readonly maxNodes: number;
  readonly timeLimitSeconds: number;
  readonly feasibilityTolerance: number;
  readonly integralityTolerance: number;
}

/** What the structured search needs from its caller. */
export interface StructuredTools {
  /** A feasible point of the problem within other bounds, from a start; undefined if none was met. */
  improve(lower: Float64Array, upper: Float64Array, start: Float64Array): Candidate<Float64Array> | undefined;
  /** A uniform random number. */
  readonly random: () => number;
  readonly budget: Budget;
  /** A solution known before. */
  readonly incumbent?: Candidate<Float64Array> | undefined;
}

/** What the structured search found and proved. */
export interface StructuredResult extends TreeResult<Float64Array> {
  /** Why the problem has no solution, where it is known without a search. */
  readonly reason?: string;
  /** The relaxation falls without end: nothing is claimed. */
  readonly isUnbounded: boolean;
  readonly pivots: number;
}

interface Node {
  /** Ranges of all slots. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** The parent's relaxed point. */
  readonly point?: Float64Array;
  readonly step?: {
    readonly variable: number;
    readonly direction: 0 | 1;
    readonly distance: number;
    readonly parent: number;
  };
}

interface Bound extends NodeBound<Float64Array> {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly point?: Float64Array;
}

const closed = { bound: Infinity, closed: true, lower: new Float64Array(0), upper: new Float64Array(0) } as const;
/** Rounds of cuts at the root and at other nodes. */
const rootRounds = 25;
const nodeRounds = 8;
/** Times both children of a variable are solved before its pseudocosts are trusted; candidates at one node. */
const reliability = 4;
const strongCandidates = 8;
const strongPivots = 60;

/**
 * Branch and bound on a problem whose functions are known operation by operation, over linear relaxations: mixed-integer
 * linear programs by a dual simplex method that goes on from node to node, everything else by envelopes of the operations
 * and tangents of convexified functions, with branching on integers, sets and ranges (Tawarmalani & Sahinidis 2005;
 * Belotti et al. 2009). Bounds are computed anew from the data of the relaxation.
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
  private readonly pseudocosts: Pseudocosts;
  private readonly rootWidths: Float64Array;
  /** What the objective is a multiple of at integer points; 0 if nothing is known. */
  private readonly objectiveStep: number;
  /** Variables below each operation. */
  private readonly variablesBelow: readonly (readonly number[])[];
  private incumbent: Candidate<Float64Array> | undefined;

  constructor(
    private readonly problem: MixedIntegerNonlinearProgram,
    form: FactorableForm,
    private readonly options: StructuredOptions,
    private readonly tools: StructuredTools,
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
    this.pseudocosts = new Pseudocosts(meta.variableCount);
    this.variablesBelow = belowOf(expressions);
    const lower = new Float64Array(expressions.slotCount).fill(-Infinity);
    const upper = new Float64Array(expressions.slotCount).fill(Infinity);
    lower.set(meta.lower);
    upper.set(meta.upper);
    for (const j of integerVariables) {
      lower[j] = Math.ceil(lower[j]! - options.integralityTolerance);
      upper[j] = Math.floor(upper[j]! + options.integralityTolerance);
    }
    this.incumbent = tools.incumbent && {
      ...tools.incumbent,
      objective: tools.incumbent.objective - form.objective.constant,
    };
    this.reason = contradiction(problem, this.relaxation.rows, integer);
    if (this.reason === undefined && !this.propagation.tighten(lower, upper, this.constraints)) {
      this.reason = 'No value is left of some variable by the bounds and constraints.';
    }
    const largestCost = this.relaxation.costs.reduce((most, cost) => Math.max(most, Math.abs(cost)), 0);
    this.absoluteGap = Math.max(1e-6 * Math.min(1, this.objectiveRange(lower, upper)), 4e-9 * largestCost);
    this.root = { lower, upper };
    this.rootWidths = upper.map((value, slot) => value - lower[slot]!);
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
    if (isRoot) this.prepareRoot(lower, upper, context);
    const touch = this.relaxation.isLinear || !this.incumbent ? [] : [this.incumbent.solution];
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
    if (relaxed.end !== 'optimal') return { bound: -Infinity, lower, upper, candidate: this.incumbent };
    let candidate = this.candidateNear(relaxed.point, lower, upper, context);
    let bound = this.rounded(relaxed.bound);
    let cutoff = Math.min(context.cutoff, candidate?.objective ?? Infinity);
    if (
      !this.relaxation.isLinear &&
      relaxed.isConvex &&
      bound < cutoff - this.absoluteGap &&
      this.integersHeld(lower, upper)
    ) {
      // The box holds one local optimum at most: the tangents there bound everything.
      const local = this.improved(lower, upper, relaxed.point);
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
    if (step) this.pseudocosts.record(step.variable, step.direction, step.distance, bound - step.parent);
    if (cutoff < Infinity)
      this.tightenByCosts(relaxed.reducedCosts, relaxed.point, relaxed.bound, cutoff, lower, upper);
    return { bound, candidate, lower, upper, point: relaxed.point };
  }

  branch(node: Node, bound: Bound, context: NodeContext): readonly Node[] {
    const { lower, upper, point } = bound;
    const { integerVariables, specialOrderedSets } = this.problem;
    if (!point) return this.split({ lower, upper }, this.widest(lower, upper), undefined);
    const fractional = fractionalVariables(integerVariables, point, this.options.integralityTolerance);
    if (fractional.length > 0) return this.branchOnInteger(bound, this.chosen(fractional, bound, context));
    const set = violatedSet(specialOrderedSets, point, this.options.integralityTolerance);
    if (set) return divideSet(set, bound, point, this.options.integralityTolerance).map((box) => ({ ...box, point }));
    const variable = this.mostViolating(lower, upper, point) ?? this.widest(lower, upper);
    return this.split({ lower, upper, point }, variable, point);
  }

  /** Nothing better is left of the node than the best that was met. */
  private closed(): Bound {
    return { ...closed, candidate: this.incumbent };
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

  /** Cuts and narrower ranges before the tree grows. */
  private prepareRoot(lower: Float64Array, upper: Float64Array, context: NodeContext): void {
    const { relaxation, problem } = this;
    if (relaxation.isLinear) {
      const lp = relaxation.program(lower, upper);
      if (problem.integerVariables.length > 0) {
        rootRows(lp, problem, this.options.integralityTolerance, (row) => relaxation.addGlobalRow(row));
      }
      return;
    }
    this.offerStarts(lower, upper);
    const cutoff = Math.min(context.cutoff, this.incumbent?.objective ?? Infinity);
    this.narrowRanges(lower, upper, cutoff, context.budget);
  }

  /** Local optima from the start and from random points. */
  private offerStarts(lower: Float64Array, upper: Float64Array): void {
    const n = this.problem.meta.variableCount;
    const starts = [this.problem.meta.start, ...Array.from({ length: Math.min(12, 2 + n) }, () => undefined)];
    for (const start of starts) {
      if (this.tools.budget.exhausted(0, 0)) return;
      const from =
        start ??
        Float64Array.from({ length: n }, (_, j) => {
          const low = Math.max(lower[j]!, -1e3);
          const high = Math.min(upper[j]!, 1e3);
          return low + this.tools.random() * (high - low);
        });
      this.note(this.improved(lower, upper, from));
    }
  }

  /** Optimisation-based tightening of the ranges of variables that bend (Quesada & Grossmann 1993). */
  private narrowRanges(lower: Float64Array, upper: Float64Array, cutoff: number, budget: Budget): void {
    const bending = new Set(this.variablesBelow.flat());
    if (bending.size > 40) return;
    const { slotCount } = this.expressions;
    for (let round = 0; round < 3; round++) {
      const relaxed = this.relaxation.solve(lower, upper, cutoff, budget, undefined, rootRounds);
      if (relaxed.end !== 'optimal' || relaxed.bound >= cutoff) return;
      const { lp } = relaxed;
      if (cutoff < Infinity) {
        const costs = this.relaxation.costs;
        const used = [...costs.keys()].filter((slot) => costs[slot] !== 0);
        lp.addRow({ indices: used, values: used.map((slot) => costs[slot]!), lower: -Infinity, upper: cutoff });
      }
      let gain = 0;
      for (const j of bending) {
        if (budget.exhausted(0, 0)) return;
        const width = upper[j]! - lower[j]!;
        if (!(width > 1e-6)) continue;
        for (const side of [1, -1] as const) {
          const cost = new Float64Array(slotCount);
          cost[j] = side;
          lp.setCost(cost);
          if (lp.solve() !== 'optimal') continue;
          const reached = lp.safeBound() - 1e-9 * Math.max(1, Math.abs(lower[j]!), Math.abs(upper[j]!));
          if (side > 0 && reached > lower[j]!) lower[j] = Math.min(reached, upper[j]!);
          if (side < 0 && -reached < upper[j]!) upper[j] = Math.max(-reached, lower[j]!);
          lp.lower[j] = lower[j]!;
          lp.upper[j] = upper[j]!;
        }
        gain = Math.max(gain, width === Infinity ? 1 : 1 - (upper[j]! - lower[j]!) / width);
      }
      if (!this.tightened(lower, upper, cutoff) || gain < 0.1) return;
    }
  }

  private candidateNear(
    point: Float64Array,
    lower: Float64Array,
    upper: Float64Array,
    context: NodeContext,
  ): Candidate<Float64Array> | undefined {
    const { nodeCount, depth } = context;
    const n = this.problem.meta.variableCount;
    const x = point.slice(0, n);
    const direct = this.accepted(this.settled(x, lower, upper));
    let best = this.note(direct);
    const isPure = this.problem.integerVariables.length === n;
    if (isPure && !this.relaxation.isLinear) return best ?? this.incumbent;
    if (this.relaxation.isLinear) {
      if (isPure ? depth === 0 || nodeCount % 64 === 0 : true)
        best = better(best, this.dive(point, lower, upper, context));
      return best ?? this.incumbent;
    }
    const isDue = depth === 0 || direct !== undefined || (nodeCount & (nodeCount - 1)) === 0 || nodeCount % 50 === 0;
    if (isDue || !this.incumbent) best = better(best, this.note(this.improved(lower, upper, x)));
    return best ?? this.incumbent;
  }

  /** The point with integers rounded and sets held. */
  private settled(x: Float64Array, lower: Float64Array, upper: Float64Array): Float64Array {
    const solution = Float64Array.from(x);
    for (const j of this.problem.integerVariables) {
      solution[j] = Math.min(Math.max(Math.round(solution[j]!), lower[j]!), upper[j]!);
    }
    if (!this.problem.specialOrderedSets) return solution;
    const held = withSetsHeld(this.problem, { lower, upper }, solution);
    return solution.map((value, j) => Math.min(Math.max(value, held.lower[j]!), held.upper[j]!));
  }

  private accepted(x: Float64Array): Candidate<Float64Array> | undefined {
    if (largestViolation(this.problem, x) > this.options.feasibilityTolerance) return undefined;
    const objective = this.problem.objective(x.slice()) - this.expressions.functions[0]!.constant;
    return objective < (this.incumbent?.objective ?? Infinity) ? { objective, solution: x } : undefined;
  }

  private note(candidate: Candidate<Float64Array> | undefined): Candidate<Float64Array> | undefined {
    if (candidate && candidate.objective < (this.incumbent?.objective ?? Infinity)) this.incumbent = candidate;
    return candidate;
  }

  /** A local optimum within the box, integers held at their nearest values. */
  private improved(lower: Float64Array, upper: Float64Array, start: Float64Array): Candidate<Float64Array> | undefined {
    const n = this.problem.meta.variableCount;
    const low = lower.slice(0, n);
    const high = upper.slice(0, n);
    const from = start.slice(0, n).map((value, j) => Math.min(Math.max(value, low[j]!), high[j]!));
    const found = this.tools.improve(low, high, from);
    const constant = this.expressions.functions[0]!.constant;
    return this.note(found && { ...found, objective: found.objective - constant });
  }

  /** Fixes one variable after the other, the nearest to an integer first, and solves again by the dual simplex method. */
  private dive(
    point: Float64Array,
    lower: Float64Array,
    upper: Float64Array,
    context: NodeContext,
  ): Candidate<Float64Array> | undefined {
    const low = lower.slice();
    const high = upper.slice();
    let x = point;
    const { integerVariables } = this.problem;
    const once = context.depth > 0 && context.nodeCount % 64 !== 0;
    for (let depth = 0; depth <= integerVariables.length; depth++) {
      if (context.budget.exhausted(0, 0)) return undefined;
      const fractional = fractionalVariables(integerVariables, x, this.options.integralityTolerance);
      if (fractional.length === 0) {
        // Continuous variables at their best for these integers.
        for (const j of integerVariables) low[j] = high[j] = Math.round(x[j]!);
        const lp = this.relaxation.program(low, high);
        if (lp.solve() !== 'optimal') return undefined;
        return this.note(this.accepted(this.settled(lp.x.slice(0, this.problem.meta.variableCount), low, high)));
      }
      if (once) return undefined;
      const nearest = fractional.reduce((best, own) => (distance(own) < distance(best) ? own : best));
      low[nearest.variable] = high[nearest.variable] = Math.round(nearest.value);
      if (!this.tightened(low, high, context.cutoff)) return undefined;
      const relaxed = this.relaxation.solve(low, high, context.cutoff, context.budget, undefined, 0);
      if (relaxed.end !== 'optimal' || relaxed.bound >= context.cutoff) return undefined;
      x = relaxed.point;
    }
    return undefined;
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

  /** Ranges within which reduced costs leave room below the cutoff. */
  private tightenByCosts(
    costs: Float64Array,
    point: Float64Array,
    bound: number,
    cutoff: number,
    lower: Float64Array,
    upper: Float64Array,
  ): void {
    const room = cutoff - bound;
    if (!(room > 0)) return;
    for (let slot = 0; slot < costs.length; slot++) {
      const cost = costs[slot]!;
      if (Math.abs(cost) < 1e-7) continue;
      const reach = (room / Math.abs(cost)) * (1 + 1e-9) + 1e-9;
      if (cost > 0 && point[slot] === lower[slot]) upper[slot] = Math.min(upper[slot]!, lower[slot]! + reach);
      else if (cost < 0 && point[slot] === upper[slot]) lower[slot] = Math.max(lower[slot]!, upper[slot]! - reach);
    }
    for (const j of this.problem.integerVariables) {
      lower[j] = Math.ceil(lower[j]! - this.options.integralityTolerance);
      upper[j] = Math.floor(upper[j]! + this.options.integralityTolerance);
    }
  }

  private chosen(fractional: readonly FractionalVariable[], bound: Bound, context: NodeContext): FractionalVariable {
    const { pseudocosts } = this;
    const ranked = fractional
      .map((candidate) => ({ candidate, score: pseudocosts.score(candidate) }))
      .sort((a, b) => b.score - a.score || a.candidate.variable - b.candidate.variable);
    if (!this.relaxation.isLinear) return ranked[0]!.candidate;
    const lp = this.relaxation.program(bound.lower, bound.upper);
    if (lp.rowCount * lp.columnCount > 60_000) return ranked[0]!.candidate;
    let best = ranked[0]!.candidate;
    let bestScore = -1;
    let tried = 0;
    let state: ReturnType<typeof lp.save> | undefined;
    for (const { candidate, score } of ranked) {
      let own = score;
      if (!pseudocosts.isReliable(candidate.variable, reliability) && tried < strongCandidates) {
        if (context.budget.exhausted(0, 0)) break;
        tried++;
        if (!state) {
          if (lp.solve() !== 'optimal') return best;
          state = lp.save();
        }
        const rises = ([0, 1] as const).map((direction) => {
          lp.restore(state!);
          lp.lower.set(bound.lower);
          lp.upper.set(bound.upper);
          const { variable, value } = candidate;
          if (direction === 0) lp.upper[variable] = Math.floor(value);
          else lp.lower[variable] = Math.floor(value) + 1;
          const end = lp.solve(strongPivots);
          if (end === 'infeasible') return Math.max(1, 10 * Math.abs(bound.bound));
          const rise = end === 'optimal' ? Math.max(0, lp.objective - bound.bound) : 0;
          const part = value - Math.floor(value);
          if (end === 'optimal') pseudocosts.record(variable, direction, direction === 0 ? part : 1 - part, rise);
          return rise;
        });
        own = Math.max(rises[0]!, 1e-6) * Math.max(rises[1]!, 1e-6);
      }
      if (own > bestScore) {
        bestScore = own;
        best = candidate;
      }
    }
    if (state) lp.restore(state);
    return best;
  }

  private branchOnInteger(bound: Bound, { variable, value }: FractionalVariable): Node[] {
    const { lower, upper, point } = bound;
    const floor = Math.floor(value);
    const part = value - floor;
    const child = (direction: 0 | 1): Node => {
      const box = { lower: lower.slice(), upper: upper.slice() };
      if (direction === 0) box.upper[variable] = floor;
      else box.lower[variable] = floor + 1;
      const step = { variable, direction, distance: direction === 0 ? part : 1 - part, parent: bound.bound };
      return { ...box, ...(point && { point }), step };
    };
    return part > 0.5 ? [child(1), child(0)] : [child(0), child(1)];
  }

  /** The variable below the operations that the point violates most, wide ranges first. */
  private mostViolating(lower: Float64Array, upper: Float64Array, point: Float64Array): number | undefined {
    const { expressions } = this;
    const scores = new Float64Array(expressions.variableCount);
    for (let i = 0; i < expressions.operations.length; i++) {
      const violation = operationViolation(expressions, i, point);
      if (!(violation > 1e-9)) continue;
      for (const j of this.variablesBelow[i]!) scores[j]! += Math.min(violation, 1e6);
    }
    let best: number | undefined;
    let bestScore = 0;
    for (let j = 0; j < scores.length; j++) {
      const width = upper[j]! - lower[j]!;
      if (!this.isDivisible(j, width, point[j]!)) continue;
      const share = Number.isFinite(this.rootWidths[j]!) ? width / this.rootWidths[j]! : 1;
      const score = scores[j]! * Math.sqrt(share);
      if (score > bestScore) {
        bestScore = score;
        best = j;
      }
    }
    return best;
  }

  private isDivisible(j: number, width: number, value: number): boolean {
    const isInteger = this.problem.integerVariables.includes(j);
    return isInteger ? width >= 1 : width > 1e-8 * Math.max(1, Math.abs(value));
  }

  private widest(lower: Float64Array, upper: Float64Array): number | undefined {
    let best: number | undefined;
    let widest = 0;
    for (let j = 0; j < this.problem.meta.variableCount; j++) {
      const width = upper[j]! - lower[j]!;
      const share = width === Infinity ? 1 : width / this.rootWidths[j]!;
      if (share > widest && this.isDivisible(j, width, lower[j]!)) {
        widest = share;
        best = j;
      }
    }
    return best;
  }

  private split(node: Node, variable: number | undefined, point: Float64Array | undefined): Node[] {
    if (variable === undefined) return [];
    const { lower, upper } = node;
    const at = dividingPoint(lower[variable]!, upper[variable]!, point?.[variable]);
    const isInteger = this.problem.integerVariables.includes(variable);
    const [low, high] = isInteger
      ? [Math.floor(Math.min(at, upper[variable]! - 1)), Math.floor(Math.min(at, upper[variable]! - 1)) + 1]
      : [at, at];
    const below: Node = { ...node, upper: upper.slice() };
    below.upper[variable] = low;
    const above: Node = { ...node, lower: lower.slice() };
    above.lower[variable] = high;
    const value = point?.[variable] ?? at;
    return value > at ? [above, below] : [below, above];
  }
}

/** Between the point and the middle of a range, away from its ends. */
function dividingPoint(low: number, high: number, value: number | undefined): number {
  if (low === -Infinity && high === Infinity) return value ?? 0;
  if (low === -Infinity) return Math.min(value ?? high - 1, high - 1);
  if (high === Infinity) return Math.max(value ?? low + 1, low + 1);
  const middle = (low + high) / 2;
  const width = high - low;
  const at = value === undefined ? middle : 0.7 * value + 0.3 * middle;
  return Math.min(Math.max(at, low + 0.15 * width), high - 0.15 * width);
}

const distance = ({ value }: FractionalVariable): number => Math.abs(value - Math.round(value));

function better(
  a: Candidate<Float64Array> | undefined,
  b: Candidate<Float64Array> | undefined,
): Candidate<Float64Array> | undefined {
  if (!a || !b) return a ?? b;
  return b.objective < a.objective ? b : a;
}

function belowOf({ operations, variableCount }: Expressions): number[][] {
  const below: number[][] = [];
  operations.forEach(({ operands }, i) => {
    const own = new Set(operands.flatMap((slot) => (slot < variableCount ? [slot] : below[slot - variableCount]!)));
    below[i] = [...own];
  });
  return below;
}

/** The greatest number that all costs are multiples of, if they are of integers alone. */
function stepOf(costs: Float64Array, integer: Uint8Array): number {
  let step = 0;
  for (let j = 0; j < costs.length; j++) {
    const cost = Math.abs(costs[j]!);
    if (cost === 0) continue;
    if (integer[j] !== 1) return 0;
    let scale = cost;
    let rest = step;
    while (rest > 1e-6) [scale, rest] = [rest, scale % rest < 1e-9 * scale ? 0 : scale % rest];
    step = scale;
    if (step < 1e-3 * cost) return 0;
  }
  return step;
}
