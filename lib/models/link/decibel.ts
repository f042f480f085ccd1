/** 10·log10 conversions. Power levels in dBm refer to one milliwatt. */
export function ratioFromDecibel(decibel: number): number {
  return 10 ** (decibel / 10);
}

/** A ratio of powers in decibel. */
export function decibelFromRatio(ratio: number): number {
  return 10 * Math.log10(ratio);
}

/** dBm as watt. */
export function wattFromDbm(dbm: number): number {
  return ratioFromDecibel(dbm) / 1000;
}

/** Watt as dBm. */
export function dbmFromWatt(watt: number): number {
  return decibelFromRatio(watt * 1000);
}
