import { limitTolerance, type Device, type PlanningProblem } from '../../models/index.js';
import { listChoices, type PlanChoices } from '../choices/index.js';
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
export type CouplingRow = 'bandwidth' | 'server-share' | 'server-memory' | 'traffic' | 'accuracy' | ExtraRow;
/** The row of an extra limit on a sum, by its name. */
export type ExtraRow = `extra:${string}`;

/** A row whose use is a constant of each choice. */
export interface ConstantRow {
  /** Its index among the rows. */
  readonly row: number;
  readonly use: Float64Array;
}

/**
 * The table of choices as the dual sees it: what every choice must have sent by when, and the rows that couple devices.
 * Bandwidth is in units of the band, memory of the server's, traffic of its limit, accuracy of its spread: every row's right-hand side is 1 or 0.
 */
export interface ChoiceColumns extends PlanChoices {
  /** What every choice must have sent by each threshold. */
  readonly requirements: readonly Requirement[];
  /** Share of the objective of each requirement's threshold (batched: 1, K − 1, 1); [1] otherwise. */
  readonly requirementWeights: readonly number[];
  /** K·W_n at full throughput, seconds; 0 with `equal`, where it is part of the requirement. */
  readonly workSeconds: Float64Array;
  /** Least bandwidth of each device, in units of the band. */
  readonly leastBandwidth: Float64Array;
  /** Largest bandwidth of each device, in units of the band. */
  readonly mostBandwidth: Float64Array;
  /** Rates of the devices' links in units of the band. */
  readonly links: LinkColumns;
  /** Size of a resource block in units of the band; 0 where bandwidth is continuous. */
  readonly resourceBlock: number;
  /** Limits that couple devices, in the order of the multipliers. */
  readonly rows: readonly CouplingRow[];
  /** Those of them that shares have no part in: memory, traffic, accuracy, extra limits. */
  readonly constantRows: readonly ConstantRow[];
  /** Right-hand sides, relaxed by `relaxation`. */
  readonly available: Float64Array;
}

/** Which delay form a bound of `batched` rests on: the longest chain, or the exact three stage-wise maxima. */
export type BatchedForm = 'chain' | 'stages';

/**
 * The dual's view of some choices. With `batched` the form decides; other sharings have chains only.
 *
 * @param choices - Choices of all devices, as `listChoices` gives them.
 * @param batchedForm - Which dual of a common batch: over chains of each device, or over the stages' thresholds.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { buildColumns, columnsOf } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * console.log(buildColumns(columnsOf(problem)).rows); // [ 'bandwidth', 'server-share', 'accuracy' ]
 * ```
 */
export function buildColumns(choices: PlanChoices, batchedForm: BatchedForm = 'chain'): ChoiceColumns {
  const { problem } = choices;
  const form = problem.sharing === 'batched' ? batchedForm : 'chain';
  const steps = problem.stepsPerRound;
  const band = problem.bandwidthHz;
  const limits = problem.devices.map((device) => bandwidthLimits(problem, device));
  const rows = couplingRows(choices);
  return {
    ...choices,
    requirements: form === 'chain' ? [chainRequirement(choices)] : stageRequirements(choices),
    requirementWeights: form === 'chain' ? [1] : steps > 1 ? [1, steps - 1, 1] : [1, 1],
    workSeconds: choices.serverSeconds.map((work) => (problem.sharing === 'equal' ? 0 : steps * work)),
    leastBandwidth: Float64Array.from(limits, ({ least }) => least / band),
    mostBandwidth: Float64Array.from(limits, ({ most }) => most / band),
    links: new LinkColumns(problem),
    resourceBlock: (problem.resourceBlockHz ?? 0) / band,
    rows,
    constantRows: constantRowsOf(choices, rows),
    available: Float64Array.from(rows, (row) => availableOf(choices, row)),
  };
}

/**
 * The dual's view of all choices that no other dominates.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param batchedForm - Which dual of a common batch: over chains of each device, or over the stages' thresholds.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { columnsOf } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * console.log(columnsOf(problem).rows); // [ 'bandwidth', 'server-share', 'accuracy' ]
 * ```
 */
export function columnsOf(problem: PlanningProblem, batchedForm: BatchedForm = 'chain'): ChoiceColumns {
  return buildColumns(listChoices(problem), batchedForm);
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

/** Rows that some choices could break. */
function couplingRows(choices: PlanChoices): CouplingRow[] {
  const { problem, serverSeconds, memory, traffic, loss } = choices;
  const rows: CouplingRow[] = ['bandwidth'];
  if (problem.sharing === 'allocated' && serverSeconds.some((work) => work > 0)) rows.push('server-share');
  if (reach(choices, memory) > choices.memoryLimit) rows.push('server-memory');
  if (reach(choices, traffic) > choices.trafficLimit) rows.push('traffic');
  if (choices.limitsMean && loss.some((value) => value > 0)) rows.push('accuracy');
  for (const { name, use, limit } of choices.extra) if (reach(choices, use) > limit) rows.push(`extra:${name}`);
  return rows;
}

/** The most that all devices together may take. */
function reach({ start, deviceCount }: PlanChoices, column: Float64Array): number {
  let sum = 0;
  for (let n = 0; n < deviceCount; n++) {
    let most = -Infinity;
    for (let j = start[n]!; j < start[n + 1]!; j++) most = Math.max(most, column[j]!);
    sum += most;
  }
  return sum;
}

function constantRowsOf(choices: PlanChoices, rows: readonly CouplingRow[]): ConstantRow[] {
  return rows.flatMap((name, row): ConstantRow[] => {
    if (name === 'server-memory') return [{ row, use: choices.memory }];
    if (name === 'traffic') return [{ row, use: choices.traffic }];
    if (name === 'accuracy') return [{ row, use: choices.loss }];
    const extra = choices.extra.find((column) => name === `extra:${column.name}`);
    return extra ? [{ row, use: extra.use }] : [];
  });
}

/** What a choice pays for the constant rows. */
export function constantPrice({ constantRows }: ChoiceColumns, multipliers: Float64Array, j: number): number {
  let price = 0;
  for (let k = 0; k < constantRows.length; k++) {
    const { row, use } = constantRows[k]!;
    price += multipliers[row]! * use[j]!;
  }
  return price;
}

/** Adds what a choice uses of the constant rows. */
export function addConstantUse({ constantRows }: ChoiceColumns, j: number, usage: Float64Array): void {
  for (let k = 0; k < constantRows.length; k++) {
    const { row, use } = constantRows[k]!;
    usage[row]! += use[j]!;
  }
}

/** Right-hand side of a row: what a plan at the edge of the tolerance may use, and a little more. */
function availableOf(choices: PlanChoices, row: CouplingRow): number {
  const { problem } = choices;
  switch (row) {
    case 'bandwidth': {
      const block = (problem.resourceBlockHz ?? 0) / problem.bandwidthHz;
      const usable = block > 0 ? Math.floor((1 + relaxation) / block + 1e-6) * block : 1;
      return usable * (1 + relaxation);
    }
    case 'server-share':
      return 1 + relaxation;
    case 'server-memory':
      return Math.min(choices.memoryLimit, 1) * (1 + relaxation);
    case 'traffic':
      return 1 + relaxation;
    case 'accuracy': {
      const { minimum } = problem.accuracy;
      const weights = problem.devices.reduce((sum, device) => sum + device.weight, 0);
      // Losses are taken within the tolerance already; what is added covers the rest of it.
      return Number.isFinite(minimum)
        ? (0.03 * limitTolerance * Math.abs(minimum) * weights) / choices.accuracyUnit
        : 0;
    }
    default: {
      const { limit } = choices.extra.find(({ name }) => row === `extra:${name}`)!;
      // Taken within the tolerance already, as accuracy.
      return limit + 0.03 * limitTolerance * Math.abs(limit);
    }
  }
}

/** A whole round of one device: its own chain, the server's slice included where all slices are the same. */
function chainRequirement(choices: PlanChoices): Requirement {
  const { problem, preSeconds, postSeconds, uplinkBits, downlinkBits, adapterBits, exchangeSeconds, serverSeconds } =
    choices;
  const steps = problem.stepsPerRound;
  const slices = problem.sharing === 'equal' ? problem.devices.length : 0;
  return {
    seconds: preSeconds.map(
      (pre, j) => steps * (pre + postSeconds[j]! + slices * serverSeconds[j]!) + exchangeSeconds[j]!,
    ),
    upBits: uplinkBits.map((bits, j) => steps * bits + adapterBits[j]!),
    downBits: downlinkBits.map((bits, j) => steps * bits + adapterBits[j]!),
  };
}

/** Before the server, a whole step (where there is more than one), after the server with the adapters. */
function stageRequirements(choices: PlanChoices): Requirement[] {
  const { problem, preSeconds, postSeconds, uplinkBits, downlinkBits, adapterBits, exchangeSeconds } = choices;
  const nothing = new Float64Array(preSeconds.length);
  const before = { seconds: preSeconds, upBits: uplinkBits, downBits: nothing };
  const step = {
    seconds: preSeconds.map((pre, j) => pre + postSeconds[j]!),
    upBits: uplinkBits,
    downBits: downlinkBits,
  };
  const after = {
    seconds: postSeconds.map((post, j) => post + exchangeSeconds[j]!),
    upBits: adapterBits,
    downBits: downlinkBits.map((bits, j) => bits + adapterBits[j]!),
  };
  return problem.stepsPerRound > 1 ? [before, step, after] : [before, after];
}
