/**
 * What the rate and distortion models know of a layer: at most 64 numbers, taken from a few batches of it, and two of the
 * channels that are kept apart where some are. The others then speak of the rest.
 *
 * - `rankMean`, `rankDeviation`: mean and standard deviation over tokens of ln(|x|/s) for the value of each rank, s being
 *   the token's largest magnitude; at `RANKS` rank fractions, denser towards the large values.
 * - `tokenScale`: quantiles of ln s over the tokens, how unequal they are: less its mean when tokens have scales of their
 *   own, less the largest of the tensor when they share one.
 * - `positiveFraction`: share of positive values among the large ones.
 * - `fastFactors`, `smallFactors`: measured size over the analytic one at a grid of (κ, q): what clustering of positions,
 *   tables and contexts do, which no distribution of values can tell.
 * - `droppedFactor`, `roundingFactor`: measured over analytic odds of dropped energy, and rounding energy, at κ = 0.2 and
 *   q = 4: what the dependence of scales and relative magnitudes does, which the model leaves out.
 *
 * Rank 0 is the largest magnitude itself, of which both ranks' numbers are zero by definition: they are not counted.
 */
export interface LayerSummary {
  /** Means of ln(|x|/s) at `RANKS` but the first, ≤ 0. */
  readonly rankMean: Float64Array;
  /** Standard deviations of ln(|x|/s) at `RANKS` but the first. */
  readonly rankDeviation: Float64Array;
  /** Quantiles of ln s over tokens. */
  readonly tokenScale: Float64Array;
  /** Share of positive values among the large ones, 0 … 1. */
  readonly positiveFraction: number;
  /** Measured over analytic size of the fast coder, over the grid of (κ, q). */
  readonly fastFactors: Float64Array;
  /** Measured over analytic size of the small coder, over the grid of (κ, q). */
  readonly smallFactors: Float64Array;
  /** Measured over analytic odds of the energy that Top-K drops. */
  readonly droppedFactor: number;
  /** Measured over analytic rounding energy. */
  readonly roundingFactor: number;
  /** Over what Top-K counted when the factors were measured; the model holds for this scope. */
  readonly selectionScope: 'token' | 'tensor';
  /** What shared a scale when they were. */
  readonly scaleScope: 'token' | 'tensor';
  /** Channels kept apart; absent where none are looked for. */
  readonly outliers?: OutlierSummary;
}

/** Outlier channels of a layer. */
export interface OutlierSummary {
  /** As in the codec's settings, above 0; the model holds for this threshold. */
  readonly threshold: number;
  /** How many there are, the mean over the tensors. */
  readonly channels: number;
  /** Their share of Σx², 0 … 1. */
  readonly energyShare: number;
}

/** A tensor of the layer: samples × tokens × channels, or any shape whose last axis is the channel. */
export interface LayerTensor {
  /** The elements, channel fastest. */
  readonly values: Float32Array;
  /** Sizes, slowest index first. */
  readonly shape: readonly number[];
}

/** Rank fractions at which the magnitudes are described. */
export const RANKS: readonly number[] = [0, 0.006, 0.015, 0.03, 0.055, 0.09, 0.14, 0.21, 0.3, 0.42, 0.58, 0.78, 1];
/** Shares of the tokens, by increasing scale, of which the middle one's scale is kept: class tokens are few and large. */
export const SCALE_SHARES: readonly number[] = [0.3, 0.3, 0.25, 0.13, 0.02];
/** Grid of the factors. */
export const FACTOR_FRACTIONS: readonly number[] = [0.01, 0.06, 0.25, 1];
export const FACTOR_BITS: readonly number[] = [2, 3, 4, 8];
/** Where the factors of the distortion are measured. */
export const DISTORTION_POINT = { keptFraction: 0.2, bits: 4 } as const;
