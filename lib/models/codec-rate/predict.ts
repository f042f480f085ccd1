import { type CodecSettingsInput, levelsPerSide, resolveCodecSettings } from '../../codec/index.js';
import { analyticRate } from './analytic.js';
import { FACTOR_BITS, FACTOR_FRACTIONS, type LayerSummary } from './layer-summary.js';

/** Predicted size of a coded tensor. */
export interface RatePrediction {
  /** Bits of the whole message. */
  readonly bits: number;
  /** Bits of the whole message over the elements. */
  readonly bitsPerElement: number;
  /** Bits sent over float32 bits: the compression ratio ρ of the delay model. */
  readonly ratio: number;
  /** Zero-order entropy of the levels, the part of the prediction that follows from the distribution alone. */
  readonly entropyBits: number;
  /** Share of elements with a nonzero level. */
  readonly nonzeroFraction: number;
}

/**
 * Predicted size for (κ, q) and a shape: the analytic size (entropy of the level distribution, scales, header) times a
 * factor interpolated bilinearly in ln κ and q from the summary's measured grid, and what channels kept apart
 * take. Scopes and threshold of the outliers are the summary's.
 *
 * @param summary - What `summarizeLayer` found.
 * @param given - Settings of the codec; what is absent takes its default.
 * @param shape - Shape of the tensor.
 * @example
 * ```ts
 * import { predictRate, randomStream, summarizeLayer } from 'sft-opt/models';
 *
 * const random = randomStream(1, 'layer');
 * const shape = [4, 4, 8];
 * const values = Float32Array.from({ length: 128 }, () => random.normal());
 * const summary = summarizeLayer([{ values, shape }], 'token');
 * const [coarse, fine] = [2, 8].map((bits) => predictRate(summary, { keptFraction: 0.25, bits }, shape).ratio);
 * console.log(coarse! < fine!); // true
 * ```
 */
export function predictRate(
  summary: LayerSummary,
  given: CodecSettingsInput,
  shape: readonly number[],
): RatePrediction {
  const settings = resolveCodecSettings({ ...given, ...scopesOf(summary) });
  const analytic = analyticRate(summary, settings, shape);
  const factors = settings.lossless === 'fast' ? summary.fastFactors : summary.smallFactors;
  const { outlierBits } = analytic;
  const coded = analytic.totalBits - outlierBits;
  const bits = coded * interpolateFactor(factors, settings.keptFraction, settings.bits) + outlierBits;
  return {
    bits,
    bitsPerElement: bits / analytic.elements,
    ratio: bits / (32 * analytic.elements),
    entropyBits: analytic.entropyBits,
    nonzeroFraction: 1 - analytic.levelCounts[0]! / analytic.elements,
  };
}

/** Predicted error of a coded tensor, relative to the tensor's energy Σx². */
export interface DistortionPrediction {
  /** Σ(x − x̂)² / Σx², expected over the rounding. */
  readonly relativeError: number;
  /** Part of it that Top-K drops (a bias), and part that rounding adds (for stochastic rounding pure variance). */
  readonly dropped: number;
  /** What rounding adds, relative to Σx². */
  readonly rounding: number;
}

/**
 * Predicted distortion for (κ, q), from the distribution of magnitudes, corrected by what was measured at one (κ, q).
 *
 * @param summary - What `summarizeLayer` found.
 * @param given - Settings of the codec; what is absent takes its default.
 * @param shape - Shape of the tensor.
 * @example
 * ```ts
 * import { predictDistortion, randomStream, summarizeLayer } from 'sft-opt/models';
 *
 * const random = randomStream(1, 'layer');
 * const shape = [4, 4, 8];
 * const values = Float32Array.from({ length: 128 }, () => random.normal());
 * const summary = summarizeLayer([{ values, shape }], 'token');
 * const { relativeError, dropped, rounding } = predictDistortion(summary, { keptFraction: 0.25, bits: 4 }, shape);
 * console.log(relativeError < 1, Math.abs(dropped + rounding - relativeError) < 1e-12); // true true
 * ```
 */
export function predictDistortion(
  summary: LayerSummary,
  given: CodecSettingsInput,
  shape: readonly number[],
): DistortionPrediction {
  const settings = resolveCodecSettings({ ...given, ...scopesOf(summary) });
  const { droppedEnergy, roundingEnergy } = analyticRate(summary, settings, shape);
  // The factor multiplies odds, so that the share stays one: 0 where nothing is dropped, below 1 always.
  const odds = (summary.droppedFactor * droppedEnergy) / Math.max(Number.MIN_VALUE, 1 - droppedEnergy);
  const apart = summary.outliers?.energyShare ?? 0;
  const dropped = (1 - apart) * (droppedEnergy >= 1 ? 1 : odds / (1 + odds));
  const rounding = (1 - apart) * summary.roundingFactor * roundingEnergy + apart * OUTLIER_ROUNDING;
  return { relativeError: dropped + rounding, dropped, rounding };
}

/**
 * Expected square of bfloat16's relative error: an even error of at most half a unit of its seven bits, 2^−14/12 over the square
 * of a mantissa whose logarithm is even, 1/m² being 3/(8 ln 2) on the mean.
 */
const OUTLIER_ROUNDING = (2 ** -14 / 12) * (3 / (8 * Math.LN2));

function scopesOf({ selectionScope, scaleScope, outliers }: LayerSummary): CodecSettingsInput {
  return { selectionScope, scaleScope, outlierThreshold: outliers?.threshold ?? 0 };
}

/**
 * QSGD's bound on the variance of stochastic rounding with the Euclidean norm as scale (Alistarh et al. 2017, Lemma 3.1):
 * E‖Q(x) − x‖² ≤ min(n/L², √n/L)·‖x‖², n values in a group, L levels a side.
 *
 * @param groupSize - n, values that share a scale.
 * @param bits - q, bits of a value, 1 … 8.
 * @example
 * ```ts
 * import { qsgdVarianceBound } from 'sft-opt/models';
 *
 * console.log(qsgdVarianceBound(49, 4)); // 1
 * ```
 */
export function qsgdVarianceBound(groupSize: number, bits: number): number {
  const perSide = levelsPerSide(bits);
  return Math.min(groupSize / perSide ** 2, Math.sqrt(groupSize) / perSide);
}

/**
 * With the largest magnitude as scale each value's variance is at most (scale/2L)²: the bound for n of them.
 *
 * @param groupSize - Values that share a scale.
 * @param bits - q, bits of a value, 1 … 8.
 * @param scale - Largest magnitude of the group.
 * @example
 * ```ts
 * import { maxScaleVarianceBound } from 'sft-opt/models';
 *
 * console.log(maxScaleVarianceBound(4, 2, 1)); // 1
 * ```
 */
export function maxScaleVarianceBound(groupSize: number, bits: number, scale: number): number {
  return groupSize * (scale / (2 * levelsPerSide(bits))) ** 2;
}

/**
 * Top-K's contraction: ‖x − TopK(x)‖² ≤ (1 − k/d)·‖x‖² (Stich et al. 2018).
 *
 * @param kept - k, elements kept.
 * @param size - d, elements in all.
 * @example
 * ```ts
 * import { topKContraction } from 'sft-opt/models';
 *
 * console.log(topKContraction(25, 100)); // 0.75
 * ```
 */
export function topKContraction(kept: number, size: number): number {
  return 1 - kept / size;
}

function interpolateFactor(factors: Float64Array, keptFraction: number, bits: number): number {
  const [row, rowShare] = place(FACTOR_FRACTIONS.map(Math.log), Math.log(keptFraction));
  const [column, columnShare] = place(FACTOR_BITS, bits);
  const at = (r: number, c: number): number => factors[r * FACTOR_BITS.length + c]!;
  const low = at(row, column) + columnShare * (at(row, column + 1) - at(row, column));
  const high = at(row + 1, column) + columnShare * (at(row + 1, column + 1) - at(row + 1, column));
  return low + rowShare * (high - low);
}

/** Cell of a grid and place within it; outside the grid its edge. */
function place(grid: readonly number[], value: number): [number, number] {
  let cell = 0;
  while (cell < grid.length - 2 && value > grid[cell + 1]!) cell++;
  const share = (value - grid[cell]!) / (grid[cell + 1]! - grid[cell]!);
  return [cell, Math.max(0, Math.min(1, share))];
}
