/** Steps before giving up; two dozen are usual. */
const maxSteps = 80;
/** Gap, relative to the objective, at which steps end where the other conditions hold as well; beyond the least it is rounding. */
const wantedGap = 1e-14;
const wantedResidual = 1e-12;
const leastGap = 1e-16;
/** What both must be at last. */
const acceptedError = 1e-9;
const stepFraction = 0.995;
/** A threshold below this part of the objective's size gives no scale of its own; the room around it then is a part of that size. */
const smallestPart = 1e-9;
const leastRoom = 0.1;

/**
 * A convex quadratic program of few thresholds and one shared limit,
 *
 *   minimise Σ c_r·t_r + ½Σ D_i·d_i²   subject to   f_{i,r} + a_{i,r}·d_i ≤ t_r,   Σ g_i·d_i ≤ b,
 *                                                   lower ≤ d ≤ upper,   t ≥ least,
 *
 * with a ≥ 0 and g ≤ 0, by Mehrotra's predictor–corrector method (1992). Each d_i is eliminated by itself, so that a step
 * costs O(n·R²) and one linear system of order R. Entry i·R + r is row i, r. The caller writes the data before each
 * `solve`, which allocates nothing, and reads the answer after it.
 */
export class ThresholdProgram {
  /** D ≥ 0. */
  readonly curvature: Float64Array;
  /** f and a. */
  readonly offset: Float64Array;
  readonly slope: Float64Array;
  /** g and b. */
  readonly use: Float64Array;
  required = 0;
  readonly lower: Float64Array;
  readonly upper: Float64Array;

  /** d, within its bounds. */
  readonly step: Float64Array;
  /** Multipliers ≥ 0: of the rows, then of the lower and upper bounds, of t ≥ least and of the limit. */
  readonly multipliers: Float64Array;
  /** Σ c_r·t_r with t the longest rows at d. */
  predicted = 0;
  /** Rows and bounds that became active or inactive since the solve before. */
  activeChanges = 0;

  /** Of the conditions in the order of their multipliers. */
  private readonly slack: Float64Array;
  private readonly slackChange: Float64Array;
  private readonly multiplierChange: Float64Array;
  private readonly active: Uint8Array;
  private readonly thresholds: Float64Array;
  private readonly floors: Float64Array;
  private readonly stepChange: Float64Array;
  private readonly thresholdChange: Float64Array;
  /** D_i + Σ y/s of what holds d_i, and the force that moves it. */
  private readonly stiffness: Float64Array;
  private readonly force: Float64Array;
  private readonly system: Float64Array;
  /** Of the limit in the system's rows. */
  private readonly column: Float64Array;
  /** Part of the second-order term of the last direction that the next one takes into account. */
  private correction = 0;
  private readonly kinds: number;
  private readonly firstLower: number;
  private readonly firstUpper: number;
  private readonly firstLeast: number;
  private readonly limit: number;

  constructor(
    readonly count: number,
    private readonly weights: readonly number[],
    private readonly least: Float64Array,
    /** Size of what the objective is added to: its precision is relative to both together. */
    private readonly scale: number,
  ) {
    const kinds = weights.length;
    this.kinds = kinds;
    this.firstLower = count * kinds;
    this.firstUpper = this.firstLower + count;
    this.firstLeast = this.firstUpper + count;
    this.limit = this.firstLeast + kinds;
    const array = (length: number) => new Float64Array(length);
    this.curvature = array(count);
    this.offset = array(count * kinds);
    this.slope = array(count * kinds);
    this.use = array(count);
    this.lower = array(count);
    this.upper = array(count);
    this.step = array(count);
    this.stepChange = array(count);
    this.stiffness = array(count);
    this.force = array(count);
    this.thresholds = array(kinds);
    this.floors = array(kinds);
    this.thresholdChange = array(kinds);
    this.system = array(kinds * kinds);
    this.column = array(kinds);
    this.multipliers = array(this.limit + 1);
    this.slack = array(this.limit + 1);
    this.slackChange = array(this.limit + 1);
    this.multiplierChange = array(this.limit + 1);
    this.active = new Uint8Array(this.limit + 1);
  }

  get limitMultiplier(): number {
    return this.multipliers[this.limit]!;
  }

  /** False where the limit cannot be met, or the steps do not settle. */
  solve(): boolean {
    const { use, upper, required } = this;
    let most = 0;
    for (let i = 0; i < this.count; i++) most += use[i]! * upper[i]!;
    const size = Math.max(Math.abs(required), Math.abs(most));
    if (most - required > 1e-13 * size) return false;
    this.begin(most);
    // Where only the upper bounds meet the limit there is no inside.
    if (required - most <= 1e-13 * size) return this.takeUpper();
    for (let k = 0; k < maxSteps && !this.settled(size); k++) {
      const gap = this.complementarity();
      this.correction = 0;
      this.findDirection(0);
      const affine = this.longestStep();
      const centering = (this.gapAfter(affine) / gap) ** 3;
      // What a short step would not reach is not corrected.
      this.correction = affine * affine;
      this.findDirection((centering * gap) / this.slack.length);
      const length = Math.min(1, stepFraction * this.longestStep());
      // Next to the solution rounding may leave no direction.
      if (!(length > 1e-12) || !Number.isFinite(this.gapAfter(length))) break;
      this.move(length);
    }
    this.measure();
    this.countChanges();
    return Math.max(this.gap(), this.residual(size)) <= acceptedError;
  }

  /** A start at which every condition holds with room, of the multipliers too. `most` is Σ g at the upper bounds. */
  private begin(most: number): void {
    const { count, kinds, offset, slope, use, lower, upper, step, thresholds, floors, slack, limit } = this;
    floors.fill(-Infinity);
    let used = 0;
    for (let i = 0; i < count; i++) {
      const margin = 0.1 * Math.min(1, upper[i]! - lower[i]!);
      step[i] = Math.min(Math.max(0, lower[i]! + margin), upper[i]! - margin);
      used += use[i]! * step[i]!;
      for (let r = 0; r < kinds; r++) {
        const k = i * kinds + r;
        floors[r] = Math.max(floors[r]!, offset[k]! + slope[k]! * lower[i]!);
      }
    }
    // As far towards the upper bounds as leaves a tenth of the room that there is.
    const wanted = this.required - 0.1 * (this.required - most);
    const part = used > wanted ? (used - wanted) / (used - most) : 0;
    slack[limit] = this.required;
    for (let i = 0; i < count; i++) {
      step[i]! += part * (upper[i]! - step[i]!);
      slack[this.firstLower + i] = step[i]! - lower[i]!;
      slack[this.firstUpper + i] = upper[i]! - step[i]!;
      slack[limit] -= use[i]! * step[i]!;
    }
    this.measure();
    const objective = this.objectiveSize();
    for (let r = 0; r < kinds; r++) {
      // A threshold that a fixed device holds may lie at its origin: its own size says nothing of the room to leave then.
      const own = Math.abs(thresholds[r]!);
      const size = own > smallestPart * objective ? own : Math.max(leastRoom * objective, 1e-300);
      thresholds[r]! += 0.1 * size;
      // No threshold gets below its rows at the lower bounds: a bound for those that have none.
      floors[r] = Math.max(this.least[r]!, floors[r]! - size);
      slack[this.firstLeast + r] = thresholds[r]! - floors[r]!;
    }
    for (let k = 0; k < count * kinds; k++) {
      slack[k] = thresholds[k % kinds]! - offset[k]! - slope[k]! * step[(k / kinds) | 0]!;
    }
    this.beginMultipliers();
  }

  /** Of the rows in proportion to 1 / slack, so that they add up to the weights; bounds take the force that is left. */
  private beginMultipliers(): void {
    const { count, kinds, weights, slope, use, step, slack, multipliers, limit, firstLower, firstUpper, firstLeast } =
      this;
    let target = 0;
    for (let r = 0; r < kinds; r++) {
      let sum = 1 / slack[firstLeast + r]!;
      for (let k = r; k < firstLower; k += kinds) sum += 1 / slack[k]!;
      const product = weights[r]! / sum;
      for (let k = r; k < firstLower; k += kinds) multipliers[k] = product / slack[k]!;
      multipliers[firstLeast + r] = product / slack[firstLeast + r]!;
      target += product / kinds;
    }
    multipliers[limit] = target / slack[limit]!;
    for (let i = 0; i < count; i++) {
      let force = this.curvature[i]! * step[i]! + multipliers[limit] * use[i]!;
      for (let k = i * kinds; k < (i + 1) * kinds; k++) force += slope[k]! * multipliers[k]!;
      multipliers[firstLower + i] = Math.max(force, 0) + target / slack[firstLower + i]!;
      multipliers[firstUpper + i] = Math.max(-force, 0) + target / slack[firstUpper + i]!;
    }
  }

  /** Thresholds and objective at the present d. */
  private measure(): void {
    const { kinds, weights, offset, slope, step, thresholds } = this;
    thresholds.set(this.least);
    for (let k = 0; k < offset.length; k++) {
      const row = offset[k]! + slope[k]! * step[(k / kinds) | 0]!;
      if (row > thresholds[k % kinds]!) thresholds[k % kinds] = row;
    }
    this.predicted = 0;
    for (let r = 0; r < kinds; r++) this.predicted += weights[r]! * thresholds[r]!;
  }

  private objectiveSize(): number {
    let size = Math.max(this.scale, Number.MIN_VALUE);
    for (let r = 0; r < this.kinds; r++) size += this.weights[r]! * Math.abs(this.thresholds[r]!);
    return size;
  }

  private takeUpper(): boolean {
    const { kinds, weights, offset, slope, step, multipliers } = this;
    step.set(this.upper);
    this.measure();
    multipliers.fill(0);
    const left = weights.slice();
    for (let k = 0; k < offset.length; k++) {
      const r = k % kinds;
      if (offset[k]! + slope[k]! * step[(k / kinds) | 0]! < this.thresholds[r]!) continue;
      multipliers[k] = left[r]!;
      left[r] = 0;
    }
    return true;
  }

  private settled(size: number): boolean {
    const gap = this.gap();
    return gap <= leastGap || (gap <= wantedGap && this.residual(size) <= wantedResidual);
  }

  /** Complementarity, relative to the objective. */
  private gap(): number {
    return this.complementarity() / this.objectiveSize();
  }

  /** Of the limit and of Σ y = c, relative. */
  private residual(size: number): number {
    let residual = Math.abs(this.limitResidual()) / size;
    for (let r = 0; r < this.kinds; r++) {
      residual = Math.max(residual, Math.abs(this.weightLeft(r)) / this.weights[r]!);
    }
    return residual;
  }

  private limitResidual(): number {
    let left = this.required - this.slack[this.limit]!;
    for (let i = 0; i < this.count; i++) left -= this.use[i]! * this.step[i]!;
    return left;
  }

  /** c_r − Σ_i y_{i,r} − that of t_r ≥ least. */
  private weightLeft(r: number): number {
    let left = this.weights[r]! - this.multipliers[this.firstLeast + r]!;
    for (let k = r; k < this.firstLower; k += this.kinds) left -= this.multipliers[k]!;
    return left;
  }

  private complementarity(): number {
    const { slack, multipliers } = this;
    let sum = 0;
    for (let k = 0; k < slack.length; k++) sum += slack[k]! * multipliers[k]!;
    return sum;
  }

  /** Σ slack·multiplier after this part of the direction. */
  private gapAfter(length: number): number {
    const { slack, multipliers, slackChange, multiplierChange } = this;
    let sum = 0;
    for (let k = 0; k < slack.length; k++) {
      sum += (slack[k]! + length * slackChange[k]!) * (multipliers[k]! + length * multiplierChange[k]!);
    }
    return sum;
  }

  /** The part of the direction, at most 1, after which a slack or a multiplier is zero. */
  private longestStep(): number {
    const { slack, multipliers, slackChange, multiplierChange } = this;
    let length = 1;
    for (let k = 0; k < slack.length; k++) {
      if (slack[k]! + length * slackChange[k]! < 0) length = -slack[k]! / slackChange[k]!;
      if (multipliers[k]! + length * multiplierChange[k]! < 0) length = -multipliers[k]! / multiplierChange[k]!;
    }
    return length;
  }

  private move(length: number): void {
    const { slack, multipliers, slackChange, multiplierChange, step, stepChange, thresholds } = this;
    for (let k = 0; k < slack.length; k++) {
      slack[k]! += length * slackChange[k]!;
      multipliers[k]! += length * multiplierChange[k]!;
    }
    for (let i = 0; i < step.length; i++) {
      step[i] = Math.min(Math.max(step[i]! + length * stepChange[i]!, this.lower[i]!), this.upper[i]!);
    }
    for (let r = 0; r < thresholds.length; r++) thresholds[r]! += length * this.thresholdChange[r]!;
  }

  /** Slack times multiplier wanted of a condition less what the last direction bends away, over the slack. */
  private aim(k: number, target: number): number {
    const bend = this.correction && this.correction * this.slackChange[k]! * this.multiplierChange[k]!;
    return (target - bend) / this.slack[k]!;
  }

  /** Newton's direction to slack·multiplier = target, corrected by the changes that the last direction left. */
  private findDirection(target: number): void {
    const { count, kinds, slope, use, stiffness, force, slack, multipliers, system, column, limit } = this;
    const { firstLower, firstUpper, firstLeast, step, thresholdChange: side } = this;
    system.fill(0);
    column.fill(0);
    const price = multipliers[limit]!;
    let flexibility = slack[limit]! / price;
    let shortage = this.limitResidual() + slack[limit]! - this.aim(limit, target) * flexibility;
    for (let r = 0; r < kinds; r++) {
      const least = firstLeast + r;
      system[r * kinds + r] = multipliers[least]! / slack[least]!;
      side[r] = this.aim(least, target) - this.weights[r]!;
      for (let k = r; k < firstLower; k += kinds) side[r]! += this.aim(k, target);
    }
    for (let i = 0; i < count; i++) {
      let held = this.curvature[i]! + multipliers[firstLower + i]! / slack[firstLower + i]!;
      held += multipliers[firstUpper + i]! / slack[firstUpper + i]!;
      let pull = -this.curvature[i]! * step[i]! - price * use[i]!;
      pull += this.aim(firstLower + i, target) - this.aim(firstUpper + i, target);
      let total = held;
      for (let r = 0; r < kinds; r++) {
        const k = i * kinds + r;
        total += (slope[k]! * slope[k]! * multipliers[k]!) / slack[k]!;
        pull -= slope[k]! * this.aim(k, target);
      }
      stiffness[i] = total;
      force[i] = pull;
      for (let r = 0; r < kinds; r++) {
        const k = i * kinds + r;
        const weight = multipliers[k]! / slack[k]!;
        const coupled = (slope[k]! * weight) / total;
        // What is left of the row's weight once d_i gives way, without the difference.
        let rest = held;
        for (let q = 0; q < kinds; q++) {
          if (q === r) continue;
          const other = i * kinds + q;
          const otherWeight = (slope[other]! * multipliers[other]!) / slack[other]!;
          rest += slope[other]! * otherWeight;
          system[r * kinds + q]! -= coupled * otherWeight;
        }
        system[r * kinds + r]! += (weight * rest) / total;
        side[r]! += coupled * pull;
        column[r]! += coupled * use[i]!;
      }
      flexibility += (use[i]! * use[i]!) / total;
      shortage -= (use[i]! * pull) / total;
    }
    this.solveSystem(flexibility, shortage);
    this.spread(target, flexibility, shortage);
  }

  /** (S + E·Eᵀ/F)·δt = side + E·ρ/F in place of the right side, by elimination. */
  private solveSystem(flexibility: number, shortage: number): void {
    const { kinds, system, column, thresholdChange: side } = this;
    for (let r = 0; r < kinds; r++) {
      for (let q = 0; q < kinds; q++) system[r * kinds + q]! += (column[r]! * column[q]!) / flexibility;
      side[r]! += (column[r]! * shortage) / flexibility;
    }
    for (let p = 0; p < kinds; p++) {
      for (let r = p + 1; r < kinds; r++) {
        const factor = system[r * kinds + p]! / system[p * kinds + p]!;
        for (let q = p; q < kinds; q++) system[r * kinds + q]! -= factor * system[p * kinds + q]!;
        side[r]! -= factor * side[p]!;
      }
    }
    for (let p = kinds - 1; p >= 0; p--) {
      for (let q = p + 1; q < kinds; q++) side[p]! -= system[p * kinds + q]! * side[q]!;
      side[p]! /= system[p * kinds + p]!;
    }
  }

  /** The changes of everything that follow from those of the thresholds. */
  private spread(target: number, flexibility: number, shortage: number): void {
    const { count, kinds, slope, use, slackChange, multiplierChange, stepChange, thresholdChange, limit } = this;
    let moved = -shortage;
    for (let r = 0; r < kinds; r++) moved += this.column[r]! * thresholdChange[r]!;
    const priceChange = moved / flexibility;
    const residual = this.limitResidual();
    let freed = 0;
    for (let i = 0; i < count; i++) {
      let pull = this.force[i]! - use[i]! * priceChange;
      for (let r = 0; r < kinds; r++) {
        const k = i * kinds + r;
        pull += ((slope[k]! * this.multipliers[k]!) / this.slack[k]!) * thresholdChange[r]!;
      }
      const change = pull / this.stiffness[i]!;
      stepChange[i] = change;
      freed += use[i]! * change;
      for (let r = 0; r < kinds; r++) {
        const k = i * kinds + r;
        this.setChange(k, thresholdChange[r]! - slope[k]! * change, target);
      }
      this.setChange(this.firstLower + i, change, target);
      this.setChange(this.firstUpper + i, -change, target);
    }
    for (let r = 0; r < kinds; r++) this.setChange(this.firstLeast + r, thresholdChange[r]!, target);
    slackChange[limit] = residual - freed;
    multiplierChange[limit] = priceChange;
  }

  private setChange(k: number, slackChange: number, target: number): void {
    const { slack, multipliers } = this;
    this.multiplierChange[k] = this.aim(k, target) - multipliers[k]! - (multipliers[k]! / slack[k]!) * slackChange;
    this.slackChange[k] = slackChange;
  }

  private countChanges(): void {
    const { active, slack, multipliers } = this;
    const size = this.objectiveSize();
    this.activeChanges = 0;
    for (let k = 0; k < slack.length; k++) {
      // Slacks of bounds are steps, the others seconds.
      const isBound = k >= this.firstLower && k < this.firstLeast;
      const isActive = (isBound ? multipliers[k]! > size * slack[k]! : size * multipliers[k]! > slack[k]!) ? 1 : 0;
      if (isActive !== active[k]) this.activeChanges++;
      active[k] = isActive;
    }
  }
}
