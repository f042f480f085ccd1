import type { Fading } from './fading.js';
import { stepEfficiency, tableLaw, type EfficiencyTable } from './modulation.js';
import { fadingQuantile, fadingSamples } from './fading.js';
import { withEfficiencyLimit, type LinkUse, type RateLaw } from './rate.js';
import type { RandomStream } from '../../random/index.js';

/** A transmitter, its channel, and the receiver's noise. */
export interface LinkBudget {
  /** P, watt. */
  readonly powerWatt: number;
  /** g: mean power gain, path loss and shadowing. */
  readonly gain: number;
  /** N0, W/Hz. */
  readonly noiseDensityWattPerHz: number;
  /** F, linear. */
  readonly noiseFactor: number;
  /** Γ ≥ 1, linear: how much more power than Shannon's a real code needs; 1 when absent (Forney & Ungerboeck 1998). */
  readonly capacityGap?: number;
}

/** What keeps a link below Shannon's law. */
export interface LinkLimits extends LinkUse {
  /** Most bits a second and hertz, in every fade; no limit when absent. */
  readonly efficiencyLimit?: number;
  /** Modulation and coding schemes in place of Shannon's law. */
  readonly efficiencyTable?: EfficiencyTable;
}

/** How a plan that lasts many rounds treats fading: its mean gain, a quantile of it, or the mean of 1/R over samples. */
export type FadingTreatment =
  | { readonly kind: 'mean' }
  | {
      readonly kind: 'quantile';
      /** Part of the time with a gain below the one planned with, 0…1. */
      readonly probability: number;
    }
  | {
      readonly kind: 'samples';
      /** Gains drawn for the mean rate, ≥ 1. */
      readonly count: number;
    };

/**
 * P·g / (N0·F·Γ) in Hz: the bandwidth at which the signal-to-noise ratio is one.
 *
 * @param budget - Power, gain, noise and losses of the link.
 * @example
 * ```ts
 * import { snrBandwidthHz } from 'sft-opt/models';
 *
 * console.log(snrBandwidthHz({ powerWatt: 0.2, gain: 1e-12, noiseDensityWattPerHz: 4e-21, noiseFactor: 2 })); // 25000000
 * ```
 */
export function snrBandwidthHz(budget: LinkBudget): number {
  return (
    (budget.powerWatt * budget.gain) / (budget.noiseDensityWattPerHz * budget.noiseFactor * (budget.capacityGap ?? 1))
  );
}

/**
 * Shannon's law, or a table of schemes, with the transmitter's power over its own share.
 *
 * @param budget - Power, gain, noise and losses of the link.
 * @param fading - How the gain varies about its mean.
 * @param treatment - What of the fading the law is for.
 * @param random - Stream of random numbers: the same stream gives the same answer.
 * @param limits - Efficiency limit or table, frame and delivered fraction.
 * @example
 * ```ts
 * import { randomStream, shannonLaw } from 'sft-opt/models';
 *
 * const budget = { powerWatt: 0.2, gain: 1e-12, noiseDensityWattPerHz: 4e-21, noiseFactor: 2 };
 * console.log(shannonLaw(budget, { kind: 'none' }, { kind: 'mean' }, randomStream(1, 'link'))); // { kind: 'shannon', snrBandwidthHz: 25000000 }
 * ```
 */
export function shannonLaw(
  budget: LinkBudget,
  fading: Fading,
  treatment: FadingTreatment,
  random: RandomStream,
  { efficiencyLimit = Infinity, efficiencyTable, ...use }: LinkLimits = {},
): RateLaw {
  const mean = snrBandwidthHz(budget);
  const gains = treatedGains(fading, treatment, random);
  if (efficiencyTable) {
    const law = tableLaw(
      efficiencyTable,
      gains.map((gain) => gain * mean),
      use,
    );
    return withEfficiencyLimit(law, efficiencyLimit);
  }
  const law: RateLaw =
    gains.length === 1
      ? { kind: 'shannon', snrBandwidthHz: mean * gains[0]!, ...use }
      : { kind: 'faded', snrBandwidthHz: gains.map((gain) => gain * mean), ...use };
  return withEfficiencyLimit(law, efficiencyLimit);
}

/**
 * A law linear in the share: the transmitter's power spread evenly over the whole band.
 *
 * @param budget - Power, gain, noise and losses of the link.
 * @param bandHz - Width of the band, Hz.
 * @param fading - How the gain varies about its mean.
 * @param treatment - What of the fading the law is for.
 * @param random - Stream of random numbers: the same stream gives the same answer.
 * @param limits - Efficiency limit or table, frame and delivered fraction.
 * @example
 * ```ts
 * import { randomStream, spreadLaw } from 'sft-opt/models';
 *
 * const budget = { powerWatt: 0.2, gain: 1e-12, noiseDensityWattPerHz: 4e-21, noiseFactor: 2 };
 * console.log(spreadLaw(budget, 25e6, { kind: 'none' }, { kind: 'mean' }, randomStream(1, 'link'))); // { kind: 'linear', bitsPerSecondPerHz: 1 }
 * ```
 */
export function spreadLaw(
  budget: LinkBudget,
  bandHz: number,
  fading: Fading,
  treatment: FadingTreatment,
  random: RandomStream,
  { efficiencyLimit = Infinity, efficiencyTable, ...use }: LinkLimits = {},
): RateLaw {
  const mean = snrBandwidthHz(budget) / bandHz;
  const gains = treatedGains(fading, treatment, random);
  let secondsPerBitPerHz = 0;
  for (const gain of gains) {
    const snr = mean * gain;
    const efficiency = efficiencyTable ? stepEfficiency(efficiencyTable, snr) : Math.log2(1 + snr);
    secondsPerBitPerHz += 1 / Math.min(efficiencyLimit, efficiency);
  }
  return { kind: 'linear', bitsPerSecondPerHz: gains.length / secondsPerBitPerHz, ...use };
}

function treatedGains(fading: Fading, treatment: FadingTreatment, random: RandomStream): Float64Array {
  switch (treatment.kind) {
    case 'mean':
      return Float64Array.of(1);
    case 'quantile':
      return Float64Array.of(fadingQuantile(fading, treatment.probability));
    case 'samples':
      return fading.kind === 'none' ? Float64Array.of(1) : fadingSamples(fading, treatment.count, random);
  }
}
