import { predictDistortion, predictRate } from './predict.js';
import type { LayerSummary } from './layer-summary.js';

/** One setting of the codec with what the models say about it. */
export interface CodecOperatingPoint {
  /** As in `k0.1-q4`: kept fraction and bits. */
  readonly name: string;
  /** κ, the part of the values that Top-K keeps, 0 … 1. */
  readonly keptFraction: number;
  /** q, bits of a quantized value. */
  readonly bits: number;
  /** Bits sent over float32 bits. */
  readonly ratio: number;
  /** Expected Σ(x − x̂)² / Σx². */
  readonly relativeError: number;
}

/** Kept fractions and bits among which operating points are sought. */
export const candidateFractions: readonly number[] = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1];
/** Bits of a level among which operating points are proposed. */
export const candidateBits: readonly number[] = [2, 3, 4, 5, 6, 8];

/**
 * The best settings of a layer: those of the candidates that no other beats in both ratio and distortion, by increasing
 * ratio. Names tell κ and q, as in `k0.2-q4`.
 *
 * @param summary - What `summarizeLayer` found.
 * @param shape - Shape of the tensors sent.
 * @param lossless - Coder after quantization.
 * @example
 * ```ts
 * import { operatingPoints, randomStream, summarizeLayer } from 'sft-opt/models';
 *
 * const random = randomStream(1, 'layer');
 * const shape = [4, 4, 8];
 * const values = Float32Array.from({ length: 128 }, () => random.normal());
 * const summary = summarizeLayer([{ values, shape }], 'token');
 * const ratios = operatingPoints(summary, shape).map(({ ratio }) => ratio);
 * console.log(ratios.every((ratio, k) => k === 0 || ratio > ratios[k - 1]!)); // true
 * ```
 */
export function operatingPoints(
  summary: LayerSummary,
  shape: readonly number[],
  lossless: 'fast' | 'small' = 'fast',
): CodecOperatingPoint[] {
  const points: CodecOperatingPoint[] = [];
  for (const keptFraction of candidateFractions) {
    for (const bits of candidateBits) {
      const settings = { keptFraction, bits, lossless };
      points.push({
        name: `k${keptFraction}-q${bits}`,
        keptFraction,
        bits,
        ratio: predictRate(summary, settings, shape).ratio,
        relativeError: predictDistortion(summary, settings, shape).relativeError,
      });
    }
  }
  points.sort((a, b) => a.ratio - b.ratio || a.relativeError - b.relativeError);
  let best = Infinity;
  return points.filter(({ relativeError }) => {
    if (relativeError >= best) return false;
    best = relativeError;
    return true;
  });
}
