import { ArgumentError } from '../../errors/index.js';
import besselj0 from '@stdlib/math-base-special-besselj0';
import gammaCdf from '@stdlib/stats-base-dists-gamma-cdf';
import type { RandomStream } from '../../random/index.js';

/** Small-scale fading of the power gain, mean 1. Rayleigh is Rician with factor 0. */
export type Fading =
  | { readonly kind: 'none' }
  | { readonly kind: 'rayleigh' }
  /** Power of the direct path over that of the scattered ones, linear. */
  | {
      readonly kind: 'rician';
      /** Power of the direct path over that of the scattered ones, linear. */
      readonly factor: number;
    };

function ricianFactor(fading: Exclude<Fading, { kind: 'none' }>): number {
  return fading.kind === 'rayleigh' ? 0 : fading.factor;
}

/**
 * Independent samples of the power gain.
 *
 * @param fading - How the gain varies about its mean.
 * @param count - How many.
 * @param random - Stream of random numbers: the same stream gives the same answer.
 * @example
 * ```ts
 * import { fadingSamples, randomStream } from 'sft-opt/models';
 *
 * const gains = fadingSamples({ kind: 'rayleigh' }, 1000, randomStream(1, 'fading'));
 * console.log(Math.abs(gains.reduce((sum, gain) => sum + gain) / 1000 - 1) < 0.1); // true
 * ```
 */
export function fadingSamples(fading: Fading, count: number, random: RandomStream): Float64Array {
  if (fading.kind === 'none') return new Float64Array(count).fill(1);
  const factor = ricianFactor(fading);
  return Float64Array.from({ length: count }, () => powerGain(factor, random.normal(), random.normal()));
}

/**
 * The gain that is exceeded with probability 1 − `probability`; e.g. 0.1 plans for the worst tenth.
 *
 * @param fading - How the gain varies about its mean.
 * @param probability - Part of the time with less gain, 0 … 1.
 * @throws ArgumentError where the probability is not inside (0, 1).
 * @example
 * ```ts
 * import { fadingQuantile } from 'sft-opt/models';
 *
 * console.log(fadingQuantile({ kind: 'rayleigh' }, 0.1)); // 0.105361
 * ```
 */
export function fadingQuantile(fading: Fading, probability: number): number {
  if (!(probability > 0 && probability < 1))
    throw new ArgumentError(`probability must lie in (0, 1), found ${probability}`);
  if (fading.kind === 'none') return 1;
  const factor = ricianFactor(fading);
  if (factor === 0) return -Math.log1p(-probability);
  let low = 0;
  let high = 1;
  while (ricianCdf(factor, high) < probability) high *= 2;
  for (let k = 0; k < 200 && high - low > 1e-15 * high; k++) {
    const middle = (low + high) / 2;
    if (ricianCdf(factor, middle) < probability) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Distribution of a Rician power gain of mean 1: with P ~ Poisson(factor) mixed over gamma laws,
 * F(g) = Σ_j e^(−K)·K^j/j! · Γ-cdf(j + 1)((1 + K)·g).
 */
function ricianCdf(factor: number, gain: number): number {
  const scaled = (1 + factor) * gain;
  // Terms further than this from the Poisson mean are below double precision.
  const reach = Math.ceil(12 * Math.sqrt(factor) + 40);
  const first = Math.max(0, Math.floor(factor) - reach);
  let sum = 0;
  let logWeight = -factor + first * Math.log(factor) - logFactorial(first);
  for (let j = first; j <= Math.floor(factor) + reach; j++) {
    sum += Math.exp(logWeight) * gammaCdf(scaled, j + 1, 1);
    logWeight += Math.log(factor) - Math.log(j + 1);
  }
  return sum;
}

function logFactorial(n: number): number {
  let sum = 0;
  for (let k = 2; k <= n; k++) sum += Math.log(k);
  return sum;
}

/** |√(K/(K+1)) + h|² with h complex normal of power 1/(K+1), from two standard normals. */
function powerGain(factor: number, real: number, imaginary: number): number {
  const scattered = Math.sqrt(0.5 / (factor + 1));
  return (Math.sqrt(factor / (factor + 1)) + scattered * real) ** 2 + (scattered * imaginary) ** 2;
}

/**
 * Correlation of the scattered gain after `intervalSeconds` (Jakes): J0(2π·f_D·τ).
 *
 * @param dopplerHz - f_D, Hz, ≥ 0.
 * @param intervalSeconds - τ, seconds.
 * @example
 * ```ts
 * import { jakesCorrelation } from 'sft-opt/models';
 *
 * console.log(jakesCorrelation(10, 0), jakesCorrelation(10, 0.01)); // 1 0.903713
 * ```
 */
export function jakesCorrelation(dopplerHz: number, intervalSeconds: number): number {
  return besselj0(2 * Math.PI * dopplerHz * intervalSeconds);
}

/**
 * Power gains at equal intervals, the scattered part a first-order autoregression of the given correlation.
 *
 * @param fading - How the gain varies about its mean.
 * @param correlation - Of one slot with the next, 0 … 1.
 * @param length - Number of slots.
 * @param random - Stream of random numbers: the same stream gives the same answer.
 * @example
 * ```ts
 * import { fadingTrace, randomStream } from 'sft-opt/models';
 *
 * console.log(fadingTrace({ kind: 'none' }, 0.9, 3, randomStream(1, 'fading'))); // Float64Array(3) [ 1, 1, 1 ]
 * ```
 */
export function fadingTrace(fading: Fading, correlation: number, length: number, random: RandomStream): Float64Array {
  if (fading.kind === 'none') return new Float64Array(length).fill(1);
  const factor = ricianFactor(fading);
  const innovation = Math.sqrt(1 - correlation * correlation);
  let real = random.normal();
  let imaginary = random.normal();
  return Float64Array.from({ length }, () => {
    const gain = powerGain(factor, real, imaginary);
    real = correlation * real + innovation * random.normal();
    imaginary = correlation * imaginary + innovation * random.normal();
    return gain;
  });
}
