import type { CompiledAllocation } from './compile.js';
import {
  bracketedRoot,
  evaluateRow,
  evaluateSmoothRow,
  psiSeries,
  psiSlopeSeries,
  rowAt,
  rowValue,
  seriesLimit,
  steepestSlope,
} from './delay-rows.js';
import { excessRoot, type DecreasingUse } from './excess-root.js';

/** Answer of a search over shares of the band, all in reciprocal shares w = B / b. */
export interface ShareAnswer {
  /** Longest device delay, seconds; `constantSeconds` of the problem is not in it. */
  readonly delaySeconds: number;
  /** w of each device; Infinity for no bandwidth. */
  readonly reciprocal: Float64Array;
  /** Σ b / B. */
  readonly bandwidthUse: number;
  /** ∂ delay / ∂(B/B) ≤ 0: seconds for a whole further band; 0 where bandwidth does not bind. */
  readonly bandwidthPrice: number;
  /** Passes over all devices. */
  readonly passes: number;
}

/**
 * Least T with Σ b_n(T) ≤ B, where b_n(T) is the smallest share that meets T: Newton on T outside, Newton on each w_n
 * inside, warm from the pass before. One row a device; shares of the server, if any, are already in the floors.
 *
 * @param compiled - Loads as `compileLoads` makes them.
 * @param warm - Reciprocal shares to start from.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { compileLoads, loadsOfDecisions, searchShares } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const decision = { participates: true, blocks: 2, upPoint: 0, downPoint: 0 };
 * const compiled = compileLoads({ ...problem, sharing: 'equal' }, loadsOfDecisions(problem, [decision, decision]));
 * const { reciprocal } = searchShares(compiled);
 * console.log(reciprocal.reduce((sum, w) => sum + 1 / w, 0)); // 1
 * ```
 */
export function searchShares(compiled: CompiledAllocation, warm?: Float64Array): ShareAnswer {
  const search = new ShareSearch(compiled);
  return search.solve(warm);
}

/** Value, slope, curvature and w of a row. */
const out = new Float64Array(4);
/** Devices in the sample that gives large problems their first T. */
const sampleSize = 2000;
const roughPrecision = { use: 1e-3, step: Infinity, maxEvaluations: 12 };

/** The search over T behind `searchShares`, for callers that repeat it. */
export class ShareSearch implements DecreasingUse {
  /** Derivative of the last `use` by its excess. */
  slope = 0;
  /** Longest floor over the devices at their largest shares. */
  floorSeconds = 0;
  /** w of the last pass. */
  readonly reciprocal: Float64Array;
  private readonly count: number;
  /** T − floorSeconds + gap is what a device may spend on transmission, above h at its largest share. */
  private readonly gap: Float64Array;
  private readonly valueAtGreatest: Float64Array;
  private readonly steepest: Float64Array;
  private readonly inverseSlope: Float64Array;
  private singleTerm = false;
  private passes = 0;
  /** Above 1 only while a sample stands for all devices. */
  private stride = 1;
  private lastExcess = NaN;

  constructor(private readonly compiled: CompiledAllocation) {
    const { count, rows } = compiled;
    if (rows.count !== count) throw new Error('a search over shares takes one row a device');
    this.count = count;
    this.reciprocal = new Float64Array(count);
    this.gap = new Float64Array(count);
    this.valueAtGreatest = new Float64Array(count);
    this.steepest = new Float64Array(count);
    this.inverseSlope = new Float64Array(count);
    this.refresh();
  }

  /** Takes the rows as they are now: for callers that change their numbers in place. */
  refresh(): void {
    const { count, rows, leastReciprocal, greatestReciprocal } = this.compiled;
    let floor = count > 0 ? -Infinity : 0;
    let singleTerm = true;
    for (let n = 0; n < count; n++) {
      const least = leastReciprocal[n]!;
      const atLeast = least > 0 ? rowValue(rows, n, least) : 0;
      this.gap[n] = atLeast;
      floor = Math.max(floor, rows.floor[n]! + atLeast);
      const greatest = greatestReciprocal[n]!;
      this.steepest[n] = steepestSlope(rows, n);
      this.valueAtGreatest[n] =
        this.steepest[n] === 0 ? 0 : greatest < Infinity ? rowValue(rows, n, greatest) : Infinity;
      singleTerm &&= rows.termStart[n] === n && rows.termStart[n + 1] === n + 1;
    }
    this.singleTerm = singleTerm && !rows.kinked;
    this.floorSeconds = floor;
    // From here on `gap` is the target of h at T = floorSeconds: (F − floor_n − h(least)) + h(least).
    for (let n = 0; n < count; n++) {
      const own = rows.floor[n]! + this.gap[n]!;
      this.gap[n] = floor - own + this.gap[n]!;
    }
  }

  /** The least T and its shares, from the reciprocal shares `warm` where given. */
  solve(warm?: Float64Array): ShareAnswer {
    const excess = this.excess(warm);
    return this.answer(excess, excess > 0 && this.slope < 0 ? 1 / this.slope : 0);
  }

  /**
   * T − floorSeconds of the answer, whose shares are then in `reciprocal`; nothing is allocated. `warm` may be `reciprocal` itself, or
   * left out for equal shares.
   */
  excess(warm?: Float64Array): number {
    this.start(warm);
    if (this.count === 0) return 0;
    const atFloor = this.floorReachable() ? this.use(0) : Infinity;
    if (atFloor <= 1) return 0;
    const least = this.leastExcess();
    const most = this.equalSharesExcess(least);
    return excessRoot(this, this.sampledExcess(least, most) ?? most, this.floorSeconds, 0.999 * least).x;
  }

  /** Σ B-shares needed for T = floorSeconds + excess; its derivative in `slope`. */
  use(excess: number): number {
    this.passes++;
    const shift = excess - this.lastExcess;
    this.lastExcess = excess;
    return this.singleTerm ? this.passSingleTerm(excess, shift) : this.passGeneral(excess, shift);
  }

  private start(warm?: Float64Array): void {
    this.passes = 0;
    this.lastExcess = NaN;
    this.inverseSlope.fill(0);
    if (warm === this.reciprocal) return;
    if (warm) this.reciprocal.set(warm);
    else this.reciprocal.fill(Math.max(1, this.count));
  }

  /** Whether some T = floor could do: not if a device at the floor sends and has no largest share. */
  private floorReachable(): boolean {
    for (let n = 0; n < this.count; n++) {
      if (this.gap[n] === 0 && this.steepest[n]! > 0) return false;
    }
    return true;
  }

  /** What the most demanding device would need with the whole band to itself. */
  private leastExcess(): number {
    return Math.max(Number.MIN_VALUE, this.longestAbove(undefined));
  }

  /** What the starting shares reach: an upper bound where they are feasible. */
  private equalSharesExcess(least: number): number {
    return Math.max(least, this.longestAbove(this.reciprocal));
  }

  /** With the given reciprocal shares, or the whole band each. */
  private longestAbove(reciprocal: Float64Array | undefined): number {
    const { rows, leastReciprocal, greatestReciprocal } = this.compiled;
    let most = 0;
    for (let n = 0; n < this.count; n++) {
      if (this.steepest[n] === 0) continue;
      const w = Math.min(Math.max(reciprocal ? reciprocal[n]! : 1, leastReciprocal[n]!), greatestReciprocal[n]!);
      most = Math.max(most, rowValue(rows, n, w) - this.gap[n]!);
    }
    return most;
  }

  /** The excess that an evenly spaced sample of the devices would need; undefined for few devices. */
  private sampledExcess(least: number, most: number): number | undefined {
    this.stride = Math.max(1, Math.floor(this.count / sampleSize));
    if (this.stride === 1) return undefined;
    const { x, use } = excessRoot(this, most, this.floorSeconds, 0.999 * least, roughPrecision);
    this.stride = 1;
    this.inverseSlope.fill(0);
    return use > 0.5 && use < 2 ? x : undefined;
  }

  private answer(excess: number, price: number): ShareAnswer {
    let use = 0;
    const { reciprocal } = this;
    for (let n = 0; n < this.count; n++) use += 1 / reciprocal[n]!;
    return {
      delaySeconds: this.floorSeconds + excess,
      reciprocal,
      bandwidthUse: use,
      bandwidthPrice: price,
      passes: this.passes,
    };
  }

  private passGeneral(excess: number, shift: number): number {
    const { rows, leastReciprocal, greatestReciprocal } = this.compiled;
    const { reciprocal, inverseSlope, steepest, valueAtGreatest, gap, count, stride } = this;
    let use = 0;
    let slope = 0;
    for (let n = 0; n < count; n += stride) {
      const target = gap[n]! + excess;
      if (target >= valueAtGreatest[n]!) {
        const w = greatestReciprocal[n]!;
        reciprocal[n] = w;
        inverseSlope[n] = 0;
        use += 1 / w;
        continue;
      }
      const least = Math.max(target / steepest[n]!, leastReciprocal[n]!);
      let w = reciprocal[n]! + (inverseSlope[n]! > 0 ? shift * inverseSlope[n]! : 0);
      let derivative = 0;
      if (rows.kinked) {
        w = bracketedRoot(rowAt(rows, n), target, 0, w < Infinity ? w : least, least);
        evaluateRow(rows, n, w, out);
        derivative = out[1]!;
      }
      for (let k = rows.kinked ? 60 : 0; k < 60; k++) {
        if (!(w > least)) w = least;
        out[3] = w;
        evaluateSmoothRow(rows, n, out);
        const value = out[0]!;
        derivative = out[1]!;
        const change = (target - value) / derivative;
        // Far off: the value is nearly a power of w.
        if (Math.abs(change) > 0.5 * w && value > 0 && w < Infinity) {
          w *= Math.exp((Math.log(target / value) * value) / (w * derivative));
          continue;
        }
        w += change;
        if (!(Math.abs(change) > 1e-7 * w)) break;
      }
      if (!(w > leastReciprocal[n]!)) w = leastReciprocal[n]!;
      reciprocal[n] = w;
      inverseSlope[n] = 1 / derivative;
      const share = 1 / w;
      use += share;
      slope -= (share * share) / derivative;
    }
    this.slope = slope * stride;
    return use * stride;
  }

  /** The same for one Shannon term a device, everything in registers. */
  private passSingleTerm(excess: number, shift: number): number {
    const { linear, termWeight, termScale } = this.compiled.rows;
    const { leastReciprocal, greatestReciprocal } = this.compiled;
    const { reciprocal, inverseSlope, steepest, valueAtGreatest, gap, count, stride } = this;
    let use = 0;
    let slope = 0;
    for (let n = 0; n < count; n += stride) {
      const target = gap[n]! + excess;
      if (target >= valueAtGreatest[n]!) {
        const w = greatestReciprocal[n]!;
        reciprocal[n] = w;
        inverseSlope[n] = 0;
        use += 1 / w;
        continue;
      }
      const weight = termWeight[n]!;
      const scale = termScale[n]!;
      const perShare = linear[n]!;
      const least = Math.max(target / steepest[n]!, leastReciprocal[n]!);
      let w = reciprocal[n]! + (inverseSlope[n]! > 0 ? shift * inverseSlope[n]! : 0);
      let inverse = 0;
      for (let k = 0; k < 60; k++) {
        if (!(w > least)) w = least;
        const x = scale * w;
        let value: number;
        let derivative: number;
        if (x < seriesLimit) {
          value = weight * psiSeries(x) + perShare * w;
          derivative = weight * scale * psiSlopeSeries(x) + perShare;
        } else {
          const reciprocalLogarithm = 1 / Math.log1p(x);
          const ratio = x * reciprocalLogarithm;
          value = weight * (ratio - 1) + perShare * w;
          derivative = weight * scale * reciprocalLogarithm * (1 - ratio / (1 + x)) + perShare;
        }
        inverse = 1 / derivative;
        const change = (target - value) * inverse;
        if (Math.abs(change) > 0.5 * w && value > 0) {
          w *= Math.exp((Math.log(target / value) * value * inverse) / w);
          continue;
        }
        w += change;
        if (!(Math.abs(change) > 1e-7 * w)) break;
      }
      if (!(w > leastReciprocal[n]!)) w = leastReciprocal[n]!;
      reciprocal[n] = w;
      inverseSlope[n] = inverse;
      const share = 1 / w;
      use += share;
      slope -= share * share * inverse;
    }
    this.slope = slope * stride;
    return use * stride;
  }
}
