import { groupMeans, sampleOf, type AccuracyObservation } from './observations.js';
import { studentQuantile } from '../../../statistics/index.js';

/** Data that no accuracy model can be fitted to: everything that is wrong with them. */
export class AccuracyFitError extends Error {
  /** Name of the class. */
  override readonly name = 'AccuracyFitError';
  /** Stays; docs/errors.md says what to do. */
  readonly code = 'accuracy-fit';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** Fewest different ratios, and least log10 of largest by least. */
export const fewestRatios = 5;
export const leastDecades = 0.5;

/** Problems that forbid a fit; empty if there are none. */
export function observationProblems(observations: readonly AccuracyObservation[]): string[] {
  const problems = valueProblems(observations);
  if (problems.length > 0) return problems;
  const ratios = distinctRatios(observations);
  if (ratios.length === 1) return [`all runs have the same ratio (${short(ratios[0]!)}): there is no curve to fit`];
  if (ratios.length < fewestRatios) {
    problems.push(`${ratios.length} different ratios are too few: at least ${fewestRatios} are needed`);
  }
  const decades = Math.log10(ratios.at(-1)! / ratios[0]!);
  if (decades < leastDecades) {
    problems.push(
      `ratios from ${short(ratios[0]!)} to ${short(ratios.at(-1)!)} are ${short(decades)} of a decade: at least half a decade is needed`,
    );
  }
  return problems;
}

/** Values outside their ranges, with a hint where it is plain what happened. */
function valueProblems(observations: readonly AccuracyObservation[]): string[] {
  if (observations.length === 0) return ['there are no runs'];
  const problems: string[] = [];
  const accuracies = observations.map(({ accuracy }) => accuracy);
  const wrong = accuracies.filter((value) => !(value >= 0 && value <= 1));
  if (wrong.length > 0) {
    const isPercent = accuracies.every((value) => value >= 0 && value <= 100) && wrong.length > accuracies.length / 2;
    problems.push(
      isPercent
        ? `accuracies up to ${short(Math.max(...accuracies))} look like per cent: give them in 0 … 1, or say that they are per cent`
        : `accuracies must be in 0 … 1, found ${listed(wrong)}`,
    );
  }
  const ratios = observations.flatMap(({ upRatio, downRatio = upRatio }) => [upRatio, downRatio]);
  const outside = ratios.filter((ratio) => !(ratio > 0 && ratio <= 1.05));
  if (outside.length > 0) {
    problems.push(
      ratios.every((ratio) => ratio >= 1)
        ? `ratios from ${short(Math.min(...ratios))} to ${short(Math.max(...ratios))} look like compression factors: a ratio is coded over uncompressed bytes, the inverse`
        : `ratios must be in 0 … 1, found ${listed(outside)}`,
    );
  }
  const cuts = observations.map(({ cut = 0 }) => cut).filter((cut) => !(cut >= 0 && Number.isFinite(cut)));
  if (cuts.length > 0) problems.push(`cuts must be from 0 on, found ${listed(cuts)}`);
  return problems;
}

/** Ratios of the direction that varies more; those within 1 % count once. */
function distinctRatios(observations: readonly AccuracyObservation[]): number[] {
  const distinct = (ratios: readonly number[]) =>
    [...ratios]
      .sort((a, b) => a - b)
      .reduce<number[]>((kept, ratio) => (ratio > (kept.at(-1) ?? 0) * 1.01 ? [...kept, ratio] : kept), []);
  const up = distinct(observations.map(({ upRatio }) => upRatio));
  const down = distinct(observations.map(({ upRatio, downRatio = upRatio }) => downRatio));
  return down.length > up.length ? down : up;
}

/** What is odd about data that can be fitted all the same. Throws `AccuracyFitError` where accuracy clearly falls. */
export function cloudWarnings(observations: readonly AccuracyObservation[]): string[] {
  const sample = sampleOf(observations, false);
  const accuracies = [...groupMeans(sample.accuracy, sample.group, sample.groups)];
  const upRatios = groupMeans(sample.upRatio.map(Math.log), sample.group, sample.groups);
  const downRatios = groupMeans(sample.downRatio.map(Math.log), sample.group, sample.groups);
  const trend = [...upRatios].map((value, g) => value + downRatios[g]!);
  const warnings: string[] = [];
  const spread = Math.max(...accuracies) - Math.min(...accuracies);
  const noise = sample.repeatDeviation ?? 0;
  if (spread < Math.max(0.003, 2 * noise)) {
    warnings.push(
      `the cloud is flat: accuracies of operating points differ by ${short(100 * spread)} points, no more than noise; measure stronger compression`,
    );
    return warnings;
  }
  const { r, isSignificant } = correlation(trend, accuracies);
  if (r < 0 && isSignificant) {
    throw new AccuracyFitError([
      `accuracy falls as the ratio grows (correlation ${short(r)}): is the ratio column a compression factor, or are columns mixed up?`,
    ]);
  }
  return warnings;
}

/** Pearson's correlation, and whether it differs from 0 at 99 %. */
function correlation(x: readonly number[], y: readonly number[]): { r: number; isSignificant: boolean } {
  const n = x.length;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / n;
  const [mx, my] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    xx += (x[i]! - mx) ** 2;
    yy += (y[i]! - my) ** 2;
    xy += (x[i]! - mx) * (y[i]! - my);
  }
  const r = xy / Math.sqrt(xx * yy);
  const t = Math.abs(r) * Math.sqrt((n - 2) / Math.max(1e-12, 1 - r * r));
  return { r, isSignificant: n > 3 && t > studentQuantile(0.995, n - 2) };
}

/** Whether one ratio speaks for both: equal, or so nearly proportional that their influences cannot be told apart. */
export function ratiosAreTied(observations: readonly AccuracyObservation[]): boolean {
  const up = observations.map(({ upRatio }) => Math.log(upRatio));
  const down = observations.map(({ upRatio, downRatio = upRatio }) => Math.log(downRatio));
  if (down.every((value, k) => Math.abs(value - up[k]!) < 0.05)) return true;
  const isConstant = (values: readonly number[]) => Math.max(...values) - Math.min(...values) < 0.05;
  if (isConstant(up) || isConstant(down)) return isConstant(down);
  return correlation(up, down).r > 0.995;
}

function listed(values: readonly number[]): string {
  const shown = values.slice(0, 3).map((value) => (Number.isFinite(value) ? short(value) : String(value)));
  return `${shown.join(', ')}${values.length > 3 ? ` and ${values.length - 3} more` : ''}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
