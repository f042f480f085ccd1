import type { RandomStream } from '../../../random/index.js';
import type { Scenario } from '../path-loss.js';
import { distanceBetween, type Position } from './motion.js';

/** Standard deviation and decorrelation distance of shadowing, by line of sight. */
export interface ShadowingLaw {
  /** Standard deviation, dB. */
  readonly deviationDecibel: number;
  /** Distance at which the correlation is 1/e, metre. */
  readonly decorrelationMetre: number;
}

/** 3GPP TR 38.901 tables 7.4.1-1 and 7.5-6 (SF); UMi, InH and RMa deviations without line of sight as in table 7.4.1-1. */
export const scenarioShadowing: Readonly<
  Record<Scenario, { readonly los: ShadowingLaw; readonly nlos: ShadowingLaw }>
> = {
  uma: {
    los: { deviationDecibel: 4, decorrelationMetre: 37 },
    nlos: { deviationDecibel: 6, decorrelationMetre: 50 },
  },
  umi: {
    los: { deviationDecibel: 4, decorrelationMetre: 10 },
    nlos: { deviationDecibel: 7.82, decorrelationMetre: 13 },
  },
  rma: {
    los: { deviationDecibel: 4, decorrelationMetre: 37 },
    nlos: { deviationDecibel: 8, decorrelationMetre: 120 },
  },
  inh: {
    los: { deviationDecibel: 3, decorrelationMetre: 10 },
    nlos: { deviationDecibel: 8.03, decorrelationMetre: 6 },
  },
};

/** Over which distance the state of sight stays the same: TR 38.901 table 7.6.3.1-2, LOS/NLOS state. */
export const sightDecorrelationMetre: Readonly<Record<Scenario, number>> = { uma: 50, umi: 50, rma: 60, inh: 10 };

/**
 * Correlation of shadowing at two places: exp(−d / d_cor) (Gudmundson 1991; TR 38.901 section 7.4.4).
 *
 * @param distanceMetre - Distance of the two places, metre.
 * @param decorrelationMetre - Distance at which the correlation is 1/e, metre, > 0.
 * @example
 * ```ts
 * import { shadowingCorrelation } from 'sft-opt/models';
 *
 * console.log(shadowingCorrelation(0, 50), shadowingCorrelation(50, 50)); // 1 0.367879
 * ```
 */
export function shadowingCorrelation(distanceMetre: number, decorrelationMetre: number): number {
  return Math.exp(-distanceMetre / decorrelationMetre);
}

/** A random function of the place, standard normal at each. */
export interface SpatialField {
  /** Value at a place, of variance 1. */
  at(position: Position): number;
}

/** Waves of a field: its values are normal to within what 10,000 samples tell apart. */
const waveCount = 256;

/**
 * A field whose correlation is exp(−d / d_cor) in every direction, as a sum of plane waves (Cai and Giannakis 2003): their
 * wave numbers follow the spectrum of that law in the plane, (1 + (d_cor·k)²)^(−3/2), so the ensemble's correlation is exact.
 * Whoever is at a place reads the same value: devices on one path, one device later, one device more.
 *
 * @param decorrelationMetre - Distance at which the correlation is 1/e, metre, > 0.
 * @param random - Stream of random numbers: the same stream gives the same answer.
 * @example
 * ```ts
 * import { exponentialField, randomStream } from 'sft-opt/models';
 *
 * const field = exponentialField(50, randomStream(1, 'shadowing'));
 * const place = { xMetre: 10, yMetre: 20 };
 * console.log(field.at(place) === field.at(place)); // true
 * ```
 */
export function exponentialField(decorrelationMetre: number, random: RandomStream): SpatialField {
  const waveX = new Float64Array(waveCount);
  const waveY = new Float64Array(waveCount);
  const phase = new Float64Array(waveCount);
  for (let m = 0; m < waveCount; m++) {
    // 1 − (1 + (d_cor·k)²)^(−1/2) of the power lies below k; one wave from each of equal parts of it.
    const below = (m + random.uniform()) / waveCount;
    const waveNumber = Math.sqrt(1 / (1 - below) ** 2 - 1) / decorrelationMetre;
    const direction = 2 * Math.PI * random.uniform();
    waveX[m] = waveNumber * Math.cos(direction);
    waveY[m] = waveNumber * Math.sin(direction);
    phase[m] = 2 * Math.PI * random.uniform();
  }
  const amplitude = Math.sqrt(2 / waveCount);
  return {
    at({ xMetre, yMetre }) {
      let sum = 0;
      for (let m = 0; m < waveCount; m++) sum += Math.cos(waveX[m]! * xMetre + waveY[m]! * yMetre + phase[m]!);
      return amplitude * sum;
    },
  };
}

/**
 * Jointly normal values of mean 0 and variance 1 at some places, of correlation exp(−d / d_cor), by Cholesky's factor of their
 * correlation matrix. One moment only (a field serves many); a place added at the end changes no other's value.
 *
 * @param positions - Where values are wanted.
 * @param decorrelationMetre - Distance at which the correlation is 1/e, metre, > 0.
 * @param random - Stream of random numbers: the same stream gives the same answer.
 * @example
 * ```ts
 * import { correlatedNormals, randomStream } from 'sft-opt/models';
 *
 * const places = [0, 1].map((xMetre) => ({ xMetre, yMetre: 0 }));
 * const [a, b] = correlatedNormals(places, 1e6, randomStream(1, 'shadowing'));
 * console.log(Math.abs(a! - b!) < 0.1); // true
 * ```
 */
export function correlatedNormals(
  positions: readonly Position[],
  decorrelationMetre: number,
  random: RandomStream,
): Float64Array {
  const count = positions.length;
  const factor = new Float64Array(count * count);
  const values = new Float64Array(count);
  const own = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = shadowingCorrelation(distanceBetween(positions[i]!, positions[j]!), decorrelationMetre);
      for (let k = 0; k < j; k++) rest -= factor[i * count + k]! * factor[j * count + k]!;
      // Two devices at one place: the second has nothing of its own.
      const pivot = factor[j * count + j]!;
      factor[i * count + j] = i === j ? Math.sqrt(Math.max(0, rest)) : pivot > 1e-9 ? rest / pivot : 0;
    }
    own[i] = random.normal();
    for (let k = 0; k <= i; k++) values[i]! += factor[i * count + k]! * own[k]!;
  }
  return values;
}
