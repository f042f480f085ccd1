import type { MixedIntegerNonlinearProgram } from '../problem/index.js';
import type { Budget } from '../solver/index.js';
import { withSetsHeld } from './ordered-sets.js';
import { nearest, withBounds, type RelaxationResult, type RelaxationSolver } from './relaxation.js';
import type { Candidate } from './tree.js';

/** What the primal heuristics need of the tree around them. */
export interface HeuristicTools {
  /** The problem. */
  readonly problem: MixedIntegerNonlinearProgram;
  /** Solves the relaxation within bounds. */
  solve(lower: Float64Array, upper: Float64Array, start: Float64Array): RelaxationResult;
  /** Solver of its continuous relaxations. */
  readonly relaxation: RelaxationSolver;
  /** What may still be spent. */
  readonly budget: Budget;
  /** Bounds of the node. */
  readonly lower: Float64Array;
  /** Upper bounds of the node, length variableCount. */
  readonly upper: Float64Array;
  /** How far from whole a value counts as whole. */
  readonly integralityTolerance: number;
  /** Outcomes of `roundAndFix` by integer point, where they may be used again: on convex problems. */
  readonly rounded?: Map<string, Candidate<Float64Array> | undefined>;
  /** True for a point that satisfies everything, checked on the problem itself. */
  accepts(x: Float64Array): boolean;
}

/** Where a heuristic is called. */
export interface HeuristicPlace {
  /** Relaxed point of the node. */
  readonly x: Float64Array;
  /** Branchings between the root and the node; 0 at the root. */
  readonly depth: number;
  /** Nodes treated so far, this one included. */
  readonly nodeCount: number;
  /** Best objective so far; Infinity without a solution. */
  readonly incumbentObjective: number;
}

/** Looks for a solution near the relaxed point of a node; must be deterministic. */
export type Heuristic = (tools: HeuristicTools, place: HeuristicPlace) => Candidate<Float64Array> | undefined;

/** Rounding at every node. */
export const rounding: Heuristic = (tools, { x }) => roundAndFix(tools, x);

/** Diving at the root and at every so many nodes. */
export const divingEvery =
  (nodes: number): Heuristic =>
  (tools, { x, nodeCount }) =>
    nodeCount % nodes === 1 % nodes ? dive(tools, tools, x) : undefined;

/** The feasibility pump at the root, if nothing has been found by then. */
export const pumpAtRoot: Heuristic = (tools, { x, nodeCount, incumbentObjective }) =>
  nodeCount === 1 && incumbentObjective === Infinity ? pumpFeasibility(tools, x) : undefined;

/**
 * Rounds the integers of x, then solves for the continuous variables with the integers fixed.
 *
 * @param tools - Problem, solver and bounds of the node.
 * @param x - Point to be rounded.
 * @example
 * ```ts
 * import { Budget, type MixedIntegerNonlinearProgram, type NonlinearProgram, solveSqp } from 'sft-opt';
 * import { largestViolation, roundAndFix, withBounds } from 'sft-opt/integer';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * const problem = compileNl(model) as MixedIntegerNonlinearProgram;
 * const relaxation = (each: NonlinearProgram) => solveSqp(each);
 * const { lower, upper } = problem.meta;
 * const tools = {
 *   problem,
 *   relaxation,
 *   lower,
 *   upper,
 *   budget: new Budget(),
 *   integralityTolerance: 1e-6,
 *   solve: (low: Float64Array, high: Float64Array, start: Float64Array) => solveSqp(withBounds(problem, low, high, start)),
 *   accepts: (point: Float64Array) => largestViolation(problem, point) <= 1e-6,
 * };
 * console.log(roundAndFix(tools, Float64Array.of(3.6, 1.5))?.objective); // -9.5
 * ```
 */
export function roundAndFix(tools: HeuristicTools, x: Float64Array): Candidate<Float64Array> | undefined {
  const { problem } = tools;
  const held = withSetsHeld(problem, tools, x);
  const lower = Float64Array.from(held.lower);
  const upper = Float64Array.from(held.upper);
  const rounded = x.map((value, j) => Math.min(Math.max(value, lower[j]!), upper[j]!));
  for (const k of problem.integerVariables) {
    const value = Math.min(Math.max(Math.round(x[k]!), lower[k]!), upper[k]!);
    lower[k] = upper[k] = rounded[k] = value;
  }
  const sets = problem.specialOrderedSets?.flatMap(({ variables }) => [...variables.filter((j) => upper[j] === 0)]);
  const key = problem.integerVariables.reduce((text, k) => `${text},${rounded[k]!}`, sets?.join() ?? '');
  if (tools.rounded?.has(key) === true) return tools.rounded.get(key);
  const pure = problem.integerVariables.length === problem.meta.variableCount;
  const solution = pure ? rounded : tools.solve(lower, upper, rounded).x;
  const inside = solution.map((value, j) => Math.min(Math.max(value, lower[j]!), upper[j]!));
  const candidate = exactCandidate(tools, inside, rounded);
  tools.rounded?.set(key, candidate);
  return candidate;
}

/**
 * Fixes the least fractional variable at its nearest integer and solves again, to the end or to infeasibility.
 *
 * @param tools - Problem, solver and bounds of the node.
 * @param node - Bounds of the node.
 * @param x - Relaxed point of the node.
 * @example
 * ```ts
 * import { Budget, type MixedIntegerNonlinearProgram, type NonlinearProgram, solveSqp } from 'sft-opt';
 * import { dive, largestViolation, withBounds } from 'sft-opt/integer';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * const problem = compileNl(model) as MixedIntegerNonlinearProgram;
 * const relaxation = (each: NonlinearProgram) => solveSqp(each);
 * const { lower, upper } = problem.meta;
 * const tools = {
 *   problem,
 *   relaxation,
 *   lower,
 *   upper,
 *   budget: new Budget(),
 *   integralityTolerance: 1e-6,
 *   solve: (low: Float64Array, high: Float64Array, start: Float64Array) => solveSqp(withBounds(problem, low, high, start)),
 *   accepts: (point: Float64Array) => largestViolation(problem, point) <= 1e-6,
 * };
 * console.log(dive(tools, { lower, upper }, Float64Array.of(3.6, 1.5))?.objective); // -9.5
 * ```
 */
export function dive(
  tools: HeuristicTools,
  node: { readonly lower: Float64Array; readonly upper: Float64Array },
  x: Float64Array,
): Candidate<Float64Array> | undefined {
  const { problem, integralityTolerance } = tools;
  const lower = Float64Array.from(node.lower);
  const upper = Float64Array.from(node.upper);
  let point = x;
  for (let depth = 0; depth < problem.integerVariables.length; depth++) {
    if (tools.budget.exhausted(0, 0)) return undefined;
    let next = -1;
    let least = Infinity;
    for (const k of problem.integerVariables) {
      const distance = Math.abs(point[k]! - Math.round(point[k]!));
      if (distance <= integralityTolerance) continue;
      if (distance < least) {
        least = distance;
        next = k;
      }
    }
    if (next < 0) break;
    lower[next] = upper[next] = Math.min(Math.max(Math.round(point[next]!), lower[next]!), upper[next]!);
    const result = tools.solve(lower, upper, point);
    if (result.primalStatus !== 'feasible') return undefined;
    point = result.x;
  }
  return roundAndFix({ ...tools, lower, upper }, point);
}

/** Rounds of a feasibility pump. */
const pumpRounds = 12;

/**
 * Feasibility pump (Fischetti, Glover & Lodi 2005; Bonami et al. 2009): alternates between rounding and the feasible point
 * nearest to the rounded one; a repeated rounding has its most distant entries moved.
 *
 * @param tools - Problem, solver and bounds of the node.
 * @param x - Relaxed point of the node.
 * @example
 * ```ts
 * import { Budget, type MixedIntegerNonlinearProgram, type NonlinearProgram, solveSqp } from 'sft-opt';
 * import { largestViolation, pumpFeasibility, withBounds } from 'sft-opt/integer';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * const problem = compileNl(model) as MixedIntegerNonlinearProgram;
 * const relaxation = (each: NonlinearProgram) => solveSqp(each);
 * const { lower, upper } = problem.meta;
 * const tools = {
 *   problem,
 *   relaxation,
 *   lower,
 *   upper,
 *   budget: new Budget(),
 *   integralityTolerance: 1e-6,
 *   solve: (low: Float64Array, high: Float64Array, start: Float64Array) => solveSqp(withBounds(problem, low, high, start)),
 *   accepts: (point: Float64Array) => largestViolation(problem, point) <= 1e-6,
 * };
 * console.log(pumpFeasibility(tools, Float64Array.of(3.6, 1.5)) !== undefined); // true
 * ```
 */
export function pumpFeasibility(tools: HeuristicTools, x: Float64Array): Candidate<Float64Array> | undefined {
  const { problem } = tools;
  const seen = new Set<string>();
  let point = x;
  for (let round = 0; round < pumpRounds; round++) {
    if (tools.budget.exhausted(0, 0)) return undefined;
    const target = Float64Array.from(point);
    for (const k of problem.integerVariables) {
      target[k] = Math.min(Math.max(Math.round(point[k]!), tools.lower[k]!), tools.upper[k]!);
    }
    if (seen.has(target.join())) flipFarthest(tools, target, point, round);
    seen.add(target.join());
    const projection = nearest(problem, problem.integerVariables, target, point);
    const result = tools.relaxation(withBounds(projection, tools.lower, tools.upper, point), tools.budget);
    if (result.primalStatus !== 'feasible') return undefined;
    point = result.x;
    if (result.objective < 1e-9) {
      const candidate = roundAndFix(tools, point);
      if (candidate) return candidate;
    }
  }
  return undefined;
}

/** Moves the entries furthest from the relaxed point to their other neighbour. */
function flipFarthest(tools: HeuristicTools, target: Float64Array, point: Float64Array, round: number): void {
  const far = [...tools.problem.integerVariables].sort(
    (a, b) => Math.abs(point[b]! - target[b]!) - Math.abs(point[a]! - target[a]!) || a - b,
  );
  for (const k of far.slice(0, 1 + (round % 3))) {
    const moved = target[k]! + (point[k]! >= target[k]! ? 1 : -1);
    target[k] = Math.min(Math.max(moved, tools.lower[k]!), tools.upper[k]!);
  }
}

/** x with its integers set exactly, if it then satisfies the problem. */
function exactCandidate(
  tools: HeuristicTools,
  x: Float64Array,
  integers: Float64Array,
): Candidate<Float64Array> | undefined {
  const solution = Float64Array.from(x);
  for (const k of tools.problem.integerVariables) solution[k] = integers[k]!;
  const { lower, upper } = tools.problem.meta;
  for (let k = 0; k < solution.length; k++) solution[k] = Math.min(Math.max(solution[k]!, lower[k]!), upper[k]!);
  if (!tools.accepts(solution)) return undefined;
  const objective = tools.problem.objective(solution);
  return Number.isFinite(objective) ? { objective, solution } : undefined;
}
