import type { Evaluation, PointValues } from '../kkt/index.js';

/** Share by which bounds and sides are moved out, so that a feasible set without interior gets one. */
const relaxation = 1e-10;
/** κ_Σ: how far multipliers of the barrier may stray from μ/slack (Wächter & Biegler 2006, eq. 16). */
const multiplierBand = 1e10;

/** κ_d: weight of the slack itself beside its logarithm where the other side is missing, lest it run off (§3.7). */
const damping = 1e-5;

/** What a row is to the method. */
export const RowKind = { absent: 0, equality: 1, inequality: 2 } as const;

/**
 * One block of quantities kept between sides by a logarithmic barrier: the variables, or the slacks of the inequality
 * rows. Entries with `used` 0 have no barrier (fixed variables, equality rows).
 */
export class BarrierBlock {
  readonly value: Float64Array;
  readonly trial: Float64Array;
  readonly step: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly used: Uint8Array;
  /** Multipliers of the lower and upper sides, ≥ 0. */
  readonly lowerMultiplier: Float64Array;
  readonly upperMultiplier: Float64Array;
  /** What the products multiplier·slack should become beyond μ; 0 but for centrality corrections. */
  readonly lowerOffset: Float64Array;
  readonly upperOffset: Float64Array;

  constructor(readonly size: number) {
    this.value = new Float64Array(size);
    this.trial = new Float64Array(size);
    this.step = new Float64Array(size);
    this.lower = new Float64Array(size);
    this.upper = new Float64Array(size);
    this.used = new Uint8Array(size);
    this.lowerMultiplier = new Float64Array(size);
    this.upperMultiplier = new Float64Array(size);
    this.lowerOffset = new Float64Array(size);
    this.upperOffset = new Float64Array(size);
  }

  /** Takes the sides, moved out a little, and multipliers of 1. */
  setSides(lower: Float64Array, upper: Float64Array): void {
    for (let k = 0; k < this.size; k++) {
      const low = lower[k]!;
      const high = upper[k]!;
      this.used[k] = low === high ? 0 : 1;
      this.lower[k] = low - relaxation * Math.max(1, Math.abs(low));
      this.upper[k] = high + relaxation * Math.max(1, Math.abs(high));
      this.lowerMultiplier[k] = this.used[k] === 1 && low > -Infinity ? 1 : 0;
      this.upperMultiplier[k] = this.used[k] === 1 && high < Infinity ? 1 : 0;
    }
  }

  /** Moves `value` inside: at least `share` of max(1, |side|), or of the width, away from each side. */
  pushInside(share: number): void {
    const { value, lower, upper, used } = this;
    for (let k = 0; k < this.size; k++) {
      if (used[k] === 0) continue;
      const low = lower[k]!;
      const high = upper[k]!;
      const width = high - low;
      if (low > -Infinity)
        value[k] = Math.max(value[k]!, low + Math.min(share * Math.max(1, Math.abs(low)), share * width));
      if (high < Infinity) {
        value[k] = Math.min(value[k]!, high - Math.min(share * Math.max(1, Math.abs(high)), share * width));
      }
    }
  }

  /** Σ (κ_d·slack where one-sided − log slack) of the trial (or present) values. */
  logarithms(values: Float64Array): number {
    const { lower, upper, used } = this;
    let sum = 0;
    for (let k = 0; k < this.size; k++) {
      if (used[k] === 0) continue;
      const low = lower[k]! > -Infinity;
      const high = upper[k]! < Infinity;
      if (low) sum -= Math.log(values[k]! - lower[k]!);
      if (high) sum -= Math.log(upper[k]! - values[k]!);
      if (low && !high) sum += damping * (values[k]! - lower[k]!);
      else if (high && !low) sum += damping * (upper[k]! - values[k]!);
    }
    return sum;
  }

  /** d/dvalue of μ times `logarithms`. */
  gradient(k: number, mu: number): number {
    if (this.used[k] === 0) return 0;
    const value = this.value[k]!;
    let slope = 0;
    const low = this.lower[k]! > -Infinity;
    const high = this.upper[k]! < Infinity;
    if (low) slope -= mu / (value - this.lower[k]!);
    if (high) slope += mu / (this.upper[k]! - value);
    if (low !== high) slope += low ? damping * mu : -damping * mu;
    return slope;
  }

  /** Force that the offsets add to `gradient`. */
  offsetGradient(k: number): number {
    if (this.used[k] === 0) return 0;
    let slope = 0;
    if (this.lowerOffset[k] !== 0) slope -= this.lowerOffset[k]! / (this.value[k]! - this.lower[k]!);
    if (this.upperOffset[k] !== 0) slope += this.upperOffset[k]! / (this.upper[k]! - this.value[k]!);
    return slope;
  }

  clearOffsets(): void {
    this.lowerOffset.fill(0);
    this.upperOffset.fill(0);
  }

  /** Moves the offsets so that products at steps of these lengths fall into [0.1, 10]·μ (Gondzio 1996). */
  pullBack(mu: number, length: number, multiplierLength: number): void {
    for (let k = 0; k < this.size; k++) {
      if (this.used[k] === 0) continue;
      const d = length * this.step[k]!;
      if (this.lower[k]! > -Infinity) {
        const z = this.lowerMultiplier[k]! + multiplierLength * this.lowerChange(k, mu);
        this.lowerOffset[k]! += correction((this.value[k]! - this.lower[k]! + d) * z, mu);
      }
      if (this.upper[k]! < Infinity) {
        const z = this.upperMultiplier[k]! + multiplierLength * this.upperChange(k, mu);
        this.upperOffset[k]! += correction((this.upper[k]! - this.value[k]! - d) * z, mu);
      }
    }
  }

  /** Σ = z/slack of both sides. */
  curvature(k: number): number {
    if (this.used[k] === 0) return 0;
    const value = this.value[k]!;
    let sum = 0;
    if (this.lower[k]! > -Infinity) sum += this.lowerMultiplier[k]! / (value - this.lower[k]!);
    if (this.upper[k]! < Infinity) sum += this.upperMultiplier[k]! / (this.upper[k]! - value);
    return sum;
  }

  /** Longest fraction of `step` that keeps 1 − τ of every slack. */
  longestStep(tau: number): number {
    const { value, step, lower, upper, used } = this;
    let longest = 1;
    for (let k = 0; k < this.size; k++) {
      if (used[k] === 0) continue;
      const d = step[k]!;
      if (d < 0 && lower[k]! > -Infinity) longest = Math.min(longest, (-tau * (value[k]! - lower[k]!)) / d);
      else if (d > 0 && upper[k]! < Infinity) longest = Math.min(longest, (tau * (upper[k]! - value[k]!)) / d);
    }
    return longest;
  }

  setTrial(length: number): void {
    for (let k = 0; k < this.size; k++) this.trial[k] = this.value[k]! + length * this.step[k]!;
  }

  private lowerChange(k: number, mu: number): number {
    const slack = this.value[k]! - this.lower[k]!;
    return (mu + this.lowerOffset[k]! - this.lowerMultiplier[k]! * this.step[k]!) / slack - this.lowerMultiplier[k]!;
  }

  private upperChange(k: number, mu: number): number {
    const slack = this.upper[k]! - this.value[k]!;
    return (mu + this.upperOffset[k]! + this.upperMultiplier[k]! * this.step[k]!) / slack - this.upperMultiplier[k]!;
  }

  /** Longest fraction of the multipliers' Newton step that keeps 1 − τ of each. */
  longestMultiplierStep(mu: number, tau: number): number {
    let longest = 1;
    for (let k = 0; k < this.size; k++) {
      if (this.used[k] === 0) continue;
      if (this.lower[k]! > -Infinity) {
        const change = this.lowerChange(k, mu);
        if (change < 0) longest = Math.min(longest, (-tau * this.lowerMultiplier[k]!) / change);
      }
      if (this.upper[k]! < Infinity) {
        const change = this.upperChange(k, mu);
        if (change < 0) longest = Math.min(longest, (-tau * this.upperMultiplier[k]!) / change);
      }
    }
    return longest;
  }

  /** Takes the trial values over and moves the multipliers by their fraction, kept near μ/slack. */
  accept(mu: number, multiplierLength: number): void {
    const { lower, upper, lowerMultiplier, upperMultiplier, value, trial, used } = this;
    for (let k = 0; k < this.size; k++) {
      if (used[k] === 0) continue;
      const changeLow = lower[k]! > -Infinity ? this.lowerChange(k, mu) : 0;
      const changeHigh = upper[k]! < Infinity ? this.upperChange(k, mu) : 0;
      value[k] = trial[k]!;
      if (lower[k]! > -Infinity) {
        const centre = mu / (value[k]! - lower[k]!);
        lowerMultiplier[k] = near(lowerMultiplier[k]! + multiplierLength * changeLow, centre);
      }
      if (upper[k]! < Infinity) {
        const centre = mu / (upper[k]! - value[k]!);
        upperMultiplier[k] = near(upperMultiplier[k]! + multiplierLength * changeHigh, centre);
      }
    }
  }

  /** Multipliers μ/slack, at most `largest`. */
  centreMultipliers(mu: number, largest: number): void {
    for (let k = 0; k < this.size; k++) {
      if (this.used[k] === 0) continue;
      if (this.lower[k]! > -Infinity) {
        this.lowerMultiplier[k] = Math.min(largest, mu / (this.value[k]! - this.lower[k]!));
      }
      if (this.upper[k]! < Infinity) {
        this.upperMultiplier[k] = Math.min(largest, mu / (this.upper[k]! - this.value[k]!));
      }
    }
  }

  /** Σ |net|·slack over the sides that net multipliers push against, and their number. */
  guessedComplementarity(net: Float64Array): { sum: number; count: number } {
    const { value, lower, upper, used } = this;
    let sum = 0;
    let count = 0;
    for (let k = 0; k < this.size; k++) {
      const force = net[k]!;
      const slack = force > 0 ? upper[k]! - value[k]! : value[k]! - lower[k]!;
      if (used[k] === 0 || force === 0 || !(Math.abs(force * slack) < Infinity)) continue;
      sum += Math.abs(force) * slack;
      count++;
    }
    return { sum, count };
  }

  /** Raises the multipliers of the sides that net multipliers push against to at least those. */
  raiseMultipliers(net: Float64Array): void {
    for (let k = 0; k < this.size; k++) {
      if (this.used[k] === 0) continue;
      const force = net[k]!;
      if (force > 0 && this.upper[k]! < Infinity) {
        this.upperMultiplier[k] = Math.max(this.upperMultiplier[k]!, force);
      } else if (force < 0 && this.lower[k]! > -Infinity) {
        this.lowerMultiplier[k] = Math.max(this.lowerMultiplier[k]!, -force);
      }
    }
  }

  /** Largest |z·slack − μ|. */
  complementarity(mu: number): number {
    let largest = 0;
    for (let k = 0; k < this.size; k++) {
      if (this.used[k] === 0) continue;
      const value = this.value[k]!;
      if (this.lower[k]! > -Infinity) {
        largest = Math.max(largest, Math.abs(this.lowerMultiplier[k]! * (value - this.lower[k]!) - mu));
      }
      if (this.upper[k]! < Infinity) {
        largest = Math.max(largest, Math.abs(this.upperMultiplier[k]! * (this.upper[k]! - value) - mu));
      }
    }
    return largest;
  }

  /** Upper minus lower multiplier: the net force of both sides. */
  net(k: number): number {
    return this.upperMultiplier[k]! - this.lowerMultiplier[k]!;
  }

  multiplierSum(): number {
    let sum = 0;
    for (let k = 0; k < this.size; k++) sum += this.lowerMultiplier[k]! + this.upperMultiplier[k]!;
    return sum;
  }
}

function correction(product: number, mu: number): number {
  if (product < 0.1 * mu) return 0.1 * mu - product;
  return product > 10 * mu ? Math.max(10 * mu - product, -10 * mu) : 0;
}

function near(multiplier: number, centre: number): number {
  return Math.min(Math.max(multiplier, centre / multiplierBand), centre * multiplierBand);
}

/** Kinds of the rows by their sides. */
export function rowKinds(evaluation: Evaluation): Uint8Array {
  return Uint8Array.from(evaluation.rowLower, (low, i) => {
    const high = evaluation.rowUpper[i]!;
    if (low === high) return RowKind.equality;
    return low === -Infinity && high === Infinity ? RowKind.absent : RowKind.inequality;
  });
}

/** c − side of an equality row, c − slack of an inequality row, 0 of an absent one. */
export function rowResidual(
  evaluation: Evaluation,
  kinds: Uint8Array,
  point: PointValues,
  slacks: Float64Array,
  i: number,
): number {
  if (kinds[i] === RowKind.equality) return point.constraints[i]! - evaluation.rowLower[i]!;
  return kinds[i] === RowKind.inequality ? point.constraints[i]! - slacks[i]! : 0;
}
