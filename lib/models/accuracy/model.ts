/**
 * Accuracy reached by fine-tuning as a function of the compression ratios and of the cut, A(ρ↑, ρ↓, c) in 0…1.
 *
 *   additive:  A = uncompressed-limit − loss↑(ρ↑)·cut↑(c) − loss↓(ρ↓)·cut↓(c)
 *   product:   A = uncompressed-limit · (1 − loss↑(ρ↑)·cut↑(c)) · (1 − loss↓(ρ↓)·cut↓(c)), no factor below 0
 *
 * Each loss falls as its ratio grows. A model with only an upward term describes tied ratios (ρ↑ = ρ↓).
 */
export interface AccuracyModel {
  /** Limit of A for a ratio without bound, 0…1. */
  readonly limit: number;
  /** Which of the two formulas. */
  readonly combination: 'additive' | 'product';
  /** Loss by compressing activations. */
  readonly up: LossTerm;
  /** Absent: the ratios are tied and `up` speaks for both. */
  readonly down?: LossTerm;
  /** Takes the place of the formula: A(ρ↑, ρ↓, c) by the caller, rising with both ratios. `up` and `down` are then not read. */
  readonly custom?: (upRatio: number, downRatio: number, cut: number) => number;
  /** Ratios inside the measurements the model was fitted to; operating points outside are refused unless allowed. */
  readonly fittedRatio: { readonly minimum: number; readonly maximum: number };
}

/** Accuracy lost to one direction's compression, times the influence of the cut. */
export interface LossTerm {
  /** Loss over the ratio. */
  readonly family: LossFamily;
  /** Factor of the loss over the cut. */
  readonly cut: CutCoefficient;
}

/** How the loss of accuracy falls with the ratio. */
export type LossFamily =
  /** scale · ρ^(−exponent). */
  | {
      readonly kind: 'power';
      /** Factor of the formula, a part of accuracy, ≥ 0. */
      readonly scale: number;
      /** Of the formula, > 0. */
      readonly exponent: number;
    }
  /** scale · exp(−rate·ρ). */
  | {
      readonly kind: 'exponential';
      /** Factor of the formula, a part of accuracy, ≥ 0. */
      readonly scale: number;
      /** Of the formula, > 0. */
      readonly rate: number;
    }
  /** scale / (1 + (ρ / midpoint)^steepness): a logistic curve in ln ρ. */
  | {
      readonly kind: 'logistic';
      /** Factor of the formula, a part of accuracy, ≥ 0. */
      readonly scale: number;
      /** Ratio at which half of the scale is lost, > 0. */
      readonly midpoint: number;
      /** Of the formula, > 0. */
      readonly steepness: number;
    }
  /** Monotone table, linear in ln ρ between its points, constant beyond them. */
  | {
      readonly kind: 'table';
      /** Ratios measured, increasing, in (0, 1]. */
      readonly ratios: readonly number[];
      /** Loss at each, not increasing. */
      readonly losses: readonly number[];
    };

/** Influence of the cut on a loss of accuracy. */
export type CutCoefficient =
  | { readonly kind: 'constant' }
  /** exp(−rate·c). */
  | {
      readonly kind: 'decaying';
      /** Decay for each block on the device, ≥ 0. */
      readonly rate: number;
    }
  /** A factor for each measured cut, linear between them and constant beyond. */
  | {
      readonly kind: 'measured';
      /** Cuts measured, increasing. */
      readonly cuts: readonly number[];
      /** Factor at each. */
      readonly factors: readonly number[];
    };

/**
 * A(ρ↑, ρ↓, c); ρ↓ is ignored by a model without a downward term. c may be fractional in relaxations.
 *
 * @param model - Uncompressed accuracy and the losses.
 * @param upRatio - ρ↑, compression ratio of activations, > 0.
 * @param downRatio - ρ↓, compression ratio of gradients, > 0.
 * @param cut - c, blocks on the device.
 * @example
 * ```ts
 * import { accuracy } from 'sft-opt/models';
 *
 * const model = {
 *   limit: 0.9,
 *   combination: 'additive' as const,
 *   up: { family: { kind: 'power' as const, scale: 0.01, exponent: 0.5 }, cut: { kind: 'constant' as const } },
 *   fittedRatio: { minimum: 0.01, maximum: 1 },
 * };
 * console.log(accuracy(model, 0.25, 1, 3)); // 0.88
 * ```
 */
export function accuracy(model: AccuracyModel, upRatio: number, downRatio: number, cut: number): number {
  if (model.custom) return model.custom(upRatio, downRatio, cut);
  const upLoss = lossValue(model.up.family, upRatio) * cutFactor(model.up.cut, cut);
  const downLoss = model.down ? lossValue(model.down.family, downRatio) * cutFactor(model.down.cut, cut) : 0;
  return model.combination === 'additive'
    ? model.limit - upLoss - downLoss
    : model.limit * Math.max(0, 1 - upLoss) * Math.max(0, 1 - downLoss);
}

/**
 * Partial derivatives of A with respect to (ln ρ↑, ln ρ↓, c).
 *
 * @param model - Uncompressed accuracy and the losses.
 * @param upRatio - ρ↑, compression ratio of activations, > 0.
 * @param downRatio - ρ↓, compression ratio of gradients, > 0.
 * @param cut - c, blocks on the device.
 * @example
 * ```ts
 * import { accuracyGradient } from 'sft-opt/models';
 *
 * const model = {
 *   limit: 0.9,
 *   combination: 'additive' as const,
 *   up: { family: { kind: 'power' as const, scale: 0.01, exponent: 0.5 }, cut: { kind: 'constant' as const } },
 *   fittedRatio: { minimum: 0.01, maximum: 1 },
 * };
 * console.log(accuracyGradient(model, 0.25, 1, 3)); // [ 0.01, -0, -0 ]
 * ```
 */
export function accuracyGradient(
  model: AccuracyModel,
  upRatio: number,
  downRatio: number,
  cut: number,
): [number, number, number] {
  if (model.custom) return customGradient(model.custom, upRatio, downRatio, cut);
  const up = termDerivatives(model.up, upRatio, cut);
  const down = model.down ? termDerivatives(model.down, downRatio, cut) : { value: 0, byLogRatio: 0, byCut: 0 };
  if (model.combination === 'additive') return [-up.byLogRatio, -down.byLogRatio, -up.byCut - down.byCut];
  if (up.value >= 1 || down.value >= 1) return [0, 0, 0];
  const upKept = model.limit * (1 - up.value);
  const downKept = model.limit * (1 - down.value);
  return [-up.byLogRatio * downKept, -down.byLogRatio * upKept, -up.byCut * downKept - down.byCut * upKept];
}

/** By central differences: it guides searches, and no figure of a result rests on it. */
function customGradient(
  value: NonNullable<AccuracyModel['custom']>,
  upRatio: number,
  downRatio: number,
  cut: number,
): [number, number, number] {
  const step = 1e-4;
  const [less, more] = [Math.exp(-step), Math.exp(step)];
  return [
    (value(upRatio * more, downRatio, cut) - value(upRatio * less, downRatio, cut)) / (2 * step),
    (value(upRatio, downRatio * more, cut) - value(upRatio, downRatio * less, cut)) / (2 * step),
    (value(upRatio, downRatio, cut + step) - value(upRatio, downRatio, cut - step)) / (2 * step),
  ];
}

/**
 * Loss of one family at ratio ρ > 0.
 *
 * @param family - Form and coefficients of the loss.
 * @param ratio - ρ, bits sent over float32 bits, > 0.
 * @example
 * ```ts
 * import { lossValue } from 'sft-opt/models';
 *
 * console.log(lossValue({ kind: 'power', scale: 0.01, exponent: 0.5 }, 0.25)); // 0.02
 * ```
 */
export function lossValue(family: LossFamily, ratio: number): number {
  switch (family.kind) {
    case 'power':
      return family.scale * ratio ** -family.exponent;
    case 'exponential':
      return family.scale * Math.exp(-family.rate * ratio);
    case 'logistic':
      return family.scale / (1 + (ratio / family.midpoint) ** family.steepness);
    case 'table':
      return interpolate(family.ratios.map(Math.log), family.losses, Math.log(ratio)).value;
  }
}

/**
 * d loss / d ln ρ, ≤ 0.
 *
 * @param family - Form and coefficients of the loss.
 * @param ratio - ρ, bits sent over float32 bits, > 0.
 * @example
 * ```ts
 * import { lossSlope } from 'sft-opt/models';
 *
 * console.log(lossSlope({ kind: 'power', scale: 0.01, exponent: 0.5 }, 0.25)); // -0.01
 * ```
 */
export function lossSlope(family: LossFamily, ratio: number): number {
  switch (family.kind) {
    case 'power':
      return -family.exponent * lossValue(family, ratio);
    case 'exponential':
      return -family.rate * ratio * lossValue(family, ratio);
    case 'logistic': {
      const share = 1 / (1 + (ratio / family.midpoint) ** family.steepness);
      return -family.scale * family.steepness * share * (1 - share);
    }
    case 'table':
      return interpolate(family.ratios.map(Math.log), family.losses, Math.log(ratio)).slope;
  }
}

/**
 * The ratio at which a family loses just `loss`; Infinity where even ρ → ∞ loses more, 0 where every ratio loses less.
 *
 * @param family - Form and coefficients of the loss.
 * @param loss - Loss to be reached, ≥ 0.
 * @example
 * ```ts
 * import { ratioForLoss } from 'sft-opt/models';
 *
 * console.log(ratioForLoss({ kind: 'power', scale: 0.01, exponent: 0.5 }, 0.02)); // 0.25
 * ```
 */
export function ratioForLoss(family: LossFamily, loss: number): number {
  switch (family.kind) {
    case 'power':
      return loss <= 0 ? Infinity : (family.scale / loss) ** (1 / family.exponent);
    case 'exponential':
      return loss <= 0 ? Infinity : Math.max(0, Math.log(family.scale / loss) / family.rate);
    case 'logistic':
      if (loss <= 0) return Infinity;
      return loss >= family.scale ? 0 : family.midpoint * (family.scale / loss - 1) ** (1 / family.steepness);
    case 'table':
      return tableRatioForLoss(family.ratios, family.losses, loss);
  }
}

/**
 * Influence of the cut, 1 for a model without it.
 *
 * @param coefficient - Form of the influence.
 * @param cut - c, blocks on the device.
 * @example
 * ```ts
 * import { cutFactor } from 'sft-opt/models';
 *
 * console.log(cutFactor({ kind: 'measured', cuts: [2, 6], factors: [1, 3] }, 4), cutFactor({ kind: 'constant' }, 4)); // 2 1
 * ```
 */
export function cutFactor(coefficient: CutCoefficient, cut: number): number {
  switch (coefficient.kind) {
    case 'constant':
      return 1;
    case 'decaying':
      return Math.exp(-coefficient.rate * cut);
    case 'measured':
      return interpolate(coefficient.cuts, coefficient.factors, cut).value;
  }
}

function cutSlope(coefficient: CutCoefficient, cut: number): number {
  switch (coefficient.kind) {
    case 'constant':
      return 0;
    case 'decaying':
      return -coefficient.rate * Math.exp(-coefficient.rate * cut);
    case 'measured':
      return interpolate(coefficient.cuts, coefficient.factors, cut).slope;
  }
}

function termDerivatives(term: LossTerm, ratio: number, cut: number) {
  const loss = lossValue(term.family, ratio);
  const factor = cutFactor(term.cut, cut);
  return {
    value: loss * factor,
    byLogRatio: lossSlope(term.family, ratio) * factor,
    byCut: loss * cutSlope(term.cut, cut),
  };
}

/** Piecewise-linear, constant outside; at a knot the slope of the piece to its right. */
function interpolate(xs: readonly number[], ys: readonly number[], x: number): { value: number; slope: number } {
  const last = xs.length - 1;
  if (x < xs[0]!) return { value: ys[0]!, slope: 0 };
  if (x >= xs[last]!) return { value: ys[last]!, slope: 0 };
  let piece = 0;
  while (x >= xs[piece + 1]!) piece++;
  const slope = (ys[piece + 1]! - ys[piece]!) / (xs[piece + 1]! - xs[piece]!);
  return { value: ys[piece]! + slope * (x - xs[piece]!), slope };
}

function tableRatioForLoss(ratios: readonly number[], losses: readonly number[], loss: number): number {
  if (loss >= losses[0]!) return 0;
  for (let k = 1; k < ratios.length; k++) {
    if (losses[k]! <= loss) {
      const share = (losses[k - 1]! - loss) / (losses[k - 1]! - losses[k]!);
      return Math.exp(Math.log(ratios[k - 1]!) * (1 - share) + Math.log(ratios[k]!) * share);
    }
  }
  return Infinity;
}
