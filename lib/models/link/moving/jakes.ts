import type { RandomStream } from '../../../random/index.js';
import type { Fading } from '../fading.js';

const speedOfLight = 299_792_458;

/**
 * f_D = v·f / c, Hz.
 *
 * @param speedMetrePerSecond - Speed, m/s, ≥ 0.
 * @param carrierHz - Carrier frequency, Hz.
 * @example
 * ```ts
 * import { dopplerHz } from 'sft-opt/models';
 *
 * console.log(dopplerHz(1.5, 3.5e9)); // 17.5121
 * ```
 */
export function dopplerHz(speedMetrePerSecond: number, carrierHz: number): number {
  return (speedMetrePerSecond * carrierHz) / speedOfLight;
}

/**
 * Time over which the channel stays alike, 0.423 / f_D (Rappaport, Wireless Communications, 2nd ed., eq. 5.40c); Infinity at rest.
 *
 * @param doppler - Doppler frequency, Hz, ≥ 0.
 * @example
 * ```ts
 * import { coherenceSeconds } from 'sft-opt/models';
 *
 * console.log(coherenceSeconds(10), coherenceSeconds(0)); // 0.0423 Infinity
 * ```
 */
export function coherenceSeconds(doppler: number): number {
  return doppler > 0 ? 0.423 / doppler : Infinity;
}

/**
 * Parts of a time that are long against the channel's own changes and fade on their own; at least one, at most `most`.
 *
 * @param seconds - Length of the time.
 * @param doppler - Doppler frequency, Hz, ≥ 0.
 * @param most - Largest answer.
 * @example
 * ```ts
 * import { coherenceBlocks } from 'sft-opt/models';
 *
 * console.log(coherenceBlocks(1, 10, 16), coherenceBlocks(1, 0, 16)); // 16 1
 * ```
 */
export function coherenceBlocks(seconds: number, doppler: number, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(seconds / coherenceSeconds(doppler))));
}

/** Complex gain of mean power 1 at any time; |h|² is the power gain. */
export interface FadingProcess {
  /** Power gain at a second, of mean 1. */
  powerGainAt(seconds: number): number;
  /** Real and imaginary part. */
  complexGainAt(seconds: number): readonly [number, number];
}

/** Sinusoids of each part; the statistics of Zheng and Xiao hold from 8 on. */
const sinusoids = 16;

/**
 * Fading in time with Jakes' spectrum, for slots shorter than the coherence time: the sum of sinusoids of Zheng and Xiao
 * (IEEE Trans. Commun. 51(6), 2003), whose real and imaginary parts have autocorrelation J0(2π·f_D·τ)/2 each at every lag and
 * none with each other, over the ensemble. Rician: plus a direct path of random phase and direction (Xiao, Zheng and Beaulieu 2006).
 *
 * @param fading - How the gain varies about its mean.
 * @param doppler - Doppler frequency, Hz, ≥ 0.
 * @param random - Stream of random numbers: the same stream gives the same answer.
 * @example
 * ```ts
 * import { jakesProcess, randomStream } from 'sft-opt/models';
 *
 * const process = jakesProcess({ kind: 'none' }, 10, randomStream(1, 'fading'));
 * console.log(process.powerGainAt(0.5)); // 1
 * ```
 */
export function jakesProcess(fading: Fading, doppler: number, random: RandomStream): FadingProcess {
  if (fading.kind === 'none') return { powerGainAt: () => 1, complexGainAt: () => [1, 0] };
  const factor = fading.kind === 'rayleigh' ? 0 : fading.factor;
  const scattered = scatteredProcess(doppler, random);
  const directAmplitude = Math.sqrt(factor / (factor + 1));
  const scatteredAmplitude = Math.sqrt(1 / (factor + 1));
  const directRate = 2 * Math.PI * doppler * Math.cos(angle(random));
  const directPhase = angle(random);
  const complexGainAt = (seconds: number): readonly [number, number] => {
    const [real, imaginary] = scattered(seconds);
    const phase = directRate * seconds + directPhase;
    return [
      scatteredAmplitude * real + directAmplitude * Math.cos(phase),
      scatteredAmplitude * imaginary + directAmplitude * Math.sin(phase),
    ];
  };
  return {
    complexGainAt,
    powerGainAt(seconds) {
      const [real, imaginary] = complexGainAt(seconds);
      return real * real + imaginary * imaginary;
    },
  };
}

/** √(1/M)·Σ (cos ψ_m, sin ψ_m)·√2·cos(ω_D·t·cos α_m + φ), α_m = (2π·m − π + θ) / 4M: mean power 1. */
function scatteredProcess(doppler: number, random: RandomStream): (seconds: number) => readonly [number, number] {
  const rate = new Float64Array(sinusoids);
  const realPart = new Float64Array(sinusoids);
  const imaginaryPart = new Float64Array(sinusoids);
  const theta = angle(random);
  const phi = angle(random);
  const amplitude = Math.sqrt(2 / sinusoids);
  for (let m = 0; m < sinusoids; m++) {
    rate[m] = 2 * Math.PI * doppler * Math.cos((2 * Math.PI * (m + 1) - Math.PI + theta) / (4 * sinusoids));
    const psi = angle(random);
    realPart[m] = amplitude * Math.cos(psi);
    imaginaryPart[m] = amplitude * Math.sin(psi);
  }
  return (seconds) => {
    let real = 0;
    let imaginary = 0;
    for (let m = 0; m < sinusoids; m++) {
      const wave = Math.cos(rate[m]! * seconds + phi);
      real += realPart[m]! * wave;
      imaginary += imaginaryPart[m]! * wave;
    }
    return [real, imaginary];
  };
}

/** Evenly drawn from [−π, π). */
function angle(random: RandomStream): number {
  return Math.PI * (2 * random.uniform() - 1);
}
