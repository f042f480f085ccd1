/**
 * 10·log10 conversions. Power levels in dBm refer to one milliwatt.
 *
 * @param decibel - Ratio in dB.
 * @example
 * ```ts
 * import { ratioFromDecibel } from 'sft-opt/models';
 *
 * console.log(ratioFromDecibel(30)); // 1000
 * ```
 */
export function ratioFromDecibel(decibel: number): number {
  return 10 ** (decibel / 10);
}

/**
 * A ratio of powers in decibel.
 *
 * @param ratio - Ratio of powers, > 0.
 * @example
 * ```ts
 * import { decibelFromRatio } from 'sft-opt/models';
 *
 * console.log(decibelFromRatio(1000)); // 30
 * ```
 */
export function decibelFromRatio(ratio: number): number {
  return 10 * Math.log10(ratio);
}

/**
 * dBm as watt.
 *
 * @param dbm - Power in dBm.
 * @example
 * ```ts
 * import { wattFromDbm } from 'sft-opt/models';
 *
 * console.log(wattFromDbm(23)); // 0.199526
 * ```
 */
export function wattFromDbm(dbm: number): number {
  return ratioFromDecibel(dbm) / 1000;
}

/**
 * Watt as dBm.
 *
 * @param watt - Power, watt, > 0.
 * @example
 * ```ts
 * import { dbmFromWatt } from 'sft-opt/models';
 *
 * console.log(dbmFromWatt(0.2)); // 23.0103
 * ```
 */
export function dbmFromWatt(watt: number): number {
  return decibelFromRatio(watt * 1000);
}
