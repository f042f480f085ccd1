import { withEfficiencyLimit, type RateLaw } from './rate.js';

/**
 * The law at another power gain, `gain` times its own. A rate linear in the share keeps its spread: log2(1 + gain·snr) per Hz. A
 * custom law that does not know itself at another gain (`atGain`) has a rate in proportion to it.
 *
 * @param law - Rate by bandwidth.
 * @param gain - Power gain over the law's own, > 0.
 * @example
 * ```ts
 * import { scaledLaw } from 'sft-opt/models';
 *
 * console.log(scaledLaw({ kind: 'shannon', snrBandwidthHz: 1e7 }, 0.5)); // { kind: 'shannon', snrBandwidthHz: 5000000 }
 * ```
 */
export function scaledLaw(law: RateLaw, gain: number): RateLaw {
  if (gain === 1) return law;
  switch (law.kind) {
    case 'shannon':
      return { ...law, snrBandwidthHz: law.snrBandwidthHz * gain };
    case 'faded':
      return { ...law, snrBandwidthHz: law.snrBandwidthHz.map((snr) => snr * gain) };
    case 'linear':
      return { ...law, bitsPerSecondPerHz: scaledEfficiency(law.bitsPerSecondPerHz, gain) };
    case 'custom':
      if (law.atGain) return withEfficiencyLimit(law.atGain(gain), law.efficiencyLimit ?? Infinity);
      return {
        ...law,
        bitsPerSecond: (hertz) => gain * law.bitsPerSecond(hertz),
        slope: (hertz) => gain * law.slope(hertz),
        ...(law.supremumBitsPerSecond !== undefined && { supremumBitsPerSecond: gain * law.supremumBitsPerSecond }),
      };
  }
}

/**
 * Whether a law says what another power would do: a linear one may be measured, a custom one says it by `atGain`.
 *
 * @param law - Rate by bandwidth.
 * @example
 * ```ts
 * import { knowsPower } from 'sft-opt/models';
 *
 * const measured = { kind: 'linear', bitsPerSecondPerHz: 2 } as const;
 * console.log(knowsPower(measured), knowsPower({ kind: 'shannon', snrBandwidthHz: 1e7 })); // false true
 * ```
 */
export function knowsPower(law: RateLaw): boolean {
  return law.kind === 'custom' ? law.atGain !== undefined : law.kind !== 'linear';
}

/**
 * Bits a second and hertz at `gain` times the signal-to-noise ratio that gives `bitsPerSecondPerHz`.
 *
 * @param bitsPerSecondPerHz - Efficiency at gain 1.
 * @param gain - Power gain, ≥ 0.
 * @example
 * ```ts
 * import { scaledEfficiency } from 'sft-opt/models';
 *
 * console.log(scaledEfficiency(2, 5)); // 4
 * ```
 */
export function scaledEfficiency(bitsPerSecondPerHz: number, gain: number): number {
  return Math.log1p(gain * Math.expm1(bitsPerSecondPerHz * Math.LN2)) / Math.LN2;
}
