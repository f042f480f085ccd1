import { lossValue, type AccuracyObservation, type LossFamily } from '../../../lib/models/index.js';
import { randomStream, type RandomStream } from '../../../lib/random/index.js';

/** A curve whose truth is known, with the runs drawn from it. */
export interface SyntheticCase {
  readonly limit: number;
  readonly family: Exclude<LossFamily, { kind: 'table' }>;
  readonly noise: number;
  readonly observations: readonly AccuracyObservation[];
  /** A(ρ) without noise. */
  readonly truth: (ratio: number) => number;
}

export interface SyntheticOptions {
  /** Deviation of a run, 0 for exact data; drawn from 0.003 … 0.01 by default. */
  readonly noise?: number;
  /** Share of runs that are off by 5 … 15 deviations. */
  readonly outliers?: number;
  readonly ratios?: number;
  readonly repeats?: number;
}

/**
 * The k-th random curve of a seed: a family in turn, a limit of 0.75 … 0.97, a loss of 0.1 … 0.4 at the least ratio, and
 * a bend within the measured ratios.
 */
export function syntheticCase(seed: number, k: number, options: SyntheticOptions = {}): SyntheticCase {
  const random = randomStream(seed, `synthetic.${k}`);
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const limit = between(0.75, 0.97);
  const least = 10 ** between(-2.5, -1.7);
  const largest = 10 ** between(-0.6, 0);
  const loss = between(0.1, 0.4);
  const family = drawFamily((['power', 'exponential', 'logistic'] as const)[k % 3]!, between, { least, largest, loss });
  const noise = options.noise ?? between(0.003, 0.01);
  const { ratios = 10, repeats = 3, outliers = 0 } = options;
  const truth = (ratio: number) => limit - lossValue(family, ratio);
  const observations: AccuracyObservation[] = [];
  for (let j = 0; j < ratios; j++) {
    const ratio = least * (largest / least) ** (j / (ratios - 1));
    for (let repeat = 0; repeat < repeats; repeat++) {
      const deviation = random.uniform() < outliers ? outlier(random) : random.normal();
      const accuracy = truth(ratio) + noise * deviation;
      observations.push({ upRatio: ratio, accuracy: noise === 0 ? accuracy : Math.min(1, Math.max(0, accuracy)) });
    }
  }
  return { limit, family, noise, observations, truth };
}

function drawFamily(
  kind: SyntheticCase['family']['kind'],
  between: (low: number, high: number) => number,
  { least, largest, loss }: { least: number; largest: number; loss: number },
): SyntheticCase['family'] {
  switch (kind) {
    case 'power': {
      const exponent = between(0.5, 1.5);
      return { kind, exponent, scale: loss * least ** exponent };
    }
    case 'exponential': {
      const rate = between(2, 5) / Math.sqrt(least * largest);
      return { kind, rate, scale: loss * Math.exp(rate * least) };
    }
    case 'logistic': {
      const midpoint = least * (largest / least) ** between(0.2, 0.5);
      return { kind, midpoint, steepness: between(1.5, 3), scale: loss * (1 + (least / midpoint) ** 2) };
    }
  }
}

function outlier(random: RandomStream): number {
  return (random.uniform() < 0.5 ? -1 : 1) * (5 + 10 * random.uniform());
}

/** Ratios at which curves are compared, the fitted range from end to end. */
export function comparisonRatios({ observations }: SyntheticCase, count = 25): number[] {
  const ratios = observations.map(({ upRatio }) => upRatio);
  const [least, largest] = [Math.min(...ratios), Math.max(...ratios)];
  return Array.from({ length: count }, (_, k) => least * (largest / least) ** (k / (count - 1)));
}
