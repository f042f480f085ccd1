import type { Curve } from './curve.js';

/** Ratios and cuts as columns, with the ratios' logarithms. */
export interface CurvePoints {
  readonly size: number;
  readonly upRatio: Float64Array;
  readonly downRatio: Float64Array;
  readonly cut: Float64Array;
  readonly upLog: Float64Array;
  readonly downLog: Float64Array;
}

export function curvePoints(upRatio: Float64Array, downRatio: Float64Array, cut: Float64Array): CurvePoints {
  return { size: cut.length, upRatio, downRatio, cut, upLog: upRatio.map(Math.log), downLog: downRatio.map(Math.log) };
}

/** A curve whose parameters are set; later changes of them are not seen. */
export class PlacedCurve {
  /** Parameters in plain units. */
  private readonly plain: Float64Array;

  constructor(
    private readonly curve: Curve,
    theta: Float64Array,
  ) {
    this.plain = theta.slice();
    for (let k = 0; k < theta.length; k++) if (curve.parameters[k]!.logarithmic) this.plain[k] = Math.exp(theta[k]!);
  }

  /** A(ρ↑, ρ↓, c); with `gradient`, its derivatives by the search's parameters as well. */
  value(upRatio: number, downRatio: number, cut: number, gradient?: Float64Array): number {
    const value = new Float64Array(1);
    this.values(
      curvePoints(Float64Array.of(upRatio), Float64Array.of(downRatio), Float64Array.of(cut)),
      value,
      gradient,
    );
    return value[0]!;
  }

  /** A at all points into `target`; with `jacobian` (points × parameters, row-major) its derivatives as well. */
  values(points: CurvePoints, target: Float64Array, jacobian?: Float64Array): void {
    jacobian?.fill(0);
    const { curve } = this;
    const { size } = points;
    const down = new Float64Array(size);
    this.losses(0, points.upRatio, points.upLog, points.cut, target, jacobian);
    if (curve.terms === 2) this.losses(1, points.downRatio, points.downLog, points.cut, down, jacobian);
    if (curve.form.directions === 'product') this.multiply(size, target, down, jacobian);
    else this.add(size, target, down, jacobian);
  }

  /** target ← limit − target − down. */
  private add(size: number, target: Float64Array, down: Float64Array, jacobian: Float64Array | undefined): void {
    const limit = this.plain[0]!;
    const order = this.curve.size;
    for (let i = 0; i < size; i++) target[i] = limit - target[i]! - down[i]!;
    if (!jacobian) return;
    for (let k = 0; k < size * order; k++) jacobian[k] = -jacobian[k]!;
    for (let i = 0; i < size; i++) jacobian[i * order] = 1;
  }

  /** target ← limit·(1 − target)₊·(1 − down)₊. */
  private multiply(size: number, target: Float64Array, down: Float64Array, jacobian: Float64Array | undefined): void {
    const limit = this.plain[0]!;
    const order = this.curve.size;
    const second = this.curve.place(1).shape;
    for (let i = 0; i < size; i++) {
      const keptUp = Math.max(0, 1 - target[i]!);
      const keptDown = Math.max(0, 1 - down[i]!);
      target[i] = limit * keptUp * keptDown;
      if (!jacobian) continue;
      const byUp = keptUp > 0 ? -limit * keptDown : 0;
      const byDown = keptDown > 0 ? -limit * keptUp : 0;
      const row = i * order;
      for (let k = 1; k < order; k++) jacobian[row + k] = jacobian[row + k]! * (k < second ? byUp : byDown);
      jacobian[row] = keptUp * keptDown;
    }
  }

  /** Losses of one direction into `target`; their derivatives into its columns of `jacobian`. */
  private losses(
    term: 0 | 1,
    ratio: Float64Array,
    log: Float64Array,
    cut: Float64Array,
    target: Float64Array,
    jacobian: Float64Array | undefined,
  ): void {
    const { curve, plain } = this;
    const { shape, scale, decay } = curve.place(term);
    const { family, cut: cutForm } = curve.form;
    const first = plain[shape]!;
    const logFirst = Math.log(first);
    const steepness = family === 'logistic' ? plain[shape + 1]! : 0;
    const order = curve.size;
    for (let i = 0; i < cut.length; i++) {
      const at = cutForm === 'measured' ? scale + curve.cutIndex(cut[i]!) : scale;
      const factor = cutForm === 'decaying' ? plain[at]! * Math.exp(-plain[decay]! * cut[i]!) : plain[at]!;
      const row = i * order;
      let loss: number;
      if (family === 'logistic') {
        const past = log[i]! - logFirst;
        const share = 1 / (1 + Math.exp(steepness * past));
        loss = factor * share;
        if (jacobian) {
          jacobian[row + shape] = steepness * (1 - share) * loss;
          jacobian[row + shape + 1] = -steepness * past * (1 - share) * loss;
        }
      } else {
        const argument = -first * (family === 'power' ? log[i]! : ratio[i]!);
        loss = factor * Math.exp(argument);
        if (jacobian) jacobian[row + shape] = argument * loss;
      }
      target[i] = loss;
      if (!jacobian) continue;
      jacobian[row + at] = loss;
      if (cutForm === 'decaying') jacobian[row + decay] = -cut[i]! * loss;
    }
  }
}
