import type { AccuracyModel, LossSpread, LossTerm, PairedFit } from '../../lib/models/accuracy/index.js';
import { withEntries, type SectionEntry } from './splice.js';

/** The `accuracy` section of a problem file that describes a model. */
export interface AccuracyBlock {
  readonly limit: number;
  /** Set for a lowered curve, whose own limit is not what a loss is counted from. */
  readonly minimum?: number;
  readonly combination: AccuracyModel['combination'];
  readonly up: Record<string, unknown>;
  readonly down?: Record<string, unknown>;
  readonly fittedRatios: readonly [number, number];
  /** Of paired losses alone. */
  readonly spread?: LossSpread;
  readonly confidence?: number;
}

export function accuracyBlock(model: AccuracyModel, minimum?: number): AccuracyBlock {
  return {
    limit: short(model.limit),
    ...(minimum !== undefined && { minimum: short(minimum) }),
    combination: model.combination,
    up: lossEntry(model.up),
    ...(model.down && { down: lossEntry(model.down) }),
    // Outwards, so that the measured ends stay inside.
    fittedRatios: [rounded(model.fittedRatio.minimum, Math.floor), rounded(model.fittedRatio.maximum, Math.ceil)],
  };
}

/** The section of a curve of paired losses. */
export function pairedBlock(
  { model, spread }: Pick<PairedFit, 'model' | 'spread'>,
  confidence: number | undefined,
): AccuracyBlock {
  return {
    ...accuracyBlock(model),
    // Upwards, so that nothing is promised by rounding.
    spread: { ...spread, deviation: Math.ceil(1e4 * spread.deviation) / 1e4 },
    ...(confidence !== undefined && { confidence }),
  };
}

function lossEntry({ family, cut }: LossTerm): Record<string, unknown> {
  const { kind, ...values } = family;
  const numbers = Object.entries(values as Record<string, number | readonly number[]>).map(([name, value]) => [
    name,
    typeof value === 'number' ? short(value) : value.map(short),
  ]);
  return { family: kind, ...(Object.fromEntries(numbers) as Record<string, unknown>), cut: cutEntry(cut) };
}

function cutEntry(cut: LossTerm['cut']): unknown {
  if (cut.kind === 'constant') return 'constant';
  if (cut.kind === 'decaying') return { decay: short(cut.rate) };
  return { cuts: cut.cuts, factors: cut.factors.map(short) };
}

function short(value: number): number {
  return Number(value.toPrecision(7));
}

function rounded(value: number, towards: (value: number) => number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 4);
  return Math.min(1, Number((towards(value / unit) * unit).toPrecision(6)));
}

/** An operating point as the `codec` section lists it. */
export interface PointEntry {
  readonly name: string;
  readonly ratio: number;
  readonly keptFraction: number;
  readonly bits: number;
}

/** What is put into a problem file. */
export interface ProblemParts {
  readonly accuracy: AccuracyBlock;
  readonly points?: readonly PointEntry[];
  readonly downPoints?: readonly PointEntry[];
}

/** The sections as text to paste. */
export function pasteable(parts: ProblemParts): string {
  return withEntries('', entriesOf(parts));
}

/**
 * What is set, and with undefined removed, by section and key. A new entry goes before those that are there: from the
 * last to the first.
 */
export function entriesOf({ accuracy, points, downPoints }: ProblemParts): SectionEntry[] {
  const { limit, minimum, combination, up, down, fittedRatios, spread, confidence } = accuracy;
  const isLowered = minimum !== undefined;
  const inAccuracy: SectionEntry[] = [
    { section: 'accuracy', key: 'confidence', value: confidence },
    { section: 'accuracy', key: 'spread', value: spread },
    { section: 'accuracy', key: 'fittedRatios', value: fittedRatios },
    { section: 'accuracy', key: 'down', value: down },
    { section: 'accuracy', key: 'up', value: up },
    { section: 'accuracy', key: 'combination', value: combination },
    ...(isLowered ? [{ section: 'accuracy', key: 'maximumLoss', value: undefined }] : []),
    ...(isLowered ? [{ section: 'accuracy', key: 'minimum', value: minimum }] : []),
    { section: 'accuracy', key: 'limit', value: limit },
  ];
  const inCodec: SectionEntry[] = [
    ...(downPoints ? [{ section: 'codec', key: 'downPoints', value: downPoints }] : []),
    ...(downPoints ? [{ section: 'codec', key: 'ratios', value: 'separate' }] : []),
    ...(points ? [{ section: 'codec', key: 'points', value: points }] : []),
  ];
  return [...inAccuracy, ...inCodec];
}
