/**
 * Rate of a link as a function of its bandwidth share b (Hz), in bit/s. Every law is increasing and concave in b with
 * R(0) = 0, so that bits / R(b) is convex and decreasing.
 */
export type RateLaw = LinearRate | ShannonRate | FadedRate | CustomRate;

/** What any link may be kept from using all of the time; both factors multiply the rate. */
export interface LinkUse {
  /** Part of the time in which this direction may send (time-division duplex), in (0, 1]; 1 when absent. */
  readonly frameFraction?: number;
  /** Part of what is sent that arrives: 1 − outage, the rest being sent again; in (0, 1]; 1 when absent. */
  readonly deliveredFraction?: number;
}

/** R(b) = efficiency · b: power spread evenly over the whole band, or a rate linear in the share. */
export interface LinearRate extends LinkUse {
  readonly kind: 'linear';
  /** bit/s/Hz. */
  readonly bitsPerSecondPerHz: number;
}

/**
 * R(b) = min(η·b, b·log2(1 + snrBandwidth / b)): the transmitter's power over its own share (Shannon 1949), and at most η
 * bits a second and hertz. The limit binds at small shares, where the power is dense; the minimum of two concave laws is
 * concave, with a kink where they meet.
 */
export interface ShannonRate extends LinkUse {
  readonly kind: 'shannon';
  /** P·g / (N0·F·Γ), in Hz: the bandwidth at which the signal-to-noise ratio (over the gap Γ) is one. */
  readonly snrBandwidthHz: number;
  /** η, bit/s/Hz, > 0; no limit when absent. */
  readonly efficiencyLimit?: number;
}

/** 1/R(b) = mean over fading samples of 1 / min(η·b, b·log2(1 + snrBandwidth_k / b)); the harmonic mean stays concave. */
export interface FadedRate extends LinkUse {
  readonly kind: 'faded';
  /** P·g_k / (N0·F·Γ) of each sample, in Hz. */
  readonly snrBandwidthHz: Float64Array;
  /** η of every sample, bit/s/Hz, > 0; no limit when absent. */
  readonly efficiencyLimit?: number;
}

/**
 * A law of the caller's own: increasing and concave with R(0) = 0, on b > 0, beyond the band too: what-if asks for wider ones.
 * Planner and bound use the two functions as they are; `checkRateLaw` of `sft-opt/testing` samples what they promise.
 */
export interface CustomRate extends LinkUse {
  readonly kind: 'custom';
  /** R(b) in bit/s at b > 0 Hz. */
  readonly bitsPerSecond: (bandwidthHz: number) => number;
  /** dR/db in bit/s/Hz, ≥ 0; at a kink that towards larger shares. */
  readonly slope: (bandwidthHz: number) => number;
  /** sup R in bit/s, where the law has one: a floor of the delay that no band removes; Infinity when absent. */
  readonly supremumBitsPerSecond?: number;
  /** η, bit/s/Hz, > 0; no limit when absent. */
  readonly efficiencyLimit?: number;
  /** What reports call it; `custom` when absent. */
  readonly name?: string;
  /** The law at another power gain, `gain` times its own, where that is known. */
  readonly atGain?: (gain: number) => CustomRate;
}

/**
 * The law's factor of the rate: frame and delivered fractions together.
 *
 * @param law - The law.
 * @example
 * ```ts
 * import { useFraction } from 'sft-opt/models';
 *
 * console.log(useFraction({ kind: 'linear', bitsPerSecondPerHz: 2, frameFraction: 0.5, deliveredFraction: 0.9 })); // 0.45
 * ```
 */
export function useFraction(law: RateLaw): number {
  return (law.frameFraction ?? 1) * (law.deliveredFraction ?? 1);
}

/**
 * The same law with at most `limit` bits a second and hertz (while it sends), where that is less than its own.
 *
 * @param law - The law.
 * @param limit - Most bits a second and hertz.
 * @example
 * ```ts
 * import { type RateLaw, rateBitsPerSecond, withEfficiencyLimit } from 'sft-opt/models';
 *
 * const law = withEfficiencyLimit<RateLaw>({ kind: 'shannon', snrBandwidthHz: 1e9 }, 6);
 * console.log(rateBitsPerSecond(law, 1e6)); // 6000000
 * ```
 */
export function withEfficiencyLimit<Law extends RateLaw>(law: Law, limit: number): Law {
  if (limit === Infinity) return law;
  if (law.kind === 'linear') return { ...law, bitsPerSecondPerHz: Math.min(law.bitsPerSecondPerHz, limit) };
  return { ...law, efficiencyLimit: Math.min(law.efficiencyLimit ?? Infinity, limit) };
}

/**
 * R(b) in bit/s; 0 at b = 0.
 *
 * @param law - The law.
 * @param bandwidthHz - Share of the band, Hz, ≥ 0.
 * @example
 * ```ts
 * import { rateBitsPerSecond } from 'sft-opt/models';
 *
 * console.log(rateBitsPerSecond({ kind: 'shannon', snrBandwidthHz: 1e6 }, 1e6)); // 1000000
 * ```
 */
export function rateBitsPerSecond(law: RateLaw, bandwidthHz: number): number {
  if (bandwidthHz <= 0) return 0;
  switch (law.kind) {
    case 'linear':
      return useFraction(law) * law.bitsPerSecondPerHz * bandwidthHz;
    case 'shannon':
      return useFraction(law) * limitedRate(law.snrBandwidthHz, law.efficiencyLimit, bandwidthHz);
    case 'faded':
      return 1 / secondsPerBit(law, bandwidthHz);
    case 'custom':
      return useFraction(law) * customRate(law, bandwidthHz);
  }
}

/**
 * 1/R(b) in s/bit; Infinity at b = 0.
 *
 * @param law - Rate by bandwidth.
 * @param bandwidthHz - Share of the band, Hz, ≥ 0.
 * @example
 * ```ts
 * import { secondsPerBit } from 'sft-opt/models';
 *
 * console.log(secondsPerBit({ kind: 'linear', bitsPerSecondPerHz: 2 }, 1e6)); // 5e-7
 * ```
 */
export function secondsPerBit(law: RateLaw, bandwidthHz: number): number {
  if (law.kind !== 'faded') return 1 / rateBitsPerSecond(law, bandwidthHz);
  if (bandwidthHz <= 0) return Infinity;
  return meanOfSamples(law, (snr) => 1 / limitedRate(snr, law.efficiencyLimit, bandwidthHz)) / useFraction(law);
}

/**
 * d(1/R)/db in s/bit/Hz, ≤ 0; at a kink that towards larger shares.
 *
 * @param law - Rate by bandwidth.
 * @param bandwidthHz - Share of the band, Hz, ≥ 0.
 * @example
 * ```ts
 * import { secondsPerBitSlope } from 'sft-opt/models';
 *
 * console.log(secondsPerBitSlope({ kind: 'linear', bitsPerSecondPerHz: 2 }, 1e6)); // -5e-13
 * ```
 */
export function secondsPerBitSlope(law: RateLaw, bandwidthHz: number): number {
  if (law.kind === 'custom') return customInverseSlope(law, bandwidthHz) / useFraction(law);
  const slope = (snr: number) => limitedInverseSlope(snr, law.kind === 'linear' ? 0 : law.efficiencyLimit, bandwidthHz);
  switch (law.kind) {
    case 'linear':
      return -1 / (useFraction(law) * law.bitsPerSecondPerHz * bandwidthHz * bandwidthHz);
    case 'shannon':
      return slope(law.snrBandwidthHz) / useFraction(law);
    case 'faded':
      return meanOfSamples(law, slope) / useFraction(law);
  }
}

/**
 * d²(1/R)/db² in s/bit/Hz², ≥ 0; beside the kinks.
 *
 * @param law - Rate by bandwidth.
 * @param bandwidthHz - Share of the band, Hz, ≥ 0.
 * @example
 * ```ts
 * import { secondsPerBitCurvature } from 'sft-opt/models';
 *
 * console.log(secondsPerBitCurvature({ kind: 'linear', bitsPerSecondPerHz: 2 }, 1e6)); // 1e-18
 * ```
 */
export function secondsPerBitCurvature(law: RateLaw, bandwidthHz: number): number {
  if (law.kind === 'custom') return customInverseCurvature(law, bandwidthHz) / useFraction(law);
  const curvature = (snr: number) =>
    limitedInverseCurvature(snr, law.kind === 'linear' ? 0 : law.efficiencyLimit, bandwidthHz);
  switch (law.kind) {
    case 'linear':
      return 2 / (useFraction(law) * law.bitsPerSecondPerHz * bandwidthHz ** 3);
    case 'shannon':
      return curvature(law.snrBandwidthHz) / useFraction(law);
    case 'faded':
      return meanOfSamples(law, curvature) / useFraction(law);
  }
}

/**
 * inf over b of 1/R(b), in s/bit: what remains however large the share is; 0 for a linear law.
 *
 * @param law - Rate by bandwidth.
 * @example
 * ```ts
 * import { leastSecondsPerBit } from 'sft-opt/models';
 *
 * console.log(leastSecondsPerBit({ kind: 'shannon', snrBandwidthHz: 1e6 })); // 6.93147e-7
 * ```
 */
export function leastSecondsPerBit(law: RateLaw): number {
  switch (law.kind) {
    case 'linear':
      return 0;
    case 'shannon':
      return Math.LN2 / (law.snrBandwidthHz * useFraction(law));
    case 'faded':
      return meanOfSamples(law, (snr) => Math.LN2 / snr) / useFraction(law);
    case 'custom':
      return 1 / (law.supremumBitsPerSecond ?? Infinity) / useFraction(law);
  }
}

function meanOfSamples(law: FadedRate, value: (snrBandwidthHz: number) => number): number {
  const samples = law.snrBandwidthHz;
  let sum = 0;
  for (let k = 0; k < samples.length; k++) sum += value(samples[k]!);
  return sum / samples.length;
}

function customRate(law: CustomRate, bandwidthHz: number): number {
  return Math.min(law.bitsPerSecond(bandwidthHz), (law.efficiencyLimit ?? Infinity) * bandwidthHz);
}

/**
 * (1/R)' = −R'/R², that of the smaller piece where the efficiency is limited.
 *
 * @param law - Rate by bandwidth.
 * @param bandwidthHz - Share of the band, Hz, ≥ 0.
 * @example
 * ```ts
 * import { defineRate } from 'sft-opt';
 * import { customInverseSlope } from 'sft-opt/models';
 *
 * const law = defineRate({ bitsPerSecond: (b) => 2 * b, slope: () => 2 });
 * console.log(customInverseSlope(law, 1e6)); // -5e-13
 * ```
 */
export function customInverseSlope(law: CustomRate, bandwidthHz: number): number {
  const rate = customRate(law, bandwidthHz);
  const limited = rate < law.bitsPerSecond(bandwidthHz);
  return -(limited ? law.efficiencyLimit! : law.slope(bandwidthHz)) / (rate * rate);
}

/** Step of the difference that stands for the derivative of a custom law's slope, relative. */
const curvatureStep = 1e-5;

/**
 * By a one-sided difference of the slope: only the speed of searches depends on it.
 *
 * @param law - Rate by bandwidth.
 * @param bandwidthHz - Share of the band, Hz, ≥ 0.
 * @example
 * ```ts
 * import { defineRate } from 'sft-opt';
 * import { customInverseCurvature } from 'sft-opt/models';
 *
 * const law = defineRate({ bitsPerSecond: (b) => 2 * b, slope: () => 2 });
 * console.log(customInverseCurvature(law, 1e6)); // 1.00002e-18
 * ```
 */
export function customInverseCurvature(law: CustomRate, bandwidthHz: number): number {
  const step = curvatureStep * bandwidthHz;
  const rise = customInverseSlope(law, bandwidthHz) - customInverseSlope(law, bandwidthHz - step);
  return Math.max(0, rise / step);
}

/** True where the efficiency limit binds: log2(1 + snrBandwidth / b) above it. */
function isLimited(snrBandwidthHz: number, limit: number | undefined, bandwidthHz: number): limit is number {
  return limit !== undefined && Math.log1p(snrBandwidthHz / bandwidthHz) > limit * Math.LN2;
}

function limitedRate(snrBandwidthHz: number, limit: number | undefined, bandwidthHz: number): number {
  if (isLimited(snrBandwidthHz, limit, bandwidthHz)) return limit * bandwidthHz;
  return shannonRate(snrBandwidthHz, bandwidthHz);
}

function limitedInverseSlope(snrBandwidthHz: number, limit: number | undefined, bandwidthHz: number): number {
  if (isLimited(snrBandwidthHz, limit, bandwidthHz)) return -1 / (limit * bandwidthHz * bandwidthHz);
  return shannonInverseSlope(snrBandwidthHz, bandwidthHz);
}

function limitedInverseCurvature(snrBandwidthHz: number, limit: number | undefined, bandwidthHz: number): number {
  if (isLimited(snrBandwidthHz, limit, bandwidthHz)) return 2 / (limit * bandwidthHz ** 3);
  return shannonInverseCurvature(snrBandwidthHz, bandwidthHz);
}

function shannonRate(snrBandwidthHz: number, bandwidthHz: number): number {
  return (bandwidthHz * Math.log1p(snrBandwidthHz / bandwidthHz)) / Math.LN2;
}

/** dR/db = (log1p(z) − z/(1+z)) / ln 2 with z = snrBandwidth/b; by its series where the difference cancels. */
function shannonSlope(snrBandwidthHz: number, bandwidthHz: number): number {
  const z = snrBandwidthHz / bandwidthHz;
  const difference = z < 1e-3 ? z * z * (0.5 - z * (2 / 3 - z * (0.75 - 0.8 * z))) : Math.log1p(z) - z / (1 + z);
  return difference / Math.LN2;
}

function shannonInverseSlope(snrBandwidthHz: number, bandwidthHz: number): number {
  const rate = shannonRate(snrBandwidthHz, bandwidthHz);
  return -shannonSlope(snrBandwidthHz, bandwidthHz) / (rate * rate);
}

/** (1/R)'' = 2R'²/R³ − R''/R², with R'' = −z² / (b·(1+z)²·ln 2). */
function shannonInverseCurvature(snrBandwidthHz: number, bandwidthHz: number): number {
  const z = snrBandwidthHz / bandwidthHz;
  const rate = shannonRate(snrBandwidthHz, bandwidthHz);
  const slope = shannonSlope(snrBandwidthHz, bandwidthHz);
  const curvature = -((z / (1 + z)) ** 2) / (bandwidthHz * Math.LN2);
  return (2 * slope * slope) / rate ** 3 - curvature / (rate * rate);
}
