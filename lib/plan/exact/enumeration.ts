import type { ActiveChoices } from './active-choices.js';

/**
 * Linear tests that every plan faster than the cutoff passes: Σ_n value(n, choice) ≤ limit, one test for each vector of
 * multipliers. `values[m]` is aligned with `ActiveChoices.active`.
 */
export interface LinearTests {
  readonly values: readonly Float64Array[];
  readonly limits: readonly number[];
}

/** How far an enumeration of combinations came. */
export interface EnumerationResult {
  /** All combinations were either visited or excluded. */
  readonly finished: boolean;
  readonly steps: number;
  readonly leaves: number;
}

/**
 * Depth-first enumeration of combinations, cut off by the linear tests: a partial combination is dropped once its values and
 * the least of the devices to come exceed a limit. `visit` gets each survivor; the array is reused.
 */
export function enumerateCombinations(
  choices: ActiveChoices,
  tests: LinearTests,
  maxSteps: number,
  visit: (combination: Int32Array) => void,
): EnumerationResult {
  return new Enumeration(choices, tests, maxSteps, visit).run();
}

class Enumeration {
  private readonly order: Int32Array;
  private readonly sorted: Int32Array;
  private readonly rest: Float64Array;
  private readonly partial: Float64Array;
  private readonly testCount: number;
  private readonly count: number;
  private readonly combination: Int32Array;
  private steps = 0;
  private leaves = 0;

  constructor(
    private readonly choices: ActiveChoices,
    private readonly tests: LinearTests,
    private readonly maxSteps: number,
    private readonly visit: (combination: Int32Array) => void,
  ) {
    const { start, active } = choices;
    this.count = start.length - 1;
    this.testCount = tests.values.length;
    this.combination = new Int32Array(this.count);
    this.order = Int32Array.from({ length: this.count }, (_, n) => n).sort((a, b) => this.size(a) - this.size(b));
    // Cheapest first by the first test: the rest of a device's list can be skipped once one is too dear.
    const first = tests.values[0]!;
    this.sorted = Int32Array.from({ length: active.length }, (_, at) => at);
    for (let n = 0; n < this.count; n++) {
      this.sorted.subarray(start[n], start[n + 1]).sort((a, b) => first[a]! - first[b]!);
    }
    this.rest = new Float64Array((this.count + 1) * this.testCount);
    this.partial = new Float64Array((this.count + 1) * this.testCount);
    for (let depth = this.count - 1; depth >= 0; depth--) {
      const n = this.order[depth]!;
      for (let m = 0; m < this.testCount; m++) {
        let least = Infinity;
        for (let at = start[n]!; at < start[n + 1]!; at++) least = Math.min(least, tests.values[m]![at]!);
        this.rest[depth * this.testCount + m] = this.rest[(depth + 1) * this.testCount + m]! + least;
      }
    }
  }

  run(): EnumerationResult {
    const finished = this.descend(0);
    return { finished, steps: this.steps, leaves: this.leaves };
  }

  private size(n: number): number {
    return this.choices.start[n + 1]! - this.choices.start[n]!;
  }

  private descend(depth: number): boolean {
    if (depth === this.count) {
      this.leaves++;
      this.visit(this.combination);
      return true;
    }
    const n = this.order[depth]!;
    const { start, active } = this.choices;
    for (let at = start[n]!; at < start[n + 1]!; at++) {
      if (this.steps++ > this.maxSteps) return false;
      const position = this.sorted[at]!;
      const passed = this.passes(depth, position);
      if (passed < 0) break;
      if (passed === 0) continue;
      this.combination[n] = active[position]!;
      if (!this.descend(depth + 1)) return false;
    }
    return true;
  }

  /** 1: all tests pass; 0: one fails; −1: the first fails, and so do all dearer choices. */
  private passes(depth: number, position: number): -1 | 0 | 1 {
    const { testCount, tests, partial, rest } = this;
    const here = depth * testCount;
    const next = here + testCount;
    for (let m = 0; m < testCount; m++) {
      const value = partial[here + m]! + tests.values[m]![position]!;
      if (value + rest[next + m]! > tests.limits[m]!) return m === 0 ? -1 : 0;
      partial[next + m] = value;
    }
    return 1;
  }
}
