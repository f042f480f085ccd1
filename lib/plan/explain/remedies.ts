import { enumerateDecisions, choiceCosts, type PlanningProblem } from '../../models/index.js';
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
export function findRemedies(problem: PlanningProblem, planner: Planner): Remedy[] {
  const possible = (changed: PlanningProblem) => planner(changed).plan !== undefined;
  return [
    deadlineRemedy(problem, planner),
    accuracyRemedy(problem, possible),
    serverMemoryRemedy(problem, possible),
    bandwidthRemedy(problem, possible),
    deviceMemoryRemedy(problem, possible),
  ].filter((remedy) => remedy !== undefined);
}

type Possible = (changed: PlanningProblem) => boolean;

function deadlineRemedy(problem: PlanningProblem, planner: Planner): Remedy | undefined {
  const { deadlineSeconds, ...open } = problem;
  if (deadlineSeconds === undefined) return undefined;
  const { plan, totalSeconds } = planner(open);
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
  const withMinimum = (value: number) => ({ ...problem, accuracy: { ...problem.accuracy, minimum: value } });
  const loosest = Math.min(minimum, lowestAccuracy(problem));
  const to = leastChange(minimum, loosest, (value) => possible(withMinimum(value)));
  if (to === undefined) return undefined;
  return {
    limit: 'accuracy',
    from: minimum,
    to,
    message: `an accuracy limit of ${(100 * to).toFixed(2)} % can be kept`,
  };
}

function serverMemoryRemedy(problem: PlanningProblem, possible: Possible): Remedy | undefined {
  const from = problem.serverMemoryBytes;
  if (from === Infinity) return undefined;
  const most = Math.max(from, mostServerMemory(problem));
  const to = leastChange(from, most, (value) => possible({ ...problem, serverMemoryBytes: value }));
  if (to === undefined) return undefined;
  const missing = (to - from) / 2 ** 20;
  return { limit: 'server-memory', from, to, message: `${missing.toPrecision(4)} MiB more on the server suffice` };
}

function bandwidthRemedy(problem: PlanningProblem, possible: Possible): Remedy | undefined {
  const from = problem.bandwidthHz;
  const widened = (factor: number) => possible({ ...problem, bandwidthHz: from * factor });
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
  const from = device.memoryBytes;
  const withMemory = (memoryBytes: number): PlanningProblem => ({
    ...problem,
    devices: problem.devices.map((other) => (other === device ? { ...other, memoryBytes } : other)),
  });
  const needed = deviceExtremes(problem, device).leastMemoryBytes;
  if (!Number.isFinite(needed) || !possible(withMemory(Infinity))) return undefined;
  const to = possible(withMemory(needed)) ? needed : undefined;
  if (to === undefined) return undefined;
  const missing = (to - from) / 2 ** 20;
  return {
    limit: 'device-memory',
    device: device.name,
    from,
    to,
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
