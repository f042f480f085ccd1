import { addScaledRange, addScaledRows, DenseCholesky, dotRange } from '../linalg/index.js';
import type { Budget, BudgetEnd } from '../solver/index.js';
import type { DenseData } from './dense-data.js';
import { WorkingSetFactor } from './working-set-factor.js';

/** How a run of the dual active-set iteration ended. */
export type DualOutcome = 'optimal' | 'infeasible' | 'stalled' | BudgetEnd;

/** A condition counts as violated beyond this, relative to max(1, |side|): far below what a caller asks for. */
const violationTolerance = 1e-10;
/** Violated conditions kept from one pricing of all to the next. */
const candidateLimit = 10;
/** A candidate enters without a new pricing of all while it is violated by this much of the worst one then. */
const candidateFraction = 0.7;
/** Steps without a rise of the dual objective before the choice of conditions becomes Bland's. */
const patience = 30;

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
  /** H⁻¹a of the conditions that have been in the working set, by which x moves with their multipliers. */
  private readonly moves: Float64Array;
  /** a·x₀ of the conditions in the working set. */
  private readonly unconstrainedActivity: Float64Array;
  private readonly memberStarts: Int32Array;
  private readonly memberFactors: Float64Array;
  /** Conditions found violated by the last full pricing, and the least of their measures. */
  private readonly candidates: Int32Array;
  private readonly candidateMeasures: Float64Array;
  private candidateCount = 0;
  private candidateThreshold = 0;
  private readonly factor: WorkingSetFactor;
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
  private readonly tolerances: Float64Array;

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
    this.moves = new Float64Array(total * n);
    this.unconstrainedActivity = new Float64Array(total);
    this.memberStarts = new Int32Array(n + 1);
    this.memberFactors = new Float64Array(n + 1);
    this.candidates = new Int32Array(candidateLimit);
    this.candidateMeasures = new Float64Array(candidateLimit);
    this.factor = new WorkingSetFactor(this.transformed, n, n);
    this.members = new Int32Array(n + 1);
    this.unconstrained = new Float64Array(n);
    this.linear = new Float64Array(n);
    this.target = new Float64Array(n + 1);
    this.forward = new Float64Array(n + 1);
    this.transformedPoint = new Float64Array(n);
    this.residual = new Float64Array(n);
    this.tolerances = new Float64Array(total);
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
    const { unconstrained, data, tolerances } = this;
    this.linear.set(linear);
    this.candidateCount = 0;
    this.forwardCount = 0;
    for (let j = 0; j < linear.length; j++) unconstrained[j] = -linear[j]!;
    this.cholesky.solve(unconstrained);
    for (let k = 0; k < this.memberCount; k++) {
      const condition = this.members[k]!;
      this.unconstrainedActivity[condition] = data.activity(condition, unconstrained);
    }
    for (let i = 0; i < tolerances.length; i++) {
      const low = Math.abs(data.lower[i]!);
      const high = Math.abs(data.upper[i]!);
      const side = Math.min(low, high);
      tolerances[i] = violationTolerance * Math.max(1, side === Infinity ? 0 : side);
    }
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
    const n = this.data.variableCount;
    const start = condition * n;
    this.transformed.fill(0, start, start + n);
    this.data.addRow(condition, 1, this.transformed, start);
    let first = 0;
    while (first < n && this.transformed[start + first] === 0) first++;
    this.cholesky.solveLower(this.transformed, start, first);
    for (let j = 0; j < n; j++) this.moves[start + j] = this.transformed[start + j]!;
    this.cholesky.solveLowerTransposed(this.moves, start);
    this.transformedReady[condition] = 1;
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
      } else if (++idle > 40 * patience) return 'stalled';
      let entering = idle > patience ? this.firstViolated() : this.chooseEntering();
      if (entering < 0) {
        this.refine();
        entering = this.priceAll();
      }
      if (entering < 0) return 'optimal';
      const outcome = this.admit(entering, limit);
      if (outcome !== undefined) return outcome;
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

  /** x = x₀ − H⁻¹A_Wᵀλ. Returns the dual objective relative to that of x₀, ½·λᵀGλ, after a full step. */
  private placePoint(): number {
    const { moves, memberStarts, memberFactors, members, memberCount, multipliers, x, unconstrained } = this;
    const n = this.data.variableCount;
    let dual = 0;
    for (let k = 0; k < memberCount; k++) {
      const condition = members[k]!;
      const multiplier = multipliers[condition]!;
      memberStarts[k] = condition * n;
      memberFactors[k] = -multiplier;
      dual += 0.5 * multiplier * (this.unconstrainedActivity[condition]! - this.sideValue(condition));
    }
    x.set(unconstrained);
    addScaledRows(x, memberFactors, moves, memberStarts, memberCount, n);
    return dual;
  }

  /**
   * Condition outside the working set with the largest violation per row norm; −1 if none. While the most violated of
   * the last full pricing's candidates is violated as much as they were then, only these are looked at.
   */
  private chooseEntering(): number {
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

  /** Looks at every condition, keeps the most violated ones as candidates and returns the worst. */
  private priceAll(): number {
    const { candidates, candidateMeasures } = this;
    const total = this.sides.length;
    let count = 0;
    for (let i = 0; i < total; i++) {
      const measure = this.violationMeasure(i);
      if (measure === 0 || (count === candidateLimit && measure <= candidateMeasures[count - 1]!)) continue;
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
  private firstViolated(): number {
    const total = this.sides.length;
    for (let i = 0; i < total; i++) if (this.violationMeasure(i) > 0) return i;
    return -1;
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
