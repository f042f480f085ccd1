import type { AccuracyLimit, AccuracyModel, LossTerm } from '../../../models/index.js';
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
  return {
    limit: section.limit,
    combination: section.combination,
    up: resolveLoss(section.up),
    ...(section.down && { down: resolveLoss(section.down) }),
    fittedRatio: { minimum, maximum },
  };
}

function resolveLoss(entry: LossEntry): LossTerm {
  return { family: resolveFamily(entry), cut: resolveCut(entry.cut) };
}

function resolveFamily(entry: LossEntry): LossTerm['family'] {
  switch (entry.family) {
    case 'power':
      return { kind: 'power', scale: entry.scale, exponent: entry.exponent };
    case 'exponential':
      return { kind: 'exponential', scale: entry.scale, rate: entry.rate };
    case 'logistic':
      return { kind: 'logistic', scale: entry.scale, midpoint: entry.midpoint, steepness: entry.steepness };
    case 'table':
      return { kind: 'table', ratios: entry.ratios, losses: entry.losses };
  }
}

function resolveCut(cut: LossEntry['cut']): LossTerm['cut'] {
  if (cut === 'constant') return { kind: 'constant' };
  return 'decay' in cut
    ? { kind: 'decaying', rate: cut.decay }
    : { kind: 'measured', cuts: cut.cuts, factors: cut.factors };
}
