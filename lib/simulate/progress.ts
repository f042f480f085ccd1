import { ArgumentError } from '../errors/index.js';
import { mean } from './summary.js';

/**
 * How accuracy grows over a training: A(s) = A − [b]·(s^(−[β]) − [s₀]^(−[β])) after s local steps, where A is the accuracy that
 * the file's model gives a plan. That model was fitted to trainings of s₀ steps, so that A(s₀) = A.
 */
export interface TrainingProgress {
  /** [b], > 0: the accuracy that a training of one step lacks, by the law. */
  readonly shortfall: number;
  /** [β], > 0. */
  readonly exponent: number;
  /** [s₀], > 0. */
  readonly referenceSteps: number;
}

/**
 * Accuracy after some local steps, 0…1 where the law holds.
 *
 * @param progress - How accuracy grows with steps.
 * @param accuracy - Accuracy that the file's model gives the plan, 0 … 1.
 * @param steps - Local steps, > 0.
 * @example
 * ```ts
 * import { accuracyAfter } from 'sft-opt/simulate';
 *
 * const progress = { shortfall: 0.5, exponent: 0.5, referenceSteps: 400 };
 * console.log(accuracyAfter(progress, 0.9, 400), accuracyAfter(progress, 0.9, 100)); // 0.9 0.875
 * ```
 */
export function accuracyAfter(
  { shortfall, exponent, referenceSteps }: TrainingProgress,
  accuracy: number,
  steps: number,
) {
  return accuracy - shortfall * (steps ** -exponent - referenceSteps ** -exponent);
}

/**
 * Local steps until a target is reached; Infinity where a training of any length misses it.
 *
 * @param progress - How accuracy grows with steps.
 * @param accuracy - Accuracy that the file's model gives the plan, 0 … 1.
 * @param target - Accuracy wanted, 0 … 1.
 * @example
 * ```ts
 * import { stepsToAccuracy } from 'sft-opt/simulate';
 *
 * const progress = { shortfall: 0.5, exponent: 0.5, referenceSteps: 400 };
 * console.log(stepsToAccuracy(progress, 0.9, 0.875), stepsToAccuracy(progress, 0.9, 0.99)); // 100 Infinity
 * ```
 */
export function stepsToAccuracy(progress: TrainingProgress, accuracy: number, target: number): number {
  const { shortfall, exponent, referenceSteps } = progress;
  const power = referenceSteps ** -exponent + (accuracy - target) / shortfall;
  return power > 0 ? power ** (-1 / exponent) : Infinity;
}

/** A training of some length and what it reached; trainings of one group differ in length and seed alone. */
export interface TrainingLength {
  /** Trainings that differ in nothing but length and seed. */
  readonly group: string;
  /** Optimizer steps of the training, ≥ 1. */
  readonly steps: number;
  /** What it reached, 0 … 1. */
  readonly accuracy: number;
}

/** A law fitted to trainings. */
export interface FittedProgress extends TrainingProgress {
  /** Accuracy of each group at the reference, by the law. */
  readonly levels: ReadonlyMap<string, number>;
  /** Root mean square of what the trainings differ from it. */
  readonly residual: number;
}

/** Range and resolution of the exponents that are tried. */
const exponents = { least: 0.05, most: 4, tolerance: 1e-6 };

/**
 * Least squares over all trainings: shortfall and exponent common, a level for each group. Throws `ArgumentError` where no group has
 * trainings of two lengths, or where longer trainings do not reach more.
 *
 * @param trainings - Steps and accuracies.
 * @param referenceSteps - s₀, steps that the accuracy model was fitted at.
 * @throws ArgumentError where no group has two lengths, or longer trainings do not reach more.
 * @example
 * ```ts
 * import { fitProgress } from 'sft-opt/simulate';
 *
 * const law = (steps: number) => 0.9 - 0.5 * (steps ** -0.5 - 400 ** -0.5);
 * const trainings = [50, 100, 200, 400].map((steps) => ({ group: 'a', steps, accuracy: law(steps) }));
 * console.log(fitProgress(trainings, 400).exponent); // 0.5
 * ```
 */
export function fitProgress(trainings: readonly TrainingLength[], referenceSteps: number): FittedProgress {
  const groups = new Map<string, TrainingLength[]>();
  for (const training of trainings) groups.set(training.group, [...(groups.get(training.group) ?? []), training]);
  const lengths = new Set(trainings.map(({ steps }) => steps));
  const hasLengths = [...groups.values()].some((own) => new Set(own.map(({ steps }) => steps)).size > 1);
  if (!hasLengths || lengths.size < 3) {
    throw new ArgumentError('progress takes trainings of at least three lengths, of two in one group');
  }
  const exponent = leastAt((each) => fitAt(groups, each, referenceSteps).residual, exponents);
  const fitted = fitAt(groups, exponent, referenceSteps);
  if (!(fitted.shortfall > 0)) throw new ArgumentError('longer trainings do not reach more');
  return fitted;
}

/** With a given exponent the law is linear: the slope within the groups, then their levels. */
function fitAt(
  groups: ReadonlyMap<string, readonly TrainingLength[]>,
  exponent: number,
  referenceSteps: number,
): FittedProgress {
  const lackOf = ({ steps }: TrainingLength) => steps ** -exponent - referenceSteps ** -exponent;
  let product = 0;
  let square = 0;
  const means = [...groups].map(([group, own]) => {
    const [lack, accuracy] = [mean(own.map(lackOf))!, mean(own.map((each) => each.accuracy))!];
    for (const each of own) {
      product += (lackOf(each) - lack) * (each.accuracy - accuracy);
      square += (lackOf(each) - lack) ** 2;
    }
    return { group, lack, accuracy };
  });
  const shortfall = -product / square;
  const levels = new Map(means.map(({ group, lack, accuracy }) => [group, accuracy + shortfall * lack]));
  const squares = [...groups].flatMap(([group, own]) =>
    own.map((each) => (each.accuracy - levels.get(group)! + shortfall * lackOf(each)) ** 2),
  );
  return { shortfall, exponent, referenceSteps, levels, residual: Math.sqrt(mean(squares)!) };
}

/** The least value on a range, by a grid in the logarithm and golden sections around its best point. */
function leastAt(
  value: (at: number) => number,
  { least, most, tolerance }: { readonly least: number; readonly most: number; readonly tolerance: number },
): number {
  const count = 40;
  const ratio = (most / least) ** (1 / count);
  const grid = Array.from({ length: count + 1 }, (_, k) => least * ratio ** k);
  const best = grid.reduce((at, each) => (value(each) < value(at) ? each : at));
  let [low, high] = [Math.max(least, best / ratio), Math.min(most, best * ratio)];
  const golden = (Math.sqrt(5) - 1) / 2;
  while (high - low > tolerance * high) {
    const [left, right] = [high - golden * (high - low), low + golden * (high - low)];
    if (value(left) < value(right)) high = right;
    else low = left;
  }
  return (low + high) / 2;
}
