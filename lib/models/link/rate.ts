/**
 * Rate of a link as a function of its bandwidth share b (Hz), in bit/s. Every law is increasing and concave in b with
 * R(0) = 0, so that bits / R(b) is convex and decreasing.
 */
export type RateLaw = LinearRate | ShannonRate | FadedRate;

/** R(b) = efficiency · b: power spread evenly over the whole band, or a rate linear in the share. */
export interface LinearRate {
  readonly kind: 'linear';
  /** bit/s/Hz. */
  readonly bitsPerSecondPerHz: number;
}

/** R(b) = b·log2(1 + snrBandwidth / b): the transmitter's power over its own share (Shannon 1949). */
export interface ShannonRate {
  readonly kind: 'shannon';
  /** P·g / (N0·F), in Hz: the bandwidth at which the signal-to-noise ratio is one. */
  readonly snrBandwidthHz: number;
}

/** 1/R(b) = mean over fading samples of 1 / (b·log2(1 + snrBandwidth_k / b)); the harmonic mean stays concave. */
export interface FadedRate {
  readonly kind: 'faded';
  /** P·g_k / (N0·F) of each sample, in Hz. */
  readonly snrBandwidthHz: Float64Array;
}

/** R(b) in bit/s; 0 at b = 0. */
export function rateBitsPerSecond(law: RateLaw, bandwidthHz: number): number {
  if (bandwidthHz <= 0) return 0;
  switch (law.kind) {
    case 'linear':
      return law.bitsPerSecondPerHz * bandwidthHz;
    case 'shannon':
      return shannonRate(law.snrBandwidthHz, bandwidthHz);
    case 'faded':
      return 1 / secondsPerBit(law, bandwidthHz);
  }
}

/** 1/R(b) in s/bit; Infinity at b = 0. */
export function secondsPerBit(law: RateLaw, bandwidthHz: number): number {
  if (law.kind !== 'faded') return 1 / rateBitsPerSecond(law, bandwidthHz);
  if (bandwidthHz <= 0) return Infinity;
  const samples = law.snrBandwidthHz;
  let sum = 0;
  for (let k = 0; k < samples.length; k++) sum += 1 / shannonRate(samples[k]!, bandwidthHz);
  return sum / samples.length;
}

/** d(1/R)/db in s/bit/Hz, ≤ 0. */
export function secondsPerBitSlope(law: RateLaw, bandwidthHz: number): number {
  switch (law.kind) {
    case 'linear':
      return -1 / (law.bitsPerSecondPerHz * bandwidthHz * bandwidthHz);
    case 'shannon':
      return shannonInverseSlope(law.snrBandwidthHz, bandwidthHz);
    case 'faded': {
      const samples = law.snrBandwidthHz;
      let sum = 0;
      for (let k = 0; k < samples.length; k++) sum += shannonInverseSlope(samples[k]!, bandwidthHz);
      return sum / samples.length;
    }
  }
}

/** d²(1/R)/db² in s/bit/Hz², ≥ 0. */
export function secondsPerBitCurvature(law: RateLaw, bandwidthHz: number): number {
  switch (law.kind) {
    case 'linear':
      return 2 / (law.bitsPerSecondPerHz * bandwidthHz ** 3);
    case 'shannon':
      return shannonInverseCurvature(law.snrBandwidthHz, bandwidthHz);
    case 'faded': {
      const samples = law.snrBandwidthHz;
      let sum = 0;
      for (let k = 0; k < samples.length; k++) sum += shannonInverseCurvature(samples[k]!, bandwidthHz);
      return sum / samples.length;
    }
  }
}

/** inf over b of 1/R(b), in s/bit: what remains however large the share is; 0 for a linear law. */
export function leastSecondsPerBit(law: RateLaw): number {
  switch (law.kind) {
    case 'linear':
      return 0;
    case 'shannon':
      return Math.LN2 / law.snrBandwidthHz;
    case 'faded': {
      let sum = 0;
      for (let k = 0; k < law.snrBandwidthHz.length; k++) sum += Math.LN2 / law.snrBandwidthHz[k]!;
      return sum / law.snrBandwidthHz.length;
    }
  }
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
