import type { MixedIntegerNonlinearProgram } from '../../problem/index.js';
import { fractionalVariables, type FractionalVariable } from '../branching.js';
import { withSetsHeld } from '../ordered-sets.js';
import { largestViolation } from '../relaxation.js';
import type { LinearRelaxation } from '../spatial/relaxation.js';
import type { Candidate, NodeContext } from '../tree.js';
import type { StructuredOptions, StructuredTools } from './node.js';

/** The best point met, without the objective's constant, and the ways to better ones. */
export class IncumbentSearch {
  constructor(
    private readonly problem: MixedIntegerNonlinearProgram,
    private readonly relaxation: LinearRelaxation,
    private readonly options: StructuredOptions,
    private readonly tools: StructuredTools,
    /** The objective's constant. */
    private readonly constant: number,
    /** Propagates; false where nothing is left. */
    private readonly tightened: (lower: Float64Array, upper: Float64Array, cutoff: number) => boolean,
    public best: Candidate<Float64Array> | undefined,
  ) {}

  /** The best of the points near a relaxed one, else the incumbent. */
  candidateNear(
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
    if (isPure && !this.relaxation.isLinear) return best ?? this.best;
    if (this.relaxation.isLinear) {
      if (isPure ? depth === 0 || nodeCount % 64 === 0 : true)
        best = better(best, this.dive(point, lower, upper, context));
      return best ?? this.best;
    }
    const isDue = depth === 0 || direct !== undefined || (nodeCount & (nodeCount - 1)) === 0 || nodeCount % 50 === 0;
    if (isDue || !this.best) best = better(best, this.note(this.improved(lower, upper, x)));
    return best ?? this.best;
  }

  /** Local optima from the start and from random points. */
  offerStarts(lower: Float64Array, upper: Float64Array): void {
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
    const objective = this.problem.objective(x.slice()) - this.constant;
    return objective < (this.best?.objective ?? Infinity) ? { objective, solution: x } : undefined;
  }

  private note(candidate: Candidate<Float64Array> | undefined): Candidate<Float64Array> | undefined {
    if (candidate && candidate.objective < (this.best?.objective ?? Infinity)) this.best = candidate;
    return candidate;
  }

  /** A local optimum within the box, integers held at their nearest values. */
  improved(lower: Float64Array, upper: Float64Array, start: Float64Array): Candidate<Float64Array> | undefined {
    const n = this.problem.meta.variableCount;
    const low = lower.slice(0, n);
    const high = upper.slice(0, n);
    const from = start.slice(0, n).map((value, j) => Math.min(Math.max(value, low[j]!), high[j]!));
    const found = this.tools.improve(low, high, from);
    return this.note(found && { ...found, objective: found.objective - this.constant });
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
}

const distance = ({ value }: FractionalVariable): number => Math.abs(value - Math.round(value));

export function better(
  a: Candidate<Float64Array> | undefined,
  b: Candidate<Float64Array> | undefined,
): Candidate<Float64Array> | undefined {
  if (!a || !b) return a ?? b;
  return b.objective < a.objective ? b : a;
}
