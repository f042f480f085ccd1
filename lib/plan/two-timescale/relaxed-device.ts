import {
  accuracy,
  accuracyGradient,
  type Device,
  type OperatingPoint,
  type PlanningProblem,
} from '../../models/index.js';
import type { PlanChoices } from '../choices/index.js';

/** Loads of one device at fractional (c, ln ρ↑, ln ρ↓), in the order of `loadNames`. */
export const loadCount = 6;
export const loadIndex = { pre: 0, post: 1, uplink: 2, downlink: 3, adapter: 4, server: 5 } as const;

/** Values and partial derivatives of everything smooth about one device. */
export interface RelaxedValues {
  /** Length loadCount. */
  readonly loads: Float64Array;
  /** d loads / d(c, ln ρ↑, ln ρ↓): entry 3·load + variable. */
  readonly slopes: Float64Array;
  memory: number;
  memoryByCut: number;
  accuracy: number;
  accuracyBy: readonly [number, number, number];
}

/**
 * A device between its choices: costs are affine in c on 1 ≤ c ≤ L − 1, codec times piecewise linear in ln ρ. A device whose
 * choices are all at the ends c = 0 or c = L keeps its first one.
 */
export class RelaxedDevice {
  readonly leastCut: number;
  readonly greatestCut: number;
  /** ln ρ of the least and greatest usable points. */
  readonly upRange: readonly [number, number];
  readonly downRange: readonly [number, number];
  readonly isRegular: boolean;
  private readonly costs: Device['costs'];
  private readonly upLogs: Float64Array;
  private readonly downLogs: Float64Array;

  constructor(
    private readonly problem: PlanningProblem,
    private readonly device: Device,
    choices: PlanChoices,
    n: number,
  ) {
    this.costs = device.costs;
    this.upLogs = Float64Array.from(problem.upPoints, ({ ratio }) => Math.log(ratio));
    this.downLogs = Float64Array.from(problem.downPoints, ({ ratio }) => Math.log(ratio));
    let least = Infinity;
    let greatest = -Infinity;
    let end = 0;
    const ups: number[] = [];
    const downs: number[] = [];
    for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
      const blocks = choices.blocks[j]!;
      if (blocks < 0) continue;
      if (blocks === 0 || blocks === problem.blockCount) {
        end = blocks;
        if (least === Infinity) ups.push(choices.upPoint[j]!);
        continue;
      }
      least = Math.min(least, blocks);
      greatest = Math.max(greatest, blocks);
      ups.push(choices.upPoint[j]!);
      downs.push(choices.downPoint[j]!);
    }
    this.isRegular = least < Infinity;
    this.leastCut = this.isRegular ? least : end;
    this.greatestCut = this.isRegular ? greatest : end;
    this.upRange = rangeOf(this.upLogs, ups);
    this.downRange = problem.tiedRatios ? this.upRange : rangeOf(this.downLogs, downs);
  }

  evaluate(cut: number, logUp: number, logDown: number, at: RelaxedValues): void {
    const { costs, device, problem } = this;
    const { loads, slopes } = at;
    slopes.fill(0);
    const [upValues, upValuesSlope] = this.affine(costs.upValues, cut);
    const [downValues, downValuesSlope] = this.affine(costs.downValues, cut);
    const upPoint = this.codec(problem.upPoints, this.upLogs, logUp);
    const downPoint = this.codec(problem.downPoints, this.downLogs, logDown);
    const factor = device.codecTimeFactor;
    this.addAffine(costs.forwardSeconds, cut, loadIndex.pre, at);
    this.addAffine(costs.backwardSeconds, cut, loadIndex.post, at);
    if (costs.exchange) {
      // Spread over the steps: right for a chain, near enough with `batched` for what only guides rounding.
      const [seconds, slope] = this.affine(costs.exchange.codecSeconds, cut);
      loads[loadIndex.post]! += (seconds * factor) / problem.stepsPerRound;
      slopes[3 * loadIndex.post]! += (slope * factor) / problem.stepsPerRound;
    }
    this.addAffine(costs.adapterBits, cut, loadIndex.adapter, at);
    this.addAffine(costs.serverSeconds, cut, loadIndex.server, at);
    const addProduct = (load: number, variable: number, values: number, valuesSlope: number, [time, slope]: Piece) => {
      loads[load]! += values * time;
      slopes[3 * load]! += valuesSlope * time;
      slopes[3 * load + variable]! += values * slope;
    };
    addProduct(loadIndex.pre, 1, upValues * factor, upValuesSlope * factor, upPoint.encode);
    addProduct(loadIndex.post, 2, downValues * factor, downValuesSlope * factor, downPoint.decode);
    addProduct(loadIndex.server, 1, upValues, upValuesSlope, upPoint.serverDecode);
    addProduct(loadIndex.server, 2, downValues, downValuesSlope, downPoint.serverEncode);
    const message = (load: number, variable: number, values: number, valuesSlope: number, logRatio: number) => {
      const bits = costs.bitsPerValue * Math.exp(logRatio);
      loads[load] = values > 0 ? costs.headerBits + values * bits : 0;
      slopes[3 * load] = valuesSlope * bits;
      slopes[3 * load + variable] = values > 0 ? values * bits : 0;
    };
    message(loadIndex.uplink, 1, upValues, upValuesSlope, logUp);
    message(loadIndex.downlink, 2, downValues, downValuesSlope, logDown);
    const upRatio = upValues > 0 ? Math.exp(logUp) : 1;
    const downRatio = downValues > 0 ? Math.exp(logDown) : 1;
    const { model } = problem.accuracy;
    at.accuracy = accuracy(model, upRatio, downRatio, cut) - (cut > 0 ? (problem.accuracy.exchangeLoss ?? 0) : 0);
    const gradient = accuracyGradient(model, upRatio, downRatio, cut);
    at.accuracyBy = [gradient[2], upValues > 0 ? gradient[0] : 0, downValues > 0 ? gradient[1] : 0];
    [at.memory, at.memoryByCut] = this.affine(costs.serverMemoryBytes, cut);
  }

  private addAffine(table: Float64Array, cut: number, load: number, at: RelaxedValues): void {
    const [value, slope] = this.affine(table, cut);
    at.loads[load] = value;
    at.slopes[3 * load] = slope;
  }

  private affine(table: Float64Array, cut: number): Piece {
    const { leastCut, greatestCut } = this;
    if (leastCut === greatestCut) return [table[leastCut]!, 0];
    const slope = (table[greatestCut]! - table[leastCut]!) / (greatestCut - leastCut);
    return [table[leastCut]! + slope * (cut - leastCut), slope];
  }

  private codec(points: readonly OperatingPoint[], logs: Float64Array, logRatio: number) {
    let k = 0;
    while (k + 2 < logs.length && logs[k + 1]! < logRatio) k++;
    const lower = points[k]!;
    const upper = points[Math.min(k + 1, points.length - 1)]!;
    const width = points.length > 1 ? logs[k + 1]! - logs[k]! : 0;
    const piece = (low: number, high: number): Piece => {
      if (!(width > 0)) return [low, 0];
      const slope = (high - low) / width;
      return [Math.max(0, low + slope * (logRatio - logs[k]!)), slope];
    };
    return {
      encode: piece(lower.encodeSecondsPerValue, upper.encodeSecondsPerValue),
      decode: piece(lower.decodeSecondsPerValue, upper.decodeSecondsPerValue),
      serverDecode: piece(lower.serverDecodeSecondsPerValue, upper.serverDecodeSecondsPerValue),
      serverEncode: piece(lower.serverEncodeSecondsPerValue, upper.serverEncodeSecondsPerValue),
    };
  }
}

/** Value and slope. */
type Piece = readonly [number, number];

function rangeOf(logs: Float64Array, points: readonly number[]): readonly [number, number] {
  let least = Infinity;
  let greatest = -Infinity;
  for (const point of points) {
    least = Math.min(least, logs[point]!);
    greatest = Math.max(greatest, logs[point]!);
  }
  return least <= greatest ? [least, greatest] : [logs[0]!, logs[0]!];
}
