import type { AccuracyModel, CutCoefficient } from '../model.js';
import { groupMeans, type Sample } from './observations.js';

/** A monotone table fitted to a sample. */
export interface FittedTable {
  readonly model: AccuracyModel;
  /** Levels that differ, plus factors of the cut: what counts as fitted parameters. */
  readonly parameters: number;
}

/** Rounds of alternation between the table and the factors of the cut at most, and the change that ends them. */
const alternations = 60;
const settled = 1e-9;

/**
 * Monotone table over ρ↑ by isotonic regression (pool adjacent violators, Barlow et al. 1972), with a factor for each
 * measured cut by alternation. Ratios of one operating point are averaged.
 */
export function fitTable(
  sample: Sample,
  cut: 'constant' | 'measured',
  fittedRatio: AccuracyModel['fittedRatio'],
): FittedTable {
  const { knots, knotOf } = ratioKnots(sample);
  const cutOf = Int32Array.from(sample.cut, (value) => sample.cuts.indexOf(value));
  const factors = new Float64Array(sample.cuts.length).fill(1);
  let limit = 0;
  let losses = new Float64Array(knots.length);
  for (let round = 0; round < (cut === 'measured' ? alternations : 1); round++) {
    const levels = isotonicLevels(sample, knotOf, knots.length, (i) => factors[cutOf[i]!]!, limit, round === 0);
    if (round === 0) limit = Math.min(1, Math.max(...levels.map((loss) => -loss)));
    losses = levels.map((loss) => Math.max(0, round === 0 ? limit + loss : loss));
    if (cut === 'measured') {
      const before = factors.slice();
      updateFactors(sample, knotOf, cutOf, losses, limit, factors);
      if (factors.every((factor, c) => Math.abs(factor - before[c]!) <= settled * factor)) break;
    }
  }
  const coefficient: CutCoefficient =
    cut === 'constant' ? { kind: 'constant' } : { kind: 'measured', cuts: sample.cuts, factors: [...factors] };
  const levels = new Set(Array.from(losses, (loss) => loss.toPrecision(9))).size;
  return {
    model: {
      limit,
      combination: 'additive',
      up: { family: { kind: 'table', ratios: knots, losses: [...losses] }, cut: coefficient },
      fittedRatio,
    },
    parameters: levels + (cut === 'measured' ? sample.cuts.length - 1 : 0),
  };
}

/** Ratios of the table, increasing, and the one of each observation. */
function ratioKnots(sample: Sample): { knots: number[]; knotOf: Int32Array } {
  const means = groupMeans(sample.upRatio.map(Math.log), sample.group, sample.groups);
  const order = Array.from(means.keys()).sort((a, b) => means[a]! - means[b]!);
  const knots: number[] = [];
  const knotOfGroup = new Int32Array(sample.groups);
  for (const group of order) {
    const ratio = Math.exp(means[group]!);
    // One operating point at several cuts has ratios that differ a little.
    if (knots.length === 0 || ratio > knots.at(-1)! * 1.02) knots.push(ratio);
    knotOfGroup[group] = knots.length - 1;
  }
  return { knots, knotOf: sample.group.map((group) => knotOfGroup[group]!) };
}

/**
 * Losses by knot, not increasing, that fit best. In the first round the limit is not known: minus the accuracies
 * themselves are fitted.
 */
function isotonicLevels(
  sample: Sample,
  knotOf: Int32Array,
  knots: number,
  factor: (i: number) => number,
  limit: number,
  isFirst: boolean,
): Float64Array {
  const weight = new Float64Array(knots);
  const sum = new Float64Array(knots);
  for (let i = 0; i < sample.size; i++) {
    const f = isFirst ? 1 : Math.max(1e-6, factor(i));
    const target = isFirst ? -sample.accuracy[i]! : (limit - sample.accuracy[i]!) / f;
    const w = sample.weight[i]! * f * f;
    weight[knotOf[i]!]! += w;
    sum[knotOf[i]!]! += w * target;
  }
  return decreasing(sum, weight);
}

/** Weighted isotonic regression of sum/weight to a sequence that does not increase. */
export function decreasing(sum: Float64Array, weight: Float64Array): Float64Array {
  const blocks: { sum: number; weight: number; count: number }[] = [];
  for (let k = 0; k < sum.length; k++) {
    blocks.push({ sum: sum[k]!, weight: weight[k]!, count: 1 });
    while (blocks.length > 1) {
      const [a, b] = [blocks.at(-2)!, blocks.at(-1)!];
      if (a.sum * b.weight >= b.sum * a.weight) break;
      blocks.splice(-2, 2, { sum: a.sum + b.sum, weight: a.weight + b.weight, count: a.count + b.count });
    }
  }
  return Float64Array.from(
    blocks.flatMap((block) => Array.from({ length: block.count }, () => block.sum / block.weight)),
  );
}

/** Least-squares factor of each cut, the first one's 1. */
function updateFactors(
  sample: Sample,
  knotOf: Int32Array,
  cutOf: Int32Array,
  losses: Float64Array,
  limit: number,
  factors: Float64Array,
): void {
  const up = new Float64Array(factors.length);
  const down = new Float64Array(factors.length);
  for (let i = 0; i < sample.size; i++) {
    const loss = losses[knotOf[i]!]!;
    up[cutOf[i]!]! += sample.weight[i]! * loss * (limit - sample.accuracy[i]!);
    down[cutOf[i]!]! += sample.weight[i]! * loss * loss;
  }
  for (let c = 0; c < factors.length; c++) factors[c] = down[c]! > 0 ? Math.max(0, up[c]! / down[c]!) : 1;
  const first = factors[0]! > 1e-9 ? factors[0]! : 1;
  for (let c = 0; c < factors.length; c++) {
    factors[c]! /= first;
  }
  for (let k = 0; k < losses.length; k++) losses[k]! *= first;
}
