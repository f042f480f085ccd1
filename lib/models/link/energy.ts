import type { RateLaw, ShannonRate } from './rate.js';
import { secondsPerBit, useFraction } from './rate.js';

/**
 * Bits a second and hertz that an energy allows: with e joules to radiate for each bit sent, a transmitter that sends at
 * rate R radiates e·R watt, so R = b·log2(1 + a·e·R/b) with a the channel's gain over noise density: R = y·b with y the
 * positive root of y = log2(1 + a·e·y). Together with the full power P the rate is min(y·b, b·log2(1 + a·P/b)).
 *
 * 0 where there is no such root: below ln 2 / a joule a bit nothing can be sent at any rate (Shannon 1949).
 *
 * @param gainOverNoiseHzPerWatt - a = g / (N0·F·Γ), Hz/W.
 * @param joulePerBit - e, energy radiated for each bit, joule.
 * @example
 * ```ts
 * import { energyEfficiencyLimit } from 'sft-opt/models';
 *
 * const y = energyEfficiencyLimit(1e9, 5e-9);
 * console.log(Math.log2(1 + 1e9 * 5e-9 * y) / y); // 1
 * ```
 */
export function energyEfficiencyLimit(gainOverNoiseHzPerWatt: number, joulePerBit: number): number {
  const x = gainOverNoiseHzPerWatt * joulePerBit;
  if (!(x > Math.LN2)) return 0;
  if (x === Infinity) return Infinity;
  // log2(1 + x·y) − y is concave: Newton's method from the right of the root falls to it. 1 + x·y ≤ (1 + x)·(1 + y).
  let y = 2 * Math.log2(1 + x) + 4;
  for (let k = 0; k < 200; k++) {
    const excess = Math.log1p(x * y) / Math.LN2 - y;
    const next = y - excess / (x / ((1 + x * y) * Math.LN2) - 1);
    if (!(next < y) || !(next > 0)) break;
    y = next;
  }
  return y;
}

/**
 * a = g / (N0·F·Γ) in Hz/W of a Shannon law at transmit power P.
 *
 * @param law - Law of a sender at this power.
 * @param transmitPowerWatt - Power while sending, watt.
 * @example
 * ```ts
 * import { gainOverNoise } from 'sft-opt/models';
 *
 * console.log(gainOverNoise({ kind: 'shannon', snrBandwidthHz: 1e7 }, 0.2)); // 50000000
 * ```
 */
export function gainOverNoise(law: ShannonRate, transmitPowerWatt: number): number {
  return law.snrBandwidthHz / transmitPowerWatt;
}

/**
 * Energy radiated for each bit that arrives, joule: the least power that reaches the law's rate (all of it under Shannon's law,
 * less where the efficiency is limited), over the time of sending it and what is lost again.
 *
 * @param law - Rate by bandwidth.
 * @param transmitPowerWatt - Power while sending, watt.
 * @param bandwidthHz - Share of the band, Hz, ≥ 0.
 * @example
 * ```ts
 * import { radiatedJoulePerBit } from 'sft-opt/models';
 *
 * console.log(radiatedJoulePerBit({ kind: 'linear', bitsPerSecondPerHz: 2 }, 0.2, 1e6)); // 1e-7
 * ```
 */
export function radiatedJoulePerBit(law: RateLaw, transmitPowerWatt: number, bandwidthHz: number): number {
  if (bandwidthHz <= 0) return Infinity;
  const frame = law.frameFraction ?? 1;
  if (law.kind === 'linear' || law.kind === 'custom' || law.efficiencyLimit === undefined) {
    return transmitPowerWatt * frame * secondsPerBit(law, bandwidthHz);
  }
  const limit = law.efficiencyLimit;
  const ofSample = (snrBandwidthHz: number) => {
    const ratio = snrBandwidthHz / bandwidthHz;
    const ceiling = Math.expm1(limit * Math.LN2);
    const efficiency = Math.min(limit, Math.log1p(ratio) / Math.LN2);
    return (transmitPowerWatt * Math.min(1, ceiling / ratio)) / (efficiency * bandwidthHz);
  };
  const samples = law.kind === 'shannon' ? [law.snrBandwidthHz] : law.snrBandwidthHz;
  let sum = 0;
  for (let k = 0; k < samples.length; k++) sum += ofSample(samples[k]!);
  return ((sum / samples.length) * frame) / useFraction(law);
}
