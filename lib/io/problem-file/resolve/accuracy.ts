import type { AccuracyLimit, AccuracyModel, LossTerm } from '../../../models/index.js';
import { studentQuantile } from '../../../statistics/index.js';
import type { ProblemFile } from '../schema/index.js';

type AccuracySection = ProblemFile['accuracy'];
type LossEntry = AccuracySection['up'];

/** Accuracy that may be lost when a file sets no limit. */
export const defaultMaximumLoss = 0.01;

export function resolveAccuracy(section: AccuracySection): AccuracyLimit {
  return {
    model: resolveAccuracyModel(section),
    minimum: section.minimum ?? section.limit - (section.maximumLoss ?? defaultMaximumLoss),
    scope: section.scope,
  };
}

export function resolveAccuracyModel(section: AccuracySection): AccuracyModel {
  const [minimum, maximum] = section.fittedRatios ?? [0, 1];
  const factor = lossFactor(section);
  return {
    limit: section.limit,
    combination: section.combination,
    up: resolveLoss(section.up, factor),
    ...(section.down && { down: resolveLoss(section.down, factor) }),
    fittedRatio: { minimum, maximum },
  };
}

/** The upper end of the losses over the fitted ones, at the confidence asked for. */
function lossFactor({ spread, confidence }: Pick<AccuracySection, 'spread' | 'confidence'>): number {
  if (!spread || confidence === undefined) return 1;
  return Math.exp(studentQuantile(confidence, spread.degreesOfFreedom) * spread.deviation);
}

function resolveLoss(entry: LossEntry, factor: number): LossTerm {
  return { family: resolveFamily(entry, factor), cut: resolveCut(entry.cut) };
}

function resolveFamily(entry: LossEntry, factor: number): LossTerm['family'] {
  switch (entry.family) {
    case 'power':
      return { kind: 'power', scale: factor * entry.scale, exponent: entry.exponent };
    case 'exponential':
      return { kind: 'exponential', scale: factor * entry.scale, rate: entry.rate };
    case 'logistic':
      return { kind: 'logistic', scale: factor * entry.scale, midpoint: entry.midpoint, steepness: entry.steepness };
    case 'table':
      return { kind: 'table', ratios: entry.ratios, losses: entry.losses.map((loss) => factor * loss) };
  }
}

function resolveCut(cut: LossEntry['cut']): LossTerm['cut'] {
  if (cut === 'constant') return { kind: 'constant' };
  return 'decay' in cut
    ? { kind: 'decaying', rate: cut.decay }
    : { kind: 'measured', cuts: cut.cuts, factors: cut.factors };
}
