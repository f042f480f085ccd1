import {
  buildChoices,
  limitTolerance,
  type ChoiceTable,
  type Device,
  type PlanningProblem,
} from '../../models/index.js';
import { LinkColumns } from './links.js';

/**
 * Limits are relaxed by a little more than the tolerance that plans may use, so that a bound also holds for a plan that
 * lies on the edge of it.
 */
export const relaxation = limitTolerance * 1.02;

/** One delay requirement of every choice: seconds + up·r↑(b) + down·r↓(b) must not exceed a threshold. */
export interface Requirement {
  readonly seconds: Float64Array;
  readonly upBits: Float64Array;
  readonly downBits: Float64Array;
}

/** The rows that couple devices, in the order of the multipliers. */
export type CouplingRow = 'bandwidth' | 'server-share' | 'server-memory' | 'accuracy';

/**
 * All choices of all devices as flat columns; those of device n are entries start[n] … start[n+1] − 1. Bandwidth is in
 * units of the band, memory of the server's, accuracy of its spread: every row's right-hand side is 1 or 0.
 */
export interface ChoiceColumns {
  readonly problem: PlanningProblem;
  readonly deviceCount: number;
  readonly tables: readonly ChoiceTable[];
  readonly start: Int32Array;
  /** Index of the choice in the device's `ChoiceTable`; −1: the device is left out. */
  readonly index: Int32Array;
  readonly requirements: readonly Requirement[];
  /** Share of the objective of each requirement's threshold (batched: 1, K − 1, 1); [1] otherwise. */
  readonly requirementWeights: readonly number[];
  /** K·W_n at full throughput, seconds; 0 with `equal`, where it is part of the requirement. */
  readonly serverSeconds: Float64Array;
  readonly memory: Float64Array;
  /** w_n·(A_min − A), scaled: what the choice takes from the mean accuracy. 0 for a device left out. */
  readonly accuracyLoss: Float64Array;
  readonly leastBandwidth: Float64Array;
  readonly mostBandwidth: Float64Array;
  readonly links: LinkColumns;
  /** Size of a resource block in units of the band; 0 where bandwidth is continuous. */
  readonly resourceBlock: number;
  readonly rows: readonly CouplingRow[];
  /** Size of one unit of the accuracy row in the weighted mean: its multiplier times this is a certificate's. */
  readonly accuracyUnit: number;
  /** Right-hand sides, relaxed by `relaxation`. */
  readonly available: Float64Array;
}

/** Which delay form a bound of `batched` rests on: the longest chain, or the exact three stage-wise maxima. */
export type BatchedForm = 'chain' | 'stages';

/** Flattens a problem. Dominated choices are dropped unless `keepDominated`: they never improve a plan's delay. */
export function buildColumns(
  problem: PlanningProblem,
  options: { batchedForm?: BatchedForm; keepDominated?: boolean } = {},
): ChoiceColumns {
  const form = problem.sharing === 'batched' ? (options.batchedForm ?? 'chain') : 'chain';
  const builder = new ColumnBuilder(problem, form);
  problem.devices.forEach((device) => builder.add(device, options.keepDominated ?? false));
  return builder.finish();
}

/** Limits of one device's bandwidth, relaxed, in Hz. An empty interval (least > most) leaves it no choice. */
export function bandwidthLimits(problem: PlanningProblem, device: Device): { least: number; most: number } {
  const pinned = device.pinned.bandwidthHz;
  const block = problem.resourceBlockHz ?? 0;
  let least = Math.max(device.minimumBandwidthHz * (1 - relaxation), block * (1 - relaxation));
  let most = Math.min(device.maximumBandwidthHz, problem.bandwidthHz) * (1 + relaxation);
  if (pinned !== undefined) {
    const slack = relaxation * Math.max(1, Math.abs(pinned));
    least = Math.max(least, pinned - slack);
    most = Math.min(most, pinned + slack);
  }
  return { least: Math.max(0, least), most };
}

interface Entry {
  readonly index: number;
  readonly seconds: readonly number[];
  readonly upBits: readonly number[];
  readonly downBits: readonly number[];
  readonly serverSeconds: number;
  readonly memory: number;
  readonly accuracyLoss: number;
}

class ColumnBuilder {
  private readonly start: number[] = [0];
  private readonly tables: ChoiceTable[] = [];
  private readonly entries: Entry[][] = [];
  private readonly weights: readonly number[];
  private accuracySpread = 0;
  private memoryReach = 0;
  private accuracyMatters = false;

  constructor(
    private readonly problem: PlanningProblem,
    private readonly form: BatchedForm,
  ) {
    const steps = problem.stepsPerRound;
    this.weights = form === 'chain' ? [1] : steps > 1 ? [1, steps - 1, 1] : [1, 1];
  }

  add(device: Device, keepDominated: boolean): void {
    const table = buildChoices(this.problem, device);
    this.tables.push(table);
    const { minimum, scope } = this.problem.accuracy;
    const requiresMean = scope === 'mean' && minimum > -Infinity;
    let list = Array.from({ length: table.count }, (_, j) => this.entry(device, table, j, requiresMean));
    if (device.optional) list.push(this.leftOut());
    const losses = list.map((entry) => entry.accuracyLoss);
    if (list.length > 0) {
      this.accuracySpread += Math.max(...losses) - Math.min(...losses);
      if (Math.max(...losses) > 0) this.accuracyMatters = true;
      this.memoryReach += Math.max(...list.map((entry) => entry.memory));
    }
    if (!keepDominated) list = withoutDominated(list);
    this.entries.push(list);
    this.start.push(this.start.at(-1)! + list.length);
  }

  finish(): ChoiceColumns {
    const { problem, entries } = this;
    const rows: CouplingRow[] = ['bandwidth'];
    if (problem.sharing === 'allocated') rows.push('server-share');
    const memoryLimit = problem.serverMemoryBytes;
    const memoryScale = memoryLimit > 0 && memoryLimit < Infinity ? memoryLimit : 1;
    if (this.memoryReach > memoryLimit) rows.push('server-memory');
    if (this.accuracyMatters) rows.push('accuracy');
    const accuracyScale = this.accuracySpread > 0 ? this.accuracySpread : 1;
    const band = problem.bandwidthHz;
    const limits = problem.devices.map((device) => bandwidthLimits(problem, device));
    const column = (pick: (entry: Entry) => number) => flatten(entries, this.start.at(-1)!, pick);
    const block = (problem.resourceBlockHz ?? 0) / band;
    const usable = block > 0 ? Math.floor((1 + relaxation) / block + 1e-6) * block : 1;
    const available = { bandwidth: usable, 'server-share': 1, 'server-memory': Math.min(memoryLimit, 1), accuracy: 0 };
    return {
      problem,
      deviceCount: problem.devices.length,
      tables: this.tables,
      start: Int32Array.from(this.start),
      index: Int32Array.from(column((entry) => entry.index)),
      requirements: this.weights.map((_, r) => ({
        seconds: column((entry) => entry.seconds[r]!),
        upBits: column((entry) => entry.upBits[r]!),
        downBits: column((entry) => entry.downBits[r]!),
      })),
      requirementWeights: this.weights,
      serverSeconds: column((entry) => entry.serverSeconds),
      memory: column((entry) => entry.memory / memoryScale),
      accuracyLoss: column((entry) => entry.accuracyLoss / accuracyScale),
      leastBandwidth: Float64Array.from(limits, ({ least }) => least / band),
      mostBandwidth: Float64Array.from(limits, ({ most }) => most / band),
      links: new LinkColumns(problem),
      resourceBlock: block,
      rows,
      accuracyUnit: problem.devices.reduce((sum, device) => sum + device.weight, 0) / accuracyScale,
      available: Float64Array.from(rows, (row) => available[row] * (1 + relaxation)),
    };
  }

  private leftOut(): Entry {
    const none = this.weights.map(() => 0);
    return { index: -1, seconds: none, upBits: none, downBits: none, serverSeconds: 0, memory: 0, accuracyLoss: 0 };
  }

  private entry(device: Device, table: ChoiceTable, j: number, requiresMean: boolean): Entry {
    const steps = this.problem.stepsPerRound;
    const pre = table.preSeconds[j]!;
    const post = table.postSeconds[j]!;
    const up = table.uplinkBits[j]!;
    const down = table.downlinkBits[j]!;
    const adapter = table.adapterBits[j]!;
    const work = steps * table.serverSeconds[j]!;
    const equal = this.problem.sharing === 'equal';
    const { minimum } = this.problem.accuracy;
    const common = {
      index: j,
      serverSeconds: equal ? 0 : work,
      memory: table.serverMemoryBytes[j]!,
      accuracyLoss: requiresMean ? device.weight * (minimum - relaxation * Math.abs(minimum) - table.accuracy[j]!) : 0,
    };
    if (this.form === 'chain') {
      return {
        ...common,
        seconds: [steps * (pre + post) + (equal ? work * this.problem.devices.length : 0)],
        upBits: [steps * up + adapter],
        downBits: [steps * down + adapter],
      };
    }
    const stages = [
      [pre, up, 0],
      [pre + post, up, down],
      [post, adapter, down + adapter],
    ];
    const used = this.weights.length === 3 ? stages : [stages[0]!, stages[2]!];
    return {
      ...common,
      seconds: used.map((stage) => stage[0]!),
      upBits: used.map((stage) => stage[1]!),
      downBits: used.map((stage) => stage[2]!),
    };
  }
}

function flatten(entries: readonly Entry[][], count: number, pick: (entry: Entry) => number): Float64Array {
  const column = new Float64Array(count);
  let at = 0;
  for (const list of entries) for (const entry of list) column[at++] = pick(entry);
  return column;
}

/** Drops every entry that another of the same device equals or betters in all respects (the first of equals stays). */
function withoutDominated(list: readonly Entry[]): Entry[] {
  return list.filter((entry, k) => !list.some((other, m) => m !== k && betters(other, entry, m < k)));
}

/** A device left out needs no bandwidth at all, one that takes part may have a minimum: they are not compared. */
function betters(other: Entry, entry: Entry, first: boolean): boolean {
  if (other.index < 0 !== entry.index < 0) return false;
  if (other.serverSeconds > entry.serverSeconds || other.memory > entry.memory) return false;
  if (other.accuracyLoss > entry.accuracyLoss) return false;
  let less = other.serverSeconds < entry.serverSeconds || other.memory < entry.memory;
  less ||= other.accuracyLoss < entry.accuracyLoss;
  for (let r = 0; r < entry.seconds.length; r++) {
    if (other.seconds[r]! > entry.seconds[r]! || other.upBits[r]! > entry.upBits[r]!) return false;
    if (other.downBits[r]! > entry.downBits[r]!) return false;
    less ||= other.seconds[r]! < entry.seconds[r]! || other.upBits[r]! < entry.upBits[r]!;
    less ||= other.downBits[r]! < entry.downBits[r]!;
  }
  return less || first;
}
