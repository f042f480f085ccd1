import { withEfficiencyLimit, type RateLaw } from './rate.js';

/**
 * The law at another power gain, `gain` times its own. A rate linear in the share keeps its spread: log2(1 + gain·snr) per Hz. A
 * custom law that does not know itself at another gain (`atGain`) has a rate in proportion to it.
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

/** Whether a law says what another power would do: a linear one may be measured, a custom one says it by `atGain`. */
export function knowsPower(law: RateLaw): boolean {
  return law.kind === 'custom' ? law.atGain !== undefined : law.kind !== 'linear';
}

/** Bits a second and hertz at `gain` times the signal-to-noise ratio that gives `bitsPerSecondPerHz`. */
export function scaledEfficiency(bitsPerSecondPerHz: number, gain: number): number {
  return Math.log1p(gain * Math.expm1(bitsPerSecondPerHz * Math.LN2)) / Math.LN2;
}
