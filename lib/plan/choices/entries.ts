import { choiceCosts, type DevicePlan, type Plan } from '../../models/index.js';
import { emptyLoads, loadNames, type FixedDecision, type StepLoads, writeCosts } from '../bandwidth/index.js';
import type { PlanChoices } from './columns.js';
import { loadRespects } from './dominated.js';

/** Loads of one entry for each device, for the bandwidth searches; devices left out are skipped. */
export function loadsOfEntries(choices: PlanChoices, entries: ArrayLike<number>): StepLoads {
  const { blocks } = choices;
  let count = 0;
  for (let n = 0; n < entries.length; n++) if (blocks[entries[n]!]! >= 0) count++;
  const loads = emptyLoads(count);
  let k = 0;
  for (let n = 0; n < entries.length; n++) {
    const entry = entries[n]!;
    if (blocks[entry]! < 0) continue;
    loads.device[k] = n;
    for (const name of loadNames) loads[name][k] = choices[name][entry]!;
    k++;
  }
  return loads;
}

/**
 * The entries of a plan's choices; where one was left out as dominated, one that dominates it; −1 where a choice is not
 * allowed.
 */
export function entriesOfPlan(choices: PlanChoices, plan: Plan): Int32Array {
  return Int32Array.from({ length: choices.deviceCount }, (_, n) => {
    const decision = plan.devices[n]!;
    const same = entryOf(choices, n, decision);
    return same >= 0 || !decision.participates ? same : dominatingEntry(choices, n, decision);
  });
}

function entryOf(choices: PlanChoices, n: number, decision: DevicePlan): number {
  for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
    const same = decision.participates
      ? choices.blocks[j] === decision.blocks &&
        choices.upPoint[j] === decision.upPoint &&
        choices.downPoint[j] === decision.downPoint
      : choices.blocks[j]! < 0;
    if (same) return j;
  }
  return -1;
}

function dominatingEntry(choices: PlanChoices, n: number, { blocks, upPoint, downPoint }: DevicePlan): number {
  const { problem } = choices;
  const device = problem.devices[n]!;
  const costs = choiceCosts(problem, device, blocks, upPoint, downPoint);
  const loads = emptyLoads(1);
  writeCosts(loads, 0, costs);
  const own = loadRespects(problem, loads, 0, 1);
  const from = choices.start[n]!;
  const listed = loadRespects(problem, choices, from, choices.start[n + 1]!);
  for (let j = from; j < choices.start[n + 1]!; j++) {
    if (choices.blocks[j]! < 0) continue;
    const other = choiceCosts(problem, device, choices.blocks[j]!, choices.upPoint[j]!, choices.downPoint[j]!);
    if (other.accuracy < costs.accuracy || other.serverMemoryBytes > costs.serverMemoryBytes) continue;
    if (problem.extraLimits?.some(({ scope }, k) => scope === 'sum' && other.extraUse[k]! > costs.extraUse[k]!))
      continue;
    if (listed.every((respect, r) => respect[j - from]! <= own[r]![0]!)) return j;
  }
  return -1;
}

export function decisionsOfEntries(choices: PlanChoices, entries: ArrayLike<number>): FixedDecision[] {
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
