import { type QuantizedTensor, encodeQuantizedMessage, quantize, resolveCodecSettings } from '../../codec/index.js';
import { analyticRate } from './analytic.js';
import {
  FACTOR_BITS,
  FACTOR_FRACTIONS,
  type LayerSummary,
  type LayerTensor,
  RANKS,
  SCALE_SHARES,
} from './layer-summary.js';

/** Smallest ln(|x|/s) that is told apart: below it every level is zero. */
const LOWEST = -12;

/** Summarises a layer from some of its tensors. All must have the same number of channels. */
export function summarizeLayer(tensors: readonly LayerTensor[], selectionScope: 'token' | 'tensor'): LayerSummary {
  const ranks = rankStatistics(tensors);
  const bare: LayerSummary = {
    ...ranks,
    positiveFraction: positiveFraction(tensors),
    fastFactors: new Float64Array(FACTOR_FRACTIONS.length * FACTOR_BITS.length).fill(1),
    smallFactors: new Float64Array(FACTOR_FRACTIONS.length * FACTOR_BITS.length).fill(1),
    selectionScope,
  };
  const factors = { fast: new Float64Array(bare.fastFactors.length), small: new Float64Array(bare.fastFactors.length) };
  for (const lossless of ['fast', 'small'] as const) {
    FACTOR_FRACTIONS.forEach((keptFraction, row) => {
      FACTOR_BITS.forEach((bits, column) => {
        const settings = { keptFraction, bits, lossless, selectionScope };
        let measured = 0;
        let analytic = 0;
        for (const { values, shape } of tensors) {
          measured += 8 * messageBytes(quantize(values, shape, settings));
          analytic += analyticRate(bare, resolveCodecSettings(settings), shape).totalBits;
        }
        factors[lossless][row * FACTOR_BITS.length + column] = measured / analytic;
      });
    });
  }
  return { ...bare, fastFactors: factors.fast, smallFactors: factors.small };
}

/** Size of a quantized tensor as a message of its own. */
export function messageBytes(tensor: QuantizedTensor): number {
  return encodeQuantizedMessage([{ name: '', tensor }]).length;
}

/** How many numbers a summary holds. */
export function summarySize(summary: LayerSummary): number {
  const { rankMean, rankDeviation, tokenScale, fastFactors, smallFactors } = summary;
  return rankMean.length + rankDeviation.length + tokenScale.length + fastFactors.length + smallFactors.length + 1;
}

function rankStatistics(
  tensors: readonly LayerTensor[],
): Pick<LayerSummary, 'rankMean' | 'rankDeviation' | 'tokenScale'> {
  const sums = new Float64Array(RANKS.length);
  const squares = new Float64Array(RANKS.length);
  const scales: number[] = [];
  for (const { values, shape } of tensors) {
    const width = shape[shape.length - 1] ?? 1;
    for (let start = 0; start < values.length; start += width) {
      const sorted = values
        .slice(start, start + width)
        .map(Math.abs)
        .sort();
      const scale = sorted[width - 1]!;
      if (scale === 0) continue;
      scales.push(Math.log(scale));
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
  return { rankMean, rankDeviation, tokenScale: centredQuantiles(scales) };
}

/** Magnitude at a rank fraction, 0 the largest, of magnitudes in ascending order; linear between neighbours. */
function atRank(sorted: Float32Array, fraction: number): number {
  const position = (1 - fraction) * (sorted.length - 1);
  const lower = Math.floor(position);
  const upper = Math.min(sorted.length - 1, lower + 1);
  return sorted[lower]! + (position - lower) * (sorted[upper]! - sorted[lower]!);
}

function centredQuantiles(values: number[]): Float64Array {
  const sorted = Float64Array.from(values).sort();
  const mean = sorted.reduce((sum, value) => sum + value, 0) / Math.max(1, sorted.length);
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
