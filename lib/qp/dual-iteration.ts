import { addScaledRange, addScaledRows, DenseCholesky, dotRange, GramFactor } from '../linalg/index.js';
import type { Budget, BudgetEnd } from '../solver/index.js';
import type { DenseData } from './dense-data.js';
import { Pricing } from './pricing.js';

/** How a run of the dual active-set iteration ended. */
export type DualOutcome = 'optimal' | 'infeasible' | 'stalled' | BudgetEnd;

/** Steps without a rise of the dual objective before the choice of conditions becomes Bland's, and before that is given up. */
const patience = 30;
const utmostPatience = 5 * patience;

/**
 * Dual active-set iteration for a strictly convex quadratic program (Goldfarb & Idnani 1983, in the form of Arnström,
 * Bemporad & Axehill 2022): with H = LLᵀ and u = Lᵀ(x − x₀), x₀ = −H⁻¹f, it maximises the dual over the multipliers of a
 * working set W, whose rows are M_W = A_W·L⁻ᵀ, so that one step is G·λ = A_W·x₀ − b_W with G = M_W·M_Wᵀ. The most
 * violated condition enters; multipliers that would change sign leave. Rows of M are formed when first needed.
 */
export class DualIteration {
  readonly cholesky: DenseCholesky;
  /** Multiplier of each condition. */
  readonly multipliers: Float64Array;
  /** Side held: 1 upper, −1 lower, 0 none; equalities have the side they were entered from. */
  readonly sides: Int8Array;
  readonly x: Float64Array;
  /** Multipliers y with Aᵀy ≈ 0 proving infeasibility, after the outcome `infeasible`. */
  readonly certificate: Float64Array;
  /** Conditions that entered or left since the last `resetCount`. */
  changes = 0;
  /** Dual steps since the last `resetCount`. */
  steps = 0;
  private readonly transformed: Float64Array;
  private readonly transformedReady: Uint8Array;
  /** a·x₀ of the conditions in the working set. */
  private readonly unconstrainedActivity: Float64Array;
  private readonly memberStarts: Int32Array;
  private readonly memberFactors: Float64Array;
  private readonly pricing: Pricing;
  private readonly factor: GramFactor;
  private readonly members: Int32Array;
  private memberCount = 0;
  /** −H⁻¹f and the activity of every condition there. */
  private readonly unconstrained: Float64Array;
  private readonly linear: Float64Array;
  private shift = 0;
  private readonly target: Float64Array;
  /** L⁻¹ of the right-hand side for the multipliers, of which the first `forwardCount` entries are up to date. */
  private readonly forward: Float64Array;
  private forwardCount = 0;
  private readonly transformedPoint: Float64Array;
  private readonly residual: Float64Array;

  constructor(private readonly data: DenseData) {
    const { variableCount: n, constraintCount: m } = data;
    const total = n + m;
    this.cholesky = new DenseCholesky(n);
    this.multipliers = new Float64Array(total);
    this.sides = new Int8Array(total);
    this.x = new Float64Array(n);
    this.certificate = new Float64Array(total);
    this.transformed = new Float64Array(total * n);
    this.transformedReady = new Uint8Array(total);
    this.unconstrainedActivity = new Float64Array(total);
    this.memberStarts = new Int32Array(n + 1);
    this.memberFactors = new Float64Array(n + 1);
    this.pricing = new Pricing(data, this.x, this.sides);
    this.factor = new GramFactor(this.transformed, n, n);
    this.members = new Int32Array(n + 1);
    this.unconstrained = new Float64Array(n);
    this.linear = new Float64Array(n);
    this.target = new Float64Array(n + 1);
    this.forward = new Float64Array(n + 1);
    this.transformedPoint = new Float64Array(n);
    this.residual = new Float64Array(n);
  }

  get workingSetSize(): number {
    return this.memberCount;
  }

  /** Condition at a position of the working set. */
  member(position: number): number {
    return this.members[position]!;
  }

  resetCount(): void {
    this.changes = 0;
    this.steps = 0;
  }

  /** Factors P + shift·I; false when that is not safely positive definite. Forgets the working set. */
  factorHessian(shift: number, pivotTolerance: number): boolean {
    this.clearWorkingSet();
    this.transformedReady.fill(0);
    this.shift = shift;
    return this.cholesky.factor(this.data.hessian, this.data.variableCount, shift, pivotTolerance) < 0;
  }

  clearWorkingSet(): void {
    this.factor.clear();
    this.memberCount = 0;
    this.forwardCount = 0;
    this.sides.fill(0);
    this.multipliers.fill(0);
  }

  /** Sets the linear term f and tolerances; the working set and its multipliers stay. */
  setLinear(linear: Float64Array): void {
    const { unconstrained, data } = this;
    this.linear.set(linear);
    this.forwardCount = 0;
    for (let j = 0; j < linear.length; j++) unconstrained[j] = -linear[j]!;
    this.cholesky.solve(unconstrained);
    for (let k = 0; k < this.memberCount; k++) {
      const condition = this.members[k]!;
      this.unconstrainedActivity[condition] = data.activity(condition, unconstrained);
    }
    this.pricing.setTolerances();
  }

  /**
   * Enters the equalities, then the given working set with its multipliers; dependent conditions and multipliers of the
   * wrong sign are left out.
   */
  begin(sides?: Int8Array, multipliers?: Float64Array): void {
    const { data } = this;
    this.clearWorkingSet();
    const total = data.lower.length;
    for (let i = 0; i < total; i++) {
      if (data.lower[i] !== data.upper[i]) continue;
      this.enter(i, 1, multipliers?.[i] ?? 0);
    }
    if (sides === undefined) return;
    for (let i = 0; i < total; i++) {
      const side = sides[i]!;
      if (side === 0 || data.lower[i] === data.upper[i]) continue;
      if (!Number.isFinite(side > 0 ? data.upper[i]! : data.lower[i]!)) continue;
      const value = multipliers?.[i] ?? 0;
      this.enter(i, side > 0 ? 1 : -1, value * side > 0 ? value : 0);
    }
  }

  /** Appends a condition; false (and `factor.coefficients`) when it depends on the working set. */
  private enter(condition: number, side: 1 | -1, multiplier: number): boolean {
    if (this.transformedReady[condition] === 0) this.transformRow(condition);
    if (!this.factor.append(condition, this.members)) return false;
    this.members[this.memberCount++] = condition;
    this.unconstrainedActivity[condition] = this.data.activity(condition, this.unconstrained);
    this.sides[condition] = side;
    this.multipliers[condition] = multiplier;
    return true;
  }

  private transformRow(condition: number): void {
    const start = condition * this.data.variableCount;
    this.cholesky.solveLower(this.transformed, start, this.copyRow(condition));
  }

  /** Transforms rows that are about to enter two at a time. */
  private transformRows(conditions: Int32Array, count: number): void {
    const n = this.data.variableCount;
    let waiting = -1;
    let waitingFirst = 0;
    for (let c = 0; c < count; c++) {
      const condition = conditions[c]!;
      if (this.transformedReady[condition] === 1) continue;
      const first = this.copyRow(condition);
      if (waiting < 0) {
        waiting = condition;
        waitingFirst = first;
        continue;
      }
      this.cholesky.solveLowerPair(this.transformed, waiting * n, condition * n, Math.min(first, waitingFirst));
      waiting = -1;
    }
    if (waiting >= 0) this.cholesky.solveLower(this.transformed, waiting * n, waitingFirst);
  }

  /** Puts a row in its place in `transformed`, still to be multiplied by L⁻¹; returns its leading zeros. */
  private copyRow(condition: number): number {
    const n = this.data.variableCount;
    const start = condition * n;
    this.transformed.fill(0, start, start + n);
    this.data.addRow(condition, 1, this.transformed, start);
    this.transformedReady[condition] = 1;
    let first = 0;
    while (first < n && this.transformed[start + first] === 0) first++;
    return first;
  }

  private leave(position: number): void {
    const { members } = this;
    const condition = members[position]!;
    this.factor.remove(position);
    for (let k = position + 1; k < this.memberCount; k++) members[k - 1] = members[k]!;
    this.memberCount--;
    this.forwardCount = Math.min(this.forwardCount, position);
    this.sides[condition] = 0;
    this.multipliers[condition] = 0;
    this.changes++;
  }

  private sideValue(condition: number): number {
    return this.sides[condition]! > 0 ? this.data.upper[condition]! : this.data.lower[condition]!;
  }

  private isEquality(condition: number): boolean {
    return this.data.lower[condition] === this.data.upper[condition];
  }

  /** Runs to the solution for the linear term last set. */
  run(budget: Budget, maxSteps: number): DualOutcome {
    const limit = this.steps + maxSteps;
    let bestDual = -1;
    let idle = 0;
    for (;;) {
      if (this.steps >= limit) return 'iteration-limit';
      if ((this.steps & 15) === 0) {
        const end = budget.exhausted(0, 0);
        if (end !== undefined) return end;
      }
      this.steps++;
      this.solveForMultipliers();
      const blocking = this.stepToTarget(idle > patience);
      if (blocking >= 0) {
        this.leave(blocking);
        continue;
      }
      const dual = this.placePoint();
      if (!Number.isFinite(dual)) return 'stalled';
      if (dual > bestDual + 1e-14 * Math.abs(bestDual)) {
        bestDual = dual;
        idle = 0;
      } else if (++idle > utmostPatience) return 'stalled';
      let entering = idle > patience ? this.pricing.firstViolated() : this.pricing.chooseEntering();
      if (entering < 0) {
        this.refine();
        entering = this.pricing.priceAll();
      }
      if (entering < 0) return 'optimal';
      const companionCount = idle > patience ? 0 : this.chooseCompanions(entering);
      const outcome = this.admit(entering, limit);
      if (outcome !== undefined) return outcome;
      this.admitCompanions(companionCount);
    }
  }

  /** target ← the multipliers that hold the working set with equality; L⁻¹ of the right-hand side is kept up to date. */
  private solveForMultipliers(): void {
    const { target, forward, members, memberCount, unconstrainedActivity } = this;
    for (let k = this.forwardCount; k < memberCount; k++) {
      const condition = members[k]!;
      forward[k] = unconstrainedActivity[condition]! - this.sideValue(condition);
    }
    this.factor.solveForward(forward, this.forwardCount);
    this.forwardCount = memberCount;
    for (let k = 0; k < memberCount; k++) target[k] = forward[k]!;
    this.factor.solveBackward(target);
  }

  /** Moves the multipliers towards `target` as far as signs allow; position of the blocking one, −1 after a full step. */
  private stepToTarget(lowestIndex: boolean): number {
    const { target, members, memberCount, multipliers, sides } = this;
    let blocking = -1;
    let shortest = 1;
    for (let k = 0; k < memberCount; k++) {
      const condition = members[k]!;
      const side = sides[condition]!;
      const goal = target[k]! * side;
      if (goal >= 0 || this.isEquality(condition)) continue;
      const current = multipliers[condition]! * side;
      const length = current / (current - goal);
      const earlier = length < shortest;
      const tieBreak =
        length === shortest &&
        blocking >= 0 &&
        (lowestIndex
          ? condition < members[blocking]!
          : current - goal > Math.abs(multipliers[members[blocking]!]! - target[blocking]!));
      if (earlier || tieBreak) {
        shortest = Math.max(0, length);
        blocking = k;
      }
    }
    for (let k = 0; k < memberCount; k++) {
      const condition = members[k]!;
      const value = multipliers[condition]!;
      multipliers[condition] = blocking < 0 ? target[k]! : value + shortest * (target[k]! - value);
    }
    return blocking;
  }

  /** x = x₀ − L⁻ᵀM_Wᵀλ. Returns the dual objective relative to that of x₀, ½·λᵀGλ, after a full step. */
  private placePoint(): number {
    const { transformed, memberStarts, memberFactors, members, memberCount, multipliers, x, unconstrained } = this;
    const n = this.data.variableCount;
    let dual = 0;
    for (let k = 0; k < memberCount; k++) {
      const condition = members[k]!;
      const multiplier = multipliers[condition]!;
      memberStarts[k] = condition * n;
      memberFactors[k] = -multiplier;
      dual += 0.5 * multiplier * (this.unconstrainedActivity[condition]! - this.sideValue(condition));
    }
    x.fill(0);
    addScaledRows(x, memberFactors, transformed, memberStarts, memberCount, n);
    this.cholesky.solveLowerTransposed(x);
    for (let j = 0; j < n; j++) x[j]! += unconstrained[j]!;
    return dual;
  }

  /** Brings a violated condition into the working set, first dropping what it depends on. */
  private admit(entering: number, limit: number): DualOutcome | undefined {
    const { data, members, multipliers, sides, factor } = this;
    const side: 1 | -1 = data.activity(entering, this.x) > data.upper[entering]! ? 1 : -1;
    let multiplier = 0;
    while (!this.enter(entering, side, multiplier)) {
      // λ moves along (side at the entering condition, −side·c in W): A_Wᵀ of it is zero, the dual rises for ever.
      if (this.steps >= limit) return 'iteration-limit';
      this.steps++;
      let blocking = -1;
      let shortest = Infinity;
      let pivot = 0;
      for (let k = 0; k < this.memberCount; k++) {
        const condition = members[k]!;
        if (this.isEquality(condition)) continue;
        const rate = -side * factor.coefficients[k]! * sides[condition]!;
        if (rate >= -negligibleCoefficient) continue;
        const length = (multipliers[condition]! * sides[condition]!) / -rate;
        if (length < shortest || (length === shortest && -rate > pivot)) {
          shortest = Math.max(0, length);
          pivot = -rate;
          blocking = k;
        }
      }
      if (blocking < 0) {
        this.certificate.fill(0);
        this.certificate[entering] = side;
        for (let k = 0; k < this.memberCount; k++) {
          this.certificate[members[k]!] = -side * factor.coefficients[k]!;
        }
        return 'infeasible';
      }
      for (let k = 0; k < this.memberCount; k++) {
        multipliers[members[k]!]! -= shortest * side * factor.coefficients[k]!;
      }
      multiplier += side * shortest;
      this.leave(blocking);
    }
    this.changes++;
    return undefined;
  }

  /** Finds, and transforms, conditions that may enter together with this one; returns how many. */
  private chooseCompanions(entering: number): number {
    const count = this.pricing.chooseCompanions(entering, this.data.variableCount - this.memberCount - 1);
    if (count > 0) this.transformRows(this.pricing.companions, count + 1);
    return count;
  }

  /**
   * Lets the companions of a condition enter with multiplier zero. The dual gradient of each is its violation, so that the
   * next step still ascends; those that it would push to the wrong sign leave again at no length.
   */
  private admitCompanions(count: number): void {
    const { data, pricing, x } = this;
    for (let c = 1; c <= count; c++) {
      const condition = pricing.companions[c]!;
      const side: 1 | -1 = data.activity(condition, x) > data.upper[condition]! ? 1 : -1;
      if (this.enter(condition, side, 0)) this.changes++;
    }
  }

  /** One step of iterative refinement of x and the multipliers on the KKT system of the working set. */
  private refine(): void {
    const { data, members, memberCount, multipliers, x, residual, target, transformed, transformedPoint, sides } = this;
    const n = data.variableCount;
    this.stationarityResidual(residual);
    this.cholesky.solveLower(residual);
    for (let k = 0; k < memberCount; k++) {
      const condition = members[k]!;
      const gap = this.sideValue(condition) - data.activity(condition, x);
      target[k] = dotRange(transformed, condition * n, residual, 0, n) - gap;
    }
    this.factor.solve(target);
    transformedPoint.set(residual);
    for (let k = 0; k < memberCount; k++) {
      const condition = members[k]!;
      addScaledRange(transformedPoint, 0, -target[k]!, transformed, condition * n, n);
      const updated = multipliers[condition]! + target[k]!;
      const keepsSign = this.isEquality(condition) || updated * sides[condition]! >= 0;
      multipliers[condition] = keepsSign ? updated : 0;
    }
    this.cholesky.solveLowerTransposed(transformedPoint);
    for (let j = 0; j < n; j++) x[j]! += transformedPoint[j]!;
  }

  /** target ← −((P + shift·I)x + f + A_Wᵀλ), from the data rather than the factor. */
  private stationarityResidual(target: Float64Array): void {
    const { data, x, members, memberCount, multipliers, linear, shift } = this;
    data.multiplyHessian(x, target);
    for (let j = 0; j < target.length; j++) target[j] = -(target[j]! + shift * x[j]! + linear[j]!);
    for (let k = 0; k < memberCount; k++) data.addRow(members[k]!, -multipliers[members[k]!]!, target);
  }
}

/** Coefficients of a dependency below this are rounding. */
const negligibleCoefficient = 1e-11;
