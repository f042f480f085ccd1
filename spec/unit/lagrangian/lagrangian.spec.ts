import { describe, expect, it, vi } from 'vitest';
import {
  CutMaster,
  largestRefutedThreshold,
  maximizeDual,
  recomputeBound,
  type ChoiceOracle,
  type OracleResponse,
  type ThresholdOracle,
} from '../../../lib/lagrangian/index.js';
import { randomStream, type RandomStream } from '../../../lib/random/index.js';

// Generous: the limit guards against hanging, not against a busy machine.
vi.setConfig({ testTimeout: 300_000 });

/** Multiple-choice knapsack: one choice a block, a few rows. */
class Knapsack implements ChoiceOracle {
  readonly blockCount: number;
  readonly rowCount: number;
  constructor(
    readonly costs: readonly Float64Array[],
    readonly usage: readonly Float64Array[][],
    readonly available: Float64Array,
  ) {
    this.blockCount = costs.length;
    this.rowCount = available.length;
  }

  evaluate(multipliers: Float64Array, response: OracleResponse): void {
    response.usage.fill(0);
    response.cost = 0;
    for (let block = 0; block < this.blockCount; block++) {
      response.values[block] = Infinity;
      this.costs[block]!.forEach((cost, j) => {
        const value = this.usage[block]![j]!.reduce((sum, used, row) => sum + used * multipliers[row]!, cost);
        if (value >= response.values[block]!) return;
        response.values[block] = value;
        response.choices[block] = j;
      });
      const j = response.choices[block]!;
      response.cost += this.costs[block]![j]!;
      this.usage[block]![j]!.forEach((used, row) => (response.usage[row]! += used));
    }
  }

  /** Least cost over all feasible combinations. */
  bruteForce(): number {
    let best = Infinity;
    const visit = (block: number, cost: number, used: Float64Array): void => {
      if (block === this.blockCount) {
        if (used.every((value, row) => value <= this.available[row]! + 1e-12)) best = Math.min(best, cost);
        return;
      }
      this.costs[block]!.forEach((own, j) => {
        const next = used.map((value, row) => value + this.usage[block]![j]![row]!);
        visit(block + 1, cost + own, next);
      });
    };
    visit(0, 0, new Float64Array(this.rowCount));
    return best;
  }
}

function knapsack(random: RandomStream, blocks: number, choices: number, rows: number): Knapsack {
  const draw = (count: number) => Float64Array.from({ length: count }, () => random.uniform());
  const usage = Array.from({ length: blocks }, () => Array.from({ length: choices }, () => draw(rows)));
  // The more is used the cheaper, roughly: otherwise nothing binds.
  const costs = usage.map((list) => Float64Array.from(list, (used) => 2 - used[0]! + 0.3 * random.uniform()));
  return new Knapsack(costs, usage, new Float64Array(rows).fill(blocks * (0.3 + 0.2 * random.uniform())));
}

describe('maximizeDual', () => {
  it('bounds multiple-choice knapsacks from below and leaves at most as many blocks fractional as there are rows', () => {
    const random = randomStream(1, 'knapsack');
    let feasible = 0;
    for (let k = 0; k < 200; k++) {
      const rows = 1 + random.integer(3);
      const oracle = knapsack(random, 2 + random.integer(5), 2 + random.integer(3), rows);
      const best = oracle.bruteForce();
      const result = maximizeDual(oracle, { largestMultiplier: 1e4 });
      expect(result.bound).toBeLessThanOrEqual(best + 1e-9);
      expect(recomputeBound(oracle, result.multipliers)).toBe(result.bound);
      expect(result.ceiling).toBeGreaterThanOrEqual(result.bound - 1e-9);
      if (best === Infinity) continue;
      feasible++;
      expect(result.termination).toBe('optimal');
      expect(result.recovery.fractionalBlocks.length).toBeLessThanOrEqual(rows);
      expect(result.recovery.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
      // No other multipliers do better.
      for (let trial = 0; trial < 20; trial++) {
        const other = result.multipliers.map((multiplier) => Math.max(0, multiplier + 0.3 * random.normal()));
        expect(recomputeBound(oracle, other)).toBeLessThanOrEqual(result.bound + 1e-7);
      }
    }
    expect(feasible).toBeGreaterThan(100);
  });

  it('closes the gap as blocks grow many', () => {
    const oracle = knapsack(randomStream(2, 'knapsack'), 2000, 6, 2);
    const result = maximizeDual(oracle);
    expect(result.termination).toBe('optimal');
    expect(result.recovery.fractionalBlocks.length).toBeLessThanOrEqual(2);
    expect(result.evaluations).toBeLessThan(80);
  });

  it('refuses multipliers that bound nothing', () => {
    const oracle = knapsack(randomStream(3, 'knapsack'), 3, 3, 1);
    expect(recomputeBound(oracle, Float64Array.of(-1))).toBe(-Infinity);
    expect(recomputeBound(oracle, Float64Array.of(NaN))).toBe(-Infinity);
  });
});

describe('CutMaster', () => {
  it('finds the best multipliers of random cuts, against a fine grid', () => {
    const random = randomStream(4, 'cuts');
    for (let k = 0; k < 200; k++) {
      const upper = Float64Array.of(2, 2);
      const normalized = k % 2 === 0;
      const master = new CutMaster(2, upper, normalized ? [0, 1] : []);
      const cuts = Array.from({ length: 1 + random.integer(8) }, () => ({
        cost: random.normal(),
        excess: Float64Array.of(random.normal(), random.normal()),
      }));
      for (const { cost, excess } of cuts) {
        master.add(cost, excess);
        if (random.uniform() < 0.5) master.solve();
      }
      master.solve();
      const value = (a: number, b: number) =>
        Math.min(...cuts.map(({ cost, excess }) => cost + a * excess[0]! + b * excess[1]!));
      let best = -Infinity;
      for (let i = 0; i <= 100; i++) {
        if (normalized) best = Math.max(best, value(i / 100, 1 - i / 100));
        else for (let j = 0; j <= 100; j++) best = Math.max(best, value(i / 50, j / 50));
      }
      expect(value(master.multipliers[0]!, master.multipliers[1]!)).toBeCloseTo(master.value, 9);
      expect(master.value).toBeGreaterThanOrEqual(best - 1e-9);
      expect(master.value).toBeLessThanOrEqual(best + 0.2);
    }
  });
});

/** Blocks with choices work/t on two machines: min–max load balancing where a choice picks the machine mix. */
class LoadBalance implements ThresholdOracle {
  readonly available = Float64Array.of(1, 1);
  readonly rowCount = 2;
  readonly thresholdRows = [0, 1];
  readonly leastThreshold = 0;
  readonly blockCount: number;
  private threshold = 1;
  constructor(readonly work: readonly (readonly [number, number])[][]) {
    this.blockCount = work.length;
  }

  setThreshold(threshold: number): void {
    this.threshold = threshold;
  }

  evaluate(multipliers: Float64Array, response: OracleResponse): void {
    response.usage.fill(0);
    response.cost = response.constant = response.slope = 0;
    this.work.forEach((choices, block) => {
      response.values[block] = Infinity;
      choices.forEach(([a, b], j) => {
        const value = (multipliers[0]! * a + multipliers[1]! * b) / this.threshold;
        if (value >= response.values[block]!) return;
        response.values[block] = value;
        response.choices[block] = j;
      });
      const [a, b] = choices[response.choices[block]!]!;
      response.usage[0]! += a / this.threshold;
      response.usage[1]! += b / this.threshold;
      response.slope -= response.values[block] / this.threshold;
    });
  }
}

describe('largestRefutedThreshold', () => {
  it('refutes no threshold that a combination reaches, and nearly all below the convexified optimum', () => {
    const random = randomStream(5, 'balance');
    for (let k = 0; k < 100; k++) {
      const work = Array.from({ length: 2 + random.integer(5) }, () =>
        Array.from({ length: 3 }, () => [random.uniform(), random.uniform()] as const),
      );
      let best = Infinity;
      const visit = (block: number, a: number, b: number): void => {
        if (block === work.length) best = Math.min(best, Math.max(a, b));
        else work[block]!.forEach(([first, second]) => visit(block + 1, a + first, b + second));
      };
      visit(0, 0, 0);
      const result = largestRefutedThreshold(new LoadBalance(work));
      expect(result.refuted).toBeLessThan(best);
      // D(t) = max over λ of Σ min_j λᵀw/t − 1: its root is Σ min_j λᵀw at the best λ, found on a grid.
      let dual = 0;
      for (let i = 0; i <= 1000; i++) {
        const sum = work.reduce(
          (total, list) => total + Math.min(...list.map(([a, b]) => (i * a + (1000 - i) * b) / 1000)),
          0,
        );
        dual = Math.max(dual, sum);
      }
      expect(result.refuted).toBeGreaterThan(dual * (1 - 1e-5));
      expect(result.ceiling).toBeGreaterThanOrEqual(result.refuted);
    }
  });

  it.each([0, 0.5, 0.9])('finds the jump of a single combination in whole units with smoothing %d', (smoothing) => {
    const random = randomStream(6, 'whole-units');
    const evaluations: number[] = [];
    for (let k = 0; k < 200; k++) {
      const oracle = new WholeUnits(
        Array.from({ length: 2 + random.integer(5) }, () => [random.uniform(), random.uniform()] as const),
      );
      const { exact, worst } = oracle.leastThresholds();
      const result = largestRefutedThreshold(oracle, { smoothing });
      expect(result.refuted, `case ${k}`).toBeLessThan(exact);
      // Above the jump of the row that decides nothing is left to refute; below it that row alone refutes.
      expect(result.refuted, `case ${k}`).toBeGreaterThan(worst * (1 - 1e-5));
      expect(result.termination, `case ${k}`).toBe('optimal');
      evaluations.push(result.evaluations);
    }
    expect(evaluations.sort((a, b) => a - b)[100]).toBeLessThan(80);
  });
});

/** One choice a block; each machine counts its work in whole sixteenths, rounded up block by block: usage jumps with t. */
class WholeUnits extends LoadBalance {
  private at = 1;
  constructor(private readonly single: readonly (readonly [number, number])[]) {
    super(single.map((pair) => [pair]));
  }

  override setThreshold(threshold: number): void {
    this.at = threshold;
  }

  override evaluate(multipliers: Float64Array, response: OracleResponse): void {
    response.usage.set(this.use(this.at));
    response.cost = response.constant = response.slope = 0;
    response.choices.fill(0);
    this.single.forEach((work, block) => {
      const [a, b] = work.map((own) => this.units(own, this.at));
      response.values[block] = multipliers[0]! * a! + multipliers[1]! * b!;
    });
  }

  /** Least threshold that both machines keep, twice: as it is, and as the larger of each machine's own. */
  leastThresholds(): { exact: number; worst: number } {
    const jumps = this.single.flatMap((work) =>
      work.flatMap((own) => Array.from({ length: 16 }, (_, k) => (16 * own) / (k + 1))),
    );
    const least = (keeps: (use: readonly number[]) => boolean) =>
      Math.min(...jumps.map((t) => t * (1 + 1e-12)).filter((t) => keeps([...this.use(t)])));
    const own = [0, 1].map((row) => least((use) => use[row]! <= 1));
    return { exact: least((use) => use.every((value) => value <= 1)), worst: Math.max(...own) };
  }

  private use(threshold: number): Float64Array {
    return Float64Array.from([0, 1], (row) =>
      this.single.reduce((sum, work) => sum + this.units(work[row]!, threshold), 0),
    );
  }

  private units(work: number, threshold: number): number {
    return Math.max(1, Math.ceil((16 * work) / threshold)) / 16;
  }
}
