import type { MixedIntegerNonlinearProgram } from '../../problem/index.js';
import { fractionalVariables, Pseudocosts, type FractionalVariable } from '../branching.js';
import { divideSet, violatedSet } from '../ordered-sets.js';
import { operationViolation } from '../spatial/cuts.js';
import type { Expressions } from '../spatial/expressions.js';
import type { LinearRelaxation } from '../spatial/relaxation.js';
import type { NodeContext } from '../tree.js';
import type { Bound, Node } from './node.js';

/** Times both children of a variable are solved before its pseudocosts are trusted; candidates at one node. */
const reliability = 4;
const strongCandidates = 8;
const strongPivots = 60;

/** Divides a node: by an integer, by an ordered set, or by the range of a variable whose operations the relaxed point violates. */
export class Branching {
  readonly pseudocosts: Pseudocosts;

  constructor(
    private readonly problem: MixedIntegerNonlinearProgram,
    private readonly expressions: Expressions,
    private readonly relaxation: LinearRelaxation,
    /** Variables below each operation. */
    private readonly variablesBelow: readonly (readonly number[])[],
    private readonly rootWidths: Float64Array,
    private readonly integralityTolerance: number,
  ) {
    this.pseudocosts = new Pseudocosts(problem.meta.variableCount);
  }

  branch(node: Node, bound: Bound, context: NodeContext): readonly Node[] {
    const { lower, upper, point } = bound;
    const { integerVariables, specialOrderedSets } = this.problem;
    if (!point) return this.split({ lower, upper }, this.widest(lower, upper), undefined);
    const fractional = fractionalVariables(integerVariables, point, this.integralityTolerance);
    if (fractional.length > 0) return this.branchOnInteger(bound, this.chosen(fractional, bound, context));
    const set = violatedSet(specialOrderedSets, point, this.integralityTolerance);
    if (set) return divideSet(set, bound, point, this.integralityTolerance).map((box) => ({ ...box, point }));
    const variable = this.mostViolating(lower, upper, point) ?? this.widest(lower, upper);
    return this.split({ lower, upper, point }, variable, point);
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
