import {
  choiceCosts,
  enumerateDecisions,
  exceeds,
  fallsShort,
  limitTolerance,
  type Plan,
  type PlanningProblem,
} from '../../models/index.js';
import { emptyLoads, type FixedDecision, type StepLoads } from '../bandwidth/index.js';

/** Seconds and bits of a step as the bandwidth searches take them, then what couples devices. */
const numberColumns = [
  'preSeconds',
  'postSeconds',
  'uplinkBits',
  'downlinkBits',
  'adapterBits',
  'serverSeconds',
  'memory',
  'loss',
] as const;
type NumberColumn = (typeof numberColumns)[number];

/**
 * Every allowed choice of every device in flat columns: entries start[n] … start[n + 1] − 1 are device n's. An optional device
 * has one more entry, being left out, with `blocks` −1 and nothing else.
 */
export interface PlanChoices extends Readonly<Record<NumberColumn, Float64Array>> {
  readonly deviceCount: number;
  readonly start: Int32Array;
  readonly blocks: Int16Array;
  readonly upPoint: Int16Array;
  readonly downPoint: Int16Array;
  /** Σ of `memory` (share of the server's) may not pass this; Infinity without a limit. */
  readonly memoryLimit: number;
  /** Σ of `loss` = Σ w_n·(A_min − A_n) may not pass this; Infinity without a limit on the mean. */
  readonly lossLimit: number;
}

/** Lists the choices; a device may end up with none. */
export function listChoices(problem: PlanningProblem): PlanChoices {
  const columns = new GrowingColumns();
  const start = new Int32Array(problem.devices.length + 1);
  const { minimum, scope } = problem.accuracy;
  const limitsMean = scope === 'mean' && minimum > -Infinity;
  const memoryUnit = Number.isFinite(problem.serverMemoryBytes) ? Math.max(problem.serverMemoryBytes, 1e-300) : 0;
  let weights = 0;
  problem.devices.forEach((device, n) => {
    weights += device.weight;
    for (const { blocks, upPoint, downPoint } of enumerateDecisions(problem, device)) {
      const costs = choiceCosts(problem, device, blocks, upPoint, downPoint);
      if (exceeds(costs.deviceMemoryBytes, device.memoryBytes)) continue;
      if (scope === 'each' && fallsShort(costs.accuracy, minimum)) continue;
      const at = columns.add(blocks, upPoint, downPoint);
      const { numbers } = columns;
      numbers.preSeconds[at] = costs.forwardSeconds + costs.encodeSeconds;
      numbers.postSeconds[at] = costs.decodeSeconds + costs.backwardSeconds;
      numbers.uplinkBits[at] = costs.uplinkBits;
      numbers.downlinkBits[at] = costs.downlinkBits;
      numbers.adapterBits[at] = costs.adapterBits;
      numbers.serverSeconds[at] = costs.serverSeconds;
      numbers.memory[at] = memoryUnit > 0 ? costs.serverMemoryBytes / memoryUnit : 0;
      numbers.loss[at] = limitsMean ? device.weight * (minimum - costs.accuracy) : 0;
    }
    if (device.optional) columns.add(-1, 0, 0);
    start[n + 1] = columns.length;
  });
  // Nine tenths of the tolerance: the last word is the limit check on the plan itself.
  const slack = 0.9 * limitTolerance;
  return {
    ...columns.finish(),
    deviceCount: problem.devices.length,
    start,
    memoryLimit: memoryUnit > 0 ? 1 + slack : Infinity,
    lossLimit: limitsMean ? slack * Math.abs(minimum) * weights : Infinity,
  };
}

/** Loads of one entry for each device, for the bandwidth searches; devices left out are skipped. */
export function loadsOfEntries(choices: PlanChoices, entries: Int32Array): StepLoads {
  let count = 0;
  for (let n = 0; n < entries.length; n++) if (choices.blocks[entries[n]!]! >= 0) count++;
  const loads = emptyLoads(count);
  let k = 0;
  for (let n = 0; n < entries.length; n++) {
    const entry = entries[n]!;
    if (choices.blocks[entry]! < 0) continue;
    loads.device[k] = n;
    loads.preSeconds[k] = choices.preSeconds[entry]!;
    loads.postSeconds[k] = choices.postSeconds[entry]!;
    loads.uplinkBits[k] = choices.uplinkBits[entry]!;
    loads.downlinkBits[k] = choices.downlinkBits[entry]!;
    loads.adapterBits[k] = choices.adapterBits[entry]!;
    loads.serverSeconds[k] = choices.serverSeconds[entry]!;
    k++;
  }
  return loads;
}

/** The entries of a plan's choices; −1 where one is not allowed. */
export function entriesOfPlan(choices: PlanChoices, plan: Plan): Int32Array {
  const entries = new Int32Array(choices.deviceCount).fill(-1);
  for (let n = 0; n < entries.length; n++) {
    const decision = plan.devices[n]!;
    for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
      const same = decision.participates
        ? choices.blocks[j] === decision.blocks &&
          choices.upPoint[j] === decision.upPoint &&
          choices.downPoint[j] === decision.downPoint
        : choices.blocks[j]! < 0;
      if (same) entries[n] = j;
    }
  }
  return entries;
}

export function decisionsOfEntries(choices: PlanChoices, entries: Int32Array): FixedDecision[] {
  return Array.from(entries, (entry) => {
    const participates = choices.blocks[entry]! >= 0;
    return {
      participates,
      blocks: participates ? choices.blocks[entry]! : 0,
      upPoint: choices.upPoint[entry]!,
      downPoint: choices.downPoint[entry]!,
    };
  });
}

class GrowingColumns {
  length = 0;
  numbers = allocate(1024);
  private blocks = new Int16Array(1024);
  private upPoint = new Int16Array(1024);
  private downPoint = new Int16Array(1024);

  add(blocks: number, upPoint: number, downPoint: number): number {
    if (this.length === this.blocks.length) this.grow();
    const at = this.length++;
    this.blocks[at] = blocks;
    this.upPoint[at] = upPoint;
    this.downPoint[at] = downPoint;
    return at;
  }

  finish() {
    const { length, numbers, blocks, upPoint, downPoint } = this;
    const trimmed = allocate(length);
    for (const name of numberColumns) trimmed[name].set(numbers[name].subarray(0, length));
    return {
      ...trimmed,
      blocks: blocks.slice(0, length),
      upPoint: upPoint.slice(0, length),
      downPoint: downPoint.slice(0, length),
    };
  }

  private grow(): void {
    const larger = allocate(2 * this.length);
    for (const name of numberColumns) larger[name].set(this.numbers[name]);
    this.numbers = larger;
    this.blocks = widened(this.blocks);
    this.upPoint = widened(this.upPoint);
    this.downPoint = widened(this.downPoint);
  }
}

function allocate(length: number): Record<NumberColumn, Float64Array> {
  const column = () => new Float64Array(length);
  return {
    preSeconds: column(),
    postSeconds: column(),
    uplinkBits: column(),
    downlinkBits: column(),
    adapterBits: column(),
    serverSeconds: column(),
    memory: column(),
    loss: column(),
  };
}

function widened(values: Int16Array<ArrayBuffer>): Int16Array<ArrayBuffer> {
  const larger = new Int16Array(2 * values.length);
  larger.set(values);
  return larger;
}
