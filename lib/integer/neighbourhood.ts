import type { MixedIntegerNonlinearProgram } from '../problem/index.js';
import type { RandomStream } from '../random/index.js';
import type { Budget } from '../solver/index.js';
import { valueAt } from './enumeration.js';
import type { Candidate } from './tree.js';

/** What a search among neighbouring integer points works with. */
export interface NeighbourhoodTools {
  /** The problem whose integer points are searched. */
  readonly problem: MixedIntegerNonlinearProgram;
  /** Violation up to which a point counts as feasible. */
  readonly feasibilityTolerance: number;
  /** Random numbers: the same stream makes the same search. */
  readonly stream: RandomStream;
  /** What time and evaluations are left; the search ends with it. */
  readonly budget: Budget;
  /** Integer points that may be looked at. */
  readonly mostPoints: number;
  /** Best point with its integers held as in x; needed where there are continuous variables. */
  complete(x: Float64Array): Candidate<Float64Array> | undefined;
}

/** Starts drawn at random after that from the known point. */
const randomStarts = 20;
/** Width taken of a range without end. */
const openRange = 20;

/**
 * Descent among integer points (steps of one variable, then of pairs) from the known point and from random ones: finds good
 * points where nothing is known of the functions, and proves nothing. Returns the best, the known one included.
 *
 * @param tools - Problem, stream, budget and how many points may be looked at.
 * @param known - A feasible point, if one is known.
 * @example
 * ```ts
 * import { Budget, type MixedIntegerNonlinearProgram } from 'sft-opt';
 * import { searchNeighbourhoods } from 'sft-opt/integer';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 * import { randomStream } from 'sft-opt/models';
 *
 * const builder = new NlModelBuilder();
 * const x = builder.variable({ lower: -30, upper: 30, integer: true });
 * builder.minimise(expressions.power(expressions.subtract(x, 1.4), 2));
 * const problem = compileNl(builder.build()) as MixedIntegerNonlinearProgram;
 * const tools = {
 *   problem,
 *   feasibilityTolerance: 1e-9,
 *   stream: randomStream(1, 'search'),
 *   budget: new Budget(),
 *   mostPoints: 200,
 *   complete: () => undefined,
 * };
 * console.log(searchNeighbourhoods(tools, undefined)?.solution); // Float64Array(1) [ 1 ]
 * ```
 */
export function searchNeighbourhoods(
  tools: NeighbourhoodTools,
  known: Candidate<Float64Array> | undefined,
): Candidate<Float64Array> | undefined {
  return new NeighbourhoodSearch(tools).run(known);
}

class NeighbourhoodSearch {
  private points = 0;
  private readonly pure: boolean;
  private readonly seen = new Map<string, Candidate<Float64Array> | undefined>();

  constructor(private readonly tools: NeighbourhoodTools) {
    const { meta, integerVariables } = tools.problem;
    this.pure = integerVariables.length === meta.variableCount;
  }

  run(known: Candidate<Float64Array> | undefined): Candidate<Float64Array> | undefined {
    let best = known && this.descend(known);
    for (let k = 0; k < randomStarts && !this.isOver(); k++) {
      const start = this.at(k % 2 === 1 && best ? this.shaken(best.solution) : this.randomPoint(), Infinity);
      const found = start && this.descend(start);
      if (found && found.objective < (best?.objective ?? Infinity)) best = found;
    }
    return best;
  }

  private isOver(): boolean {
    return this.points >= this.tools.mostPoints || this.tools.budget.exhausted(0, 0) !== undefined;
  }

  private descend(start: Candidate<Float64Array>): Candidate<Float64Array> {
    let best = start;
    for (;;) {
      const next = this.singleStep(best) ?? this.pairStep(best);
      if (!next) return best;
      best = next;
    }
  }

  private singleStep({ solution, objective }: Candidate<Float64Array>): Candidate<Float64Array> | undefined {
    let best: Candidate<Float64Array> | undefined;
    for (const j of this.tools.problem.integerVariables) {
      for (const step of [-1, 1]) {
        const found = this.at(this.moved(solution, [j], [step]), best?.objective ?? objective);
        if (found) best = found;
      }
      if (this.isOver()) break;
    }
    return best;
  }

  private pairStep({ solution, objective }: Candidate<Float64Array>): Candidate<Float64Array> | undefined {
    const { integerVariables } = this.tools.problem;
    for (let a = 1; a < integerVariables.length; a++) {
      for (let b = 0; b < a; b++) {
        for (const steps of [
          [1, -1],
          [-1, 1],
          [1, 1],
          [-1, -1],
        ]) {
          const found = this.at(this.moved(solution, [integerVariables[a]!, integerVariables[b]!], steps), objective);
          if (found) return found;
        }
        if (this.isOver()) return undefined;
      }
    }
    return undefined;
  }

  private moved(x: Float64Array, variables: readonly number[], steps: readonly number[]): Float64Array | undefined {
    const { lower, upper } = this.tools.problem.meta;
    const point = Float64Array.from(x);
    for (let k = 0; k < variables.length; k++) {
      const j = variables[k]!;
      point[j]! += steps[k]!;
      if (point[j]! < lower[j]! || point[j]! > upper[j]!) return undefined;
    }
    return point;
  }

  /** The point, completed, if it is better than `cutoff`. */
  private at(x: Float64Array | undefined, cutoff: number): Candidate<Float64Array> | undefined {
    if (!x || this.isOver()) return undefined;
    const { problem, feasibilityTolerance } = this.tools;
    if (this.pure) {
      this.points++;
      const objective = valueAt(problem, x, feasibilityTolerance, cutoff);
      return objective < cutoff ? { objective, solution: x } : undefined;
    }
    const key = problem.integerVariables.reduce((text, j) => `${text},${x[j]!}`, '');
    let found = this.seen.get(key);
    if (!this.seen.has(key)) {
      this.points++;
      found = this.tools.complete(x);
      this.seen.set(key, found);
    }
    return found && found.objective < cutoff - 1e-9 * Math.max(1, Math.abs(cutoff)) ? found : undefined;
  }

  private randomPoint(): Float64Array {
    const { meta, integerVariables } = this.tools.problem;
    const x = meta.start.map((value, j) => Math.min(Math.max(value, meta.lower[j]!), meta.upper[j]!));
    for (const j of integerVariables) x[j] = this.drawn(j, x[j]!);
    return x;
  }

  /** A quarter of the integers drawn anew. */
  private shaken(x: Float64Array): Float64Array {
    const point = Float64Array.from(x);
    for (const j of this.tools.problem.integerVariables) {
      if (this.tools.stream.uniform() < 0.25) point[j] = this.drawn(j, x[j]!);
    }
    return point;
  }

  private drawn(j: number, near: number): number {
    const { lower, upper } = this.tools.problem.meta;
    const low = Math.ceil(Math.max(lower[j]!, near - openRange));
    const high = Math.floor(Math.min(upper[j]!, near + openRange));
    return low + Math.floor(this.tools.stream.uniform() * (high - low + 1));
  }
}
