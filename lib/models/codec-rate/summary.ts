import {
  type QuantizedTensor,
  dequantize,
  encodeQuantizedMessage,
  quantize,
  resolveCodecSettings,
} from '../../codec/index.js';
import { analyticRate } from './analytic.js';
import {
  DISTORTION_POINT,
  FACTOR_BITS,
  FACTOR_FRACTIONS,
  type LayerSummary,
  type LayerTensor,
  type OutlierSummary,
  RANKS,
  SCALE_SHARES,
} from './layer-summary.js';

/** Smallest ln(|x|/s) that is told apart: below it every level is zero. */
const LOWEST = -12;

/**
 * Summarises a layer from some of its tensors, for one scope of Top-K, one of scales and one threshold of outlier channels. All
 * must have the same number of channels.
 *
 * @param tensors - Samples of the layer, all with the same channels.
 * @param selectionScope - Over what Top-K counts.
 * @param scaleScope - What shares a scale.
 * @param outlierThreshold - Above which channels are kept apart, as in the codec's settings; 0 keeps none apart.
 * @example
 * ```ts
 * import { randomStream, summarizeLayer } from 'sft-opt/models';
 *
 * const random = randomStream(1, 'layer');
 * const shape = [4, 4, 8];
 * const values = Float32Array.from({ length: 128 }, () => random.normal());
 * const summary = summarizeLayer([{ values, shape }], 'token');
 * console.log(summary.selectionScope, summary.rankMean.length); // token 13
 * ```
 */
export function summarizeLayer(
  tensors: readonly LayerTensor[],
  selectionScope: 'token' | 'tensor',
  scaleScope: 'token' | 'tensor' = 'token',
  outlierThreshold = 0,
): LayerSummary {
  const parted = tensors.map((tensor) => withoutOutliers(tensor, outlierThreshold));
  const others = parted.map(({ others: own }) => own);
  const bare: LayerSummary = {
    ...rankStatistics(others, scaleScope),
    positiveFraction: positiveFraction(others),
    fastFactors: new Float64Array(FACTOR_FRACTIONS.length * FACTOR_BITS.length).fill(1),
    smallFactors: new Float64Array(FACTOR_FRACTIONS.length * FACTOR_BITS.length).fill(1),
    droppedFactor: 1,
    roundingFactor: 1,
    selectionScope,
    scaleScope,
    ...(outlierThreshold > 0 && { outliers: outlierSummary(tensors, parted, outlierThreshold) }),
  };
  const levelled = parted.map(({ levelled: own }) => own);
  return {
    ...bare,
    fastFactors: sizeFactors(bare, levelled, 'fast'),
    smallFactors: sizeFactors(bare, levelled, 'small'),
    ...distortionFactors(bare, levelled),
  };
}

/** A tensor without the channels that are kept apart. */
interface PartedTensor {
  /** Zero in these channels, as the codec has it before it quantizes. */
  readonly levelled: LayerTensor;
  /** The other channels alone. */
  readonly others: LayerTensor;
  readonly channels: number;
}

function withoutOutliers(tensor: LayerTensor, outlierThreshold: number): PartedTensor {
  const { values, shape } = tensor;
  const quantized = quantize(values, shape, { outlierThreshold, selection: 'all', rounding: 'nearest' });
  const channels = quantized.kind === 'levels' ? new Set(quantized.outliers?.channels) : new Set<number>();
  if (channels.size === 0) return { levelled: tensor, others: tensor, channels: 0 };
  const width = shape.at(-1)!;
  const isApart = (index: number) => channels.has(index % width);
  return {
    levelled: { values: values.map((value, k) => (isApart(k) ? 0 : value)), shape },
    others: {
      values: values.filter((_, k) => !isApart(k)),
      shape: [...shape.slice(0, -1), width - channels.size],
    },
    channels: channels.size,
  };
}

function outlierSummary(
  tensors: readonly LayerTensor[],
  parted: readonly PartedTensor[],
  threshold: number,
): OutlierSummary {
  const energyOf = (all: readonly LayerTensor[]) =>
    all.reduce((total, { values }) => values.reduce((sum, value) => sum + value * value, total), 0);
  const [energy, rest] = [energyOf(tensors), energyOf(parted.map(({ others }) => others))];
  const channels = parted.reduce((sum, own) => sum + own.channels, 0) / Math.max(1, parted.length);
  return { threshold, channels, energyShare: energy === 0 ? 0 : Math.max(0, 1 - rest / energy) };
}

/** Measured over analytic size on the grid of (κ, q). */
function sizeFactors(bare: LayerSummary, tensors: readonly LayerTensor[], lossless: 'fast' | 'small'): Float64Array {
  const { selectionScope, scaleScope } = bare;
  const factors = FACTOR_FRACTIONS.flatMap((keptFraction) =>
    FACTOR_BITS.map((bits) => {
      const settings = resolveCodecSettings({ keptFraction, bits, lossless, selectionScope, scaleScope });
      let measured = 0;
      let analytic = 0;
      for (const { values, shape } of tensors) {
        measured += 8 * messageBytes(quantize(values, shape, settings));
        const { totalBits, outlierBits } = analyticRate(bare, settings, shape);
        analytic += totalBits - outlierBits;
      }
      return measured / analytic;
    }),
  );
  return Float64Array.from(factors);
}

/** Measured over analytic odds of dropped energy, and measured over analytic rounding energy, at one (κ, q). */
function distortionFactors(
  bare: LayerSummary,
  tensors: readonly LayerTensor[],
): Pick<LayerSummary, 'droppedFactor' | 'roundingFactor'> {
  const { selectionScope, scaleScope } = bare;
  const settings = resolveCodecSettings({ ...DISTORTION_POINT, selectionScope, scaleScope });
  const unquantized = resolveCodecSettings({ ...settings, values: 'float32' });
  const shape = tensors[0]?.shape ?? [];
  let [energy, dropped, rounding] = [0, 0, 0];
  for (const { values, shape: own } of tensors) {
    const kept = dequantize(quantize(values, own, unquantized));
    const received = dequantize(quantize(values, own, settings));
    for (let i = 0; i < values.length; i++) {
      energy += values[i]! ** 2;
      dropped += (values[i]! - kept[i]!) ** 2;
      rounding += (kept[i]! - received[i]!) ** 2;
    }
  }
  const { droppedEnergy, roundingEnergy } = analyticRate(bare, settings, shape);
  const measuredOdds = dropped / Math.max(Number.MIN_VALUE, energy - dropped);
  const analyticOdds = droppedEnergy / Math.max(Number.MIN_VALUE, 1 - droppedEnergy);
  return {
    droppedFactor: ratioOrOne(measuredOdds, analyticOdds),
    roundingFactor: ratioOrOne(rounding / Math.max(Number.MIN_VALUE, energy), roundingEnergy),
  };
}

function ratioOrOne(measured: number, analytic: number): number {
  const ratio = measured / analytic;
  return Number.isFinite(ratio) && ratio > 0 ? ratio : 1;
}

/** Size of a quantized tensor as a message of its own. */
export function messageBytes(tensor: QuantizedTensor): number {
  return encodeQuantizedMessage([{ name: '', tensor }]).length;
}

/**
 * How many numbers a summary holds.
 *
 * @param summary - What `summarizeLayer` gives.
 * @example
 * ```ts
 * import { randomStream, summarizeLayer, summarySize } from 'sft-opt/models';
 *
 * const random = randomStream(1, 'layer');
 * const shape = [4, 4, 8];
 * const values = Float32Array.from({ length: 128 }, () => random.normal());
 * const summary = summarizeLayer([{ values, shape }], 'token');
 * console.log(summarySize(summary) <= 64); // true
 * ```
 */
export function summarySize(summary: LayerSummary): number {
  const { rankMean, rankDeviation, tokenScale, fastFactors, smallFactors, outliers } = summary;
  // Rank 0 is the same for all; three numbers are single.
  const ranks = rankMean.length - 1 + rankDeviation.length - 1;
  return ranks + tokenScale.length + fastFactors.length + smallFactors.length + 3 + (outliers ? 2 : 0);
}

function rankStatistics(
  tensors: readonly LayerTensor[],
  scaleScope: 'token' | 'tensor',
): Pick<LayerSummary, 'rankMean' | 'rankDeviation' | 'tokenScale'> {
  const sums = new Float64Array(RANKS.length);
  const squares = new Float64Array(RANKS.length);
  const scales: number[] = [];
  for (const { values, shape } of tensors) {
    const largest = scaleScope === 'tensor' ? Math.log(largestMagnitude(values)) : 0;
    const width = shape[shape.length - 1] ?? 1;
    for (let start = 0; start < values.length; start += width) {
      const sorted = values
        .slice(start, start + width)
        .map(Math.abs)
        .sort();
      const scale = sorted[width - 1]!;
      if (scale === 0) continue;
      scales.push(Math.log(scale) - largest);
      RANKS.forEach((fraction, k) => {
        const own = Math.max(LOWEST, Math.log(atRank(sorted, fraction) / scale));
        sums[k]! += own;
        squares[k]! += own * own;
      });
    }
  }
  const count = Math.max(1, scales.length);
  const rankMean = sums.map((sum) => sum / count);
  const rankDeviation = squares.map((square, k) => Math.sqrt(Math.max(0, square / count - rankMean[k]! ** 2)));
  return { rankMean, rankDeviation, tokenScale: quantiles(scales, scaleScope === 'token') };
}

/** Magnitude at a rank fraction, 0 the largest, of magnitudes in ascending order; linear between neighbours. */
function atRank(sorted: Float32Array, fraction: number): number {
  const position = (1 - fraction) * (sorted.length - 1);
  const lower = Math.floor(position);
  const upper = Math.min(sorted.length - 1, lower + 1);
  return sorted[lower]! + (position - lower) * (sorted[upper]! - sorted[lower]!);
}

function largestMagnitude(values: Float32Array): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

/** Values of the shares' middles, less the mean when they are to be centred. */
function quantiles(values: number[], centred: boolean): Float64Array {
  const sorted = Float64Array.from(values).sort();
  const mean = centred ? sorted.reduce((sum, value) => sum + value, 0) / Math.max(1, sorted.length) : 0;
  let below = 0;
  return Float64Array.from(SCALE_SHARES, (share) => {
    const middle = below + share / 2;
    below += share;
    return sorted.length === 0 ? 0 : sorted[Math.min(sorted.length - 1, Math.floor(middle * sorted.length))]! - mean;
  });
}

/** Share of positive values among those above their tensor's root mean square. */
function positiveFraction(tensors: readonly LayerTensor[]): number {
  let positive = 0;
  let large = 0;
  for (const { values } of tensors) {
    const meanSquare = values.reduce((sum, value) => sum + value * value, 0) / Math.max(1, values.length);
    for (const value of values) {
      if (value * value <= meanSquare) continue;
      large++;
      if (value > 0) positive++;
    }
  }
  return large === 0 ? 0.5 : positive / large;
}
