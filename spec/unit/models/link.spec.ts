import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildingLoss,
  dbmFromWatt,
  energyEfficiencyLimit,
  fadingQuantile,
  fadingSamples,
  fadingTrace,
  jakesCorrelation,
  leastSecondsPerBit,
  lineOfSightProbability,
  pathGain,
  pathLossDecibel,
  radiatedJoulePerBit,
  rateBitsPerSecond,
  secondsPerBit,
  secondsPerBitCurvature,
  secondsPerBitSlope,
  shannonLaw,
  spreadLaw,
  wattFromDbm,
  type RateLaw,
} from '../../../lib/models/index.js';
import { randomStream } from '../../../lib/random/index.js';

const laws = fc.oneof(
  fc
    .double({ min: 0.01, max: 20, noNaN: true })
    .map((efficiency): RateLaw => ({ kind: 'linear', bitsPerSecondPerHz: efficiency })),
  fc
    .double({ min: -6, max: 12, noNaN: true })
    .map((exponent): RateLaw => ({ kind: 'shannon', snrBandwidthHz: 10 ** exponent })),
  fc
    .record({
      exponent: fc.double({ min: -6, max: 12, noNaN: true }),
      limit: fc.double({ min: 0.1, max: 12, noNaN: true }),
    })
    .map(({ exponent, limit }): RateLaw => ({
      kind: 'shannon',
      snrBandwidthHz: 10 ** exponent,
      efficiencyLimit: limit,
      frameFraction: 0.3,
      deliveredFraction: 0.9,
    })),
  fc
    .array(fc.double({ min: 4, max: 9, noNaN: true }), { minLength: 1, maxLength: 5 })
    .map((exponents): RateLaw => ({ kind: 'faded', snrBandwidthHz: Float64Array.from(exponents, (e) => 10 ** e) })),
);
const bandwidths = fc.double({ min: 1, max: 9, noNaN: true }).map((exponent) => 10 ** exponent);

describe('rate laws', () => {
  it('is Shannon’s formula: 20 MHz at 23 dBm, −174 dBm/Hz + 9 dB, 120 dB of loss', () => {
    const snrBandwidthHz = (wattFromDbm(23) * 1e-12) / (wattFromDbm(-174) * 10 ** 0.9);
    const expected = 20e6 * Math.log2(1 + 10 ** ((23 - 120 + 174 - 9) / 10) / 20e6);
    expect(rateBitsPerSecond({ kind: 'shannon', snrBandwidthHz }, 20e6) / expected).toBeCloseTo(1, 12);
  });

  it('has derivatives that agree with differences', () => {
    fc.assert(
      fc.property(laws, bandwidths, (law, bandwidth) => {
        const step = bandwidth * 1e-5;
        const difference = (secondsPerBit(law, bandwidth + step) - secondsPerBit(law, bandwidth - step)) / (2 * step);
        const slope = secondsPerBitSlope(law, bandwidth);
        const scale = secondsPerBit(law, bandwidth) / bandwidth;
        expect(Math.abs(difference - slope)).toBeLessThan(1e-6 * scale + 1e-6 * Math.abs(slope));
        const second =
          (secondsPerBitSlope(law, bandwidth + step) - secondsPerBitSlope(law, bandwidth - step)) / (2 * step);
        expect(Math.abs(second - secondsPerBitCurvature(law, bandwidth))).toBeLessThan(1e-5 * (scale / bandwidth));
      }),
      { numRuns: 500 },
    );
  });

  it('falls with bandwidth towards its floor and never below', () => {
    fc.assert(
      fc.property(laws, bandwidths, (law, bandwidth) => {
        expect(secondsPerBitSlope(law, bandwidth)).toBeLessThanOrEqual(0);
        expect(secondsPerBitCurvature(law, bandwidth)).toBeGreaterThanOrEqual(0);
        expect(secondsPerBit(law, bandwidth)).toBeGreaterThanOrEqual(leastSecondsPerBit(law) * (1 - 1e-14));
      }),
    );
    expect(secondsPerBit({ kind: 'shannon', snrBandwidthHz: 1e6 }, 1e15)).toBeCloseTo(Math.LN2 / 1e6, 14);
    expect(secondsPerBit({ kind: 'shannon', snrBandwidthHz: 1e6 }, 0)).toBe(Infinity);
  });

  it('is the smaller of η·b and Shannon’s rate, which meet at snrBandwidth / (2^η − 1)', () => {
    const law: RateLaw = { kind: 'shannon', snrBandwidthHz: 3e6, efficiencyLimit: 2 };
    expect(rateBitsPerSecond(law, 0.5e6)).toBe(1e6);
    expect(rateBitsPerSecond(law, 1e6) / 2e6).toBeCloseTo(1, 14);
    expect(rateBitsPerSecond(law, 3e6) / 3e6).toBeCloseTo(1, 14);
    // Between the slopes on its two sides at the kink: −1/(2·b²) towards less, −(2 − 0.75/ln 2)/(2·b)² towards more.
    expect(secondsPerBitSlope(law, 1e6 * (1 - 1e-9)) / (-1 / 2e12)).toBeCloseTo(1, 8);
    expect(secondsPerBitSlope(law, 1e6 * (1 + 1e-9)) / (-(2 - 0.75 / Math.LN2) / 4e12)).toBeCloseTo(1, 7);
  });

  it('sends in a part of the frame and what is lost again', () => {
    const law: RateLaw = { kind: 'shannon', snrBandwidthHz: 3e6, frameFraction: 0.4, deliveredFraction: 0.9 };
    expect(rateBitsPerSecond(law, 3e6) / (0.36 * 3e6)).toBeCloseTo(1, 14);
    expect(leastSecondsPerBit(law) / (Math.LN2 / (0.36 * 3e6))).toBeCloseTo(1, 14);
  });

  it('is limited by energy at y = log2(1 + a·e·y): by hand for y of 2 and 4, none below ln 2', () => {
    expect(energyEfficiencyLimit(5e6, 3e-7)).toBeCloseTo(2, 13);
    expect(energyEfficiencyLimit(5e6, 7.5e-7)).toBeCloseTo(4, 13);
    expect(energyEfficiencyLimit(1, Math.LN2)).toBe(0);
    expect(energyEfficiencyLimit(1, 0.5)).toBe(0);
    expect(energyEfficiencyLimit(1, Math.LN2 * (1 + 1e-6))).toBeGreaterThan(0);
    for (let exponent = -0.1; exponent < 12; exponent += 0.05) {
      const y = energyEfficiencyLimit(1, 10 ** exponent);
      expect(Math.log1p(10 ** exponent * y) / Math.LN2 / y).toBeCloseTo(1, 12);
    }
  });

  it('radiates the power that its limit needs: 0.06 of 0.2 W at 2 bit/s/Hz over a tenth of the signal-to-noise bandwidth', () => {
    const law: RateLaw = { kind: 'shannon', snrBandwidthHz: 1e6, efficiencyLimit: 2 };
    expect(radiatedJoulePerBit(law, 0.2, 1e5) / 3e-7).toBeCloseTo(1, 13);
    expect(radiatedJoulePerBit({ ...law, frameFraction: 0.5 }, 0.2, 1e5) / 3e-7).toBeCloseTo(1, 13);
    expect(radiatedJoulePerBit({ ...law, deliveredFraction: 0.5 }, 0.2, 1e5) / 6e-7).toBeCloseTo(1, 13);
    // At shares beyond the limit's reach all of the power is used.
    expect(radiatedJoulePerBit(law, 0.2, 1e6) / 2e-7).toBeCloseTo(1, 13);
  });

  it('averages the time of a bit over fading samples', () => {
    const samples = Float64Array.of(1e6, 4e6, 9e6);
    const mean = [...samples].reduce((sum, snr) => sum + 1 / (2e6 * Math.log2(1 + snr / 2e6)), 0) / 3;
    expect(secondsPerBit({ kind: 'faded', snrBandwidthHz: samples }, 2e6) / mean).toBeCloseTo(1, 13);
  });
});

describe('path loss', () => {
  it('is the published macro formula', () => {
    expect(pathLossDecibel({ kind: 'macro' }, 1000)).toBeCloseTo(128.1, 12);
    expect(pathLossDecibel({ kind: 'macro' }, 100)).toBeCloseTo(90.5, 12);
    expect(pathGain({ kind: 'macro' }, 1000)).toBeCloseTo(10 ** -12.81, 25);
  });

  it('is table 7.4.1-1 of TR 38.901, worked by hand at 3.5 GHz', () => {
    const micro = { carrierHz: 3.5e9, baseHeightMetre: 10, deviceHeightMetre: 1.5 };
    const direct = Math.hypot(100, 8.5);
    const sight = 32.4 + 21 * Math.log10(direct) + 20 * Math.log10(3.5);
    expect(pathLossDecibel({ kind: 'umi-los', ...micro }, 100)).toBeCloseTo(sight, 10);
    const hidden = 35.3 * Math.log10(direct) + 22.4 + 21.3 * Math.log10(3.5);
    expect(pathLossDecibel({ kind: 'umi-nlos', ...micro }, 100)).toBeCloseTo(hidden, 10);
    const macro = { carrierHz: 3.5e9, baseHeightMetre: 25, deviceHeightMetre: 1.5 };
    const far = Math.hypot(800, 23.5);
    const breakPoint = (4 * 24 * 0.5 * 3.5e9) / 3e8;
    const beyond = 28 + 40 * Math.log10(far) + 20 * Math.log10(3.5) - 9 * Math.log10(breakPoint ** 2 + 23.5 ** 2);
    expect(breakPoint).toBeLessThan(800);
    expect(pathLossDecibel({ kind: 'uma-los', ...macro }, 800)).toBeCloseTo(beyond, 10);
  });

  it('is RMa and InH of the same table: worked by hand at 700 MHz from 35 m, at 3.5 GHz from 3 m', () => {
    const rural = { carrierHz: 0.7e9, baseHeightMetre: 35, deviceHeightMetre: 1.5 };
    // h^1.72 = 15.930: 20·log10(40π·501.121·0.7/3) + 0.47790·log10(501.121) − 0.70092 + 0.0013979·501.121.
    expect(pathLossDecibel({ kind: 'rma-los', ...rural }, 500)).toBeCloseTo(84.6325, 3);
    // Beyond the break point 2π·35·1.5·0.7e9/3e8 = 769.690 m with 40 dB a decade.
    expect(pathLossDecibel({ kind: 'rma-los', ...rural }, 3000)).toBeCloseTo(112.4578, 3);
    expect(pathLossDecibel({ kind: 'rma-nlos', ...rural }, 1000)).toBeCloseTo(116.4449, 3);
    const office = { carrierHz: 3.5e9, baseHeightMetre: 3, deviceHeightMetre: 1.5 };
    // d = √(40² + 1.5²): 32.4 + 17.3·1.60236 + 10.8814, and 17.3 + 38.3·1.60236 + 24.9·0.54407.
    expect(pathLossDecibel({ kind: 'inh-los', ...office }, 40)).toBeCloseTo(71.0023, 3);
    expect(pathLossDecibel({ kind: 'inh-nlos', ...office }, 40)).toBeCloseTo(92.2179, 3);
    for (const kind of ['rma-nlos', 'inh-nlos'] as const) {
      const sight = kind === 'rma-nlos' ? 'rma-los' : 'inh-los';
      for (let distance = 10; distance < 150; distance *= 1.3) {
        const blocked = pathLossDecibel({ kind, ...office }, distance);
        expect(blocked).toBeGreaterThanOrEqual(pathLossDecibel({ kind: sight, ...office }, distance));
      }
    }
  });

  it('has the probabilities of line of sight of table 7.4.2-1', () => {
    expect(lineOfSightProbability('rma', 10)).toBe(1);
    expect(lineOfSightProbability('rma', 1010)).toBeCloseTo(Math.exp(-1), 12);
    expect(lineOfSightProbability('inh', 1.2)).toBe(1);
    expect(lineOfSightProbability('inh', 5.9)).toBeCloseTo(Math.exp(-1), 12);
    expect(lineOfSightProbability('inh', 39.1)).toBeCloseTo(0.32 * Math.exp(-1), 12);
    expect(lineOfSightProbability('uma', 63)).toBeCloseTo(18 / 63 + Math.exp(-1) * (45 / 63), 12);
    expect(lineOfSightProbability('umi', 36)).toBeCloseTo(0.5 + Math.exp(-1) / 2, 12);
  });

  it('takes the walls of table 7.4.3-2: by hand at 3.5 GHz', () => {
    // 5 − 10·log10(0.3·10^−0.27 + 0.7·10^−1.9) and 5 − 10·log10(0.7·10^−2.405 + 0.3·10^−1.9).
    expect(buildingLoss('low-loss', 3.5e9).wallDecibel).toBeCloseTo(12.6975, 3);
    expect(buildingLoss('high-loss', 3.5e9).wallDecibel).toBeCloseTo(26.8498, 3);
    expect(buildingLoss('below-6-ghz', 3.5e9)).toEqual({ wallDecibel: 20, decibelPerMetre: 0.5, deviationDecibel: 0 });
  });

  it('is continuous at the break point and grows with distance', () => {
    const model = { kind: 'uma-los', carrierHz: 3.5e9, baseHeightMetre: 25, deviceHeightMetre: 1.5 } as const;
    const breakPoint = (4 * 24 * 0.5 * 3.5e9) / 3e8;
    const jump = pathLossDecibel(model, breakPoint * (1 + 1e-9)) - pathLossDecibel(model, breakPoint);
    expect(Math.abs(jump)).toBeLessThan(1e-6);
    for (let distance = 10; distance < 2000; distance *= 1.1) {
      expect(pathLossDecibel(model, distance * 1.1)).toBeGreaterThan(pathLossDecibel(model, distance));
    }
  });

  it('converts levels there and back', () => {
    expect(wattFromDbm(23)).toBeCloseTo(0.19952623149688797, 15);
    expect(dbmFromWatt(wattFromDbm(-174))).toBeCloseTo(-174, 10);
  });
});

describe('fading', () => {
  it('has mean one and the quantiles of its own samples', () => {
    for (const fading of [{ kind: 'rayleigh' }, { kind: 'rician', factor: 4 }] as const) {
      const samples = fadingSamples(fading, 200_000, randomStream(3, 'fading')).sort();
      expect(samples.reduce((sum, gain) => sum + gain, 0) / samples.length).toBeCloseTo(1, 2);
      for (const probability of [0.05, 0.1, 0.5, 0.9]) {
        const empirical = samples[Math.floor(probability * samples.length)]!;
        expect(Math.abs(fadingQuantile(fading, probability) / empirical - 1)).toBeLessThan(0.03);
      }
    }
    expect(fadingQuantile({ kind: 'rayleigh' }, 0.1)).toBeCloseTo(-Math.log(0.9), 14);
    expect(fadingQuantile({ kind: 'none' }, 0.1)).toBe(1);
  });

  it('follows Jakes in time', () => {
    expect(jakesCorrelation(10, 0)).toBe(1);
    expect(jakesCorrelation(10, 2.404825557695773 / (20 * Math.PI))).toBeCloseTo(0, 12);
    const correlation = 0.9;
    const trace = fadingTrace({ kind: 'rayleigh' }, correlation, 100_000, randomStream(5, 'trace'));
    const centred = trace.map((gain) => gain - 1);
    let lagged = 0;
    let variance = 0;
    for (let k = 1; k < centred.length; k++) {
      lagged += centred[k]! * centred[k - 1]!;
      variance += centred[k]! ** 2;
    }
    // The power of a complex Gaussian process is correlated by the square of the amplitude's correlation.
    expect(lagged / variance).toBeCloseTo(correlation ** 2, 1);
  });

  it('makes plans on the mean gain optimistic', () => {
    const budget = { powerWatt: 0.2, gain: 1e-11, noiseDensityWattPerHz: 4e-21, noiseFactor: 5 };
    const law = (treatment: Parameters<typeof shannonLaw>[2]) =>
      shannonLaw(budget, { kind: 'rayleigh' }, treatment, randomStream(1, 'law'));
    const mean = secondsPerBit(law({ kind: 'mean' }), 1e6);
    expect(secondsPerBit(law({ kind: 'samples', count: 64 }), 1e6)).toBeGreaterThan(mean);
    expect(secondsPerBit(law({ kind: 'quantile', probability: 0.1 }), 1e6)).toBeGreaterThan(mean);
    const spread = spreadLaw(budget, 20e6, { kind: 'none' }, { kind: 'mean' }, randomStream(1, 'law'));
    const snr = (0.2 * 1e-11) / (4e-21 * 5 * 20e6);
    expect(spread).toEqual({ kind: 'linear', bitsPerSecondPerHz: Math.log2(1 + snr) });
  });
});
