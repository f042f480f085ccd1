import type { Device, RateLaw } from '../../lib/models/index.js';

/** 1/R(b) from its definition, by itself: limits, frame and losses included. */
export function plainSecondsPerBit(law: RateLaw, hertz: number): number {
  if (hertz <= 0) return Infinity;
  const use = (law.frameFraction ?? 1) * (law.deliveredFraction ?? 1);
  if (law.kind === 'linear') return 1 / (use * law.bitsPerSecondPerHz * hertz);
  if (law.kind === 'custom') {
    return 1 / (use * Math.min(law.bitsPerSecond(hertz), (law.efficiencyLimit ?? Infinity) * hertz));
  }
  const samples = law.kind === 'shannon' ? [law.snrBandwidthHz] : [...law.snrBandwidthHz];
  const seconds = samples.map((snr) => {
    const efficiency = Math.min(law.efficiencyLimit ?? Infinity, Math.log1p(snr / hertz) / Math.LN2);
    return 1 / (use * efficiency * hertz);
  });
  return seconds.reduce((sum, value) => sum + value, 0) / seconds.length;
}

/**
 * Seconds of a bit that may cost `joule`: the power is lowered by bisection until what is radiated until the bit has arrived
 * is paid for. Infinity where no power is low enough.
 */
export function thriftySecondsPerBit(device: Device, hertz: number, joule: number): number {
  const law = device.uplink;
  const full = plainSecondsPerBit(law, hertz);
  if (joule === Infinity || hertz <= 0) return full;
  if (law.kind !== 'shannon') throw new Error('an energy limit needs a Shannon uplink');
  const frame = law.frameFraction ?? 1;
  const at = (part: number) => {
    const seconds = plainSecondsPerBit({ ...law, snrBandwidthHz: part * law.snrBandwidthHz }, hertz);
    return { seconds, joule: part * device.transmitPowerWatt * frame * seconds };
  };
  // The least power that still reaches the limit of efficiency costs less than full power at the same rate.
  const cap = law.efficiencyLimit ?? Infinity;
  const top = Math.min(1, ((2 ** cap - 1) * hertz) / law.snrBandwidthHz);
  if (at(top).joule <= joule) return at(top).seconds;
  let low = 0;
  let high = top;
  for (let k = 0; k < 200 && high - low > 1e-16 * high; k++) {
    const middle = low < 0.01 * high ? Math.max(Math.sqrt(low * high), 1e-6 * high) : (low + high) / 2;
    if (at(middle).joule <= joule) low = middle;
    else high = middle;
  }
  return low > 0 ? at(low).seconds : Infinity;
}
