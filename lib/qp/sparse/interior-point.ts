import { maxNorm, multiply } from '../../linalg/index.js';
import type { Budget, BudgetEnd } from '../../solver/index.js';
import { InteriorIterate, type InteriorPoint, type IterateQuality } from './interior-iterate.js';
import { KktSystem } from './kkt-system.js';
import type { ScaledProgram } from './scaling.js';

export interface InteriorPointOutcome {
  readonly end: 'converged' | 'stalled' | 'stopped' | BudgetEnd;
  readonly iterations: number;
  readonly quality: IterateQuality;
  readonly best: InteriorPoint;
}

export interface InteriorPointSettings {
  /** Residuals (primal, dual, relative gap) that end the iteration. */
  readonly target: number;
  readonly maxIterations: number;
  /** ρ and δ of the system, for the scaled problem. */
  readonly shift: number;
  /**
   * Takes ρ and δ for proximal terms around the iterate (Friedlander & Orban 2012; Pougkakiotis & Gondzio 2021): steps
   * stay accurate where rows depend on each other or nothing holds a variable, at the price of some more of them.
   */
  readonly proximal?: boolean;
  /** Below this ρ and δ of proximal steps do not fall. */
  readonly smallestShift?: number;
  /** Looks at an unscaled iterate (x, y) and its last step; returning true stops the iteration. */
  readonly watch?: (x: Float64Array, y: Float64Array, dx: Float64Array) => boolean;
}

const stepFraction = 0.995;
const correctors = 2;
const refinements = 3;
const idleLimit = 12;
/** Residual of a Newton system, relative to its right-hand side, from which a smaller shift of its rows is tried. */
const inaccurateSolve = 1e-9;
/** Residuals of a proximal system above which its shifts rise, and below which they fall. */
const unsteadySolve = 1e-7;
const easySolve = 1e-11;
/** Share of the duality gap below which the complementarity sum of a proximal step is not sent. */
const centeringShare = 0.1;
const smallestProximal = 1e-13;
const largestProximal = 1e-4;
/** An infeasibility that falls by less in an iteration counts as stuck. */
const stillFalling = 0.97;
const shiftReduction = 1e-2;
const smallestShift = 1e-15;
/** Slow iterations that end the work where only rounding is left: the polish then does better. */
const fewSlow = 2;
const nearlySolved = 1e-7;

/**
 * Primal–dual interior point for convex quadratic programs with two-sided rows and bounds: Mehrotra's predictor and
 * corrector (1992) with Gondzio's centrality correctors (1996) on a regularised quasi-definite system.
 */
export class InteriorPointSolver extends InteriorIterate {
  private readonly kkt: KktSystem;
  private readonly stop: () => boolean;
  private readonly targetLower: Float64Array;
  private readonly targetUpper: Float64Array;
  private readonly stepActivity: Float64Array;
  private readonly rightHandSide: Float64Array;
  private readonly weights: Float64Array;
  private readonly rowWeights: Float64Array;
  private shift = 0;
  private proximal = false;
  /** Below these the shifts of proximal systems never fall, and do not fall at present. */
  private leastShift = smallestProximal;
  private shiftFloor = smallestProximal;
  private rowShiftFloor = smallestProximal;
  /** Shift of the rows; at most `shift`, and smaller where refinement cannot take that one out of the solution. */
  private rowShift = 0;
  /** True once a smaller shift of the rows has not made the solution more accurate. */
  private rowShiftSettled = false;

  constructor(
    scaled: ScaledProgram,
    private readonly budget: Budget,
  ) {
    super(scaled);
    const { variableCount: n, constraintCount: m } = scaled.program;
    const total = n + m;
    const array = (length: number): Float64Array => new Float64Array(length);
    this.stop = () => budget.exhausted(0, 0) !== undefined;
    this.kkt = new KktSystem(scaled.program, this.stop);
    this.targetLower = array(total);
    this.targetUpper = array(total);
    this.stepActivity = array(total);
    this.rightHandSide = array(total);
    this.weights = array(n);
    this.rowWeights = array(m);
  }

  run(settings: InteriorPointSettings): InteriorPointOutcome {
    const { budget } = this;
    this.shift = this.rowShift = settings.shift;
    this.proximal = settings.proximal === true;
    this.rowShiftSettled = this.proximal;
    this.leastShift = settings.smallestShift ?? smallestProximal;
    this.shiftFloor = this.rowShiftFloor = this.leastShift;
    this.start();
    let best = this.snapshot();
    let bestQuality: IterateQuality = { primal: Infinity, dual: Infinity, gap: Infinity };
    let bestMerit = Infinity;
    let leastInfeasibility = Infinity;
    let idle = 0;
    let slow = 0;
    for (let iteration = 0; ; iteration++) {
      const quality = this.measure();
      // Multipliers that must grow by orders let the gap grow, too, while the infeasibility falls: that is no idle time.
      const infeasibility = Math.max(quality.primal, quality.dual);
      const merit = Math.max(infeasibility, quality.gap);
      const finish = (end: InteriorPointOutcome['end']): InteriorPointOutcome => ({
        end,
        iterations: iteration,
        quality: bestQuality,
        best,
      });
      if (merit <= nearlySolved && merit > 0.5 * bestMerit) slow++;
      if (merit < bestMerit) {
        if (merit < 0.9 * bestMerit) idle = 0;
        bestMerit = merit;
        bestQuality = quality;
        best = this.snapshot();
      } else if (infeasibility >= stillFalling * leastInfeasibility) idle++;
      leastInfeasibility = Math.min(leastInfeasibility, infeasibility);
      if (bestMerit <= settings.target) return finish('converged');
      if (!Number.isFinite(merit)) return finish('stalled');
      if (idle > idleLimit && iteration > 30) return finish('stalled');
      if (slow >= fewSlow) return finish('stalled');
      const end = budget.exhausted(0, 0);
      if (end !== undefined) return finish(end);
      if (iteration >= settings.maxIterations) return finish('iteration-limit');
      if (settings.watch !== undefined && iteration > 3) {
        const { x, multipliers } = this.snapshot();
        if (settings.watch(x, multipliers, this.unscaledStep())) return finish('stopped');
      }
      if (!this.advance()) return finish(budget.exhausted(0, 0) ?? 'stalled');
    }
  }

  /** Regularised least-squares start, slacks and multipliers pushed well inside. */
  private start(): void {
    const { program, equality, hasLower, hasUpper, weights, rowWeights, rightHandSide, step } = this;
    const { variableCount: n, constraintCount: m, lower, upper, linear } = program;
    for (let j = 0; j < n; j++) {
      const bounded = hasLower[j]! + hasUpper[j]! > 0;
      weights[j] = bounded ? 1 : 0;
      rightHandSide[j] = -linear[j]! + (bounded ? Math.min(upper[j]!, Math.max(lower[j]!, 0)) : 0);
    }
    for (let i = 0; i < m; i++) {
      rowWeights[i] = equality[n + i] === 1 ? 0 : 1;
      rightHandSide[n + i] = Math.min(upper[n + i]!, Math.max(lower[n + i]!, 0));
    }
    if (this.kkt.factor(weights, rowWeights, 1e-6, 1e-6)) {
      this.kkt.solve(rightHandSide, step, 0);
      this.x.set(step.subarray(0, n));
      this.y.set(step.subarray(n));
    }
    this.updateActivity();
    const size = Math.max(1, Math.min(1e3, maxNorm(this.x)));
    for (let c = 0; c < n + m; c++) {
      const multiplier = c < n ? 0 : this.y[c - n]!;
      const width = upper[c]! - lower[c]!;
      const inside = Math.min(size, Math.max(1e-2, 0.5 * width));
      if (hasLower[c] === 1) {
        this.slackLower[c] = Math.max(this.activity[c]! - lower[c]!, inside);
        this.dualLower[c] = Math.max(-multiplier, 0) + 1;
      }
      if (hasUpper[c] === 1) {
        this.slackUpper[c] = Math.max(upper[c]! - this.activity[c]!, inside);
        this.dualUpper[c] = Math.max(multiplier, 0) + 1;
      }
      if (c >= n && equality[c] === 0) this.y[c - n] = this.dualUpper[c]! - this.dualLower[c]!;
    }
  }

  /** One predictor–corrector step; false when the system cannot be factored or the step vanishes. */
  private advance(): boolean {
    const mu = this.complementarityMean();
    if (!this.factorSystem()) return false;
    this.setTargets(0, 0);
    if (!this.sharpen(this.solveStep())) return false;
    this.stepLengths(1);
    const predicted = this.complementarityAfter(this.primalAlpha, this.dualAlpha);
    const centering = mu === 0 ? 0 : Math.min(1, (predicted / mu) ** 3);
    // Complementarity that is far ahead of the other conditions waits for them.
    const floor = this.proximal ? (centeringShare * this.rest) / Math.max(1, this.sideCount) : 0;
    this.setTargets(Math.max(centering * mu, 1e-3 * Math.min(mu, 1e-12), floor), 1);
    this.solveStep();
    this.stepLengths(stepFraction);
    for (let k = 0; k < correctors && Math.min(this.primalAlpha, this.dualAlpha) < 0.9; k++) {
      if (!this.tryCorrector(centering * mu)) break;
    }
    this.move();
    return Math.max(this.primalAlpha, this.dualAlpha) > 1e-12;
  }

  private factorSystem(): boolean {
    const { program, weights, rowWeights } = this;
    const { variableCount: n, constraintCount: m } = program;
    for (let c = 0; c < n + m; c++) {
      let weight = 0;
      if (this.hasLower[c] === 1) weight += this.dualLower[c]! / this.slackLower[c]!;
      if (this.hasUpper[c] === 1) weight += this.dualUpper[c]! / this.slackUpper[c]!;
      if (c < n) weights[c] = weight;
      else rowWeights[c - n] = this.equality[c] === 1 ? 0 : 1 / Math.max(weight, 1e-20);
    }
    let { shift, rowShift } = this;
    for (let attempt = 0; attempt < 4; attempt++) {
      if (this.kkt.factor(weights, rowWeights, shift, rowShift)) return true;
      if (this.stop()) return false;
      shift *= 100;
      rowShift *= 100;
    }
    return false;
  }

  /**
   * Solves again with smaller shifts of the rows as long as that makes the step more accurate: rows that nearly depend
   * on each other need shifts below the least eigenvalue of A(P + W)⁻¹Aᵀ. False when no system could be factored.
   */
  private sharpen(present: number): boolean {
    if (this.proximal) return this.steady(present);
    let residual = present;
    while (residual > inaccurateSolve && this.rowShift > smallestShift && !this.rowShiftSettled) {
      const previous = this.rowShift;
      this.rowShift = Math.max(smallestShift, shiftReduction * previous);
      const better = this.factorSystem() ? this.solveStep() : Infinity;
      if (better <= 0.5 * residual) {
        residual = better;
        continue;
      }
      this.rowShift = previous;
      this.rowShiftSettled = true;
      if (!this.factorSystem()) return false;
      this.solveStep();
    }
    return true;
  }

  /**
   * Raises ρ and δ until the shifted system is solved accurately, and lets them fall for the next step where that is
   * easy. False when no shift helps.
   */
  private steady(present: number): boolean {
    let residual = present;
    while (!(residual <= unsteadySolve)) {
      // Of the two terms that one grows which disturbs its own conditions less.
      const raisesRows = this.rowDisturbance() <= this.variableDisturbance();
      const raised = raisesRows ? this.rowShift : this.shift;
      const other = raisesRows ? this.shift : this.rowShift;
      if (raised >= largestProximal && other >= largestProximal) return residual <= 1e-3;
      if (raisesRows === raised < largestProximal) {
        this.rowShiftFloor = Math.min(largestProximal, 3 * this.rowShift);
        this.rowShift = Math.min(largestProximal, 10 * this.rowShift);
      } else {
        this.shiftFloor = Math.min(largestProximal, 3 * this.shift);
        this.shift = Math.min(largestProximal, 10 * this.shift);
      }
      if (!this.factorSystem()) return false;
      residual = this.solveStep();
    }
    if (residual <= easySolve) {
      this.shift = Math.max(this.shiftFloor, 0.1 * this.shift);
      this.rowShift = Math.max(this.rowShiftFloor, 0.1 * this.rowShift);
    }
    this.shiftFloor = Math.max(this.leastShift, 0.5 * this.shiftFloor);
    this.rowShiftFloor = Math.max(this.leastShift, 0.5 * this.rowShiftFloor);
    return true;
  }

  /** What δ leaves of the rows after a full step, unscaled. */
  private rowDisturbance(): number {
    const { variableCount: n, constraintCount: m } = this.program;
    let largest = 0;
    for (let i = 0; i < m; i++) largest = Math.max(largest, Math.abs(this.step[n + i]!) / this.scaled.rowScale[i]!);
    return this.rowShift * largest;
  }

  /** What ρ leaves of stationarity after a full step, unscaled. */
  private variableDisturbance(): number {
    const { variableScale, costScale } = this.scaled;
    let largest = 0;
    for (let j = 0; j < variableScale.length; j++) {
      largest = Math.max(largest, Math.abs(this.step[j]!) / variableScale[j]!);
    }
    return (this.shift * largest) / costScale;
  }

  /** Complementarity targets: t·z should become `center`, with the predictor's second-order term if `secondOrder`. */
  private setTargets(center: number, secondOrder: 0 | 1): void {
    const { targetLower, targetUpper } = this;
    for (let c = 0; c < targetLower.length; c++) {
      if (this.hasLower[c] === 1) {
        const second = secondOrder * this.stepSlackLower[c]! * this.stepDualLower[c]!;
        targetLower[c] = center - this.slackLower[c]! * this.dualLower[c]! - second;
      }
      if (this.hasUpper[c] === 1) {
        const second = secondOrder * this.stepSlackUpper[c]! * this.stepDualUpper[c]!;
        targetUpper[c] = center - this.slackUpper[c]! * this.dualUpper[c]! - second;
      }
    }
  }

  /**
   * Solves for the step that meets the linearised conditions with the present complementarity targets. Returns the
   * residual of the system relative to its right-hand side.
   */
  private solveStep(): number {
    const { program, rightHandSide, step, stepActivity, activity, targetLower, targetUpper } = this;
    const { variableCount: n, constraintCount: m, lower, upper, constraintMatrix } = program;
    for (let c = 0; c < n + m; c++) {
      let force = 0;
      if (this.hasUpper[c] === 1) {
        const residual = upper[c]! - activity[c]! - this.slackUpper[c]!;
        force += (targetUpper[c]! - this.dualUpper[c]! * residual) / this.slackUpper[c]!;
      }
      if (this.hasLower[c] === 1) {
        const residual = lower[c]! - activity[c]! + this.slackLower[c]!;
        force -= (targetLower[c]! + this.dualLower[c]! * residual) / this.slackLower[c]!;
      }
      if (c < n) rightHandSide[c] = -this.dualResidual[c]! - force;
      else if (this.equality[c] === 1) rightHandSide[c] = upper[c]! - activity[c]!;
      else rightHandSide[c] = -force * this.rowWeights[c - n]!;
    }
    const residual = this.kkt.solve(rightHandSide, step, refinements, this.proximal);
    stepActivity.set(step.subarray(0, n));
    multiply(constraintMatrix, step, stepActivity.subarray(n));
    for (let c = 0; c < n + m; c++) {
      // A nearly active row has a weight that would blow rounding in A·dx up into its multiplier: there dy leads.
      if (c >= n && this.equality[c] === 0 && this.rowWeights[c - n]! < 1) {
        stepActivity[c] = rightHandSide[c]! + step[c]! * this.rowWeights[c - n]!;
      }
      const change = stepActivity[c]!;
      if (this.hasUpper[c] === 1) {
        const slackStep = upper[c]! - activity[c]! - this.slackUpper[c]! - change;
        this.stepSlackUpper[c] = slackStep;
        this.stepDualUpper[c] = (targetUpper[c]! - this.dualUpper[c]! * slackStep) / this.slackUpper[c]!;
      }
      if (this.hasLower[c] === 1) {
        const slackStep = change - (lower[c]! - activity[c]! + this.slackLower[c]!);
        this.stepSlackLower[c] = slackStep;
        this.stepDualLower[c] = (targetLower[c]! - this.dualLower[c]! * slackStep) / this.slackLower[c]!;
      }
    }
    return residual / Math.max(maxNorm(rightHandSide), Number.MIN_VALUE);
  }

  /** Gondzio's corrector: aim at a longer step and pull outlying products back; keeps it only if the step grows. */
  private tryCorrector(center: number): boolean {
    const { targetLower, targetUpper, step } = this;
    const previousPrimal = this.primalAlpha;
    const previousDual = this.dualAlpha;
    const primal = Math.min(1, 1.1 * previousPrimal + 0.1);
    const dual = Math.min(1, 1.1 * previousDual + 0.1);
    const savedLower = targetLower.slice();
    const savedUpper = targetUpper.slice();
    const saved = [
      step.slice(),
      this.stepSlackLower.slice(),
      this.stepSlackUpper.slice(),
      this.stepDualLower.slice(),
      this.stepDualUpper.slice(),
    ] as const;
    for (let c = 0; c < targetLower.length; c++) {
      if (this.hasLower[c] === 1) {
        const product =
          (this.slackLower[c]! + primal * this.stepSlackLower[c]!) *
          (this.dualLower[c]! + dual * this.stepDualLower[c]!);
        targetLower[c]! += pullBack(product, center);
      }
      if (this.hasUpper[c] === 1) {
        const product =
          (this.slackUpper[c]! + primal * this.stepSlackUpper[c]!) *
          (this.dualUpper[c]! + dual * this.stepDualUpper[c]!);
        targetUpper[c]! += pullBack(product, center);
      }
    }
    this.solveStep();
    this.stepLengths(stepFraction);
    if (this.primalAlpha >= 1.01 * previousPrimal && this.dualAlpha >= 1.01 * previousDual) return true;
    step.set(saved[0]);
    this.stepSlackLower.set(saved[1]);
    this.stepSlackUpper.set(saved[2]);
    this.stepDualLower.set(saved[3]);
    this.stepDualUpper.set(saved[4]);
    targetLower.set(savedLower);
    targetUpper.set(savedUpper);
    this.primalAlpha = previousPrimal;
    this.dualAlpha = previousDual;
    return false;
  }
}

/** How much to change a complementarity product that should lie in [0.1, 10]·center. */
function pullBack(product: number, center: number): number {
  if (product < 0.1 * center) return 0.1 * center - product;
  if (product > 10 * center) return Math.max(10 * center - product, -10 * center);
  return 0;
}
