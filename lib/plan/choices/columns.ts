import {
  choiceCosts,
  enumerateDecisions,
  isAllowed,
  limitTolerance,
  roundTrafficBits,
  sumLimit,
  type Device,
  type PlanningProblem,
} from '../../models/index.js';
import { loadNames, writeCosts, type LoadColumns } from '../bandwidth/index.js';
import { undominated } from './dominated.js';

/** What is known of every choice: loads of a step, then what couples devices. */
const numberNames = [...loadNames, 'memory', 'traffic', 'loss'] as const;
type NumberColumns = Readonly<Record<(typeof numberNames)[number], Float64Array>>;

/**
 * Every allowed choice of every device in flat columns: entries start[n] … start[n + 1] − 1 are device n's. An optional device
 * has one more entry, being left out, with `blocks` −1 and no load.
 */
export interface PlanChoices extends NumberColumns, LoadColumns {
  readonly problem: PlanningProblem;
  readonly deviceCount: number;
  readonly start: Int32Array;
  readonly blocks: Int16Array;
  readonly upPoint: Int16Array;
  readonly downPoint: Int16Array;
  /** Σ of `memory`, in parts of the server's, may not pass this; Infinity without a limit. */
  readonly memoryLimit: number;
  /** Σ of `traffic`, in parts of what all devices together may send and receive, may not pass this; Infinity without a limit. */
  readonly trafficLimit: number;
  /** True where Σ of `loss`, each w·(A_min − A) in `accuracyUnit`s, may not pass 0. */
  readonly limitsMean: boolean;
  /** Size of one unit of `loss` in w·A. */
  readonly accuracyUnit: number;
  /** The extra limits on sums, in the problem's order. */
  readonly extra: readonly ExtraColumn[];
}

/** Use of every entry of an extra limit on a sum, in units of |limit|, or its own where the limit is 0. */
export interface ExtraColumn {
  readonly name: string;
  readonly unit: number;
  readonly use: Float64Array;
  /** Σ of `use` may not pass this: the limit in its unit, and the tolerance that searches use. */
  readonly limit: number;
}

/** The part of `limitTolerance` that searches use: the last word is the limit check on the plan itself. */
const usedTolerance = 0.999 * limitTolerance;

/**
 * Lists the choices; a device may end up with none. Those that another choice of the same device betters or equals in every
 * respect are left out unless `keepDominated`: no plan needs them to be faster.
 */
export function listChoices(
  problem: PlanningProblem,
  { keepDominated = false }: { readonly keepDominated?: boolean } = {},
): PlanChoices {
  const start = new Int32Array(problem.devices.length + 1);
  const { serverMemoryBytes } = problem;
  const limitsMemory = Number.isFinite(serverMemoryBytes);
  const memoryUnit = limitsMemory && serverMemoryBytes > 0 ? serverMemoryBytes : 1;
  const sums = (problem.extraLimits ?? []).flatMap((limit, k) => (limit.scope === 'sum' ? [{ limit, k }] : []));
  const extraUnits = sums.map(({ limit, k }) => ({ k, unit: Math.abs(sumLimit(limit)) || 1 }));
  const columns = new GrowingColumns(extraUnits.length);
  let spread = 0;
  problem.devices.forEach((device, n) => {
    const from = columns.length;
    listDevice(problem, device, columns, memoryUnit, extraUnits);
    spread += spreadOf(columns.numbers.loss, from, columns.length);
    if (!keepDominated) columns.keep(from, undominated(problem, columns.numbers, from, columns.length, columns.extra));
    if (device.optional) leaveOut(problem, device, columns);
    start[n + 1] = columns.length;
  });
  const accuracyUnit = spread > 0 ? spread : 1;
  const finished = columns.finish();
  for (let j = 0; j < finished.loss.length; j++) finished.loss[j]! /= accuracyUnit;
  return {
    ...finished,
    extra: sums.map(({ limit }, r): ExtraColumn => {
      const { unit } = extraUnits[r]!;
      const scaled = sumLimit(limit) / unit;
      return { name: limit.name, unit, use: finished.extra[r]!, limit: scaled + usedTolerance * Math.abs(scaled) };
    }),
    problem,
    deviceCount: problem.devices.length,
    start,
    trafficLimit: problem.trafficLimitBits === undefined ? Infinity : 1 + usedTolerance,
    memoryLimit: limitsMemory ? (serverMemoryBytes / memoryUnit) * (1 + usedTolerance) : Infinity,
    limitsMean: meanMinimum(problem) > -Infinity,
    accuracyUnit,
  };
}

/** A_min where it limits the mean; −Infinity otherwise. */
function meanMinimum({ accuracy: { scope, minimum } }: PlanningProblem): number {
  return scope === 'mean' ? minimum : -Infinity;
}

function listDevice(
  problem: PlanningProblem,
  device: Device,
  columns: GrowingColumns,
  memoryUnit: number,
  extraUnits: readonly { readonly k: number; readonly unit: number }[],
): void {
  const mean = meanMinimum(problem);
  const required = mean - usedTolerance * Math.abs(mean);
  for (const { blocks, upPoint, downPoint } of enumerateDecisions(problem, device)) {
    const costs = choiceCosts(problem, device, blocks, upPoint, downPoint);
    if (!isAllowed(problem, device, costs)) continue;
    const at = columns.add(blocks, upPoint, downPoint);
    const { numbers } = columns;
    writeCosts(numbers, at, costs);
    numbers.memory[at] = costs.serverMemoryBytes / memoryUnit;
    numbers.traffic[at] =
      problem.trafficLimitBits === undefined ? 0 : roundTrafficBits(problem, costs) / problem.trafficLimitBits;
    numbers.loss[at] = mean > -Infinity ? device.weight * (required - costs.accuracy) : 0;
    extraUnits.forEach(({ k, unit }, r) => (columns.extra[r]![at] = costs.extraUse[k]! / unit));
  }
}

/** The entry of being left out: of what couples devices it takes at most its part of the mean accuracy. */
function leaveOut(problem: PlanningProblem, device: Device, columns: GrowingColumns): void {
  const at = columns.add(-1, 0, 0);
  const { leftOutAccuracy } = problem.accuracy;
  const mean = meanMinimum(problem);
  if (leftOutAccuracy === undefined || mean === -Infinity) return;
  columns.numbers.loss[at] = device.weight * (mean - usedTolerance * Math.abs(mean) - leftOutAccuracy);
}

function spreadOf(values: Float64Array, from: number, to: number): number {
  let least = Infinity;
  let most = -Infinity;
  for (let j = from; j < to; j++) {
    least = Math.min(least, values[j]!);
    most = Math.max(most, values[j]!);
  }
  return to > from ? most - least : 0;
}

class GrowingColumns {
  length = 0;
  numbers = allocate(1024);
  private blocks = new Int16Array(1024);
  private upPoint = new Int16Array(1024);
  private downPoint = new Int16Array(1024);
  extra: Float64Array[];

  constructor(extraCount: number) {
    this.extra = Array.from({ length: extraCount }, () => new Float64Array(1024));
  }

  add(blocks: number, upPoint: number, downPoint: number): number {
    if (this.length === this.blocks.length) this.grow();
    const at = this.length++;
    this.blocks[at] = blocks;
    this.upPoint[at] = upPoint;
    this.downPoint[at] = downPoint;
    // An entry may have been dropped here before.
    for (const name of numberNames) this.numbers[name][at] = 0;
    for (const use of this.extra) use[at] = 0;
    return at;
  }

  /** Of the entries from `from` on, keeps the listed ones (increasing). */
  keep(from: number, kept: Int32Array): void {
    const { numbers, blocks, upPoint, downPoint } = this;
    let at = from;
    for (const j of kept) {
      for (const name of numberNames) numbers[name][at] = numbers[name][j]!;
      for (const use of this.extra) use[at] = use[j]!;
      blocks[at] = blocks[j]!;
      upPoint[at] = upPoint[j]!;
      downPoint[at] = downPoint[j]!;
      at++;
    }
    this.length = at;
  }

  finish() {
    const { length, numbers, blocks, upPoint, downPoint } = this;
    const trimmed = allocate(length);
    for (const name of numberNames) trimmed[name].set(numbers[name].subarray(0, length));
    return {
      ...trimmed,
      extra: this.extra.map((use) => use.slice(0, length)),
      blocks: blocks.slice(0, length),
      upPoint: upPoint.slice(0, length),
      downPoint: downPoint.slice(0, length),
    };
  }

  private grow(): void {
    const larger = allocate(2 * this.length);
    for (const name of numberNames) larger[name].set(this.numbers[name]);
    this.numbers = larger;
    this.extra = this.extra.map((use) => {
      const wider = new Float64Array(2 * use.length);
      wider.set(use);
      return wider;
    });
    this.blocks = widened(this.blocks);
    this.upPoint = widened(this.upPoint);
    this.downPoint = widened(this.downPoint);
  }
}

function allocate(length: number): NumberColumns {
  const column = () => new Float64Array(length);
  return {
    preSeconds: column(),
    postSeconds: column(),
    uplinkBits: column(),
    downlinkBits: column(),
    adapterBits: column(),
    exchangeSeconds: column(),
    serverSeconds: column(),
    uplinkEfficiencyLimit: column(),
    memory: column(),
    traffic: column(),
    loss: column(),
  };
}

function widened(values: Int16Array<ArrayBuffer>): Int16Array<ArrayBuffer> {
  const larger = new Int16Array(2 * values.length);
  larger.set(values);
  return larger;
}
