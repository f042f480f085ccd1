import type { HessianModel } from './hessian-model.js';

/** Outcome of minimising the model: the predicted change is q(step) − q(0), at most 0. */
export interface ModelStep {
  predictedChange: number;
  /** True if the step ends on the box, not at a stationary point of the model inside it. */
  onBox: boolean;
}

/**
 * Minimises q(s) = gᵀs + ½sᵀHs over a box that contains 0: a Cauchy point by projected search along the scaled negative
 * gradient, then Newton directions on the variables that are free, each followed by a projected search (Lin & Moré 1999,
 * §4; Conn, Gould & Toint 1988). For an indefinite H the result is a point of sufficient decrease, mostly on the box.
 */
export class BoxModelMinimizer {
  readonly step: Float64Array;
  private readonly free: Uint8Array;
  private readonly residual: Float64Array;
  private readonly trial: Float64Array;
  private readonly trialResidual: Float64Array;
  private readonly direction: Float64Array;
  private readonly product: Float64Array;
  private cauchyLength = 1;
  /** True if the last projected search took the whole direction without meeting the box. */
  private fullStep = false;

  constructor(private readonly size: number) {
    this.step = new Float64Array(size);
    this.free = new Uint8Array(size);
    this.residual = new Float64Array(size);
    this.trial = new Float64Array(size);
    this.trialResidual = new Float64Array(size);
    this.direction = new Float64Array(size);
    this.product = new Float64Array(size);
  }

  /** `scale` are the squared lengths in which steepest descent is measured; low ≤ 0 ≤ high. */
  minimize(
    model: HessianModel,
    gradient: Float64Array,
    low: Float64Array,
    high: Float64Array,
    scale: Float64Array,
    maxRounds: number,
    relativeTolerance: number,
  ): ModelStep {
    const { size, step, residual, free, direction } = this;
    step.fill(0);
    residual.set(gradient);
    let change = 0;
    let initialNorm = 0;
    for (let round = 0; round < maxRounds; round++) {
      let norm = 0;
      for (let j = 0; j < size; j++) {
        const r = residual[j]!;
        const held = (step[j]! <= low[j]! && r >= 0) || (step[j]! >= high[j]! && r <= 0);
        free[j] = held || low[j] === high[j] ? 0 : 1;
        if (free[j]) norm = Math.max(norm, Math.abs(r));
      }
      if (round === 0) initialNorm = norm;
      if (round > 0 && norm <= relativeTolerance * initialNorm) break;
      model.choosePiece?.(step);
      this.fullStep = false;
      const kind = model.direction(free, residual, Math.max(1e-12, relativeTolerance), direction);
      if (kind === 'none' || !finiteDirection(direction)) break;
      // A direct method's shifted direction is worth projecting as a whole; one of curvature alone only shows the way out.
      let next =
        kind === 'newton' || model.maxRounds !== undefined
          ? this.projectedSearch(model, gradient, low, high, change)
          : this.lineToBox(model, gradient, low, high, change);
      const needsCauchy = round === 0 ? !this.fullStep : !(next < change);
      if (needsCauchy) next = Math.min(next, this.cauchy(model, gradient, low, high, scale, next));
      if (!(next < change)) break;
      const gain = change - next;
      change = next;
      if (gain <= 1e-10 * -change && round > 0) break;
    }
    return { predictedChange: change, onBox: touchesBox(step, low, high) };
  }

  /** Model value at `trial`, its gradient into `trialResidual`. */
  private evaluateTrial(model: HessianModel, gradient: Float64Array): number {
    const { size, trial, trialResidual } = this;
    if (model.evaluate) return model.evaluate(trial, gradient, trialResidual);
    model.multiply(trial, trialResidual);
    let value = 0;
    for (let j = 0; j < size; j++) {
      value += trial[j]! * (gradient[j]! + 0.5 * trialResidual[j]!);
      trialResidual[j]! += gradient[j]!;
    }
    return value;
  }

  /** Takes over `trial` if its model value is below `current`; returns the better value. */
  private accept(value: number, current: number): number {
    if (!(value < current)) return current;
    this.step.set(this.trial);
    this.residual.set(this.trialResidual);
    return value;
  }

  /** Backtracks along the projected direction; when bounds spoil it, goes to the first bound that it meets. */
  private projectedSearch(
    model: HessianModel,
    gradient: Float64Array,
    low: Float64Array,
    high: Float64Array,
    current: number,
  ): number {
    const { size, step, trial, direction, residual } = this;
    let length = 1;
    for (let attempt = 0; attempt < 4; attempt++) {
      let slope = 0;
      let clipped = false;
      for (let j = 0; j < size; j++) {
        const goal = step[j]! + length * direction[j]!;
        trial[j] = Math.min(Math.max(goal, low[j]!), high[j]!);
        if (trial[j] !== goal) clipped = true;
        slope += residual[j]! * (trial[j]! - step[j]!);
      }
      const value = this.evaluateTrial(model, gradient);
      if (value <= current + 1e-4 * slope && slope < 0) {
        this.fullStep = length === 1 && !clipped;
        return this.accept(value, current);
      }
      if (!clipped && !model.evaluate) break;
      length *= 0.25;
    }
    return this.lineToBox(model, gradient, low, high, current);
  }

  /** Minimum along the straight direction inside the box; backtracks where the model is only piecewise quadratic. */
  private lineToBox(
    model: HessianModel,
    gradient: Float64Array,
    low: Float64Array,
    high: Float64Array,
    current: number,
  ): number {
    const { size, step, trial, direction, residual, product } = this;
    let longest = Infinity;
    let slope = 0;
    for (let j = 0; j < size; j++) {
      const d = direction[j]!;
      slope += residual[j]! * d;
      if (d > 0) longest = Math.min(longest, (high[j]! - step[j]!) / d);
      else if (d < 0) longest = Math.min(longest, (low[j]! - step[j]!) / d);
    }
    if (!(longest > 0)) return current;
    model.multiply(direction, product);
    let curvature = 0;
    for (let j = 0; j < size; j++) curvature += direction[j]! * product[j]!;
    let length = curvature > 0 ? Math.min(longest, -slope / curvature) : longest;
    if (!Number.isFinite(length)) length = 1e10;
    for (let attempt = 0; attempt < 8 && length > 0; attempt++) {
      for (let j = 0; j < size; j++) {
        trial[j] = Math.min(Math.max(step[j]! + length * direction[j]!, low[j]!), high[j]!);
      }
      const value = this.evaluateTrial(model, gradient);
      if (value < current || !model.evaluate) return this.accept(value, current);
      length *= 0.25;
    }
    return current;
  }

  /** Projected search along −scale·g from 0; replaces the step if its model value is below `current`. */
  private cauchy(
    model: HessianModel,
    gradient: Float64Array,
    low: Float64Array,
    high: Float64Array,
    scale: Float64Array,
    current: number,
  ): number {
    const { size, trial } = this;
    let best = current;
    // Beyond this length every component is at the box.
    let longest = 0;
    for (let j = 0; j < size; j++) {
      const rate = scale[j]! * gradient[j]!;
      if (rate !== 0) longest = Math.max(longest, (rate > 0 ? -low[j]! : high[j]!) / Math.abs(rate));
    }
    let length = Math.min(this.cauchyLength, longest);
    let grew = false;
    for (let attempt = 0; attempt < 20; attempt++) {
      let slope = 0;
      for (let j = 0; j < size; j++) {
        trial[j] = Math.min(Math.max(-length * scale[j]! * gradient[j]!, low[j]!), high[j]!);
        slope += gradient[j]! * trial[j]!;
      }
      if (slope === 0) break;
      const value = this.evaluateTrial(model, gradient);
      const sufficient = value <= 0.1 * slope;
      best = this.accept(value, best);
      if (sufficient) {
        this.cauchyLength = length;
        if ((attempt > 0 && !grew) || length >= longest) break;
        grew = true;
        length = Math.min(10 * length, longest);
      } else {
        if (grew) break;
        length *= 0.1;
      }
    }
    return best;
  }
}

function finiteDirection(direction: Float64Array): boolean {
  let sum = 0;
  for (let j = 0; j < direction.length; j++) sum += Math.abs(direction[j]!);
  return sum > 0 && Number.isFinite(sum);
}

function touchesBox(step: Float64Array, low: Float64Array, high: Float64Array): boolean {
  for (let j = 0; j < step.length; j++) {
    if (low[j] !== high[j] && (step[j]! <= low[j]! || step[j]! >= high[j]!)) return true;
  }
  return false;
}
