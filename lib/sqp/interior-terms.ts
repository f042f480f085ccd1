/** Eliminated parts of the interior-point system: bounds, slacks of rows, elastic variables. */

/** Bounds on the variables and their duals. Index 2j is the lower side of variable j, 2j + 1 the upper one. */
export class BarrierTerms {
  readonly delta: Float64Array;
  readonly rightHandSide: Float64Array;
  pairCount = 0;
  private readonly slack: Float64Array;
  private readonly duals: Float64Array;
  private readonly target: Float64Array;
  private readonly deltaSlack: Float64Array;
  private readonly deltaDual: Float64Array;

  constructor(variableCount: number) {
    this.delta = new Float64Array(variableCount);
    this.rightHandSide = new Float64Array(variableCount);
    this.slack = new Float64Array(2 * variableCount);
    this.duals = new Float64Array(2 * variableCount);
    this.target = new Float64Array(2 * variableCount);
    this.deltaSlack = new Float64Array(2 * variableCount);
    this.deltaDual = new Float64Array(2 * variableCount);
  }

  start(lower: Float64Array, upper: Float64Array, held: Int8Array, step: Float64Array, dualScale: number): void {
    this.pairCount = 0;
    for (let j = 0; j < step.length; j++) {
      const low = held[j] !== 0 ? Infinity : step[j]! - lower[j]!;
      const high = held[j] !== 0 ? Infinity : upper[j]! - step[j]!;
      this.slack[2 * j] = low;
      this.slack[2 * j + 1] = high;
      this.duals[2 * j] = low === Infinity ? 0 : dualScale;
      this.duals[2 * j + 1] = high === Infinity ? 0 : dualScale;
      this.pairCount += (low < Infinity ? 1 : 0) + (high < Infinity ? 1 : 0);
    }
  }

  gap(): number {
    return complementarityGap(this.slack, this.duals);
  }

  gapAfter(length: number): number {
    return gapAlong(this.slack, this.duals, this.deltaSlack, this.deltaDual, length);
  }

  diagonal(target: Float64Array): void {
    const { slack, duals } = this;
    for (let j = 0; j < target.length; j++) {
      target[j] = duals[2 * j]! / slack[2 * j]! + duals[2 * j + 1]! / slack[2 * j + 1]!;
    }
  }

  residual(mu: number, correct: boolean): void {
    const { slack, target, deltaSlack, deltaDual } = this;
    for (let k = 0; k < slack.length; k++) {
      if (slack[k] === Infinity) continue;
      target[k] = (mu - (correct ? deltaSlack[k]! * deltaDual[k]! : 0)) / slack[k]!;
    }
    for (let j = 0; j < this.delta.length; j++) this.rightHandSide[j] = target[2 * j]! - target[2 * j + 1]!;
  }

  expand(): void {
    const { slack, duals, target, deltaSlack, deltaDual, delta } = this;
    for (let k = 0; k < slack.length; k++) {
      if (slack[k] === Infinity) continue;
      const change = (k & 1) === 0 ? delta[k >> 1]! : -delta[k >> 1]!;
      deltaSlack[k] = change;
      deltaDual[k] = target[k]! - duals[k]! - (duals[k]! / slack[k]!) * change;
    }
  }

  longest(fraction: number): number {
    return Math.min(
      longestStep(this.slack, this.deltaSlack, fraction),
      longestStep(this.duals, this.deltaDual, fraction),
    );
  }

  advance(length: number): void {
    advance(this.slack, this.deltaSlack, length);
    advance(this.duals, this.deltaDual, length);
  }

  /** Multiplier z of the standard form. */
  dual(j: number): number {
    return this.duals[2 * j + 1]! - this.duals[2 * j]!;
  }

  state(j: number): number {
    return sideState(this.slack[2 * j]!, this.duals[2 * j]!, this.slack[2 * j + 1]!, this.duals[2 * j + 1]!);
  }
}

/**
 * Slacks s of two-sided rows and elastic variables: per row the four pairs (s − lower, w₋), (upper − s, w₊),
 * (p, ν − y), (n, ν + y), at indices 4i … 4i + 3. Equalities have only the last two.
 */
export class ElasticRows {
  readonly deltaMultiplier: Float64Array;
  readonly rightHandSide: Float64Array;
  pairCount = 0;
  private readonly lower: Float64Array;
  private readonly upper: Float64Array;
  private readonly center: Float64Array;
  private readonly multiplier: Float64Array;
  private readonly slack: Float64Array;
  private readonly duals: Float64Array;
  private readonly target: Float64Array;
  private readonly deltaSlack: Float64Array;
  private readonly deltaDual: Float64Array;
  private readonly linear: Float64Array;
  private penalty = 1;

  constructor(private readonly rowCount: number) {
    this.deltaMultiplier = new Float64Array(rowCount);
    this.rightHandSide = new Float64Array(rowCount);
    this.lower = new Float64Array(rowCount);
    this.upper = new Float64Array(rowCount);
    this.center = new Float64Array(rowCount);
    this.multiplier = new Float64Array(rowCount);
    this.slack = new Float64Array(4 * rowCount);
    this.duals = new Float64Array(4 * rowCount);
    this.target = new Float64Array(4 * rowCount);
    this.deltaSlack = new Float64Array(4 * rowCount);
    this.deltaDual = new Float64Array(4 * rowCount);
    this.linear = new Float64Array(rowCount);
  }

  start(
    lower: Float64Array,
    upper: Float64Array,
    activity: Float64Array,
    penalty: number,
    dualScale: number,
    distance: number,
  ): void {
    this.lower.set(lower);
    this.upper.set(upper);
    this.multiplier.fill(0);
    this.penalty = penalty;
    this.pairCount = 0;
    for (let i = 0; i < this.rowCount; i++) {
      const low = lower[i]!;
      const high = upper[i]!;
      const inequality = low !== high;
      const s = inequality ? nearestInterior(activity[i]!, low, high, distance) : low;
      this.center[i] = s;
      this.setPair(4 * i, inequality ? s - low : Infinity, dualScale);
      this.setPair(4 * i + 1, inequality ? high - s : Infinity, dualScale);
      const residual = activity[i]! - s;
      const floor = dualScale / penalty;
      this.setPair(4 * i + 2, Math.max(0, residual) + Math.max(floor, 0.1 * Math.abs(residual)), penalty);
      this.setPair(4 * i + 3, Math.max(0, -residual) + Math.max(floor, 0.1 * Math.abs(residual)), penalty);
    }
  }

  private setPair(k: number, slack: number, dual: number): void {
    this.slack[k] = slack;
    this.duals[k] = slack === Infinity ? 0 : dual;
    if (slack !== Infinity) this.pairCount++;
  }

  gap(): number {
    return complementarityGap(this.slack, this.duals);
  }

  gapAfter(length: number): number {
    return gapAlong(this.slack, this.duals, this.deltaSlack, this.deltaDual, length);
  }

  private rowResidual(i: number, activity: number): number {
    return activity - this.center[i]! + this.slack[4 * i + 3]! - this.slack[4 * i + 2]!;
  }

  primalError(activity: Float64Array): number {
    let worst = 0;
    for (let i = 0; i < this.rowCount; i++) {
      const size = Math.max(1, Math.abs(this.center[i]!));
      worst = Math.max(worst, Math.abs(this.rowResidual(i, activity[i]!)) / size);
    }
    return worst;
  }

  dualError(): number {
    let worst = 0;
    for (let i = 0; i < this.rowCount; i++) {
      if (this.lower[i] === this.upper[i]) continue;
      worst = Math.max(worst, Math.abs(this.duals[4 * i + 1]! - this.duals[4 * i]! - this.multiplier[i]!));
    }
    return worst;
  }

  /** ρᵢ: 1/Σ_s + n/(ν + y) + p/(ν − y). */
  diagonal(target: Float64Array, multipliers: Float64Array): void {
    this.multiplier.set(multipliers);
    const { slack, duals } = this;
    for (let i = 0; i < this.rowCount; i++) {
      const k = 4 * i;
      let rho = slack[k + 2]! / duals[k + 2]! + slack[k + 3]! / duals[k + 3]!;
      if (this.lower[i] !== this.upper[i]) rho += 1 / this.slackCurvature(k);
      target[i] = rho;
    }
  }

  private slackCurvature(k: number): number {
    const { slack, duals } = this;
    return Math.max(duals[k]! / slack[k]! + duals[k + 1]! / slack[k + 1]!, 1e-14);
  }

  residual(mu: number, correct: boolean, activity: Float64Array): void {
    const { slack, duals, target, deltaSlack, deltaDual, penalty } = this;
    for (let k = 0; k < slack.length; k++) {
      if (slack[k] === Infinity) continue;
      target[k] = (mu - (correct ? deltaSlack[k]! * deltaDual[k]! : 0)) / slack[k]! - duals[k]!;
    }
    for (let i = 0; i < this.rowCount; i++) {
      const k = 4 * i;
      const y = this.multiplier[i]!;
      const up = slack[k + 2]! / duals[k + 2]!;
      const down = slack[k + 3]! / duals[k + 3]!;
      let value = -this.rowResidual(i, activity[i]!);
      value += up * (-(penalty - y - duals[k + 2]!) + target[k + 2]!);
      value -= down * (-(penalty + y - duals[k + 3]!) + target[k + 3]!);
      if (this.lower[i] !== this.upper[i]) {
        this.linear[i] = y + duals[k]! - duals[k + 1]! + (slack[k] === Infinity ? 0 : target[k]!);
        this.linear[i] = this.linear[i]! - (slack[k + 1] === Infinity ? 0 : target[k + 1]!);
        value += this.linear[i]! / this.slackCurvature(k);
      }
      this.rightHandSide[i] = value;
    }
  }

  expand(): void {
    const { slack, duals, target, deltaSlack, deltaDual, penalty } = this;
    for (let i = 0; i < this.rowCount; i++) {
      const k = 4 * i;
      const y = this.multiplier[i]!;
      const dy = this.deltaMultiplier[i]!;
      deltaDual[k + 2] = penalty - y - duals[k + 2]! - dy;
      deltaDual[k + 3] = penalty + y - duals[k + 3]! + dy;
      for (let e = k + 2; e < k + 4; e++) {
        deltaSlack[e] = (slack[e]! / duals[e]!) * (target[e]! - deltaDual[e]!);
      }
      if (this.lower[i] === this.upper[i]) continue;
      const ds = (dy + this.linear[i]!) / this.slackCurvature(k);
      deltaSlack[k] = ds;
      deltaSlack[k + 1] = -ds;
      deltaDual[k] = slack[k] === Infinity ? 0 : target[k]! - (duals[k]! / slack[k]!) * ds;
      deltaDual[k + 1] = slack[k + 1] === Infinity ? 0 : target[k + 1]! + (duals[k + 1]! / slack[k + 1]!) * ds;
    }
  }

  longest(fraction: number): number {
    return Math.min(
      longestStep(this.slack, this.deltaSlack, fraction),
      longestStep(this.duals, this.deltaDual, fraction),
    );
  }

  advance(length: number): void {
    for (let i = 0; i < this.rowCount; i++) {
      if (this.lower[i] !== this.upper[i]) this.center[i] = this.center[i]! + length * this.rowStep(4 * i);
    }
    advance(this.slack, this.deltaSlack, length);
    advance(this.duals, this.deltaDual, length);
  }

  private rowStep(k: number): number {
    return this.slack[k] === Infinity ? -this.deltaSlack[k + 1]! : this.deltaSlack[k]!;
  }

  state(i: number): number {
    if (this.lower[i] === this.upper[i]) return 1;
    const k = 4 * i;
    return sideState(this.slack[k]!, this.duals[k]!, this.slack[k + 1]!, this.duals[k + 1]!);
  }
}

function complementarityGap(slack: Float64Array, duals: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < slack.length; k++) if (slack[k] !== Infinity) sum += slack[k]! * duals[k]!;
  return sum;
}

function gapAlong(
  slack: Float64Array,
  duals: Float64Array,
  deltaSlack: Float64Array,
  deltaDual: Float64Array,
  length: number,
): number {
  let sum = 0;
  for (let k = 0; k < slack.length; k++) {
    if (slack[k] === Infinity) continue;
    sum += (slack[k]! + length * deltaSlack[k]!) * (duals[k]! + length * deltaDual[k]!);
  }
  return Math.max(0, sum);
}

function longestStep(values: Float64Array, change: Float64Array, fraction: number): number {
  let longest = 1;
  for (let k = 0; k < values.length; k++) {
    const delta = change[k]!;
    if (delta < 0 && values[k] !== Infinity) longest = Math.min(longest, (-fraction * values[k]!) / delta);
  }
  return longest;
}

function advance(values: Float64Array, change: Float64Array, length: number): void {
  for (let k = 0; k < values.length; k++) {
    if (values[k] !== Infinity) values[k] = Math.max(values[k]! + length * change[k]!, Number.MIN_VALUE);
  }
}

function sideState(lowSlack: number, lowDual: number, highSlack: number, highDual: number): number {
  const low = lowSlack < lowDual;
  const high = highSlack < highDual;
  if (low && high) return lowDual > highDual ? -1 : 1;
  return low ? -1 : high ? 1 : 0;
}

/** The value moved to at least min(`distance`, a quarter of the width) from the sides. */
export function nearestInterior(value: number, lower: number, upper: number, distance: number): number {
  const margin = Math.min(Math.max(distance, 0.01 * Math.abs(value)), 0.25 * (upper - lower));
  return clamp(value, lower + margin, upper - margin);
}

export function clamp(value: number, lower: number, upper: number): number {
  return Math.min(Math.max(value, lower), upper);
}
