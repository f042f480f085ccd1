import {
  enumerateDecisions,
  choiceCosts,
  type PlanningProblem,
  type ProblemSource,
  type SourceChange,
} from '../../models/index.js';
import type { Planner } from '../planner.js';
import type { Remedy } from '../report.js';
import { deviceExtremes } from './device-limits.js';

/** Bisection stops when the change is known to this fraction of itself. */
const precision = 1e-3;
/** A band is not widened further than this. */
const widestFactor = 1e4;

/**
 * For each single limit, the smallest change found that alone makes a plan possible. Every remedy is shown by a plan
 * that keeps the changed problem's limits; a smaller change may exist within `precision`.
 */
export function findRemedies(source: ProblemSource, planner: Planner): Remedy[] {
  const possible = (change: SourceChange) => {
    const rebuilt = source.rebuild(change);
    return rebuilt.ok && planner(rebuilt.source.problem).plan !== undefined;
  };
  return [
    deadlineRemedy(source, planner),
    accuracyRemedy(source.problem, possible),
    serverMemoryRemedy(source, possible),
    bandwidthRemedy(source.problem, possible),
    deviceMemoryRemedy(source.problem, possible),
  ].filter((remedy) => remedy !== undefined);
}

type Possible = (change: SourceChange) => boolean;

function deadlineRemedy(source: ProblemSource, planner: Planner): Remedy | undefined {
  const { deadlineSeconds } = source.problem;
  if (deadlineSeconds === undefined) return undefined;
  const open = source.rebuild({ deadlineSeconds: Infinity });
  if (!open.ok) return undefined;
  const { plan, totalSeconds } = planner(open.source.problem);
  if (!plan) return undefined;
  return {
    limit: 'deadline',
    from: deadlineSeconds,
    to: totalSeconds,
    message: `a deadline of ${totalSeconds.toPrecision(4)} s can be kept`,
  };
}

function accuracyRemedy(problem: PlanningProblem, possible: Possible): Remedy | undefined {
  const { minimum } = problem.accuracy;
  if (minimum === -Infinity) return undefined;
  const loosest = Math.max(0, Math.min(minimum, lowestAccuracy(problem)));
  const to = leastChange(minimum, loosest, (minimumAccuracy) => possible({ minimumAccuracy }));
  if (to === undefined) return undefined;
  return {
    limit: 'accuracy',
    from: minimum,
    to,
    message: `an accuracy limit of ${(100 * to).toFixed(2)} % can be kept`,
  };
}

function serverMemoryRemedy({ problem, serverModelBytes }: ProblemSource, possible: Possible): Remedy | undefined {
  if (problem.serverMemoryBytes === Infinity) return undefined;
  const from = problem.serverMemoryBytes + serverModelBytes;
  const most = Math.max(from, mostServerMemory(problem) + serverModelBytes);
  const to = leastChange(from, most, (serverMemoryBytes) => possible({ serverMemoryBytes }));
  if (to === undefined) return undefined;
  const missing = (to - from) / 2 ** 20;
  return { limit: 'server-memory', from, to, message: `${missing.toPrecision(4)} MiB more on the server suffice` };
}

function bandwidthRemedy(problem: PlanningProblem, possible: Possible): Remedy | undefined {
  const from = problem.bandwidthHz;
  const widened = (factor: number) => possible({ bandwidthHz: from * factor });
  let enough = 2;
  while (enough < widestFactor && !widened(enough)) enough *= 8;
  const factor = leastChange(1, Math.min(enough, widestFactor), widened);
  if (factor === undefined) return undefined;
  const to = from * factor;
  return { limit: 'bandwidth', from, to, message: `a band of ${(to / 1e6).toPrecision(5)} MHz suffices` };
}

/** The one device whose memory, raised to its least need, makes a plan possible. */
function deviceMemoryRemedy(problem: PlanningProblem, possible: Possible): Remedy | undefined {
  const lacking = problem.devices.filter((device) => !device.optional && !deviceExtremes(problem, device).fitsMemory);
  const device = lacking[0];
  if (!device || lacking.length > 1) return undefined;
  const needed = deviceExtremes(problem, device).leastMemoryBytes;
  if (!Number.isFinite(needed)) return undefined;
  if (!possible({ devices: { [device.name]: { memoryBytes: needed } } })) return undefined;
  const missing = (needed - device.memoryBytes) / 2 ** 20;
  return {
    limit: 'device-memory',
    device: device.name,
    from: device.memoryBytes,
    to: needed,
    message: `${missing.toPrecision(4)} MiB more on ${device.name} suffice`,
  };
}

/** The value nearest to `from`, towards `to`, that works; undefined if not even `to` does. */
function leastChange(from: number, to: number, works: (value: number) => boolean): number | undefined {
  if (from === to || !works(to)) return undefined;
  let failing = from;
  let working = to;
  while (Math.abs(working - failing) > precision * Math.abs(working - from)) {
    const middle = (failing + working) / 2;
    if (middle === failing || middle === working) break;
    if (works(middle)) working = middle;
    else failing = middle;
  }
  return working;
}

function lowestAccuracy(problem: PlanningProblem): number {
  return extremeChoice(problem, (costs) => costs.accuracy, Math.min, Infinity);
}

function mostServerMemory(problem: PlanningProblem): number {
  let sum = 0;
  for (const device of problem.devices) {
    const alone = { ...problem, devices: [device] };
    sum += extremeChoice(alone, (costs) => costs.serverMemoryBytes, Math.max, 0);
  }
  return sum;
}

function extremeChoice(
  problem: PlanningProblem,
  pick: (costs: ReturnType<typeof choiceCosts>) => number,
  better: (a: number, b: number) => number,
  start: number,
): number {
  let extreme = start;
  for (const device of problem.devices) {
    for (const { blocks, upPoint, downPoint } of enumerateDecisions(problem, device)) {
      extreme = better(extreme, pick(choiceCosts(problem, device, blocks, upPoint, downPoint)));
    }
  }
  return extreme;
}
