/** A variable that a relaxation leaves between integers. */
export interface FractionalVariable {
  readonly variable: number;
  readonly value: number;
}

/** Integer variables whose relaxed values are more than `tolerance` from an integer. */
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
