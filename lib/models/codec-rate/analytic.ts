import { type CodecSettings, keptCount, levelsPerSide } from '../../codec/index.js';
import { type LayerSummary, RANKS, SCALE_SHARES } from './layer-summary.js';

/** What the distribution of magnitudes alone says about a coded tensor. */
export interface AnalyticRate {
  /** Elements, and those with each magnitude of level: entry 0 counts zeros. */
  readonly elements: number;
  /** Expected number of elements by magnitude of level, from 0 up. */
  readonly levelCounts: Float64Array;
  /** Zero-order entropy of the tensor of levels, taken as one symbol an element. */
  readonly entropyBits: number;
  /** Bits of the scales. */
  readonly scaleBits: number;
  /** Bits of the header of a message. */
  readonly headerBits: number;
  /** Bits of the channels kept apart. */
  readonly outlierBits: number;
  /** Levels, scales, header and channels kept apart together. */
  readonly totalBits: number;
  /** Expected Σ(x − x̂)² over Σx² of what is dropped, channels kept apart left out of both. */
  readonly droppedEnergy: number;
  /** Expected energy that rounding adds, over the same. */
  readonly roundingEnergy: number;
}

/** Nodes and weights of Gauss–Hermite quadrature for a standard normal variable. */
const normalNodes = [-2.856970013872806, -1.355626179974266, 0, 1.355626179974266, 2.856970013872806];
const normalWeights = [
  0.01125741132772069, 0.2220759220056126, 0.5333333333333333, 0.2220759220056126, 0.01125741132772069,
];

/** Steps in which the ranks are summed. */
const RANK_STEPS = 192;
/** Bits of a scale as it travels. */
const BITS_PER_SCALE = 16;
/** Container, header, checksum and coder states of one tensor, in bits. */
const HEADER_BITS = 8 * 45;
/** A value kept apart. */
const BITS_PER_OUTLIER = 16;

/**
 * Expected level counts. A value of rank r (as a fraction of its token) has ln(|x|/s) normal over tokens, with mean and
 * deviation interpolated from the summary. It is kept when its rank is below κ (scope `token`) or when s·|x|/s passes the
 * one threshold that leaves the share κ (scope `tensor`). A kept value v = |x|/s · L becomes level j with probability
 * max(0, 1 − |v − j|) under stochastic rounding.
 *
 * @param summary - What `summarizeLayer` found.
 * @param settings - Settings of the codec, complete.
 * @param shape - Shape of the tensor.
 * @example
 * ```ts
 * import { resolveCodecSettings } from 'sft-opt/codec';
 * import { analyticRate, randomStream, summarizeLayer } from 'sft-opt/models';
 *
 * const random = randomStream(1, 'layer');
 * const shape = [4, 4, 8];
 * const values = Float32Array.from({ length: 128 }, () => random.normal());
 * const summary = summarizeLayer([{ values, shape }], 'token');
 * const { elements, levelCounts } = analyticRate(summary, resolveCodecSettings({ keptFraction: 0.25, bits: 4 }), shape);
 * console.log(elements, Math.round(elements - levelCounts[0]!) <= 32); // 128 true
 * ```
 */
export function analyticRate(summary: LayerSummary, settings: CodecSettings, shape: readonly number[]): AnalyticRate {
  const elements = shape.reduce((product, extent) => product * extent, 1);
  const width = Math.max(1, shape[shape.length - 1] ?? 1);
  const tokens = elements / width;
  const perSide = levelsPerSide(settings.bits);
  const scopeSize = summary.selectionScope === 'token' ? elements / Math.max(1, tokens) : elements;
  const apart = Math.min(width, summary.outliers?.channels ?? 0);
  // Channels kept apart are zero among the levels, but count where Top-K counts.
  const levelled = 1 - apart / width;
  // Top-K keeps whole elements.
  const kept = scopeSize > 0 ? keptCount(scopeSize, settings.keptFraction) / scopeSize : 1;
  const cells = magnitudeCells(summary, levelled > 0 ? Math.min(1, kept / levelled) : 1);
  const levelShare = new Float64Array(perSide + 1);
  const energy = { total: 0, dropped: 0, rounding: 0 };
  for (const { ratio, tokenEnergy, weight, kept } of cells) {
    const square = tokenEnergy * ratio * ratio;
    energy.total += weight * square;
    energy.dropped += weight * (1 - kept) * square;
    levelShare[0]! += weight * (1 - kept);
    energy.rounding +=
      (weight * kept * tokenEnergy * spreadLevels(ratio, weight * kept, settings, levelShare)) / perSide ** 2;
  }
  levelShare.forEach((share, level) => (levelShare[level] = share * levelled + (level === 0 ? 1 - levelled : 0)));
  const levelCounts = levelShare.map((share) => share * elements);
  const entropyBits = elements * levelEntropy(levelShare, summary.positiveFraction);
  const scaleBits = BITS_PER_SCALE * (summary.scaleScope === 'token' ? tokens : 1);
  const outlierBits = summary.outliers ? outlierHeaderBits(apart) + BITS_PER_OUTLIER * apart * tokens : 0;
  return {
    elements,
    levelCounts,
    entropyBits,
    scaleBits,
    headerBits: HEADER_BITS,
    outlierBits,
    totalBits: entropyBits + scaleBits + HEADER_BITS + outlierBits,
    droppedEnergy: energy.total === 0 ? 0 : energy.dropped / energy.total,
    roundingEnergy: energy.total === 0 ? 0 : energy.rounding / energy.total,
  };
}

/** The threshold as float32, and a byte for each channel and for their number. */
function outlierHeaderBits(channels: number): number {
  return 32 + 8 * (1 + channels);
}

/** Adds a kept value's weight to the levels it may become; returns the variance of its level. */
function spreadLevels(ratio: number, weight: number, settings: CodecSettings, levelShare: Float64Array): number {
  const perSide = levelShare.length - 1;
  if (settings.bits === 1) {
    levelShare[1]! += weight;
    return settings.rounding === 'stochastic' ? 1 - ratio * ratio : (1 - ratio) ** 2;
  }
  const value = Math.min(perSide, ratio * perSide);
  const lower = Math.min(perSide - 1, Math.floor(value));
  const above = value - lower;
  if (settings.rounding === 'nearest') {
    levelShare[above < 0.5 ? lower : lower + 1]! += weight;
    return Math.min(above, 1 - above) ** 2;
  }
  levelShare[lower]! += weight * (1 - above);
  levelShare[lower + 1]! += weight * above;
  return above * (1 - above);
}

/** Bits an element: entropy of {0, ±1, …, ±L} when signs are independent of magnitudes. */
function levelEntropy(levelShare: Float64Array, positiveFraction: number): number {
  let bits = 0;
  for (const share of levelShare) if (share > 0) bits -= share * Math.log2(share);
  const nonzero = 1 - levelShare[0]!;
  for (const p of [positiveFraction, 1 - positiveFraction]) if (p > 0) bits -= nonzero * p * Math.log2(p);
  return bits;
}

/** A piece of the joint distribution of rank, token and magnitude. */
interface Cell {
  /** Magnitude over the scale that it is quantized with. */
  readonly ratio: number;
  /** The scale's square, up to a common factor. */
  readonly tokenEnergy: number;
  readonly weight: number;
  /** Share of the cell that is kept. */
  readonly kept: number;
}

function magnitudeCells(summary: LayerSummary, keptFraction: number): Cell[] {
  const cells: { ratio: number; tokenEnergy: number; weight: number; rank: number; log: number }[] = [];
  const scales = summary.tokenScale;
  for (let step = 0; step < RANK_STEPS; step++) {
    // Steps are finer towards the large values, where κ cuts.
    const from = (step / RANK_STEPS) ** 2;
    const to = ((step + 1) / RANK_STEPS) ** 2;
    const rank = (from + to) / 2;
    const { mean, deviation } = interpolate(summary, rank);
    normalNodes.forEach((node, n) => {
      const logRatio = Math.min(0, mean + node * deviation);
      const ratio = Math.exp(logRatio);
      for (let k = 0; k < scales.length; k++) {
        const logScale = scales[k]!;
        const weight = (to - from) * normalWeights[n]! * SCALE_SHARES[k]!;
        const log = logRatio + logScale;
        // The scale is the token's own largest magnitude, or the tensor's, to which ln s is relative then.
        if (summary.scaleScope === 'token')
          cells.push({ ratio, tokenEnergy: Math.exp(2 * logScale), weight, rank, log });
        else cells.push({ ratio: Math.exp(Math.min(0, log)), tokenEnergy: 1, weight, rank, log });
      }
    });
  }
  if (keptFraction >= 1) return cells.map((cell) => ({ ...cell, kept: 1 }));
  if (summary.selectionScope === 'token') cells.sort((a, b) => a.rank - b.rank);
  else cells.sort((a, b) => b.log - a.log);
  let left = keptFraction;
  let index = 0;
  const out: Cell[] = [];
  while (index < cells.length) {
    // Cells of equal order share what is left of the kept fraction.
    let end = index;
    let weight = 0;
    const key = order(cells[index]!, summary);
    while (end < cells.length && order(cells[end]!, summary) === key) weight += cells[end++]!.weight;
    const kept = Math.max(0, Math.min(1, left / weight));
    left -= kept * weight;
    for (; index < end; index++) out.push({ ...cells[index]!, kept });
  }
  return out;
}

function order(cell: { rank: number; log: number }, summary: LayerSummary): number {
  return summary.selectionScope === 'token' ? cell.rank : cell.log;
}

function interpolate(summary: LayerSummary, rank: number): { mean: number; deviation: number } {
  let k = 1;
  while (k < RANKS.length - 1 && RANKS[k]! < rank) k++;
  const share = (rank - RANKS[k - 1]!) / (RANKS[k]! - RANKS[k - 1]!);
  const mix = (values: Float64Array): number => values[k - 1]! + share * (values[k]! - values[k - 1]!);
  return { mean: mix(summary.rankMean), deviation: mix(summary.rankDeviation) };
}
