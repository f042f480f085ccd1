import gammaCdf from '@stdlib/stats-base-dists-gamma-cdf';
import type { RandomStream } from '../../../random/index.js';

/** A quantity that jumps at given times; what stands first holds before, too. */
export interface StepTrace {
  /** Starts of the pieces, increasing. */
  readonly seconds: readonly number[];
  /** Value from each start on. */
  readonly values: readonly number[];
}

/**
 * The value that holds at a time.
 *
 * @param trace - Times, increasing, and the values from each on.
 * @param at - Time, seconds.
 * @example
 * ```ts
 * import { traceAt } from 'sft-opt/models';
 *
 * console.log(traceAt({ seconds: [0, 60], values: [1, 0.5] }, 90)); // 0.5
 * ```
 */
export function traceAt({ seconds, values }: StepTrace, at: number): number {
  let value = values[0]!;
  for (let k = 0; k < seconds.length && seconds[k]! <= at; k++) value = values[k]!;
  return value;
}

/** Time spent in each of two states, exponential with these means. */
export interface OnOffTimes {
  /** Mean length of the times on. */
  readonly meanOnSeconds: number;
  /** Mean length of the times off. */
  readonly meanOffSeconds: number;
}

/** Whether something that comes and goes is there. */
export interface OnOffProcess {
  /** Whether it is on at a second. */
  isOnAt(seconds: number): boolean;
}

/**
 * Comes and goes as a two-state Markov process that starts from its steady state.
 *
 * @param times - Mean times of presence and absence, seconds.
 * @param random - Stream of random numbers: the same stream gives the same answer.
 * @example
 * ```ts
 * import { onOffProcess, randomStream } from 'sft-opt/models';
 *
 * const present = onOffProcess({ meanOnSeconds: 60, meanOffSeconds: 1e-9 }, randomStream(1, 'presence'));
 * console.log(present.isOnAt(0)); // true
 * ```
 */
export function onOffProcess({ meanOnSeconds, meanOffSeconds }: OnOffTimes, random: RandomStream): OnOffProcess {
  const startsOn = random.uniform() < meanOnSeconds / (meanOnSeconds + meanOffSeconds);
  const changes: number[] = [];
  const extend = () => {
    const isOn = startsOn === (changes.length % 2 === 0);
    changes.push((changes.at(-1) ?? 0) - (isOn ? meanOnSeconds : meanOffSeconds) * Math.log1p(-random.uniform()));
  };
  return {
    isOnAt(seconds) {
      while (changes.length === 0 || changes.at(-1)! <= seconds) extend();
      let passed = 0;
      while (changes[passed]! <= seconds) passed++;
      return startsOn === (passed % 2 === 0);
    },
  };
}

/** Interference by the load of neighbouring cells: noise rises by `fullLoadDecibel` when they are full. */
export interface NoiseRise {
  /** Rise of the noise when all neighbours send, dB. */
  readonly fullLoadDecibel: number;
  /** The load is even over this range in the long run, 0…1. */
  readonly load: readonly [number, number];
  /** exp(−τ / this) correlates the loads a time τ apart. */
  readonly correlationSeconds: number;
}

/**
 * 1 + load·(full rise − 1) at steps of equal length: the load a first-order process mapped to its range.
 *
 * @param rise - Full rise, load and how fast it changes.
 * @param stepSeconds - Length of a step, seconds.
 * @param random - Stream of random numbers: the same stream gives the same answer.
 * @example
 * ```ts
 * import { noiseRiseSteps, randomStream } from 'sft-opt/models';
 *
 * const rise = noiseRiseSteps({ fullLoadDecibel: 3, load: [0, 0], correlationSeconds: 60 }, 10, randomStream(1, 'load'));
 * console.log(rise()); // 1
 * ```
 */
export function noiseRiseSteps(rise: NoiseRise, stepSeconds: number, random: RandomStream): () => number {
  const correlation = Math.exp(-stepSeconds / rise.correlationSeconds);
  const innovation = Math.sqrt(1 - correlation * correlation);
  const full = 10 ** (rise.fullLoadDecibel / 10);
  const [least, largest] = rise.load;
  let state = random.normal();
  return () => {
    const load = least + (largest - least) * normalCdf(state);
    state = correlation * state + innovation * random.normal();
    return 1 + load * (full - 1);
  };
}

/**
 * Φ(x) = (1 ± P(1/2, x²/2)) / 2 with P the regularised incomplete gamma function.
 *
 * @param x - Any number.
 * @example
 * ```ts
 * import { normalCdf } from 'sft-opt/models';
 *
 * console.log(normalCdf(0), normalCdf(1.96)); // 0.5 0.975002
 * ```
 */
export function normalCdf(x: number): number {
  const half = gammaCdf((x * x) / 2, 0.5, 1) / 2;
  return x >= 0 ? 0.5 + half : 0.5 - half;
}

/**
 * Φ⁻¹ of a probability in (0, 1), to rounding, by halving.
 *
 * @param probability - Between 0 and 1, both excluded.
 * @example
 * ```ts
 * import { normalQuantile } from 'sft-opt/models';
 *
 * console.log(normalQuantile(0.975)); // 1.95996
 * ```
 */
export function normalQuantile(probability: number): number {
  let [low, high] = [-40, 40];
  for (let k = 0; k < 100; k++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < probability) low = middle;
    else high = middle;
  }
  return high;
}
