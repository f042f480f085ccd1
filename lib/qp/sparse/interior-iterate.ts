import { maxNorm, multiply, multiplyLowerTriangle, multiplyTransposed } from '../../linalg/index.js';
import type { ScaledProgram, SparseProgram } from './scaling.js';

/** Residuals of an iterate in the units of the unscaled problem. */
export interface IterateQuality {
  /** Largest violation of a row or bound. */
  readonly primal: number;
  /** ‖Px + q + Aᵀy + z‖∞. */
  readonly dual: number;
  /** |complementarity sum| relative to 1 + |objective|. */
  readonly gap: number;
}

/** An iterate in the units of the unscaled problem. */
export interface InteriorPoint {
  readonly x: Float64Array;
  readonly multipliers: Float64Array;
  readonly boundMultipliers: Float64Array;
  /** 1 or −1 where the multiplier outweighs the slack of that side, for the n + m conditions. */
  readonly sides: Int8Array;
}

/**
 * The iterate of an interior point and its last step: every finite side has its own slack t > 0 and multiplier z > 0; neither
 * the point nor the slacks need be feasible on the way.
 */
export class InteriorIterate {
  protected readonly program: SparseProgram;
  protected readonly x: Float64Array;
  /** Row multipliers; for inequalities z⁺ − z⁻. */
  protected readonly y: Float64Array;
  /** Activity of the conditions: x, then Ax. */
  protected readonly activity: Float64Array;
  protected readonly hasLower: Uint8Array;
  protected readonly hasUpper: Uint8Array;
  protected readonly equality: Uint8Array;
  protected readonly slackLower: Float64Array;
  protected readonly slackUpper: Float64Array;
  protected readonly dualLower: Float64Array;
  protected readonly dualUpper: Float64Array;
  protected readonly stepSlackLower: Float64Array;
  protected readonly stepSlackUpper: Float64Array;
  protected readonly stepDualLower: Float64Array;
  protected readonly stepDualUpper: Float64Array;
  protected readonly step: Float64Array;
  protected readonly dualResidual: Float64Array;
  private readonly hessianTimesX: Float64Array;
  private readonly transposed: Float64Array;
  protected sideCount = 0;
  /** |primal − dual objective| of the present iterate, scaled. */
  protected rest = 0;
  protected primalAlpha = 0;
  protected dualAlpha = 0;
  protected readonly isLinear: boolean;

  constructor(protected readonly scaled: ScaledProgram) {
    const { program } = scaled;
    const { variableCount: n, constraintCount: m } = program;
    const total = n + m;
    const array = (length: number): Float64Array => new Float64Array(length);
    this.program = program;
    this.isLinear = maxNorm(program.hessian.values) === 0;
    this.x = array(n);
    this.y = array(m);
    this.activity = array(total);
    this.hasLower = new Uint8Array(total);
    this.hasUpper = new Uint8Array(total);
    this.equality = new Uint8Array(total);
    this.slackLower = array(total);
    this.slackUpper = array(total);
    this.dualLower = array(total);
    this.dualUpper = array(total);
    this.stepSlackLower = array(total);
    this.stepSlackUpper = array(total);
    this.stepDualLower = array(total);
    this.stepDualUpper = array(total);
    this.step = array(total);
    this.dualResidual = array(n);
    this.hessianTimesX = array(n);
    this.transposed = array(n);
    for (let c = 0; c < total; c++) {
      if (c >= n && program.lower[c] === program.upper[c]) this.equality[c] = 1;
      else {
        this.hasLower[c] = Number.isFinite(program.lower[c]) ? 1 : 0;
        this.hasUpper[c] = Number.isFinite(program.upper[c]) ? 1 : 0;
        this.sideCount += this.hasLower[c]! + this.hasUpper[c]!;
      }
    }
  }

  protected updateActivity(): void {
    const { variableCount: n, constraintMatrix } = this.program;
    this.activity.set(this.x);
    multiply(constraintMatrix, this.x, this.activity.subarray(n));
  }

  /** Residuals at the present iterate, unscaled; leaves the scaled dual residual behind. */
  protected measure(): IterateQuality {
    const { program, scaled, x, y, dualResidual, hessianTimesX, transposed, activity } = this;
    const { variableCount: n, constraintCount: m, lower, upper, linear } = program;
    this.updateActivity();
    multiplyLowerTriangle(program.hessian, x, hessianTimesX);
    multiplyTransposed(program.constraintMatrix, y, transposed);
    let dual = 0;
    let curvature = 0;
    let cost = 0;
    let support = 0;
    for (let j = 0; j < n; j++) {
      const z = this.dualUpper[j]! - this.dualLower[j]!;
      const value = hessianTimesX[j]! + linear[j]! + transposed[j]! + z;
      dualResidual[j] = value;
      dual = Math.max(dual, Math.abs(value) / scaled.variableScale[j]! / scaled.costScale);
      curvature += x[j]! * hessianTimesX[j]!;
      cost += linear[j]! * x[j]!;
    }
    let primal = 0;
    for (let c = 0; c < n + m; c++) {
      const factor = c < n ? scaled.variableScale[c]! : 1 / scaled.rowScale[c - n]!;
      const violation = Math.max(0, lower[c]! - activity[c]!, activity[c]! - upper[c]!);
      primal = Math.max(primal, violation * factor);
      if (this.equality[c] === 1) support += y[c - n]! * upper[c]!;
      if (this.hasUpper[c] === 1) support += this.dualUpper[c]! * upper[c]!;
      if (this.hasLower[c] === 1) support -= this.dualLower[c]! * lower[c]!;
    }
    const objective = (0.5 * curvature + cost) / scaled.costScale;
    this.rest = Math.abs(curvature + cost + support);
    const gap = this.rest / scaled.costScale / (1 + Math.abs(objective));
    return { primal, dual, gap: Number.isNaN(dual + primal) ? NaN : gap };
  }

  protected complementarityMean(): number {
    let sum = 0;
    const { hasLower, hasUpper } = this;
    for (let c = 0; c < hasLower.length; c++) {
      if (hasLower[c] === 1) sum += this.slackLower[c]! * this.dualLower[c]!;
      if (hasUpper[c] === 1) sum += this.slackUpper[c]! * this.dualUpper[c]!;
    }
    return this.sideCount === 0 ? 0 : sum / this.sideCount;
  }

  protected complementarityAfter(primal: number, dual: number): number {
    let sum = 0;
    for (let c = 0; c < this.hasLower.length; c++) {
      if (this.hasLower[c] === 1) {
        sum +=
          (this.slackLower[c]! + primal * this.stepSlackLower[c]!) *
          (this.dualLower[c]! + dual * this.stepDualLower[c]!);
      }
      if (this.hasUpper[c] === 1) {
        sum +=
          (this.slackUpper[c]! + primal * this.stepSlackUpper[c]!) *
          (this.dualUpper[c]! + dual * this.stepDualUpper[c]!);
      }
    }
    return this.sideCount === 0 ? 0 : sum / this.sideCount;
  }

  /** Longest steps that keep slacks and multipliers positive, times `fraction`; equal ones for a quadratic objective. */
  protected stepLengths(fraction: number): void {
    let primal = Infinity;
    let dual = Infinity;
    for (let c = 0; c < this.hasLower.length; c++) {
      if (this.hasLower[c] === 1) {
        if (this.stepSlackLower[c]! < 0) primal = Math.min(primal, -this.slackLower[c]! / this.stepSlackLower[c]!);
        if (this.stepDualLower[c]! < 0) dual = Math.min(dual, -this.dualLower[c]! / this.stepDualLower[c]!);
      }
      if (this.hasUpper[c] === 1) {
        if (this.stepSlackUpper[c]! < 0) primal = Math.min(primal, -this.slackUpper[c]! / this.stepSlackUpper[c]!);
        if (this.stepDualUpper[c]! < 0) dual = Math.min(dual, -this.dualUpper[c]! / this.stepDualUpper[c]!);
      }
    }
    primal = Math.min(1, fraction * primal);
    dual = Math.min(1, fraction * dual);
    if (!this.isLinear) {
      primal = Math.min(primal, dual);
      dual = primal;
    }
    this.primalAlpha = primal;
    this.dualAlpha = dual;
  }

  protected move(): void {
    const { x, y, step, primalAlpha, dualAlpha, equality } = this;
    const { variableCount: n, constraintCount: m } = this.program;
    for (let j = 0; j < n; j++) x[j]! += primalAlpha * step[j]!;
    for (let c = 0; c < n + m; c++) {
      if (this.hasLower[c] === 1) {
        this.slackLower[c]! += primalAlpha * this.stepSlackLower[c]!;
        this.dualLower[c]! += dualAlpha * this.stepDualLower[c]!;
      }
      if (this.hasUpper[c] === 1) {
        this.slackUpper[c]! += primalAlpha * this.stepSlackUpper[c]!;
        this.dualUpper[c]! += dualAlpha * this.stepDualUpper[c]!;
      }
      if (c < n) continue;
      if (equality[c] === 1) y[c - n]! += dualAlpha * step[c]!;
      else y[c - n] = this.dualUpper[c]! - this.dualLower[c]!;
    }
  }

  protected unscaledStep(): Float64Array {
    const { variableScale } = this.scaled;
    return variableScale.map((scale, j) => scale * this.step[j]!);
  }

  protected snapshot(): InteriorPoint {
    const { scaled, x, y } = this;
    const { variableCount: n, constraintCount: m } = this.program;
    const sides = new Int8Array(n + m);
    for (let c = 0; c < n + m; c++) {
      if (this.equality[c] === 1) sides[c] = 1;
      else if (this.hasUpper[c] === 1 && this.dualUpper[c]! > this.slackUpper[c]!) sides[c] = 1;
      else if (this.hasLower[c] === 1 && this.dualLower[c]! > this.slackLower[c]!) sides[c] = -1;
    }
    return {
      x: x.map((value, j) => value * scaled.variableScale[j]!),
      multipliers: y.map((value, i) => (value * scaled.rowScale[i]!) / scaled.costScale),
      boundMultipliers: x.map(
        (_, j) => (this.dualUpper[j]! - this.dualLower[j]!) / scaled.variableScale[j]! / scaled.costScale,
      ),
      sides,
    };
  }
}
