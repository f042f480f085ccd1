import type { CompiledAllocation } from './compile.js';
import { evaluateRow, rowValue, steepestSlope } from './delay-rows.js';
import { smoothFacets, type SmoothFacets } from './smooth-facets.js';
import { trimShares } from './trim-shares.js';

/** Answer of the search over thresholds. */
export interface ThresholdAnswer {
  /** Σ_r rowWeights[r]·threshold_r, seconds. */
  readonly delaySeconds: number;
  /** Longest of each kind of row, seconds. */
  readonly thresholds: Float64Array;
  /** w = B / b of each device. */
  readonly reciprocal: Float64Array;
  /** Σ b / B. */
  readonly bandwidthUse: number;
  /** ∂ delay for a whole further band, seconds, ≤ 0. */
  readonly bandwidthPrice: number;
  /** Multipliers of the rows, device by device; those of one kind add up to its weight. */
  readonly rowMultipliers: Float64Array;
  /** Steps of the search. */
  readonly iterations: number;
}

const out = new Float64Array(3);
const gapTolerance = 1e-14;
const maxIterations = 300;
/** Conditions that had held and are off by this much are spoilt by rounding. */
const thrownOff = 1e-6;

/**
 * Least Σ_r c_r·t_r over thresholds t and shares b with row r of device n at most t_r and Σ b ≤ B: the round of a common batch,
 * whose three maxima are coupled. In y = ln(b/B) every row and the budget are convex, so a primal–dual interior-point
 * method (Wright 1997, chapter 10 for the convex case) finds the optimum; its Newton system has one private column a device and
 * as many shared ones as there are thresholds, and costs O(N) a step. A row with kinks is the largest of smooth facets,
 * each a constraint of its own. Afterwards each device keeps only the bandwidth that the thresholds need.
 *
 * @param compiled - Loads as `compileLoads` makes them.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { compileLoads, loadsOfDecisions, searchThresholds } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const decision = { participates: true, blocks: 2, upPoint: 0, downPoint: 0 };
 * const loads = loadsOfDecisions(problem, [decision, decision]);
 * const { bandwidthUse } = searchThresholds(compileLoads({ ...problem, sharing: 'batched' }, loads));
 * console.log(bandwidthUse <= 1 + 1e-9); // true
 * ```
 */
export function searchThresholds(compiled: CompiledAllocation): ThresholdAnswer {
  return new ThresholdSearch(compiled).solve();
}

class ThresholdSearch {
  private readonly perDevice: number;
  private readonly facets: SmoothFacets;
  /** Σ over a device's facets of one kind of multiplier/slack·slope. */
  private readonly coupling: Float64Array;
  private readonly free: Uint8Array;
  private readonly y: Float64Array;
  private readonly least: Float64Array;
  private readonly most: Float64Array;
  private readonly value: Float64Array;
  private readonly slope: Float64Array;
  private readonly curvature: Float64Array;
  private readonly slack: Float64Array;
  private readonly multiplier: Float64Array;
  private readonly slackStep: Float64Array;
  private readonly multiplierStep: Float64Array;
  private readonly lowerMultiplier: Float64Array;
  private readonly upperMultiplier: Float64Array;
  private readonly lowerStep: Float64Array;
  private readonly upperStep: Float64Array;
  private readonly yStep: Float64Array;
  private readonly pivot: Float64Array;
  private readonly right: Float64Array;
  private readonly thresholds: Float64Array;
  private readonly thresholdStep: Float64Array;
  private readonly rowFloors: Float64Array;
  private timeScale = 1;
  private fixedUse = 0;
  private budgetSlack = 0.1;
  private budgetMultiplier = 1;
  private budgetSlackStep = 0;
  private budgetMultiplierStep = 0;
  /** Shares and multipliers of the iterate whose conditions hold best: rounding can throw off the ones after it. */
  private readonly best: { error: number; budgetMultiplier: number; y: Float64Array; multiplier: Float64Array };

  constructor(private readonly compiled: CompiledAllocation) {
    const { count, rows } = compiled;
    this.perDevice = compiled.rowWeights.length;
    this.coupling = new Float64Array(this.perDevice);
    this.facets = smoothFacets(rows, this.perDevice, compiled.leastReciprocal, compiled.greatestReciprocal);
    const facetCount = this.facets.row.length;
    this.free = new Uint8Array(count);
    this.y = new Float64Array(count);
    this.least = new Float64Array(count);
    this.most = new Float64Array(count);
    this.value = new Float64Array(facetCount);
    this.slope = new Float64Array(facetCount);
    this.curvature = new Float64Array(facetCount);
    this.slack = new Float64Array(facetCount);
    this.multiplier = new Float64Array(facetCount);
    this.slackStep = new Float64Array(facetCount);
    this.multiplierStep = new Float64Array(facetCount);
    this.lowerMultiplier = new Float64Array(count);
    this.upperMultiplier = new Float64Array(count);
    this.lowerStep = new Float64Array(count);
    this.upperStep = new Float64Array(count);
    this.yStep = new Float64Array(count);
    this.pivot = new Float64Array(count);
    this.right = new Float64Array(count);
    this.thresholds = new Float64Array(this.perDevice);
    this.thresholdStep = new Float64Array(this.perDevice);
    this.rowFloors = new Float64Array(this.perDevice);
    this.best = {
      error: Infinity,
      budgetMultiplier: 1,
      y: new Float64Array(count),
      multiplier: new Float64Array(facetCount),
    };
  }

  solve(): ThresholdAnswer {
    this.start();
    let iterations = 0;
    for (; iterations < maxIterations; iterations++) {
      const complementarity = this.complementarity();
      const residual = this.evaluate();
      this.keepBest(Math.max(complementarity, residual));
      if (complementarity <= gapTolerance && residual <= 1e-12) break;
      const pairs = this.pairCount();
      // Predictor, then a corrector aimed at the centre that the predictor earned (Mehrotra 1992, without second order).
      if (!this.direction(0)) break;
      const reach = this.stepLength();
      const centring = Math.max(1e-4, (1 - reach) ** 3);
      if (!this.direction((centring * complementarity) / pairs)) break;
      const length = this.stepLength();
      this.move(length);
      if (length < 1e-10) break;
    }
    if (this.best.error < thrownOff && !(this.evaluate() <= thrownOff)) this.takeBest();
    return this.answer(iterations);
  }

  private keepBest(error: number): void {
    const { best } = this;
    if (!(error < best.error)) return;
    best.error = error;
    best.budgetMultiplier = this.budgetMultiplier;
    best.y.set(this.y);
    best.multiplier.set(this.multiplier);
  }

  private takeBest(): void {
    const { best } = this;
    this.budgetMultiplier = best.budgetMultiplier;
    this.y.set(best.y);
    this.multiplier.set(best.multiplier);
  }

  private start(): void {
    const { count, rows, leastReciprocal, greatestReciprocal } = this.compiled;
    let freeCount = 0;
    for (let n = 0; n < count; n++) {
      let sends = false;
      for (let r = 0; r < this.perDevice; r++) sends ||= steepestSlope(rows, n * this.perDevice + r) > 0;
      const least = -Math.log(greatestReciprocal[n]!);
      const most = -Math.log(Math.max(leastReciprocal[n]!, 1));
      this.least[n] = least;
      this.most[n] = most;
      if (!sends || most - least <= 1e-12) {
        this.y[n] = least;
        this.fixedUse += 1 / greatestReciprocal[n]!;
      } else {
        this.free[n] = 1;
        freeCount++;
      }
    }
    this.balance(freeCount);
    this.findFloors();
    let excess = 0;
    for (let r = 0; r < this.perDevice; r++) {
      for (let n = 0; n < count; n++) {
        excess = Math.max(excess, this.rowAt(n * this.perDevice + r, this.y[n]!) - this.rowFloors[r]!);
      }
    }
    this.timeScale = excess > 0 ? excess : 1;
    this.evaluateRows();
    const { rowWeights } = this.compiled;
    const { facets } = this;
    for (let r = 0; r < this.perDevice; r++) {
      let most = -Infinity;
      for (let i = 0; i < facets.kind.length; i++) if (facets.kind[i] === r) most = Math.max(most, this.value[i]!);
      this.thresholds[r] = most + 0.1 * Math.abs(most) + 1e-3;
    }
    for (let i = 0; i < facets.kind.length; i++) {
      const r = facets.kind[i]!;
      this.slack[i] = this.thresholds[r]! - this.value[i]!;
      this.multiplier[i] = rowWeights[r]! / (count * facets.ofRow[facets.row[i]!]!);
    }
    this.lowerMultiplier.fill(0.01 / Math.max(1, freeCount));
    this.upperMultiplier.fill(0.01 / Math.max(1, freeCount));
    this.budgetSlack = Math.max(1 - this.use(), 0.05);
    this.budgetMultiplier = 1;
  }

  /** Longest delay of each row at the largest shares: thresholds are measured from there, so that small excesses keep digits. */
  private findFloors(): void {
    const { count } = this.compiled;
    for (let n = 0; n < count; n++) {
      for (let r = 0; r < this.perDevice; r++) {
        const floor = this.rowAt(n * this.perDevice + r, this.free[n] ? this.most[n]! : this.least[n]!);
        this.rowFloors[r] = Math.max(this.rowFloors[r]!, floor);
      }
    }
  }

  /** Starting shares in proportion to what each device sends, weighted as the rows are: near the optimum's orders of magnitude. */
  private balance(freeCount: number): void {
    const { count, rowWeights } = this.compiled;
    const room = Math.max(0.9 * (1 - this.fixedUse), 1e-3);
    for (let n = 0; n < count; n++) if (this.free[n]) this.y[n] = Math.log(room / Math.max(1, freeCount));
    for (let round = 0; round < 3; round++) {
      let total = 0;
      for (let n = 0; n < count; n++) {
        if (!this.free[n]) continue;
        let sent = 0;
        for (let r = 0; r < this.perDevice; r++) {
          const row = n * this.perDevice + r;
          sent += rowWeights[r]! * (this.rowAt(row, this.y[n]!) - this.compiled.rows.floor[row]!);
        }
        this.y[n]! += Math.log(sent);
        total += Math.exp(this.y[n]!);
      }
      for (let n = 0; n < count; n++) if (this.free[n]) this.y[n]! += Math.log(room / total);
    }
    for (let n = 0; n < count; n++) {
      if (!this.free[n]) continue;
      const margin = Math.min(0.1, 0.25 * (this.most[n]! - this.least[n]!));
      this.y[n] = Math.min(Math.max(this.y[n]!, this.least[n]! + margin), this.most[n]! - margin);
    }
  }

  private rowAt(row: number, y: number): number {
    const w = Math.exp(-y);
    return (
      this.compiled.rows.floor[row]! +
      (steepestSlope(this.compiled.rows, row) > 0 ? rowValue(this.compiled.rows, row, w) : 0)
    );
  }

  private use(): number {
    let use = this.fixedUse;
    for (let n = 0; n < this.compiled.count; n++) if (this.free[n]) use += Math.exp(this.y[n]!);
    return use;
  }

  /** Rows above their floor at y, with derivatives by y: f' = −w·h', f'' = w·h' + w²·h''; in units of `timeScale`. */
  private evaluateRows(): void {
    const { count, rows } = this.compiled;
    const { start, row, kind, branch } = this.facets;
    const unit = 1 / this.timeScale;
    for (let n = 0; n < count; n++) {
      const w = Math.exp(-this.y[n]!);
      for (let i = start[n]!; i < start[n + 1]!; i++) {
        const floor = this.rowFloors[kind[i]!]!;
        if (!this.free[n]) {
          this.value[i] = unit * (this.rowAt(row[i]!, this.y[n]!) - floor);
          continue;
        }
        if (rows.kinked) evaluateRow(rows, row[i]!, w, out, branch[i]);
        else evaluateRow(rows, row[i]!, w, out);
        this.value[i] = unit * (rows.floor[row[i]!]! - floor + out[0]!);
        this.slope[i] = -unit * w * out[1]!;
        this.curvature[i] = unit * w * (out[1]! + w * out[2]!);
      }
    }
  }

  /** Evaluates the rows; returns the largest dual residual or primal one, this weighted by its multiplier. */
  private evaluate(): number {
    this.evaluateRows();
    const { rowWeights } = this.compiled;
    const { kind } = this.facets;
    let largest = this.budgetMultiplier * Math.abs(this.use() + this.budgetSlack - 1);
    for (let r = 0; r < this.perDevice; r++) {
      let sum = rowWeights[r]!;
      for (let i = 0; i < kind.length; i++) {
        if (kind[i] !== r) continue;
        sum -= this.multiplier[i]!;
        const residual = this.value[i]! + this.slack[i]! - this.thresholds[r]!;
        largest = Math.max(largest, this.multiplier[i]! * Math.abs(residual));
      }
      largest = Math.max(largest, Math.abs(sum) / (1 + rowWeights[r]!));
    }
    return largest;
  }

  private complementarity(): number {
    let sum = this.budgetSlack * this.budgetMultiplier;
    for (let i = 0; i < this.slack.length; i++) sum += this.slack[i]! * this.multiplier[i]!;
    for (let n = 0; n < this.free.length; n++) {
      if (!this.free[n]) continue;
      if (this.least[n]! > -Infinity) sum += (this.y[n]! - this.least[n]!) * this.lowerMultiplier[n]!;
      sum += (this.most[n]! - this.y[n]!) * this.upperMultiplier[n]!;
    }
    return sum;
  }

  private pairCount(): number {
    let pairs = 1 + this.slack.length;
    for (let n = 0; n < this.free.length; n++) if (this.free[n]) pairs += this.least[n]! > -Infinity ? 2 : 1;
    return pairs;
  }

  /** Newton direction towards the point of the central path with every product = `target`; false if it is not finite. */
  private direction(target: number): boolean {
    const { count, rowWeights } = this.compiled;
    const shared = this.perDevice + 1;
    const matrix = new Float64Array(shared * shared);
    const side = new Float64Array(shared);
    // Columns: thresholds, then the budget's multiplier. Device n: pivot·dy = right + Σ_r coupling_r·dt_r − e^y·dμ.
    for (let r = 0; r < this.perDevice; r++) side[r] = -rowWeights[r]!;
    const budgetResidual = this.use() + this.budgetSlack - 1;
    const budgetDelta = target / this.budgetMultiplier - this.budgetSlack;
    side[this.perDevice] = -(budgetResidual + budgetDelta);
    matrix[shared * shared - 1] = -this.budgetSlack / this.budgetMultiplier;
    const { start, kind } = this.facets;
    const { coupling } = this;
    for (let n = 0; n < count; n++) {
      const share = this.free[n] ? Math.exp(this.y[n]!) : 0;
      let pivot = this.budgetMultiplier * share;
      let right = -this.budgetMultiplier * share;
      coupling.fill(0);
      for (let i = start[n]!; i < start[n + 1]!; i++) {
        const r = kind[i]!;
        const weight = this.multiplier[i]! / this.slack[i]!;
        const residual = this.value[i]! + this.slack[i]! - this.thresholds[r]!;
        // λ + dλ = target/s + weight·(residual + f'·dy − dt).
        const multiplier = target / this.slack[i]! + weight * residual;
        matrix[r * shared + r]! += weight;
        side[r]! += multiplier;
        if (!this.free[n]) continue;
        coupling[r]! += weight * this.slope[i]!;
        pivot += this.multiplier[i]! * this.curvature[i]! + weight * this.slope[i]! ** 2;
        right -= multiplier * this.slope[i]!;
      }
      if (!this.free[n]) continue;
      if (this.least[n]! > -Infinity) {
        const distance = this.y[n]! - this.least[n]!;
        pivot += this.lowerMultiplier[n]! / distance;
        right += target / distance;
      }
      const distance = this.most[n]! - this.y[n]!;
      pivot += this.upperMultiplier[n]! / distance;
      right -= target / distance;
      this.pivot[n] = pivot;
      this.right[n] = right;
      const inverse = 1 / pivot;
      for (let r = 0; r < this.perDevice; r++) {
        side[r]! += coupling[r]! * inverse * right;
        for (let q = 0; q < this.perDevice; q++) matrix[r * shared + q]! -= coupling[r]! * inverse * coupling[q]!;
        matrix[r * shared + this.perDevice]! += coupling[r]! * inverse * share;
        matrix[this.perDevice * shared + r]! += share * inverse * coupling[r]!;
      }
      side[this.perDevice]! -= share * inverse * right;
      matrix[shared * shared - 1]! -= share * inverse * share;
    }
    if (!solveSmall(matrix, side, shared)) return false;
    this.spread(target, side, budgetDelta);
    return side.every(Number.isFinite);
  }

  /** Steps of everything private from the shared ones. */
  private spread(target: number, shared: Float64Array, budgetDelta: number): void {
    const { count } = this.compiled;
    for (let r = 0; r < this.perDevice; r++) this.thresholdStep[r] = shared[r]!;
    this.budgetMultiplierStep = shared[this.perDevice]!;
    this.budgetSlackStep = budgetDelta - (this.budgetSlack / this.budgetMultiplier) * this.budgetMultiplierStep;
    const { start, kind } = this.facets;
    for (let n = 0; n < count; n++) {
      let step = 0;
      if (this.free[n]) {
        step = this.right[n]! - Math.exp(this.y[n]!) * this.budgetMultiplierStep;
        for (let i = start[n]!; i < start[n + 1]!; i++) {
          step += (this.multiplier[i]! / this.slack[i]!) * this.slope[i]! * this.thresholdStep[kind[i]!]!;
        }
        step /= this.pivot[n]!;
        this.yStep[n] = step;
        const above = this.y[n]! - this.least[n]!;
        this.lowerStep[n] =
          above < Infinity ? target / above - this.lowerMultiplier[n]! - (this.lowerMultiplier[n]! / above) * step : 0;
        const below = this.most[n]! - this.y[n]!;
        this.upperStep[n] = target / below - this.upperMultiplier[n]! + (this.upperMultiplier[n]! / below) * step;
      }
      for (let i = start[n]!; i < start[n + 1]!; i++) {
        const residual = this.value[i]! + this.slack[i]! - this.thresholds[kind[i]!]!;
        const change = this.slope[i]! * step - this.thresholdStep[kind[i]!]!;
        this.slackStep[i] = -(residual + change);
        this.multiplierStep[i] =
          target / this.slack[i]! - this.multiplier[i]! + (this.multiplier[i]! / this.slack[i]!) * (residual + change);
      }
    }
  }

  private stepLength(): number {
    let length = 1;
    const limit = (value: number, step: number) => {
      if (value + length * step < 0.005 * value) length = (-0.995 * value) / step;
    };
    limit(this.budgetSlack, this.budgetSlackStep);
    limit(this.budgetMultiplier, this.budgetMultiplierStep);
    for (let i = 0; i < this.slack.length; i++) {
      limit(this.slack[i]!, this.slackStep[i]!);
      limit(this.multiplier[i]!, this.multiplierStep[i]!);
    }
    for (let n = 0; n < this.free.length; n++) {
      if (!this.free[n]) continue;
      if (this.least[n]! > -Infinity) {
        limit(this.y[n]! - this.least[n]!, this.yStep[n]!);
        limit(this.lowerMultiplier[n]!, this.lowerStep[n]!);
      }
      limit(this.most[n]! - this.y[n]!, -this.yStep[n]!);
      limit(this.upperMultiplier[n]!, this.upperStep[n]!);
      // The rows are exponential in y: no step that changes a share by more than a factor e⁴.
      if (Math.abs(length * this.yStep[n]!) > 4) length = 4 / Math.abs(this.yStep[n]!);
    }
    return length;
  }

  private move(length: number): void {
    for (let r = 0; r < this.perDevice; r++) this.thresholds[r]! += length * this.thresholdStep[r]!;
    this.budgetSlack += length * this.budgetSlackStep;
    this.budgetMultiplier += length * this.budgetMultiplierStep;
    for (let i = 0; i < this.slack.length; i++) {
      this.slack[i]! += length * this.slackStep[i]!;
      this.multiplier[i]! += length * this.multiplierStep[i]!;
    }
    for (let n = 0; n < this.free.length; n++) {
      if (!this.free[n]) continue;
      this.y[n]! += length * this.yStep[n]!;
      this.lowerMultiplier[n]! += length * this.lowerStep[n]!;
      this.upperMultiplier[n]! += length * this.upperStep[n]!;
    }
  }

  /** The thresholds that the shares reach, then the least share that keeps each device within them. */
  private answer(iterations: number): ThresholdAnswer {
    const { count, rowWeights, leastReciprocal, greatestReciprocal } = this.compiled;
    const reciprocal = new Float64Array(count);
    const use = this.use();
    // A share beyond the budget by rounding is taken back from all who have more than their least.
    for (let n = 0; n < count; n++) {
      const scaled = this.free[n] ? Math.exp(-this.y[n]!) * Math.max(1, use) : greatestReciprocal[n]!;
      reciprocal[n] = Math.min(Math.max(scaled, leastReciprocal[n]!), greatestReciprocal[n]!);
    }
    const { thresholds, bandwidthUse } = trimShares(this.compiled, reciprocal);
    let delaySeconds = 0;
    for (let r = 0; r < this.perDevice; r++) delaySeconds += rowWeights[r]! * thresholds[r]!;
    return {
      delaySeconds,
      thresholds,
      reciprocal,
      bandwidthUse,
      bandwidthPrice: bandwidthUse < 1 - 1e-9 ? 0 : -this.budgetMultiplier * this.timeScale,
      rowMultipliers: this.rowMultipliers(),
      iterations,
    };
  }

  /** A row's multiplier is that of its facets together. */
  private rowMultipliers(): Float64Array {
    const { row } = this.facets;
    const sums = new Float64Array(this.compiled.rows.count);
    for (let i = 0; i < row.length; i++) sums[row[i]!]! += this.multiplier[i]!;
    return sums;
  }
}

/** Gaussian elimination with partial pivoting, in place; the solution replaces `side`. */
function solveSmall(matrix: Float64Array, side: Float64Array, size: number): boolean {
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let i = k + 1; i < size; i++) {
      if (Math.abs(matrix[i * size + k]!) > Math.abs(matrix[pivot * size + k]!)) pivot = i;
    }
    const largest = matrix[pivot * size + k]!;
    if (!(Math.abs(largest) > 0) || !Number.isFinite(largest)) return false;
    if (pivot !== k) {
      for (let j = 0; j < size; j++) {
        const kept = matrix[k * size + j]!;
        matrix[k * size + j] = matrix[pivot * size + j]!;
        matrix[pivot * size + j] = kept;
      }
      const kept = side[k]!;
      side[k] = side[pivot]!;
      side[pivot] = kept;
    }
    for (let i = k + 1; i < size; i++) {
      const factor = matrix[i * size + k]! / largest;
      for (let j = k; j < size; j++) matrix[i * size + j]! -= factor * matrix[k * size + j]!;
      side[i]! -= factor * side[k]!;
    }
  }
  for (let k = size - 1; k >= 0; k--) {
    for (let j = k + 1; j < size; j++) side[k]! -= matrix[k * size + j]! * side[j]!;
    side[k]! /= matrix[k * size + k]!;
  }
  return true;
}
