import { valuesNeeded, type Interval } from '../../lib/simulate/paired.js';
import { randomStream, type RandomStream } from '../../lib/random/index.js';

export type IntervalOf = (values: readonly number[], confidence: number, first: number) => Interval | undefined;

/** Savings of a campaign by chance, and the mean of their law. */
export interface SavingsLaw {
  readonly draw: (random: RandomStream) => number;
  readonly mean: number;
}

export interface Looks {
  /** Values at the first look. */
  readonly first: number;
  /** Wanted half of the interval's width. */
  readonly halfWidth: number;
  readonly confidence: number;
  /** Values at which looking ends, however wide the interval. */
  readonly most?: number;
}

/**
 * How often an interval covers the mean of a law, and how many values and looks that took, with the looks of a campaign: more
 * values until it is narrow enough. `grows`: how many those that know of looking ask for; the others get one more each time.
 */
export function coverage(
  { draw, mean }: SavingsLaw,
  { first, halfWidth, confidence, most = Infinity }: Looks,
  interval: IntervalOf,
  trials: number,
  grows = true,
) {
  const random = randomStream(2, 'stopping');
  let [covered, taken, looks] = [0, 0, 0];
  for (let k = 0; k < trials; k++) {
    const values: number[] = [];
    for (let count = Math.min(first, most); ;) {
      looks++;
      while (values.length < count) values.push(draw(random));
      const found = interval(values, confidence, first)!;
      if (found.halfWidth! > halfWidth && count < most) {
        const needed = grows ? valuesNeeded(values, halfWidth, confidence, first) : count + 1;
        count = Math.min(most, Math.max(needed, Math.ceil(1.05 * count)));
        continue;
      }
      // A law without spread is covered by an interval without width.
      if (Math.abs(found.mean - mean) <= found.halfWidth! + 1e-12) covered++;
      taken += count;
      break;
    }
  }
  return { share: covered / trials, values: taken / trials, looks: looks / trials };
}

/** Laws from normal to far from it, by what docs/simulation.md calls them. */
export const savingsLaws = {
  'normal, deviation 0.1': { draw: (random) => 0.3 + 0.1 * random.normal(), mean: 0.3 },
  '1 less a log-normal ratio, deviation 0.25 of the logarithm': {
    draw: (random) => 1 - 0.7 * Math.exp(0.25 * random.normal()),
    mean: 1 - 0.7 * Math.exp(0.25 ** 2 / 2),
  },
  'long tails (Student’s t, 3 degrees of freedom)': {
    draw: (random) => 0.3 + (0.1 * random.normal()) / Math.hypot(random.normal(), random.normal(), random.normal()),
    mean: 0.3,
  },
  'one exponential tail, deviation 0.1': { draw: (random) => 0.5 + 0.1 * Math.log(1 - random.uniform()), mean: 0.4 },
  '0, in one seed of ten 0.5': { draw: (random) => (random.uniform() < 0.1 ? 0.5 : 0), mean: 0.05 },
  '0.3, in one seed of twenty −0.5': { draw: (random) => (random.uniform() < 0.05 ? -0.5 : 0.3), mean: 0.26 },
} as const satisfies Readonly<Record<string, SavingsLaw>>;
