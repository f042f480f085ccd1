import { curvePoints, type CurvePoints } from './placed-curve.js';

/** One fine-tuning: ratios, cut and the accuracy reached. */
export interface AccuracyObservation {
  /** Coded bytes over uncompressed bytes of the activations [ρ↑], 0 … 1. */
  readonly upRatio: number;
  /** The same of the gradients [ρ↓]; as `upRatio` by default. */
  readonly downRatio?: number;
  /** Blocks on the device [c]; 0 by default. */
  readonly cut?: number;
  /** Final accuracy, 0 … 1. */
  readonly accuracy: number;
  /** Names the operating point: runs of one point and cut are repeats, though their ratios differ a little. */
  readonly point?: string;
}

/** Observations as columns, with what the fit needs beside them. */
export interface Sample extends CurvePoints {
  readonly accuracy: Float64Array;
  /** Weights of mean 1. */
  readonly weight: Float64Array;
  readonly rootWeight: Float64Array;
  /** Index of the group (operating point and cut) of each observation. */
  readonly group: Int32Array;
  readonly groups: number;
  /** Measured cuts, increasing. */
  readonly cuts: readonly number[];
  /** Deviation within groups, robust; undefined with fewer than four repeats. */
  readonly repeatDeviation: number | undefined;
}

/** All samples are made here, in one order of properties: what the engine compiles for one then serves for all. */
export function makeSample(points: CurvePoints, rest: Omit<Sample, keyof CurvePoints | 'rootWeight'>): Sample {
  const { accuracy, weight, group, groups, cuts, repeatDeviation } = rest;
  const rootWeight = weight.map(Math.sqrt);
  return { ...points, accuracy, weight, rootWeight, group, groups, cuts, repeatDeviation };
}

/** How strongly a group's variance is drawn to the pooled one, in repeats. */
const shrinkage = 4;

/** Repeats are runs of one named point and cut, or without names of ratios within 1 % and one cut. */
export function sampleOf(observations: readonly AccuracyObservation[], weighted: boolean): Sample {
  const column = (value: (observation: AccuracyObservation) => number) => Float64Array.from(observations, value);
  const keys = new Map<string, number>();
  const group = Int32Array.from(observations, (observation) => {
    const key = groupKey(observation);
    const known = keys.get(key) ?? keys.size;
    keys.set(key, known);
    return known;
  });
  const accuracy = column((observation) => observation.accuracy);
  const { weight, repeatDeviation } = groupWeights(accuracy, group, keys.size, weighted);
  const cut = column((observation) => observation.cut ?? 0);
  const up = column((observation) => observation.upRatio);
  const down = column((observation) => observation.downRatio ?? observation.upRatio);
  return makeSample(curvePoints(up, down, cut), {
    accuracy,
    weight,
    group,
    groups: keys.size,
    cuts: [...new Set(cut)].sort((a, b) => a - b),
    repeatDeviation,
  });
}

function groupKey({ point, upRatio, downRatio = upRatio, cut = 0 }: AccuracyObservation): string {
  const rounded = (ratio: number) => Math.round(Math.log(ratio) / Math.log(1.01));
  return `${point ?? `${rounded(upRatio)}/${rounded(downRatio)}`}@${cut}`;
}

/** 1 / variance by group, each group's variance drawn towards the pooled one as few repeats demand. */
function groupWeights(accuracy: Float64Array, group: Int32Array, groups: number, weighted: boolean) {
  const count = new Float64Array(groups);
  const mean = groupMeans(accuracy, group, groups);
  const squares = new Float64Array(groups);
  const deviations: number[] = [];
  for (let i = 0; i < group.length; i++) {
    const deviation = accuracy[i]! - mean[group[i]!]!;
    count[group[i]!]!++;
    squares[group[i]!]! += deviation ** 2;
  }
  let pooled = 0;
  let repeats = 0;
  for (let g = 0; g < groups; g++) {
    pooled += squares[g]!;
    repeats += count[g]! - 1;
  }
  for (let i = 0; i < group.length; i++) {
    const n = count[group[i]!]!;
    if (n > 1) deviations.push(Math.abs(accuracy[i]! - mean[group[i]!]!) / Math.sqrt((n - 1) / n));
  }
  const weight = new Float64Array(group.length).fill(1);
  if (repeats < 4 || pooled === 0) return { weight, repeatDeviation: undefined };
  pooled /= repeats;
  if (weighted) {
    let sum = 0;
    for (let i = 0; i < group.length; i++) {
      const g = group[i]!;
      weight[i] = (shrinkage + count[g]! - 1) / (shrinkage * pooled + squares[g]!);
      sum += weight[i]!;
    }
    for (let i = 0; i < group.length; i++) weight[i]! *= group.length / sum;
  }
  return { weight, repeatDeviation: Math.min(Math.sqrt(pooled), 1.4826 * median(deviations)) || Math.sqrt(pooled) };
}

/** Mean of some values by group. */
export function groupMeans(values: Float64Array, group: Int32Array, groups: number): Float64Array {
  const sum = new Float64Array(groups);
  const count = new Float64Array(groups);
  for (let i = 0; i < group.length; i++) {
    sum[group[i]!]! += values[i]!;
    count[group[i]!]!++;
  }
  return sum.map((value, g) => value / count[g]!);
}

/** One observation a group: its median accuracy at its mean ratios, with the weight of all its runs. */
export function groupMedians(sample: Sample): Sample {
  const { group, groups } = sample;
  const mean = (values: Float64Array) => groupMeans(values, group, groups);
  const runs = Array.from({ length: groups }, (): number[] => []);
  const weight = new Float64Array(groups);
  for (let i = 0; i < sample.size; i++) {
    runs[group[i]!]!.push(sample.accuracy[i]!);
    weight[group[i]!]! += sample.weight[i]!;
  }
  return makeSample(curvePoints(mean(sample.upRatio), mean(sample.downRatio), mean(sample.cut)), {
    accuracy: Float64Array.from(runs, median),
    weight,
    group: Int32Array.from(runs, (_, k) => k),
    groups,
    cuts: sample.cuts,
    repeatDeviation: undefined,
  });
}

/** The sample without one group. */
export function withoutGroup(sample: Sample, left: number): Sample {
  const keep = Array.from({ length: sample.size }, (_, i) => i).filter((i) => sample.group[i] !== left);
  const pick = (values: Float64Array) => Float64Array.from(keep, (i) => values[i]!);
  return makeSample(curvePoints(pick(sample.upRatio), pick(sample.downRatio), pick(sample.cut)), {
    accuracy: pick(sample.accuracy),
    weight: pick(sample.weight),
    group: Int32Array.from(keep, (i) => sample.group[i]! - (sample.group[i]! > left ? 1 : 0)),
    groups: sample.groups - 1,
    cuts: sample.cuts,
    repeatDeviation: sample.repeatDeviation,
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
