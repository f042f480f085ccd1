import type { DenseData } from './dense-data.js';

/** A condition counts as violated beyond this, relative to max(1, |side|): far below what a caller asks for. */
const violationTolerance = 1e-10;
/** Violated conditions kept from one pricing of all to the next. */
const candidateLimit = 16;
/** A candidate enters without a new pricing of all while it is violated by this much of the worst one then. */
const candidateFraction = 0.5;
/** Candidates violated that much may enter together with the worst one, up to this many. */
const companionLimit = 4;

/** Chooses the conditions that enter a working set: the most violated ones relative to the norms of their rows. */
export class Pricing {
  /** The entering condition, then those chosen to enter with it. */
  readonly companions = new Int32Array(companionLimit + 1);
  private readonly tolerances: Float64Array;
  /** Activity of every condition at the point last priced. */
  private readonly activities: Float64Array;
  /** Conditions found violated by the last full pricing, the worst first, and their measures. */
  private readonly candidates = new Int32Array(candidateLimit);
  private readonly candidateMeasures = new Float64Array(candidateLimit);
  private candidateCount = 0;
  private candidateThreshold = 0;
  /** Conditions before this one have no sides. */
  private firstPriced = 0;

  /** Reads the point x and the sides held (0: not in the working set) where they lie. */
  constructor(
    private readonly data: DenseData,
    private readonly x: Float64Array,
    private readonly sides: Int8Array,
  ) {
    this.tolerances = new Float64Array(data.lower.length);
    this.activities = new Float64Array(data.lower.length);
  }

  /** Takes new sides of the conditions in; forgets the candidates. */
  setTolerances(): void {
    const { data, tolerances } = this;
    this.candidateCount = 0;
    this.firstPriced = 0;
    for (let i = 0; i < tolerances.length; i++) {
      if (i === this.firstPriced && data.lower[i] === -Infinity && data.upper[i] === Infinity) this.firstPriced++;
      const low = Math.abs(data.lower[i]!);
      const high = Math.abs(data.upper[i]!);
      const side = Math.min(low, high);
      tolerances[i] = violationTolerance * Math.max(1, side === Infinity ? 0 : side);
    }
  }

  /**
   * Condition outside the working set with the largest violation per row norm; −1 if none. While the most violated of
   * the last full pricing's candidates is violated as much as they were then, only these are looked at.
   */
  chooseEntering(): number {
    let entering = -1;
    let largest = this.candidateThreshold;
    for (let c = 0; c < this.candidateCount; c++) {
      const measure = this.violationMeasure(this.candidates[c]!);
      if (measure <= largest) continue;
      largest = measure;
      entering = this.candidates[c]!;
    }
    return entering >= 0 ? entering : this.priceAll();
  }

  /** Looks at every condition, keeps the most violated ones as candidates and returns the worst. */
  priceAll(): number {
    const { candidates, candidateMeasures, activities, data, sides, tolerances } = this;
    const { lower, upper, norms } = data;
    data.allActivities(this.x, activities);
    const total = sides.length;
    let count = 0;
    for (let i = this.firstPriced; i < total; i++) {
      const activity = activities[i]!;
      const below = lower[i]! - activity;
      const above = activity - upper[i]!;
      const violation = above > below ? above : below;
      if (!(violation > tolerances[i]!) || sides[i] !== 0) continue;
      const measure = violation / norms[i]!;
      if (count === candidateLimit && measure <= candidateMeasures[count - 1]!) continue;
      let at = count < candidateLimit ? count++ : count - 1;
      for (; at > 0 && candidateMeasures[at - 1]! < measure; at--) {
        candidateMeasures[at] = candidateMeasures[at - 1]!;
        candidates[at] = candidates[at - 1]!;
      }
      candidateMeasures[at] = measure;
      candidates[at] = i;
    }
    this.candidateCount = count;
    this.candidateThreshold = count === 0 ? 0 : candidateFraction * candidateMeasures[0]!;
    return count === 0 ? -1 : candidates[0]!;
  }

  /** The first violated condition (Bland's rule), −1 if none. */
  firstViolated(): number {
    const total = this.sides.length;
    for (let i = this.firstPriced; i < total; i++) if (this.violationMeasure(i) > 0) return i;
    return -1;
  }

  /** Finds at most `room` further strongly violated candidates to enter with this one; returns how many. */
  chooseCompanions(entering: number, room: number): number {
    const { companions, candidates, candidateThreshold, candidateCount } = this;
    const most = Math.min(companionLimit, room);
    let count = 0;
    companions[0] = entering;
    for (let c = 0; c < candidateCount && count < most; c++) {
      const condition = candidates[c]!;
      if (condition === entering || !(this.violationMeasure(condition) > candidateThreshold)) continue;
      companions[++count] = condition;
    }
    return count;
  }

  /** Violation of a condition outside the working set relative to its row's norm; 0 within tolerance. */
  private violationMeasure(condition: number): number {
    const { data, sides, tolerances } = this;
    if (sides[condition] !== 0) return 0;
    const low = data.lower[condition]!;
    const high = data.upper[condition]!;
    if (low === -Infinity && high === Infinity) return 0;
    const activity = data.activity(condition, this.x);
    const violation = Math.max(low - activity, activity - high);
    return violation > tolerances[condition]! ? violation / data.norms[condition]! : 0;
  }
}
