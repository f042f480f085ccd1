/** A variable that a relaxation leaves between integers. */
export interface FractionalVariable {
  /** Index of the variable. */
  readonly variable: number;
  /** Its value in the relaxed point, further from whole than the integrality tolerance. */
  readonly value: number;
}

/**
 * Integer variables whose relaxed values are more than `tolerance` from an integer.
 *
 * @param integers - Indices of the integer variables.
 * @param x - Point, length variableCount.
 * @param tolerance - Distance from an integer that counts as whole.
 * @example
 * ```ts
 * import { fractionalVariables } from 'sft-opt/integer';
 *
 * console.log(fractionalVariables(Int32Array.of(0, 1), Float64Array.of(1, 2.4), 1e-6)); // [ { variable: 1, value: 2.4 } ]
 * ```
 */
export function fractionalVariables(integers: Int32Array, x: Float64Array, tolerance: number): FractionalVariable[] {
  const list: FractionalVariable[] = [];
  for (const variable of integers) {
    const value = x[variable]!;
    if (Math.abs(value - Math.round(value)) > tolerance) list.push({ variable, value });
  }
  return list;
}

/**
 * Pseudocosts (Bénichou et al. 1971): mean rise of the bound for a unit of rounding, up and down, for each variable. A
 * variable is reliable once both directions were seen `reliability` times (Achterberg, Koch & Martin 2005).
 */
export class Pseudocosts {
  private readonly sums: readonly [Float64Array, Float64Array];
  private readonly counts: readonly [Int32Array, Int32Array];

  constructor(variableCount: number) {
    this.sums = [new Float64Array(variableCount), new Float64Array(variableCount)];
    this.counts = [new Int32Array(variableCount), new Int32Array(variableCount)];
  }

  /** Notes that moving `variable` by `distance` in a direction (0 down, 1 up) raised the bound by `rise`. */
  record(variable: number, direction: 0 | 1, distance: number, rise: number): void {
    if (!(distance > 1e-9) || !Number.isFinite(rise)) return;
    this.sums[direction][variable]! += Math.max(0, rise) / distance;
    this.counts[direction][variable]!++;
  }

  /** True once the variable was rounded at least `reliability` times in both directions. */
  isReliable(variable: number, reliability: number): boolean {
    return Math.min(this.counts[0][variable]!, this.counts[1][variable]!) >= reliability;
  }

  /** Product of the estimated rises of both children; the largest is branched on. */
  score({ variable, value }: FractionalVariable): number {
    const fraction = value - Math.floor(value);
    return branchingScore(this.estimate(variable, 0) * fraction, this.estimate(variable, 1) * (1 - fraction));
  }

  private estimate(variable: number, direction: 0 | 1): number {
    const count = this.counts[direction][variable]!;
    if (count > 0) return this.sums[direction][variable]! / count;
    const total = this.counts[direction].reduce((sum, value) => sum + value, 0);
    return total > 0 ? this.sums[direction].reduce((sum, value) => sum + value, 0) / total : 1;
  }
}

export function branchingScore(down: number, up: number): number {
  return Math.max(down, 1e-6) * Math.max(up, 1e-6);
}

/** What is known where a variable to branch on is chosen. */
export interface BranchingContext {
  /** Integer variables between integers, in the order of their indices; never empty. */
  readonly fractional: readonly FractionalVariable[];
  /** Relaxed point and its objective. */
  readonly x: Float64Array;
  /** Objective of the relaxed point. */
  readonly relaxed: number;
  /** Branchings between the root and this node; 0 at the root. */
  readonly depth: number;
  /** What earlier branchings have taught. */
  readonly pseudocosts: Pseudocosts;
  /**
   * Solves both children of a candidate and returns the rises of their bounds, down and up, Infinity where nothing of
   * interest is left of a child. The children of the variable
   * that is then chosen are not solved again.
   */
  readonly tryBoth: (candidate: FractionalVariable) => readonly [number, number];
  /** True once time is up: choose from what is known. */
  readonly isOver: () => boolean;
}

/** Chooses one of `context.fractional`; must be deterministic. */
export type BranchingRule = (context: BranchingContext) => FractionalVariable;

/** The variable nearest to the middle between two integers. */
export const mostFractional: BranchingRule = ({ fractional }) => {
  const distance = ({ value }: FractionalVariable): number => Math.abs(value - Math.floor(value) - 0.5);
  return fractional.reduce((best, candidate) => (distance(candidate) < distance(best) ? candidate : best));
};

/** The variable of the highest score by pseudocosts, whatever these rest on. */
export const pseudocostBranching: BranchingRule = ({ fractional, pseudocosts }) =>
  fractional.reduce((best, candidate) => (pseudocosts.score(candidate) > pseudocosts.score(best) ? candidate : best));

/**
 * Reliability branching (Achterberg, Koch & Martin 2005): the best score by pseudocosts, by trial where a variable was
 * seen fewer than `reliability` times in a direction; at most `candidates` trials at a node, and no more once a child
 * turns out to hold nothing. With a reliability of
 * Infinity this is strong branching.
 *
 * @param reliability - Trials of each direction after which pseudocosts are believed.
 * @param candidates - Most trials at a node.
 * @example
 * ```ts
 * import { solveSqp } from 'sft-opt';
 * import { reliabilityBranching, solveMinlp } from 'sft-opt/integer';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * const problem = compileNl(model);
 * const parts = { branchingRule: reliabilityBranching(4, 8) };
 * if ('integerVariables' in problem) console.log(solveMinlp(problem, (each) => solveSqp(each), {}, {}, parts).objective); // -9.5
 * ```
 */
export function reliabilityBranching(reliability: number, candidates: number): BranchingRule {
  return ({ fractional, pseudocosts, tryBoth, isOver }) => {
    const ranked = fractional
      .map((candidate) => ({ candidate, score: pseudocosts.score(candidate) }))
      .sort((a, b) => b.score - a.score || a.candidate.variable - b.candidate.variable);
    let best = ranked[0]!.candidate;
    let bestScore = -1;
    let tried = 0;
    for (const { candidate, score } of ranked) {
      let own = score;
      if (!pseudocosts.isReliable(candidate.variable, reliability) && tried < candidates) {
        if (isOver()) break;
        tried++;
        const rises = tryBoth(candidate);
        // One child less: nothing another candidate offers is better than that.
        if (Math.max(...rises) === Infinity) return candidate;
        own = branchingScore(...rises);
      }
      if (own > bestScore) {
        bestScore = own;
        best = candidate;
      }
    }
    return best;
  };
}
