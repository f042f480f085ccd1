import {
  choiceCosts,
  useFraction,
  withEfficiencyLimit,
  type ChoiceCosts,
  type CustomRate,
  type PlanningProblem,
  type RateLaw,
} from '../../models/index.js';
import type { CustomTerm, DelayRows } from './delay-rows.js';

/** The large time scale's decisions for one device, without the shares. */
export interface FixedDecision {
  /** Whether the device takes part in the round. */
  readonly participates: boolean;
  /** c, blocks on the device. */
  readonly blocks: number;
  /** Index of the operating point of activations. */
  readonly upPoint: number;
  /** Index of the operating point of gradients. */
  readonly downPoint: number;
}

/**
 * What is left to decide once every (c, ρ↑, ρ↓) is fixed: shares of the band and, with `allocated`, of the server. Only
 * devices that take part are listed; `device[k]` is the k-th one's index in the problem.
 *
 * Each has `rowWeights.length` rows of delay in `rows` (device by device): one, its whole chain, with `allocated` and
 * `equal`; with `batched` pre, pre + post and post + adapters. The round is
 * constantSeconds + Σ_r rowWeights[r]·max_n (row r of device n).
 */
export interface CompiledAllocation {
  /** Devices that take part. */
  readonly count: number;
  /** Index in the problem of each. */
  readonly device: Int32Array;
  /** What a second of each kind of row adds to the round. */
  readonly rowWeights: readonly number[];
  /** Delay of each device and kind by its bandwidth. */
  readonly rows: DelayRows;
  /** K·W_n, seconds: what the server share divides; 0 where shares are no decision. */
  readonly serverSeconds: Float64Array;
  /** Part of the round that no share changes, seconds. */
  readonly constantSeconds: number;
  /** B, the whole band, Hz. */
  readonly bandwidthHz: number;
  /** Limits of the reciprocal share w = B / b: 0 without a maximum bandwidth, Infinity without a minimum. */
  readonly leastReciprocal: Float64Array;
  /** Largest w by the least bandwidth of each device. */
  readonly greatestReciprocal: Float64Array;
}

/**
 * What a choice makes a device send and compute, seconds and bits a step; the adapters' bits once a round, each way, and the
 * seconds of coding them; and the bits a second and hertz that the device's energy allows on the uplink (Infinity without a limit).
 */
export const loadNames = [
  'preSeconds',
  'postSeconds',
  'uplinkBits',
  'downlinkBits',
  'adapterBits',
  'exchangeSeconds',
  'serverSeconds',
  'uplinkEfficiencyLimit',
] as const;
/** Loads of choices, one column a kind. */
export type LoadColumns = Readonly<Record<(typeof loadNames)[number], Float64Array>>;

/** Loads of the devices that take part; the input of `compileLoads`. */
export interface StepLoads extends LoadColumns {
  /** Index in the problem of each device that takes part. */
  readonly device: Int32Array;
}

/**
 * Where the model's costs of a choice become loads.
 *
 * @param loads - Written to.
 * @param at - Index of the device in the loads.
 * @param costs - Costs of its choice.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { choiceCosts } from 'sft-opt/models';
 * import { emptyLoads, writeCosts } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const loads = emptyLoads(1);
 * writeCosts(loads, 0, choiceCosts(problem, problem.devices[0]!, 2, 0, 0));
 * console.log(loads.uplinkBits[0]! > 0); // true
 * ```
 */
export function writeCosts(loads: LoadColumns, at: number, costs: ChoiceCosts): void {
  loads.preSeconds[at] = costs.forwardSeconds + costs.encodeSeconds;
  loads.postSeconds[at] = costs.decodeSeconds + costs.backwardSeconds;
  loads.uplinkBits[at] = costs.uplinkBits;
  loads.downlinkBits[at] = costs.downlinkBits;
  loads.adapterBits[at] = costs.adapterBits;
  loads.exchangeSeconds[at] = costs.exchangeSeconds;
  loads.serverSeconds[at] = costs.serverSeconds;
  loads.uplinkEfficiencyLimit[at] = costs.uplinkEfficiencyLimit;
}

/**
 * Loads of `count` devices, all nothing.
 *
 * @param count - Number of devices.
 * @example
 * ```ts
 * import { emptyLoads } from 'sft-opt/plan';
 *
 * console.log(emptyLoads(3).device.length); // 3
 * ```
 */
export function emptyLoads(count: number): StepLoads {
  return {
    device: new Int32Array(count),
    preSeconds: new Float64Array(count),
    postSeconds: new Float64Array(count),
    uplinkBits: new Float64Array(count),
    downlinkBits: new Float64Array(count),
    adapterBits: new Float64Array(count),
    exchangeSeconds: new Float64Array(count),
    serverSeconds: new Float64Array(count),
    uplinkEfficiencyLimit: new Float64Array(count).fill(Infinity),
  };
}

/**
 * Loads of fixed decisions, one for each device of the problem.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param decisions - Participation, cut and points of each device of the problem.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { loadsOfDecisions } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const decision = { participates: true, blocks: 2, upPoint: 0, downPoint: 0 };
 * const loads = loadsOfDecisions(problem, [decision, decision]);
 * console.log(loads.device); // Int32Array(2) [ 0, 1 ]
 * ```
 */
export function loadsOfDecisions(problem: PlanningProblem, decisions: readonly FixedDecision[]): StepLoads {
  const taking = participants(decisions);
  const loads = emptyLoads(taking.length);
  taking.forEach((n, k) => {
    const { blocks, upPoint, downPoint } = decisions[n]!;
    loads.device[k] = n;
    writeCosts(loads, k, choiceCosts(problem, problem.devices[n]!, blocks, upPoint, downPoint));
  });
  return loads;
}

function participants(decisions: readonly FixedDecision[]): number[] {
  return decisions.flatMap((decision, n) => (decision.participates ? [n] : []));
}

/**
 * Typed arrays for the searches. With `serverShares` (one for each participant) the shares of the server are fixed and
 * become part of the constant delay.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param loads - Loads as `loadsOfDecisions` makes them.
 * @param serverShares - Share of the server of each participant; a decision when absent.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { compileLoads, loadsOfDecisions } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const decision = { participates: true, blocks: 2, upPoint: 0, downPoint: 0 };
 * const loads = loadsOfDecisions(problem, [decision, decision]);
 * console.log(compileLoads(problem, loads).count); // 2
 * ```
 */
export function compileLoads(
  problem: PlanningProblem,
  loads: StepLoads,
  serverShares?: ArrayLike<number>,
): CompiledAllocation {
  const count = loads.device.length;
  const steps = problem.stepsPerRound;
  const batched = problem.sharing === 'batched';
  const jointShares = problem.sharing === 'allocated' && serverShares === undefined;
  const builder = new RowBuilder(problem, loads.device, batched ? 3 : 1);
  const serverSeconds = new Float64Array(count);
  let batchSeconds = 0;
  for (let k = 0; k < count; k++) {
    const pre = loads.preSeconds[k]!;
    const post = loads.postSeconds[k]!;
    const up = loads.uplinkBits[k]!;
    const down = loads.downlinkBits[k]!;
    const adapter = loads.adapterBits[k]!;
    const exchange = loads.exchangeSeconds[k]!;
    const server = loads.serverSeconds[k]!;
    builder.uplinkLimit = loads.uplinkEfficiencyLimit[k]!;
    if (batched) {
      batchSeconds += server;
      builder.add(k, pre, up, 0);
      if (steps > 1) builder.add(k, pre + post, up, down);
      builder.add(k, post + exchange, adapter, down + adapter);
      continue;
    }
    if (jointShares) serverSeconds[k] = steps * server;
    const slice = server > 0 && !jointShares ? server / fixedShare(problem, serverShares, k) : 0;
    builder.add(k, steps * (pre + post + slice) + exchange, steps * up + adapter, steps * down + adapter);
  }
  return {
    count,
    device: loads.device,
    rowWeights: batched ? (steps > 1 ? [1, steps - 1, 1] : [1, 1]) : [1],
    rows: builder.finish(),
    serverSeconds,
    constantSeconds: problem.aggregationSeconds + steps * batchSeconds,
    bandwidthHz: problem.bandwidthHz,
    ...reciprocalLimits(problem, loads.device),
  };
}

function fixedShare(problem: PlanningProblem, serverShares: ArrayLike<number> | undefined, k: number): number {
  return serverShares ? serverShares[k]! : 1 / problem.devices.length;
}

function reciprocalLimits(problem: PlanningProblem, device: Int32Array) {
  const leastReciprocal = new Float64Array(device.length);
  const greatestReciprocal = new Float64Array(device.length);
  let leastSum = 0;
  for (let k = 0; k < device.length; k++) {
    const { minimumBandwidthHz, maximumBandwidthHz, pinned } = problem.devices[device[k]!]!;
    leastReciprocal[k] = problem.bandwidthHz / (pinned.bandwidthHz ?? maximumBandwidthHz);
    greatestReciprocal[k] = problem.bandwidthHz / (pinned.bandwidthHz ?? minimumBandwidthHz);
    leastSum += 1 / greatestReciprocal[k]!;
  }
  // A maximum beyond what the others' minima leave is no limit of its own; rounding must not put it below the minimum.
  for (let k = 0; k < device.length; k++) {
    const left = 1 - (leastSum - 1 / greatestReciprocal[k]!);
    if (!(leastReciprocal[k]! > 0 && left > 0)) continue;
    leastReciprocal[k] = Math.max(leastReciprocal[k]!, Math.min(1 / left, greatestReciprocal[k]!));
  }
  return { leastReciprocal, greatestReciprocal };
}

/** Collects rows in growing typed arrays; a rate law is turned into terms once for each link and row that uses it. */
class RowBuilder {
  /** Limit of the uplink's efficiency in the rows to come, beside that of its law; bit/s/Hz. */
  uplinkLimit = Infinity;
  private readonly floor: Float64Array;
  private readonly linear: Float64Array;
  private readonly termStart: Int32Array;
  private weights: Float64Array;
  private scales: Float64Array;
  private kinks: Float64Array;
  private lines: Float64Array;
  private kinked = false;
  private customTerms: CustomTerm[][] | undefined;
  private row = 0;
  private terms = 0;

  constructor(
    private readonly problem: PlanningProblem,
    private readonly device: Int32Array,
    rowsPerDevice: number,
  ) {
    const capacity = device.length * rowsPerDevice;
    this.floor = new Float64Array(capacity);
    this.linear = new Float64Array(capacity);
    this.termStart = new Int32Array(capacity + 1);
    this.weights = new Float64Array(capacity);
    this.scales = new Float64Array(capacity);
    this.kinks = new Float64Array(capacity);
    this.lines = new Float64Array(capacity);
  }

  add(k: number, constantSeconds: number, uplinkBits: number, downlinkBits: number): void {
    const { uplink, downlink } = this.problem.devices[this.device[k]!]!;
    this.floor[this.row] = constantSeconds;
    this.customTerms?.push([]);
    this.addLink(uplink, uplinkBits, this.uplinkLimit);
    this.addLink(downlink, downlinkBits, Infinity);
    this.row++;
    this.termStart[this.row] = this.terms;
  }

  finish(): DelayRows {
    const count = this.row;
    return {
      count,
      floor: this.floor.subarray(0, count),
      linear: this.linear.subarray(0, count),
      termStart: this.termStart.subarray(0, count + 1),
      termWeight: this.weights.subarray(0, this.terms),
      termScale: this.scales.subarray(0, this.terms),
      termKink: this.kinks.subarray(0, this.terms),
      termLine: this.lines.subarray(0, this.terms),
      kinked: this.kinked,
      ...(this.customTerms && { customTerms: this.customTerms }),
    };
  }

  private addLink(law: RateLaw, bits: number, ownLimit: number): void {
    if (bits <= 0) return;
    if (law.kind === 'custom') {
      this.addCustom(law, bits, ownLimit);
      return;
    }
    const sent = bits / useFraction(law);
    if (law.kind === 'linear') {
      const efficiency = Math.min(law.bitsPerSecondPerHz, ownLimit);
      this.linear[this.row]! += sent / (efficiency * this.problem.bandwidthHz);
      return;
    }
    const limit = Math.min(law.efficiencyLimit ?? Infinity, ownLimit);
    if (law.kind === 'shannon') {
      this.addTerm(sent, law.snrBandwidthHz, limit);
      return;
    }
    const samples = law.snrBandwidthHz;
    for (let j = 0; j < samples.length; j++) this.addTerm(sent / samples.length, samples[j]!, limit);
  }

  /** The law's own frame and delivered fractions stay in it. */
  private addCustom(law: CustomRate, bits: number, ownLimit: number): void {
    this.customTerms ??= Array.from({ length: this.row + 1 }, () => []);
    const limited = withEfficiencyLimit(law, ownLimit);
    this.customTerms[this.row]!.push({ bits, law: limited, bandwidthHz: this.problem.bandwidthHz });
    this.kinked = true;
  }

  private addTerm(bits: number, snrBandwidthHz: number, limit: number): void {
    if (this.terms === this.weights.length) {
      this.weights = grown(this.weights);
      this.scales = grown(this.scales);
      this.kinks = grown(this.kinks);
      this.lines = grown(this.lines);
    }
    const weight = (bits * Math.LN2) / snrBandwidthHz;
    const scale = snrBandwidthHz / this.problem.bandwidthHz;
    const kink = Math.expm1(limit * Math.LN2) / scale;
    this.floor[this.row]! += weight;
    this.weights[this.terms] = weight;
    this.scales[this.terms] = scale;
    this.kinks[this.terms] = kink;
    this.lines[this.terms] = kink < Infinity ? bits / (limit * this.problem.bandwidthHz) : 0;
    this.kinked ||= kink < Infinity;
    this.terms++;
  }
}

/** Rows 2n and 2n + 1: the seconds of one bit on device n's uplink and downlink. */
export class LinkRows {
  /** Delay of one bit by reciprocal share; even rows are uplinks. */
  readonly rows: DelayRows;

  constructor(problem: PlanningProblem) {
    const device = Int32Array.from(problem.devices, (_, n) => n);
    const builder = new RowBuilder(problem, device, 2);
    for (let n = 0; n < device.length; n++) {
      builder.add(n, 0, 1, 0);
      builder.add(n, 0, 0, 1);
    }
    this.rows = builder.finish();
  }
}

function grown(values: Float64Array): Float64Array {
  const larger = new Float64Array(Math.max(16, 2 * values.length));
  larger.set(values);
  return larger;
}
